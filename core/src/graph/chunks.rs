//! A sequence that grows by chunks, so that growing moves nothing, and settles into one slice.

use alloc::boxed::Box;
use alloc::vec::Vec;

/// Entries of the first chunk; each further one has twice as many as the one before.
const FIRST: usize = 32;

/// A settled slice and the chunks that were added behind it.
#[derive(Debug)]
pub(crate) struct Chunks<T> {
    settled: Box<[T]>,
    /// Entries of `settled` that count; behind them may be a sentinel.
    settled_len: usize,
    added: Vec<Vec<T>>,
    added_len: usize,
}

impl<T> Default for Chunks<T> {
    fn default() -> Self {
        Self {
            settled: Box::default(),
            settled_len: 0,
            added: Vec::new(),
            added_len: 0,
        }
    }
}

impl<T> Chunks<T> {
    pub(crate) fn len(&self) -> usize {
        self.settled_len + self.added_len
    }

    pub(crate) fn push(&mut self, value: T) {
        let full = self
            .added
            .last()
            .is_none_or(|last| last.len() == last.capacity());
        if full {
            self.added
                .push(Vec::with_capacity(FIRST << self.added.len()));
        }
        if let Some(last) = self.added.last_mut() {
            last.push(value);
            self.added_len += 1;
        }
    }

    #[inline]
    pub(crate) fn get(&self, index: usize) -> Option<&T> {
        match index.checked_sub(self.settled_len) {
            None => self.settled.get(index),
            Some(offset) => {
                let (chunk, place) = locate(offset);
                self.added.get(chunk)?.get(place)
            }
        }
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        match index.checked_sub(self.settled_len) {
            None => self.settled.get_mut(index),
            Some(offset) => {
                let (chunk, place) = locate(offset);
                self.added.get_mut(chunk)?.get_mut(place)
            }
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        let settled = self.settled.iter().take(self.settled_len);
        settled.chain(self.added.iter().flatten())
    }

    /// Brings everything into one slice with `sentinel` behind it, which does not count.
    pub(crate) fn settle(&mut self, sentinel: T) -> &mut [T] {
        if self.added_len > 0 || self.settled.len() == self.settled_len {
            let mut all = Vec::with_capacity(self.len() + 1);
            let settled = core::mem::take(&mut self.settled).into_vec();
            all.extend(settled.into_iter().take(self.settled_len));
            for chunk in core::mem::take(&mut self.added) {
                all.extend(chunk);
            }
            self.settled_len = all.len();
            self.added_len = 0;
            all.push(sentinel);
            self.settled = all.into_boxed_slice();
        }
        &mut self.settled
    }

    /// The settled slice, sentinel included. Empty before the first [`settle`](Self::settle).
    pub(crate) fn settled(&self) -> &[T] {
        &self.settled
    }
}

/// The chunk and the place in it of the entry that was added as number `offset`.
#[inline]
fn locate(offset: usize) -> (usize, usize) {
    let chunk = (offset / FIRST + 1).ilog2();
    let before = FIRST * ((1 << chunk) - 1);
    (chunk as usize, offset - before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_keep_their_index_through_growth_and_settling() {
        let mut chunks = Chunks::default();
        for round in 0..3 {
            for value in round * 1000..(round + 1) * 1000 {
                chunks.push(value);
            }
            for index in 0..chunks.len() {
                assert_eq!(chunks.get(index), Some(&index));
            }
            assert_eq!(chunks.settle(usize::MAX).len(), (round + 1) * 1000 + 1);
        }
        assert!(chunks.iter().copied().eq(0..3000));
        assert_eq!(chunks.len(), 3000);
    }

    #[test]
    fn settling_twice_keeps_the_slice_and_its_sentinel() {
        let mut chunks = Chunks::default();
        chunks.push(7);
        let first = chunks.settle(0).as_ptr();
        chunks.settle(0)[1] = 9;
        assert_eq!(
            (chunks.settle(0).as_ptr(), chunks.settled()),
            (first, &[7, 9][..])
        );
    }
}
