//! Graphs of fixed capacity, and threads that help to run them.

use core::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use taskflow_core::{StaticTask, StaticTaskflow};

use crate::support::dice::Dice;

/// How many threads run a graph together.
pub(crate) const CREWS: [usize; 4] = [1, 2, 4, 8];

/// Large enough for all tests.
pub(crate) type Flow<'a> = StaticTaskflow<'a, 64, 256>;

/// Says that a run is over, also when it unwinds.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Does something while others help; gives how many of them ended with a panic.
pub(crate) fn beside<R, const N: usize, const E: usize>(
    helpers: usize,
    flow: &StaticTaskflow<'_, N, E>,
    body: impl FnOnce() -> R,
) -> (R, usize) {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let helpers: Vec<_> = (0..helpers)
            .map(|_| {
                scope.spawn(|| {
                    while !over.load(Ordering::SeqCst) {
                        if flow.help() == 0 {
                            thread::yield_now();
                        }
                    }
                })
            })
            .collect();
        let result = {
            let _over = Over(&over);
            body()
        };
        let joined = helpers.into_iter().map(thread::ScopedJoinHandle::join);
        (result, joined.filter(Result::is_err).count())
    })
}

/// Adds tasks, in another order than they may run in.
pub(crate) fn emplace_all<'a, const N: usize, const E: usize>(
    dice: &mut Dice,
    flow: &mut StaticTaskflow<'a, N, E>,
    tasks: &'a [impl Fn() + Sync],
) -> Vec<StaticTask> {
    let mut order: Vec<usize> = (0..tasks.len()).collect();
    for at in (1..order.len()).rev() {
        order.swap(at, dice.below(at + 1));
    }
    let mut handles = vec![None; tasks.len()];
    for at in order {
        handles[at] = flow.emplace(&tasks[at]).ok();
    }
    let handles: Option<Vec<StaticTask>> = handles.into_iter().collect();
    handles.expect("there is room")
}
