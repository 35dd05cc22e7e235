//! A graph of any shape that watches over its own order.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;

use taskflow_core::{TaskHandle, Taskflow};

use crate::support::dice::Dice;

/// A graph without cycles whose tasks panic when they run before a predecessor, or twice in a round.
#[derive(Debug)]
pub(crate) struct RandomGraph {
    pub(crate) flow: Taskflow<'static>,
    rounds_of: Arc<[AtomicUsize]>,
}

impl RandomGraph {
    /// `size` tasks, each before up to `degree` of the later ones.
    pub(crate) fn thrown(dice: &mut Dice, size: usize, degree: usize) -> Self {
        let mut before = vec![Vec::new(); size];
        for from in 0..size - 1 {
            for _ in 0..dice.below(degree + 1) {
                before[from + 1 + dice.below(size - from - 1)].push(from);
            }
        }
        let rounds_of: Arc<[AtomicUsize]> = (0..size).map(|_| AtomicUsize::new(0)).collect();
        let flow = Taskflow::new();
        let mut tasks: Vec<TaskHandle<'_>> = Vec::new();
        for (at, before) in before.into_iter().enumerate() {
            let first: Vec<TaskHandle<'_>> = before.iter().map(|from| tasks[*from]).collect();
            let rounds_of = Arc::clone(&rounds_of);
            let task = flow.emplace(move || {
                let round = rounds_of[at].fetch_add(1, Ordering::SeqCst) + 1;
                for from in &before {
                    let done = rounds_of[*from].load(Ordering::SeqCst);
                    assert_eq!(done, round, "task {at} after task {from}");
                }
            });
            tasks.push(task.succeed(first));
        }
        drop(tasks);
        Self { flow, rounds_of }
    }

    /// Fails unless each task ran this often.
    #[track_caller]
    pub(crate) fn ran(&self, rounds: usize) {
        for (at, task) in self.rounds_of.iter().enumerate() {
            assert_eq!(task.load(Ordering::SeqCst), rounds, "task {at}");
        }
    }
}
