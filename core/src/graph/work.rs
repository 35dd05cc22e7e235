//! Closures as the engine calls them.

use core::ptr::NonNull;

use super::node::{Context, Outcome};
use crate::error::TaskError;

/// # Safety
///
/// 1. `data` leads to an `F` that nobody else uses meanwhile.
pub(crate) unsafe fn call<F: FnMut()>(data: NonNull<u8>, _: &mut Context) -> Outcome {
    // SAFETY: (1).
    let closure = unsafe { data.cast::<F>().as_mut() };
    closure();
    Outcome::Done
}

/// # Safety
///
/// 1. `data` leads to an `Option<F>` that nobody else uses meanwhile.
pub(crate) unsafe fn call_once<F: FnOnce()>(data: NonNull<u8>, _: &mut Context) -> Outcome {
    // SAFETY: (1).
    let closure = unsafe { data.cast::<Option<F>>().as_mut() };
    // A second round is refused before it begins, so there is a closure.
    if let Some(closure) = closure.take() {
        closure();
    }
    Outcome::Done
}

/// # Safety
///
/// 1. `data` leads to an `F` that nobody else uses meanwhile.
pub(crate) unsafe fn call_fallible<F>(data: NonNull<u8>, context: &mut Context) -> Outcome
where
    F: FnMut() -> Result<(), TaskError>,
{
    // SAFETY: (1).
    let closure = unsafe { data.cast::<F>().as_mut() };
    match closure() {
        Ok(()) => Outcome::Done,
        Err(error) => context.gave_up(error),
    }
}

/// # Safety
///
/// 1. `data` leads to an `F` that nobody else uses meanwhile.
pub(crate) unsafe fn call_step<F>(data: NonNull<u8>, context: &mut Context) -> Outcome
where
    F: FnMut(&mut Context) -> Outcome,
{
    // SAFETY: (1).
    let closure = unsafe { data.cast::<F>().as_mut() };
    closure(context)
}
