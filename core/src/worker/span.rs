//! A long row of successors that is made ready one by one, where one worker is all there is.
//!
//! Making a million tasks ready at once means to write them all down, and to read them back: more work
//! than many tasks are. A worker that nobody can steal from leaves them in the row they are in, and makes
//! the next one ready when it has nothing else in its queue. Whenever somebody else could want them (the
//! seat is given up, a turn ends) the rest is *spilled* into the queue.

use core::ptr::NonNull;

use super::Worker;
use super::helping::{Range, in_range};
use crate::flow::{Flow, View};
use crate::platform::Platform;

/// Rows that are at least this long are worth it.
pub(super) const LONG_ROW: usize = 16;

/// What is left of a row.
///
/// # Invariants
///
/// 1. The task whose row it is has ended, and its arrivals at `next..end` are still to come: so those
///    tasks are unfinished, and the run of `flow` is active.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    flow: NonNull<Flow>,
    next: u32,
    end: u32,
}

impl<P: Platform> Worker<'_, P> {
    /// Leaves the successors of a task that has ended, so many, for later. `false`: they are to be dealt
    /// with now.
    #[cold]
    pub(super) fn leave_in_row(
        &self,
        flow: &Flow,
        view: &View<'_>,
        index: u32,
        count: usize,
    ) -> bool {
        let here = self.solo.get() && self.span.get().is_none();
        if here {
            let next = view.row(index);
            #[expect(clippy::cast_possible_truncation, reason = "refused above 2^32")]
            let end = next + count as u32;
            let flow = NonNull::from(flow);
            self.span.set(Some(Span { flow, next, end }));
        }
        here
    }

    /// The reference of the next ready task of the span.
    pub(super) fn take_from_row(&self) -> Option<u32> {
        self.take_from_row_in((0, u32::MAX))
    }

    /// As [`take_from_row`](Self::take_from_row), if the span is of this range.
    pub(super) fn take_from_row_in(&self, range: Range) -> Option<u32> {
        let span = self.span.get()?;
        // SAFETY: invariant 1.
        let flow = unsafe { span.flow.as_ref() };
        // SAFETY: invariant 1.
        let view = unsafe { flow.view() };
        let wanted = in_range(range, view.base);
        let task = wanted.then(|| self.next_in_row(flow, &view)).flatten();
        task.map(|task| view.base + task)
    }

    /// The index of the next ready task of the span, if that is of this flow.
    #[inline]
    pub(super) fn next_in_row(&self, flow: &Flow, view: &View<'_>) -> Option<u32> {
        let span = self.span.get()?;
        if span.flow != NonNull::from(flow) {
            return None;
        }
        for place in span.next..span.end {
            let task = view.at(place);
            let node = view.node(task);
            let strong = node.strong();
            if strong <= 1 || node.counter.arrive_alone(strong) {
                let next = place + 1;
                self.span
                    .set((next < span.end).then_some(Span { next, ..span }));
                return Some(task);
            }
        }
        self.span.set(None);
        None
    }

    /// Makes the rest of the span ready, where others find it.
    pub(super) fn spill(&self) {
        while let Some(task) = self.take_from_row() {
            self.keep(task);
        }
    }
}
