//! A hundred requests under way at once, on one worker and without an async runtime: a task that waits for its
//! answer holds no worker.
//!
//! The "server" is a thread that answers later and in another order. Prints the sum of the answers, which
//! is checked.

#![forbid(unsafe_code)]

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;

use taskflow_std::{Executor, Taskflow};

const REQUESTS: u64 = 100;

/// What the server was asked, and where its answer goes.
#[derive(Clone, Debug, Default)]
struct Request(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    question: u64,
    answer: Option<u64>,
    waker: Option<Waker>,
}

impl Request {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a question. The future is ready when the answer is there.
    fn send(question: u64, server: &Sender<Self>) -> Self {
        let request = Self::default();
        request.state().question = question;
        // A server that is gone never answers.
        let _ = server.send(request.clone());
        request
    }

    fn answer(&self) {
        let mut state = self.state();
        state.answer = Some(state.question * state.question);
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Future for Request {
    type Output = u64;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<u64> {
        let mut state = self.state();
        match state.answer {
            Some(answer) => Poll::Ready(answer),
            None => {
                state.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (server, requests) = channel::<Request>();
    let most_at_once = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&most_at_once);
    let serving = thread::spawn(move || {
        let mut open = Vec::new();
        // Answers when all are there, the last first: any task that held the worker would hold this up.
        for request in requests {
            open.push(request);
            seen.fetch_max(open.len(), Ordering::Relaxed);
            if open.len() as u64 == REQUESTS {
                open.drain(..).rev().for_each(|request| request.answer());
            }
        }
    });

    let sum = AtomicU64::new(0);
    {
        let flow = Taskflow::new();
        let report = flow
            .emplace(|| println!("all have their answers"))
            .name("report");
        for question in 0..REQUESTS {
            let (server, sum) = (server.clone(), &sum);
            let task = flow.emplace_async(move || {
                let request = Request::send(question, &server);
                async move {
                    sum.fetch_add(request.await, Ordering::Relaxed);
                }
            });
            task.precede(report);
        }
        Executor::new(1).run_and_wait(&flow)?;
    }
    drop(server);
    serving.join().map_err(|_| "the server panicked")?;

    let sum = sum.into_inner();
    let at_once = most_at_once.load(Ordering::Relaxed);
    println!("{at_once} requests at once, sum of the answers {sum}");
    assert_eq!(sum, (0..REQUESTS).map(|number| number * number).sum());
    assert_eq!(at_once as u64, REQUESTS);
    Ok(())
}
