//! A panic in a graph of fixed capacity ends its run, wherever it was, and no other.

use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use taskflow_core::{StaticRunError, StaticTaskflow};

use crate::support::panics::panic_of;
use crate::support::static_flow::{CREWS, Flow, beside};
use crate::support::throwing::throw;
use crate::support::watchdog::within_a_minute;

/// Eight tasks, one of which panics in the first round, one after that alone, and one after all of them.
#[test]
fn a_panic_ends_the_run_wherever_it_was_and_the_next_run_is_whole() {
    within_a_minute(|| {
        for crew in CREWS {
            panics_once(crew);
        }
    });
}

fn panics_once(crew: usize) {
    let [rounds, calls, last] = [(); 3].map(|()| AtomicUsize::new(0));
    let task = || {
        calls.fetch_add(1, Ordering::SeqCst);
    };
    let panics = || {
        if rounds.load(Ordering::SeqCst) == 0 {
            throw("no sample");
        }
    };
    let after = || {
        last.fetch_add(1, Ordering::SeqCst);
    };
    let mut flow = Flow::new();
    let [after_all, after_one] = [(); 2].map(|()| flow.emplace(&after).expect("there is room"));
    for at in 0..8 {
        let task = if at == 3 {
            flow.emplace(&panics)
        } else {
            flow.emplace(&task)
        };
        let task = task.expect("there is room");
        flow.precede(task, after_all).expect("there is room");
        if at == 3 {
            flow.precede(task, after_one).expect("there is room");
        }
    }
    flow.freeze().expect("there is no cycle");
    let (result, panicked) = beside(crew - 1, &flow, || {
        catch_unwind(AssertUnwindSafe(|| flow.run_idling(thread::yield_now)))
    });
    match result {
        Err(payload) => {
            assert_eq!(
                payload.downcast_ref::<String>().expect("a text"),
                "no sample"
            );
            assert_eq!(panicked, 0);
        }
        Ok(Err(StaticRunError::Panicked { task })) => assert_eq!((task.index(), panicked), (5, 1)),
        Ok(other) => panic!("{other:?}"),
    }
    assert_eq!(last.load(Ordering::SeqCst), 0);
    rounds.store(1, Ordering::SeqCst);
    calls.store(0, Ordering::SeqCst);
    let (result, panicked) = beside(crew - 1, &flow, || flow.run_idling(thread::yield_now));
    assert_eq!((result, panicked), (Ok(()), 0));
    assert_eq!(
        (calls.load(Ordering::SeqCst), last.load(Ordering::SeqCst)),
        (7, 2)
    );
}

#[test]
fn a_panic_on_a_thread_that_helps_is_told_to_the_run_with_its_task() {
    within_a_minute(|| {
        let (meeting, runner) = (Barrier::new(2), thread::current().id());
        // Two tasks that meet are on two threads.
        let meets = || {
            meeting.wait();
            if thread::current().id() != runner {
                throw("elsewhere");
            }
        };
        let never = || panic!("a task began after the panic");
        let mut flow = StaticTaskflow::<3, 2>::new();
        let never = flow.emplace(&never).unwrap();
        let meeting = [(); 2].map(|()| flow.emplace(&meets).unwrap());
        for task in meeting {
            flow.precede(task, never).unwrap();
        }
        flow.freeze().unwrap();
        let (result, panicked) = beside(1, &flow, || flow.run_idling(thread::yield_now));
        let Err(StaticRunError::Panicked { task }) = result else {
            panic!("{result:?}");
        };
        assert!(meeting.contains(&task));
        assert_eq!(panicked, 1);
    });
}

#[test]
fn whoever_idles_with_a_panic_unwinds_when_what_has_begun_has_ended_and_nothing_else_begins() {
    within_a_minute(|| {
        // (A task that becomes ready between the panic and the word of it may begin: the longer that is ago, the less likely.)
        let mut attempts =
            (0..14).map(|doublings| idle_with_a_panic(Duration::from_millis(1 << doublings)));
        assert!(
            attempts.any(|began| began == 0),
            "what was ready always began"
        );
    });
}

const ROOM: &str = "there is room for three tasks and two edges";

/// Gives how many tasks began that became ready so long after somebody idled with a panic: one, or none.
fn idle_with_a_panic(delay: Duration) -> usize {
    let (meeting, runner) = (Barrier::new(2), thread::current().id());
    let [met, idles, ended, again] = [(); 4].map(|()| AtomicBool::new(false));
    let last = AtomicUsize::new(0);
    // Two tasks that meet are on two threads. The one that the runner has leaves it idle, the other lasts until it is.
    let meets = || {
        if again.load(Ordering::SeqCst) {
            return;
        }
        meeting.wait();
        if thread::current().id() == runner {
            met.store(true, Ordering::SeqCst);
        } else {
            while !idles.load(Ordering::SeqCst) {
                thread::yield_now();
            }
            thread::sleep(delay);
            ended.store(true, Ordering::SeqCst);
        }
    };
    let after = || {
        last.fetch_add(1, Ordering::SeqCst);
    };
    let mut flow = StaticTaskflow::<3, 2>::new();
    let after = flow.emplace(&after).expect(ROOM);
    for task in [(); 2].map(|()| flow.emplace(&meets).expect(ROOM)) {
        flow.precede(task, after).expect(ROOM);
    }
    flow.freeze().expect("it has no cycle");
    let (text, panicked) = beside(1, &flow, || {
        panic_of(|| {
            flow.run_idling(|| {
                // (It idles also while the other thread has all ready tasks in hand, to take one.)
                if met.load(Ordering::SeqCst) {
                    let _tells = Raises(&idles);
                    throw("tired")
                }
            })
        })
    });
    assert_eq!((text.as_str(), panicked), ("tired", 0));
    assert!(ended.load(Ordering::SeqCst), "it unwound too early");
    let began = last.load(Ordering::SeqCst);
    again.store(true, Ordering::SeqCst);
    assert_eq!(flow.run(), Ok(()));
    assert_eq!(last.load(Ordering::SeqCst), began + 1);
    began
}

/// Raises a flag when it is dropped.
struct Raises<'f>(&'f AtomicBool);

impl Drop for Raises<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}
