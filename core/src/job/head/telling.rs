//! Whom a job tells of its end.

use core::task::Waker;

use super::{DETACHED, DONE, Head, LINKED, PHASE};
use crate::cancellation::{Cancelled, Subscription};
use crate::platform::WorkerId;
use crate::sync::Ordering;

impl Head {
    /// The handle is gone. `true`: the job was done, the result is the caller's to drop.
    #[inline]
    pub(crate) fn detach(&self) -> bool {
        // Ordering: Acquire, with the Release of `close`: whoever drops the result sees it.
        let state = self.state.fetch_or(DETACHED, Ordering::Acquire);
        if state & LINKED != 0 {
            self.forget_waker();
        }
        state & PHASE == DONE
    }

    fn forget_waker(&self) {
        let mut links = self.links.lock();
        let waker = links.as_mut().and_then(|links| links.waker.take());
        drop(links);
        drop(waker);
    }

    /// Has `guest` unparked at the end. `false`: it has come already.
    pub(crate) fn wake_at_end(&self, guest: WorkerId) -> bool {
        let Some(mut links) = self.open() else {
            return false;
        };
        let guests = &mut links.get_or_insert_default().guests;
        if !guests.contains(&guest) {
            guests.push(guest);
        }
        true
    }

    /// Has `guest` left alone at the end.
    pub(crate) fn forget_waiter(&self, guest: WorkerId) {
        if let Some(links) = self.links.lock().as_mut() {
            links.guests.retain(|waiter| *waiter != guest);
        }
    }

    /// Keeps the job's place on a token's list.
    pub(in crate::job) fn tie(&self, subscription: Subscription) {
        if let Some(mut links) = self.open() {
            links.get_or_insert_default().ties.push(subscription);
            return;
        }
        drop(subscription);
    }

    /// The verdict on a token that the job is under.
    pub(crate) fn verdict(&self) -> Option<Cancelled> {
        let links = self.links.lock();
        let ties = &links.as_ref()?.ties;
        ties.iter().find_map(Subscription::verdict)
    }

    /// Has the task of another runtime woken at the end, in the place of the one before. `false`: the end
    /// has come already.
    pub(in crate::job) fn set_waker(&self, waker: &Waker) -> bool {
        let waker = waker.clone();
        let Some(mut links) = self.open() else {
            return false;
        };
        let before = links.get_or_insert_default().waker.replace(waker);
        drop(links);
        drop(before);
        true
    }
}
