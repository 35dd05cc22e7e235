//! The least that a wake-up and its answer can cost on this host.

use alloc::rc::Rc;
use alloc::sync::Arc;
use core::marker::PhantomData;
use core::sync::atomic::{AtomicU8, Ordering};
use std::thread::{self, JoinHandle};

const ANSWERED: u8 = 0;
const ASKED: u8 = 1;
const ENDED: u8 = 2;

/// A thread that parks, and answers the thread that made it.
///
/// # Examples
///
/// ```
/// let echo = taskflow_benches::Echo::new();
/// echo.ask();
/// echo.ask();
/// ```
#[derive(Debug)]
pub struct Echo {
    state: Arc<AtomicU8>,
    thread: Option<JoinHandle<()>>,
    /// Stays on the thread that is woken.
    _asker: PhantomData<Rc<()>>,
}

impl Echo {
    /// Starts the thread.
    #[must_use]
    pub fn new() -> Self {
        let state = Arc::new(AtomicU8::new(ANSWERED));
        let asker = thread::current();
        let seen = Arc::clone(&state);
        let thread = thread::spawn(move || {
            loop {
                // Ordering: Relaxed, here and below: the state is all that is handed over.
                match seen.load(Ordering::Relaxed) {
                    ASKED => {
                        // Ordering: Relaxed, as above. The asker writes only when this is answered.
                        seen.store(ANSWERED, Ordering::Relaxed);
                        asker.unpark();
                    }
                    ENDED => return,
                    _ => thread::park(),
                }
            }
        });
        Self {
            state,
            thread: Some(thread),
            _asker: PhantomData,
        }
    }

    /// Wakes the thread and parks until it answers.
    pub fn ask(&self) {
        self.tell(ASKED);
        // Ordering: Relaxed: the state is all that is handed over.
        while self.state.load(Ordering::Relaxed) == ASKED {
            thread::park();
        }
    }

    fn tell(&self, state: u8) {
        // Ordering: Relaxed: the state is all that is handed over, and `unpark` orders it before the
        // `park` that it ends.
        self.state.store(state, Ordering::Relaxed);
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }
}

impl Default for Echo {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        self.tell(ENDED);
        if let Some(thread) = self.thread.take() {
            // It calls nothing that panics.
            let _ = thread.join();
        }
    }
}
