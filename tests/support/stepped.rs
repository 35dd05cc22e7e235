//! Workers that a test steps.

use taskflow_core::{Builder, Executor, Local, Manual, Step};

use crate::support::dice::Dice;

fn with_local(f: &mut dyn FnMut(&Local)) {
    thread_local! {
        static LOCAL: Local = const { Local::new() };
    }
    LOCAL.with(|local| f(local));
}

/// An executor whose workers are stepped.
pub(crate) fn stepped(workers: usize) -> Executor<Manual> {
    let builder = Builder::new(Manual::with_local(with_local));
    builder
        .workers(workers)
        .build()
        .expect("no thread is needed")
}

/// Steps workers by the dice until this is so.
#[track_caller]
pub(crate) fn step_until(executor: &Executor<Manual>, dice: &mut Dice, over: impl Fn() -> bool) {
    let mut idle = 0;
    while !over() {
        match executor.platform().step(dice.below(executor.num_workers())) {
            Step::Ran => idle = 0,
            Step::Idle => idle += 1,
            Step::Closed => panic!("the executor is there"),
        }
        assert!(idle < 10_000, "nobody has anything to do");
    }
}
