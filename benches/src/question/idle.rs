//! What a pool uses that has little to do, and what one does that has nothing.

use core::time::Duration;
use std::thread;
use std::time::Instant;

use super::{Effort, metg};
use crate::contest::{Contender, Row, relate_to_ours};
use crate::peer::KINDS;
use crate::spread::Spread;
use crate::tally::{reckon, used};

/// Ticks of a second.
const RATE: u32 = 60;

/// Ticks behind one figure.
const TICKS: u32 = 12;

/// Tasks of a tick, together 200 us.
const TASKS: u32 = 8;

/// Work of a task.
const NANOS: f64 = 25_000.0;

/// How long nothing is asked of a pool.
const REST: Duration = Duration::from_millis(500);

pub(super) fn rows(effort: Effort) -> Vec<Row> {
    let steps = (NANOS / metg::step_nanos()) as u32;
    let mut by_hand = Contender::new("by hand", 0, move || {
        (0..TASKS).for_each(|_| used(reckon(steps)));
    });
    // One pool at a time: whatever the others do would count as well.
    let mut rows = vec![ticking(&mut by_hand, effort.rounds, steps)];
    rows.extend(resting(&by_hand));
    for kind in &KINDS {
        // The threads of the one before have ended then.
        thread::sleep(Duration::from_millis(50));
        let peer = (kind.start)(2);
        let Some(mut contender) = peer.as_ref().and_then(|peer| peer.tick(TASKS, steps)) else {
            continue;
        };
        rows.push(ticking(&mut contender, effort.rounds, steps));
        rows.extend(resting(&contender));
    }
    relate_to_ours(&mut rows);
    rows.sort_by_key(|row| !row.case.contains("ticks"));
    rows
}

/// What the process used by what its work takes.
fn ticking(contender: &mut Contender<'_>, rounds: usize, steps: u32) -> Row {
    contender.run();
    let figures: Vec<f64> = (0..rounds)
        .filter_map(|_| {
            // What the work takes changes with the machine's other load.
            let work = f64::from(TICKS * TASKS * steps) * metg::step_nanos();
            let before = contender.share()?;
            let mut next = Instant::now();
            for _ in 0..TICKS {
                contender.run();
                next += Duration::from_secs(1) / RATE;
                thread::sleep(next.saturating_duration_since(Instant::now()));
            }
            let busy = contender.share()?.since(before).busy;
            Some(busy.as_secs_f64() * 1e9 / work)
        })
        .collect();
    row(
        "processor time by work, 60 ticks a second of 200 us",
        contender,
        figures,
    )
}

/// How often threads slept and were woken in a second, but the one that looks.
fn resting(contender: &Contender<'_>) -> Option<Row> {
    // It takes some time until all have found that there is nothing to do.
    thread::sleep(Duration::from_millis(100));
    let before = contender.sleeps()?;
    thread::sleep(REST);
    let looking = u64::from(contender.is_here());
    let sleeps = (contender.sleeps()? - before).saturating_sub(looking);
    let row = row(
        "wake-ups in a second with nothing to do",
        contender,
        vec![sleeps as f64 / REST.as_secs_f64()],
    );
    Some(row)
}

fn row(case: &str, contender: &Contender<'_>, figures: Vec<f64>) -> Row {
    let samples = figures.len();
    Row {
        case: case.to_owned(),
        workers: 2,
        side: contender.name().to_owned(),
        figure: if figures.is_empty() {
            Spread {
                min: f64::NAN,
                median: f64::NAN,
                max: f64::NAN,
            }
        } else {
            Spread::of(figures)
        },
        ratio: None,
        counted: samples,
        samples,
        busy: None,
        ping: None,
    }
}
