//! A static graph that threads run together: each task after those before it, each run after the last, and a panic ends it.
//!
//! What tasks do is kept in numbers that nothing else orders. A preemption bound of n means: all schedules with at most n
//! forced switches.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;

use loom::thread;
use taskflow_core::{StaticRunError, StaticTaskflow};

use crate::support::datum::Datum;
use crate::support::explore::explore;

loom::lazy_static! {
    static ref DATA: [Datum; 4] = core::array::from_fn(|_| Datum::default());
}

type Task = &'static (dyn Fn() + Sync);

/// A frozen graph of these tasks and these edges.
fn graph<const N: usize, const E: usize>(
    tasks: [Task; N],
    edges: [(usize, usize); E],
) -> Rc<StaticTaskflow<'static, N, E>> {
    let mut flow = StaticTaskflow::new();
    let tasks = tasks.map(|task| flow.emplace(task).expect("there is room"));
    for (from, to) in edges {
        flow.precede(tasks[from], tasks[to]).expect("there is room");
    }
    flow.freeze().expect("there is no cycle");
    Rc::new(flow)
}

/// Starts a thread that does something with the graph.
fn beside<const N: usize, const E: usize, R: 'static>(
    flow: &Rc<StaticTaskflow<'static, N, E>>,
    does: impl FnOnce(&StaticTaskflow<'static, N, E>) -> R + 'static,
) -> thread::JoinHandle<R> {
    let flow = Rc::clone(flow);
    thread::spawn(move || does(&flow))
}

/// One task, two after it, one after both, run twice while another thread helps twice. Two threads; bound 3.
#[test]
fn a_diamond_that_two_threads_run_is_run_in_order_and_to_its_end() {
    explore(Some(3), || {
        let flow = graph(
            [
                &|| DATA[0].add_one(),
                &|| DATA[1].set(DATA[0].get()),
                &|| DATA[2].set(DATA[0].get()),
                &|| DATA[3].set(DATA[1].get() + DATA[2].get()),
            ],
            [(0, 1), (0, 2), (1, 3), (2, 3)],
        );
        let other = beside(&flow, |flow| {
            flow.help();
            flow.help();
        });
        for round in 1..=2 {
            assert_eq!(flow.run(), Ok(()));
            assert_eq!(DATA[3].get(), 2 * round);
        }
        other.join().expect("nobody panics");
    });
}

/// Three sources that three threads share. Three threads; bound 2.
#[test]
fn a_run_sees_what_two_helpers_did() {
    explore(Some(2), || {
        let first: Task = &|| DATA[0].add_one();
        let second: Task = &|| DATA[1].add_one();
        let third: Task = &|| DATA[2].add_one();
        let flow = graph([first, second, third], []);
        let others = [(); 2].map(|()| {
            beside(&flow, |flow| {
                flow.help();
            })
        });
        assert_eq!(flow.run(), Ok(()));
        assert_eq!([0, 1, 2].map(|at| DATA[at].get()), [1; 3]);
        for other in others {
            other.join().expect("nobody panics");
        }
    });
}

/// Two threads run a graph of one task: each does, or is refused, and no run begins before the last has ended. Two
/// threads; exhaustive.
#[test]
fn of_two_runs_at_once_one_is_refused_or_comes_after_the_other() {
    explore(None, || {
        let flow = graph([&|| DATA[0].add_one()], []);
        let run = |flow: &StaticTaskflow<'static, 1, 0>| match flow.run() {
            Ok(()) => 1,
            Err(StaticRunError::Running) => 0,
            Err(error) => panic!("{error}"),
        };
        let other = beside(&flow, run);
        let ran = run(&flow) + other.join().expect("nobody panics");
        assert!(ran >= 1);
        assert_eq!(flow.run(), Ok(()), "it is at rest");
        assert_eq!(DATA[0].get(), ran + 1);
    });
}

/// One of two sources panics, whoever runs it: what comes after both does not run, the run ends, and the next is as good
/// as any. Two threads; bound 2.
#[test]
fn a_panic_ends_the_run_and_not_the_next() {
    explore(Some(2), || {
        let flow = graph(
            [
                &|| {
                    DATA[0].add_one();
                    if DATA[0].get() == 1 {
                        resume_unwind(Box::new(()));
                    }
                },
                &|| DATA[1].add_one(),
                &|| DATA[2].add_one(),
            ],
            [(0, 2), (1, 2)],
        );
        let other = beside(&flow, |flow| {
            catch_unwind(AssertUnwindSafe(|| flow.help())).is_err()
        });
        let here = catch_unwind(AssertUnwindSafe(|| flow.run()));
        assert_eq!(DATA[2].get(), 0);
        let there = other.join().expect("its panic was caught");
        match here {
            Err(_) => assert!(!there),
            Ok(Err(StaticRunError::Panicked { task })) => {
                assert_eq!((task.index(), there), (0, true));
            }
            Ok(other) => panic!("{other:?}"),
        }
        assert_eq!(flow.run(), Ok(()));
        assert_eq!(DATA[2].get(), 1);
    });
}
