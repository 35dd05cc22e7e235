//! What the lines of a pipeline share.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::pipe::StageType;
use super::stage::{Held, Stage};
use super::stream::Stream;
use crate::protocol::rendezvous::Rendezvous;
use crate::sync::{AtomicBool, AtomicUsize, Ordering, Padded};

/// A pipe in its place.
pub(super) struct Fitted<'env> {
    stage: Box<dyn Stage + 'env>,
    /// For people.
    name: Option<String>,
    /// Its line may be suspended by it.
    waits: bool,
    /// For each line where it meets the one before. None where it need not: the pipe is parallel, or there is
    /// one line.
    places: Box<[Padded<Rendezvous>]>,
}

impl<'env> Fitted<'env> {
    pub(super) fn new(stage_type: StageType, lines: usize, stage: Box<dyn Stage + 'env>) -> Self {
        let serial = stage_type == StageType::Serial;
        let places = if serial && lines > 1 { lines } else { 0 };
        Self {
            waits: stage.is_async(),
            stage,
            name: None,
            places: (0..places).map(|_| Padded::default()).collect(),
        }
    }

    pub(super) fn with_name(self, name: Option<String>) -> Self {
        Self { name, ..self }
    }

    pub(super) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    #[inline]
    pub(super) fn stage(&self) -> &(dyn Stage + 'env) {
        &*self.stage
    }

    /// Whether its line may be suspended by it.
    #[inline]
    pub(super) fn waits(&self) -> bool {
        self.waits
    }

    /// Where a line meets the one before it. `None`: it need not.
    #[inline]
    pub(super) fn place(&self, line: usize) -> Option<&Rendezvous> {
        self.places.get(line).map(|place| &**place)
    }
}

/// The pipes, and where lines meet.
pub(super) struct Circuit<'env> {
    pipes: Box<[Fitted<'env>]>,
    lines: usize,
    /// Of whoever has the turn at the first pipe.
    pub(super) stream: Held<Stream>,
    /// The next round goes on where the last one ended.
    resumes: AtomicBool,
    /// The index of the token that the last round ended with.
    tokens: AtomicUsize,
}

impl<'env> Circuit<'env> {
    pub(super) fn new(lines: usize, pipes: Vec<Fitted<'env>>) -> Self {
        Self {
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

    #[inline]
    pub(super) fn pipes(&self) -> &[Fitted<'env>] {
        &self.pipes
    }

    /// The line behind.
    #[inline]
    pub(super) fn behind(&self, line: usize) -> usize {
        if line + 1 == self.lines { 0 } else { line + 1 }
    }

    /// Brings all places to the begin of a round: line 0 need wait nowhere. Whether the stream is to be resumed.
    /// No line is running.
    pub(super) fn begin(&self) -> bool {
        for pipe in &self.pipes {
            for (line, place) in pipe.places.iter().enumerate() {
                place.prepare(line == 0);
            }
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
