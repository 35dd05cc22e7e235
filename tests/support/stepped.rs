//! Workers that a test steps, as the dice fall.

use core::borrow::Borrow;

use taskflow_core::{Builder, Executor, Local, Manual, Platform, Step};

use crate::support::dice::Dice;

fn with_local(f: &mut dyn FnMut(&Local)) {
    thread_local! {
        static LOCAL: Local = const { Local::new() };
    }
    LOCAL.with(|local| f(local));
}

/// An executor whose workers are stepped, on the manual host or on one that is built around it.
pub(crate) fn stepped<P: Platform + From<Manual>>(workers: usize) -> Executor<P> {
    let builder = Builder::new(P::from(Manual::with_local(with_local)));
    builder
        .workers(workers)
        .build()
        .expect("no thread is needed")
}

/// Steps workers by the dice until this is so.
#[track_caller]
pub(crate) fn step_until<P: Platform + Borrow<Manual>>(
    executor: &Executor<P>,
    dice: &mut Dice,
    over: impl Fn() -> bool,
) {
    let manual: &Manual = executor.platform().borrow();
    let mut idle = 0;
    while !over() {
        match manual.step(dice.below(executor.num_workers())) {
            Step::Ran => idle = 0,
            Step::Idle => idle += 1,
            Step::Closed => panic!("the executor is there"),
        }
        assert!(
            idle < 10_000,
            "nobody has anything to do, and it is not over"
        );
    }
}
