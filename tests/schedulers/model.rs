//! Random graphs over each policy, against a vector of what is ready.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use taskflow_core::{Builder, Manual};
use taskflow_std::{
    FifoScheduler, Priority, PriorityScheduler, RoundRobinScheduler, Scheduler, TaskHandle,
    Taskflow,
};

use crate::support::dice::Dice;

/// A task of a flow, by their places.
type Name = (usize, usize);

#[derive(Clone, Debug)]
struct Task {
    priority: Priority,
    before: Vec<usize>,
}

/// Flows, whose tasks are before later ones of the same flow.
#[derive(Clone, Debug)]
struct Plan(Vec<Vec<Task>>);

impl Plan {
    fn thrown(dice: &mut Dice) -> Self {
        let flows = 1 + dice.below(4);
        let flow = |dice: &mut Dice| -> Vec<Task> {
            let size = 1 + dice.below(40);
            let task = |dice: &mut Dice, at: usize| {
                let mut before: Vec<_> =
                    (0..dice.below(4).min(at)).map(|_| dice.below(at)).collect();
                before.sort_unstable();
                before.dedup();
                let priority = Priority::ALL[dice.below(4)];
                Task { priority, before }
            };
            (0..size).map(|at| task(dice, at)).collect()
        };
        Self((0..flows).map(|_| flow(dice)).collect())
    }

    /// The order in which one worker runs the tasks over this policy.
    fn run<S: Scheduler>(&self, scheduler: S) -> Vec<Name> {
        let builder = Builder::new(Manual::new()).workers(1).scheduler(scheduler);
        let executor = builder.build().expect("no thread is needed");
        let order: Arc<Mutex<Vec<Name>>> = Arc::default();
        let flows: Vec<Taskflow<'static>> = self.0.iter().map(|_| Taskflow::new()).collect();
        for (number, (flow, tasks)) in flows.iter().zip(&self.0).enumerate() {
            let mut made: Vec<TaskHandle<'_>> = Vec::new();
            for (at, task) in tasks.iter().enumerate() {
                let order = Arc::clone(&order);
                let handle = flow.emplace(move || {
                    let mut order = order.lock().expect("nothing panics with it");
                    order.push((number, at));
                });
                let before: Vec<_> = task.before.iter().map(|before| made[*before]).collect();
                made.push(handle.priority(task.priority).succeed(before));
            }
        }
        let runs: Vec<_> = flows.iter().map(|flow| executor.run(flow)).collect();
        executor.platform().step_all();
        assert!(runs.into_iter().all(|run| run.wait().is_ok()));
        let mut order = order.lock().expect("nothing panics with it");
        core::mem::take(&mut *order)
    }

    /// The order in which a policy runs them that keeps what is ready in a vector, in the order of arrival, and
    /// `choose`s a place of that.
    fn expected(&self, mut choose: impl FnMut(&[(Name, Priority)]) -> usize) -> Vec<Name> {
        let (mut ready, mut order) = (Vec::new(), Vec::new());
        let mut left: BTreeMap<Name, usize> = BTreeMap::new();
        for (flow, tasks) in self.0.iter().enumerate() {
            for (at, task) in tasks.iter().enumerate() {
                left.insert((flow, at), task.before.len());
                if task.before.is_empty() {
                    ready.push(((flow, at), task.priority));
                }
            }
        }
        while !ready.is_empty() {
            let ((flow, ended), _) = ready.remove(choose(&ready));
            order.push((flow, ended));
            for (at, task) in self.0[flow].iter().enumerate() {
                if task.before.contains(&ended) {
                    let left = left.entry((flow, at)).or_default();
                    *left -= 1;
                    if *left == 0 {
                        ready.push(((flow, at), task.priority));
                    }
                }
            }
        }
        order
    }
}

impl Plan {
    /// With each task as urgent as the most urgent after it, if that is more than usual.
    fn inherited(&self) -> Self {
        let mut plan = self.clone();
        for tasks in &mut plan.0 {
            for at in (0..tasks.len()).rev() {
                let after = tasks.iter().filter(|task| task.before.contains(&at));
                let most = after.map(|task| task.priority).max();
                if let Some(most) = most.filter(|most| *most > Priority::Normal) {
                    tasks[at].priority = most.max(tasks[at].priority);
                }
            }
        }
        plan
    }
}

#[test]
fn one_worker_over_fifo_is_a_queue() {
    let mut dice = Dice::shaken();
    for _ in 0..200 {
        let plan = Plan::thrown(&mut dice);
        assert_eq!(
            plan.run(FifoScheduler::new()),
            plan.expected(|_| 0),
            "{plan:?}"
        );
    }
}

#[test]
fn one_worker_over_priorities_is_a_sorted_vector() {
    let mut dice = Dice::shaken();
    for _ in 0..200 {
        let plan = Plan::thrown(&mut dice);
        let most_urgent = |ready: &[(Name, Priority)]| {
            let places = 0..ready.len();
            places
                .rev()
                .max_by_key(|place| ready[*place].1)
                .unwrap_or(0)
        };
        let scheduler = || PriorityScheduler::new().ageing(None);
        let ran = plan.run(scheduler().without_inheritance());
        assert_eq!(ran, plan.expected(most_urgent), "{plan:?}");
        let ran = plan.run(scheduler());
        assert_eq!(ran, plan.inherited().expected(most_urgent), "{plan:?}");
    }
}

#[test]
fn one_worker_over_round_robin_gives_each_flow_its_turn() {
    let mut dice = Dice::shaken();
    for _ in 0..200 {
        let plan = Plan::thrown(&mut dice);
        // When a flow was last served, or came to have anything: the one that this is longest ago for is next.
        let mut since: BTreeMap<usize, usize> = BTreeMap::new();
        let mut now = 0;
        let longest = |ready: &[(Name, Priority)]| {
            since.retain(|flow, _| ready.iter().any(|((of, _), _)| of == flow));
            for ((flow, _), _) in ready {
                now += 1;
                since.entry(*flow).or_insert(now);
            }
            let next = since.iter().min_by_key(|(_, since)| **since);
            let flow = next.map(|(flow, _)| *flow);
            if let Some(flow) = flow {
                now += 1;
                since.insert(flow, now);
                let more = ready.iter().filter(|((of, _), _)| *of == flow).count() > 1;
                if !more {
                    since.remove(&flow);
                }
            }
            let place = ready.iter().position(|((of, _), _)| Some(*of) == flow);
            place.unwrap_or(0)
        };
        let ran = plan.run(RoundRobinScheduler::new());
        assert_eq!(ran, plan.expected(longest), "{plan:?}");
    }
}
