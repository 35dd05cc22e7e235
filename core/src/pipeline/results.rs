//! Pipelines that keep what comes out of them.

use alloc::vec::Vec;
use core::fmt;
use core::ops::Deref;

use super::Pipeline;
use super::builder::PipelineBuilder;
use crate::sync::{Arc, Mutex};

/// A pipeline from typed pipes that keeps what the last of them makes, in order; see
/// [`PipelineBuilder::collect`]. Keeping one takes a lock that nobody else wants but [`take`](Self::take). It is run, and used in flows, as the [`Pipeline`] that it leads to.
///
/// # Examples
///
/// ```
/// use taskflow_core::{Executor, Manual, PipelineBuilder};
///
/// let squares = PipelineBuilder::from_iter(4, 1..=4).parallel(|n| n * n).collect();
/// Executor::<Manual>::new(1).run_and_wait(&squares)?;
/// assert_eq!(squares.take(), [1, 4, 9, 16]);
/// # Ok::<(), taskflow_core::RunError>(())
/// ```
pub struct TypeSafePipeline<'env, T> {
    pipeline: Pipeline<'env>,
    results: Arc<Mutex<Vec<T>>>,
}

impl<'env, T: Send + 'env> TypeSafePipeline<'env, T> {
    pub(super) fn new(builder: PipelineBuilder<'env, T>) -> Self {
        let results = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&results);
        let pipeline = builder.serial(move |value| kept.lock().push(value)).build();
        Self { pipeline, results }
    }

    /// What has come out so far and was not taken, in the order of the tokens. Any thread, any time.
    #[must_use]
    pub fn take(&self) -> Vec<T> {
        core::mem::take(&mut *self.results.lock())
    }
}

impl<'env, T> Deref for TypeSafePipeline<'env, T> {
    type Target = Pipeline<'env>;

    fn deref(&self) -> &Pipeline<'env> {
        &self.pipeline
    }
}

impl<T> fmt::Debug for TypeSafePipeline<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TypeSafePipeline")
            .field("pipeline", &self.pipeline)
            .finish_non_exhaustive()
    }
}
