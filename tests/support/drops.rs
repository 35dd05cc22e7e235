//! Captures whose drops are counted.

use crate::support::counter::Counter;

/// Counts one when it is dropped.
#[derive(Debug)]
pub(crate) struct Dropped(pub(crate) Counter);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.add();
    }
}
