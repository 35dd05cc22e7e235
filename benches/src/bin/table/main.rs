//! The figures of all graphs as one table, measured in turns so that drift of the machine meets all alike.

#![forbid(unsafe_code)]

mod life;
mod markdown;
mod rerun;
mod round_trip;
mod spread;

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;

use clap::Parser;
use serde::Serialize;
use taskflow_benches::Shape;

/// Chooses the edges of the random graph.
const SEED: u64 = 1;

/// Measures re-runs, first runs and round trips beside a hand-written loop, and prints them in Markdown.
#[derive(Debug, Parser)]
struct Args {
    /// 2^16 tasks and 3 rounds instead of 2^20 and 11: for a look, not for a comparison.
    #[arg(long)]
    quick: bool,
    /// Also writes the figures to this file, as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// How much is measured.
#[derive(Clone, Copy, Debug, Serialize)]
struct Effort {
    /// The square shapes have this many rows of as many tasks.
    side: u32,
    /// How often each contender has its turn.
    rounds: usize,
    /// Round trips in each round.
    calls: usize,
}

/// All that was measured.
#[derive(Debug, Serialize)]
struct Figures {
    /// Processors that the process may use.
    processors: usize,
    effort: Effort,
    seed: u64,
    reruns: Vec<rerun::Rerun>,
    lives: Vec<life::Life>,
    round_trips: Vec<round_trip::RoundTrip>,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let effort = if args.quick {
        Effort {
            side: 1 << 8,
            rounds: 3,
            calls: 10,
        }
    } else {
        Effort {
            side: 1 << 10,
            rounds: 11,
            calls: 20,
        }
    };
    match publish(&measure(effort), args.json) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: the figures cannot be written: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(effort: Effort) -> Figures {
    let mut figures = Figures {
        processors: thread::available_parallelism().map_or(1, usize::from),
        effort,
        seed: SEED,
        reruns: Vec::new(),
        lives: Vec::new(),
        round_trips: Vec::new(),
    };
    for shape in Shape::all(effort.side, SEED) {
        eprintln!("measuring {} ...", shape.name());
        figures.reruns.extend(rerun::measure(&shape, effort.rounds));
        figures.lives.push(life::measure(&shape, effort.rounds));
    }
    eprintln!("measuring round trips ...");
    figures.round_trips = round_trip::measure(effort.rounds, effort.calls);
    figures
}

fn publish(figures: &Figures, json: Option<PathBuf>) -> io::Result<()> {
    io::stdout().write_all(markdown::page(figures).as_bytes())?;
    if let Some(file) = json {
        let mut text = serde_json::to_string_pretty(figures)?;
        text.push('\n');
        fs::write(file, text)?;
    }
    Ok(())
}
