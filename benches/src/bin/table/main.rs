//! The answers to all questions as tables, measured in turns so that drift of the machine meets all alike.

#![forbid(unsafe_code)]

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;

use clap::{Parser, ValueEnum};
use serde::Serialize;
use taskflow_benches::{Answer, Effort, Question, answer_if_asked, missing, page, svg};

/// Measures this library beside what one would write by hand and beside its peers, and prints tables in Markdown.
#[derive(Debug, Parser)]
struct Args {
    /// What is printed.
    #[arg(default_value = "table")]
    what: What,
    /// Small graphs and 3 rounds: for a look, not for a comparison.
    #[arg(long)]
    quick: bool,
    /// Only these questions, by their names, with commas between.
    #[arg(long, value_name = "QUESTIONS", value_delimiter = ',')]
    only: Vec<String>,
    /// How often each side has its turn [default: 7].
    #[arg(long)]
    rounds: Option<usize>,
    /// Rows of the square graphs; they have as many tasks in each [default: 1024].
    #[arg(long)]
    side: Option<u32>,
    /// Also writes the figures to this file, as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Also draws the figures, as SVG files in this folder.
    #[arg(long, value_name = "FOLDER")]
    plots: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum What {
    /// The figures.
    Table,
    /// The names of the questions.
    Questions,
}

/// All that was measured.
#[derive(Debug, Serialize)]
struct Figures {
    /// Processors that the process may use.
    processors: usize,
    effort: Effort,
    answers: Vec<Answer>,
    /// Sides that were left out, and why.
    missing: Vec<String>,
}

fn main() -> ExitCode {
    if answer_if_asked() {
        return ExitCode::SUCCESS;
    }
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> io::Result<()> {
    if matches!(args.what, What::Questions) {
        Question::ALL
            .iter()
            .for_each(|question| println!("{}", question.name()));
        return Ok(());
    }
    let known = |name: &&String| {
        !Question::ALL
            .iter()
            .any(|question| question.name() == **name)
    };
    if let Some(name) = args.only.iter().find(known) {
        return Err(io::Error::other(format!(
            "there is no question {name}; see `questions`"
        )));
    }
    let wanted = |question: &Question| {
        args.only.is_empty() || args.only.iter().any(|name| name == question.name())
    };
    let (side, rounds) = if args.quick {
        (1 << 7, 3)
    } else {
        (1 << 10, 7)
    };
    let effort = Effort {
        side: args.side.unwrap_or(side).max(2),
        rounds: args.rounds.unwrap_or(rounds).max(1),
    };
    let ask = |question: Question| {
        eprintln!("measuring {} ...", question.name());
        question.ask(effort)
    };
    let figures = Figures {
        processors: thread::available_parallelism().map_or(1, usize::from),
        effort,
        answers: Question::ALL.into_iter().filter(wanted).map(ask).collect(),
        missing: missing(),
    };
    for line in &figures.missing {
        eprintln!("!!! {line}");
    }
    publish(&figures, args)
}

fn publish(figures: &Figures, args: &Args) -> io::Result<()> {
    let mut out = io::stdout();
    writeln!(
        out,
        "{} tasks in a graph, {} processors; min / median / max of {} rounds (x: by ours)\n",
        figures.effort.side * figures.effort.side,
        figures.processors,
        figures.effort.rounds
    )?;
    out.write_all(page(&figures.answers, &figures.missing).as_bytes())?;
    if let Some(file) = &args.json {
        let mut text = serde_json::to_string_pretty(figures)?;
        text.push('\n');
        fs::write(file, text)?;
    }
    if let Some(folder) = &args.plots {
        fs::create_dir_all(folder)?;
        for answer in &figures.answers {
            for workers in [1, 2] {
                if let Some(picture) = svg(answer, workers) {
                    fs::write(
                        folder.join(format!("{}-{workers}.svg", answer.question)),
                        picture,
                    )?;
                }
            }
        }
    }
    Ok(())
}
