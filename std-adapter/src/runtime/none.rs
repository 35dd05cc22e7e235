//! Without the feature `tokio` there is no runtime to be inside of.

/// Nothing.
#[derive(Debug)]
pub(crate) struct Runtime;

impl Runtime {
    pub(crate) fn none() -> Self {
        Self
    }

    /// Calls `stretch`.
    #[expect(clippy::unused_self, reason = "there are others, which are used")]
    pub(crate) fn surround<R>(&self, stretch: impl FnOnce() -> R) -> R {
        stretch()
    }
}
