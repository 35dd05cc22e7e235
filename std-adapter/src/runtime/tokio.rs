//! A Tokio runtime, so that its timers and sockets work inside tasks.

use tokio::runtime::Handle;

/// A Tokio runtime, or nothing.
#[derive(Debug)]
pub(crate) struct Runtime(Option<Handle>);

impl Runtime {
    pub(crate) fn none() -> Self {
        Self(None)
    }

    pub(crate) fn of(handle: Handle) -> Self {
        Self(Some(handle))
    }

    /// Calls `stretch` inside the runtime.
    pub(crate) fn surround<R>(&self, stretch: impl FnOnce() -> R) -> R {
        let _entered = self.0.as_ref().map(Handle::enter);
        stretch()
    }
}
