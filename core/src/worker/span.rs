//! A long row of successors that is made ready one by one, where one worker is all there is.
//!
//! Making a million tasks ready at once means to write them all down, and to read them back: more work
//! than many tasks are. A worker that nobody can steal from leaves them in the row they are in, and makes
//! the next one ready when it has nothing else in its queue. Whenever somebody else could want them (the
//! seat is given up, a turn ends) the rest is *spilled* into the queue.

use core::cell::Cell;
use core::ptr::NonNull;

use super::Worker;
use super::alone::arrives_alone;
use super::helping::{Range, in_range};
use crate::flow::{Flow, View};
use crate::platform::Platform;

/// Rows that are at least this long are worth it.
pub(super) const LONG_ROW: usize = 16;

/// What is left of a row, if anything is.
///
/// # Invariants
///
/// 1. Where there is a flow, the task whose row it is has ended, and its arrivals at `next..end`, of which there is one at
///    least, are still to come: so those tasks are unfinished, and the run of `flow` is active.
/// 2. What lies at `next..end` of the flow's rows is such a row.
#[derive(Debug, Default)]
pub(super) struct Span {
    flow: Cell<Option<NonNull<Flow>>>,
    next: Cell<u32>,
    end: Cell<u32>,
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
        let Span {
            flow: of,
            next,
            end,
        } = &self.span;
        let here = self.solo.get() && of.get().is_none() && count > 0;
        if here {
            next.set(view.row(index));
            #[expect(clippy::cast_possible_truncation, reason = "refused above 2^32")]
            end.set(next.get() + count as u32);
            of.set(Some(NonNull::from(flow)));
        }
        here
    }

    /// The reference of the next ready task of the span.
    pub(super) fn take_from_row(&self) -> Option<u32> {
        self.take_from_row_in((0, u32::MAX))
    }

    /// As [`take_from_row`](Self::take_from_row), if the span is of this range.
    pub(super) fn take_from_row_in(&self, range: Range) -> Option<u32> {
        // SAFETY: invariant 1.
        let flow = unsafe { self.span.flow.get()?.as_ref() };
        // SAFETY: invariant 1.
        let view = unsafe { flow.view() };
        let wanted = in_range(range, view.base);
        let task = wanted.then(|| self.next_in_row(flow, &view)).flatten();
        task.map(|task| view.base + task)
    }

    /// The index of the next ready task of the span, if that is of this flow.
    #[inline]
    pub(super) fn next_in_row(&self, flow: &Flow, view: &View<'_>) -> Option<u32> {
        let Span {
            flow: of,
            next,
            end,
        } = &self.span;
        if of.get() != Some(NonNull::from(flow)) {
            return None;
        }
        loop {
            let place = next.get();
            next.set(place + 1);
            if place + 1 == end.get() {
                of.set(None);
            }
            // SAFETY: (1) invariant 2 of the span.
            let task = unsafe { view.at(place) };
            // SAFETY: (1) it comes from a row. (Its seat is the only one, or there is no span.)
            if unsafe { arrives_alone(view, task) } {
                return Some(task);
            }
            of.get()?;
        }
    }

    /// Makes the rest of the span ready, where others find it.
    pub(super) fn spill(&self) {
        self.give_back_lent();
        while let Some(task) = self.take_from_row() {
            self.keep(task);
        }
    }
}
