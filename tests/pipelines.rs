//! Streams of tokens go through pipes, several tokens at a time, in order where that is said.

mod channels;
mod concurrent;
mod deferrals;
mod ends;
mod futures;
mod patterns;
mod resuming;
mod uses;
mod values;
