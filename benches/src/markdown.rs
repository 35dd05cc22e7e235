//! Answers as people read them.

use core::fmt::Write;
use std::collections::BTreeSet;

use crate::contest::Row;
use crate::question::Answer;

/// A table for each answer: a line for each case and number of workers, a column for each side.
#[must_use]
pub fn page(answers: &[Answer], missing: &[String]) -> String {
    let mut text = String::new();
    for answer in answers {
        table(answer, &mut text);
    }
    for line in missing {
        let _ = writeln!(text, "**{line}**\n");
    }
    text
}

fn table(answer: &Answer, text: &mut String) {
    let mut sides: Vec<&str> = Vec::new();
    let mut lines: Vec<(&str, usize)> = Vec::new();
    for row in &answer.rows {
        if !sides.contains(&&*row.side) {
            sides.push(&row.side);
        }
        if !lines.contains(&(&row.case, row.workers)) {
            lines.push((&row.case, row.workers));
        }
    }
    let shared = answer.rows.iter().any(|row| row.ping.is_some());
    let mut head = vec!["case".to_owned(), "workers".to_owned()];
    head.extend(sides.iter().map(|side| (*side).to_owned()));
    head.extend(shared.then(|| "ping, ns".to_owned()));
    let _ = writeln!(
        text,
        "## `{}`: {}, {}\n",
        answer.question, answer.title, answer.unit
    );
    let _ = writeln!(
        text,
        "| {} |\n|---|{}",
        head.join(" | "),
        "---:|".repeat(head.len() - 1)
    );
    for (case, workers) in lines {
        let here = |row: &&Row| row.case == case && row.workers == workers;
        let cell = |side: &&str| {
            let row = answer
                .rows
                .iter()
                .find(|row| here(row) && row.side == **side);
            row.map(cell).unwrap_or_default()
        };
        let mut cells = vec![case.to_owned(), workers.to_string()];
        cells.extend(sides.iter().map(cell));
        if shared {
            let ping = answer.rows.iter().filter(here).find_map(|row| row.ping);
            cells.push(ping.map_or_else(String::new, |ping| {
                format!("{:.0} / {:.0} / {:.0}", ping.min, ping.median, ping.max)
            }));
        }
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    let some: BTreeSet<_> = answer
        .rows
        .iter()
        .filter(|row| row.counted < row.samples)
        .map(|row| (row.counted, row.samples))
        .collect();
    if let (Some((least, of)), true) = (some.first(), answer.rows.iter().any(|row| row.workers > 0))
    {
        let _ = writeln!(
            text,
            "\nSamples that count, where fewest do: {least} of {of}."
        );
    }
    text.push('\n');
}

/// Least, median, most, and the ratio to ours. A question mark: no sample had the processors that it wanted.
fn cell(row: &Row) -> String {
    let figure = row.figure;
    let mut cell = if figure.min == figure.max {
        number(figure.median)
    } else {
        [figure.min, figure.median, figure.max]
            .map(number)
            .join(" / ")
    };
    if let Some(ratio) = row.ratio {
        let _ = write!(cell, " (x {})", number(ratio));
    }
    if row.counted == 0 {
        cell.push_str(" ?");
    }
    cell
}

/// Three digits, or all before the point.
fn number(number: f64) -> String {
    let digits = match number.abs() {
        size if size < 10.0 => 2,
        size if size < 100.0 => 1,
        _ => 0,
    };
    format!("{number:.digits$}")
}
