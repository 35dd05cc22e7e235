//! The end of a job, and of all that fall with it.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use super::Job;
use super::claimed::Claimed;
use super::error::{Cause, JoinError};
use super::head::{Arrival, Closed, Dependent};
use crate::error::RunError;
use crate::group::Group;
use crate::host::Host;
use crate::panic::Panic;
use crate::stats::{Failure, RunStats};
use crate::sync::Arc;

/// How a job ended.
#[derive(Debug)]
pub(crate) enum End {
    /// Its closure returned; the value is kept.
    Well,
    Panicked(Panic),
    /// It was not run.
    Cancelled(Option<String>),
    /// It was not run, since the executor's policy has lost it.
    Dropped,
    /// It was not run, since the predecessor that it named as its `index`-th did not end well.
    Lost {
        index: usize,
        cause: Cause,
    },
}

impl End {
    fn cause(&self) -> Option<Cause> {
        match self {
            Self::Well => None,
            Self::Panicked(panic) => Some(Cause::Panicked {
                message: panic.message().map(Arc::from),
            }),
            Self::Cancelled(_) => Some(Cause::Cancelled),
            Self::Dropped => Some(Cause::Lost),
            Self::Lost { cause, .. } => Some(cause.clone()),
        }
    }

    fn error(self) -> Option<JoinError> {
        match self {
            Self::Well => None,
            Self::Panicked(panic) => Some(JoinError::Panicked(panic)),
            Self::Cancelled(reason) => Some(JoinError::Cancelled { reason }),
            Self::Dropped => Some(JoinError::Lost),
            Self::Lost { index, cause } => Some(JoinError::Dependency { index, cause }),
        }
    }
}

/// Ends a claimed job, tells whoever waits for it, and ends the dependents that fall with it. Gives a job
/// that this makes ready; others are handed to `queue`. None is in hand while user code runs.
///
/// The last touch of what a job borrows comes before anybody is told.
pub(crate) fn conclude(
    job: Claimed,
    end: End,
    queue: &mut dyn FnMut(Arc<dyn Job>),
) -> Option<Arc<dyn Job>> {
    let mut falling = Vec::new();
    let mut ready = None;
    let mut next = Some((job, end));
    while let Some((job, end)) = next {
        if let Some(other) = ready.take() {
            queue(other);
        }
        let cause = end.cause();
        let ran = matches!(end, End::Well | End::Panicked(_));
        for dependent in end_one(job, end, cause.as_ref(), ran) {
            let head = dependent.job.head();
            head.note_loss(dependent.place, cause.as_ref());
            match head.arrive() {
                Arrival::Waits => {}
                Arrival::Ready(_) if ready.is_none() => ready = Some(dependent.job),
                Arrival::Ready(_) => queue(dependent.job),
                Arrival::Lost(end) => falling.push((Claimed::by_arrival(dependent.job), end)),
            }
        }
        next = falling.pop();
    }
    ready
}

/// Ends one job. Gives its dependents.
fn end_one(mut job: Claimed, end: End, cause: Option<&Cause>, ran: bool) -> Vec<Dependent> {
    let host = job.host();
    if let Some(error) = end.error() {
        if !ran {
            let named = Arc::clone(job.job());
            host.stand_in(named.head(), &mut || job.drop_closure());
        }
        // A host whose guard calls nothing still gets the closure dropped.
        job.drop_closure();
        job.fail(error);
    }
    let mut unheard = None;
    let mut discarded = false;
    let (job, closed) = loop {
        match job.end(cause, discarded) {
            Ok(ended) => break ended,
            Err(claimed) => {
                job = claimed;
                quietly(&*host, &mut || unheard = job.discard());
                discarded = true;
            }
        }
    };
    let head = job.head();
    let Closed {
        dependents,
        predecessors,
        guests,
        waker,
        ties,
    } = closed;
    drop(ties);
    if let Some(waker) = waker {
        let mut waker = Some(waker);
        quietly(&*host, &mut || {
            if let Some(waker) = waker.take() {
                waker.wake();
            }
        });
    }
    for guest in guests {
        host.unpark(guest);
    }
    drop(predecessors);
    if let Some(JoinError::Panicked(panic)) = unheard {
        panicked_unheard(&*host, head.group(), panic);
    }
    Group::leave(head, &*host, ran);
    host.run_ended();
    dependents
}

/// Gives a panic that nobody will ask for to the group, or else to the executor's panic handler.
pub(crate) fn panicked_unheard(host: &dyn Host, group: Option<&Arc<Group>>, panic: Panic) {
    if let Some(group) = group {
        return group.fail(Failure::Panicked(panic));
    }
    let error = RunError::Panicked {
        task: None,
        panic,
        stats: Box::new(RunStats::default()),
    };
    let mut error = Some(error);
    quietly(host, &mut || {
        if let Some(error) = error.take() {
            host.report(&error);
        }
    });
}

/// Calls user code of which nobody could be told a panic.
pub(crate) fn quietly(host: &dyn Host, body: &mut dyn FnMut()) {
    let mut called = host.guard(body);
    while let Err(panic) = called {
        // The payload's drop is user code too.
        let mut panic = Some(panic);
        called = host.guard(&mut || drop(panic.take()));
    }
}
