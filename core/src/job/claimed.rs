//! Who may touch the closure and the result of a job.
//!
//! | who | what | from | until |
//! |---|---|---|---|
//! | [`Claimed`] | closure, result | it has won the exchange | the job is done |
//! | [`Owned`] | result | the job is done | it is taken, or the handle gone |
//!
//! A job whose handle was dropped before its end has its result dropped by the claimer, before it is done.

use super::ending::{panicked_unheard, quietly};
use super::error::Cause;
use super::head::{Closed, Head};
use super::{Job, JobOf, JoinError};
use crate::group::Group;
use crate::host::Host;
use crate::sync::{Arc, erase};

/// A job in the hands of whoever runs it, or ends it without that. There is one for each job, and it is gone when the job ends.
pub(crate) struct Claimed(Arc<dyn Job>);

impl Claimed {
    /// Claims a queued job. `None`: somebody else has.
    #[inline]
    pub(crate) fn of(job: Arc<dyn Job>) -> Option<Self> {
        job.head().claim().then_some(Self(job))
    }

    /// Claims a job that was not started.
    pub(super) fn unstarted(job: &Arc<dyn Job>) -> Option<Self> {
        let claimed = job.head().claim_unstarted();
        claimed.then(|| Self(Arc::clone(job)))
    }

    /// A job that an arrival has claimed for the caller.
    pub(super) fn by_arrival(job: Arc<dyn Job>) -> Self {
        Self(job)
    }

    /// A job that the caller has claimed.
    ///
    /// # Safety
    ///
    /// 1. It has, by [`Head::claim`], and this is the only time that it says so.
    pub(crate) unsafe fn assume(job: Arc<dyn Job>) -> Self {
        Self(job)
    }

    pub(crate) fn job(&self) -> &Arc<dyn Job> {
        &self.0
    }

    #[inline]
    pub(crate) fn head(&self) -> &Head {
        self.0.head()
    }

    /// The executor.
    pub(super) fn host(&self) -> Arc<dyn Host> {
        // SAFETY: (1) the job is claimed, and has not ended.
        unsafe { self.head().keep_host() }
    }

    /// Calls the closure, which is gone afterwards, and keeps its value.
    #[inline]
    pub(crate) fn call(&mut self) {
        // SAFETY: (1) the job is claimed, and has not ended.
        unsafe { self.0.call() };
    }

    /// Drops the closure if it was not called.
    pub(super) fn drop_closure(&mut self) {
        // SAFETY: (1) the job is claimed, and has not ended.
        unsafe { self.0.drop_closure() };
    }

    /// Makes this the result.
    pub(super) fn fail(&mut self, error: JoinError) {
        // SAFETY: (1) the job is claimed, and has not ended.
        unsafe { self.0.fail(error) };
    }

    /// Drops the result. Gives the error, if it was one.
    pub(super) fn discard(&mut self) -> Option<JoinError> {
        // SAFETY: (1) the job is claimed, and has not ended.
        let listener = unsafe { self.0.listener() };
        drop(listener);
        // SAFETY: (1) as above.
        unsafe { self.0.discard() }
    }

    /// Ends a job whose closure has returned, unless somebody is to be told, or its value to be dropped. The last touch of
    /// what the job borrows comes before.
    ///
    /// # Errors
    ///
    /// It has not ended.
    #[inline]
    pub(crate) fn end_plainly(self) -> Result<Arc<dyn Job>, Self> {
        if self.0.close_plainly() {
            Ok(self.0)
        } else {
            Err(self)
        }
    }

    /// Ends the job, after which it is nobody's.
    ///
    /// # Errors
    ///
    /// Its handle was dropped in the meantime, and its result is to be dropped first.
    pub(super) fn end(
        self,
        cause: Option<&Cause>,
        discarded: bool,
    ) -> Result<(Arc<dyn Job>, Closed), Self> {
        match self.head().close(cause, discarded) {
            Some(closed) => Ok((self.0, closed)),
            None => Err(self),
        }
    }
}

/// The result of a job, for the one handle of it.
pub(crate) struct Owned<'j, T>(Arc<dyn JobOf<T> + 'j>);

impl<'j, T> Owned<'j, T> {
    /// The result of a job.
    ///
    /// # Safety
    ///
    /// 1. It is asked for once for each job.
    pub(crate) unsafe fn of(job: Arc<dyn JobOf<T> + 'j>) -> Self {
        Self(job)
    }

    pub(crate) fn head(&self) -> &Head {
        self.0.head()
    }

    /// The result, once. `None`: there is none yet, or it was taken.
    pub(crate) fn take(&mut self) -> Option<Result<T, JoinError>> {
        if !self.head().is_done() {
            return None;
        }
        // SAFETY: (1) the job is done, and this is the handle.
        let listener = unsafe { self.0.listener() };
        drop(listener);
        // SAFETY: (1) as above.
        unsafe { self.0.take() }
    }

    /// The handle is gone: drops the result, and gives a panic that nobody took to whoever is told of such.
    #[inline]
    pub(crate) fn let_go(&mut self, group: Option<&Arc<Group>>) {
        if self.head().detach() {
            self.discard(group);
        }
    }

    /// The job is done, and its handle was let go of.
    fn discard(&mut self, group: Option<&Arc<Group>>) {
        // SAFETY: (1) the job is done, and this is the handle.
        let Some(host) = (unsafe { self.0.listener() }) else {
            return;
        };
        let mut error = None;
        quietly(&*host, &mut || {
            // SAFETY: (1) as above.
            error = unsafe { self.0.discard() };
        });
        if let Some(JoinError::Panicked(panic)) = error {
            panicked_unheard(&*host, group, panic);
        }
    }
}

impl<T> Owned<'static, T> {
    /// The same job, whatever it gives.
    pub(crate) fn job(&self) -> Arc<dyn Job> {
        erase!(Arc::clone(&self.0) => dyn Job)
    }
}
