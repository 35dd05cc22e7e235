//! Random pipelines, run to their end, cancelled, failing and waiting, under every seed.

use core::future::poll_fn;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::{Poll, Waker};
use std::sync::{Arc, Mutex, Weak};

use taskflow_std::testing::{Dice, Executor, Simulation, check, pause};
use taskflow_std::{Pipe, Pipeline, PipelineBuilder, RunError, Taskflow, TypeSafePipeline};

use crate::support::counter::Counter;
use crate::support::throwing::throw;

/// Counts what is there of it.
struct Value(u64, Counter, Counter);

impl Value {
    fn new(index: u64, made: &Counter, dropped: &Counter) -> Self {
        made.add();
        Self(index, made.clone(), dropped.clone())
    }

    /// The same token in another value.
    fn passed(self) -> Self {
        pause();
        Self::new(self.0, &self.1, &self.2)
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        self.2.add();
    }
}

/// Pending once.
async fn later() {
    let mut woken = false;
    poll_fn(|context| {
        if woken {
            return Poll::Ready(());
        }
        woken = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// A pipeline with random pipes, and the token that panics in one of them, unless that is none.
struct Stream {
    pipeline: TypeSafePipeline<'static, u64>,
    tokens: u64,
    fails: Arc<Mutex<Option<u64>>>,
    made: Counter,
    dropped: Counter,
}

impl Stream {
    fn thrown(dice: &mut Dice) -> Self {
        let (made, dropped) = (Counter::default(), Counter::default());
        let (tokens, fails) = (dice.below(12) as u64, Arc::new(Mutex::new(None)));
        let deferred = dice.below(12) as u64;
        let (new, gone) = (made.clone(), dropped.clone());
        let mut builder = PipelineBuilder::source(1 + dice.below(4), move |token| {
            pause();
            match token.index() {
                index if index == tokens => token.stop(),
                index if index == deferred && token.deferrals() == 0 => {
                    token.defer_until(index + 2)
                }
                index => token.emit(Value::new(index, &new, &gone)),
            }
        });
        for _ in 0..dice.below(4) {
            let fails = Arc::clone(&fails);
            let pass = move |value: Value| {
                if *fails.lock().expect("no panic") == Some(value.0) {
                    throw("as told");
                }
                value.passed()
            };
            builder = builder.pipe(match dice.below(4) {
                0 => Pipe::serial(pass),
                1 => Pipe::parallel(pass),
                2 => Pipe::serial_async(|value: Value| async move {
                    later().await;
                    Ok(value.passed())
                }),
                _ => Pipe::parallel_async(|value: Value| async move {
                    later().await;
                    Ok(value.passed())
                }),
            });
        }
        Self {
            pipeline: builder.serial(|value| value.0).collect(),
            tokens,
            fails,
            made,
            dropped,
        }
    }

    fn assert_nothing_is_left(&self) {
        assert_eq!(self.made.get(), self.dropped.get(), "values");
    }

    fn assert_all_came(&self) {
        let mut all = self.pipeline.take();
        all.sort_unstable();
        assert_eq!(all, (0..self.tokens).collect::<Vec<_>>());
        self.assert_nothing_is_left();
    }

    fn exercise(&self, dice: &mut Dice, executor: &Executor) {
        for _ in 0..3 {
            match dice.below(3) {
                0 => {
                    let run = executor.run(&self.pipeline);
                    for _ in 0..dice.below(60) {
                        pause();
                    }
                    let cancelled = run.cancel();
                    let ended = run.wait();
                    assert_eq!(cancelled, matches!(ended, Err(RunError::Cancelled { .. })));
                    let _ = self.pipeline.take();
                    self.assert_nothing_is_left();
                }
                1 => {
                    *self.fails.lock().expect("no panic") = Some(dice.below(12) as u64);
                    let ended = executor.run(&self.pipeline).wait();
                    *self.fails.lock().expect("no panic") = None;
                    assert!(matches!(ended, Ok(_) | Err(RunError::Panicked { .. })));
                    let _ = self.pipeline.take();
                    self.assert_nothing_is_left();
                }
                _ => {
                    let flow = Taskflow::new();
                    flow.pipeline(&self.pipeline);
                    executor.run(&flow).wait().expect("no pipe fails");
                    self.assert_all_came();
                }
            }
            executor
                .run_and_wait(&self.pipeline)
                .expect("no pipe fails");
            self.assert_all_came();
        }
    }
}

#[test]
fn every_token_of_a_random_pipeline_comes_once_and_is_dropped_once_whatever_ends_it() {
    check(|executor, dice| {
        Stream::thrown(dice).exercise(dice, executor);
        executor.wait_for_all().expect("not called by a task");
    });
}

/// What a future waits for, and who is to be woken then.
#[derive(Clone, Default)]
struct Signal(Arc<Mutex<(bool, Option<Waker>)>>);

impl Signal {
    fn give(&self) {
        let waker = {
            let mut state = self.0.lock().expect("no panic");
            state.0 = true;
            state.1.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    async fn given(self) {
        poll_fn(|context| {
            let mut state = self.0.lock().expect("no panic");
            if state.0 {
                return Poll::Ready(());
            }
            state.1 = Some(context.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

/// Takes a while, and panics if others do at the same time.
fn alone(inside: &AtomicUsize) {
    let others = inside.fetch_add(1, Ordering::SeqCst);
    assert_eq!(others, 0, "more at once than workers");
    (0..30).for_each(|_| pause());
    inside.fetch_sub(1, Ordering::SeqCst);
}

/// A pipeline of two lines. In its second pipe the first token waits until another has come to the third, so that it gives
/// its seat away; there is other work when that wait is over.
fn giving_away(executor: &Arc<Executor>) -> Pipeline<'static> {
    let (signal, inside) = (Signal::default(), Arc::new(AtomicUsize::new(0)));
    let (awaited, outer) = (signal.clone(), Arc::downgrade(executor));
    let others = Weak::clone(&outer);
    PipelineBuilder::source(2, |token| (token.index() < 6).then_some(token.index()))
        .parallel(move |index| {
            if index == 0 {
                let (flow, signal) = (Taskflow::new(), awaited.clone());
                flow.emplace_async(move || signal.clone().given());
                let executor = outer.upgrade().expect("the test has it");
                executor.run(&flow).wait().expect("the signal is given");
            }
            index
        })
        .parallel(move |index| {
            alone(&inside);
            if index == 1 {
                signal.give();
                let (flow, inside) = (Taskflow::new(), Arc::clone(&inside));
                flow.emplace(move || alone(&inside));
                drop(others.upgrade().expect("the test has it").run(&flow));
            }
        })
        .build()
}

#[test]
fn a_line_whose_pipe_gave_its_seat_away_calls_the_next_pipe_on_a_seat() {
    Simulation::new()
        .workers(1)
        .seeds(100)
        .check(|executor, _| {
            let pipeline = giving_away(executor);
            executor.run(&pipeline).wait().expect("no pipe fails");
            executor.wait_for_all().expect("not called by a task");
        });
}
