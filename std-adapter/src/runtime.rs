//! The runtime of somebody else that tasks run inside of, if any.

#[cfg(not(feature = "tokio"))]
mod none;
#[cfg(feature = "tokio")]
mod tokio;

#[cfg(not(feature = "tokio"))]
pub(crate) use self::none::Runtime;
#[cfg(feature = "tokio")]
pub(crate) use self::tokio::Runtime;
