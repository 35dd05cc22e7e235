//! Searches, which end as soon as the answer is known.

use super::work::Work;
use super::{Divisible, Parallel};
use crate::error::RunError;
use crate::sync::{AtomicUsize, Ordering};

/// Looks for the first item that is such.
struct Search<F> {
    is_such: F,
    /// The number of the first that was found, or `usize::MAX`.
    found: AtomicUsize,
}

impl<F> Search<F> {
    fn found(&self) -> usize {
        // Ordering: Relaxed; a number that falls, the end of the call orders the last look at it.
        self.found.load(Ordering::Relaxed)
    }
}

impl<D: Divisible, F: Fn(D::Item) -> bool + Sync> Work<D> for Search<F> {
    type Local = ();

    fn begin(&self) {}

    #[inline]
    fn run(&self, (): &mut (), first: usize, items: D) {
        if let Some(place) = items.items().position(&self.is_such) {
            // Ordering: Relaxed; as in `found`.
            self.found.fetch_min(first + place, Ordering::Relaxed);
        }
    }

    fn end(&self, (): (), _: &dyn Fn() -> bool) {}

    fn is_over(&self, first: usize) -> bool {
        first >= self.found()
    }
}

impl Parallel<'_> {
    /// The number of the first item that is such, if one is. What comes behind one that was found is not looked
    /// at any more, but for the chunks that have begun.
    ///
    /// # Errors
    ///
    /// See [`Parallel`].
    ///
    /// # Examples
    ///
    /// ```
    /// use taskflow_core::{Executor, Manual};
    ///
    /// let executor = Executor::<Manual>::new(2);
    /// let found = executor.parallel().find_if(0..1_000_000u32, |number| number * number > 1000)?;
    /// assert_eq!(found, Some(32));
    /// # Ok::<(), taskflow_core::RunError>(())
    /// ```
    pub fn find_if<D: Divisible>(
        self,
        items: D,
        is_such: impl Fn(D::Item) -> bool + Sync,
    ) -> Result<Option<usize>, RunError> {
        let found = AtomicUsize::new(usize::MAX);
        let search = Search { is_such, found };
        self.drive(items, &search)?;
        let found = search.found();
        Ok((found != usize::MAX).then_some(found))
    }

    /// Whether an item is such. Stops at the first that is found.
    ///
    /// # Errors
    ///
    /// See [`Parallel`].
    ///
    /// # Examples
    ///
    /// ```
    /// use taskflow_core::{Executor, Manual};
    ///
    /// let executor = Executor::<Manual>::new(2);
    /// assert!(executor.parallel().any(&["a", "b"][..], |word| *word == "b")?);
    /// # Ok::<(), taskflow_core::RunError>(())
    /// ```
    pub fn any<D: Divisible>(
        self,
        items: D,
        is_such: impl Fn(D::Item) -> bool + Sync,
    ) -> Result<bool, RunError> {
        Ok(self.find_if(items, is_such)?.is_some())
    }

    /// Whether all items are such. Stops at the first that is not.
    ///
    /// # Errors
    ///
    /// See [`Parallel`].
    ///
    /// # Examples
    ///
    /// ```
    /// use taskflow_core::{Executor, Manual};
    ///
    /// let executor = Executor::<Manual>::new(2);
    /// assert!(executor.parallel().all(1..100u8, |number| number > 0)?);
    /// # Ok::<(), taskflow_core::RunError>(())
    /// ```
    pub fn all<D: Divisible>(
        self,
        items: D,
        is_such: impl Fn(D::Item) -> bool + Sync,
    ) -> Result<bool, RunError> {
        Ok(!self.any(items, |item| !is_such(item))?)
    }
}
