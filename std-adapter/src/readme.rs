//! The project's README, so that its examples are tested.
#![doc = include_str!("../../README.md")]
