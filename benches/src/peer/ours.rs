//! The library that this repository is about.

use alloc::rc::Rc;
use core::hint::black_box;
use core::time::Duration;
use std::time::Instant;

use taskflow_std::{
    Builder, Coarsening, Executor, FifoScheduler, Fork, PipelineBuilder, PriorityScheduler,
    RoundRobinScheduler, Runtime, Scheduler, SharedDynamicScheduler, StdPlatform, Taskflow,
    WorkStealing,
};

use super::recursion::{Recursion, recurse};
use super::{Algorithm, Graph, Peer, Spawning};
use crate::contest::{Contender, OURS};
use crate::numbers::{Numbers, changed};
use crate::tally::{Work, count, grind, reckon, used};

/// Rounds until a flow has found out how long its blocks should be.
const TRIALS: u64 = 16;

/// Lines of the pipeline.
const LINES: usize = 8;

pub(super) struct Ours {
    executor: Rc<Executor>,
    workers: usize,
}

impl Ours {
    pub(super) fn new(workers: usize) -> Self {
        Self {
            executor: Rc::new(Executor::new(workers)),
            workers,
        }
    }

    fn timed<'a>(&self, mut run: impl FnMut(&Executor) -> Duration + 'a) -> Option<Contender<'a>> {
        let executor = Rc::clone(&self.executor);
        Some(Contender::timed(OURS, self.workers, move || run(&executor)))
    }

    fn does<'a>(&self, mut run: impl FnMut(&Executor) + 'a) -> Option<Contender<'a>> {
        self.timed(move |executor| {
            let begin = Instant::now();
            run(executor);
            begin.elapsed()
        })
    }
}

recurse!(Fork<'_>);

impl Peer for Ours {
    fn rerun<'a>(&self, graph: Graph<'a>) -> Option<Contender<'a>> {
        let flow = flow_of(graph);
        self.does(move |executor| run(executor, &flow, graph))
    }

    fn life<'a>(&self, graph: Graph<'a>) -> Option<Contender<'a>> {
        self.does(move |executor| run(executor, &flow_of(graph), graph))
    }

    fn spawn(&self, how: Spawning, tasks: u32) -> Option<Contender<'static>> {
        fn two<'env>(rt: &Runtime<'env>, task: u32, tasks: u32) {
            for child in [2 * task, 2 * task + 1] {
                if child <= tasks {
                    rt.spawn_with(move |rt| two(rt, child, tasks));
                }
            }
        }
        let flow = Taskflow::new();
        flow.emplace_runtime(move |rt| match how {
            Spawning::Flat => (0..tasks).for_each(|task| rt.spawn(move || used(task))),
            Spawning::Tree => two(rt, 1, tasks),
        });
        self.does(move |executor| {
            executor.run_and_wait(&flow).expect("no task fails");
        })
    }

    fn join(&self, recursion: Recursion) -> Option<Contender<'static>> {
        self.does(move |executor| used(executor.fork(|fork| recurse(fork, recursion))))
    }

    fn call(&self) -> Option<Contender<'static>> {
        let flow = Taskflow::new();
        flow.emplace(|| {});
        self.does(move |executor| {
            executor
                .run_and_wait(&flow)
                .expect("an empty task does not fail");
        })
    }

    fn stream(&self, tokens: u64) -> Option<Contender<'static>> {
        let pipeline = PipelineBuilder::source(LINES, move |token| {
            (token.index() < tokens).then(|| black_box(token.index()))
        })
        .serial(black_box)
        .serial(black_box)
        .serial(|number| {
            black_box::<u64>(number);
        })
        .build();
        self.does(move |executor| {
            executor.run_and_wait(&pipeline).expect("no pipe fails");
        })
    }

    fn tick(&self, tasks: u32, steps: u32) -> Option<Contender<'static>> {
        let flow = Taskflow::new();
        for _ in 0..tasks {
            flow.emplace(move || used(reckon(steps)));
        }
        self.does(move |executor| {
            executor.run_and_wait(&flow).expect("no task fails");
        })
    }

    fn algorithm(&self, which: Algorithm, len: usize) -> Option<Contender<'static>> {
        let mut numbers = Numbers::new(which, len);
        let last = numbers.last();
        self.timed(move |executor| {
            numbers.timed(|given, room| match which {
                Algorithm::ForEach => executor
                    .for_each(given, |number: &mut u64| *number = changed(*number))
                    .expect("no panic"),
                Algorithm::Reduce => {
                    let sum = executor.reduce(&*given, 0, u64::wrapping_add);
                    black_box(sum.expect("no panic"));
                }
                Algorithm::Scan => {
                    let add = |one: &u64, other: &u64| one.wrapping_add(*other);
                    executor
                        .inclusive_scan(&*given, room, add)
                        .expect("no panic");
                }
                Algorithm::Sort => executor.sort_unstable(given).expect("no panic"),
                Algorithm::Find => {
                    let found = executor.find_if(&*given, |number: &u64| *number == last);
                    assert!(found.expect("no panic").is_some());
                }
            })
        })
    }

    fn graph_bytes(&self, graph: Graph<'_>) -> Option<i64> {
        let before = crate::memory::held();
        let flow = flow_of(graph);
        run(&self.executor, &flow, graph);
        Some(crate::memory::held() - before)
    }

    fn spawned_bytes(&self, tasks: u32) -> Option<i64> {
        let mut held = 0;
        let flow = Taskflow::new();
        flow.emplace_runtime(|rt| {
            // The one worker is here meanwhile.
            let before = crate::memory::held();
            (0..tasks).for_each(|task| rt.spawn(move || used(task)));
            held = crate::memory::held() - before;
        });
        self.executor.run_and_wait(&flow).expect("no task fails");
        drop(flow);
        Some(held)
    }
}

fn run(executor: &Executor, flow: &Taskflow<'_>, graph: Graph<'_>) {
    executor
        .run_and_wait(flow)
        .expect("tasks that only count do not fail");
    graph.tallies.ran();
}

/// Runs that have found out how long blocks of the graph's tasks should be.
pub(crate) fn in_blocks(workers: usize, graph: Graph<'_>) -> Contender<'_> {
    let flow = flow_of(graph);
    flow.coarsen(Coarsening::Adaptive);
    let executor = Executor::new(workers);
    let mut contender = Contender::new("taskflow, in blocks", workers, move || {
        run(&executor, &flow, graph);
    });
    for _ in 0..TRIALS {
        contender.run();
    }
    contender
}

/// Runs of the graph, whose tasks are as urgent as one another, under each of the policies.
pub(crate) fn under_policies(workers: usize, graph: Graph<'_>) -> [Contender<'_>; 5] {
    [
        under(OURS, workers, graph, WorkStealing::new()),
        under("FifoScheduler", workers, graph, FifoScheduler::new()),
        under(
            "RoundRobinScheduler",
            workers,
            graph,
            RoundRobinScheduler::new(),
        ),
        under(
            "PriorityScheduler",
            workers,
            graph,
            PriorityScheduler::new(),
        ),
        under(
            "SharedDynamicScheduler",
            workers,
            graph,
            SharedDynamicScheduler::new(),
        ),
    ]
}

fn under<'a>(
    name: &str,
    workers: usize,
    graph: Graph<'a>,
    policy: impl Scheduler,
) -> Contender<'a> {
    let flow = flow_of(graph);
    let builder = Builder::new(StdPlatform::new()).workers(workers);
    let executor = builder.scheduler(policy).build();
    let executor = executor.expect("threads can be started");
    Contender::new(name, workers, move || {
        executor
            .run_and_wait(&flow)
            .expect("tasks that only count do not fail");
        graph.tallies.ran();
    })
}

/// The graph as a flow, built as a user builds it: a closure for each task, then edge by edge. O(V + E).
pub(crate) fn flow_of<'a>(graph: Graph<'a>) -> Taskflow<'a> {
    match graph.work {
        Work::Count => flow_with(graph, count),
        Work::Grind => flow_with(graph, grind),
    }
}

fn flow_with<'a>(
    graph: Graph<'a>,
    work: impl Fn(&core::sync::atomic::AtomicU64) + Copy + Send + 'a,
) -> Taskflow<'a> {
    let flow = Taskflow::new();
    let tasks: Vec<_> = (0..graph.shape.tasks())
        .map(|task| {
            let tally = graph.tallies.of(task);
            flow.emplace(move || work(tally))
        })
        .collect();
    for (from, to) in graph.shape.edges() {
        tasks[*from as usize].precede(tasks[*to as usize]);
    }
    drop(tasks);
    flow
}
