//! A recording in WfFormat, from anybody.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| taskflow_fuzz::wfformat::check(data));
