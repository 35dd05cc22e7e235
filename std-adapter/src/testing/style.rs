//! How a seed treats the workers.

use super::dice::Dice;

/// What is drawn once for each seed. Different seeds are wild in different ways, since what needs calm to go wrong is not
/// seen where everything goes wrong at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    /// Out of 256, how often the same strand goes on.
    pub(crate) stay: usize,
    /// One step in so many ends a park for no reason.
    pub(crate) early: usize,
    /// One unpark in so many comes late.
    pub(crate) late: usize,
    /// One step in so many holds the strand that was to go on.
    pub(crate) stall: usize,
    /// One start of a substitute in so many is refused.
    pub(crate) refuse: usize,
    /// One step in so many moves the clock: never none, since a task that waits looks at the clock while others spin.
    pub(crate) tick: usize,
    /// Workers are at different distances.
    pub(crate) distant: bool,
    /// What workers do between two choices.
    pub(crate) pace: Pace,
}

/// What a worker does between two choices.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    /// One task.
    Step,
    /// All that it finds, until a task pauses or it parks.
    Run,
    /// One task at a time at first, then all.
    Mixed,
}

/// Steps that an unpark may come late.
pub(crate) const LATE_MAX: usize = 100;

/// The clock moves by less than 2 to the power of so many nanoseconds at a time: by 16 milliseconds.
pub(crate) const TICK_BITS: usize = 24;

/// Steps that a strand may be held.
pub(crate) const STALL_MAX: usize = 300;

impl Style {
    pub(crate) fn drawn(dice: &mut Dice) -> Self {
        Self {
            stay: dice.of_these([0, 128, 240]),
            early: dice.of_these([0, 0, 64, 8]),
            late: dice.of_these([0, 0, 16, 2]),
            stall: dice.of_these([0, 0, 200, 20]),
            refuse: dice.of_these([0, 0, 2, 1]),
            tick: dice.of_these([4, 64]),
            distant: dice.one_in(2),
            pace: dice.of_these([Pace::Step, Pace::Run, Pace::Mixed]),
        }
    }
}
