//! Whom a job tells of its end.

use core::task::Waker;

use super::Head;
use crate::cancellation::{Cancelled, Subscription};
use crate::platform::WorkerId;

impl Head {
    /// The handle is gone. `true`: the job was done, the result is the caller's to drop.
    pub(crate) fn detach(&self) -> bool {
        let mut links = self.links.lock();
        links.detached = true;
        let waker = links.waker.take();
        let done = links.host.is_none();
        drop(links);
        drop(waker);
        done
    }

    /// Has `guest` unparked at the end. `false`: it has come already.
    pub(crate) fn wake_at_end(&self, guest: WorkerId) -> bool {
        let mut links = self.links.lock();
        let pending = links.host.is_some();
        if pending && !links.guests.contains(&guest) {
            links.guests.push(guest);
        }
        pending
    }

    /// Has `guest` left alone at the end.
    pub(crate) fn forget_waiter(&self, guest: WorkerId) {
        self.links.lock().guests.retain(|waiter| *waiter != guest);
    }

    /// Keeps the job's place on a token's list.
    pub(in crate::job) fn tie(&self, subscription: Subscription) {
        let mut links = self.links.lock();
        if links.host.is_some() {
            links.ties.push(subscription);
            return;
        }
        drop(links);
        drop(subscription);
    }

    /// The verdict on a token that the job is under.
    pub(crate) fn verdict(&self) -> Option<Cancelled> {
        let links = self.links.lock();
        links.ties.iter().find_map(Subscription::verdict)
    }

    /// Has the task of another runtime woken at the end, in the place of the one before. `false`: the end
    /// has come already.
    pub(in crate::job) fn set_waker(&self, waker: &Waker) -> bool {
        let waker = waker.clone();
        let mut links = self.links.lock();
        let pending = links.host.is_some();
        let before = if pending {
            links.waker.replace(waker)
        } else {
            Some(waker)
        };
        drop(links);
        drop(before);
        pending
    }
}
