//! Tasks that are futures: while one is pending it holds no worker, and any waker on any thread resumes it.
//!
//! The future lies in the flow's arena, where nothing is moved, so it is pinned there. It is dropped as soon
//! as it is ready, panics, or its run is stopped.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context as PollContext, Poll, Waker};

use crate::error::TaskError;
use crate::graph::node::{Context, Outcome};
use crate::graph::work::Work;
use crate::stats::Failure;
use crate::suspension::{Hold, Suspender};

/// A task that makes a future each time it runs.
pub(crate) struct AsyncWork<F, Fut> {
    make: F,
    /// Pinned: see [`future`](Self::future).
    future: Option<Fut>,
    suspender: Suspender,
    waker: Option<Waker>,
}

impl<F, Fut> AsyncWork<F, Fut> {
    pub(crate) fn new(make: F) -> Self {
        Self {
            make,
            future: None,
            suspender: Suspender::default(),
            waker: None,
        }
    }

    /// The future, pinned.
    fn future(&mut self) -> Pin<&mut Option<Fut>> {
        // SAFETY: once there is a future this record lies in an arena, which drops it in place, and it is
        // never moved out of the field: only `Pin::set` replaces it.
        unsafe { Pin::new_unchecked(&mut self.future) }
    }
}

/// Lets go of the future whatever happens to the poll.
struct Polling<'c, 'p, F, Fut> {
    work: &'p mut AsyncWork<F, Fut>,
    context: &'p mut Context<'c>,
    ended: bool,
}

impl<F, Fut> Drop for Polling<'_, '_, F, Fut> {
    fn drop(&mut self) {
        if self.ended {
            self.work.suspender.end(self.context);
            self.work.future().set(None);
        }
    }
}

impl<F, Fut> Work for AsyncWork<F, Fut>
where
    F: FnMut() -> Option<Fut>,
    Fut: Future<Output = Result<(), TaskError>>,
{
    fn step(&mut self, context: &mut Context<'_>) -> Outcome {
        let begun = self.future.is_some();
        let mut polling = Polling {
            work: self,
            context,
            ended: true,
        };
        let (work, context) = (&mut *polling.work, &mut *polling.context);
        if begun {
            work.suspender.resume(context);
            if context.stopped {
                return Outcome::Cancelled;
            }
        } else {
            if context.stopped {
                return Outcome::Skipped;
            }
            let suspension = work.suspender.begin(context);
            let hold = Hold::Future(crate::sync::Arc::clone(&suspension));
            if work.waker.is_none() {
                work.waker = Some(Waker::from(suspension));
            }
            let Some(future) = (work.make)() else {
                // An input is missing.
                return Outcome::Skipped;
            };
            work.future().set(Some(future));
            work.suspender.hold(context, hold);
        }
        let waker = work.waker.clone().unwrap_or_else(|| Waker::noop().clone());
        let Some(future) = work.future().as_pin_mut() else {
            return Outcome::Done;
        };
        match future.poll(&mut PollContext::from_waker(&waker)) {
            Poll::Pending => {
                polling.ended = false;
                polling.work.suspender.wait_on(polling.context);
                Outcome::Pending
            }
            Poll::Ready(Ok(())) => Outcome::Done,
            Poll::Ready(Err(error)) => polling.context.fail(Failure::Failed(error)),
        }
    }
}
