//! Random graphs of every kind of task, run in every way, under every seed.

use core::num::NonZeroU32;
use std::sync::Arc;

use taskflow_std::testing::{Dice, Executor, check, pause, spawn};
use taskflow_std::{Coarsening, RunError, Semaphore, Taskflow};

use super::ledger::Ledger;
use super::units::{Counted, Ends, Shared, Unit, shared_module};
use crate::support::counter::Counter;

/// A flow, its books, and which unit fails in its next run (0: none).
struct Graph {
    flow: Taskflow<'static>,
    ledger: Arc<Ledger>,
    fails: Counted,
    size: usize,
}

impl Graph {
    fn thrown(dice: &mut Dice, shared: &Shared) -> Self {
        let size = 1 + dice.below(20);
        let mut before = vec![Vec::new(); size];
        for (at, before) in before.iter_mut().enumerate().skip(1) {
            for _ in 0..dice.below(4) {
                let from = dice.below(at);
                if !before.contains(&from) {
                    before.push(from);
                }
            }
        }
        let (ledger, fails) = (Arc::new(Ledger::of(&before)), Counted::default());
        let flow = Taskflow::new();
        let in_blocks = dice.below(4) == 0;
        if in_blocks {
            let length = u32::try_from(dice.below(6)).ok();
            let length = length.and_then(NonZeroU32::new);
            flow.coarsen(length.map_or(Coarsening::Adaptive, Coarsening::Blocks));
        }
        let mut units: Vec<Ends<'_>> = Vec::new();
        for (at, before) in before.iter().enumerate() {
            let unit = Unit::thrown(dice, at, &ledger, shared, &fails);
            let (first, last) = unit.emplace(dice, &flow, in_blocks);
            for from in before {
                first.succeed(units[*from].1);
            }
            units.push((first, last));
        }
        drop(units);
        Self {
            flow,
            ledger,
            fails,
            size,
        }
    }

    /// Runs this graph in one way or another, and once more.
    fn exercise(&self, dice: &mut Dice, executor: &Executor) {
        let audited = Arc::clone(&self.ledger);
        executor
            .platform()
            .watch(move |moment| audited.audit(moment));
        let over = Counted::default();
        let (ringing, until) = (Arc::clone(&self.ledger), over.clone());
        spawn(move || {
            while until.get() == 0 {
                ringing.ring();
                pause();
            }
        });
        match dice.below(7) {
            0 => self.run_overlapping(dice, executor),
            1 => self.run_until(dice, executor),
            2 | 3 => self.cancel(dice, executor),
            4 | 5 => self.fail(dice, executor),
            _ => {}
        }
        self.ledger.begin_anew();
        let rounds = 1 + dice.below(3);
        let run = executor.run_n(&self.flow, rounds as u64);
        self.rest(dice);
        assert_eq!(run.wait().expect("nothing fails").rounds, rounds as u64);
        self.ledger.assert_ran(rounds);
        executor.run_and_wait(&self.flow).expect("nothing fails");
        self.ledger.assert_ran(rounds + 1);
        over.set(1);
    }

    fn rest(&self, dice: &mut Dice) {
        for _ in 0..dice.below(10 * self.size) {
            pause();
        }
    }

    fn run_overlapping(&self, dice: &mut Dice, executor: &Executor) {
        let runs: Vec<_> = (0..3).map(|_| executor.run(&self.flow)).collect();
        for (before, run) in runs.into_iter().enumerate() {
            self.rest(dice);
            assert_eq!(run.wait().expect("nothing fails").rounds, 1, "{before}");
        }
        self.ledger.assert_ran(3);
    }

    fn run_until(&self, dice: &mut Dice, executor: &Executor) {
        let (rounds, asked) = (1 + dice.below(3), Counter::default());
        let count = asked.clone();
        let run = executor.run_until(&self.flow, move || count.add() + 1 == rounds);
        run.wait().expect("nothing fails");
        assert_eq!(asked.get(), rounds);
        self.ledger.assert_ran(rounds);
    }

    fn cancel(&self, dice: &mut Dice, executor: &Executor) {
        let run = executor.run_n(&self.flow, 2);
        self.rest(dice);
        if run.cancel() {
            self.ledger.stop();
            let ended = run.wait();
            assert!(
                matches!(ended, Err(RunError::Cancelled { .. })),
                "{ended:?}"
            );
        } else {
            run.wait().expect("it had ended");
            self.ledger.assert_ran(2);
        }
    }

    fn fail(&self, dice: &mut Dice, executor: &Executor) {
        self.fails.set(1 + dice.below(self.size));
        let ended = executor.run(&self.flow).wait();
        self.fails.set(0);
        // Tasks of most kinds do not fail.
        match ended {
            Ok(_) => self.ledger.assert_ran(1),
            Err(RunError::Panicked { .. } | RunError::Failed { .. }) => {}
            Err(other) => panic!("{other}"),
        }
    }
}

#[test]
fn every_unit_of_a_random_graph_runs_once_a_round_in_its_place_and_nothing_starts_after_a_stop() {
    check(|executor, dice| {
        let token = Arc::new(());
        let overlaps = Counter::default();
        let shared = Shared {
            executor: Arc::downgrade(executor),
            module: shared_module(&token, &overlaps),
            semaphore: Semaphore::new(1 + dice.below(3)),
            inside: Counted::default(),
            token: Arc::clone(&token),
        };
        let others = dice.below(3);
        let ended = Counter::default();
        for _ in 0..others {
            let mut dice = Dice::of(dice.number());
            let (shared, executor, ended) = (shared.clone(), Arc::clone(executor), ended.clone());
            spawn(move || {
                Graph::thrown(&mut dice, &shared).exercise(&mut dice, &executor);
                drop((shared, executor));
                ended.add();
            });
        }
        Graph::thrown(dice, &shared).exercise(dice, executor);
        while ended.get() < others {
            pause();
        }
        executor.wait_for_all().expect("not called by a task");
        assert_eq!(shared.semaphore.count(), shared.semaphore.max());
        drop(shared);
        assert_eq!(overlaps.get(), 0, "uses of a module at once");
        assert_eq!(Arc::strong_count(&token), 1, "something leaks");
    });
}
