//! Random programs of sequences, forks, choices, loops and subflows: every task runs as often as it does when
//! the program is read from top to bottom.

use core::cell::RefCell;
use std::sync::Arc;

use crate::support::counter::Counter;
use crate::support::dice::Dice;
use crate::support::rig::on_each_rig;
use crate::support::watchdog::within_a_minute;
use taskflow_std::{RunError, RunOptions, TaskHandle, Taskflow};

/// A program.
#[derive(Clone, Debug)]
enum Plan {
    /// The task of this number.
    Task(usize),
    /// One after another.
    Sequence(Vec<Plan>),
    /// All, in any order.
    Fork(Vec<Plan>),
    /// One in turn.
    Choice(Vec<Plan>),
    /// So many times.
    Loop(usize, Box<Plan>),
    /// In a graph of its own.
    Subflow(Arc<Plan>),
}

impl Plan {
    /// A program of at most `depth` levels. `tasks`: how many there are so far.
    fn thrown(dice: &mut Dice, depth: usize, tasks: &mut usize) -> Self {
        if depth == 0 || dice.below(6) == 0 {
            *tasks += 1;
            return Self::Task(*tasks - 1);
        }
        let kind = dice.below(6);
        let parts = 1 + dice.below(3);
        let mut part = || Self::thrown(dice, depth - 1, tasks);
        match kind {
            0 => Self::Loop(parts, Box::new(part())),
            1 => Self::Choice((0..parts).map(|_| part()).collect()),
            2 => Self::Subflow(Arc::new(part())),
            3 | 4 => Self::Fork((0..parts).map(|_| part()).collect()),
            _ => Self::Sequence((0..parts).map(|_| part()).collect()),
        }
    }

    /// Adds to `ran` how often each task runs when this is run `times` times.
    fn count(&self, times: usize, ran: &mut [usize]) {
        match self {
            Self::Task(number) => ran[*number] += times,
            Self::Sequence(parts) | Self::Fork(parts) => {
                parts.iter().for_each(|part| part.count(times, ran));
            }
            Self::Choice(parts) => {
                for (place, part) in parts.iter().enumerate() {
                    part.count((times + parts.len() - 1 - place) / parts.len(), ran);
                }
            }
            Self::Loop(passes, body) => body.count(times * passes, ran),
            // It is built anew each time, so its choices begin at the first.
            Self::Subflow(body) => {
                let mut once = vec![0; ran.len()];
                body.count(1, &mut once);
                for (ran, once) in ran.iter_mut().zip(once) {
                    *ran += times * once;
                }
            }
        }
    }

    /// Adds this to a flow, after `before`. Gives what the rest follows.
    fn build<'f>(
        &self,
        flow: &'f Taskflow<'static>,
        before: TaskHandle<'f>,
        ran: &[Counter],
    ) -> TaskHandle<'f> {
        match self {
            Self::Task(number) => {
                let (calls, busy) = (ran[*number].clone(), Counter::default());
                let task = flow.emplace(move || {
                    assert_eq!(busy.add() % 2, 0, "it runs twice at once");
                    calls.add();
                    busy.add();
                });
                task.succeed(before)
            }
            Self::Sequence(parts) => parts
                .iter()
                .fold(before, |before, part| part.build(flow, before, ran)),
            Self::Fork(parts) => {
                let ends: Vec<_> = parts
                    .iter()
                    .map(|part| part.build(flow, before, ran))
                    .collect();
                flow.placeholder().succeed(ends)
            }
            Self::Choice(parts) => {
                let (mut turn, count) = (0, parts.len());
                let condition = flow.emplace_condition(move || {
                    turn += 1;
                    (turn - 1) % count
                });
                condition.succeed(before);
                let merged = flow.placeholder();
                for part in parts {
                    let begin = flow.placeholder();
                    condition.precede(begin);
                    let end = flow.emplace_condition(|| 0_usize);
                    part.build(flow, begin, ran).precede(end);
                    end.precede(merged);
                }
                merged
            }
            Self::Loop(passes, body) => {
                let (mut pass, passes) = (0, *passes);
                let begin = flow.placeholder().succeed(before);
                let again = flow.emplace_condition(move || {
                    pass += 1;
                    pass % passes != 0
                });
                body.build(flow, begin, ran).precede(again);
                let done = flow.placeholder();
                again.precede([done, begin]);
                done
            }
            Self::Subflow(body) => {
                let (body, ran) = (Arc::clone(body), ran.to_vec());
                let task = flow.emplace_subflow(move |subflow| {
                    let start = subflow.placeholder();
                    body.build(subflow, start, &ran);
                });
                task.succeed(before)
            }
        }
    }
}

#[test]
fn every_task_of_a_random_program_runs_as_often_as_it_says() {
    let dice = RefCell::new(Dice::shaken());
    within_a_minute(move || {
        on_each_rig(|rig| {
            for _ in 0..20 {
                let mut tasks = 0;
                let plan = Plan::thrown(&mut dice.borrow_mut(), 5, &mut tasks);
                let ran: Vec<Counter> = (0..tasks).map(|_| Counter::default()).collect();
                let flow = Taskflow::new();
                plan.build(&flow, flow.placeholder(), &ran);
                assert_eq!(flow.validate().unwrap(), []);
                let mut times = 0;
                for rounds in [1, 3, 2] {
                    times += rounds;
                    let stats = rig.run_n(&flow, rounds as u64).unwrap();
                    assert_eq!((stats.skipped, stats.rounds), (0, rounds as u64));
                    let mut expected = vec![0; tasks];
                    plan.count(times, &mut expected);
                    let ran: Vec<usize> = ran.iter().map(Counter::get).collect();
                    assert_eq!(ran, expected, "{plan:?}");
                }
            }
        });
    });
}

#[test]
fn a_random_program_cancelled_anywhere_runs_from_its_beginning_afterwards() {
    let dice = RefCell::new(Dice::shaken());
    within_a_minute(move || {
        on_each_rig(|rig| {
            for _ in 0..30 {
                let mut tasks = 0;
                let plan = Plan::thrown(&mut dice.borrow_mut(), 5, &mut tasks);
                // Choices and passes go on where the cancelled run left them, so only their sums are known.
                let ran: Vec<Counter> = (0..tasks).map(|_| Counter::default()).collect();
                let flow = Taskflow::new();
                plan.build(&flow, flow.placeholder(), &ran);
                let steps = dice.borrow_mut().below(50);
                let run = rig.start_with(&flow, RunOptions::new().rounds(2));
                for _ in 0..steps {
                    rig.step();
                }
                let cancelled = run.cancel();
                match rig.finish(run) {
                    Ok(_) => {}
                    Err(RunError::Cancelled { stats, .. }) => {
                        assert!(cancelled && stats.rounds <= 2);
                    }
                    Err(other) => panic!("{other} in {plan:?}"),
                }
                // No counter and no mark of a task is out of place: nothing races or hangs.
                rig.run_n(&flow, 2).unwrap();
            }
        });
    });
}
