//! Pipelines whose pipes are known at run time.

use alloc::vec::Vec;
use core::fmt;
use core::ops::Deref;

use super::Pipeline;
use super::builder::PipelineBuilder;
use super::pipe::{Pipe, StageType};

/// A pipeline whose pipes come from a list that is made at run time, all of them from a `T` to a `T`. It is run, and
/// used in flows, as the [`Pipeline`] that it leads to.
///
/// # Examples
///
/// ```
/// use taskflow_core::{ConcurrentPipeline, Executor, Manual, Pipe, PipelineBuilder, StageType};
///
/// let steps = [(StageType::Parallel, 2), (StageType::Serial, 3), (StageType::Parallel, 7)];
/// let pipes = steps.map(|(stage_type, factor)| Pipe::new(stage_type, move |n: u32| n * factor));
/// let mut products = Vec::new();
/// {
///     let source = PipelineBuilder::from_iter(4, [1, 10, 100]);
///     let pipeline = ConcurrentPipeline::new(source, pipes, |product| products.push(product));
///     assert_eq!(pipeline.stage_types(), steps.map(|(stage_type, _)| stage_type));
///     Executor::<Manual>::new(1).run_and_wait(&pipeline)?;
/// }
/// assert_eq!(products, [42, 420, 4200]);
/// # Ok::<(), taskflow_core::RunError>(())
/// ```
pub struct ConcurrentPipeline<'env> {
    pipeline: Pipeline<'env>,
    stage_types: Vec<StageType>,
}

impl<'env> ConcurrentPipeline<'env> {
    /// A pipeline that begins with `source`, goes on with `pipes` and ends with `sink`, a serial pipe.
    pub fn new<T: Send + 'env>(
        source: PipelineBuilder<'env, T>,
        pipes: impl IntoIterator<Item = Pipe<'env, T, T>>,
        sink: impl FnMut(T) + Send + 'env,
    ) -> Self {
        let mut stage_types = Vec::new();
        let mut builder = source;
        for pipe in pipes {
            stage_types.push(pipe.stage_type());
            builder = builder.pipe(pipe);
        }
        Self {
            pipeline: builder.serial(sink).build(),
            stage_types,
        }
    }

    /// How many tokens each pipe of the list takes at a time.
    #[must_use]
    pub fn stage_types(&self) -> &[StageType] {
        &self.stage_types
    }
}

impl<'env> Deref for ConcurrentPipeline<'env> {
    type Target = Pipeline<'env>;

    fn deref(&self) -> &Pipeline<'env> {
        &self.pipeline
    }
}

impl fmt::Debug for ConcurrentPipeline<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConcurrentPipeline")
            .field("stage_types", &self.stage_types)
            .finish_non_exhaustive()
    }
}
