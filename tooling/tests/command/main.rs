//! The `taskflow` command as its users meet it: the built program, its files and its exit status.

#![forbid(unsafe_code)]

mod bad_input;
mod harness;
mod outputs;
mod own_workflow;
mod recordings;
mod running;
mod stopping;
