//! Who may wake a task, when, and how often; and who works meanwhile.

use core::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::thread;

use taskflow_core::{Executor as CoreExecutor, Manual, Step};
use taskflow_std::{Executor, Taskflow};

use crate::support::bell::Bell;
use crate::support::block_on::block_on;
use crate::support::counter::Counter;
use crate::support::dice::Dice;
use crate::support::drops::Dropped;
use crate::support::watchdog::within_a_minute;

/// Pending at first, having woken its own task.
async fn step_aside() {
    let mut asked = false;
    core::future::poll_fn(move |context| {
        if core::mem::replace(&mut asked, true) {
            return core::task::Poll::Ready(());
        }
        context.waker().wake_by_ref();
        core::task::Poll::Pending
    })
    .await;
}

#[test]
fn a_pending_task_holds_no_worker() {
    within_a_minute(|| {
        let bell = Bell::default();
        let flow = Taskflow::new();
        for _ in 0..2 {
            let bell = bell.clone();
            flow.emplace_async(move || {
                let bell = bell.clone();
                async move { bell.rung().await }
            });
        }
        let ringing = Taskflow::new();
        let ringer = bell.clone();
        ringing.emplace(move || ringer.ring());
        let executor = Executor::new(1);
        for _ in 0..200 {
            let before = bell.polls();
            let run = executor.run(&flow);
            while bell.polls() < before + 2 {
                thread::yield_now();
            }
            // Awaited, so that no thread but the worker's can run it.
            assert_eq!(block_on(executor.run(&ringing)).unwrap().tasks, 1);
            assert_eq!(block_on(run).unwrap().tasks, 2);
            bell.hush();
        }
    });
}

#[test]
fn ten_thousand_pending_tasks_wait_on_one_worker() {
    within_a_minute(|| {
        let bell = Bell::default();
        let flow = Taskflow::new();
        let ended = Counter::default();
        let last = flow.placeholder();
        for _ in 0..10_000 {
            let (bell, ended) = (bell.clone(), ended.clone());
            let task = flow.emplace_async(move || {
                let (bell, ended) = (bell.clone(), ended.clone());
                async move {
                    bell.rung().await;
                    ended.add();
                }
            });
            task.precede(last);
        }
        let executor = Executor::new(1);
        let other = Taskflow::new();
        other.emplace(|| {});
        for round in 1..=3 {
            let before = bell.polls();
            let run = executor.run(&flow);
            while bell.polls() < before + 10_000 {
                thread::yield_now();
            }
            assert_eq!(executor.run(&other).wait().unwrap().tasks, 1);
            assert!(!run.is_done() && ended.get() == (round - 1) * 10_000);
            bell.ring();
            assert_eq!(run.wait().unwrap().tasks, 10_001);
            assert_eq!(ended.get(), round * 10_000);
            bell.hush();
        }
    });
}

#[test]
fn a_task_that_wakes_itself_lets_others_go_first() {
    let flow = Taskflow::new();
    let open = Arc::new(AtomicBool::new(false));
    for at in 0..3 {
        let open = Arc::clone(&open);
        if at == 1 {
            flow.emplace(move || open.store(true, Ordering::SeqCst));
        } else {
            flow.emplace_async(move || {
                let open = Arc::clone(&open);
                async move {
                    while !open.load(Ordering::SeqCst) {
                        step_aside().await;
                    }
                }
            });
        }
    }
    within_a_minute(move || {
        for workers in [1, 2] {
            let stats = Executor::new(workers).run(&flow).wait().unwrap();
            assert_eq!(stats.tasks, 3);
            open.store(false, Ordering::SeqCst);
        }
        let stats = CoreExecutor::<Manual>::new(1).run_and_wait(&flow).unwrap();
        assert_eq!(stats.tasks, 3);
    });
}

#[test]
fn a_task_that_always_steps_aside_holds_up_no_other_flow() {
    within_a_minute(|| {
        let executor = Executor::new(1);
        let busy = Taskflow::new();
        let end = Arc::new(AtomicBool::new(false));
        let ends = Arc::clone(&end);
        busy.emplace_async(move || {
            let end = Arc::clone(&end);
            async move {
                while !end.load(Ordering::SeqCst) {
                    step_aside().await;
                }
            }
        });
        let other = Taskflow::new();
        other.linearize([(); 3].map(|()| other.emplace(|| {})));
        let run = executor.run(&busy);
        for _ in 0..100 {
            assert_eq!(executor.run(&other).wait().unwrap().tasks, 3);
        }
        // A thread that waits for the one on the only seat gives way, too.
        let waiting = thread::spawn(move || run.wait());
        for _ in 0..100 {
            assert_eq!(executor.run(&other).wait().unwrap().tasks, 3);
        }
        ends.store(true, Ordering::SeqCst);
        waiting.join().unwrap().unwrap();
    });
}

#[test]
fn wakes_that_come_twice_late_or_after_all_is_gone_do_no_harm() {
    within_a_minute(|| {
        let bell = Bell::default();
        let futures = Counter::default();
        let flow = Taskflow::new();
        let (task_bell, made) = (bell.clone(), futures.clone());
        flow.emplace_async(move || {
            let (bell, dropped) = (task_bell.clone(), Dropped(made.clone()));
            async move {
                let _dropped = dropped;
                bell.rung().await;
            }
        });
        let executor = Executor::new(2);
        for round in 1..=200 {
            let before = bell.polls();
            let run = executor.run(&flow);
            while bell.polls() == before {
                thread::yield_now();
            }
            // Twice, from two threads, for nothing; the wakers of earlier rounds among them.
            thread::scope(|threads| {
                for _ in 0..2 {
                    threads.spawn(|| bell.shake());
                }
            });
            assert!(!run.is_done() && futures.get() == round - 1);
            bell.ring();
            assert_eq!(run.wait().unwrap().tasks, 1);
            assert_eq!(futures.get(), round);
            bell.shake();
            bell.hush();
            if round == 100 {
                executor.run_n(&flow, 0).wait().unwrap();
            }
        }
        drop(flow);
        bell.shake();
        drop(executor);
        thread::spawn(move || bell.shake()).join().unwrap();
        assert_eq!(futures.get(), 200);
    });
}

#[test]
fn a_wake_while_the_task_is_polled_has_it_polled_again() {
    let polls = Counter::default();
    let flow = Taskflow::new();
    let count = polls.clone();
    flow.emplace_async(move || {
        let count = count.clone();
        core::future::poll_fn(move |context| {
            // Three of them count as one.
            for _ in 0..3 {
                context.waker().wake_by_ref();
            }
            if count.add() % 5 == 4 {
                return core::task::Poll::Ready(());
            }
            core::task::Poll::Pending
        })
    });
    let executor = CoreExecutor::<Manual>::new(1);
    assert_eq!(executor.run_n(&flow, 3).wait().unwrap().tasks, 3);
    assert_eq!(polls.get(), 15);
    assert_eq!(executor.platform().step(0), Step::Idle);
}

#[test]
fn a_task_may_be_woken_by_another_executor() {
    within_a_minute(|| {
        let bell = Bell::default();
        let (waiting, ringing) = (Taskflow::new(), Taskflow::new());
        let ringer = bell.clone();
        ringing.emplace(move || ringer.ring());
        let waiter = bell.clone();
        waiting.emplace_async(move || {
            let bell = waiter.clone();
            async move { bell.rung().await }
        });
        let (one, two) = (Executor::new(1), Executor::new(1));
        for _ in 0..500 {
            let waiting = one.run(&waiting);
            let ringing = two.run(&ringing);
            waiting.wait().unwrap();
            ringing.wait().unwrap();
            bell.hush();
        }
    });
}

#[test]
fn steps_and_wakes_in_any_order_run_every_task_once() {
    let mut dice = Dice::shaken();
    for _ in 0..200 {
        let size = 2 + dice.below(30);
        let executor = CoreExecutor::<Manual>::new(1 + dice.below(3));
        let flow = Taskflow::new();
        let ran: Vec<Counter> = (0..size).map(|_| Counter::default()).collect();
        let bells: Vec<Bell> = (0..size).map(|_| Bell::default()).collect();
        let mut tasks = Vec::new();
        for at in 0..size {
            let first: Vec<usize> = (0..dice.below(3)).filter(|_| at > 0).collect();
            let first: Vec<usize> = first.iter().map(|_| dice.below(at)).collect();
            let before: Vec<Counter> = first.iter().map(|from| ran[*from].clone()).collect();
            let (count, bell) = (ran[at].clone(), bells[at].clone());
            let task = flow.emplace_async(move || {
                let (before, count, bell) = (before.clone(), count.clone(), bell.clone());
                async move {
                    let round = count.get() + 1;
                    assert!(before.iter().all(|task| task.get() == round));
                    bell.rung().await;
                    step_aside().await;
                    count.add();
                }
            });
            let first: Vec<_> = first.iter().map(|from| tasks[*from]).collect();
            tasks.push(task.succeed(first));
        }
        drop(tasks);
        for round in 1..=2 {
            let run = executor.run(&flow);
            while !run.is_done() {
                match dice.below(4) {
                    0 => bells[dice.below(size)].shake(),
                    1 => bells[dice.below(size)].ring(),
                    _ => {
                        executor.platform().step(dice.below(executor.num_workers()));
                    }
                }
            }
            assert_eq!(run.wait().unwrap().tasks, u64::try_from(size).unwrap());
            assert!(ran.iter().all(|count| count.get() == round));
            bells.iter().for_each(Bell::hush);
        }
    }
}
