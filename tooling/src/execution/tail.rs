//! The last bytes of a child's output.

use alloc::collections::VecDeque;
use std::io::{ErrorKind, Read};
use std::sync::{Mutex, PoisonError};

/// How much of a task's output is kept.
pub(crate) const KEPT_BYTES: usize = 64 * 1024;

/// The end of an output: at most [`KEPT_BYTES`], and a count of what went before.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    bytes: VecDeque<u8>,
    dropped_bytes: u64,
}

impl Tail {
    pub(crate) fn push(&mut self, chunk: &[u8]) {
        self.bytes.extend(chunk);
        let excess = self.bytes.len().saturating_sub(KEPT_BYTES);
        self.bytes.drain(..excess);
        self.dropped_bytes += excess as u64;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// How many bytes came before those that are kept.
    pub(crate) fn dropped_bytes(&self) -> u64 {
        self.dropped_bytes
    }

    /// All that is kept.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        self.bytes.iter().copied().collect()
    }

    /// The last lines of it, a last one without a newline included.
    pub(crate) fn last_lines(&self, count: usize) -> Vec<u8> {
        let body = self.bytes.len() - usize::from(self.bytes.back() == Some(&b'\n'));
        let newlines = (0..body).rev().filter(|&place| self.bytes[place] == b'\n');
        let start = newlines
            .take(count)
            .nth(count.saturating_sub(1))
            .map_or(0, |newline| newline + 1);
        self.bytes.range(start..).copied().collect()
    }
}

/// Reads until the end, into a tail that others may look at meanwhile.
pub(crate) fn read_into(mut source: impl Read, tail: &Mutex<Tail>) {
    let mut buffer = [0; 16 * 1024];
    loop {
        match source.read(&mut buffer) {
            Ok(0) => return,
            Ok(count) => tail
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(&buffer[..count]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_of_a_long_output_is_kept() {
        let mut tail = Tail::default();
        tail.push(b"lost");
        tail.push(&vec![b'x'; KEPT_BYTES - 1]);
        tail.push(b"y");
        assert_eq!(tail.dropped_bytes(), 4);
        let kept = tail.to_bytes();
        assert_eq!(
            (kept.len(), kept.last(), kept.first()),
            (KEPT_BYTES, Some(&b'y'), Some(&b'x'))
        );
    }

    #[test]
    fn last_lines_count_an_unfinished_line() {
        let mut tail = Tail::default();
        tail.push(b"a\nb\nc");
        assert_eq!(tail.last_lines(2), b"b\nc");
        tail.push(b"\n");
        assert_eq!(tail.last_lines(2), b"b\nc\n");
        assert_eq!(tail.last_lines(9), b"a\nb\nc\n");
        assert_eq!(Tail::default().last_lines(3), b"");
    }

    #[test]
    fn reading_goes_on_to_the_end_of_the_source() {
        let tail = Mutex::default();
        read_into(&b"all of it"[..], &tail);
        let tail = tail.into_inner().expect("nobody panicked");
        assert_eq!(tail.to_bytes(), b"all of it");
    }
}
