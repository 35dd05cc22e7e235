//! Async tasks with the timers and sockets of a runtime, and runs that runtimes await.

use core::future::pending;
use core::time::Duration;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use crate::support::counter::Counter;
use crate::support::drops::Dropped;
use crate::support::watchdog::within_a_minute;
use taskflow_std::{AsyncExecutor, Builder, Executor, RunError, StdPlatform, Taskflow};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder as RuntimeBuilder, Handle, Runtime};
use tokio::time::{sleep, timeout};

/// Longer than anything takes that ends by itself.
const LONG: Duration = Duration::from_secs(600);

/// A runtime with one thread, which is the caller's, and one with threads of its own.
fn runtimes() -> [Runtime; 2] {
    let one = RuntimeBuilder::new_current_thread().enable_all().build();
    let many = RuntimeBuilder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    [one, many].map(|runtime| runtime.expect("a runtime can be started"))
}

/// A flow with a task that is never done, and what counts how often it was begun and dropped.
fn endless() -> (Taskflow<'static>, Counter, Counter) {
    let (begun, dropped) = (Counter::default(), Counter::default());
    let flow = Taskflow::new();
    let (begins, drops) = (begun.clone(), dropped.clone());
    flow.emplace_async(move || {
        begins.add();
        let dropped = Dropped(drops.clone());
        async move {
            let _dropped = dropped;
            pending::<()>().await;
        }
    });
    (flow, begun, dropped)
}

#[test]
fn many_timers_run_at_once_on_one_worker() {
    within_a_minute(|| {
        for runtime in runtimes() {
            runtime.block_on(async {
                let executor = AsyncExecutor::new(1);
                let flow = Taskflow::new();
                for _ in 0..200 {
                    flow.emplace_async(|| sleep(Duration::from_millis(100)));
                }
                let begun = Instant::now();
                let stats = executor.run_async(&flow).await.unwrap();
                let took = begun.elapsed();
                assert_eq!(stats.tasks, 200);
                assert!(took >= Duration::from_millis(100), "{took:?}");
                // One after another they would take 20 s.
                assert!(took < Duration::from_secs(10), "{took:?}");
            });
        }
    });
}

/// A server on a free port that sends back all it gets from one client.
async fn echo_once() -> std::io::Result<(
    std::net::SocketAddr,
    impl Future<Output = std::io::Result<u64>>,
)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let serve = async move {
        let (mut stream, _) = listener.accept().await?;
        let (mut read, mut write) = stream.split();
        tokio::io::copy(&mut read, &mut write).await
    };
    Ok((address, serve))
}

#[test]
fn tasks_serve_and_use_a_socket() {
    within_a_minute(|| {
        for runtime in runtimes() {
            for workers in [1, 2] {
                runtime.block_on(async {
                    let executor = AsyncExecutor::new(workers);
                    let flow = Taskflow::new();
                    let echoed = Counter::default();
                    for client in 0_u32..10 {
                        let echoed = echoed.clone();
                        flow.try_emplace_async(move || {
                            let echoed = echoed.clone();
                            async move {
                                let (address, serve) = echo_once().await?;
                                let served = tokio::spawn(serve);
                                let mut stream = TcpStream::connect(address).await?;
                                let sent = client.to_be_bytes().repeat(1000);
                                stream.write_all(&sent).await?;
                                stream.shutdown().await?;
                                let mut heard = Vec::new();
                                stream.read_to_end(&mut heard).await?;
                                assert_eq!(heard, sent);
                                assert_eq!(served.await??, 4000);
                                echoed.add();
                                Ok(())
                            }
                        });
                    }
                    let stats = executor.run_n_sequential_async(&flow, 3).await.unwrap();
                    assert_eq!((stats.tasks, echoed.get()), (30, 30));
                });
            }
        }
    });
}

#[test]
fn plain_tasks_are_inside_the_runtime_too() {
    within_a_minute(|| {
        let [_, runtime] = runtimes();
        let handle = runtime.handle().clone();
        let settings = Builder::new(StdPlatform::with_tokio(handle)).workers(2);
        let executor = AsyncExecutor::build(settings).unwrap();
        let flow = Taskflow::new();
        let ran = Counter::default();
        let count = ran.clone();
        flow.emplace(move || {
            let count = count.clone();
            let spawned = tokio::spawn(async move {
                sleep(Duration::from_millis(1)).await;
                count.add();
            });
            // A worker's thread is none of the runtime's: it may block.
            Handle::current().block_on(spawned).unwrap();
        });
        for round in 1..=20 {
            // Waiting lends this thread, which has not entered the runtime.
            executor.run_and_wait(&flow).unwrap();
            assert_eq!(ran.get(), round);
        }
        assert!(Handle::try_current().is_err(), "what was entered was left");
    });
}

#[test]
fn a_timer_outside_of_a_runtime_fails_its_task() {
    within_a_minute(|| {
        let flow = Taskflow::new();
        flow.emplace_async(|| sleep(LONG)).name("lost");
        match Executor::new(1).run(&flow).wait() {
            Err(RunError::Panicked { task, .. }) => {
                assert_eq!(task.unwrap().name.as_deref(), Some("lost"));
            }
            other => panic!("{other:?}"),
        }
    });
}

#[test]
fn a_timeout_takes_its_run_along() {
    within_a_minute(|| {
        for runtime in runtimes() {
            let short = Duration::from_millis(5);
            let (flow, begun, dropped) = endless();
            let many = Counter::default();
            let executor = AsyncExecutor::with_handle(runtime.handle().clone(), 2).unwrap();
            runtime.block_on(async {
                let run = executor.run_async(&flow);
                while begun.get() == 0 {
                    sleep(Duration::from_millis(1)).await;
                }
                assert!(timeout(short, run).await.is_err());
                let until = executor.run_until_async(&flow, || true);
                assert!(timeout(short, until).await.is_err());
                let several = executor.run_n_async(3, |_| {
                    let flow = Taskflow::new();
                    let capture = Dropped(many.clone());
                    flow.emplace_async(move || {
                        let _capture = &capture;
                        pending::<()>()
                    });
                    flow
                });
                assert!(timeout(short, several).await.is_err());
            });
            // None of them goes on.
            executor.wait_for_all().unwrap();
            assert_eq!(dropped.get(), begun.get());
            assert_eq!(many.get(), 3);
        }
    });
}

#[test]
fn a_dropped_async_executor_holds_up_no_runtime() {
    within_a_minute(|| {
        for runtime in runtimes() {
            let ended = Counter::default();
            let count = ended.clone();
            runtime.block_on(async move {
                let executor = AsyncExecutor::new(1);
                let flow = Taskflow::new();
                flow.emplace_async(move || {
                    let count = count.clone();
                    async move {
                        sleep(Duration::from_millis(20)).await;
                        count.add();
                    }
                });
                let run = executor.run(&flow);
                drop(executor);
                assert_eq!(run.await.unwrap().tasks, 1);
            });
            assert_eq!(ended.get(), 1);
        }
    });
}

#[test]
fn instances_run_at_the_same_time_and_their_results_come_in_order() {
    within_a_minute(|| {
        for runtime in runtimes() {
            let results = runtime.block_on(async {
                let executor = AsyncExecutor::new(1);
                let meeting = Arc::new(tokio::sync::Barrier::new(5));
                let run = executor.run_n_async(5, |index| {
                    let flow = Taskflow::new();
                    let meeting = Arc::clone(&meeting);
                    let first = flow.emplace_async(move || {
                        let meeting = Arc::clone(&meeting);
                        async move {
                            meeting.wait().await;
                        }
                    });
                    for _ in 0..index {
                        first.precede(flow.emplace(|| {}));
                    }
                    flow
                });
                run.await
            });
            let tasks: Vec<u64> = results.into_iter().map(|run| run.unwrap().tasks).collect();
            assert_eq!(tasks, [1, 2, 3, 4, 5]);
        }
    });
}

#[test]
fn rounds_go_on_until_told_enough() {
    within_a_minute(|| {
        let [runtime, _] = runtimes();
        let stats = runtime.block_on(async {
            let executor = AsyncExecutor::new(1);
            let (flow, ran) = (Taskflow::new(), Counter::default());
            let count = ran.clone();
            flow.emplace_async(move || {
                count.add();
                tokio::task::yield_now()
            });
            executor
                .run_until_async(&flow, move || ran.get() == 7)
                .await
        });
        assert_eq!(stats.unwrap().rounds, 7);
    });
}

#[test]
fn a_runtime_that_is_gone_fails_the_tasks_that_need_it() {
    within_a_minute(|| {
        let [_, runtime] = runtimes();
        let executor = AsyncExecutor::with_handle(runtime.handle().clone(), 1).unwrap();
        let flow = Taskflow::new();
        let (begun, gone) = (Counter::default(), Arc::new(tokio::sync::Notify::new()));
        let (begins, told) = (begun.clone(), Arc::clone(&gone));
        flow.emplace_async(move || {
            begins.add();
            let told = Arc::clone(&told);
            async move {
                let sleep = sleep(LONG);
                told.notified().await;
                sleep.await;
            }
        });
        let run = executor.run(&flow);
        while begun.get() == 0 {
            thread::yield_now();
        }
        drop(runtime);
        gone.notify_one();
        let error = run.wait().unwrap_err();
        assert!(matches!(error, RunError::Panicked { .. }), "{error:?}");
    });
}

#[test]
fn runs_are_awaited_under_other_runtimes() {
    within_a_minute(|| {
        let executor = Arc::new(Executor::new(2));
        let (flow, begun, dropped) = endless();
        let short = Taskflow::new();
        short.linearize([(); 5].map(|()| short.emplace_async(smol::future::yield_now)));
        let pool = smol::Executor::new();
        smol::block_on(pool.run(async {
            for _ in 0..20 {
                let runs = [(); 5].map(|()| pool.spawn(executor.run(&short)));
                for run in runs {
                    assert_eq!(run.await.unwrap().tasks, 5);
                }
            }
            let endless = executor.run(&flow).cancel_on_drop();
            let timer = async {
                smol::Timer::after(Duration::from_millis(5)).await;
                Err(RunError::Taken)
            };
            let first = smol::future::or(endless, timer).await;
            assert!(matches!(first, Err(RunError::Taken)));
        }));
        executor.wait_for_all().unwrap();
        assert_eq!(dropped.get(), begun.get());
        for runtime in runtimes() {
            let run = executor.run(&short);
            assert_eq!(runtime.block_on(run).unwrap().tasks, 5);
            let run = executor.run(&short);
            let awaited = runtime.spawn(run);
            assert_eq!(runtime.block_on(awaited).unwrap().unwrap().tasks, 5);
        }
    });
}
