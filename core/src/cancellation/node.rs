//! What all clones of a token share.

use super::subscribers::{Place, Subscriber, Subscribers};
use super::{Cancelled, spreading};
use crate::group::Group;
use crate::mutant::mutant;
use crate::sync::{Arc, AtomicBool, Mutex, Ordering};

/// See the module above.
pub(crate) struct Node {
    /// Written under the lock.
    cancelled: AtomicBool,
    /// The token above.
    parent: Option<Arc<Node>>,
    state: Mutex<State>,
}

/// What the lock guards.
#[derive(Default)]
struct State {
    generation: u64,
    cancels: u64,
    reason: Option<Arc<str>>,
    subscribers: Subscribers,
    /// Where this token is on the list of the one above.
    place: Option<Place>,
}

impl Node {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            cancelled: AtomicBool::new(false),
            parent: None,
            state: Mutex::new(State::default()),
        })
    }

    /// A token below this one.
    pub(super) fn below(parent: &Arc<Self>) -> Arc<Self> {
        let node = Arc::new(Self {
            cancelled: AtomicBool::new(false),
            parent: Some(Arc::clone(parent)),
            state: Mutex::new(State::default()),
        });
        let verdict = Self::attach(&node, parent, &mut node.state.lock());
        if let Some(Cancelled { reason }) = verdict {
            spreading::spread(&node, None, reason.as_ref());
        }
        node
    }

    #[inline]
    pub(super) fn is_cancelled(&self) -> bool {
        // Ordering: Acquire, with the Release of `cancel`: whoever sees the cancel sees what came before it.
        self.cancelled.load(mutant!(
            "token_check_no_acquire",
            Ordering::Relaxed,
            Ordering::Acquire
        ))
    }

    /// Why it was cancelled.
    #[cold]
    pub(super) fn verdict(&self) -> Cancelled {
        Cancelled::new(self.state.lock().reason.clone())
    }

    pub(super) fn generation(&self) -> u64 {
        self.state.lock().generation
    }

    pub(super) fn cancels(&self) -> u64 {
        self.state.lock().cancels
    }

    /// How often it was cancelled before what it is, or is not, now.
    pub(super) fn cancels_before(&self) -> u64 {
        let state = self.state.lock();
        // Ordering: Relaxed; written under the lock.
        state.cancels - u64::from(self.cancelled.load(Ordering::Relaxed))
    }

    /// Sets the flag, and hands the subscribers to `tell`. `false`: it was set, or another `generation` is meant.
    pub(super) fn cancel(
        &self,
        generation: Option<u64>,
        reason: Option<&Arc<str>>,
        tell: impl FnMut(Subscriber),
    ) -> bool {
        let mut state = self.state.lock();
        let outdated = generation.is_some_and(|generation| generation != state.generation)
            && !mutant!("token_any_generation");
        // Ordering: Relaxed; written under the lock.
        if outdated || self.cancelled.load(Ordering::Relaxed) {
            return false;
        }
        state.cancels += 1;
        state.reason = reason.cloned();
        // Ordering: Release, with the Acquire of `is_cancelled`.
        let order = mutant!(
            "token_cancel_no_release",
            Ordering::Relaxed,
            Ordering::Release
        );
        // Ordering: see above.
        self.cancelled.store(true, order);
        state.subscribers.take(tell);
        true
    }

    /// See [`CancellationToken::subscribe`](super::CancellationToken::subscribe).
    pub(super) fn subscribe(
        this: &Arc<Self>,
        subscriber: Subscriber,
    ) -> Result<Subscription, Cancelled> {
        let mut state = this.state.lock();
        // Ordering: Relaxed; written under the lock.
        if this.cancelled.load(Ordering::Relaxed) && !mutant!("token_subscribe_blindly") {
            let verdict = Cancelled::new(state.reason.clone());
            drop(state);
            drop(subscriber);
            return Err(verdict);
        }
        let place = state.subscribers.add(subscriber);
        drop(state);
        Ok(Subscription {
            node: Arc::clone(this),
            place,
        })
    }

    /// See [`CancellationToken::subscribe_group`](super::CancellationToken::subscribe_group).
    pub(super) fn subscribe_group(
        this: &Arc<Self>,
        group: &Arc<Group>,
    ) -> (Subscription, Option<Cancelled>) {
        let mut state = this.state.lock();
        // Ordering: Relaxed; written under the lock.
        let cancelled = this.cancelled.load(Ordering::Relaxed);
        let verdict = cancelled.then(|| Cancelled::new(state.reason.clone()));
        let place = state
            .subscribers
            .add(Subscriber::Group(Arc::downgrade(group)));
        drop(state);
        let node = Arc::clone(this);
        (Subscription { node, place }, verdict)
    }

    /// See [`CancellationToken::reset`](super::CancellationToken::reset).
    pub(super) fn reset(this: &Arc<Self>) {
        let mut state = this.state.lock();
        state.generation += 1;
        state.reason = None;
        let generation = state.generation;
        // Ordering: Relaxed; what was before the reset is nothing that a task under the token may rely on.
        this.cancelled.store(false, Ordering::Relaxed);
        let verdict = this
            .parent
            .as_ref()
            .and_then(|parent| Self::attach(this, parent, &mut state));
        drop(state);
        if let Some(Cancelled { reason }) = verdict {
            spreading::spread(this, Some(generation), reason.as_ref());
        }
    }

    /// Puts this token, whose lock is held, on the list of the one above as of its present generation. Gives the verdict on that
    /// one, if it is cancelled.
    fn attach(this: &Arc<Self>, parent: &Self, state: &mut State) -> Option<Cancelled> {
        let entry = Subscriber::Child(Arc::downgrade(this), state.generation);
        let mut above = parent.state.lock();
        let before = state.place.take();
        let before = before.and_then(|place| above.subscribers.remove(place));
        // Ordering: Relaxed; written under the lock.
        let verdict = if parent.cancelled.load(Ordering::Relaxed) {
            Some(Cancelled::new(above.reason.clone()))
        } else {
            state.place = Some(above.subscribers.add(entry));
            None
        };
        drop(above);
        // A weak reference to this token.
        drop(before);
        verdict
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let mut place = self.state.lock().place.take();
        let mut parent = self.parent.take();
        // Not by recursion: a chain of tokens may be long, and this the last of all of them.
        while let Some(above) = parent.take() {
            if let Some(place) = place.take() {
                let entry = above.state.lock().subscribers.remove(place);
                drop(entry);
            }
            if let Some(mut above) = Arc::into_inner(above) {
                place = above.state.lock().place.take();
                parent = above.parent.take();
            }
        }
    }
}

/// A subscriber's place on a token's list, which it leaves when this is dropped. Dropping it drops the subscriber, if the token
/// has not taken it.
pub(crate) struct Subscription {
    node: Arc<Node>,
    place: Place,
}

impl Subscription {
    /// Puts another waker in the place of the one that is there. `false`: it was taken, the token was cancelled.
    pub(super) fn renew(&self, subscriber: Subscriber) -> bool {
        let mut state = self.node.state.lock();
        let replaced = state.subscribers.replace(self.place, subscriber);
        drop(state);
        // Either of the two is dropped here, without the lock.
        replaced.is_ok()
    }

    /// The verdict on the token, if it is cancelled.
    pub(crate) fn verdict(&self) -> Option<Cancelled> {
        self.node.is_cancelled().then(|| self.node.verdict())
    }

    /// The same, or the verdict that is on its way to the token from one above. O(depth).
    pub(crate) fn coming(&self) -> Option<Cancelled> {
        let mut node = Some(&self.node);
        while let Some(here) = node {
            if here.is_cancelled() {
                return Some(here.verdict());
            }
            node = here.parent.as_ref();
        }
        None
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let subscriber = self.node.state.lock().subscribers.remove(self.place);
        drop(subscriber);
    }
}

impl core::fmt::Debug for Subscription {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_tuple("Subscription").field(&self.place).finish()
    }
}
