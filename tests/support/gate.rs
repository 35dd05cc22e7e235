//! What a task can be held up with.

use std::sync::{Arc, Condvar, Mutex};

/// Closed at first; holds up whoever passes until it is opened for good.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    /// Returns when the gate is open.
    pub(crate) fn pass(&self) {
        let (open, opened) = &*self.0;
        let open = open.lock().expect("nothing panics with this lock");
        drop(opened.wait_while(open, |open| !*open));
    }

    /// Lets everybody pass.
    pub(crate) fn open(&self) {
        let (open, opened) = &*self.0;
        *open.lock().expect("nothing panics with this lock") = true;
        opened.notify_all();
    }
}
