//! Whatever a graph and its names are, its DOT text says the same.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| taskflow_fuzz::dot::check(data));
