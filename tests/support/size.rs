//! How large the large graphs are: `TASKFLOW_FULL=1` asks for all of it.

use std::env;

pub(crate) fn is_full() -> bool {
    env::var("TASKFLOW_FULL").is_ok_and(|value| value == "1")
}

/// This many, or the twentieth part of it where the code is slow and nobody asked for all.
pub(crate) fn share(size: usize) -> usize {
    let part = if cfg!(debug_assertions) && !is_full() {
        20
    } else {
        1
    };
    println!("{} of {size}", size / part);
    size / part
}
