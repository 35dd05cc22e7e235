//! Re-runs a graph on one worker, for a profiler that counts instructions: what a task costs is the
//! difference between two numbers of rounds, which leaves out all that is done once.

#![forbid(unsafe_code)]

use core::hint::black_box;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use taskflow_benches::Shape;
use taskflow_std::{Builder, CancellationToken, Event, Manual, RunError, RunOptions, Taskflow};

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

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Graph {
    /// Tasks that have nothing to do with one another.
    Independent,
    /// One task after another.
    Chain,
    /// A loop of three tasks a pass.
    Loop,
    /// No graph: one task that asks a token, and counts each time as a task.
    Check,
}

impl Graph {
    fn flow(self) -> Taskflow<'static> {
        let flow = Taskflow::new();
        let shape = match self {
            Self::Independent => Shape::independent(TASKS),
            Self::Chain => Shape::chain(TASKS),
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
        let tasks: Vec<_> = (0..shape.tasks()).map(|_| flow.emplace(|| {})).collect();
        for (from, to) in shape.edges() {
            tasks[*from as usize].precede(tasks[*to as usize]);
        }
        flow
    }
}

fn run(args: &Args) -> Result<u64, RunError> {
    let builder = Builder::new(Manual::new()).workers(1);
    let executor = builder
        .build()
        .expect("a host without threads refuses no worker");
    let flow = args.graph.flow();
    executor.run_and_wait(&flow)?;
    if args.observed_before {
        let observer = executor.observe(|_: &Event<'_>| ());
        executor.run_and_wait(&flow)?;
        observer.detach();
    }
    let stats = executor.run_and_wait_with(&flow, RunOptions::new().rounds(args.rounds))?;
    let tasks = stats.tasks / stats.rounds;
    Ok(if matches!(args.graph, Graph::Check) {
        tasks * u64::from(TASKS)
    } else {
        tasks
    })
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
