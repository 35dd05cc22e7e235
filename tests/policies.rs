//! What runs after a failure is what the policy says, in graphs of any shape.

use core::cell::RefCell;
use std::io;
use std::sync::{Arc, Mutex};

use crate::support::counter::Counter;
use crate::support::dice::Dice;
use crate::support::rig::{Rig, on_each_rig};
use crate::support::throwing::throw;
use taskflow_std::{
    FailurePolicy, Module, RunError, RunOptions, RunStats, Subflow, TaskHandle, Taskflow,
};

/// A graph whose every task is before up to three later ones, and some of which fail.
#[derive(Clone, Debug)]
struct Plan {
    before: Vec<Vec<usize>>,
    fails: Vec<bool>,
}

impl Plan {
    fn thrown(dice: &mut Dice) -> Self {
        let size = 1 + dice.below(60);
        let mut before = vec![Vec::new(); size];
        for from in 0..size - 1 {
            for _ in 0..dice.below(4) {
                before[from + 1 + dice.below(size - from - 1)].push(from);
            }
        }
        let fails = (0..size).map(|_| dice.below(8) == 0).collect();
        Self { before, fails }
    }

    /// Which tasks run if only what comes after a failure is skipped: in order of creation.
    fn independent(&self) -> Vec<bool> {
        let mut runs: Vec<bool> = Vec::new();
        for before in &self.before {
            let well = before.iter().all(|from| runs[*from] && !self.fails[*from]);
            runs.push(well);
        }
        runs
    }

    /// Adds the tasks to a flow; each notes in `ran` that it has run.
    fn build<'f>(&self, flow: &'f Taskflow<'static>, ran: &Arc<Mutex<Vec<usize>>>) {
        let mut tasks: Vec<TaskHandle<'f>> = Vec::new();
        for (at, before) in self.before.iter().enumerate() {
            let (fails, ran) = (self.fails[at], Arc::clone(ran));
            let work = move || {
                ran.lock().expect("nothing panics with this lock")[at] += 1;
                match (fails, at % 2) {
                    (false, _) => Ok(()),
                    (true, 0) => throw("it fails"),
                    (true, _) => Err(io::Error::other("it fails").into()),
                }
            };
            let first: Vec<_> = before.iter().map(|from| tasks[*from]).collect();
            tasks.push(flow.try_emplace(work).succeed(first).name(format!("{at}")));
        }
    }
}

fn with(rig: &Rig, flow: &Taskflow<'static>, policy: FailurePolicy) -> Result<RunStats, RunError> {
    rig.finish(rig.start_with(flow, RunOptions::new().on_failure(policy)))
}

/// The tasks and the skipped ones that a run counted, and how many failures it has.
fn counts(result: &Result<RunStats, RunError>) -> (u64, u64, usize) {
    match result {
        Ok(stats) => (stats.tasks, stats.skipped, 0),
        Err(error) => {
            let stats = error.stats().expect("it was started");
            (stats.tasks, stats.skipped, 1 + stats.suppressed.len())
        }
    }
}

/// Checks what ran of a plan against what should have. `extra`: tasks around it that run as well.
#[track_caller]
fn check(
    plan: &Plan,
    policy: FailurePolicy,
    ran: &[usize],
    result: &Result<RunStats, RunError>,
    extra: u64,
) {
    let size = plan.fails.len() as u64;
    let (tasks, skipped, failures) = counts(result);
    let failing = |runs: &[bool]| {
        runs.iter()
            .zip(&plan.fails)
            .filter(|(runs, fails)| **runs && **fails)
            .count()
    };
    match policy {
        FailurePolicy::KeepIndependent | FailurePolicy::CollectAll => {
            let runs = if policy == FailurePolicy::CollectAll {
                vec![true; plan.fails.len()]
            } else {
                plan.independent()
            };
            let expected: Vec<usize> = runs.iter().map(|runs| usize::from(*runs)).collect();
            assert_eq!(ran, expected);
            let count = expected.iter().sum::<usize>() as u64;
            assert_eq!((tasks, skipped), (count + extra, size - count));
            assert_eq!(failures, failing(&runs));
        }
        _ => {
            let started = ran.iter().sum::<usize>() as u64;
            assert_eq!((tasks, skipped), (started + extra, size - started));
            let order = ran
                .iter()
                .zip(&plan.before)
                .all(|(ran, before)| *ran == 0 || before.iter().all(|from| ran_well(plan, *from)));
            assert!(order, "something ran after a failure");
            let failed = ran
                .iter()
                .zip(&plan.fails)
                .filter(|(ran, fails)| **ran == 1 && **fails);
            assert_eq!(failures, failed.count());
            if !plan.fails.contains(&true) {
                assert_eq!(started, size);
            }
        }
    }
}

fn ran_well(plan: &Plan, task: usize) -> bool {
    !plan.fails[task]
}

const POLICIES: [FailurePolicy; 3] = [
    FailurePolicy::StopAtFirst,
    FailurePolicy::KeepIndependent,
    FailurePolicy::CollectAll,
];

#[test]
fn what_runs_after_a_failure_is_what_the_policy_says() {
    let dice = RefCell::new(Dice::shaken());
    on_each_rig(|rig| {
        for _ in 0..25 {
            let plan = Plan::thrown(&mut dice.borrow_mut());
            let (flow, size) = (Taskflow::new(), plan.fails.len());
            let ran = Arc::new(Mutex::new(vec![0; size]));
            plan.build(&flow, &ran);
            for _ in 0..2 {
                // One after another on the same flow: nothing of a policy stays.
                for policy in POLICIES {
                    let result = with(rig, &flow, policy);
                    let ran = core::mem::replace(&mut *ran.lock().unwrap(), vec![0; size]);
                    check(&plan, policy, &ran, &result, 0);
                }
            }
        }
    });
}

#[test]
fn children_and_modules_fail_as_the_policy_of_the_run_says() {
    let dice = RefCell::new(Dice::shaken());
    on_each_rig(|rig| {
        for number in 0..15 {
            let plan = Plan::thrown(&mut dice.borrow_mut());
            let size = plan.fails.len();
            let ran = Arc::new(Mutex::new(vec![0; size]));
            let (flow, after) = (Taskflow::new(), Counter::default());
            let (own, notes) = (plan.clone(), Arc::clone(&ran));
            let build = move |subflow: &mut Subflow<'_, 'static>| own.build(subflow, &notes);
            let nested = match number % 3 {
                0 => flow.emplace_subflow(build),
                1 => flow.try_emplace_subflow(move |subflow| {
                    build(subflow);
                    subflow.join()?;
                    Ok(())
                }),
                _ => {
                    let steps = Taskflow::new();
                    plan.build(&steps, &ran);
                    flow.composed_of(&Module::new(steps))
                }
            };
            let count = after.clone();
            let last = flow.emplace(move || {
                count.add();
            });
            nested.precede(last);
            for policy in POLICIES {
                let before = after.get();
                let result = with(rig, &flow, policy);
                let ran = core::mem::replace(&mut *ran.lock().unwrap(), vec![0; size]);
                let well = result.is_ok() || policy == FailurePolicy::CollectAll;
                assert_eq!(after.get() - before, usize::from(well), "{policy:?}");
                let mut result = result;
                if !well {
                    // The task after the nested graph was skipped.
                    match &mut result {
                        Err(RunError::Panicked { stats, .. } | RunError::Failed { stats, .. }) => {
                            stats.skipped -= 1;
                        }
                        other => panic!("{other:?}"),
                    }
                }
                check(&plan, policy, &ran, &result, 1 + u64::from(well));
            }
        }
    });
}

#[test]
fn a_condition_that_fails_or_is_skipped_chooses_nothing_and_the_rest_goes_on() {
    on_each_rig(|rig| {
        for policy in [FailurePolicy::KeepIndependent, FailurePolicy::CollectAll] {
            let flow = Taskflow::new();
            let (chosen, rest) = (Counter::default(), Counter::default());
            let count = |counter: &Counter| {
                let counter = counter.clone();
                flow.emplace(move || {
                    counter.add();
                })
            };
            let failing = flow.emplace_condition(|| -> usize { throw("no choice") });
            failing.precede(count(&chosen));
            let unknown = flow.emplace_condition(|| "nowhere");
            unknown.precede(count(&chosen));
            let skipped = flow.emplace_condition(|| 0_usize);
            flow.emplace(|| throw("before")).precede(skipped);
            skipped.precede(count(&chosen));
            let mut passes = 0;
            let again = flow.emplace_condition(move || {
                passes += 1;
                usize::from(passes % 10 == 0)
            });
            let body = count(&rest);
            flow.placeholder().precede(body);
            body.precede(again);
            again.precede(body);
            for round in 1..=3 {
                let result = with(rig, &flow, policy);
                let (_, skips, failures) = counts(&result);
                assert_eq!(failures, 3);
                assert_eq!(rest.get(), 10 * round);
                let all = policy == FailurePolicy::CollectAll;
                assert_eq!(skips, u64::from(!all));
                assert_eq!(chosen.get(), if all { round } else { 0 });
            }
        }
    });
}

#[test]
fn a_body_that_fails_in_one_pass_ends_its_loop_and_runs_the_next_time() {
    on_each_rig(|rig| {
        let flow = Taskflow::new();
        let ran = Counter::default();
        let count = ran.clone();
        let body = flow.try_emplace(move || {
            if count.add() % 10 == 4 {
                return Err(io::Error::other("fifth").into());
            }
            Ok(())
        });
        let again = flow.emplace_condition(|| 0_usize);
        flow.placeholder().precede(body);
        body.precede(again);
        again.precede(body);
        // The counter goes on: the fifth pass of the first run fails, then each tenth.
        for expected in [5, 15, 25, 35] {
            let policy = POLICIES[expected / 10 % 2];
            assert_eq!(counts(&with(rig, &flow, policy)).2, 1);
            assert_eq!(ran.get(), expected);
        }
    });
}
