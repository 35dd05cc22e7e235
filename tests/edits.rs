//! Any sequence of edits gives the graph that a simple model of it gives.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use crate::support::dice::Dice;
use crate::support::watchdog::within_a_minute;
use taskflow_std::{Executor, TaskId, Taskflow, TaskflowError};

type Log = Arc<Mutex<Vec<u64>>>;

/// What a flow should be: its tasks by identity, each with its mark and its successors in order.
#[derive(Debug, Default)]
struct Model {
    tasks: BTreeMap<TaskId, (u64, Vec<TaskId>)>,
    removed: Vec<TaskId>,
    marks: u64,
}

impl Model {
    fn any(&self, dice: &mut Dice) -> Option<TaskId> {
        let at = dice.below(self.tasks.len().max(1));
        self.tasks.keys().nth(at).copied()
    }

    /// Two tasks, the first with the smaller mark, so that edges between them make no cycle.
    fn ordered_pair(&self, dice: &mut Dice) -> Option<(TaskId, TaskId)> {
        let (one, other) = (self.any(dice)?, self.any(dice)?);
        match self.tasks[&one].0.cmp(&self.tasks[&other].0) {
            core::cmp::Ordering::Less => Some((one, other)),
            core::cmp::Ordering::Equal => None,
            core::cmp::Ordering::Greater => Some((other, one)),
        }
    }

    fn remove(&mut self, task: TaskId) {
        self.tasks.remove(&task);
        for (_, after) in self.tasks.values_mut() {
            after.retain(|other| *other != task);
        }
        self.removed.push(task);
    }

    /// Fails unless the flow is as the model says.
    fn check(&self, flow: &Taskflow<'static>) {
        assert_eq!(flow.len(), self.tasks.len());
        let mut listed: Vec<TaskId> = flow.tasks().iter().map(|task| task.id()).collect();
        listed.sort_unstable();
        assert_eq!(listed, self.tasks.keys().copied().collect::<Vec<_>>());
        for (id, (mark, after)) in &self.tasks {
            let task = flow.task(*id).expect("it was not removed");
            let found: Vec<TaskId> = task.successors().iter().map(|task| task.id()).collect();
            assert_eq!(found, *after, "successors of {id}");
            let before = self.tasks.values().filter(|(_, after)| after.contains(id));
            assert_eq!(
                task.num_predecessors(),
                before.count(),
                "predecessors of {id}"
            );
            assert_eq!(task.label(), mark.to_string());
        }
        for id in &self.removed {
            assert_eq!(flow.task(*id), None);
        }
    }

    /// Fails unless a run runs all of the model's tasks once, and in order.
    fn check_run(&self, executor: &Executor, flow: &Taskflow<'static>, log: &Log) {
        log.lock().expect("nothing panics with this lock").clear();
        executor.run(flow).wait().expect("the model has no cycle");
        let ran = log.lock().expect("nothing panics with this lock").clone();
        let at: BTreeMap<u64, usize> = ran
            .iter()
            .enumerate()
            .map(|(at, mark)| (*mark, at))
            .collect();
        assert_eq!((ran.len(), at.len()), (self.tasks.len(), self.tasks.len()));
        for (mark, after) in self.tasks.values() {
            for other in after {
                assert!(at[mark] < at[&self.tasks[other].0], "{mark} before {other}");
            }
        }
    }
}

/// One edit, of the flow and of the model.
fn edit(flow: &Taskflow<'static>, model: &mut Model, dice: &mut Dice, log: &Log) {
    let noted = |mark: u64| {
        let log = Arc::clone(log);
        move || {
            log.lock()
                .expect("nothing panics with this lock")
                .push(mark);
        }
    };
    match dice.below(10) {
        0..=2 => {
            let mark = model.marks;
            model.marks += 1;
            let task = flow.emplace(noted(mark)).name(mark.to_string());
            model.tasks.insert(task.id(), (mark, Vec::new()));
        }
        3..=6 => {
            let Some((before, after)) = model.ordered_pair(dice) else {
                return;
            };
            let (first, second) = (
                flow.task(before).expect("it was not removed"),
                flow.task(after).expect("it was not removed"),
            );
            if dice.below(2) == 0 {
                first.precede(second);
            } else {
                second.succeed(first);
            }
            let successors = &mut model.tasks.get_mut(&before).expect("it is in the model").1;
            if !successors.contains(&after) {
                successors.push(after);
            }
        }
        7 => {
            let Some((before, after)) = model.ordered_pair(dice) else {
                return;
            };
            let there = model.tasks[&before].1.contains(&after);
            let removed = flow.remove_edge(
                flow.task(before).expect("it was not removed"),
                flow.task(after).expect("it was not removed"),
            );
            assert_eq!(removed, there, "edge {before} -> {after}");
            let successors = &mut model.tasks.get_mut(&before).expect("it is in the model").1;
            successors.retain(|other| *other != after);
        }
        8 => {
            let Some(task) = model.any(dice) else { return };
            flow.remove(flow.task(task).expect("it was not removed"));
            model.remove(task);
        }
        _ => {
            let Some(task) = model.any(dice) else { return };
            flow.work(
                flow.task(task).expect("it was not removed"),
                noted(model.tasks[&task].0),
            );
        }
    }
}

#[test]
fn any_sequence_of_edits_gives_the_graph_of_the_model() {
    within_a_minute(|| {
        let mut dice = Dice::shaken();
        for _ in 0..300 {
            let (flow, mut model, log) = (Taskflow::new(), Model::default(), Log::default());
            for _ in 0..dice.below(150) {
                edit(&flow, &mut model, &mut dice, &log);
                match dice.below(12) {
                    0 => model.check(&flow),
                    1 => drop(flow.validate().unwrap()),
                    _ => {}
                }
            }
            model.check(&flow);
        }
    });
}

#[test]
fn any_sequence_of_edits_and_runs_runs_the_graph_of_the_model() {
    within_a_minute(|| {
        let mut dice = Dice::shaken();
        let executor = Executor::new(2);
        for _ in 0..200 {
            let (flow, mut model, log) = (Taskflow::new(), Model::default(), Log::default());
            for _ in 0..dice.below(150) {
                edit(&flow, &mut model, &mut dice, &log);
                if dice.below(10) == 0 {
                    model.check_run(&executor, &flow, &log);
                }
            }
            model.check_run(&executor, &flow, &log);
            model.check(&flow);
        }
    });
}

#[test]
fn a_graph_that_was_refused_in_between_is_the_graph_of_the_model() {
    within_a_minute(|| {
        let mut dice = Dice::shaken();
        let executor = Executor::new(1);
        for _ in 0..200 {
            let (flow, mut model, log) = (Taskflow::new(), Model::default(), Log::default());
            for _ in 0..dice.below(100) {
                edit(&flow, &mut model, &mut dice, &log);
                let Some((before, after)) = model.ordered_pair(&mut dice) else {
                    continue;
                };
                if dice.below(5) > 0 || !model.tasks[&before].1.contains(&after) {
                    continue;
                }
                let (first, second) = (flow.task(before).unwrap(), flow.task(after).unwrap());
                second.precede(first);
                let refused = executor.run(&flow).wait();
                assert!(refused.is_err(), "a cycle of two");
                assert!(matches!(flow.validate(), Err(TaskflowError::Cycle { .. })));
                assert!(flow.remove_edge(second, first));
            }
            model.check(&flow);
            model.check_run(&executor, &flow, &log);
        }
    });
}
