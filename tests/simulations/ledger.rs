//! What ran, against what was to run.

use core::task::Waker;
use std::sync::{Mutex, MutexGuard, PoisonError};

use taskflow_std::testing::Moment;

/// Steps that a task may stay ready while a worker idles and nothing starts.
const READY_STEPS_MAX: u64 = 10_000;

/// The books of one flow: its units, which of them go before which, and how often each ran. A wrong entry is noted, and fails
/// the simulation at its next step.
#[derive(Debug)]
pub(crate) struct Ledger(Mutex<Books>);

#[derive(Debug, Default)]
struct Books {
    units: Vec<Unit>,
    /// Units whose predecessors have all ended, and which have not begun.
    ready: usize,
    starts: u64,
    /// Nothing may start any more.
    stopped: bool,
    /// What is to be rung.
    bells: Vec<Waker>,
    /// The first wrong entry.
    wrong: Option<String>,
    /// For how many steps which number of starts has not changed.
    unchanged: (u64, u64),
}

#[derive(Debug, Default)]
struct Unit {
    kind: &'static str,
    before: Vec<usize>,
    after: Vec<usize>,
    begun: usize,
    ended: usize,
    /// Parts that are still to run.
    parts: usize,
    /// Ready is not all it needs: it may wait for a semaphore.
    waits: bool,
}

impl Ledger {
    /// The books of units that come after those listed for each.
    pub(crate) fn of(before: &[Vec<usize>]) -> Self {
        let mut units: Vec<Unit> = before.iter().map(|_| Unit::default()).collect();
        for (at, before) in before.iter().enumerate() {
            units[at].before.clone_from(before);
            for from in before {
                units[*from].after.push(at);
            }
        }
        Self(Mutex::new(Books {
            units,
            ..Books::default()
        }))
    }

    /// What a unit is.
    pub(crate) fn enter(&self, at: usize, kind: &'static str) {
        self.books().units[at].kind = kind;
    }

    /// A unit may have to wait although it is ready.
    pub(crate) fn waits(&self, at: usize) {
        self.books().units[at].waits = true;
    }

    /// A unit begins, which has so many parts.
    pub(crate) fn begin(&self, at: usize, parts: usize) {
        let mut books = self.books();
        books.may_start(at);
        let unit = &books.units[at];
        let round = unit.begun + 1;
        let again = unit.begun != unit.ended;
        let early = unit
            .before
            .iter()
            .any(|from| books.units[*from].ended != round);
        let ahead = books.units.iter().any(|unit| unit.ended + 1 < round);
        books.note(again, at, "began again before it had ended");
        books.note(early, at, "began before a predecessor had ended");
        books.note(ahead, at, "began while the round before went on");
        if !books.units[at].before.is_empty() && !books.units[at].waits {
            books.ready = books.ready.saturating_sub(1);
        }
        books.units[at].begun = round;
        books.units[at].parts = parts;
    }

    /// Something of a unit that has begun begins.
    pub(crate) fn go_on(&self, at: usize) {
        self.books().may_start(at);
    }

    /// A part of a unit has ended.
    pub(crate) fn part(&self, at: usize) {
        let mut books = self.books();
        let parts = books.units[at].parts;
        books.note(parts == 0, at, "ran more parts than it has");
        books.units[at].parts = parts.saturating_sub(1);
        if parts != 1 {
            return;
        }
        books.units[at].ended += 1;
        let round = books.units[at].ended;
        for after in books.units[at].after.clone() {
            let unit = &books.units[after];
            let ready = unit
                .before
                .iter()
                .all(|from| books.units[*from].ended == round);
            if ready && !unit.waits {
                books.ready += 1;
            }
        }
    }

    /// The parts of a unit that are still to run.
    pub(crate) fn parts(&self, at: usize) -> usize {
        self.books().units[at].parts
    }

    /// From here on nothing starts.
    pub(crate) fn stop(&self) {
        self.books().stopped = true;
    }

    /// A run is over, in the middle perhaps: the next one begins the books anew.
    pub(crate) fn begin_anew(&self) {
        let mut books = self.books();
        (books.stopped, books.ready) = (false, 0);
        for unit in &mut books.units {
            (unit.begun, unit.ended, unit.parts) = (0, 0, 0);
        }
    }

    /// Keeps what wakes a future.
    pub(crate) fn hang_bell(&self, waker: &Waker) {
        self.books().bells.push(waker.clone());
    }

    /// Wakes all futures that wait.
    pub(crate) fn ring(&self) {
        let bells = core::mem::take(&mut self.books().bells);
        bells.into_iter().for_each(Waker::wake);
    }

    /// Notes what is wrong with a unit.
    pub(crate) fn note(&self, is_wrong: bool, at: usize, what: &str) {
        self.books().note(is_wrong, at, what);
    }

    /// Fails unless each unit ran this often.
    #[track_caller]
    pub(crate) fn assert_ran(&self, rounds: usize) {
        for (at, unit) in self.books().units.iter().enumerate() {
            assert_eq!((unit.begun, unit.ended), (rounds, rounds), "unit {at}");
        }
    }

    /// Fails if something is wrong at this moment.
    pub(crate) fn audit(&self, moment: &Moment) {
        let mut books = self.books();
        if let Some(wrong) = books.wrong.take() {
            drop(books);
            panic!("{wrong}");
        }
        let waiting = books.ready > 0 && moment.idle > 0 && !books.stopped;
        let (starts, steps) = books.unchanged;
        books.unchanged = match waiting && starts == books.starts {
            true => (starts, steps + 1),
            false => (books.starts, 0),
        };
        let (ready, idle) = (books.ready, moment.idle);
        let fair = books.unchanged.1 < READY_STEPS_MAX;
        drop(books);
        assert!(fair, "{idle} workers idle and {ready} units stay ready");
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Books {
    fn may_start(&mut self, at: usize) {
        self.note(self.stopped, at, "started something after the stop");
        self.starts += 1;
    }

    fn note(&mut self, is_wrong: bool, at: usize, what: &str) {
        if is_wrong {
            let kind = self.units[at].kind;
            self.wrong
                .get_or_insert_with(|| format!("unit {at}, {kind}, {what}"));
        }
    }
}
