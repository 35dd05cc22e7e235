//! How long a task that waits leaves its wait to others, and what it does then.
//!
//! What a wait needs may be hidden: in the queue of a worker that is busy for long, or that waits for the waiting task
//! in a way that the library knows nothing of. While a worker sleeps there is no such thing, since a sleeper has seen that all
//! queues were empty, and is woken by whoever fills one. Otherwise nobody comes to tell. So a task's wait is
//! patient for a while, and then *looks*: it compares the queues with what it saw the last time.
//!
//! | what it sees | what it does |
//! |---|---|
//! | a queue stands still, with tasks in it | frees them: puts them into the injector, for whoever comes first |
//! | all stand still, nobody took from the injector or the policy, and it has no seat | helps on a [spare](super::spare) seat |
//! | anything else | nothing: whoever moves gets to what is needed |
//!
//! Whoever moves comes past the injector at the end of each slice, so what was freed is not waited for in vain.
//!
//! Patience is doubled each time, from [`PATIENCE_MIN`] to [`PATIENCE_MAX`]. So a hidden task is found after at most about as
//! long a time again as it was hidden for, a short wait looks at nothing, and a long one twice a second. Nobody who does not
//! wait, and no outsider who does, is ever woken by a clock.

use alloc::vec::Vec;
use core::time::Duration;

use super::{DEQUE_LEN, Pool, Queues};
use crate::mutant::mutant;
use crate::platform::{Platform, WorkerId};
use crate::protocol::backlog::Chain;
use crate::protocol::deque::{STEAL_MAX, Stolen};
use crate::sync::Ordering;
use crate::wait::{Seated, Target};

/// Before the first look.
const PATIENCE_MIN: Duration = Duration::from_millis(1);
/// Between looks, at most.
const PATIENCE_MAX: Duration = Duration::from_millis(512);

/// Parks that may return early before patience is over all the same: a host's clock may stand still while its only thread
/// waits.
const EARLY_MAX: u32 = 64;

/// The patience of one wait.
#[derive(Debug)]
pub(super) struct Patience {
    length: Duration,
    since: Duration,
    early: u32,
    seen: Option<Look>,
}

/// What the queues of a pool look like.
#[derive(Debug, PartialEq)]
struct Look {
    /// The ends of each seat's deque.
    ends: Vec<(usize, usize)>,
    /// How often the injector was taken from.
    taken: usize,
    /// How often the policy, if there is one, gave something.
    pops: usize,
}

impl Patience {
    pub(super) fn from(now: Duration) -> Self {
        Self {
            length: PATIENCE_MIN,
            since: now,
            early: 0,
            seen: None,
        }
    }

    /// How long to park, if there is so much time left.
    pub(super) fn park(&self, left: Option<Duration>) -> Duration {
        left.map_or(self.length, |left| left.min(self.length))
    }

    /// To be asked before each park.
    pub(super) fn is_over(&mut self, now: Duration) -> bool {
        self.early += 1;
        now.saturating_sub(self.since) >= self.length || self.early > EARLY_MAX
    }

    fn renew(&mut self, now: Duration, length: Duration, seen: Option<Look>) {
        *self = Self {
            length: length.min(PATIENCE_MAX),
            since: now,
            early: 0,
            seen,
        };
    }
}

impl<P: Platform> Pool<P> {
    /// Does what patience that is over calls for. `true`: there is something to help with, or the wait is over.
    pub(super) fn look_about(
        &self,
        patience: &mut Patience,
        seated: &dyn Seated,
        target: Target<'_>,
        deadline: Option<Duration>,
    ) -> bool {
        let own = seated.pool() == self.identity();
        let joins = !own && self.has_one_worker();
        if joins && !self.sharing.join() {
            patience.renew(self.platform.now(), patience.length, None);
            return false;
        }
        let has_seat = own && seated.has_seat();
        let look = self.look();
        let seen = patience.seen.take();
        let freed = seen.as_ref().is_some_and(|seen| self.free(seen, &look));
        let length = if freed {
            PATIENCE_MIN
        } else {
            patience.length.saturating_mul(2)
        };
        let still = seen.is_some_and(|seen| seen == look) && !freed;
        if still
            && !has_seat
            && patience.length >= self.patience_for_spare()
            && !mutant!("patience_no_spare")
        {
            let workers = self.slots.len();
            // A task of another executor is nobody's here.
            let worker = WorkerId::new(seated.worker().index() % workers);
            self.help_on_spare(worker, target, deadline);
        }
        let look = self.look();
        if joins {
            self.sharing.end();
        }
        patience.renew(self.platform.now(), length, Some(look));
        freed && has_seat || target.is_done()
    }

    /// Call after taking what the injector held, to run it.
    pub(crate) fn taken_from_injector(&self) {
        // Ordering: Relaxed; compared only.
        self.taken.fetch_add(1, Ordering::Relaxed);
    }

    fn patience_for_spare(&self) -> Duration {
        let doublings = u32::try_from(self.spares.count()).unwrap_or(u32::MAX);
        let factor = 2_u32.saturating_pow(doublings);
        PATIENCE_MIN.saturating_mul(factor).min(PATIENCE_MAX)
    }

    fn look(&self) -> Look {
        let mut ends = Vec::with_capacity(self.slots.len());
        ends.extend(self.slots.iter().map(|slot| slot.queues.deque.ends()));
        while let Some(spare) = self.spares.nth(ends.len() - self.slots.len()) {
            ends.push(spare.queues.deque.ends());
        }
        // Ordering: Relaxed; compared only.
        let taken = self.taken.load(Ordering::Relaxed);
        let pops = self.pops();
        Look { ends, taken, pops }
    }

    /// Frees the queues that stand still. `false`: there is nothing in them.
    fn free(&self, before: &Look, now: &Look) -> bool {
        let mut any = false;
        for (place, ends) in before.ends.iter().enumerate() {
            if now.ends.get(place) != Some(ends) || mutant!("patience_frees_nothing") {
                continue;
            }
            any |= match place.checked_sub(self.slots.len()) {
                None => self.empty(&self.slots[place].queues),
                Some(place) => self
                    .spares
                    .nth(place)
                    .is_some_and(|spare| self.empty(&spare.queues)),
            };
        }
        any
    }

    /// Moves all ready tasks of a seat to the injector, as a thief. `false`: there were none.
    fn empty(&self, queues: &Queues) -> bool {
        let mut chain = None;
        let mut loot = [0; STEAL_MAX];
        // (Its worker may have begun to fill it again.)
        for _ in 0..DEQUE_LEN {
            match queues.deque.steal_half(&mut loot) {
                Stolen::Some(count) => {
                    for task in &loot[..count] {
                        Chain::grow(&mut chain, *task, &*self.directory);
                    }
                }
                Stolen::Empty => break,
                Stolen::Contended => core::hint::spin_loop(),
            }
        }
        self.leave_to_others(chain, queues)
    }
}
