//! Programs whose tasks acquire semaphores.

use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::Mutex;

use taskflow_core::{Module, Platform, RunCanceller, RunError, Semaphore, Taskflow};

use super::Make;
use crate::support::giving_way::{locked, spin_until};
use crate::support::throwing::throw;

/// A semaphore around nested work: taskflow issue 506. A task that has the semaphore waits for a graph of its
/// own; whoever helps that wait and takes up the next task of the semaphore never comes back to release it.
///
/// Here a task that does not get its units waits in no queue and on no stack, and a wait runs what it needs
/// only.
pub(crate) fn wait_for_nested_work_with_a_semaphore<P: Platform>(
    make: Make<'_, P>,
) -> Result<(), RunError> {
    let executor = make();
    let (lock, inside) = (Semaphore::new(1), AtomicUsize::new(0));
    let total = AtomicUsize::new(0);
    let flow = Taskflow::new();
    for place in 0..16 {
        let (executor, inside, total) = (&executor, &inside, &total);
        let work = move || {
            assert_eq!(
                inside.fetch_add(1, Ordering::SeqCst),
                0,
                "two have the lock"
            );
            let parts = Taskflow::new();
            for _ in 0..4 {
                parts.emplace(|| {
                    total.fetch_add(1, Ordering::Relaxed);
                });
            }
            executor.run_and_wait(&parts).expect("no part fails");
            inside.fetch_sub(1, Ordering::SeqCst);
        };
        let task = if place % 2 == 0 {
            flow.emplace(work)
        } else {
            flow.emplace_subflow(move |parts| {
                parts.emplace(work);
                parts.join().expect("no part fails");
            })
        };
        task.acquire(&lock).release(&lock);
    }
    executor.run_and_wait(&flow)?;
    drop(flow);
    assert_eq!((total.into_inner(), lock.count()), (64, 1));
    Ok(())
}

/// A semaphore inside and outside of modules: taskflow issue 647. One task waits for the semaphore; its worker
/// takes up a longer one meanwhile, and when the semaphore is released, the waiter is bound to the worker that
/// is busy. The longer task here is as long as it takes the waiter to run, so it must be another worker's;
/// with one worker there is no longer task.
///
/// Here a waiter is bound to nobody: the release makes it ready like any task.
pub(crate) fn wait_for_a_semaphore_behind_a_longer_task<P: Platform>(
    make: Make<'_, P>,
) -> Result<(), RunError> {
    let executor = make();
    let (lock, served) = (Semaphore::new(1), AtomicBool::new(false));
    let flow = Taskflow::new();
    let parts = Taskflow::new();
    parts.emplace(|| {}).acquire(&lock).release(&lock);
    let parts = Module::new(parts);
    let holder = flow.emplace(|| {}).acquire(&lock).release(&lock);
    let waiter = flow.emplace(|| served.store(true, Ordering::SeqCst));
    waiter.acquire(&lock).release(&lock);
    let uses = [flow.composed_of(&parts), flow.composed_of(&parts)];
    uses[0].precede(waiter);
    uses[1].succeed(holder);
    if executor.num_workers() > 1 {
        flow.emplace(|| spin_until(|| served.load(Ordering::SeqCst)));
    }
    executor.run_and_wait(&flow)?;
    assert_eq!((served.load(Ordering::SeqCst), lock.count()), (true, 1));
    Ok(())
}

/// Chains of four tasks, whose first acquires a unit that the last releases; the second does `work`.
fn chains<'env>(lock: &Semaphore, work: impl Fn() + Send + Clone + 'env) -> Taskflow<'env> {
    let flow = Taskflow::new();
    let begin = flow.placeholder();
    for _ in 0..4 * lock.max() {
        let (first, last) = (flow.placeholder(), flow.placeholder());
        begin.precede(first.acquire(lock));
        flow.linearize([
            first,
            flow.emplace(work.clone()),
            flow.placeholder(),
            last.release(lock),
        ]);
    }
    flow
}

/// A semaphore whose releaser does not run, since a task before it panicked: taskflow issue 732. The waiters are
/// in the semaphore's list and nowhere else, and nobody comes for them.
///
/// Here the end of a run takes its waiters off all lists, and gives back what it held.
pub(crate) fn panic_between_acquire_and_release<P: Platform>(
    make: Make<'_, P>,
) -> Result<(), RunError> {
    let executor = make();
    let lock = Semaphore::new(2);
    let result = executor.run_and_wait(&chains(&lock, || throw("between")));
    assert!(
        matches!(result, Err(RunError::Panicked { .. })),
        "{result:?}"
    );
    assert_eq!(lock.count(), 2);
    executor.run_and_wait(&chains(&lock, || {}))?;
    assert_eq!(lock.count(), 2);
    Ok(())
}

/// The same with a run that is cancelled by one of its tasks: taskflow issue 732, of which a cancellation is the
/// other half, since what stops a run after a panic stops it then.
pub(crate) fn cancel_between_acquire_and_release<P: Platform>(
    make: Make<'_, P>,
) -> Result<(), RunError> {
    let executor = make();
    let (lock, handed_over) = (Semaphore::new(2), AtomicBool::new(false));
    let canceller: Mutex<Option<RunCanceller>> = Mutex::default();
    let flow = chains(&lock, || {
        spin_until(|| handed_over.load(Ordering::SeqCst));
        if let Some(canceller) = locked(&canceller).take() {
            canceller.cancel();
        }
    });
    executor.scope(|scope| {
        let run = scope.run(&flow);
        *locked(&canceller) = Some(run.canceller());
        handed_over.store(true, Ordering::SeqCst);
        let result = run.wait();
        assert!(
            matches!(result, Err(RunError::Cancelled { .. })),
            "{result:?}"
        );
    })?;
    drop(flow);
    assert_eq!(lock.count(), 2);
    executor.run_and_wait(&chains(&lock, || {}))?;
    Ok(())
}
