//! From a token that is cancelled to all that is under it.

use alloc::string::String;
use alloc::vec::Vec;

use super::node::Node;
use super::subscribers::Subscriber;
use crate::future::{cancel_run, cancel_task};
use crate::job;
use crate::sync::{Arc, Weak};

/// What was taken off the lists, and is to be told.
#[derive(Default)]
struct Rest {
    /// Told first: what ends work.
    work: Vec<(Subscriber, Option<Arc<str>>)>,
    /// Told last, since they are others' code.
    wakers: Vec<core::task::Waker>,
}

/// Cancels a token, if it is of this generation, and what is under it. `false`: it was cancelled already, or reset.
pub(super) fn spread(node: &Node, generation: Option<u64>, reason: Option<&Arc<str>>) -> bool {
    let mut rest = Rest::default();
    let mut below: Vec<(Weak<Node>, u64)> = Vec::new();
    let mut collect = |below: &mut Vec<_>, subscriber| match subscriber {
        Subscriber::Child(child, generation) => below.push((child, generation)),
        Subscriber::Waker(waker) => rest.wakers.push(waker),
        work => rest.work.push((work, reason.cloned())),
    };
    if !node.cancel(generation, reason, |one| collect(&mut below, one)) {
        return false;
    }
    while let Some((child, generation)) = below.pop() {
        if let Some(child) = child.upgrade() {
            child.cancel(Some(generation), reason, |one| {
                collect(&mut below, one);
            });
        }
    }
    rest.tell();
    true
}

impl Rest {
    fn tell(&mut self) {
        while let Some((subscriber, reason)) = self.work.pop() {
            let reason = reason.map(|reason| String::from(&*reason));
            match subscriber {
                Subscriber::Run(run) => {
                    cancel_run(&run, reason);
                }
                Subscriber::Task(run, task) => {
                    cancel_task(&run, task, reason);
                }
                Subscriber::Job(spawned) => {
                    job::cancel(&spawned, reason);
                }
                Subscriber::Group(group) => {
                    if let Some(group) = group.upgrade() {
                        group.cancel(reason);
                    }
                }
                Subscriber::Waker(_) | Subscriber::Child(..) => {}
            }
        }
        while let Some(waker) = self.wakers.pop() {
            waker.wake();
        }
    }
}

impl Drop for Rest {
    /// Unwind: a waker has panicked. The others are told all the same.
    fn drop(&mut self) {
        self.tell();
    }
}
