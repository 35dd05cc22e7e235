//! The programs on which other libraries hang, under seeds: each on few workers and many, with substitutes, without, and
//! with some.

use std::sync::Arc;

use taskflow_core::{Builder, RunError};
use taskflow_std::testing::{Simulated, Simulation};

use crate::deadlocks::{Make, locks, semaphores, workers};

/// Seeds for each number of workers.
const SEEDS: u64 = 20;

/// A program of many tasks that spin takes many steps.
const STEPS_MAX: u64 = 2_000_000;

fn ends(program: fn(Make<'_, Simulated>) -> Result<(), RunError>) {
    for workers in [1, 2, 4, 8] {
        let simulation = Simulation::new().workers(workers).steps_max(STEPS_MAX);
        simulation.seeds(SEEDS).check(|_, _| {
            let make = || {
                let built = Builder::new(Simulated::new()).workers(workers).build();
                Arc::new(built.expect("first workers are started"))
            };
            program(&make).expect("nothing fails");
        });
    }
}

#[test]
fn a_task_that_holds_a_lock_and_waits_for_its_parts_takes_up_nothing_that_wants_the_lock() {
    ends(locks::hold_a_lock_and_wait_for_parts);
}

#[test]
fn a_task_that_holds_a_lock_and_waits_for_another_pool_takes_up_nothing_that_wants_the_lock() {
    ends(locks::hold_a_lock_and_wait_for_another_pool);
}

#[test]
fn a_task_that_holds_a_lock_and_waits_goes_on_when_all_workers_have_come_to_want_the_lock() {
    ends(locks::hold_a_lock_and_wait_for_what_is_woken_later);
}

#[test]
fn a_task_that_holds_a_lock_and_waits_finds_what_lies_behind_one_that_wants_the_lock() {
    ends(locks::hold_a_lock_and_wait_for_what_lies_behind_who_wants_it);
}

#[test]
fn tasks_that_wait_across_two_pools_end_when_all_workers_of_both_wait() {
    ends(locks::wait_across_two_pools);
}

#[test]
fn a_bridge_from_an_iterator_that_is_entered_below_itself_ends() {
    ends(locks::recursive_bridge);
}

#[test]
fn a_task_that_has_a_semaphore_and_waits_for_nested_work_takes_up_nothing_that_wants_it() {
    ends(semaphores::wait_for_nested_work_with_a_semaphore);
}

#[test]
fn a_task_that_waits_for_a_semaphore_is_not_bound_to_a_busy_worker() {
    ends(semaphores::wait_for_a_semaphore_behind_a_longer_task);
}

#[test]
fn a_panic_between_acquire_and_release_leaves_nobody_waiting() {
    ends(semaphores::panic_between_acquire_and_release);
}

#[test]
fn a_cancellation_between_acquire_and_release_leaves_nobody_waiting() {
    ends(semaphores::cancel_between_acquire_and_release);
}

#[test]
fn nested_waits_for_tasks_that_need_one_another_end_however_few_workers_there_are() {
    ends(workers::wait_for_inner_tasks_that_meet);
}

#[test]
fn a_parent_waits_for_its_child_on_all_workers_at_once() {
    ends(workers::wait_for_a_child_on_all_workers);
}

#[test]
fn what_one_task_made_ready_is_spread_over_all_workers() {
    ends(workers::spread_what_one_task_made);
}

#[test]
fn no_ready_task_is_hidden_behind_one_that_runs() {
    ends(workers::stay_busy_until_what_was_made_ready_has_run);
}
