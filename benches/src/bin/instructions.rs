//! Re-runs a graph on one worker, for a profiler that counts instructions: what a task costs is the
//! difference between two numbers of rounds, which leaves out all that is done once.

#![forbid(unsafe_code)]

use core::hint::black_box;
use core::num::NonZeroU32;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, ValueEnum};
use taskflow_benches::Shape;
use taskflow_core::Executor;
use taskflow_std::{
    Builder, CancellationToken, Coarsening, Event, Fork, Local, Manual, Pipeline, PipelineBuilder,
    Platform, PriorityScheduler, RunError, RunOptions, RunStats, Runnable, Runtime, Scheduler,
    StdPlatform, Taskflow,
};

/// Tasks of a round, about.
const TASKS: u32 = 100_000;

/// Re-runs a graph on one worker, and prints how many tasks a round has.
#[derive(Debug, Parser)]
struct Args {
    /// Which graph.
    graph: Graph,
    /// How many rounds.
    #[arg(long, default_value_t = 1)]
    rounds: u64,
    /// Attaches an observer before, and detaches it.
    #[arg(long)]
    observed_before: bool,
}

/// Which Fibonacci number, and how many forks that takes: one for each call from 2 on.
const FIBONACCI: u32 = 24;
const FORKS: u64 = 75_024;

/// Of the random graph.
const SEED: u64 = 1;

/// Tasks of a block.
const BLOCK: NonZeroU32 = NonZeroU32::new(1024).expect("not zero");

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Graph {
    /// Tasks that have nothing to do with one another.
    Independent,
    /// One task after another.
    Chain,
    /// Each task makes two ready.
    Tree,
    /// A square of tasks, each behind two.
    Wavefront,
    /// The same where the most urgent task is to go first.
    WavefrontPriority,
    /// Layers of tasks, each behind up to four of the layer before.
    Random,
    /// A loop of three tasks a pass.
    Loop,
    /// One task, in so many rounds that they count as tasks.
    Rounds,
    /// No graph: one task that asks a token, and counts each time as a task.
    Check,
    /// A square of tasks, each behind two, in blocks.
    Blocks,
    /// No graph: one task that forks as a Fibonacci number does; a fork is a task.
    Join,
    /// No graph: one task that spawns many that do nothing.
    Spawn,
    /// The same from outside of tasks.
    SpawnOutside,
    /// One task whose children spawn two each.
    SpawnTree,
    /// A square of tasks, each behind two, that is built, run once and dropped in each round.
    Built,
    /// Tokens through a pipeline of four serial pipes with eight lines; a task is a pipe called for a token.
    Pipeline,
}

/// Calls of a pipe in a round, and the pipeline.
fn pipeline() -> (u64, Pipeline<'static>) {
    let tokens = u64::from(TASKS / 4);
    let pipeline = PipelineBuilder::source(8, move |token| {
        (token.index() < tokens).then_some(token.index())
    })
    .serial(|number| number)
    .serial(|number| number)
    .serial(|_| ())
    .build();
    (4 * tokens, pipeline)
}

impl Graph {
    fn flow(self) -> Taskflow<'static> {
        let flow = Taskflow::new();
        let shape = match self {
            Self::Independent => Shape::independent(TASKS),
            Self::Chain => Shape::chain(TASKS),
            Self::Tree => Shape::tree(TASKS),
            Self::Wavefront | Self::WavefrontPriority => Shape::wavefront(TASKS.isqrt()),
            Self::Random => Shape::random(TASKS.isqrt(), SEED),
            Self::Blocks => {
                flow.coarsen(Coarsening::Blocks(BLOCK));
                Shape::wavefront(TASKS.isqrt())
            }
            Self::Loop => {
                let (body, mut passes) = (flow.emplace(|| {}), 0);
                flow.repeat_while(
                    move || {
                        passes += 1;
                        passes % (TASKS / 3) != 0
                    },
                    body,
                );
                return flow;
            }
            Self::Rounds => Shape::independent(1),
            Self::Pipeline | Self::Built | Self::Spawn | Self::SpawnOutside => return flow,
            Self::Join => {
                flow.emplace_runtime(|rt| {
                    black_box(rt.fork(|fork| fibonacci(fork, black_box(FIBONACCI))));
                });
                return flow;
            }
            Self::SpawnTree => {
                flow.emplace_runtime(|rt| two(rt, 1));
                return flow;
            }
            Self::Check => {
                let token = CancellationToken::new();
                flow.emplace(move || {
                    for _ in 0..TASKS {
                        assert!(black_box(&token).check().is_ok());
                    }
                });
                return flow;
            }
        };
        fill(&flow, &shape);
        flow
    }
}

/// What a task of a tree spawns: those that come after it by its number.
fn two(rt: &Runtime<'_>, task: u32) {
    for child in [2 * task, 2 * task + 1] {
        if child <= TASKS {
            rt.spawn_with(move |rt| two(rt, child));
        }
    }
}

fn fill(flow: &Taskflow<'_>, shape: &Shape) {
    let tasks: Vec<_> = (0..shape.tasks()).map(|_| flow.emplace(|| {})).collect();
    for (from, to) in shape.edges() {
        tasks[*from as usize].precede(tasks[*to as usize]);
    }
}

fn run(args: &Args) -> Result<u64, RunError> {
    if matches!(args.graph, Graph::Pipeline) {
        let (calls, pipeline) = pipeline();
        run_rounds(&pipeline, args)?;
        return Ok(calls);
    }
    if matches!(args.graph, Graph::Spawn | Graph::SpawnOutside) {
        return Ok(spawn_rounds(args));
    }
    if matches!(args.graph, Graph::Built) {
        return build_rounds(args);
    }
    let stats = run_rounds(&args.graph.flow(), args)?;
    let tasks = stats.tasks / stats.rounds;
    Ok(match args.graph {
        Graph::Check => tasks * u64::from(TASKS),
        Graph::Join => tasks * FORKS,
        Graph::Rounds | Graph::SpawnTree => TASKS.into(),
        _ => tasks,
    })
}

fn with_local(f: &mut dyn FnMut(&Local)) {
    thread_local! {
        static LOCAL: Local = const { Local::new() };
    }
    LOCAL.with(|local| f(local));
}

/// Spawns the tasks of each round, and waits for them. Gives how many a round has.
fn spawn_rounds(args: &Args) -> u64 {
    let executor = Arc::new(executor(Manual::with_local(with_local)));
    if args.observed_before {
        executor.observe(|_: &Event<'_>| ()).detach();
    }
    let outside = matches!(args.graph, Graph::SpawnOutside);
    for _ in 0..=args.rounds {
        let inner = Arc::downgrade(&executor);
        let spawn_all = move || {
            let executor = inner.upgrade().expect("it waits for its tasks");
            for _ in 0..TASKS {
                drop(executor.spawn(|| {}));
            }
        };
        if outside {
            spawn_all();
        } else {
            drop(executor.spawn(spawn_all));
        }
        executor
            .wait_for_all()
            .expect("this is no task of the executor");
    }
    TASKS.into()
}

fn fibonacci(fork: Fork<'_>, n: u32) -> u32 {
    if n < 2 {
        return n;
    }
    let (a, b) = fork.join(
        move |fork| fibonacci(fork, n - 1),
        move |fork| fibonacci(fork, n - 2),
    );
    a + b
}

fn executor(host: Manual) -> Executor<Manual> {
    let builder = Builder::new(host).workers(1);
    let executor = builder.build();
    executor.expect("a host without threads refuses no worker")
}

fn build_rounds(args: &Args) -> Result<u64, RunError> {
    let (executor, shape) = (executor(Manual::new()), Shape::wavefront(TASKS.isqrt()));
    if args.observed_before {
        executor.observe(|_: &Event<'_>| ()).detach();
    }
    for _ in 0..args.rounds {
        let flow = Taskflow::new();
        fill(&flow, &shape);
        executor.run_and_wait(&flow)?;
    }
    Ok(shape.tasks().into())
}

fn run_rounds(graph: &impl Runnable<'static>, args: &Args) -> Result<RunStats, RunError> {
    if matches!(args.graph, Graph::WavefrontPriority) {
        // (Who waits on a host without threads asks for each task.)
        let builder = Builder::new(StdPlatform::new()).workers(1);
        let executor = builder.scheduler(PriorityScheduler::new()).build();
        let executor = executor.expect("there is a thread for one worker");
        return run_rounds_on(&executor, graph, args);
    }
    let host = match args.graph {
        // (Children know by it that a worker spawns them.)
        Graph::SpawnTree => Manual::with_local(with_local),
        _ => Manual::new(),
    };
    run_rounds_on(&executor(host), graph, args)
}

fn run_rounds_on<P: Platform, S: Scheduler>(
    executor: &Executor<P, S>,
    graph: &impl Runnable<'static>,
    args: &Args,
) -> Result<RunStats, RunError> {
    executor.run_and_wait(graph)?;
    if args.observed_before {
        let observer = executor.observe(|_: &Event<'_>| ());
        executor.run_and_wait(graph)?;
        observer.detach();
    }
    let rounds = match args.graph {
        Graph::Rounds => args.rounds * u64::from(TASKS),
        _ => args.rounds,
    };
    executor.run_and_wait_with(graph, RunOptions::new().rounds(rounds))
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(tasks) => {
            println!("{tasks}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
