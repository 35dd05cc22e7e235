//! What a task costs in memory, what a re-run allocates, and that all of it is given back.

#![forbid(unsafe_code)]

mod support {
    pub(crate) mod counter;
    pub(crate) mod drops;
    pub(crate) mod live_bytes;
    pub(crate) mod shapes;
    pub(crate) mod watchdog;
}

mod memories {
    mod algorithms;
    mod tokens;
}

use core::hint::black_box;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use support::counter::Counter;
use support::drops::Dropped;
use support::live_bytes::{allocated, alone, live};
use support::shapes::{SHAPES, Shape, chain, tree, wavefront};
use support::watchdog::within_a_minute;
use taskflow_std::{
    ConditionalHandle, Executor, Module, Pipe, PipelineBuilder, StaticTaskflow, TaskHandle,
    Taskflow,
};

const TASKS: usize = 100_000;

/// The live bytes of a flow of this shape after its first run.
fn measured(executor: &Executor, shape: Shape, add: impl Fn(&Taskflow<'static>)) -> (usize, usize) {
    let before = live();
    let flow = Taskflow::new();
    for _ in 0..TASKS {
        add(&flow);
    }
    let edges = shape(&flow.tasks());
    assert_eq!(
        executor.run(&flow).wait().expect("no task fails").tasks,
        TASKS as u64
    );
    let bytes = live() - before;
    drop(flow);
    (usize::try_from(bytes).expect("a flow takes memory"), edges)
}

fn at_most_64_bytes_a_task_and_8_an_edge(add: impl Fn(&Taskflow<'static>)) {
    let executor = Executor::new(1);
    for (name, shape) in SHAPES {
        let (bytes, edges) = measured(&executor, shape, &add);
        println!("{name}: {bytes} bytes for {TASKS} tasks and {edges} edges");
        assert!(
            bytes <= 64 * TASKS + 8 * edges,
            "{name}: {bytes} bytes, {edges} edges"
        );
    }
}

#[test]
fn a_task_that_captures_nothing_costs_at_most_64_bytes() {
    let _alone = alone();
    at_most_64_bytes_a_task_and_8_an_edge(|flow| drop(flow.emplace(|| {}).label()));
}

#[test]
fn a_task_that_captures_16_bytes_costs_at_most_64_bytes() {
    let _alone = alone();
    at_most_64_bytes_a_task_and_8_an_edge(|flow| {
        let (first, second) = (black_box(1_u64), black_box(2_u64));
        flow.emplace(move || assert!(black_box(first) < black_box(second)));
    });
}

#[test]
fn a_task_whose_captures_must_be_dropped_costs_at_most_64_bytes() {
    let _alone = alone();
    let drops = Counter::default();
    at_most_64_bytes_a_task_and_8_an_edge(|flow| {
        let (dropped, number) = (Dropped(drops.clone()), black_box(7_u64));
        flow.emplace(move || assert!(black_box(number) == 7 && dropped.0.get() < usize::MAX));
    });
    assert_eq!(drops.get(), SHAPES.len() * TASKS);
}

/// What the dearest part of this, at its cheapest of several times, allocates. (The harness of the tests
/// allocates on its own threads now and then, so once is not enough.)
fn least_allocated(mut body: impl FnMut()) -> usize {
    let times = (0..10).map(|_| {
        let before = allocated();
        body();
        allocated() - before
    });
    times.min().unwrap_or(0)
}

#[test]
fn a_re_run_allocates_nothing() {
    let _alone = alone();
    for workers in [1, 2] {
        for (name, shape) in SHAPES {
            let executor = Executor::new(workers);
            let flow = Taskflow::new();
            for _ in 0..1024 {
                flow.emplace(|| {});
            }
            shape(&flow.tasks());
            for _ in 0..10 {
                executor.run(&flow).wait().unwrap();
                executor.run_and_wait(&flow).unwrap();
            }
            let bytes = least_allocated(|| {
                for _ in 0..50 {
                    executor.run(&flow).wait().unwrap();
                }
            });
            assert_eq!(bytes, 0, "run().wait(): {name}, {workers} workers");
            let bytes = least_allocated(|| {
                for _ in 0..50 {
                    executor.run_and_wait(&flow).unwrap();
                }
            });
            assert_eq!(bytes, 0, "run_and_wait(): {name}, {workers} workers");
            let bytes = least_allocated(|| drop(executor.run_n(&flow, 50).wait().unwrap()));
            assert_eq!(bytes, 0, "run_n().wait(): {name}, {workers} workers");
        }
    }
}

#[test]
fn a_re_run_of_a_fan_out_of_100_000_allocates_nothing() {
    let _alone = alone();
    within_a_minute(|| {
        for workers in [1, 2] {
            let executor = Executor::new(workers);
            let flow = Taskflow::new();
            let source = flow.placeholder();
            for _ in 0..TASKS {
                source.precede(flow.emplace(|| {}));
            }
            for _ in 0..3 {
                executor.run(&flow).wait().unwrap();
                executor.run_and_wait(&flow).unwrap();
            }
            let bytes = least_allocated(|| drop(executor.run(&flow).wait().unwrap()));
            assert_eq!(bytes, 0, "run().wait(), {workers} workers");
            let bytes = least_allocated(|| drop(executor.run_and_wait(&flow).unwrap()));
            assert_eq!(bytes, 0, "run_and_wait(), {workers} workers");
        }
    });
}

#[test]
fn a_static_graph_allocates_nothing_from_its_making_to_its_last_run() {
    let _alone = alone();
    let (number, over) = (AtomicUsize::new(0), AtomicBool::new(false));
    let add = || {
        number.fetch_add(1, Ordering::Relaxed);
    };
    let mut flow = StaticTaskflow::<64, 126>::new();
    let bytes = least_allocated(|| {
        flow = StaticTaskflow::new();
        let tasks = [(); 64].map(|()| flow.emplace(&add).unwrap());
        for pair in tasks.windows(3) {
            flow.precede(pair[0], pair[1]).unwrap();
            flow.precede(pair[0], pair[2]).unwrap();
        }
        flow.freeze().unwrap();
        flow.run().unwrap();
    });
    assert_eq!(bytes, 0, "made and run");
    thread::scope(|scope| {
        let flow = &flow;
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                flow.help();
            }
        });
        let bytes = least_allocated(|| (0..50).for_each(|_| flow.run().unwrap()));
        over.store(true, Ordering::Relaxed);
        assert_eq!(bytes, 0, "run by two threads");
    });
    assert_eq!(number.into_inner(), 64 * (10 + 500));
}

/// The least of what is live after this beyond what was before, over several times.
fn least_left(mut body: impl FnMut()) -> isize {
    let times = (0..5).map(|_| {
        let before = live();
        body();
        live() - before
    });
    times.min().unwrap_or(0)
}

#[test]
fn all_that_a_flow_took_is_given_back() {
    let _alone = alone();
    let executor = Executor::new(2);
    let left = least_left(|| {
        let mut flow = Taskflow::with_name("given back");
        for number in 0..2000 {
            let text = format!("captured {number}");
            flow.emplace(move || assert!(!text.is_empty()))
                .name(format!("task {number}"));
        }
        wavefront(&flow.tasks());
        executor.run_n(&flow, 3).wait().unwrap();
        flow.clear();
        flow.emplace(|| {});
        executor.run_and_wait(&flow).unwrap();
    });
    assert!(left <= 0, "{left} bytes stay");
}

#[test]
fn all_that_an_executor_took_is_given_back() {
    let _alone = alone();
    let left = least_left(|| {
        let executor = Executor::new(2);
        let flow = Taskflow::new();
        for _ in 0..2000 {
            flow.emplace(|| {});
        }
        tree(&flow.tasks());
        drop(executor.run_n(&flow, 3));
        drop(executor);
        drop(flow);
        // The threads end on their own, a moment later.
        let (mut before, mut same) = (live(), 0);
        while same < 1000 {
            thread::yield_now();
            let now = live();
            same = if now == before { same + 1 } else { 0 };
            before = now;
        }
    });
    assert!(left <= 0, "{left} bytes stay");
}

/// What is live after this beyond what was before, in units of what the harness may hold.
fn grown(body: impl FnOnce()) -> isize {
    let before = live();
    body();
    ((live() - before) / 4096).max(0)
}

/// Takes out every third task and puts others in, between runs.
fn edit_and_run(executor: &Executor, flow: &Taskflow<'static>) {
    for task in flow.tasks().into_iter().step_by(3) {
        flow.remove(task);
    }
    while flow.len() < 100 {
        let number = black_box(7_u64);
        flow.emplace(move || assert_eq!(number, 7));
    }
    executor.run(flow).wait().expect("no task fails");
}

#[test]
fn removing_and_adding_tasks_between_runs_does_not_grow() {
    let _alone = alone();
    let (executor, flow) = (Executor::new(1), Taskflow::new());
    let turn = || edit_and_run(&executor, &flow);
    (0..20).for_each(|_| turn());
    assert_eq!(grown(|| (0..1000).for_each(|_| turn())), 0);
}

#[test]
fn removing_and_adding_edges_between_runs_does_not_grow() {
    let _alone = alone();
    let (executor, flow) = (Executor::new(1), Taskflow::new());
    let tasks: Vec<TaskHandle<'_>> = (0..100).map(|_| flow.placeholder()).collect();
    let turn = || {
        chain(&tasks);
        executor.run(&flow).wait().unwrap();
        for pair in tasks.windows(2) {
            assert!(flow.remove_edge(pair[0], pair[1]));
        }
        executor.run(&flow).wait().unwrap();
    };
    (0..10).for_each(|_| turn());
    assert_eq!(grown(|| (0..100).for_each(|_| turn())), 0);
}

#[test]
fn making_the_same_edge_again_between_runs_does_not_grow() {
    let _alone = alone();
    let (executor, flow) = (Executor::new(1), Taskflow::new());
    let (first, second) = (flow.placeholder(), flow.placeholder());
    let turn = || {
        first.precede(second);
        executor.run(&flow).wait().unwrap();
    };
    (0..20).for_each(|_| turn());
    assert_eq!(grown(|| (0..10_000).for_each(|_| turn())), 0);
}

#[test]
fn removing_and_adding_without_a_run_does_not_grow() {
    let _alone = alone();
    let flow = Taskflow::new();
    let turn = || {
        let number = black_box(7_u64);
        let task = flow.emplace(move || assert_eq!(number, 7));
        flow.remove(task);
    };
    (0..1000).for_each(|_| turn());
    assert_eq!(grown(|| (0..100_000).for_each(|_| turn())), 0);
}

#[test]
fn removing_and_adding_outputs_does_not_grow() {
    let _alone = alone();
    let (executor, flow) = (Executor::new(1), Taskflow::new());
    let turn = || {
        let number = flow.produce(|| black_box([7_u64; 4])).share();
        let sum = number.map(|number| number.iter().sum::<u64>());
        executor.run(&flow).wait().unwrap();
        assert_eq!(sum.take(), Some(28));
        flow.remove(number.task());
        flow.remove(sum.task());
    };
    (0..1000).for_each(|_| turn());
    assert_eq!(grown(|| (0..10_000).for_each(|_| turn())), 0);
}

#[test]
fn runs_in_flight_do_not_grow_what_stays() {
    let _alone = alone();
    let executor = Executor::new(2);
    let flow = Taskflow::new();
    flow.linearize([(); 4].map(|()| flow.emplace(|| {})));
    let burst = || {
        let runs: Vec<_> = (0..100).map(|_| executor.run(&flow)).collect();
        runs.into_iter().for_each(|run| drop(run.wait().unwrap()));
    };
    burst();
    assert_eq!(grown(|| (0..100).for_each(|_| burst())), 0);
}

/// Adds a loop over `body`, of so many passes.
fn looped<'f>(
    flow: &'f Taskflow<'static>,
    body: TaskHandle<'f>,
    passes: usize,
) -> ConditionalHandle<'f> {
    let mut pass = 0;
    let again = flow.emplace_condition(move || {
        pass += 1;
        usize::from(pass % passes == 0)
    });
    flow.placeholder().precede(body);
    body.precede(again);
    again.precede(body);
    again
}

#[test]
fn a_re_run_of_a_flow_with_loops_allocates_nothing() {
    let _alone = alone();
    for workers in [1, 2] {
        let (executor, flow) = (Executor::new(workers), Taskflow::new());
        let (wide, join) = (flow.placeholder(), flow.placeholder());
        for _ in 0..50 {
            wide.precede(flow.placeholder().precede(join));
        }
        looped(&flow, flow.placeholder(), 100).precede(wide);
        for _ in 0..5 {
            executor.run_and_wait(&flow).unwrap();
            executor.run(&flow).wait().unwrap();
        }
        let bytes = least_allocated(|| drop(executor.run_and_wait(&flow).unwrap()));
        assert_eq!(bytes, 0, "{workers} workers");
        let bytes = least_allocated(|| drop(executor.run_n(&flow, 3).wait().unwrap()));
        assert_eq!(bytes, 0, "{workers} workers");
    }
}

#[test]
fn a_token_allocates_nothing() {
    let _alone = alone();
    for workers in [1, 2] {
        let executor = Executor::new(workers);
        let pipeline = PipelineBuilder::source(4, |token| {
            (token.index() < 10_000).then_some([token.index(); 8])
        })
        .serial(|block| block[7])
        .pipe(Pipe::parallel_async(|number| async move { Ok(number) }))
        .serial(|number| {
            black_box(number);
        })
        .build();
        let bytes = least_allocated(|| {
            executor.run_and_wait(&pipeline).expect("no pipe fails");
        });
        assert_eq!(bytes, 0, "{workers} workers");
    }
}

#[test]
fn a_loop_over_a_subflow_a_thousand_times_does_not_grow() {
    let _alone = alone();
    let (executor, flow) = (Executor::new(2), Taskflow::new());
    let subflow = flow.emplace_subflow(|subflow| {
        subflow.linearize([(); 10].map(|()| subflow.emplace(|| {})));
    });
    looped(&flow, subflow, 1000);
    executor.run(&flow).wait().unwrap();
    let pass = || {
        let stats = executor.run(&flow).wait().expect("nothing fails");
        assert_eq!(stats.tasks, 1 + 1000 * 12);
    };
    assert!((0..5).map(|_| grown(pass)).min() == Some(0));
}

#[test]
fn a_spawned_task_takes_at_most_128_bytes_in_all() {
    let _alone = alone();
    let executor = Executor::new(1);
    let bytes = least_allocated(|| {
        for _ in 0..1000 {
            drop(executor.spawn(|| {}));
        }
        executor.wait_for_all().expect("this is no task");
    });
    assert!(bytes <= 128_000, "{bytes} bytes for 1000 tasks");
}

#[test]
fn runs_of_nested_graphs_spawned_tasks_and_futures_do_not_grow() {
    let _alone = alone();
    let executor = Executor::new(2);
    let parts = Taskflow::new();
    parts.emplace(|| {});
    let module = Module::new(parts);
    let flow = Taskflow::new();
    flow.composed_of(&module);
    flow.composed_of(&module);
    flow.emplace_async(|| async {});
    flow.emplace_subflow(|subflow| {
        subflow.emplace(|| {});
        subflow.emplace_subflow(|subflow| drop(subflow.join()));
    });
    flow.emplace_runtime(|runtime| {
        runtime.spawn_with(|runtime| runtime.spawn(|| {}));
        runtime.group(|group| group.spawn(|| {})).unwrap();
    });
    let turn = || drop(executor.run(&flow).wait().unwrap());
    (0..1000).for_each(|_| turn());
    // The least of several: the test's own harness may allocate meanwhile.
    let grown = (0..5).map(|_| grown(|| (0..2_000).for_each(|_| turn())));
    assert_eq!(grown.min(), Some(0));
}
