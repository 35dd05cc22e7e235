//! Fork and join by hand: two closures, of which the second is run by whoever comes first.
//!
//! ```text
//!   join(a, b):  b onto the list ──► a() ──► b off the list ──► b()                  nobody was hungry
//!                     │                          │
//!                     │ a worker is hungry       └── it was handed out ── claim ──► b()
//!                     ▼                                                     │ taken
//!                the oldest of the list is queued                           └──► wait, take parts of it over
//! ```
//!
//! See [`strand`] for the list.

use core::fmt;

use crate::executor::Executor;
use crate::platform::{Local, Platform};
use crate::runtime::Runtime;

mod job;
mod second;
mod strand;

use second::Second;
use strand::Fate;
pub(crate) use strand::Strand;

/// Where a closure can fork; from [`Executor::fork`] or [`Runtime::fork`], and handed on to both closures of a
/// [`join`](Self::join).
///
/// It belongs to the thread that calls the closure:
///
/// ```compile_fail,E0277
/// fn sent<T: Send>() {}
/// sent::<taskflow_core::Fork<'static>>();
/// ```
#[derive(Clone, Copy)]
pub struct Fork<'s> {
    strand: &'s Strand,
}

impl<'s> Fork<'s> {
    fn on(strand: &'s Strand) -> Self {
        Self { strand }
    }

    pub(crate) fn strand(self) -> &'s Strand {
        self.strand
    }

    /// Calls both, maybe at the same time, and gives what they gave. `a` is called by the caller, at once. `b` is
    /// called by the caller afterwards, unless a worker that had nothing else to do has taken it. Both may borrow,
    /// and fork in turn, to any depth that the stack allows.
    ///
    /// About 3 ns more than two calls where nobody takes `b`; then nothing is allocated. While the caller waits for who took
    /// `b`, it runs parts of `b` and nothing else. Both may ask whether the task that they are part of was told
    /// to stop ([`Executor::checkpoint`]); a join itself begins and ends as usual then.
    ///
    /// # Panics
    ///
    /// If one of them does, with the same payload; with that of `a` if both do. When `a` panics, `b` is not begun any more; if it
    /// has begun it runs to its end before the panic goes on.
    ///
    /// # Examples
    ///
    /// ```
    /// use taskflow_core::{Executor, Fork, Manual};
    ///
    /// fn sum(fork: Fork<'_>, numbers: &[u64]) -> u64 {
    ///     if numbers.len() < 8 {
    ///         return numbers.iter().sum();
    ///     }
    ///     let (left, right) = numbers.split_at(numbers.len() / 2);
    ///     let (left, right) = fork.join(|fork| sum(fork, left), |fork| sum(fork, right));
    ///     left + right
    /// }
    ///
    /// let numbers: Vec<u64> = (0..1000).collect();
    /// let executor = Executor::<Manual>::new(2);
    /// assert_eq!(executor.fork(|fork| sum(fork, &numbers)), 499_500);
    /// ```
    #[inline]
    pub fn join<A, B, RA, RB>(self, a: A, b: B) -> (RA, RB)
    where
        A: FnOnce(Fork<'_>) -> RA,
        B: FnOnce(Fork<'_>) -> RB + Send,
        RB: Send,
    {
        if self.strand.is_calm() {
            return (a(self), b(self));
        }
        self.join_openly(a, b)
    }

    /// Lets others take `b`.
    #[cold]
    #[inline(never)]
    fn join_openly<A, B, RA, RB>(self, a: A, b: B) -> (RA, RB)
    where
        A: FnOnce(Fork<'_>) -> RA,
        B: FnOnce(Fork<'_>) -> RB + Send,
        RB: Send,
    {
        let second = Second::new(b);
        let link = second.link();
        let strand = self.strand;
        let before = strand.push(link);
        let abandoned = Abandoned {
            strand,
            second: &second,
            before,
        };
        strand.look();
        let ra = a(self);
        core::mem::forget(abandoned);
        match strand.pop(link, before) {
            None | Some(Fate::Back) => {
                // SAFETY: nobody else has it.
                let b = unsafe { second.take() };
                (ra, b(self))
            }
            Some(Fate::Done) => {
                // SAFETY: whoever called the closure has left the value, and is done with it.
                let rb = unsafe { second.value() };
                (ra, rb)
            }
            Some(Fate::Panicked(panic)) => strand.throw(panic),
        }
    }
}

/// Ends a join whose first closure has panicked.
struct Abandoned<'j, B: FnOnce(Fork<'_>) -> R, R> {
    strand: &'j Strand,
    second: &'j Second<B, R>,
    before: core::ptr::NonNull<second::Link>,
}

impl<B: FnOnce(Fork<'_>) -> R, R> Drop for Abandoned<'_, B, R> {
    #[cold]
    fn drop(&mut self) {
        match self.strand.pop(self.second.link(), self.before) {
            None | Some(Fate::Back) => {
                // SAFETY: nobody else has it.
                drop(unsafe { self.second.take() });
            }
            Some(Fate::Done) => {
                // SAFETY: whoever called the closure has left the value, and is done with it.
                drop(unsafe { self.second.value() });
            }
            Some(Fate::Panicked(panic)) => drop(panic),
        }
    }
}

impl<P: Platform> Executor<P> {
    /// Calls `body` with what it can [fork](Fork::join) with. The calling thread does its part: as the task that it
    /// runs, or on the seat of a worker that sleeps; without one, if there is none.
    ///
    /// # Panics
    ///
    /// If `body` does.
    ///
    /// # Examples
    ///
    /// See [`Fork::join`].
    pub fn fork<R>(&self, body: impl FnOnce(Fork<'_>) -> R) -> R {
        match self.forking() {
            Some(fork) => body(fork),
            None => self.pool().fork(body),
        }
    }

    /// Calls both, maybe at the same time: as [`Fork::join`], for closures that fork by this method, if at all. It is
    /// a few nanoseconds dearer, since it asks the host's thread-local record who calls; where the host has
    /// none, each call counts as one from outside of tasks.
    ///
    /// # Panics
    ///
    /// As there.
    ///
    /// # Examples
    ///
    /// ```
    /// use taskflow_core::{Executor, Manual};
    ///
    /// let executor = Executor::<Manual>::new(2);
    /// let mut words = vec!["join", "and", "fork"];
    /// let count = words.len();
    /// let ((), twice) = executor.join(|| words.sort_unstable(), || 2 * count);
    /// assert_eq!((words[0], twice), ("and", 6));
    /// ```
    #[inline]
    pub fn join<A, B, RA, RB>(&self, a: A, b: B) -> (RA, RB)
    where
        A: FnOnce() -> RA,
        B: FnOnce() -> RB + Send,
        RB: Send,
    {
        match self.forking() {
            Some(fork) => fork.join(|_| a(), |_| b()),
            None => self.pool().fork(|fork| fork.join(|_| a(), |_| b())),
        }
    }

    #[inline]
    fn forking(&self) -> Option<Fork<'_>> {
        forking(self.platform(), self.pool().identity())
    }
}

/// What the code on the calling thread's stack forks on already, in the executor with this identity. To be used in the
/// present call.
#[inline]
pub(crate) fn forking<P: Platform>(platform: &P, identity: *const ()) -> Option<Fork<'_>> {
    let mut strand = None;
    platform.local(&mut |local: &Local| strand = local.strand_of(identity));
    // SAFETY: it was entered below the present call on this thread's stack.
    strand.map(|strand| Fork::on(unsafe { strand.as_ref() }))
}

impl Runtime<'_> {
    /// As [`Executor::fork`], in this task.
    ///
    /// # Panics
    ///
    /// If `body` does.
    pub fn fork<R>(&self, body: impl FnOnce(Fork<'_>) -> R) -> R {
        let (mut body, mut result) = (Some(body), None);
        self.host().fork(&mut |fork| {
            result = body.take().map(|body| body(fork));
        });
        result.expect("the body was called and did not unwind")
    }
}

impl fmt::Debug for Fork<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fork").finish_non_exhaustive()
    }
}
