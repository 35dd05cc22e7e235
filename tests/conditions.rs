//! Conditions choose what runs next.

use std::sync::{Arc, Mutex};

use crate::support::counted_task::counted;
use crate::support::counter::Counter;
use crate::support::rig::{Rig, on_each_rig};
use crate::support::throwing::throw;
use crate::support::watchdog::within_a_minute;
use taskflow_std::{Branch, IntoBranch, RunError, Taskflow};

/// Which of three branches run after this decision, one count for each.
fn chosen<B: IntoBranch + Clone + Send + 'static>(rig: &Rig, branch: B) -> [usize; 3] {
    let flow = Taskflow::new();
    let counters = [(); 3].map(|()| Counter::default());
    let condition = flow.emplace_condition(move || branch.clone());
    for (name, counter) in ["a", "b", "c"].into_iter().zip(&counters) {
        condition.branch(name, counted(&flow, counter));
    }
    let stats = rig.run(&flow).expect("nothing fails");
    let ran = counters.map(|counter| counter.get());
    assert_eq!(stats.tasks as usize, 1 + ran.iter().sum::<usize>());
    assert_eq!(stats.skipped, 0);
    ran
}

#[test]
fn a_branch_in_range_runs_that_successor_alone_and_one_out_of_range_runs_none() {
    on_each_rig(|rig| {
        assert_eq!(chosen(rig, 0_usize), [1, 0, 0]);
        assert_eq!(chosen(rig, 2_usize), [0, 0, 1]);
        assert_eq!(chosen(rig, 3_usize), [0; 3]);
        assert_eq!(chosen(rig, usize::MAX), [0; 3]);
        assert_eq!(chosen(rig, 1_i32), [0, 1, 0]);
        assert_eq!(chosen(rig, -1_i32), [0; 3]);
        assert_eq!(chosen(rig, i32::MIN), [0; 3]);
        assert_eq!(chosen(rig, i32::MAX), [0; 3]);
        assert_eq!(chosen(rig, false), [1, 0, 0]);
        assert_eq!(chosen(rig, true), [0, 1, 0]);
        assert_eq!(chosen(rig, "c"), [0, 0, 1]);
        assert_eq!(chosen(rig, Branch::named("b".to_owned())), [0, 1, 0]);
        assert_eq!(chosen(rig, Branch::index(1)), [0, 1, 0]);
        assert_eq!(chosen(rig, Branch::NONE), [0; 3]);
        assert_eq!(chosen(rig, Some(1_usize)), [0, 1, 0]);
        assert_eq!(chosen(rig, None::<&str>), [0; 3]);
    });
}

#[test]
fn a_name_that_no_branch_has_fails_the_run_with_an_error_that_tells_it() {
    on_each_rig(|rig| {
        let flow = Taskflow::new();
        let ran = Counter::default();
        let condition = flow.emplace_condition(|| "rihgt").name("turn");
        condition.branch("right", counted(&flow, &ran));
        let error = rig.run(&flow).unwrap_err();
        assert_eq!(
            error.to_string(),
            "task 0 (\"turn\") failed: there is no branch \"rihgt\"; name one with `branch`"
        );
        assert_eq!(ran.get(), 0);
    });
}

#[test]
fn a_branch_id_leads_where_the_name_leads_and_one_of_another_condition_nowhere() {
    on_each_rig(|rig| {
        let flow = Taskflow::new();
        let (here, there) = (Counter::default(), Counter::default());
        let id = Arc::new(Mutex::new(None));
        let own = Arc::clone(&id);
        let condition = flow.emplace_condition(move || *own.lock().unwrap());
        condition.branch("here", counted(&flow, &here));
        let other = flow.emplace_condition(|| Branch::NONE);
        other.branch("there", counted(&flow, &there));
        assert!(condition.branch_id("there").is_none());
        *id.lock().unwrap() = condition.branch_id("here");
        rig.run(&flow).unwrap();
        assert_eq!((here.get(), there.get()), (1, 0));
        *id.lock().unwrap() = other.branch_id("there");
        rig.run(&flow).unwrap();
        assert_eq!((here.get(), there.get()), (1, 0));
    });
}

#[test]
fn the_order_of_the_edges_numbers_the_branches_whoever_made_them() {
    on_each_rig(|rig| {
        let flow = Taskflow::new();
        let counters = [(); 4].map(|()| Counter::default());
        let [a, b, c, d] = [0, 1, 2, 3].map(|at| counted(&flow, &counters[at]));
        let mut next = 0;
        let condition = flow.emplace_condition(move || {
            next += 1;
            next - 1_usize
        });
        // Against the order of creation, by either end, one by one and together.
        condition.precede(d);
        b.succeed(condition);
        condition.precede((c, a));
        for expected in [3, 1, 2, 0] {
            let before = counters[expected].get();
            rig.run(&flow).unwrap();
            assert_eq!(counters[expected].get(), before + 1);
        }
        assert!(counters.iter().all(|counter| counter.get() == 1));
        assert_eq!(condition.successors(), [d, b, c, a]);
    });
}

#[test]
fn duplicate_edges_out_of_a_condition_stay_distinct_branches() {
    on_each_rig(|rig| {
        let flow = Taskflow::new();
        let (first, second) = (Counter::default(), Counter::default());
        let (a, b) = (counted(&flow, &first), counted(&flow, &second));
        let mut next = 0;
        let condition = flow.emplace_condition(move || {
            next += 1;
            next - 1_usize
        });
        condition.precede([a, a, b, a]);
        assert_eq!(condition.num_successors(), 4);
        assert_eq!(flow.validate().unwrap(), []);
        rig.run_n(&flow, 5).unwrap();
        assert_eq!((first.get(), second.get()), (3, 1));
    });
}

#[test]
fn a_strong_and_a_weak_edge_into_one_task_stay_two() {
    on_each_rig(|rig| {
        let flow = Taskflow::new();
        let ran = Counter::default();
        let (first, second) = (flow.placeholder(), flow.placeholder());
        let target = counted(&flow, &ran);
        first.precede(target);
        second.precede(target);
        target.succeed(second);
        second.may_schedule(target);
        assert_eq!(target.num_predecessors(), 2);
        for rounds in 1..4 {
            assert_eq!(rig.run(&flow).unwrap().tasks, 3);
            assert_eq!(ran.get(), rounds);
        }
    });
}

#[test]
fn a_branch_starts_a_task_whatever_it_still_waits_for() {
    on_each_rig(|rig| {
        let flow = Taskflow::new();
        let (ran, never) = (Counter::default(), Counter::default());
        let stop = flow.emplace_condition(|| Branch::NONE);
        let blocked = counted(&flow, &never);
        stop.precede(blocked);
        let join = counted(&flow, &ran).succeed(blocked);
        flow.emplace_condition(|| 0_usize).precede(join);
        rig.run_n(&flow, 3).unwrap();
        assert_eq!((ran.get(), never.get()), (3, 0));
    });
}

#[test]
fn a_join_that_got_some_arrivals_in_a_round_starts_the_next_one_right() {
    on_each_rig(|rig| {
        let flow = Taskflow::new();
        let ran = Counter::default();
        let mut round = 0;
        // The second way to the join is open in every other round only.
        let sometimes = flow.emplace_condition(move || {
            round += 1;
            round % 2 == 0
        });
        let (closed, open) = (flow.placeholder(), flow.placeholder());
        sometimes.precede([closed, open]);
        let join = counted(&flow, &ran);
        join.succeed((flow.placeholder(), open));
        for round in 1..=6 {
            rig.run(&flow).unwrap();
            assert_eq!(ran.get(), round / 2, "round {round}");
        }
        rig.run_n(&flow, 6).unwrap();
        assert_eq!(ran.get(), 6);
    });
}

#[test]
fn a_start_by_a_branch_arms_the_counter_again_and_forgets_what_arrived_before() {
    on_each_rig(|rig| {
        let flow = Taskflow::new();
        let ran = Counter::default();
        let (first, second) = (flow.placeholder(), flow.placeholder());
        let join = counted(&flow, &ran).succeed((first, second));
        // first arrives; a branch starts the join; first and second arrive: the join starts again.
        let start = flow.placeholder();
        let pick = flow.emplace_condition(|| 0_usize);
        let mut passes = 0;
        let after = flow.emplace_condition(move || {
            passes += 1;
            passes % 2 == 0
        });
        let again = flow.emplace_condition(|| 0_usize);
        start.precede(first);
        first.precede(pick);
        let hub = flow.emplace_condition({
            let mut calls = 0;
            move || {
                calls += 1;
                // The first time to the join itself, the second time to what it waits for still.
                (calls + 1) % 2
            }
        });
        pick.precede(hub);
        hub.precede([join, second]);
        join.precede(after);
        after.precede(again);
        again.precede(first);
        let stats = rig.run_n(&flow, 4).unwrap();
        assert_eq!(ran.get(), 8, "{stats:?}");
    });
}

#[test]
fn a_condition_that_panics_chooses_nothing_and_the_pool_is_as_good_as_new() {
    on_each_rig(|rig| {
        let flow = Taskflow::new();
        let ran = Counter::default();
        let mut calls = 0;
        let condition = flow.emplace_condition(move || {
            calls += 1;
            if calls == 2 {
                throw("no choice");
            }
            0_usize
        });
        condition.name("torn").precede(counted(&flow, &ran));
        rig.run(&flow).unwrap();
        let error = rig.run(&flow).unwrap_err();
        assert_eq!(error.to_string(), "task 0 (\"torn\") panicked: no choice");
        assert_eq!((ran.get(), error.stats().unwrap().tasks), (1, 1));
        assert_eq!(rig.run(&flow).unwrap().tasks, 2);
        assert_eq!(ran.get(), 2);
    });
}

#[test]
fn a_skipped_condition_chooses_nothing() {
    on_each_rig(|rig| {
        let flow = Taskflow::new();
        let ran = Counter::default();
        let fails = flow.emplace(|| throw("first"));
        let condition = flow.emplace_condition(|| 0_usize);
        fails.precede(condition);
        condition.precede(counted(&flow, &ran));
        let error = rig.run(&flow).unwrap_err();
        let stats = error.stats().unwrap();
        assert_eq!((stats.tasks, stats.skipped, ran.get()), (1, 1, 0));
    });
}

/// The branches of a multi-condition that ran, and how often.
fn several(rig: &Rig, choose: impl Fn() -> Vec<i32> + Send + 'static) -> Vec<usize> {
    let flow = Taskflow::new();
    let counters: Vec<Counter> = (0..100).map(|_| Counter::default()).collect();
    let condition = flow.emplace_multi_condition(choose);
    for counter in &counters {
        condition.precede(counted(&flow, counter));
    }
    let stats = rig.run(&flow).expect("nothing fails");
    let ran: Vec<usize> = counters.iter().map(Counter::get).collect();
    assert_eq!(stats.tasks as usize, 1 + ran.iter().sum::<usize>());
    ran
}

#[test]
fn a_multi_condition_with_indices_from_below_to_above_its_branches_starts_those_in_range() {
    on_each_rig(|rig| {
        assert_eq!(several(rig, || (-10..=110).collect()), [1; 100]);
        assert_eq!(several(rig, || (0..100).rev().collect()), [1; 100]);
        assert_eq!(several(rig, Vec::new), [0; 100]);
        let odd = several(rig, || (-9..110).step_by(2).collect());
        let odds = odd.iter().enumerate().all(|(at, ran)| *ran == at % 2);
        assert!(odds, "{odd:?}");
    });
}

#[test]
fn a_task_chosen_several_times_by_one_decision_starts_once() {
    on_each_rig(|rig| {
        let ran = several(rig, || vec![7, 7, 99, 7, 99]);
        assert_eq!((ran[7], ran[99], ran.iter().sum::<usize>()), (1, 1, 2));
        // By number, by name, and by a second edge.
        let flow = Taskflow::new();
        let count = Counter::default();
        let target = counted(&flow, &count);
        let condition = flow
            .emplace_multi_condition(|| [Branch::index(0), Branch::named("it"), Branch::index(1)]);
        condition.precede(target).precede(target);
        condition.branch("it", target);
        assert_eq!(rig.run_n(&flow, 3).unwrap().tasks, 6);
        assert_eq!(count.get(), 3);
    });
}

#[test]
fn choices_given_before_an_iterator_panics_are_not_taken() {
    on_each_rig(|rig| {
        let flow = Taskflow::new();
        let ran = Counter::default();
        let choices = || {
            (0..5_usize).inspect(|at| {
                if *at == 3 {
                    throw("three is enough")
                }
            })
        };
        let condition = flow.emplace_multi_condition(choices);
        for _ in 0..5 {
            condition.precede(counted(&flow, &ran));
        }
        assert!(matches!(rig.run(&flow), Err(RunError::Panicked { .. })));
        assert_eq!(ran.get(), 0);
    });
}

#[test]
fn a_thousand_branches_and_back_are_taken_in_turn() {
    within_a_minute(|| {
        on_each_rig(|rig| {
            let flow = Taskflow::new();
            let ran = Counter::default();
            let source = flow.placeholder();
            let mut next = 0;
            let condition = flow.emplace_condition(move || {
                next += 1;
                (next - 1_usize) % 1001
            });
            source.precede(condition);
            for _ in 0..1000 {
                let back = flow.emplace_condition(|| 0_usize);
                back.precede(condition);
                condition.precede(counted(&flow, &ran).precede(back));
            }
            assert_eq!(
                rig.run_n(&flow, 2).unwrap().tasks,
                2 * (1 + 1001 + 2 * 1000)
            );
            assert_eq!(ran.get(), 2000);
        });
    });
}
