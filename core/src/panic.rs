//! A panic that was caught at the edge of a task.

use alloc::boxed::Box;
use alloc::string::String;
use core::any::Any;
use core::fmt;

use crate::sync::StaticMutex;

/// The payload of a caught panic, and its text.
pub struct Panic {
    /// Payloads are `Send` only; the lock, which is never contended, makes the whole `Sync`.
    payload: StaticMutex<Box<dyn Any + Send>>,
    message: Option<Box<str>>,
}

impl Panic {
    /// Keeps the payload that a host's `catch_unwind` gave.
    #[must_use]
    pub fn new(payload: Box<dyn Any + Send>) -> Self {
        let message = payload
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
            .map(Box::from);
        Self {
            payload: StaticMutex::new(payload),
            message,
        }
    }

    /// The text of the panic, if its payload is one.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// The payload, for `std::panic::resume_unwind` or a downcast.
    #[must_use]
    pub fn into_payload(self) -> Box<dyn Any + Send> {
        self.payload.into_inner()
    }
}

impl fmt::Debug for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Panic").field(&self.message).finish()
    }
}

impl fmt::Display for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message().unwrap_or("a payload that is no text"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_payloads_are_readable_and_payloads_come_back() {
        let text = Panic::new(Box::new(String::from("boom")));
        assert_eq!(text.message(), Some("boom"));
        let number = Panic::new(Box::new(7u8));
        assert_eq!(number.message(), None);
        assert_eq!(number.into_payload().downcast_ref::<u8>(), Some(&7));
    }
}
