//! Pipes as lines call them, and the slots between them.
//!
//! ```text
//!   pipe 0 ──► slots of its output ──► pipe 1 ──► slots of its output ──► pipe 2
//!              one for each line                  one for each line
//! ```
//!
//! A pipe takes what it gets from its line's slot, and leaves what it makes in the slot behind. No slot is locked:
//! a line has one token, and one worker has the line.

use alloc::boxed::Box;
use core::future::Future;
use core::marker::PhantomData;
use core::pin::Pin;
use core::task::{Context as PollContext, Poll, Waker};

use super::token::{Feed, Token, Verdict};
use crate::error::TaskError;
use crate::sync::{Arc, Padded, UnsafeCell};

/// What one at a time uses, as the user of it knows.
#[derive(Debug, Default)]
pub(super) struct Held<T>(UnsafeCell<T>);

// SAFETY: `get` is used by one thread at a time (1), each after the one before; so what is in it is sent.
unsafe impl<T: Send> Sync for Held<T> {}

impl<T> Held<T> {
    pub(super) fn new(value: T) -> Self {
        Self(UnsafeCell::new(value))
    }

    /// What is held.
    ///
    /// # Safety
    ///
    /// 1. Nobody else uses it while the borrow lives, and whoever did before has handed it over.
    #[expect(clippy::mut_from_ref, reason = "the caller has it alone")]
    pub(super) unsafe fn get(&self) -> &mut T {
        // SAFETY: (1).
        unsafe { &mut *self.0.get() }
    }
}

/// The values between two pipes, one place for each line.
#[derive(Debug)]
pub(super) struct Slots<T>(Box<[Padded<Held<Option<T>>>]>);

impl<T> Slots<T> {
    pub(super) fn new(lines: usize) -> Arc<Self> {
        let places = (0..lines).map(|_| Padded(Held::new(None)));
        Arc::new(Self(places.collect()))
    }

    pub(super) fn lines(&self) -> usize {
        self.0.len()
    }

    /// The place of a line.
    ///
    /// # Safety
    ///
    /// 1. The caller has the line in hand.
    #[expect(clippy::mut_from_ref, reason = "the caller has the line alone")]
    unsafe fn of(&self, line: usize) -> &mut Option<T> {
        // SAFETY: (1) only the line's holder uses its place.
        unsafe { self.0[line].get() }
    }
}

/// What a pipe made of a token.
#[derive(Debug)]
pub(super) enum Passed {
    /// The token goes on.
    On,
    /// The first pipe ends the stream.
    Stop,
    /// The first pipe lets the token wait for another.
    Defer(u64),
    /// The pipe is a future that is not ready.
    Pending,
    /// It gave up.
    Failed(TaskError),
}

/// A pipe as lines call it.
pub(super) trait Stage: Send + Sync {
    /// Calls the pipe for the token. `waker` wakes the line.
    ///
    /// # Safety
    ///
    /// 1. The caller has the token's line in hand.
    /// 2. If the pipe is serial, the caller has its turn there.
    unsafe fn pass(&self, token: &Token, waker: Option<&Waker>) -> Passed;

    /// Drops what the line's token has here: what the pipe has not taken yet, or its future.
    ///
    /// # Safety
    ///
    /// 1. The caller has the line in hand.
    unsafe fn clear(&self, line: usize);

    /// Whether [`pass`](Self::pass) needs a waker.
    fn is_async(&self) -> bool {
        false
    }
}

/// What a pipe calls with an `A`.
pub(super) trait Body<A>: Send + Sync {
    type Answer;

    /// # Safety
    ///
    /// 1. If the body is serial, nobody else calls it meanwhile, and whoever did before has handed it over.
    unsafe fn call(&self, token: &Token, argument: A) -> Self::Answer;
}

/// A closure that is called for one token at a time.
pub(super) struct Serial<F>(Held<F>);

impl<F> Serial<F> {
    pub(super) fn new(body: F) -> Self {
        Self(Held::new(body))
    }
}

impl<A, R, F: FnMut(&Token, A) -> R + Send> Body<A> for Serial<F> {
    type Answer = R;

    unsafe fn call(&self, token: &Token, argument: A) -> R {
        // SAFETY: (1).
        let body = unsafe { self.0.get() };
        body(token, argument)
    }
}

/// A closure that is called for several tokens at a time.
pub(super) struct Parallel<F>(pub(super) F);

impl<A, R, F: Fn(&Token, A) -> R + Send + Sync> Body<A> for Parallel<F> {
    type Answer = R;

    unsafe fn call(&self, token: &Token, argument: A) -> R {
        (self.0)(token, argument)
    }
}

/// The first pipe.
pub(super) struct First<B, T> {
    pub(super) body: B,
    pub(super) output: Arc<Slots<T>>,
}

impl<B: Body<(), Answer = Feed<T>>, T: Send> Stage for First<B, T> {
    unsafe fn pass(&self, token: &Token, _: Option<&Waker>) -> Passed {
        // SAFETY: (2).
        let Feed(verdict) = unsafe { self.body.call(token, ()) };
        // SAFETY: (1).
        unsafe { settle(verdict, token, &self.output) }
    }

    unsafe fn clear(&self, _: usize) {}
}

/// Leaves what a first pipe gave in the slot behind it.
///
/// # Safety
///
/// 1. The caller has the token's line in hand.
unsafe fn settle<T>(verdict: Verdict<T>, token: &Token, output: &Slots<T>) -> Passed {
    match verdict {
        Verdict::Value(value) => {
            // SAFETY: (1).
            let slot = unsafe { output.of(token.line) };
            *slot = Some(value);
            Passed::On
        }
        Verdict::Stop => Passed::Stop,
        Verdict::Defer(until) => Passed::Defer(until),
        Verdict::Failed(error) => Passed::Failed(error),
    }
}

/// A pipe from an `I` to an `O`.
pub(super) struct Each<B, I, O> {
    pub(super) body: B,
    pub(super) input: Arc<Slots<I>>,
    pub(super) output: Arc<Slots<O>>,
}

impl<B, I: Send, O: Send> Stage for Each<B, I, O>
where
    B: Body<I, Answer = Result<O, TaskError>>,
{
    unsafe fn pass(&self, token: &Token, _: Option<&Waker>) -> Passed {
        // SAFETY: (1).
        let Some(value) = unsafe { self.input.of(token.line) }.take() else {
            return Passed::On;
        };
        // SAFETY: (2).
        match unsafe { self.body.call(token, value) } {
            Ok(value) => {
                // SAFETY: (1).
                let slot = unsafe { self.output.of(token.line) };
                *slot = Some(value);
                Passed::On
            }
            Err(error) => Passed::Failed(error),
        }
    }

    unsafe fn clear(&self, line: usize) {
        // SAFETY: (1).
        let value = unsafe { self.input.of(line) }.take();
        drop(value);
    }
}

/// A pipe that changes a `T` where it lies.
pub(super) struct InPlace<B, T> {
    pub(super) body: B,
    pub(super) slots: Arc<Slots<T>>,
}

impl<B, T: Send> Stage for InPlace<B, T>
where
    B: for<'v> Body<&'v mut T, Answer = Result<(), TaskError>>,
{
    unsafe fn pass(&self, token: &Token, _: Option<&Waker>) -> Passed {
        // SAFETY: (1).
        let slot = unsafe { self.slots.of(token.line) };
        let Some(value) = slot else {
            return Passed::On;
        };
        // SAFETY: (2).
        match unsafe { self.body.call(token, value) } {
            Ok(()) => Passed::On,
            Err(error) => Passed::Failed(error),
        }
    }

    unsafe fn clear(&self, line: usize) {
        // SAFETY: (1).
        let value = unsafe { self.slots.of(line) }.take();
        drop(value);
    }
}

/// A pipe that is a future for each token. A first pipe gets nothing: its `take` gives `Some(())`.
pub(super) struct Awaiting<A, B, Fut, G> {
    body: B,
    /// Pinned: a future is never moved out of its place, only dropped there.
    futures: Arc<Slots<Fut>>,
    ends: G,
    _argument: PhantomData<fn(A)>,
}

impl<A, B, Fut, G> Awaiting<A, B, Fut, G> {
    pub(super) fn new(lines: usize, body: B, ends: G) -> Self {
        Self {
            body,
            futures: Slots::new(lines),
            ends,
            _argument: PhantomData,
        }
    }
}

/// What lies before and behind a pipe that is a future.
pub(super) trait Ends<A>: Send + Sync {
    type Ready;

    /// What the pipe gets.
    ///
    /// # Safety
    ///
    /// 1. The caller has the line in hand.
    unsafe fn take(&self, line: usize) -> Option<A>;

    /// Leaves what the pipe made.
    ///
    /// # Safety
    ///
    /// 1. The caller has the token's line in hand.
    unsafe fn put(&self, token: &Token, ready: Self::Ready) -> Passed;
}

/// The ends of a first pipe.
pub(super) struct Spring<T, R>(pub(super) Arc<Slots<T>>, pub(super) PhantomData<fn() -> R>);

impl<T: Send, R: super::IntoFeed<Value = T>> Ends<()> for Spring<T, R> {
    type Ready = R;

    unsafe fn take(&self, _: usize) -> Option<()> {
        Some(())
    }

    unsafe fn put(&self, token: &Token, ready: R) -> Passed {
        let Feed(verdict) = ready.into_feed();
        // SAFETY: (1).
        unsafe { settle(verdict, token, &self.0) }
    }
}

/// The ends of any other pipe.
pub(super) struct Between<I, O>(pub(super) Arc<Slots<I>>, pub(super) Arc<Slots<O>>);

impl<I: Send, O: Send> Ends<I> for Between<I, O> {
    type Ready = Result<O, TaskError>;

    unsafe fn take(&self, line: usize) -> Option<I> {
        // SAFETY: (1).
        unsafe { self.0.of(line) }.take()
    }

    unsafe fn put(&self, token: &Token, ready: Result<O, TaskError>) -> Passed {
        match ready {
            Ok(value) => {
                // SAFETY: (1).
                let slot = unsafe { self.1.of(token.line) };
                *slot = Some(value);
                Passed::On
            }
            Err(error) => Passed::Failed(error),
        }
    }
}

impl<A, B, Fut, G> Stage for Awaiting<A, B, Fut, G>
where
    B: Body<A, Answer = Fut>,
    Fut: Future<Output = G::Ready> + Send,
    G: Ends<A>,
{
    unsafe fn pass(&self, token: &Token, waker: Option<&Waker>) -> Passed {
        let Self {
            body,
            futures,
            ends,
            ..
        } = self;
        // SAFETY: (1).
        let place = unsafe { futures.of(token.line) };
        if place.is_none() {
            // SAFETY: (1).
            let Some(argument) = (unsafe { ends.take(token.line) }) else {
                return Passed::On;
            };
            // SAFETY: (2).
            *place = Some(unsafe { body.call(token, argument) });
        }
        // SAFETY: the place lies in a box of its stage's, and is only ever emptied by dropping in place.
        let mut future = unsafe { Pin::new_unchecked(place) };
        let Some(poll) = future.as_mut().as_pin_mut() else {
            return Passed::On;
        };
        let waker = waker.unwrap_or(Waker::noop());
        match poll.poll(&mut PollContext::from_waker(waker)) {
            Poll::Pending => Passed::Pending,
            Poll::Ready(ready) => {
                future.set(None);
                // SAFETY: (1).
                unsafe { ends.put(token, ready) }
            }
        }
    }

    unsafe fn clear(&self, line: usize) {
        // SAFETY: (1).
        let place = unsafe { self.futures.of(line) };
        // SAFETY: as in `pass`.
        unsafe { Pin::new_unchecked(place) }.set(None);
        // SAFETY: (1).
        let value = unsafe { self.ends.take(line) };
        drop(value);
    }

    fn is_async(&self) -> bool {
        true
    }
}
