//! A second closure that was handed out.

use core::ptr::NonNull;

use super::second::Link;
use super::strand::Strand;
use crate::group::Group;
use crate::host::Host;
use crate::job::{Head, Job, JoinError};
use crate::priority::Priority;
use crate::sync::{Arc, Mutex};

/// A job whose closure, and its value, lie on the stack of a join.
///
/// # Invariants
///
/// 1. The join does not end before it has claimed the job, or the job is done.
/// 2. Whoever claims the job has the closure. It calls it on its own thread, within the executor.
pub(super) struct ForkJob {
    head: Head,
    link: NonNull<Link>,
    /// Why there is no value.
    error: Mutex<Option<JoinError>>,
    /// What the closure forks on.
    strand: Strand,
}

// SAFETY: the link and the cells of the strand are used by whoever claimed the job alone, and what the closure and its
// value are made of is `Send`; all else is.
unsafe impl Send for ForkJob {}
// SAFETY: as above; what others than the claimer use of it (`head`, `error`, the strand's `wish`) is `Sync`.
unsafe impl Sync for ForkJob {}

impl ForkJob {
    /// # Safety
    ///
    /// `link` is of a second closure that is `Send`, and so is its value; and the invariants hold.
    pub(super) unsafe fn new(
        host: &Arc<dyn Host>,
        group: Option<Arc<Group>>,
        link: NonNull<Link>,
    ) -> Self {
        Self {
            head: Head::of_child(&**host, group.clone(), Priority::default()),
            link,
            error: Mutex::new(None),
            strand: Strand::of_job(group),
        }
    }

    pub(super) fn strand(&self) -> &Strand {
        &self.strand
    }

    pub(super) fn take_error(&self) -> Option<JoinError> {
        self.error.lock().take()
    }
}

impl Job for ForkJob {
    fn head(&self) -> &Head {
        &self.head
    }

    unsafe fn call(&self) {
        // SAFETY: (1).
        let host = unsafe { self.head.keep_host() };
        self.strand.enter(&*host, |fork| {
            host.on_strand(fork, &mut || {
                // SAFETY: invariants 1 and 2: the job is claimed, by the caller, and called once.
                unsafe { Link::call(self.link, fork) };
            });
        });
    }

    unsafe fn drop_closure(&self) {
        // It is the join's.
    }

    unsafe fn fail(&self, error: JoinError) {
        *self.error.lock() = Some(error);
    }

    unsafe fn discard(&self) -> Option<JoinError> {
        self.take_error()
    }

    fn close_plainly(&self) -> bool {
        self.head.close_plainly(false)
    }

    unsafe fn listener(&self) -> Option<Arc<dyn Host>> {
        None
    }
}
