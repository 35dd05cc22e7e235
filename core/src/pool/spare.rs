//! Spare seats: where tasks that wait run what they need when all seats are taken.
//!
//! ```text
//!   a task waits ──► helps ──► gives its seat to a substitute ──► parks ──► done
//!                                                  ▲                │ patience is over
//!                                                  │                ▼
//!                                                  │        does anybody sleep? ── yes ──► helps on that seat ──┐
//!                                                  │                │ no                                        │
//!                                                  │                ▼                                           │
//!                                                  │   frees the queues that stand still (see `patience`)       │
//!                                                  │                │ nothing moves at all                      │
//!                                                  │                ▼                                           │
//!                                                  │   helps on a spare seat, and ends it                       │
//!                                                  └────────────────┴───────────────────────────────────────────┘
//! ```
//!
//! **Why they are needed.** A task that waits may hold something that its library knows nothing of, such as a lock. If
//! every worker has come to want that, no seat gets free before the wait is over; and if what the wait needs is ready
//! by then, nobody is left to run it but the task that waits. It has given its seat away, so it gets another. The same
//! with a host that has no substitutes and tasks of two executors that wait across both: each keeps a seat that the
//! other one's work needs.
//!
//! **What they are not.** No worker sleeps on one, nobody is woken for one, and only a task that waits ever sits on
//! one, with its isolation: it runs what the wait needs and nothing else. So what runs beyond the number of workers
//! runs in the name of a task that gave its seat away and goes on beside its substitute. Each more that there is
//! at a time takes twice the patience, lest a pool that is only busy grows.
//!
//! **What is made ready on one** lies in its own queues, from which everybody steals: they are listed as long as
//! they are in use, and looked at before sleep like all others. A spare seat that ends leaves what is left in its queues to
//! the injector. A task's wait that ends nested in another's gives its spare seat back first, as it does with a lent one.
//!
//! With one worker the seat is not the only one from the first wait on that blocks: see
//! [`sharing`](crate::protocol::sharing). A task of another executor gets a spare seat of such a pool only while a task
//! of it waits too, since nobody can tell the worker, who may be in the middle of a task, that it is not alone any more.

use core::time::Duration;

use super::{Pool, Queues};
use crate::platform::{Platform, WorkerId};
use crate::protocol::backlog::Chain;
use crate::protocol::deque::DequeOwner;
use crate::seat::{SeatState, Tenure};
use crate::sync::Arc;
use crate::wait::Target;
use crate::worker::Worker;

/// A spare seat as others see it.
#[derive(Clone)]
pub(crate) struct Spare {
    /// Whose task sits there.
    pub(crate) worker: WorkerId,
    pub(crate) queues: Arc<Queues>,
}

impl<P: Platform> Pool<P> {
    /// Helps the target on a spare seat, in the name of a worker. Allocates the seat's queues.
    pub(super) fn help_on_spare(
        &self,
        worker: WorkerId,
        target: Target<'_>,
        deadline: Option<Duration>,
    ) {
        let (queues, deque) = Queues::new();
        let queues = Arc::new(queues);
        self.spares.add(Spare {
            worker,
            queues: Arc::clone(&queues),
        });
        let state = SeatState {
            tenure: Tenure::Spare,
            ..SeatState::asleep(worker)
        };
        self.help_as(
            &Worker::with_queues(self, &queues, &state, deque),
            None,
            target,
            deadline,
        );
    }

    /// Ends a spare seat.
    pub(crate) fn end_spare(&self, queues: &Queues, deque: &DequeOwner) {
        let mut left = None;
        // (After a panic of the host there may be something that nobody has seen.)
        deque.publish();
        while let Some(task) = deque.take_oldest() {
            Chain::grow(&mut left, task, &*self.directory);
        }
        self.leave_to_others(left, queues);
        let is_it = |seat: &Spare| core::ptr::eq(Arc::as_ptr(&seat.queues), queues);
        drop(self.spares.remove(is_it));
    }

    /// Puts a chain, and the backlog of a seat, into the injector. `false`: there was nothing.
    pub(super) fn leave_to_others(&self, chain: Option<Chain>, queues: &Queues) -> bool {
        let links = &*self.directory;
        let mut any = chain.is_some();
        for part in queues.backlog.take_all(links).into_iter().flatten() {
            part.put_back(&self.injector, links);
            any = true;
        }
        if let Some(chain) = chain {
            self.injector.push(chain, links);
        }
        if any {
            // Whoever looked while it was in hand saw nothing.
            self.wake_helpers();
        }
        any
    }
}
