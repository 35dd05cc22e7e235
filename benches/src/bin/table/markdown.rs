//! The figures as people read them.

use core::fmt::{self, Write};

use crate::Figures;
use crate::spread::Spread;

/// Three tables with a heading each.
pub(crate) fn page(figures: &Figures) -> String {
    let mut text = String::new();
    write(figures, &mut text).expect("a string takes any text");
    text
}

fn write(figures: &Figures, to: &mut String) -> fmt::Result {
    let effort = figures.effort;
    writeln!(
        to,
        "{} tasks a graph, {} processors; ns, min / median / max of {} rounds\n",
        effort.side * effort.side,
        figures.processors,
        effort.rounds
    )?;
    reruns(figures, to)?;
    lives(figures, to)?;
    round_trips(figures, to)
}

fn reruns(figures: &Figures, to: &mut String) -> fmt::Result {
    writeln!(to, "## Re-run, per task\n")?;
    head(
        to,
        &[
            "graph",
            "workers",
            "bound, LIFO",
            "bound, FIFO",
            "fixed order",
            "ours",
            "ours / bound",
            "in blocks",
            "blocks / bound",
            "ping",
        ],
    )?;
    for row in &figures.reruns {
        let ping = row.ping.map(|ping| spread(ping, 0)).unwrap_or_default();
        writeln!(
            to,
            "| {} | {} | {} | {} | {} | {} | {:.2} | {} | {:.2} | {ping} |",
            row.graph,
            row.workers,
            spread(row.bound_lifo, 2),
            spread(row.bound_fifo, 2),
            spread(row.fixed, 2),
            spread(row.ours, 2),
            row.ratio,
            spread(row.blocks, 2),
            row.blocks_ratio,
        )?;
    }
    writeln!(to)
}

fn lives(figures: &Figures, to: &mut String) -> fmt::Result {
    writeln!(to, "## Build, first run, drop, per task, one worker\n")?;
    head(
        to,
        &[
            "graph",
            "bound, all three",
            "build",
            "first run",
            "drop",
            "all three",
        ],
    )?;
    for row in &figures.lives {
        writeln!(
            to,
            "| {} | {} | {} | {} | {} | {} |",
            row.graph,
            spread(row.bound_total, 1),
            spread(row.build, 1),
            spread(row.first_run, 1),
            spread(row.drop, 1),
            spread(row.total, 1),
        )?;
    }
    writeln!(to)
}

fn round_trips(figures: &Figures, to: &mut String) -> fmt::Result {
    let calls = figures.effort.rounds * figures.effort.calls;
    writeln!(
        to,
        "## Round trip of one empty task after 1 ms idle, {calls} calls\n"
    )?;
    head(to, &["call", "min / median / max"])?;
    for row in &figures.round_trips {
        writeln!(to, "| {} | {} |", row.name, spread(row.call, 0))?;
    }
    Ok(())
}

/// Numbers stand to the right of the first column.
fn head(to: &mut String, columns: &[&str]) -> fmt::Result {
    writeln!(to, "| {} |", columns.join(" | "))?;
    writeln!(to, "|---|{}", "---:|".repeat(columns.len() - 1))
}

fn spread(spread: Spread, digits: usize) -> String {
    format!(
        "{:.digits$} / {:.digits$} / {:.digits$}",
        spread.min_ns, spread.median_ns, spread.max_ns
    )
}
