//! What one thread has begun to fork and not joined yet.
//!
//! The second closures lie in a list from the oldest to the newest, and their owner alone reads and writes it. When the
//! counts of who sleeps and searches have changed since the last look, and somebody is hungry, the owner *hands out*
//! the oldest, mostly the largest piece: it is queued as a job. So those that were handed out are the oldest ones:
//!
//! ```text
//!   base ◄─ handed out ◄─ handed out ◄─ own ◄─ own        (a join begins and ends on the right)
//!                             ▲                  ▲
//!                           shared            newest
//! ```
//!
//! The list is kept short: with [`ENOUGH`] own ones on it, and unchanged counts, the strand is *calm*, and a join is two calls behind
//! one comparison. The oldest are what somebody would want; when one of them is gone the next join fills up. What was joined
//! calmly in between cannot be had, but it is at most about as much as was done since.
//!
//! No more are handed out than could be taken at once. A join whose second was handed out claims the job,
//! if nobody has, and runs the closure itself. Otherwise it waits, and meanwhile *wishes*: the one who runs the job
//! hands out the oldest of its own strand, and the waiter takes that. It is a part of what is waited for, so nothing
//! unrelated gets on the waiter's stack.

use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::ptr::NonNull;

use super::Fork;
use super::job::ForkJob;
use super::second::Link;
use crate::flow::Flow;
use crate::group::Group;
use crate::host::Host;
use crate::job::{Claimed, End, Job, JoinError, conclude, queue};
use crate::mutant::mutant;
use crate::panic::Panic;
use crate::protocol::idle::Idle;
use crate::suspension::Hold;
use crate::sync::{Arc, AtomicBool, AtomicU32, Mutex, Ordering, erase, relax};
use crate::wait::{Enclosing, Target};

/// Looks of a waiter before it gives its seat away.
const LINGER: u32 = if cfg!(taskflow_loom) { 0 } else { 4000 };
/// Looks between two in which it looks for what it could do itself.
const LOOKS: u32 = 32;
/// So often in a row may what was handed out be taken back before that is seen as a sign.
const TRIES: u32 = 4;
/// Then so many joins, as a power of two, are begun before the next look, at most.
const PAUSE_MAX: u32 = 6;
/// No word of [`Idle`]: look at the next join.
const SOON: u32 = u32::MAX;
/// So many own closures on the list are enough.
const ENOUGH: u32 = 4;

/// See the module's documentation.
///
/// # Invariants
///
/// 1. Between `enter` and its end, `host` and `idle` are those of `enter`, and `newest` and `shared` are links of joins
///    that have not ended, on the stack of the one thread that uses the strand; or the base.
pub(crate) struct Strand {
    /// The counts at which the strand is calm, or `SOON`.
    calm: AtomicU32,
    /// The counts at the last look, or `SOON`.
    seen: Cell<u32>,
    /// How many are on the list and were not handed out.
    own: Cell<u32>,
    idle: Cell<NonNull<Idle>>,
    newest: Cell<NonNull<Link>>,
    shared: Cell<NonNull<Link>>,
    base: Link,
    host: Cell<Option<NonNull<dyn Host>>>,
    /// The jobs of what was handed out.
    given: RefCell<Vec<Arc<ForkJob>>>,
    /// What those are part of, known once something was handed out.
    part: RefCell<Option<Part>>,
    /// How often in a row what was handed out was taken back.
    vain: Cell<u32>,
    /// So many joins are not worth a look.
    pause: Cell<u32>,
    /// The caller has a seat, as far as it knows.
    seated: Cell<bool>,
    wish: Wish,
}

/// Between who runs a job and who waits for it.
#[derive(Default)]
struct Wish {
    is: AtomicBool,
    /// What was handed out last.
    offer: Mutex<Option<Arc<ForkJob>>>,
}

/// What is handed out is part of this.
struct Part {
    group: Option<Arc<Group>>,
    /// Lets the stop of the task's run reach the group.
    held: Option<(Arc<Flow>, usize)>,
}

impl Drop for Part {
    fn drop(&mut self) {
        if let Some((flow, place)) = self.held.take() {
            flow.let_go(place);
        }
    }
}

/// What became of a second closure.
pub(super) enum Fate {
    /// It is still to be called.
    Back,
    /// Its value is there.
    Done,
    /// It panicked.
    Panicked(Panic),
}

impl Strand {
    /// One on the stack of its caller.
    pub(crate) fn new(seated: bool) -> Self {
        Self {
            calm: AtomicU32::new(SOON),
            seen: Cell::new(0),
            own: Cell::new(0),
            idle: Cell::new(NonNull::dangling()),
            newest: Cell::new(NonNull::dangling()),
            shared: Cell::new(NonNull::dangling()),
            base: Link::base(),
            host: Cell::new(None),
            given: RefCell::default(),
            part: RefCell::default(),
            vain: Cell::new(0),
            pause: Cell::new(0),
            seated: Cell::new(seated),
            wish: Wish::default(),
        }
    }

    /// That of a job in this group.
    pub(super) fn of_job(group: Option<Arc<Group>>) -> Self {
        let strand = Self::new(true);
        let held = None;
        *strand.part.borrow_mut() = Some(Part { group, held });
        strand
    }

    /// Calls `body`, which may fork on this strand.
    pub(crate) fn enter<R>(&self, host: &dyn Host, body: impl FnOnce(Fork<'_>) -> R) -> R {
        let host = NonNull::from(host);
        // SAFETY: only the lifetime changes. The pointer is used within `body` alone: a `Fork` is not handed out of it.
        let host: NonNull<dyn Host> =
            unsafe { core::mem::transmute::<NonNull<dyn Host + '_>, NonNull<dyn Host>>(host) };
        self.host.set(Some(host));
        self.idle.set(NonNull::from(self.host().idle()));
        self.newest.set(NonNull::from(&self.base));
        self.shared.set(NonNull::from(&self.base));
        body(Fork::on(self))
    }

    /// Which executor it is of.
    pub(crate) fn identity(&self) -> *const () {
        self.host().identity()
    }

    /// Goes on with the panic of a second closure.
    #[cold]
    pub(super) fn throw(&self, panic: Panic) -> ! {
        self.host().throw(panic)
    }

    fn host(&self) -> &dyn Host {
        let host = self.host.get().expect("the strand was entered");
        // SAFETY: invariant 1.
        unsafe { host.as_ref() }
    }

    /// Begins a join. Gives the link of the one that it is within.
    pub(super) fn push(&self, link: NonNull<Link>) -> NonNull<Link> {
        let before = self.newest.get();
        // SAFETY: invariant 1.
        unsafe { before.as_ref() }.set_next(link);
        self.newest.set(link);
        self.own.set(self.own.get() + 1);
        before
    }

    /// Whether nobody would want the second closure of a join.
    #[inline]
    pub(super) fn is_calm(&self) -> bool {
        // SAFETY: invariant 1; whoever has a `Fork` is in the body of `enter`.
        let word = unsafe { self.idle.get().as_ref() }.word();
        // Ordering: Relaxed; a hint.
        word == self.calm.load(Ordering::Relaxed)
    }

    /// Looks whether somebody is hungry, if anything has changed since the last time.
    pub(super) fn look(&self) {
        let word = self.host().idle().word();
        // Ordering: Relaxed; a hint.
        let pause = self.pause.get();
        if pause > 0 {
            self.pause.set(pause - 1);
            self.seen.set(if pause == 1 { SOON } else { word });
        }
        // Ordering: Relaxed; a hint.
        if pause == 0 && word != self.seen.get() || self.wish.is.load(Ordering::Relaxed) {
            self.look_closely(word);
        }
        if self.own.get() >= ENOUGH {
            // Ordering: Relaxed; a hint. (A wish that comes before this is wished again.)
            self.calm.store(self.seen.get(), Ordering::Relaxed);
        }
    }

    /// Ends a join. `None`: the second closure was never handed out, and is the caller's.
    pub(super) fn pop(&self, link: NonNull<Link>, before: NonNull<Link>) -> Option<Fate> {
        if self.shared.get() == link {
            return Some(self.settle(before));
        }
        self.newest.set(before);
        self.one_less();
        None
    }

    fn one_less(&self) {
        self.own.set(self.own.get() - 1);
        // Ordering: Relaxed; a hint.
        self.calm.store(SOON, Ordering::Relaxed);
    }

    fn look_closely(&self, word: u32) {
        self.seen.set(word);
        let waits = |job: &&Arc<ForkJob>| job.head().is_queued();
        let waiting = self.given.borrow().iter().rev().take_while(waits).count();
        // Ordering: Relaxed; a hint.
        let wished = waiting == 0 && self.wish.is.load(Ordering::Relaxed);
        if Idle::hungry_of(word) >= self.needed() + waiting || wished {
            self.hand_out();
            // (Somebody was woken for this.)
            self.seen.set(self.host().idle().word());
        }
    }

    /// How many must be hungry for one to be free for this strand: its own thread needs a seat as well.
    fn needed(&self) -> usize {
        let host = self.host();
        let mut seated = self.seated.get();
        host.with_seated(&mut |worker| {
            if let Some(worker) = worker.filter(|worker| worker.pool() == host.identity()) {
                seated = worker.has_seat();
            }
        });
        if seated { 1 } else { 2 }
    }

    /// Queues the oldest of those that were not handed out; there is one.
    fn hand_out(&self) {
        // SAFETY: invariant 1.
        let link = unsafe { self.shared.get().as_ref() }.next();
        let host = self.host().keep();
        let group = self.part();
        if let Some(group) = &group {
            group.admit();
        }
        // SAFETY: the closure was given to `Fork::join`. (1) `settle` is called before that ends. (2) Of jobs.
        let job = Arc::new(unsafe { ForkJob::new(&host, group, link) });
        self.shared.set(link);
        self.one_less();
        self.given.borrow_mut().push(Arc::clone(&job));
        host.run_submitted();
        let before = self.wish.offer.lock().replace(Arc::clone(&job));
        drop(before);
        host.make_ready(erase!(job => dyn Job));
    }

    /// The group of what is handed out; none outside of tasks.
    fn part(&self) -> Option<Arc<Group>> {
        if let Some(part) = &*self.part.borrow() {
            return part.group.clone();
        }
        let (mut enclosing, mut holders) = (Enclosing::Nothing, Vec::new());
        self.host().with_seated(&mut |worker| {
            if let Some(worker) = worker {
                enclosing = worker.enclosing();
                worker.add_holders(&mut holders);
            }
        });
        let part = match enclosing {
            Enclosing::Nothing if holders.is_empty() => Part {
                group: None,
                held: None,
            },
            Enclosing::Nothing => Part {
                group: Some(Group::new(holders)),
                held: None,
            },
            Enclosing::Group(outer) => Part {
                group: Some(Group::within(holders, Some(outer))),
                held: None,
            },
            Enclosing::Task(flow, task) => {
                let group = Group::new(holders);
                let place = flow.hold(task, Hold::Group(Arc::clone(&group)));
                Part {
                    group: Some(group),
                    held: Some((flow, place)),
                }
            }
        };
        let group = part.group.clone();
        *self.part.borrow_mut() = Some(part);
        group
    }

    /// Ends a join whose second closure, the newest, was handed out.
    fn settle(&self, before: NonNull<Link>) -> Fate {
        let job = self.given.borrow_mut().pop();
        let job = job.expect("there is a job for each that was handed out");
        self.newest.set(before);
        self.shared.set(before);
        if mutant!("fork_takes_back_always") || job.head().claim() {
            let vain = self.vain.get() + 1;
            self.vain.set(vain.min(TRIES + PAUSE_MAX));
            self.seen.set(SOON);
            if vain > TRIES {
                self.pause.set(1 << (vain - TRIES).min(PAUSE_MAX));
            }
            self.forget_offer();
            // Nobody waits for it or comes after it.
            // SAFETY: (1) it was claimed just now (but in a mutant, which is there to be seen).
            let claimed = unsafe { Claimed::assume(erase!(job => dyn Job)) };
            let ready = conclude(claimed, End::Well, &mut queue);
            debug_assert!(ready.is_none(), "nothing follows it");
            return Fate::Back;
        }
        self.vain.set(0);
        self.seen.set(SOON);
        if !mutant!("fork_leaves_early") {
            self.wait_for(&job);
        }
        match job.take_error() {
            None => Fate::Done,
            Some(JoinError::Panicked(panic)) => Fate::Panicked(panic),
            // It was refused a place in the queues.
            Some(_) => Fate::Back,
        }
    }

    /// So that no more memory is kept than was given away.
    fn forget_offer(&self) {
        let offer = self.wish.offer.lock().take();
        drop(offer);
    }

    /// Waits for the end of a job, and takes over parts of it meanwhile. Not even a host that panics ends that before: the job borrows.
    fn wait_for(&self, job: &Arc<ForkJob>) {
        struct UntilDone<'j>(&'j Strand, &'j Arc<ForkJob>);
        impl Drop for UntilDone<'_> {
            fn drop(&mut self) {
                let job = erase!(Arc::clone(self.1) => dyn Job);
                while !job.head().is_done() {
                    self.0.host().await_fork(&job);
                }
            }
        }
        let until_done = UntilDone(self, job);
        self.linger_for(job);
        core::mem::forget(until_done);
    }

    fn linger_for(&self, job: &Arc<ForkJob>) {
        let strand = job.strand();
        for look in 0..=LINGER {
            if job.head().is_done() {
                return;
            }
            if look % LOOKS == 0 {
                if let Some(part) = strand.take_offer() {
                    strand.wish(false);
                    self.host().help(Target::Job(&erase!(part => dyn Job)));
                }
                strand.wish(true);
            }
            relax();
        }
        strand.wish(false);
        let job = erase!(Arc::clone(job) => dyn Job);
        self.host().await_fork(&job);
    }

    /// Whether somebody waits for the end of this strand's job, and would take a part.
    fn wish(&self, is: bool) {
        // Ordering: Relaxed; a hint.
        self.wish.is.store(is, Ordering::Relaxed);
        if is {
            // Ordering: Relaxed; a hint.
            self.calm.store(SOON, Ordering::Relaxed);
        }
    }

    /// A job that this strand has handed out, and that nobody has begun.
    fn take_offer(&self) -> Option<Arc<ForkJob>> {
        let offer = self.wish.offer.lock().take()?;
        offer.head().is_queued().then_some(offer)
    }
}
