//! What the fuzz targets check, each by a function that takes any bytes and panics if a promise is broken.

#![forbid(unsafe_code)]

pub mod builder;
pub mod dot;
pub mod toml;
pub mod wfformat;

mod bytes;
mod reading;
