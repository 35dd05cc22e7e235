//! Finding a task to be run.

use core::cell::Cell;
use core::time::Duration;

use super::Worker;
use super::running::Outbox;
use crate::flow::Flow;
use crate::graph::node::Context;
use crate::platform::{Platform, WorkerId};
use crate::pool::{Late, Queues};
use crate::protocol::backlog::{Part, Taken};
use crate::protocol::deque::{DequeOwner, STEAL_MAX, Stolen};
use crate::seat::Tenure;
use crate::sync::Arc;

/// Where a turn may begin: the queue, what did not fit into it, and a row.
const TURNS: u8 = 3;

/// Tasks that a worker moves from a backlog to its queue at a time, at most.
pub(super) const REFILL: usize = 128;

/// How long a thief lets the owner of a single entry come to it first; or this many times eight pauses, by a clock that stands still.
const MOMENT: Duration = Duration::from_nanos(300);
const MOMENT_PAUSES: u32 = 4;
/// Moments between two rounds of search at most.
const MOMENTS_MAX: u32 = 16;

/// How long a round goes on before something else in the queue has its turn.
const TURN: Duration = Duration::from_micros(200);

impl<P: Platform> Worker<'_, P> {
    /// A task to be run, from wherever there is one.
    pub(super) fn find(&self) -> Option<u32> {
        if let Some(task) = self.own() {
            return Some(task);
        }
        // Nothing is left here: what was finished must be counted before this worker searches or sleeps.
        if let Some(root) = self.flush() {
            return Some(root);
        }
        // What the flush ended may have put something into this worker's own queue.
        let found = self.own().or_else(|| self.search());
        if found.is_none() {
            // The search may have finished tasks that ended without a seat.
            self.flush_and_keep();
            return self.own();
        }
        found
    }

    /// A slice is over: what came from outside goes before what this worker has in hand.
    pub(super) fn give_way(&self, met: &mut Option<u32>) {
        self.slice.set(self.pool.slice);
        self.stop_sharing();
        if self.pool.has_late() {
            // What ends now may run user code that waits for the task in hand.
            self.let_go(met);
            self.take_up_late();
        }
        if self.pool.has_alarms() {
            // A worker in a loop may be all there is. (As above.)
            self.let_go(met);
            self.pool.ring();
        }
        // (With a policy what came from outside before that goes first.)
        let is_next = self.pool.policy.is_none() || self.queues.backlog.is_empty();
        if is_next && !self.pool.injector.is_empty() {
            self.let_go(met);
            self.refill_from_injector();
        }
        self.take_turns(met);
    }

    /// Queues the task in hand, if there is one.
    pub(super) fn let_go(&self, met: &mut Option<u32>) {
        if let Some(task) = met.take() {
            self.keep(task);
        }
    }

    /// A loop, or a chain of spawned tasks, may go on for ever. So what lies in the queue of this worker, which
    /// nobody may be there to steal, has its turn after each slice; or beside a round, which ends, from time to time: a round is
    /// run depth first for the sake of the caches, and each turn begins elsewhere.
    pub(super) fn take_turns(&self, met: &mut Option<u32>) {
        let endless = self.endless.take();
        if !endless && !self.turn_is_due() {
            return;
        }
        let Some(deque) = self.deque() else {
            return;
        };
        // (With a policy the backlog holds what came before the rest, and what goes on for ever comes by the policy.)
        let rotates = self.pool.policy.is_none();
        if deque.is_empty() {
            self.refill();
            if rotates && let Some(task) = self.take_from_row() {
                self.keep_here(task);
            }
        }
        if self.deque().is_none_or(DequeOwner::is_empty) {
            return;
        }
        self.let_go(met);
        // Or the oldest, of another flow, would find a tally, be queued until that is counted, and then come behind what was let go.
        self.flush_and_keep();
        // Behind the deque is what did not fit in, and what was left in a row, and it may never be empty.
        let begin = if rotates && endless {
            self.next_turn()
        } else {
            0
        };
        *met = (begin..begin + TURNS).find_map(|turn| match turn % TURNS {
            0 => self.deque()?.take_oldest(),
            1 if rotates => self.take_oldest_of_backlog(),
            2 if rotates => self.take_from_row(),
            _ => None,
        });
    }

    /// Where a turn begins. Each seat goes round.
    fn next_turn(&self) -> u8 {
        let turn = self.deque().map(|deque| &deque.turn);
        turn.map_or(0, |turn| turn.replace((turn.get() + 1) % TURNS))
    }

    /// Whether the last turn is long past, or was a moment ago by a clock that stands still.
    fn turn_is_due(&self) -> bool {
        let now = self.pool.platform.now();
        let since = now.saturating_sub(self.turned.get());
        let is_due = since.is_zero() || since >= TURN;
        if is_due {
            self.turned.set(now);
        }
        is_due
    }

    /// Ends the tasks that ended on threads without a seat.
    pub(super) fn take_up_late(&self) {
        while let Some(late) = self.pool.take_late() {
            if let Some(next) = self.resume_late(late) {
                self.keep(next);
            }
        }
    }

    /// A task of this worker's own queue, or of its backlog.
    fn own(&self) -> Option<u32> {
        loop {
            let deque = self.deque()?;
            // (With a policy, roots and what it lent, in the order in which they came.)
            let next = match self.pool.policy {
                None => deque.take_newest(),
                Some(_) => deque.take_oldest(),
            };
            if next.is_some() {
                return next;
            }
            // Thieves may be faster than the next look at the queue.
            if self.refill() == 0 {
                return self.take_from_row().or_else(|| self.pop());
            }
        }
    }

    /// A task from what is not this worker's own. While all that it sees comes and goes without it, it is no worker that finds nothing,
    /// unless others search, too.
    fn search(&self) -> Option<u32> {
        if !self.searching.get() && !self.pool.idle.start_search() {
            return None;
        }
        self.searching.set(true);
        let (mut round, mut moments) = (0, 1);
        loop {
            let hesitated = Cell::new(false);
            while let Some(late) = self.pool.take_late() {
                if let Some(next) = self.resume_late(late) {
                    return Some(next);
                }
            }
            if self.refill_from_injector() > 0
                && let Some(task) = self.own()
            {
                return Some(task);
            }
            let found = self.first_of_victims(|victim, from| self.rob(victim, from, &hesitated));
            if found.is_some() {
                return found;
            }
            if let Some(task) = self.pop() {
                return Some(task);
            }
            if hesitated.get() {
                // It may go on like this for long, so what was finished here is counted, as after the search.
                self.pool.ring();
                self.flush_and_keep();
                if let Some(task) = self.own() {
                    return Some(task);
                }
            }
            if hesitated.get() && self.pool.idle.searchers() == 1 {
                self.hesitate(moments);
                moments = (2 * moments).min(MOMENTS_MAX);
            } else if round == self.pool.spin {
                return None;
            } else {
                round += 1;
                core::hint::spin_loop();
            }
        }
    }

    /// Waits for some moments, unless something comes from outside. Each look at a queue costs its owner a cache miss.
    fn hesitate(&self, moments: u32) {
        for _ in 0..moments {
            if self.pool.has_late() || !self.pool.injector.is_empty() {
                return;
            }
            self.wait_a_moment();
        }
    }

    fn wait_a_moment(&self) {
        let begun = self.pool.platform.now();
        for _ in 0..MOMENT_PAUSES {
            for _ in 0..8 {
                core::hint::spin_loop();
            }
            if self.pool.platform.now().saturating_sub(begun) >= MOMENT {
                return;
            }
        }
    }

    /// What `take` gives of the first of the other seats' queues that it gives something of: those of workers
    /// from the nearest on, then those of spare seats.
    pub(super) fn first_of_victims(
        &self,
        take: impl Fn(&Queues, WorkerId) -> Option<u32>,
    ) -> Option<u32> {
        let slots = &self.pool.slots;
        // The seat that a task gave away is the nearest of others' to it.
        let given_away = (self.tenure == Tenure::Spare).then_some(self.id.index());
        let victims = slots[self.id.index()].victims.from(self.next_random());
        for index in given_away.into_iter().chain(victims) {
            let found = take(&slots[index].queues, WorkerId::new(index));
            if found.is_some() {
                return found;
            }
        }
        let mut next = 0;
        while let Some(spare) = self.pool.spares.nth(next) {
            next += 1;
            if core::ptr::eq(Arc::as_ptr(&spare.queues), self.queues) {
                continue;
            }
            let found = take(&spare.queues, spare.worker);
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// A task of a victim's; others come into this worker's queue.
    fn rob(&self, victim: &Queues, from: WorkerId, hesitated: &Cell<bool>) -> Option<u32> {
        let may_hesitate = self.pool.spin > 0 && self.roams.get();
        if may_hesitate && victim.deque.is_passing(|| self.wait_a_moment()) {
            hesitated.set(true);
        } else if let Some(task) = self.steal(victim, from) {
            return Some(task);
        }
        let tasks = victim
            .backlog
            .take_newest()
            .map_or(0, |part| self.accept(part));
        if tasks > 0 && self.pool.observers.any() {
            self.tell_of_stolen(from, tasks);
        }
        if tasks > 0 { self.own() } else { None }
    }

    /// Half of a victim's tasks: one to be run, the others into this worker's queue.
    fn steal(&self, victim: &Queues, from: WorkerId) -> Option<u32> {
        let mut loot = [0; STEAL_MAX];
        loop {
            match victim.deque.steal_half(&mut loot) {
                Stolen::Empty => return None,
                Stolen::Contended => core::hint::spin_loop(),
                Stolen::Some(count) => {
                    let mut out = Outbox::default();
                    for task in &loot[1..count] {
                        self.push(&mut out, *task);
                    }
                    self.send(out);
                    if self.pool.observers.any() {
                        return self.tell_of_steal(loot[0], from, count);
                    }
                    return Some(loot[0]);
                }
            }
        }
    }

    /// Moves what did not fit into this worker's queue into it. Gives how many tasks.
    pub(super) fn refill(&self) -> usize {
        let part = self.queues.backlog.take_newest();
        part.map_or(0, |part| self.accept(part))
    }

    /// Moves what came from outside into this worker's queue. Gives how many tasks.
    pub(super) fn refill_from_injector(&self) -> usize {
        let Some(taken) = self.pool.injector.take() else {
            return 0;
        };
        self.pool.taken_from_injector();
        // Whoever came first goes first.
        self.accept_in_order(taken.reversed(&*self.pool.directory))
    }

    /// As [`accept`](Self::accept), the first first, also of those there is no room for.
    pub(super) fn accept_in_order(&self, tasks: Taken) -> usize {
        let part = if self.queues.backlog.is_empty() {
            Part::oldest_first
        } else {
            Part::newest_first
        };
        self.accept(part(tasks))
    }

    /// What came first of what did not fit into this worker's queue.
    pub(super) fn take_oldest_of_backlog(&self) -> Option<u32> {
        let links = &*self.pool.directory;
        let oldest = self.queues.backlog.take_oldest(links).and_then(|mut part| {
            let oldest = self.unlink(&mut part.tasks);
            self.queues.backlog.put_back(part, links);
            oldest
        });
        if !self.solo.get() {
            self.pool.notify();
        }
        oldest
    }

    /// Moves tasks into this worker's queue, to be run in their order, and what there is no room for into its backlog. Gives how many came
    /// into the queue.
    pub(super) fn accept(&self, mut part: Part) -> usize {
        let room = self.deque().map_or(0, DequeOwner::room_left);
        let mut tasks = [0; REFILL];
        let mut count = 0;
        while count < REFILL.min(room)
            && let Some(task) = self.unlink(&mut part.tasks)
        {
            tasks[count] = task;
            count += 1;
        }
        self.put_behind(part);
        if self.pool.policy.is_none() {
            // The newest of the queue is taken first, so the first comes last. (With a policy, it is the oldest.)
            tasks[..count].reverse();
        }
        if let Some(deque) = self.deque() {
            tasks[..count].iter().for_each(|task| deque.put(*task));
            deque.publish();
        }
        if !self.solo.get() {
            self.pool.notify();
        }
        count
    }

    /// Puts tasks into the backlog of the seat, or leaves them to others if that was given away: it may be one that has ended.
    pub(super) fn put_behind(&self, part: Part) {
        let links = &*self.pool.directory;
        if self.has_seat() {
            self.queues.backlog.put_back(part, links);
        } else {
            part.tasks.put_back(&self.pool.injector, links);
            self.pool.wake_helpers();
        }
    }

    /// The first task of a chain, its counter armed again.
    pub(super) fn unlink(&self, taken: &mut Taken) -> Option<u32> {
        let task = taken.first()?;
        // SAFETY: as in `locate`.
        let flow: &Flow = unsafe { self.pool.directory.flow(task) };
        if let Some(chunk) = flow.chunk() {
            taken.go_on(chunk.link(task));
            return Some(task);
        }
        // SAFETY: as in `locate`.
        let view = unsafe { flow.view() };
        let index = task.wrapping_sub(view.base);
        taken.go_on(view.link(index));
        view.unlinked(index);
        Some(task)
    }

    /// Ends a task whose closure has returned on a thread without a seat.
    fn resume_late(&self, late: Late) -> Option<u32> {
        let (flow, view) = self.locate(late.task);
        let Some(outcome) = late.outcome else {
            self.end_lost(flow, &view, late.task);
            return None;
        };
        if self.has_tally_of_another(flow) {
            // As in `run`.
            self.pool.finish_late(late);
            self.flush_and_keep();
            return None;
        }
        let index = late.task.wrapping_sub(view.base);
        let mut context = Context::new(self);
        context.choices = late.choices;
        let next = self.end(flow, &view, index, outcome, &mut context)?;
        Some(self.in_hand(flow, &view, next))
    }

    /// Ends the search: something was found.
    pub(super) fn found(&self) {
        if self.searching.replace(false) && self.pool.idle.stop_search() {
            self.pool.notify();
        }
    }

    pub(super) fn next_random(&self) -> u32 {
        // Xorshift (G. Marsaglia, Xorshift RNGs, Journal of Statistical Software 8(14), 2003).
        let mut x = self.random.get();
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        self.random.set(x);
        x
    }
}
