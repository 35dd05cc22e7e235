//! A recipe in TOML, from anybody.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| taskflow_fuzz::toml::check(data));
