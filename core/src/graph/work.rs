//! Closures as the engine calls them.

use core::ptr::NonNull;

use super::node::{Context, Outcome};
use crate::condition::IntoBranch;
use crate::error::TaskError;
use crate::stats::Failure;

/// # Safety
///
/// 1. `data` leads to an `F` that nobody else uses meanwhile.
pub(crate) unsafe fn call<F: FnMut()>(data: NonNull<u8>, _: &mut Context<'_>) -> Outcome {
    // SAFETY: (1).
    let closure = unsafe { data.cast::<F>().as_mut() };
    closure();
    Outcome::Done
}

/// # Safety
///
/// 1. `data` leads to an `Option<F>` that nobody else uses meanwhile.
pub(crate) unsafe fn call_once<F: FnOnce()>(
    data: NonNull<u8>,
    context: &mut Context<'_>,
) -> Outcome {
    // SAFETY: (1).
    let closure = unsafe { data.cast::<Option<F>>().as_mut() };
    // A second round is refused before it begins; only a loop comes here again.
    let Some(closure) = closure.take() else {
        return context.fail(Failure::Again);
    };
    closure();
    Outcome::Done
}

/// # Safety
///
/// 1. `data` leads to an `F` that nobody else uses meanwhile.
pub(crate) unsafe fn call_fallible<F>(data: NonNull<u8>, context: &mut Context<'_>) -> Outcome
where
    F: FnMut() -> Result<(), TaskError>,
{
    // SAFETY: (1).
    let closure = unsafe { data.cast::<F>().as_mut() };
    match closure() {
        Ok(()) => Outcome::Done,
        Err(error) => context.fail(Failure::Failed(error)),
    }
}

/// # Safety
///
/// 1. `data` leads to an `F` that nobody else uses meanwhile.
pub(crate) unsafe fn choose<F, B>(data: NonNull<u8>, context: &mut Context<'_>) -> Outcome
where
    F: FnMut() -> B,
    B: IntoBranch,
{
    // SAFETY: (1).
    let closure = unsafe { data.cast::<F>().as_mut() };
    let branch = closure().into_branch();
    context.choices.push(branch);
    Outcome::Branched
}

/// # Safety
///
/// 1. `data` leads to an `F` that nobody else uses meanwhile.
pub(crate) unsafe fn choose_several<F, I>(data: NonNull<u8>, context: &mut Context<'_>) -> Outcome
where
    F: FnMut() -> I,
    I: IntoIterator<Item: IntoBranch>,
{
    // SAFETY: (1).
    let closure = unsafe { data.cast::<F>().as_mut() };
    let branches = closure().into_iter().map(IntoBranch::into_branch);
    context.choices.extend(branches);
    Outcome::Branched
}

/// A task with more to it than a closure.
pub(crate) trait Work {
    /// Starts or goes on with the task.
    fn step(&mut self, context: &mut Context<'_>) -> Outcome;
}

/// # Safety
///
/// 1. `data` leads to a `W` that nobody else uses meanwhile.
pub(crate) unsafe fn step<W: Work>(data: NonNull<u8>, context: &mut Context<'_>) -> Outcome {
    // SAFETY: (1).
    let work = unsafe { data.cast::<W>().as_mut() };
    work.step(context)
}

impl<F: FnMut(&mut Context<'_>) -> Outcome> Work for F {
    fn step(&mut self, context: &mut Context<'_>) -> Outcome {
        self(context)
    }
}
