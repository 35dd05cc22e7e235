//! Standard output and standard error, for a command whose reader may go away.

use core::fmt;
use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};

/// Where a command prints; any thread may print.
///
/// A stream that answers with an error (a pipe that nobody reads, a full disk) is closed and takes
/// no more: what the command does matters more than that somebody watches.
pub struct Console {
    out: Mutex<Stream>,
    err: Mutex<Stream>,
    terminal: bool,
}

type Stream = Option<Box<dyn Write + Send>>;

impl Console {
    /// The streams of this process.
    #[must_use]
    pub fn standard() -> Self {
        Self {
            terminal: io::stderr().is_terminal(),
            ..Self::new(Box::new(io::stdout()), Box::new(io::stderr()))
        }
    }

    /// Two streams that are no terminal.
    ///
    /// # Examples
    ///
    /// ```
    /// use taskflow_tooling::Console;
    ///
    /// let console = Console::new(Box::new(Vec::new()), Box::new(std::io::sink()));
    /// assert!(!console.is_terminal());
    /// ```
    #[must_use]
    pub fn new(out: Box<dyn Write + Send>, err: Box<dyn Write + Send>) -> Self {
        Self {
            out: Mutex::new(Some(out)),
            err: Mutex::new(Some(err)),
            terminal: false,
        }
    }

    /// Whether a person watches standard error as it is written.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Prints results, whole and unbroken by other threads.
    pub fn print(&self, bytes: &[u8]) {
        write(&self.out, bytes);
    }

    /// Prints about the command itself: notes, progress, errors.
    pub fn print_aside(&self, bytes: &[u8]) {
        write(&self.err, bytes);
    }
}

impl fmt::Debug for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Console")
            .field("terminal", &self.terminal)
            .finish_non_exhaustive()
    }
}

fn write(stream: &Mutex<Stream>, bytes: &[u8]) {
    let mut stream = stream.lock().unwrap_or_else(PoisonError::into_inner);
    let broken = stream.as_mut().is_some_and(|open| {
        let written = open.write_all(bytes).and_then(|()| open.flush());
        written.is_err()
    });
    if broken {
        *stream = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::sync::Arc;

    struct Broken(Arc<Mutex<usize>>);

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            *self.0.lock().expect("nobody panics here") += 1;
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_broken_stream_is_written_to_once_and_then_let_go() {
        let writes = Arc::new(Mutex::new(0));
        let console = Console::new(Box::new(Broken(Arc::clone(&writes))), Box::new(io::sink()));
        console.print(b"one");
        console.print(b"two");
        assert_eq!(*writes.lock().expect("nobody panicked"), 1);
    }
}
