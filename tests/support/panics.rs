//! Panics that a test expects.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::support::payload::text_of;

/// The text of the panic that `body` must end with.
#[track_caller]
pub(crate) fn panic_of<R>(body: impl FnOnce() -> R) -> String {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(_) => panic!("no panic"),
        Err(payload) => text_of(payload),
    }
}
