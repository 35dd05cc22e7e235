//! Answers as pictures.

use core::fmt::Write;

use crate::contest::Row;
use crate::question::Answer;

/// Of a bar, in the picture's units.
const BAR: f64 = 11.0;
const GAP: f64 = 26.0;
const LEFT: f64 = 64.0;
const HEIGHT: f64 = 260.0;
const LEGEND: f64 = 18.0;
const IN_A_LINE: usize = 4;

/// One for each side, in the order of the sides.
const COLOURS: [&str; 12] = [
    "#c8c8c8", "#a8a8a8", "#888888", "#d1495b", "#edae49", "#00798c", "#66a182", "#8d6a9f",
    "#30638e", "#b8752f", "#e8899a", "#5b8e7d",
];

/// Bars on a logarithmic scale: a group for each case with so many workers, a bar for each side, as high as its median.
/// `None` if the answer has nothing to show for so many workers.
///
/// # Examples
///
/// ```
/// use taskflow_benches::{Answer, svg};
///
/// let answer = Answer { question: "none", title: "Nothing", unit: "ns", rows: Vec::new() };
/// assert_eq!(svg(&answer, 1), None);
/// ```
#[must_use]
pub fn svg(answer: &Answer, workers: usize) -> Option<String> {
    let shown = |row: &&Row| {
        row.workers == workers && row.figure.median > 0.0 && row.figure.median.is_finite()
    };
    let rows: Vec<&Row> = answer.rows.iter().filter(shown).collect();
    let (mut sides, mut cases): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    for row in &rows {
        if !sides.contains(&&*row.side) {
            sides.push(&row.side);
        }
        if !cases.contains(&&*row.case) {
            cases.push(&row.case);
        }
    }
    let logs = || rows.iter().map(|row| row.figure.median.log10());
    let lowest = logs().reduce(f64::min)?.floor();
    let highest = logs().reduce(f64::max)?.ceil().max(lowest + 1.0);
    let top = 34.0 + LEGEND * sides.len().div_ceil(IN_A_LINE) as f64;
    let bottom = top + HEIGHT;
    let height_of = |log: f64| (log - lowest) / (highest - lowest) * HEIGHT;
    let group = BAR * sides.len() as f64 + GAP;
    let width = (LEFT + group * cases.len() as f64 + GAP).max(680.0);

    let mut text = String::new();
    let plural = if workers == 1 { "" } else { "s" };
    let _ = writeln!(
        text,
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0} {:.0}" font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="#fff"/>"##,
        bottom + 26.0
    );
    let title = format!(
        "{}, {workers} worker{plural}: {}, shorter is better",
        answer.title, answer.unit
    );
    write_text(&mut text, [12.0, 20.0], "start", &title);
    for (place, side) in sides.iter().enumerate() {
        let x = 12.0 + (width - 24.0) / IN_A_LINE as f64 * (place % IN_A_LINE) as f64;
        let y = 30.0 + LEGEND * (place / IN_A_LINE) as f64;
        write_bar(&mut text, [x, y, 10.0, 10.0], place, side);
        write_text(&mut text, [x + 15.0, y + 10.0], "start", side);
    }
    for decade in 0..=(highest - lowest) as i32 {
        let log = lowest + f64::from(decade);
        let y = bottom - height_of(log);
        let _ = writeln!(
            text,
            r##"<path d="M{LEFT} {y:.1}H{width:.0}" stroke="#ddd"/>"##
        );
        write_text(
            &mut text,
            [LEFT - 6.0, y + 4.0],
            "end",
            &10f64.powf(log).to_string(),
        );
    }
    for (place, case) in cases.iter().enumerate() {
        let begin = LEFT + GAP / 2.0 + group * place as f64;
        for row in rows.iter().filter(|row| row.case == *case) {
            let Some(side) = sides.iter().position(|side| *side == row.side) else {
                continue;
            };
            let height = height_of(row.figure.median.log10()).max(1.0);
            let told = format!("{}: {:.2}", row.side, row.figure.median);
            write_bar(
                &mut text,
                [
                    begin + BAR * side as f64,
                    bottom - height,
                    BAR - 1.0,
                    height,
                ],
                side,
                &told,
            );
        }
        write_text(
            &mut text,
            [begin + (group - GAP) / 2.0, bottom + 16.0],
            "middle",
            case,
        );
    }
    text.push_str("</svg>\n");
    Some(text)
}

fn write_bar(text: &mut String, [x, y, width, height]: [f64; 4], side: usize, told: &str) {
    let colour = COLOURS[side % COLOURS.len()];
    let _ = writeln!(
        text,
        r#"<rect x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}" fill="{colour}"><title>{told}</title></rect>"#
    );
}

fn write_text(text: &mut String, [x, y]: [f64; 2], anchor: &str, what: &str) {
    let _ = writeln!(
        text,
        r##"<text x="{x:.1}" y="{y:.1}" text-anchor="{anchor}" fill="#222">{what}</text>"##
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spread::Spread;

    fn row(case: &str, side: &str, workers: usize, median: f64) -> Row {
        Row {
            case: case.to_owned(),
            workers,
            side: side.to_owned(),
            figure: Spread {
                min: median,
                median,
                max: median,
            },
            ratio: None,
            counted: 1,
            samples: 1,
            busy: None,
            ping: None,
        }
    }

    #[test]
    fn a_bar_is_as_high_as_its_logarithm() {
        let rows = vec![
            row("a", "x", 1, 1.0),
            row("a", "y", 1, 10.0),
            row("b", "y", 1, 100.0),
            row("a", "x", 2, 1e6),
        ];
        let answer = Answer {
            question: "q",
            title: "T",
            unit: "ns",
            rows,
        };
        let picture = svg(&answer, 1).expect("there are bars");
        for height in ["height=\"1.0\"", "height=\"130.0\"", "height=\"260.0\""] {
            assert_eq!(picture.matches(height).count(), 1, "{height} in {picture}");
        }
        assert!(picture.contains("x: 1.00") && !picture.contains("1000000"));
        assert_eq!(svg(&answer, 3), None);
    }
}
