//! What the lines of a pipeline share.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use super::stage::{Held, Stage};
use super::stream::Stream;
use crate::protocol::rendezvous::Rendezvous;
use crate::sync::{AtomicBool, AtomicUsize, Ordering, Padded};

/// A pipe in its place.
pub(super) struct Fitted<'env> {
    pub(super) stage: Box<dyn Stage + 'env>,
    /// One token at a time, in order.
    pub(super) serial: bool,
    /// Its line may be suspended by it.
    pub(super) waits: bool,
}

/// The pipes, and where lines meet.
pub(super) struct Circuit<'env> {
    pipes: Box<[Fitted<'env>]>,
    lines: usize,
    /// For each line a row of places, one for each pipe: where the line meets the one before it.
    places: Box<[Padded<Rendezvous>]>,
    /// Of whoever has the turn at the first pipe.
    pub(super) stream: Held<Stream>,
    /// The next round goes on where the last one ended.
    resumes: AtomicBool,
    /// The index of the token that the last round ended with.
    tokens: AtomicUsize,
}

impl<'env> Circuit<'env> {
    pub(super) fn new(lines: usize, pipes: Vec<Fitted<'env>>) -> Self {
        let places = (0..lines * pipes.len()).map(|_| Padded::default());
        Self {
            places: places.collect(),
            pipes: pipes.into_boxed_slice(),
            lines,
            stream: Held::default(),
            resumes: AtomicBool::new(false),
            tokens: AtomicUsize::new(0),
        }
    }

    pub(super) fn lines(&self) -> usize {
        self.lines
    }

    pub(super) fn pipes(&self) -> &[Fitted<'env>] {
        &self.pipes
    }

    /// Where a line meets the one before it at a pipe. `None`: it need not, since the pipe is parallel, or it is
    /// the only line.
    #[inline]
    pub(super) fn place(&self, line: usize, pipe: usize) -> Option<&Rendezvous> {
        let meets = self.pipes[pipe].serial && self.lines > 1;
        meets.then(|| &*self.places[line * self.pipes.len() + pipe])
    }

    /// The line behind.
    #[inline]
    pub(super) fn behind(&self, line: usize) -> usize {
        if line + 1 == self.lines { 0 } else { line + 1 }
    }

    /// Brings all places to the begin of a round: line 0 need wait nowhere. Whether the stream is to be resumed.
    /// No line is running.
    pub(super) fn begin(&self) -> bool {
        for (number, place) in self.places.iter().enumerate() {
            place.prepare(number < self.pipes.len());
        }
        // Ordering: Relaxed; a request, no data hangs on it.
        self.resumes.swap(false, Ordering::Relaxed)
    }

    pub(super) fn resume(&self) {
        // Ordering: Relaxed; as in `begin`.
        self.resumes.store(true, Ordering::Relaxed);
    }

    /// The stream has ended after so many tokens.
    pub(super) fn ended(&self, tokens: u64) {
        let tokens = usize::try_from(tokens).unwrap_or(usize::MAX);
        // Ordering: Relaxed; whoever waited for the run sees it through the end of the run.
        self.tokens.store(tokens, Ordering::Relaxed);
    }

    pub(super) fn tokens(&self) -> usize {
        // Ordering: Relaxed; as in `ended`.
        self.tokens.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for Circuit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Circuit")
            .field("lines", &self.lines)
            .field("pipes", &self.pipes.len())
            .finish_non_exhaustive()
    }
}
