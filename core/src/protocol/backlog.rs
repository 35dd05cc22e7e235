//! Ready tasks without bound and without memory: a lock-free list threaded through the tasks.
//!
//! A worker's deque is bounded. What does not fit goes into the worker's *backlog*; what comes from
//! outside the pool goes into the *injector*, which is a backlog that belongs to nobody. The link of a
//! task lies in its [join counter](crate::protocol::join_counter), unused while the task is ready, so neither
//! allocates.
//!
//! Entries come in *chains* and leave all at once: [`Backlog::push`] puts a chain on top with a
//! compare-and-swap, [`Backlog::take`] takes everything with a swap. Nobody ever unlinks a single
//! entry, so a head that was taken and came back in the meantime (ABA) does no harm: the new chain's
//! tail links to whatever the head is at the moment of the exchange.

use crate::mutant::mutant;
use crate::protocol::join_counter::JoinCounter;
use crate::sync::{AtomicU32, Ordering, const_fn};

/// The reference that is no task.
pub const NONE: u32 = u32::MAX;

/// Where the counter of a task lies.
pub trait Links {
    /// The counter of `task`, which is ready and in the caller's hands.
    fn counter(&self, task: u32) -> &JoinCounter;
}

/// Links that every other attempt to take the oldest follows, at most.
#[cfg(feature = "alloc")]
const WALK: usize = 8;

/// No walk is longer than this power of two times [`WALK`].
#[cfg(feature = "alloc")]
const DOUBLINGS_MAX: u32 = 28;

/// A list of ready tasks that any worker may take.
#[derive(Debug)]
pub struct Backlog(AtomicU32);

/// A backlog with an owner, who may also take what came first.
///
/// A stack is the better order: what spawns in breadth would fill the memory if the oldest always came first. But on top of a stack
/// there may always be something new. So it is two lists: a stack, and the *line* of what came before all that, the oldest first. A
/// line that is empty gets an eighth of the stack, which is a walk to its end (after C. Okasaki, Purely Functional Data Structures, Cambridge 1998,
/// section 5.2, where it is the half).
///
/// A thief takes all there is, and so may who walks next, again and again; and how long a list is nobody knows. So attempt k follows no more
/// links than some times the greatest power of two that divides k, which is a universal sequence (M. Luby, A. Sinclair, D. Zuckerman, Optimal
/// Speedup of Las Vegas Algorithms, Information Processing Letters 47(4), 1993) but for the order: whatever came before, a part of n entries comes
/// after O(n) attempts, and k attempts follow O(k log k) links.
///
/// What a taker has in hand nobody sees. So who puts something back tells those who look before they sleep.
#[cfg(feature = "alloc")]
#[derive(Debug, Default)]
pub struct TwoEnded {
    stack: Backlog,
    line: Backlog,
    /// Attempts of the owner to take the oldest while none were in line.
    attempts: AtomicU32,
}

/// Linked tasks in the caller's hands.
#[derive(Clone, Copy, Debug)]
pub struct Chain {
    head: u32,
    tail: u32,
}

impl Default for Backlog {
    fn default() -> Self {
        Self::new()
    }
}

impl Backlog {
    const_fn! {
        /// A list of nothing.
        pub fn new() -> Self {
            Self(AtomicU32::new(NONE))
        }
    }

    /// Whether there is nothing. A hint: it may change at once.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        // Ordering: Relaxed; nothing is read through it. A caller that must not miss a chain (before
        // it sleeps) passes a SeqCst fence first.
        self.0.load(Ordering::Relaxed) == NONE
    }

    /// Puts a chain on top.
    ///
    /// (Loops that call this have no register left for its code.)
    #[inline(never)]
    pub fn push(&self, chain: Chain, links: &impl Links) {
        self.push_linked(chain, links.counter(chain.tail));
    }

    /// As [`push`](Self::push), where the counter of the chain's last task is at hand.
    #[inline]
    pub fn push_linked(&self, chain: Chain, last: &JoinCounter) {
        // Ordering: Relaxed; only compared and linked to, never read through.
        let mut head = self.0.load(Ordering::Relaxed);
        // Ordering: Release, with the Acquire of `take`: the links and what made the tasks ready.
        // The chains below keep their own Release: this exchange continues its release sequence.
        let publish = mutant!("backlog_push_relaxed", Ordering::Relaxed, Ordering::Release);
        loop {
            last.set_link(head);
            // Ordering: see `publish`; Relaxed on failure, as for the first load.
            match self
                .0
                .compare_exchange_weak(head, chain.head, publish, Ordering::Relaxed)
            {
                Ok(_) => return,
                Err(seen) => head = seen,
            }
        }
    }

    /// Takes all there is.
    #[must_use]
    pub fn take(&self) -> Option<Taken> {
        if self.is_empty() {
            return None;
        }
        // Ordering: Acquire, with the Release of `push` and `put_back`.
        let order = mutant!("backlog_take_relaxed", Ordering::Relaxed, Ordering::Acquire);
        // Ordering: see above.
        let head = self.0.swap(NONE, order);
        (head != NONE).then_some(Taken { next: head })
    }
}

#[cfg(feature = "alloc")]
impl TwoEnded {
    /// As [`Backlog::is_empty`].
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.stack.is_empty() && self.line.is_empty()
    }

    /// As [`Backlog::push`].
    pub fn push(&self, chain: Chain, links: &impl Links) {
        self.stack.push(chain, links);
    }

    /// As [`Backlog::push_linked`].
    #[inline]
    pub fn push_linked(&self, chain: Chain, last: &JoinCounter) {
        self.stack.push_linked(chain, last);
    }

    /// Takes all that is not in line, the newest first, or else all that is, the oldest first.
    #[must_use]
    pub fn take_newest(&self) -> Option<Part> {
        let newest = self.stack.take().map(Part::newest_first);
        newest.or_else(|| self.line.take().map(Part::oldest_first))
    }

    /// Takes all that is in line, or else what is to be. For the owner. Nothing: there is nothing, or it is too long for this attempt. (What it had
    /// in hand meanwhile is there again.)
    #[must_use]
    pub fn take_oldest(&self, links: &impl Links) -> Option<Part> {
        let oldest = self.line.take().or_else(|| {
            // Ordering: Relaxed; the owner's alone.
            let attempt = self.attempts.load(Ordering::Relaxed).wrapping_add(1);
            // Ordering: as above.
            self.attempts.store(attempt, Ordering::Relaxed);
            let most = WALK << attempt.trailing_zeros().min(DOUBLINGS_MAX);
            let mut newer = self.stack.take()?;
            let oldest = newer.part_with_last(most, links);
            newer.put_back(&self.stack, links);
            Some(oldest?.reversed(links))
        });
        oldest.map(Part::oldest_first)
    }

    /// Takes all there is, in two parts, the newest first: what is in line, and what came later.
    pub fn take_all<L: Links>(&self, links: &L) -> [Option<Taken>; 2] {
        let line = self.line.take().map(|line| line.reversed(links));
        [line, self.stack.take()]
    }

    /// Puts back what is left of a part: of this backlog, or of another if this one was empty.
    pub fn put_back(&self, left: Part, links: &impl Links) {
        let list = if left.is_old { &self.line } else { &self.stack };
        left.tasks.put_back(list, links);
    }
}

/// A part of a backlog with two ends.
#[cfg(feature = "alloc")]
#[derive(Debug)]
pub struct Part {
    /// The tasks.
    pub tasks: Taken,
    is_old: bool,
}

#[cfg(feature = "alloc")]
impl Part {
    /// One that comes before all others of its backlog, the oldest of it first.
    #[must_use]
    pub fn oldest_first(tasks: Taken) -> Self {
        let is_old = true;
        Self { tasks, is_old }
    }

    /// One that is run before all others of its backlog.
    #[must_use]
    pub fn newest_first(tasks: Taken) -> Self {
        let is_old = false;
        Self { tasks, is_old }
    }
}

impl Chain {
    /// The chain of one task.
    #[must_use]
    #[inline]
    pub fn of(task: u32) -> Self {
        Self {
            head: task,
            tail: task,
        }
    }

    /// Adds a task to what may be a chain already.
    pub fn grow(chain: &mut Option<Self>, task: u32, links: &impl Links) {
        match chain {
            Some(chain) => chain.append(task, links),
            None => *chain = Some(Self::of(task)),
        }
    }

    /// As one that comes out of a backlog.
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn taken(self, links: &impl Links) -> Taken {
        links.counter(self.tail).set_link(NONE);
        Taken { next: self.head }
    }

    /// Adds a task behind the last.
    pub fn append(&mut self, task: u32, links: &impl Links) {
        links.counter(self.tail).set_link(task);
        self.tail = task;
    }
}

/// A chain on its way out of a backlog.
#[derive(Debug)]
pub struct Taken {
    next: u32,
}

impl Taken {
    /// Unlinks the first task. Its counter holds a stale link until the caller re-arms it.
    pub fn pop(&mut self, links: &impl Links) -> Option<u32> {
        let task = self.first()?;
        self.go_on(links.counter(task));
        Some(task)
    }

    /// The first task, still linked.
    #[must_use]
    pub fn first(&self) -> Option<u32> {
        (self.next != NONE).then_some(self.next)
    }

    /// Unlinks the first task, whose counter this is; see [`pop`](Self::pop).
    pub fn go_on(&mut self, counter: &JoinCounter) {
        self.next = counter.link();
    }

    /// Turns the order round: what was pushed first comes first. O(length).
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn reversed(mut self, links: &impl Links) -> Self {
        let mut turned = NONE;
        while let Some(task) = self.pop(links) {
            links.counter(task).set_link(turned);
            turned = task;
        }
        Self { next: turned }
    }

    /// Parts with what is at the end: an eighth of it, rounded down, but one at least, and hardly more than twice as much. Gives that, or
    /// nothing if it has more than `most`.
    #[cfg(feature = "alloc")]
    fn part_with_last(&mut self, most: usize, links: &impl Links) -> Option<Self> {
        // (Each mark is an eighth behind the one before.)
        let (mut last, mut mark) = (NONE, NONE);
        let (mut seen, mut next_mark) = (0_usize, 1);
        let mut rest = Self { next: self.next };
        while let Some(task) = rest.first() {
            if seen == most {
                return None;
            }
            seen += 1;
            if seen == next_mark {
                (last, mark) = (mark, task);
                next_mark += 1 + seen / 8;
            }
            rest.go_on(links.counter(task));
        }
        if last == NONE {
            let all = core::mem::replace(&mut self.next, NONE);
            return Some(Self { next: all });
        }
        let counter = links.counter(last);
        let next = counter.link();
        if !mutant!("backlog_part_not_cut") {
            counter.set_link(NONE);
        }
        Some(Self { next })
    }

    /// Puts what is left into `backlog`, which only the caller fills and which is empty: no pass over
    /// the chain is made. Somebody else's backlog takes the chain as well, at O(length).
    pub fn put_back(mut self, backlog: &Backlog, links: &impl Links) {
        if self.next == NONE {
            return;
        }
        // Ordering: Release, with the Acquire of `take`, as in `push`.
        let publish = mutant!(
            "backlog_put_back_relaxed",
            Ordering::Relaxed,
            Ordering::Release
        );
        // Ordering: see `publish`; Relaxed on failure, nothing is read.
        let result = backlog
            .0
            .compare_exchange(NONE, self.next, publish, Ordering::Relaxed);
        if result.is_err() {
            let mut rest = Chain::of(self.next);
            self.pop(links);
            while let Some(task) = self.pop(links) {
                rest.append(task, links);
            }
            backlog.push(rest, links);
        }
    }
}
