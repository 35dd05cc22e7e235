//! Counted references to jobs.
//!
//! The count lies in the word of the job's state. So letting go of a handle and saying that nobody will ask for the value are
//! one step; and who finds that there is no reference but his own needs none: what nobody else has a reference of nobody else
//! looks at, or gets one of.

use alloc::boxed::Box;
use core::mem::ManuallyDrop;
use core::ops::Deref;
use core::ptr::NonNull;

use super::head::Head;
use super::{Job, JobOf};

/// A reference to a job, which is dropped with the last of them.
///
/// # Invariants
///
/// 1. The pointer is of a box, whose job begins with its head (as [`Job`] says), in which this reference is counted.
pub(crate) struct JobRef<J: ?Sized + Job>(NonNull<J>);

// SAFETY: a job is `Send` and `Sync`, and is dropped by the last who has a reference.
unsafe impl<J: ?Sized + Job> Send for JobRef<J> {}
// SAFETY: as for `Send`.
unsafe impl<J: ?Sized + Job> Sync for JobRef<J> {}

impl<J: Job> JobRef<J> {
    /// The first reference to a job.
    pub(crate) fn new(job: J) -> Self {
        Self(NonNull::from(Box::leak(Box::new(job))))
    }

    /// The first two references to a job.
    #[inline]
    pub(crate) fn pair(job: J) -> (Self, Self) {
        let first = Self::new(job);
        first.head().count_second();
        let second = Self(first.0);
        (first, second)
    }

    /// The same reference, of which only that it is of a job is known.
    pub(crate) fn erased<'j>(self) -> JobRef<dyn Job + 'j>
    where
        J: 'j,
    {
        let job: NonNull<dyn Job + 'j> = ManuallyDrop::new(self).0;
        JobRef(job)
    }

    /// The same reference, of which only what the job gives is known.
    pub(crate) fn giving<'j, T>(self) -> JobRef<dyn JobOf<T> + 'j>
    where
        J: JobOf<T> + 'j,
    {
        let job: NonNull<dyn JobOf<T> + 'j> = ManuallyDrop::new(self).0;
        JobRef(job)
    }
}

impl<T> JobRef<dyn JobOf<T>> {
    /// As [`erased`](Self::erased).
    pub(crate) fn untyped(self) -> JobRef<dyn Job> {
        let job: NonNull<dyn Job> = ManuallyDrop::new(self).0;
        JobRef(job)
    }
}

impl<'j> JobRef<dyn Job + 'j> {
    /// The same reference to what the engine uses while it lives.
    ///
    /// # Safety
    ///
    /// 1. The closure and the value of the job are not used after `'j`.
    pub(crate) unsafe fn outlasting(self) -> JobRef<dyn Job> {
        // SAFETY: (1) only the lifetime changes.
        unsafe { core::mem::transmute::<Self, JobRef<dyn Job>>(self) }
    }
}

impl<J: ?Sized + Job> JobRef<J> {
    #[inline]
    pub(crate) fn head(&self) -> &Head {
        // SAFETY: invariant 1.
        unsafe { self.0.cast().as_ref() }
    }

    /// Gives up the handle's reference. The same again: the job is done, and its result is to be dropped first.
    #[inline]
    pub(super) fn detach(self) -> Option<Self> {
        if self.head().leave() {
            let _ = ManuallyDrop::new(self);
            return None;
        }
        (self.head().is_done() || self.head().detach()).then_some(self)
    }
}

impl<J: ?Sized + Job> Deref for JobRef<J> {
    type Target = J;

    #[inline]
    fn deref(&self) -> &J {
        // SAFETY: invariant 1.
        unsafe { self.0.as_ref() }
    }
}

impl<J: ?Sized + Job> Clone for JobRef<J> {
    #[inline]
    fn clone(&self) -> Self {
        self.head().count_reference();
        Self(self.0)
    }
}

impl<J: ?Sized + Job> Drop for JobRef<J> {
    #[inline]
    fn drop(&mut self) {
        if self.head().is_last_reference() {
            // SAFETY: invariant 1, and this was the last.
            drop(unsafe { Box::from_raw(self.0.as_ptr()) });
        }
    }
}
