//! What an async task waits for, in the hands of a test.

use core::future::poll_fn;
use core::task::{Poll, Waker};
use std::sync::{Arc, Mutex};

/// Silent at first; wakes all that wait for it when it is rung.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bell(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    rung: bool,
    polls: usize,
    wakers: Vec<Waker>,
}

impl Bell {
    /// Ready when the bell was rung.
    pub(crate) async fn rung(&self) {
        poll_fn(|context| {
            let mut state = self.lock();
            state.polls += 1;
            if state.rung {
                return Poll::Ready(());
            }
            state.wakers.push(context.waker().clone());
            Poll::Pending
        })
        .await;
    }

    /// Rings, and wakes whoever waits.
    pub(crate) fn ring(&self) {
        self.lock().rung = true;
        self.shake();
    }

    /// Wakes whoever waits, for nothing. Their wakers stay.
    pub(crate) fn shake(&self) {
        let wakers = self.lock().wakers.clone();
        for waker in wakers {
            waker.wake();
        }
    }

    /// As `shake`, of the last waker that came, without a copy of the others.
    pub(crate) fn shake_last(&self) {
        let waker = self.lock().wakers.pop();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Silent again; the old wakers stay.
    pub(crate) fn hush(&self) {
        self.lock().rung = false;
    }

    /// How often somebody asked.
    pub(crate) fn polls(&self) -> usize {
        self.lock().polls
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().expect("nothing panics with this lock")
    }
}
