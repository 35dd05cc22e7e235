//! A worker's place in a pool, as a host drives it.
//!
//! ```text
//!            sit (granted, or taken back)              nothing ready
//!   asleep ───────────────────────────────► working ───────────────────► asleep
//!     ▲                                        │
//!     │ the guest leaves                       │ its task waits, and a substitute sits down
//!     └── lent to a guest ◄── claimed ◄─ asleep▼
//!                                            left (the thread ends after its task)
//! ```

use alloc::string::String;
use core::fmt;

use crate::platform::WorkerId;
use crate::protocol::deque::DequeOwner;
use crate::sync::Weak;

/// What the caller of [`Seat::step`] learns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A task was run, or some other progress was made. Step again soon.
    Ran,
    /// Nothing is ready. Step again after the next [`unpark`](crate::Platform::unpark) of this worker,
    /// or any time.
    Idle,
    /// The executor is gone, or this seat was given to another thread: drop the seat.
    Closed,
}

/// The right to work as one worker of an executor. The host runs it, on a thread of its own or step by
/// step.
pub struct Seat {
    pool: Weak<dyn SeatPool>,
    state: SeatState,
}

/// What a seat keeps from one turn to the next.
#[derive(Debug)]
pub(crate) struct SeatState {
    pub(crate) worker: WorkerId,
    /// The worker's queue, while the seat is not asleep.
    pub(crate) deque: Option<DequeOwner>,
    /// Counted among the searchers.
    pub(crate) searching: bool,
    /// Given to a substitute.
    pub(crate) left: bool,
    pub(crate) tenure: Tenure,
}

/// How a thread came to a seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tenure {
    /// It is the worker's, for as long as it keeps it.
    Own,
    /// A worker that sleeps lends it, for the time of a wait.
    Lent,
    /// It was made for a wait, and is nobody's.
    Spare,
}

impl SeatState {
    /// The state of a seat that nobody has taken up.
    pub(crate) fn asleep(worker: WorkerId) -> Self {
        Self {
            worker,
            deque: None,
            searching: false,
            left: false,
            tenure: Tenure::Own,
        }
    }
}

/// A pool as its seats see it.
pub(crate) trait SeatPool: Send + Sync {
    /// Works until nothing is ready or `fuel` tasks were run.
    fn turn(&self, state: &mut SeatState, fuel: u32) -> Step;

    /// Parks until the seat may be taken up again. `false`: the pool is closed.
    fn sleep(&self, worker: WorkerId) -> bool;

    /// What the executor's builder was told.
    fn config(&self) -> &SeatConfig;
}

/// Hints for the host.
#[derive(Clone, Debug, Default)]
pub(crate) struct SeatConfig {
    pub(crate) name: Option<String>,
    pub(crate) stack_size_bytes: Option<usize>,
}

impl Seat {
    pub(crate) fn new(pool: Weak<dyn SeatPool>, worker: WorkerId) -> Self {
        Self {
            pool,
            state: SeatState::asleep(worker),
        }
    }

    /// Which worker this is the seat of.
    #[must_use]
    pub fn worker(&self) -> WorkerId {
        self.state.worker
    }

    /// The name that the executor's builder was given, for the host's thread.
    #[must_use]
    pub fn name(&self) -> Option<String> {
        self.pool.upgrade()?.config().name.clone()
    }

    /// The stack that the executor's builder asked for, for the host's thread.
    #[must_use]
    pub fn stack_size_bytes(&self) -> Option<usize> {
        self.pool.upgrade()?.config().stack_size_bytes
    }

    /// Works until the executor is closed, parking whenever nothing is ready. Returns early when a task
    /// waited and its seat was given to a substitute.
    pub fn run(mut self) {
        let Some(pool) = self.pool.upgrade() else {
            return;
        };
        loop {
            match pool.turn(&mut self.state, u32::MAX) {
                Step::Ran => {}
                Step::Idle => {
                    if !pool.sleep(self.state.worker) {
                        return;
                    }
                }
                Step::Closed => return,
            }
        }
    }

    /// Runs one task, if one is ready. Never parks.
    pub fn step(&mut self) -> Step {
        let Some(pool) = self.pool.upgrade() else {
            return Step::Closed;
        };
        pool.turn(&mut self.state, 1)
    }
}

impl fmt::Debug for Seat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Seat").field(&self.state.worker).finish()
    }
}
