//! Programs whose tasks hold a lock while they wait for other tasks.

use core::future::poll_fn;
use core::ops::Range;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::{Poll, Waker};
use std::sync::{Arc, Mutex};

use taskflow_core::{Executor, Platform, RunError, Taskflow};

use super::Make;
use crate::support::giving_way::{locked, spin_until};

/// Stealing unrelated work while holding a lock: rayon issue 592. Each task takes the lock and has others do a
/// part of its work; whoever waits for those and takes up another such task meanwhile wants the lock that is
/// held below on its own stack.
///
/// Here a wait runs what it waits for and nothing else; if none of that is ready it gives its seat away and
/// sleeps, and the lock is let go by the task that is not covered by any other.
pub(crate) fn hold_a_lock_and_wait_for_parts<P: Platform>(
    make: Make<'_, P>,
) -> Result<(), RunError> {
    let executor = make();
    let (sum, noise) = (Mutex::new(0), AtomicUsize::new(0));
    let flow = Taskflow::new();
    for _ in 0..16 {
        let (executor, sum, noise) = (&executor, &sum, &noise);
        flow.emplace_runtime(move |runtime| {
            let mut held = locked(sum);
            let sum: &mut i32 = &mut held;
            let parts = Mutex::new(0);
            let group = runtime.group(|group| {
                for _ in 0..4 {
                    group.spawn(|| *locked(&parts) += 1);
                }
            });
            group.expect("no part fails");
            *sum += *locked(&parts);
            let graph = Taskflow::new();
            graph.linearize([graph.emplace(|| {}), graph.emplace(|| *sum += 1)]);
            executor.run_and_wait(&graph).expect("no part fails");
        });
        flow.emplace(move || {
            noise.fetch_add(1, Ordering::Relaxed);
        });
    }
    executor.run_and_wait(&flow)?;
    drop(flow);
    assert_eq!((*locked(&sum), noise.into_inner()), (80, 16));
    Ok(())
}

/// The same over two pools: rayon issue 1174. Tasks of one pool take the lock of a driver, which has a pool of
/// its own, and wait there; a pool that keeps its workers busy meanwhile gives them the next task that wants
/// the lock.
///
/// Here a task that waits for another pool's work does not look for work at all: it gives its seat away.
pub(crate) fn hold_a_lock_and_wait_for_another_pool<P: Platform>(
    make: Make<'_, P>,
) -> Result<(), RunError> {
    let (application, driver) = (make(), make());
    let device = Mutex::new(0);
    let flow = Taskflow::new();
    for _ in 0..16 {
        let (driver, device) = (&driver, &device);
        flow.emplace(move || {
            let mut device = locked(device);
            let done = AtomicUsize::new(0);
            let scope = driver.scope(|scope| {
                for _ in 0..3 {
                    scope.spawn(|| done.fetch_add(1, Ordering::Relaxed));
                }
            });
            scope.expect("no command fails");
            *device += done.into_inner();
        });
    }
    application.run_and_wait(&flow)?;
    drop(flow);
    assert_eq!(*locked(&device), 48);
    Ok(())
}

/// A task that holds a lock waits for an async task; when that is woken, all workers have come to want the lock, the one
/// that woke it too, and more that want it lie beside it: a waiting thread that takes up what it finds then wants its own
/// lock, and one that sleeps is never woken.
///
/// Here the wait finds that nobody takes up what is ready, and goes on, on a seat of its own, with what it waits for.
pub(crate) fn hold_a_lock_and_wait_for_what_is_woken_later<P: Platform>(
    make: Make<'_, P>,
) -> Result<(), RunError> {
    let executor = make();
    let (lock, bell): (Arc<Mutex<usize>>, Arc<Mutex<Option<Waker>>>) = Default::default();
    let wanting = 2 * executor.num_workers();
    let flow = Taskflow::new();
    flow.emplace(|| {
        let mut held = locked(&lock);
        wait_to_be_woken(&executor, |waker| {
            *locked(&bell) = Some(waker);
            for _ in 0..wanting {
                let (lock, bell) = (Arc::clone(&lock), Arc::clone(&bell));
                drop(executor.spawn(move || {
                    let rung = locked(&bell).take();
                    rung.into_iter().for_each(Waker::wake);
                    *locked(&lock) += 1;
                }));
            }
        });
        *held += 1;
    });
    executor.run_and_wait(&flow)?;
    executor.wait_for_all()?;
    assert_eq!(*locked(&lock), wanting + 1);
    Ok(())
}

/// The same, where what the wait needs lies in the queue of a worker that has come to want the lock, below more that
/// wants it: the worker took all of them from outside at once.
///
/// Here the wait finds that this queue stands still, and frees what is in it. (With more workers than one, all of them may
/// want the lock before the one that wakes is begun, which no library could know of.)
pub(crate) fn hold_a_lock_and_wait_for_what_lies_behind_who_wants_it<P: Platform>(
    make: Make<'_, P>,
) -> Result<(), RunError> {
    let executor = make();
    if executor.num_workers() > 1 {
        return Ok(());
    }
    let lock: Arc<Mutex<usize>> = Arc::default();
    let wanting = 2;
    let flow = Taskflow::new();
    flow.emplace(|| {
        let want = || {
            let lock = Arc::clone(&lock);
            move || *locked(&lock) += 1
        };
        let mut held = locked(&lock);
        let (needed, others) = (Taskflow::new(), Taskflow::new());
        needed.placeholder();
        let needed = executor.run(&needed);
        (0..wanting).for_each(|_| _ = others.emplace(want()));
        drop(executor.run(&others));
        wait_to_be_woken(&executor, |waker| {
            let want = want();
            drop(executor.spawn(move || {
                waker.wake();
                want();
            }));
        });
        needed.wait().expect("it does not fail");
        *held += 1;
    });
    executor.run_and_wait(&flow)?;
    executor.wait_for_all()?;
    assert_eq!(*locked(&lock), wanting + 2);
    Ok(())
}

/// Waits for an async task, whose waker is given to `wakes`.
fn wait_to_be_woken<P: Platform>(executor: &Executor<P>, wakes: impl Fn(Waker) + Sync) {
    let flow = Taskflow::new();
    flow.emplace_async(|| {
        let (wakes, mut begun) = (&wakes, false);
        poll_fn(move |context| {
            if core::mem::replace(&mut begun, true) {
                return Poll::Ready(());
            }
            wakes(context.waker().clone());
            Poll::Pending
        })
    });
    executor.run_and_wait(&flow).expect("it does not fail");
}

/// Two pools whose tasks wait across both, each of which is to go on only when the other has begun to wait: what a pool
/// is to run for the other one comes when all its own workers wait.
///
/// Here a task that waits goes on with what it waits for on a seat of its own where nobody else does, in the other pool
/// too.
pub(crate) fn wait_across_two_pools<P: Platform>(make: Make<'_, P>) -> Result<(), RunError> {
    let pools = [make(), make()];
    let workers = pools[0].num_workers();
    let (begun, count) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let flows = [0, 1].map(|place| {
        let (other, begun, count) = (&pools[1 - place], &begun, &count);
        let flow = Taskflow::new();
        for _ in 0..workers {
            flow.emplace(move || {
                begun.fetch_add(1, Ordering::SeqCst);
                spin_until(|| begun.load(Ordering::SeqCst) == 2 * workers);
                let small = Taskflow::new();
                small.emplace(|| _ = count.fetch_add(1, Ordering::SeqCst));
                other.run_and_wait(&small).expect("it does not fail");
            });
        }
        flow
    });
    pools[0].scope(|scope| {
        let first = scope.run(&flows[0]);
        pools[1].scope(|scope| {
            let second = scope.run(&flows[1]);
            // (A wait here would lend a hand.)
            spin_until(|| first.is_done() && second.is_done());
        })
    })??;
    drop(flows);
    assert_eq!(count.into_inner(), 2 * workers);
    Ok(())
}

/// A bridge from a sequential iterator to tasks, entered again below itself: rayon issues 690 and 1142. The
/// iterator is behind a lock, to make an item takes parallel work, and an item is worked on by a bridge of its
/// own. Whoever waits for the making of an item, with the lock held, and takes up a task that wants the next
/// one, waits for itself; whoever does not, but keeps its worker, may keep the last worker.
///
/// Here the wait within the iterator runs the making only, and tasks that wait below leave their seats.
pub(crate) fn recursive_bridge<P: Platform>(make: Make<'_, P>) -> Result<(), RunError> {
    let executor = make();
    let count = AtomicUsize::new(0);
    bridge(&executor, 2, &count)?;
    // Six items, each of which is six items.
    assert_eq!(count.into_inner(), 36);
    Ok(())
}

fn bridge<P: Platform>(
    executor: &Executor<P>,
    depth: usize,
    count: &AtomicUsize,
) -> Result<(), RunError> {
    if depth == 0 {
        count.fetch_add(1, Ordering::Relaxed);
        return Ok(());
    }
    let items = Mutex::new(0..6);
    let flow = Taskflow::new();
    for _ in 0..2 * executor.num_workers() {
        flow.try_emplace(|| {
            loop {
                let mut held = locked(&items);
                let items: &mut Range<i32> = &mut held;
                let mut item = None;
                {
                    let making = Taskflow::new();
                    let first = making.emplace(|| item = items.next());
                    first.precede([making.placeholder(), making.placeholder()]);
                    executor.run_and_wait(&making)?;
                }
                drop(held);
                if item.is_none() {
                    return Ok(());
                }
                bridge(executor, depth - 1, count)?;
            }
        });
    }
    executor.run_and_wait(&flow).map(drop)
}
