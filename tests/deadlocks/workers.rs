//! Programs that need workers to wake, and tasks to be found.

use core::future::poll_fn;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::Poll;
use std::sync::{Arc, Mutex};
use std::task::Waker;

use taskflow_core::{Platform, RunError, Taskflow};

use super::Make;
use crate::support::giving_way::{locked, spin_until};

/// Where so many tasks meet that hold no worker while they wait.
struct Meeting {
    size: usize,
    arrived: Mutex<(usize, Vec<Waker>)>,
}

impl Meeting {
    fn of(size: usize) -> Self {
        let arrived = Mutex::default();
        Self { size, arrived }
    }

    async fn attend(&self) {
        let mut new = true;
        poll_fn(|context| {
            let mut arrived = locked(&self.arrived);
            arrived.0 += usize::from(core::mem::take(&mut new));
            if arrived.0 < self.size {
                arrived.1.push(context.waker().clone());
                return Poll::Pending;
            }
            let wakers = core::mem::take(&mut arrived.1);
            drop(arrived);
            wakers.into_iter().for_each(Waker::wake);
            Poll::Ready(())
        })
        .await;
    }
}

/// A wait in a wait, for inner tasks that need one another: oneTBB issue 1316. Two outer tasks each wait for
/// inner ones that go on only together; workers that wait for one outer task's help with the other's, and then
/// neither is complete.
///
/// Here the inner tasks hold no worker while they wait for one another, and a wait takes up the tasks of its
/// own graph only, so it ends with one worker as with many.
pub(crate) fn wait_for_inner_tasks_that_meet<P: Platform>(
    make: Make<'_, P>,
) -> Result<(), RunError> {
    let executor = make();
    let jobs = 2 * executor.num_workers();
    let count = AtomicUsize::new(0);
    let outer = Taskflow::new();
    for _ in 0..2 {
        let (executor, count) = (&executor, &count);
        outer.emplace(move || {
            let meeting = Meeting::of(jobs);
            let inner = Taskflow::new();
            for _ in 0..jobs {
                inner.emplace_async(|| async {
                    meeting.attend().await;
                    count.fetch_add(1, Ordering::Relaxed);
                });
            }
            executor.run_and_wait(&inner).expect("no job fails");
        });
    }
    executor.run_and_wait(&outer)?;
    drop(outer);
    assert_eq!(count.into_inner(), 2 * jobs);
    Ok(())
}

/// A parent that waits for its child, on all workers at once: stdexec issue 1305, where a child goes into its
/// parent's queue and no sleeping worker is told.
///
/// Here a spawned task wakes a sleeping worker, and a wait runs the child itself if nobody has begun it.
pub(crate) fn wait_for_a_child_on_all_workers<P: Platform>(
    make: Make<'_, P>,
) -> Result<(), RunError> {
    let executor = make();
    let flow = Taskflow::new();
    for _ in 0..executor.num_workers() {
        let executor = &executor;
        flow.emplace(move || {
            let child = executor.spawn(|| 7);
            assert_eq!(child.wait().expect("it does not fail"), 7);
        });
    }
    executor.run_and_wait(&flow).map(drop)
}

/// As many tasks as workers, made by one of them, that go on only together: stdexec issue 1305, the case of
/// long tasks that queue up behind one worker while the others sleep.
///
/// Here each task that is made ready while somebody sleeps wakes somebody, and whoever finds work wakes the
/// next.
pub(crate) fn spread_what_one_task_made<P: Platform>(make: Make<'_, P>) -> Result<(), RunError> {
    let executor = make();
    let workers = executor.num_workers();
    let arrived = AtomicUsize::new(0);
    let meet = || {
        arrived.fetch_add(1, Ordering::SeqCst);
        spin_until(|| arrived.load(Ordering::SeqCst) >= workers);
    };
    let flow = Taskflow::new();
    flow.emplace_runtime(|runtime| {
        for _ in 1..workers {
            runtime.spawn(meet);
        }
        meet();
    });
    executor.run_and_wait(&flow)?;
    assert_eq!(arrived.load(Ordering::SeqCst), workers);
    Ok(())
}

/// A task hidden in a place of its worker's own: tokio issue 4941, where the last task that a worker made ready
/// is in a slot that nobody steals from, and the worker is busy. Here the worker is busy until that task has
/// run; so with one worker there is nothing to show.
///
/// Here what a running task makes ready, by a spawn, a run or a wake, is in a queue that others steal from; a
/// worker keeps a task for itself only when it is about to run it.
pub(crate) fn stay_busy_until_what_was_made_ready_has_run<P: Platform>(
    make: Make<'_, P>,
) -> Result<(), RunError> {
    let executor = make();
    if executor.num_workers() == 1 {
        return Ok(());
    }
    let ran = Arc::new(AtomicUsize::new(0));
    let waker: Mutex<Option<Waker>> = Mutex::default();
    let small = Taskflow::new();
    let run = Arc::clone(&ran);
    small.emplace(move || {
        run.fetch_add(1, Ordering::SeqCst);
    });
    let small = Mutex::new(small);
    let flow = Taskflow::new();
    flow.emplace_async(|| {
        let (ran, waker) = (&ran, &waker);
        let mut woken = false;
        poll_fn(move |context| {
            if core::mem::replace(&mut woken, true) {
                ran.fetch_add(1, Ordering::SeqCst);
                return Poll::Ready(());
            }
            *locked(waker) = Some(context.waker().clone());
            Poll::Pending
        })
    });
    flow.emplace(|| {
        let has_run = |count: usize| spin_until(|| ran.load(Ordering::SeqCst) >= count);
        let spawned = Arc::clone(&ran);
        let handle = executor.spawn(move || spawned.fetch_add(1, Ordering::SeqCst));
        has_run(1);
        let run = executor.run(&*locked(&small));
        has_run(2);
        spin_until(|| locked(&waker).is_some());
        locked(&waker).take().expect("it is there").wake();
        has_run(3);
        handle.wait().expect("it has run");
        run.wait().expect("it has run");
    });
    executor.run_and_wait(&flow)?;
    drop(flow);
    assert_eq!(ran.load(Ordering::SeqCst), 3);
    Ok(())
}
