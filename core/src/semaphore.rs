//! Semaphores: how many tasks at a time may be between an acquisition and a release, with no worker
//! blocked meanwhile.
//!
//! ```text
//!   started ──► acquire, one after another ──► all had ──► body ──► release ──► ended
//!                  │        ▲                                          │
//!                  │ none   │ handed a unit: queued again              │ a unit for the first in line
//!                  ▼        │                                          ▼
//!               waiting ────┴◄──────────────────────────────────────────
//!                  │
//!                  └── the run is stopped, or nobody is left who could release: skipped
//! ```
//!
//! Units are taken in the order of the semaphores' numbers, so that tasks which acquire several cannot wait
//! for one another in a circle. Who holds what, and who waits, is the [arbiter](arbiter)'s.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::error::SemaphoreLabel;
use crate::sync::{Arc, Mutex, StaticMutex};

pub(crate) mod arbiter;
mod handing;
pub(crate) mod inheriting;
mod standing;
mod units;

use units::Units;

/// The number of the semaphore that was made last.
static LAST: StaticMutex<u64> = StaticMutex::new(0);

/// A number of units that tasks acquire before they run and release when they have ended:
/// [`TaskHandle::acquire`](crate::TaskHandle::acquire), [`TaskHandle::release`](crate::TaskHandle::release).
///
/// A task that does not get a unit waits without holding a worker. Whoever came first is first; a release
/// goes to one waiting task. Cloning gives another handle of the same semaphore, which any number of flows
/// and executors may share.
///
/// What a run has acquired and not released is given back when it ends (that of a nested graph, when that
/// ends), so it keeps no other run waiting. Tasks that wait for what nobody can release any more are skipped,
/// and in that round what comes after them too. (Not seen are circles that close over a blocking wait inside
/// a task, or over uses of a module that take turns.)
///
/// An operation takes a lock of the whole process, and O(log n) for n waiting tasks.
///
/// # Examples
///
/// Two at a time:
///
/// ```
/// use taskflow_core::{Executor, Manual, Semaphore, Taskflow};
///
/// let seats = Semaphore::new(2).name("seats");
/// let flow = Taskflow::new();
/// for _ in 0..10 {
///     flow.emplace(|| {}).acquire(&seats).release(&seats);
/// }
/// let stats = Executor::<Manual>::new(4).run_and_wait(&flow)?;
/// assert_eq!((stats.tasks, seats.count()), (10, 2));
/// # Ok::<(), taskflow_core::RunError>(())
/// ```
///
/// A section of several tasks that one run at a time may be in:
///
/// ```
/// use taskflow_core::{Executor, Manual, Semaphore, Taskflow};
///
/// let lock = Semaphore::new(1);
/// let flow = Taskflow::new();
/// for _ in 0..3 {
///     let enter = flow.emplace(|| {}).acquire(&lock);
///     let leave = flow.emplace(|| {}).release(&lock);
///     enter.precede(leave);
/// }
/// assert_eq!(Executor::<Manual>::new(2).run_and_wait(&flow)?.tasks, 6);
/// # Ok::<(), taskflow_core::RunError>(())
/// ```
#[derive(Clone)]
pub struct Semaphore {
    shared: Arc<Shared>,
}

struct Shared {
    id: u64,
    max: usize,
    name: Mutex<Option<Box<str>>>,
    units: Mutex<Units>,
}

impl Semaphore {
    /// A semaphore of `max` units, all of them there.
    ///
    /// # Panics
    ///
    /// If `max` is zero.
    #[must_use]
    pub fn new(max: usize) -> Self {
        Self::with_count(max, max)
    }

    /// A semaphore of `max` units, `initial` of them there; the others come with releases that nobody
    /// acquired for.
    ///
    /// # Panics
    ///
    /// If `max` is zero or less than `initial`.
    ///
    /// # Examples
    ///
    /// ```
    /// use taskflow_core::{Executor, Manual, Semaphore, Taskflow};
    ///
    /// let signal = Semaphore::with_count(1, 0);
    /// let flow = Taskflow::new();
    /// flow.emplace(|| {}).acquire(&signal);
    /// flow.emplace(|| {}).release(&signal);
    /// assert_eq!(Executor::<Manual>::new(1).run_and_wait(&flow)?.tasks, 2);
    /// # Ok::<(), taskflow_core::RunError>(())
    /// ```
    #[must_use]
    pub fn with_count(max: usize, initial: usize) -> Self {
        assert!(max > 0, "nobody could acquire a semaphore of no units");
        assert!(
            initial <= max,
            "a semaphore of {max} units cannot have {initial}; give a larger `max`"
        );
        let mut last = LAST.lock();
        *last += 1;
        let id = *last;
        drop(last);
        Self {
            shared: Arc::new(Shared {
                id,
                max,
                name: Mutex::new(None),
                units: Mutex::new(Units::of(initial)),
            }),
        }
    }

    /// Names the semaphore, for people: errors show it. All handles of it have the name.
    #[must_use]
    pub fn name<'n>(self, name: impl Into<Cow<'n, str>>) -> Self {
        let name: Box<str> = name.into().into();
        let before = self.shared.name.lock().replace(name);
        drop(before);
        self
    }

    /// The name, or the empty text.
    #[must_use]
    pub fn label(&self) -> String {
        let name = self.shared.name.lock();
        name.as_deref().map(String::from).unwrap_or_default()
    }

    /// The units that are there now. They may be gone when this returns.
    #[must_use]
    pub fn count(&self) -> usize {
        self.shared.units.lock().count
    }

    /// All units, those that tasks hold included.
    #[must_use]
    pub fn max(&self) -> usize {
        self.shared.max
    }

    pub(crate) fn id(&self) -> u64 {
        self.shared.id
    }

    /// As errors speak of it.
    pub(crate) fn as_label(&self) -> SemaphoreLabel {
        SemaphoreLabel {
            id: self.shared.id,
            name: self.shared.name.lock().clone(),
        }
    }
}

impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Semaphore")
            .field("id", &self.shared.id)
            .field("count", &self.count())
            .field("max", &self.shared.max)
            .finish_non_exhaustive()
    }
}

/// Units of a semaphore.
#[derive(Clone, Debug)]
pub(crate) struct Need {
    pub(crate) semaphore: Semaphore,
    pub(crate) units: usize,
}

/// What a task acquires and releases, each by the numbers of the semaphores.
#[derive(Clone, Debug, Default)]
pub(crate) struct Needs {
    pub(crate) acquire: Arc<Vec<Need>>,
    pub(crate) release: Vec<Need>,
}

/// Adds a unit of a semaphore.
pub(crate) fn add(needs: &mut Vec<Need>, semaphore: &Semaphore) {
    match needs.binary_search_by_key(&semaphore.id(), |need| need.semaphore.id()) {
        Ok(place) => needs[place].units += 1,
        Err(place) => needs.insert(
            place,
            Need {
                semaphore: semaphore.clone(),
                units: 1,
            },
        ),
    }
}

mod sealed {
    pub trait Sealed {}
}
use sealed::Sealed;

/// One semaphore or several: a [`Semaphore`], a reference to one, an array, a slice or a `Vec` of them. One
/// that is named twice is meant twice. No other type can be.
pub trait Semaphores: Sealed {
    /// Hands each semaphore to `visit`, in order.
    #[doc(hidden)]
    fn each(&self, visit: &mut dyn FnMut(&Semaphore));
}

impl Sealed for Semaphore {}
impl Semaphores for Semaphore {
    fn each(&self, visit: &mut dyn FnMut(&Semaphore)) {
        visit(self);
    }
}

impl<T: Semaphores + ?Sized> Sealed for &T {}
impl<T: Semaphores + ?Sized> Semaphores for &T {
    fn each(&self, visit: &mut dyn FnMut(&Semaphore)) {
        (**self).each(visit);
    }
}

impl<T: Semaphores> Sealed for [T] {}
impl<T: Semaphores> Semaphores for [T] {
    fn each(&self, visit: &mut dyn FnMut(&Semaphore)) {
        for semaphores in self {
            semaphores.each(visit);
        }
    }
}

impl<T: Semaphores, const N: usize> Sealed for [T; N] {}
impl<T: Semaphores, const N: usize> Semaphores for [T; N] {
    fn each(&self, visit: &mut dyn FnMut(&Semaphore)) {
        self.as_slice().each(visit);
    }
}

impl<T: Semaphores> Sealed for Vec<T> {}
impl<T: Semaphores> Semaphores for Vec<T> {
    fn each(&self, visit: &mut dyn FnMut(&Semaphore)) {
        self.as_slice().each(visit);
    }
}
