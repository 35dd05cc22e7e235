//! What happened in a simulation.

use core::fmt;
use core::time::Duration;

/// A thread of a simulation, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// The one that runs the body.
    Body,
    /// A worker of an executor, or a substitute of one.
    Worker(Parking),
    /// One that the body started.
    Outside,
}

/// Where a worker or a guest of an executor parks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Parking {
    pub(crate) executor: usize,
    pub(crate) id: usize,
}

/// A choice, or what came of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A strand goes on.
    Goes(usize),
    /// It is held for so many steps.
    Held(usize, usize),
    /// It parks.
    Parks(usize, Parking),
    /// Its park ends for no reason.
    EndsEarly(usize),
    /// An unpark, which comes after so many steps.
    Unpark(Parking, usize),
    /// A strand begins.
    Starts(usize, Who),
    /// A substitute is refused.
    Refused(Parking),
    /// The clock is moved.
    Clock(Duration),
}

/// What happened under a seed: all choices, in order. Two simulations of the same body under the same seed have equal
/// traces.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Trace {
    pub(crate) seed: u64,
    pub(crate) workers: usize,
    pub(crate) steps: u64,
    pub(crate) events: Vec<Event>,
}

/// Events that a failure shows.
const TAIL: usize = 30;

impl Trace {
    /// The seed.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// How many workers the executor had.
    #[must_use]
    pub fn workers(&self) -> usize {
        self.workers
    }

    /// How many times a worker or the body went on.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.steps
    }
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trace")
            .field("seed", &self.seed)
            .field("workers", &self.workers)
            .field("steps", &self.steps)
            .finish_non_exhaustive()
    }
}

/// The seed, the number of workers, and the last events.
impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "seed {}, {} workers, {} steps; at last:",
            self.seed, self.workers, self.steps
        )?;
        let begin = self.events.len().saturating_sub(TAIL);
        for event in &self.events[begin..] {
            writeln!(f, "  {event}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Goes(strand) => write!(f, "strand {strand} goes on"),
            Self::Held(strand, steps) => write!(f, "strand {strand} is held for {steps} steps"),
            Self::Parks(strand, parking) => write!(f, "strand {strand} parks as {parking}"),
            Self::EndsEarly(strand) => write!(f, "the park of strand {strand} ends early"),
            Self::Unpark(parking, 0) => write!(f, "{parking} is unparked"),
            Self::Unpark(parking, late) => write!(f, "{parking} is unparked in {late} steps"),
            Self::Starts(strand, who) => write!(f, "strand {strand} begins: {who}"),
            Self::Refused(parking) => write!(f, "no substitute for {parking}"),
            Self::Clock(now) => write!(f, "it is {now:?}"),
        }
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Body => f.write_str("the body"),
            Self::Worker(parking) => write!(f, "a worker at {parking}"),
            Self::Outside => f.write_str("an outside thread"),
        }
    }
}

impl fmt::Display for Parking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "place {} of executor {}", self.id, self.executor)
    }
}
