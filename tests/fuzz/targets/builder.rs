//! A byte string is a program of calls that build, edit and run a graph.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| taskflow_fuzz::builder::check(data));
