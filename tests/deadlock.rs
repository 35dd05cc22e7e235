//! Small programs on which other libraries hang, each of its own class, end here: on few workers and many, on
//! a machine that is busy, as often as they are run.
//!
//! The programs are in `deadlocks/`, and know nothing of the host: a program makes its executors by what it is
//! given. On threads, one that hangs is told by the watchdog.

use core::time::Duration;
use std::sync::Arc;
use std::time::Instant;

use crate::deadlocks::{Make, locks, semaphores, workers};
use crate::support::load::Load;
use crate::support::watchdog::within_a_minute;
use taskflow_core::{Builder, Local, Manual};
use taskflow_std::{Executor, RunError, StdPlatform};

const WORKERS: [usize; 4] = [1, 2, 4, 8];

/// Each program, with each number of workers, unless that takes too long.
const REPEATS: usize = 100;

/// With each number of workers: a sanitizer makes programs slow, and the watchdog does not know that.
const LONGEST: Duration = Duration::from_secs(5);

/// Threads that take the processors away.
const BURNING: usize = 3;

fn ends(program: fn(Make<'_, StdPlatform>) -> Result<(), RunError>) {
    within_a_minute(move || {
        let _load = Load::of(BURNING);
        for workers in WORKERS {
            let begun = Instant::now();
            for _ in (0..REPEATS).take_while(|_| begun.elapsed() < LONGEST) {
                program(&|| Arc::new(Executor::new(workers))).expect("nothing fails");
            }
        }
    });
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

/// Workers that are the calling thread, whatever their number: there are no substitutes.
fn on_one_thread(workers: usize) -> Arc<taskflow_core::Executor<Manual>> {
    let manual = Manual::with_local(|f| {
        thread_local! {
            static LOCAL: Local = const { Local::new() };
        }
        LOCAL.with(|local| f(local));
    });
    let builder = Builder::new(manual).workers(workers);
    Arc::new(builder.build().expect("no thread is needed"))
}

#[test]
fn the_programs_whose_tasks_do_not_spin_end_on_one_thread_that_is_all_workers() {
    within_a_minute(|| {
        for workers in WORKERS {
            for program in [
                locks::hold_a_lock_and_wait_for_parts,
                locks::hold_a_lock_and_wait_for_another_pool,
                locks::recursive_bridge,
                semaphores::wait_for_nested_work_with_a_semaphore,
                semaphores::cancel_between_acquire_and_release,
                workers::wait_for_inner_tasks_that_meet,
                workers::wait_for_a_child_on_all_workers,
            ] {
                program(&|| on_one_thread(workers)).expect("nothing fails");
            }
        }
    });
}
