//! All that answer one question, side by side.

use core::fmt;
use core::time::Duration;
use std::collections::BTreeSet;
use std::process;
use std::thread;
use std::time::Instant;

use serde::Serialize;

use crate::ping::ping;
use crate::processors::{Share, sleeps};
use crate::spread::{Spread, nanos};

/// What everybody is compared with.
pub const OURS: &str = "taskflow";

/// Trips of the cache line in each round, in batches.
const BATCHES: u32 = 10;

/// Processors whose cache lines travel longer than this are far from each other.
const NEAR: Duration = Duration::from_nanos(150);

/// It is done no more often than that in one turn.
const TIMES_MAX: u32 = 1000;

/// A sample counts if its threads waited for processors for less than this part of its time.
const PART_WAITED: u32 = 50;

/// Something that can be done again and again, and timed.
pub struct Contender<'a> {
    name: String,
    workers: usize,
    process: u32,
    settle: Duration,
    run: Box<dyn FnMut(u32) -> Duration + 'a>,
}

impl<'a> Contender<'a> {
    /// On so many workers; none for a thread that does it by hand, which is compared with each number of workers.
    pub fn new(name: impl Into<String>, workers: usize, mut run: impl FnMut() + 'a) -> Self {
        Self::timed(name, workers, move || {
            let begin = Instant::now();
            run();
            begin.elapsed()
        })
    }

    /// As [`new`](Self::new), and it tells itself how long it took.
    pub fn timed(
        name: impl Into<String>,
        workers: usize,
        mut run: impl FnMut() -> Duration + 'a,
    ) -> Self {
        Self::repeated(name, workers, move |times| (0..times).map(|_| run()).sum())
    }

    /// As [`timed`](Self::timed), so many times one after another.
    pub(crate) fn repeated(
        name: impl Into<String>,
        workers: usize,
        run: impl FnMut(u32) -> Duration + 'a,
    ) -> Self {
        Self {
            name: name.into(),
            workers,
            process: process::id(),
            settle: Duration::ZERO,
            run: Box::new(run),
        }
    }

    /// It runs in this process, whose threads are busy for so long after it has answered.
    pub(crate) fn of_process(mut self, process: u32, settle: Duration) -> Self {
        self.process = process;
        self.settle = settle;
        self
    }

    /// What the operating system gave to its process.
    pub(crate) fn share(&self) -> Option<Share> {
        Share::of(self.process)
    }

    /// See [`sleeps`].
    pub(crate) fn sleeps(&self) -> Option<u64> {
        sleeps(self.process)
    }

    /// It runs in the process that asks.
    pub(crate) fn is_here(&self) -> bool {
        self.process == process::id()
    }

    /// What it is called in tables.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// On how many workers it runs; 0: by hand, on one thread.
    #[must_use]
    pub fn workers(&self) -> usize {
        self.workers
    }

    /// Does it once: how long that took.
    pub fn run(&mut self) -> Duration {
        self.run_times(1)
    }

    /// Does it so many times, one after another: how long all of that took.
    fn run_times(&mut self, times: u32) -> Duration {
        (self.run)(times)
    }
}

impl fmt::Debug for Contender<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contender")
            .field("name", &self.name)
            .field("workers", &self.workers)
            .finish_non_exhaustive()
    }
}

/// Contenders who take turns, so that whatever the machine does meets all of them alike.
///
/// # Examples
///
/// ```
/// use taskflow_benches::{Contender, Contest};
///
/// let contenders = vec![
///     Contender::new("taskflow", 1, || ()),
///     Contender::new("by hand", 0, || ()),
/// ];
/// let rows = Contest::new("nothing", 1, contenders).hold(3);
/// assert_eq!(rows.len(), 2);
/// assert_eq!(rows[0].ratio, Some(1.0));
/// ```
#[derive(Debug)]
pub struct Contest<'a> {
    case: String,
    parts: u64,
    idle: Duration,
    stretch: Option<Duration>,
    contenders: Vec<Contender<'a>>,
}

/// What one contender took, on one number of workers.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// What was done.
    pub case: String,
    /// On how many workers.
    pub workers: usize,
    /// Who did it.
    pub side: String,
    /// How long a part of it took, or what else was measured.
    pub figure: Spread,
    /// The median of what it took by what `taskflow` took in the same round.
    pub ratio: Option<f64>,
    /// Samples in which it had the processors it wanted, of those in the regime that the row is about. If there was
    /// none, the figure is of all.
    pub counted: usize,
    /// All samples.
    pub samples: usize,
    /// Processors that it kept busy, on average.
    pub busy: Option<f64>,
    /// Nanoseconds in which a cache line travelled to another thread and back, in the same rounds.
    pub ping: Option<Spread>,
}

#[derive(Clone, Copy)]
struct Sample {
    time: Duration,
    counts: bool,
    busy: Option<f64>,
}

impl<'a> Contest<'a> {
    /// A contest in doing something of so many equal parts.
    #[must_use]
    pub fn new(case: impl Into<String>, parts: u64, contenders: Vec<Contender<'a>>) -> Self {
        Self {
            case: case.into(),
            parts,
            idle: Duration::from_millis(1),
            stretch: None,
            contenders,
        }
    }

    /// What is done.
    #[must_use]
    pub fn case(&self) -> &str {
        &self.case
    }

    /// Of how many parts it is.
    #[must_use]
    pub fn parts(&self) -> u64 {
        self.parts
    }

    /// Who takes part.
    pub fn contenders(&mut self) -> &mut [Contender<'a>] {
        &mut self.contenders
    }

    /// Keeps only those who are still of interest.
    pub(crate) fn keep(&mut self, still: impl FnMut(&Contender<'a>) -> bool) {
        self.contenders.retain(still);
    }

    /// How long the machine is left alone before each turn: 1 ms otherwise.
    #[must_use]
    pub fn idle(mut self, idle: Duration) -> Self {
        self.idle = idle;
        self
    }

    /// In each turn it is done once that does not count, when threads wake and caches are filled, and then again and again
    /// for about so long. Otherwise a turn is once, after the rest.
    #[must_use]
    pub fn stretch(mut self, stretch: Duration) -> Self {
        self.stretch = Some(stretch);
        self
    }

    /// Each has its turn in each of so many rounds, and in up to as many more where samples do not count. Gives a row for
    /// each contender; those without workers have one for each number of workers.
    pub fn hold(&mut self, rounds: usize) -> Vec<Row> {
        let shared = self.contenders.iter().any(|one| one.workers > 1);
        let mut samples = vec![Vec::new(); self.contenders.len()];
        let mut pings = Vec::new();
        for round in 0..2 * rounds {
            let counted = |samples: &Vec<Sample>| samples.iter().filter(|one| one.counts).count();
            if round >= rounds && samples.iter().all(|one| counted(one) >= rounds) {
                break;
            }
            // Who comes after whom changes, since each finds the caches as the one before left them.
            for turn in 0..self.contenders.len() {
                let turn = (turn + round) % self.contenders.len();
                samples[turn].push(self.turn(turn));
            }
            pings.push(if shared { ping(BATCHES) } else { None });
        }
        let all: Vec<usize> = (0..pings.len()).collect();
        let alike = self.one_regime(&samples, &pings);
        let mut numbers: BTreeSet<_> = self.contenders.iter().map(Contender::workers).collect();
        numbers.remove(&0);
        let mut rows = Vec::new();
        for workers in numbers {
            let rounds = if workers > 1 { &alike } else { &all };
            let ours = self
                .contenders
                .iter()
                .zip(&samples)
                .find_map(|(one, samples)| {
                    (one.workers == workers && one.name == OURS).then_some(&samples[..])
                });
            for (one, samples) in self.contenders.iter().zip(&samples) {
                if [0, workers].contains(&one.workers) {
                    let trips = rounds.iter().filter_map(|round| pings[*round]);
                    let trips: Vec<_> = trips.map(|trip| nanos(trip, 1)).collect();
                    let ping = (workers > 1 && !trips.is_empty()).then(|| Spread::of(trips));
                    rows.push(self.row(one, workers, samples, ours, rounds, ping));
                }
            }
        }
        rows
    }

    fn turn(&mut self, turn: usize) -> Sample {
        let one = &mut self.contenders[turn];
        thread::sleep(self.idle);
        let times = self.stretch.map_or(1, |stretch| {
            let once = one.run().max(Duration::from_nanos(1));
            u32::try_from(stretch.as_nanos() / once.as_nanos())
                .map_or(TIMES_MAX, |times| times.clamp(1, TIMES_MAX))
        });
        let before = one.share();
        let begin = Instant::now();
        let time = one.run_times(times) / times;
        let wall = begin.elapsed();
        thread::sleep(one.settle);
        let share = before.and_then(|before| Some(one.share()?.since(before)));
        Sample {
            time,
            counts: share.is_none_or(|share| share.waited <= wall / PART_WAITED),
            busy: share.map(|share| share.busy.as_secs_f64() / wall.as_secs_f64()),
        }
    }

    /// The rounds of the regime, near or far, in which more samples count.
    fn one_regime(&self, samples: &[Vec<Sample>], pings: &[Option<Duration>]) -> Vec<usize> {
        let of = |near: bool| -> Vec<usize> {
            let rounds = 0..pings.len();
            rounds
                .filter(|round| pings[*round].is_some_and(|ping| ping < NEAR) == near)
                .collect()
        };
        let counted = |rounds: &[usize]| {
            let all = samples
                .iter()
                .flat_map(|one| rounds.iter().map(|round| one[*round]));
            all.filter(|one| one.counts).count()
        };
        let (near, far) = (of(true), of(false));
        if far.is_empty() || (!near.is_empty() && counted(&near) >= counted(&far)) {
            near
        } else {
            far
        }
    }

    fn row(
        &self,
        one: &Contender<'_>,
        workers: usize,
        samples: &[Sample],
        ours: Option<&[Sample]>,
        rounds: &[usize],
        ping: Option<Spread>,
    ) -> Row {
        let counted: Vec<usize> = rounds
            .iter()
            .copied()
            .filter(|round| samples[*round].counts)
            .collect();
        let used = if counted.is_empty() { rounds } else { &counted };
        let paired = |ours: &[Sample]| {
            let both = used.iter().filter(|round| ours[**round].counts);
            let both: Vec<_> = both.copied().collect();
            let both = if both.is_empty() { used } else { &both };
            let ratio = |round: &usize| {
                samples[*round].time.as_secs_f64() / ours[*round].time.as_secs_f64()
            };
            Spread::of(both.iter().map(ratio).collect()).median
        };
        let busy: Option<Vec<f64>> = used.iter().map(|round| samples[*round].busy).collect();
        Row {
            case: self.case.clone(),
            workers,
            side: one.name.clone(),
            figure: Spread::of(
                used.iter()
                    .map(|round| nanos(samples[*round].time, self.parts))
                    .collect(),
            ),
            ratio: ours.map(paired),
            counted: counted.len(),
            samples: samples.len(),
            busy: busy.map(|busy| Spread::of(busy).median),
            ping,
        }
    }
}

/// Sets each row's ratio to ours of the same case, where ours is not nothing.
pub(crate) fn relate_to_ours(rows: &mut [Row]) {
    let ours = |case: &str| {
        rows.iter()
            .find(|row| row.side == OURS && row.case == case)
            .map(|row| row.figure.median)
    };
    let ratios: Vec<_> = rows
        .iter()
        .map(|row| Some(row.figure.median / ours(&row.case)?).filter(|ratio| ratio.is_finite()))
        .collect();
    for (row, ratio) in rows.iter_mut().zip(ratios) {
        row.ratio = ratio;
    }
}

#[cfg(test)]
mod tests {
    use core::cell::RefCell;

    use super::*;

    fn told(name: &str, workers: usize, nanos: u64) -> Contender<'static> {
        Contender::timed(name, workers, move || Duration::from_nanos(nanos))
    }

    #[test]
    fn what_is_done_by_hand_is_compared_with_each_number_of_workers() {
        let contenders = vec![
            told("by hand", 0, 50),
            told(OURS, 1, 100),
            told(OURS, 2, 25),
        ];
        let rows = Contest::new("", 10, contenders).hold(3);
        let told: Vec<_> = rows
            .iter()
            .map(|row| {
                (
                    row.workers,
                    &row.side[..],
                    row.figure.median.round(),
                    row.ratio,
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                (1, "by hand", 5.0, Some(0.5)),
                (1, OURS, 10.0, Some(1.0)),
                (2, "by hand", 5.0, Some(2.0)),
                (2, OURS, 3.0, Some(1.0))
            ]
        );
        assert!(
            rows.iter()
                .all(|row| row.ping.is_none() || row.workers == 2)
        );
    }

    #[test]
    fn a_stretch_counts_all_but_its_first() {
        let mut runs = 0;
        let run = || {
            runs += 1;
            Duration::from_micros(if runs == 1 { 200 } else { runs })
        };
        let contest = Contest::new("", 1, vec![Contender::timed(OURS, 1, run)]);
        let sample = contest.stretch(Duration::from_micros(600)).turn(0);
        // The second to the fourth.
        assert_eq!(sample.time, Duration::from_micros(3));
    }

    #[test]
    fn contenders_take_turns() {
        let log = RefCell::new(Vec::new());
        let contender = |name: &'static str| {
            let log = &log;
            Contender::new(name, 1, move || log.borrow_mut().push(name))
        };
        Contest::new("", 1, vec![contender("a"), contender("b")]).hold(2);
        assert_eq!(log.borrow()[..4], ["a", "b", "b", "a"]);
    }
}
