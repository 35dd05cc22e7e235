//! A policy that is wrong hangs a run or has it end as lost; no task runs twice, and none that a wait excludes runs on its
//! stack.

use core::cell::Cell;
use core::time::Duration;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::thread::{self, ThreadId};
use std::time::Instant;

use crate::support::dice::Dice;
use crate::support::watchdog::within_a_minute;
use taskflow_core::{Builder, Local, Manual};
use taskflow_std::{
    Cause, Executor, FailurePolicy, FifoScheduler, JoinError, Ready, RunError, RunOptions,
    Scheduler, StdPlatform, Taskflow, Want, WorkerId,
};

/// What a policy does with a token in the wrong way. `None`: nothing, it goes on to a queue.
type Fault = Box<dyn Fn(Ready) -> Option<Ready> + Send + Sync>;

/// A queue whose pushes, or pops, go through a fault.
struct Faulty {
    queue: FifoScheduler,
    on_push: Fault,
    on_pop: Fault,
}

impl Faulty {
    fn on_push(fault: impl Fn(Ready) -> Option<Ready> + Send + Sync + 'static) -> Self {
        Self {
            queue: FifoScheduler::new(),
            on_push: Box::new(fault),
            on_pop: Box::new(Some),
        }
    }

    fn on_pop(fault: impl Fn(Ready) -> Option<Ready> + Send + Sync + 'static) -> Self {
        Self {
            on_pop: Box::new(fault),
            ..Self::on_push(Some)
        }
    }
}

impl Scheduler for Faulty {
    type Local = ();

    fn local(&self, _: WorkerId) {}

    fn push(&self, local: Option<&mut ()>, task: Ready) {
        if let Some(task) = (self.on_push)(task) {
            self.queue.push(local, task);
        }
    }

    fn pop(&self, local: &mut (), want: Want<'_>) -> Option<Ready> {
        (self.on_pop)(self.queue.pop(local, want)?)
    }
}

fn threads<S: Scheduler>(workers: usize, scheduler: S) -> Executor<S> {
    let builder = Builder::new(StdPlatform::default()).workers(workers);
    builder.scheduler(scheduler).build().expect("threads start")
}

fn one_in(dice: Dice, sides: usize) -> impl Fn() -> bool + Send + Sync {
    let dice = Mutex::new(dice);
    move || dice.lock().expect("nobody panics with it").below(sides) == 0
}

/// A graph of so many tasks, each before a few later ones, that count how often they run.
fn counting(dice: &mut Dice, size: usize) -> (Taskflow<'static>, Arc<Vec<AtomicUsize>>) {
    let runs: Arc<Vec<AtomicUsize>> = Arc::new((0..size).map(|_| AtomicUsize::new(0)).collect());
    let flow = Taskflow::new();
    let mut tasks = Vec::new();
    for at in 0..size {
        let counted = Arc::clone(&runs);
        let task = flow.emplace(move || {
            counted[at].fetch_add(1, Ordering::Relaxed);
        });
        for _ in 0..dice.below(3).min(at) {
            task.succeed(tasks[dice.below(at)]);
        }
        tasks.push(task);
    }
    drop(tasks);
    (flow, runs)
}

#[test]
fn a_run_that_loses_tasks_ends_as_lost_and_runs_no_task_twice_nor_after_a_lost_one() {
    within_a_minute(|| {
        let mut dice = Dice::shaken();
        for workers in [1, 2, 4, 8] {
            for policy in [FailurePolicy::StopAtFirst, FailurePolicy::CollectAll] {
                let loses = one_in(dice.clone(), 40);
                let executor = threads(
                    workers,
                    Faulty::on_push(move |task| (!loses()).then_some(task)),
                );
                let mut lost = 0;
                for _ in 0..50 {
                    let (flow, runs) = counting(&mut dice, 60);
                    let options = RunOptions::new().on_failure(policy);
                    match executor.run_with(&flow, options).wait() {
                        Ok(stats) => assert_eq!(stats.tasks, 60),
                        Err(RunError::Lost { stats, .. }) => {
                            lost += 1;
                            assert_eq!(stats.tasks + stats.skipped, 60);
                            assert!(stats.tasks < 60);
                        }
                        Err(error) => panic!("it was not lost: {error}"),
                    }
                    assert!(runs.iter().all(|runs| runs.load(Ordering::Relaxed) <= 1));
                }
                assert!(lost > 0);
            }
        }
    });
}

#[test]
fn a_spawned_task_that_is_dropped_ends_as_lost_and_so_do_its_dependents() {
    let pops = AtomicUsize::new(0);
    let first = move |task: Ready| (pops.fetch_add(1, Ordering::Relaxed) > 0).then_some(task);
    let builder = Builder::new(Manual::new()).workers(2);
    let built = builder.scheduler(Faulty::on_pop(first)).build();
    let executor = built.expect("no thread is needed");
    let lost = executor.spawn(|| ());
    let after = executor.spawn_after([lost.done()], || ());
    executor.platform().step_all();
    assert!(matches!(lost.wait(), Err(JoinError::Lost)));
    let error = after.wait().unwrap_err();
    let JoinError::Dependency { cause, .. } = error else {
        panic!("it was not run: {error}");
    };
    assert_eq!(cause, Cause::Lost);
    assert_eq!(executor.spawn(|| 7).wait().expect("it ends well"), 7);
}

#[test]
fn a_suspended_task_that_is_dropped_has_its_future_dropped_before_its_run_ends() {
    within_a_minute(|| {
        let pushes = AtomicUsize::new(0);
        let second =
            move |task: Ready| (pushes.fetch_add(1, Ordering::Relaxed) != 1).then_some(task);
        let executor = threads(1, Faulty::on_push(second));
        let flow = Taskflow::new();
        let held = Arc::new(());
        let inner = Arc::clone(&held);
        flow.emplace_async(move || {
            let held = Arc::clone(&inner);
            let mut polled = false;
            core::future::poll_fn(move |context| {
                let _held = &held;
                context.waker().wake_by_ref();
                if core::mem::replace(&mut polled, true) {
                    return core::task::Poll::Ready(());
                }
                core::task::Poll::Pending
            })
        });
        let error = executor.run(&flow).wait().unwrap_err();
        assert!(matches!(error, RunError::Lost { .. }), "{error}");
        assert_eq!(Arc::strong_count(&held), 2);
    });
}

#[test]
fn a_policy_that_panics_loses_what_it_has_in_hand_and_its_executor_goes_on() {
    within_a_minute(|| {
        for workers in [1, 2, 4] {
            let pushes = AtomicUsize::new(0);
            let on_push = move |task: Ready| {
                assert!(pushes.fetch_add(1, Ordering::Relaxed) != 5, "it panics");
                Some(task)
            };
            let executor = threads(workers, Faulty::on_push(on_push));
            let flow = Taskflow::new();
            flow.linearize((0..10).map(|_| flow.placeholder()).collect::<Vec<_>>());
            let error = executor.run(&flow).wait().unwrap_err();
            assert!(matches!(error, RunError::Lost { .. }), "{error}");
            assert_eq!(executor.run(&flow).wait().expect("it ends well").tasks, 10);
        }
    });
}

#[test]
fn a_task_that_is_handed_to_another_executor_is_refused_there_and_lost() {
    within_a_minute(|| {
        let shared = Arc::new(Mutex::new(Vec::new()));
        let stash = Arc::clone(&shared);
        let one = threads(
            1,
            Faulty::on_push(move |task| {
                stash.lock().expect("nobody panics with it").push(task);
                None
            }),
        );
        let other = threads(
            1,
            Faulty::on_pop(move |task| {
                // A foreign one instead, if there is any.
                let foreign = shared.lock().expect("nobody panics with it").pop();
                foreign.or(Some(task))
            }),
        );
        let (flow, ran) = (Taskflow::new(), Arc::new(AtomicUsize::new(0)));
        let count = Arc::clone(&ran);
        flow.emplace(move || {
            count.fetch_add(1, Ordering::Relaxed);
        });
        let mut run = one.run(&flow);
        let own = Taskflow::new();
        own.placeholder();
        let mut own_result = other.run(&own).wait();
        while run.wait_timeout(Duration::ZERO).is_none() && own_result.is_ok() {
            own_result = other.run(&own).wait();
        }
        // The other executor dropped its own in exchange.
        assert!(
            matches!(own_result, Err(RunError::Lost { .. })),
            "{own_result:?}"
        );
        assert!(matches!(
            run.wait(),
            Err(RunError::Lost { .. } | RunError::Taken)
        ));
        assert_eq!(ran.load(Ordering::Relaxed), 0);
    });
}

/// Gives any task, whatever is wanted.
#[derive(Default)]
struct Careless(Mutex<VecDeque<Ready>>);

impl Scheduler for Careless {
    type Local = ();

    fn local(&self, _: WorkerId) {}

    fn push(&self, _: Option<&mut ()>, task: Ready) {
        self.0
            .lock()
            .expect("nobody panics with it")
            .push_back(task);
    }

    fn pop(&self, (): &mut (), _: Want<'_>) -> Option<Ready> {
        self.0.lock().expect("nobody panics with it").pop_front()
    }
}

fn with_local(f: &mut dyn FnMut(&Local)) {
    thread_local! {
        static LOCAL: Local = const { Local::new() };
    }
    LOCAL.with(|local| f(local));
}

#[test]
fn a_task_that_is_given_to_a_wait_which_excludes_it_runs_later_and_not_on_that_stack() {
    thread_local! {
        static WAITS: Cell<bool> = const { Cell::new(false) };
    }
    within_a_minute(|| {
        for workers in [1, 2] {
            let host = Manual::with_local(with_local);
            let builder = Builder::new(host).workers(workers);
            let built = builder.scheduler(Careless::default()).build();
            let executor = Arc::new(built.expect("no thread is needed"));
            let (flow, unrelated) = (Taskflow::new(), Arc::new(AtomicUsize::new(0)));
            let waiting = Arc::downgrade(&executor);
            flow.emplace(move || {
                let executor = waiting.upgrade().expect("it runs this");
                let needed = Taskflow::new();
                needed.linearize([needed.placeholder(), needed.placeholder()]);
                WAITS.set(true);
                assert_eq!(executor.run(&needed).wait().expect("it ends well").tasks, 2);
                WAITS.set(false);
            });
            for _ in 0..10 {
                let count = Arc::clone(&unrelated);
                flow.emplace(move || {
                    assert!(!WAITS.get(), "it runs on the stack of a wait");
                    count.fetch_add(1, Ordering::Relaxed);
                });
            }
            let run = executor.run(&flow);
            while !run.is_done() {
                executor.platform().step_all();
            }
            assert_eq!(run.wait().expect("it ends well").tasks, 11);
            assert_eq!(unrelated.load(Ordering::Relaxed), 10);
        }
    });
}

/// Keeps all that it is given.
#[derive(Default)]
struct Miser(Arc<Mutex<Vec<Ready>>>);

impl Scheduler for Miser {
    type Local = ();

    fn local(&self, _: WorkerId) {}

    fn push(&self, _: Option<&mut ()>, task: Ready) {
        self.0.lock().expect("nobody panics with it").push(task);
    }

    fn pop(&self, (): &mut (), _: Want<'_>) -> Option<Ready> {
        None
    }
}

#[test]
fn a_policy_that_keeps_everything_hangs_a_run_until_it_lets_go_of_that() {
    within_a_minute(|| {
        let kept = Arc::new(Mutex::new(Vec::new()));
        let executor = threads(2, Miser(Arc::clone(&kept)));
        let flow = Taskflow::new();
        flow.placeholder();
        let mut run = executor.run(&flow);
        assert!(run.wait_timeout(Duration::from_millis(20)).is_none());
        let task = kept.lock().expect("nobody panics with it").pop();
        assert!(task.is_some());
        drop(task);
        assert!(matches!(run.wait(), Err(RunError::Lost { .. })));
    });
}

#[test]
fn a_token_may_outlive_its_executor() {
    let kept = Arc::new(Mutex::new(Vec::new()));
    let builder = Builder::new(Manual::new()).workers(1);
    let built = builder.scheduler(Miser(Arc::clone(&kept))).build();
    let executor = built.expect("no thread is needed").detach_on_drop();
    let handle = executor.spawn(|| ());
    executor.platform().step_all();
    drop((executor, handle));
    let kept = core::mem::take(&mut *kept.lock().expect("nobody panics with it"));
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].task(), None);
    drop(kept);
}

/// How long a pop waits for another flow.
const PATIENCE: Duration = Duration::from_millis(20);

/// Pops nothing for who has just ended a task of the first flow before another flow has tasks here, and waits meanwhile.
#[derive(Clone, Default)]
struct Waiting(Arc<WaitingParts>);

#[derive(Default)]
struct WaitingParts {
    queue: FifoScheduler,
    executor: OnceLock<Weak<Executor<Waiting>>>,
    /// Who has ended the task.
    ended_on: Mutex<Option<ThreadId>>,
    pushed: AtomicBool,
}

impl Scheduler for Waiting {
    type Local = ();

    fn local(&self, _: WorkerId) {}

    fn push(&self, local: Option<&mut ()>, task: Ready) {
        let of_graph = task.task().is_some();
        self.0.queue.push(local, task);
        self.0.pushed.fetch_or(of_graph, Ordering::Release);
    }

    fn pop(&self, local: &mut (), want: Want<'_>) -> Option<Ready> {
        let ended_on = *self.0.ended_on.lock().expect("nobody panics with it");
        let Some(ended_on) = ended_on else {
            return self.0.queue.pop(local, want);
        };
        if thread::current().id() != ended_on {
            return None;
        }
        *self.0.ended_on.lock().expect("nobody panics with it") = None;
        let executor = self.0.executor.get().and_then(Weak::upgrade);
        let executor = executor.expect("it is waited for");
        self.0.pushed.store(false, Ordering::Release);
        executor.spawn(|| {}).wait().expect("nothing fails");
        // (If this worker is one that searches, nobody else is woken for the other flow.)
        let begun = Instant::now();
        while !self.0.pushed.load(Ordering::Acquire) && begun.elapsed() < PATIENCE {
            thread::yield_now();
        }
        self.0.queue.pop(local, want)
    }
}

#[test]
fn a_policy_that_waits_while_a_run_ends_is_not_in_the_way_of_who_drops_its_flow() {
    within_a_minute(|| {
        let policy = Waiting::default();
        let executor = Arc::new(threads(2, policy.clone()));
        let weak = Arc::downgrade(&executor);
        assert!(policy.0.executor.set(weak).is_ok());
        for round in 0..100 {
            let (first, parts) = (Taskflow::new(), Arc::clone(&policy.0));
            first.emplace(move || {
                let mut ended_on = parts.ended_on.lock().expect("nobody panics with it");
                *ended_on = Some(thread::current().id());
            });
            executor.run(&first).wait().expect("nothing fails");
            drop(first);
            let (second, ran) = (Taskflow::new(), Arc::new(AtomicUsize::new(0)));
            for _ in 0..3 {
                let ran = Arc::clone(&ran);
                second.emplace(move || {
                    ran.fetch_add(1, Ordering::Relaxed);
                });
            }
            executor.run(&second).wait().expect("nothing fails");
            assert_eq!(ran.load(Ordering::Relaxed), 3, "round {round}");
        }
    });
}
