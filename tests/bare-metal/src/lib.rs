//! What programs on bare metal need beside core: an entry and an exit, a heap, a clock; for several cores a
//! [`Platform`](taskflow_core::Platform). And the promises that each of these hosts keeps.

#![no_std]

#[cfg(feature = "heap")]
extern crate alloc;

#[cfg(feature = "heap")]
pub mod conformance;
#[cfg(feature = "heap")]
pub mod heap;
pub mod host;

#[cfg(all(
    feature = "heap",
    any(target_arch = "riscv64", target_arch = "aarch64")
))]
pub mod cores;
