//! Moving items that have no second place, whatever user code does in between.
//!
//! The items of a slice and a spare slice of the same length are the two sides of a [`Desk`]. A *pass* copies all
//! items, as bits, from the side where they are to the other, in an order that user code decides; when it has ended
//! well, the other side is where they are. Until then it is not: if a comparison panics, or the pass is given up, what
//! was copied is forgotten, and the items are where they were. So each item is dropped once, however the order was
//! made up. A desk can be cut in two, which go their own ways; each brings its items home when it is dropped.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::mem::MaybeUninit;

/// See the module's documentation.
///
/// # Invariants
///
/// 1. The side where the items are holds each of them once.
/// 2. What lies on the other side is nobody's.
/// 3. Both sides are of one length.
pub(super) struct Desk<'a, T> {
    home: &'a mut [MaybeUninit<T>],
    spare: &'a mut [MaybeUninit<T>],
    /// The items are on the spare side.
    away: bool,
    /// The last comes first.
    reversed: bool,
}

/// A part of a pass: two sorted rows that become one.
pub(super) struct Merge<'d, T> {
    left: &'d mut [MaybeUninit<T>],
    right: &'d mut [MaybeUninit<T>],
    out: &'d mut [MaybeUninit<T>],
}

/// A part of a pass: items that go one of two ways.
pub(super) struct Parting<'d, T> {
    from: &'d mut [MaybeUninit<T>],
    such: &'d mut [MaybeUninit<T>],
    others: &'d mut [MaybeUninit<T>],
}

/// The second side of a desk for this many items.
pub(super) fn spare_for<T>(items: usize) -> Box<[MaybeUninit<T>]> {
    Box::new_uninit_slice(items)
}

impl<'a, T> Desk<'a, T> {
    /// A desk for these items.
    ///
    /// # Panics
    ///
    /// If the spare side is of another length.
    pub(super) fn new(items: &'a mut [T], spare: &'a mut [MaybeUninit<T>]) -> Self {
        assert!(items.len() == spare.len(), "the sides are of one length");
        let (first, len) = (items.as_mut_ptr().cast::<MaybeUninit<T>>(), items.len());
        Self {
            // SAFETY: the same slice, for as long; invariant 1 and `drop` leave all items in it.
            home: unsafe { core::slice::from_raw_parts_mut(first, len) },
            spare,
            away: false,
            reversed: false,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.home.len()
    }

    /// The first `at` items as they lie, and the others.
    fn cut(mut self, at: usize) -> [Self; 2] {
        let (home, spare) = (
            core::mem::take(&mut self.home),
            core::mem::take(&mut self.spare),
        );
        let (left, right) = home.split_at_mut(at);
        let (below, above) = spare.split_at_mut(at);
        let away = self.away;
        [(left, below), (right, above)].map(|(home, spare)| Self {
            home,
            spare,
            away,
            reversed: false,
        })
    }

    /// The items as they lie, and whether the last comes first.
    pub(super) fn items(&self) -> (&[T], bool) {
        let side = if self.away { &*self.spare } else { &*self.home };
        // SAFETY: a slice of the same length, for as long as it is borrowed; invariant 1.
        let items = unsafe { core::slice::from_raw_parts(side.as_ptr().cast(), side.len()) };
        (items, self.reversed)
    }

    /// The items in their order, at home.
    pub(super) fn settle(&mut self) -> &mut [T] {
        self.bring_home();
        let (first, len) = (self.home.as_mut_ptr().cast::<T>(), self.home.len());
        // SAFETY: the same slice, for as long as it is borrowed; invariant 1, and the items are at home.
        let items = unsafe { core::slice::from_raw_parts_mut(first, len) };
        if core::mem::take(&mut self.reversed) {
            items.reverse();
        }
        items
    }

    fn bring_home(&mut self) {
        if core::mem::take(&mut self.away) {
            copy(self.spare, self.home);
        }
    }

    /// A pass that brings the items that are such before the others, both in their order. What is such is asked of each
    /// item and the one in the place `pivot`. `None`: given up when `goes_on` said so, which is asked now and then.
    pub(super) fn part(
        mut self,
        pivot: usize,
        is_such: impl Fn(&T, &T) -> bool,
        goes_on: &dyn Fn() -> bool,
    ) -> Option<[Self; 2]> {
        let last = self.len().checked_sub(1)?;
        let (reversed, away) = (self.reversed, self.away);
        let at = if reversed { last - pivot } else { pivot };
        let (from, out) = self.sides();
        // SAFETY: invariant 1.
        let pivot = unsafe { from[at].assume_init_ref() };
        let is_such = |item: &MaybeUninit<T>| {
            // SAFETY: as above.
            is_such(unsafe { item.assume_init_ref() }, pivot)
        };
        let mut deal = Deal::new(out);
        let (before, after) = (&from[..at], &from[at + 1..]);
        let place = if reversed {
            deal.all(after.iter().rev(), is_such, goes_on)?;
            let place = deal.place(is_such(&from[at]));
            deal.all(before.iter().rev(), is_such, goes_on)?;
            place
        } else {
            deal.all(before.iter(), is_such, goes_on)?;
            let place = deal.place(is_such(&from[at]));
            deal.all(after.iter(), is_such, goes_on)?;
            place
        };
        // The pivot goes last: a comparison may change what it compares, within a cell.
        copy(&from[at..=at], &mut deal.out[place..=place]);
        let such = deal.such;
        // Each place of the other side was written once, by whichever item: invariants 1 and 2.
        self.away = !away;
        let [such, mut others] = self.cut(such);
        others.reversed = true;
        Some([such, others])
    }

    /// The side where the items are, and the other.
    fn sides(&mut self) -> (&mut [MaybeUninit<T>], &mut [MaybeUninit<T>]) {
        if self.away {
            (self.spare, self.home)
        } else {
            (self.home, self.spare)
        }
    }

    /// A pass that merges neighbouring rows of `row` items each, in parts of about `part` items.
    pub(super) fn merges(
        &mut self,
        row: usize,
        part: usize,
        is_less: &impl Fn(&T, &T) -> bool,
    ) -> Vec<Merge<'_, T>> {
        let mut merges = Vec::new();
        let (from, out) = self.sides();
        let pairs = from.chunks_mut(2 * row).zip(out.chunks_mut(2 * row));
        for (from, mut out) in pairs {
            let (mut left, mut right) = from.split_at_mut(row.min(from.len()));
            while !out.is_empty() {
                let len = part.min(out.len());
                let taken = if len == out.len() {
                    left.len()
                } else {
                    // (An order that changes its mind changes no length.)
                    rank(len, left, right, is_less)
                };
                let (first, rest) = core::mem::take(&mut left).split_at_mut(taken);
                left = rest;
                let (second, rest) = core::mem::take(&mut right).split_at_mut(len - taken);
                right = rest;
                let (place, rest) = core::mem::take(&mut out).split_at_mut(len);
                out = rest;
                merges.push(Merge {
                    left: first,
                    right: second,
                    out: place,
                });
            }
        }
        merges
    }

    /// A pass that brings the items that are such, by `part` items so many of each, before the others.
    pub(super) fn partings(&mut self, part: usize, such: &[usize]) -> Vec<Parting<'_, T>> {
        let all: usize = such.iter().sum();
        let (from, out) = self.sides();
        let (mut front, mut back) = out.split_at_mut(all);
        let parts = from.chunks_mut(part).zip(such);
        parts
            .map(|(from, such)| {
                let (these, rest) = core::mem::take(&mut front).split_at_mut(*such);
                front = rest;
                let others = from.len() - such;
                let (those, rest) = core::mem::take(&mut back).split_at_mut(others);
                back = rest;
                Parting {
                    from,
                    such: these,
                    others: those,
                }
            })
            .collect()
    }

    /// A pass has ended.
    ///
    /// # Safety
    ///
    /// 1. Every part of the pass was run to its end since the last turn.
    pub(super) unsafe fn turn(&mut self) {
        self.away = !self.away;
    }
}

impl<T> Drop for Desk<'_, T> {
    fn drop(&mut self) {
        self.bring_home();
    }
}

/// Items between two looks at whether to go on.
const BETWEEN: usize = 1 << 14;

/// A pass that brings items to the begin of a side, and the others from its end on. None is looked at after it was copied.
struct Deal<'o, T> {
    out: &'o mut [MaybeUninit<T>],
    /// How many are at the begin.
    such: usize,
    /// How many places are left.
    left: usize,
}

impl<'o, T> Deal<'o, T> {
    fn new(out: &'o mut [MaybeUninit<T>]) -> Self {
        let (such, left) = (0, out.len());
        Self { out, such, left }
    }

    /// The place of the next item.
    #[inline]
    fn place(&mut self, is_such: bool) -> usize {
        self.left -= 1;
        // (Without a branch: nobody could foretell it.)
        let place = self.such + usize::from(!is_such) * self.left;
        self.such += usize::from(is_such);
        place
    }

    /// Copies these. `None`: `goes_on` said otherwise.
    #[inline]
    fn all<'i>(
        &mut self,
        from: impl Iterator<Item = &'i MaybeUninit<T>>,
        is_such: impl Fn(&MaybeUninit<T>) -> bool,
        goes_on: &dyn Fn() -> bool,
    ) -> Option<()>
    where
        T: 'i,
    {
        for item in from {
            if self.left & (BETWEEN - 1) == 0 && !goes_on() {
                return None;
            }
            let place = self.place(is_such(item));
            copy(
                core::slice::from_ref(item),
                core::slice::from_mut(&mut self.out[place]),
            );
        }
        Some(())
    }
}

impl<T> Merge<'_, T> {
    /// Runs it: of equal items those of the left row come first. May panic with the comparison.
    pub(super) fn run(&mut self, is_less: &impl Fn(&T, &T) -> bool) {
        let (mut left, mut right) = (&*self.left, &*self.right);
        let mut out = self.out.iter_mut();
        while let ([first, lefts @ ..], [second, rights @ ..]) = (left, right)
            && let Some(place) = out.next()
        {
            // SAFETY: invariant 1 of the desk, of whose items this part has its rows alone.
            let first_item = unsafe { first.assume_init_ref() };
            // SAFETY: as above.
            let second_item = unsafe { second.assume_init_ref() };
            let from = if is_less(second_item, first_item) {
                right = rights;
                second
            } else {
                left = lefts;
                first
            };
            copy(core::slice::from_ref(from), core::slice::from_mut(place));
        }
        let (first, second) = out.into_slice().split_at_mut(left.len());
        copy(left, first);
        copy(right, second);
    }
}

impl<T> Parting<'_, T> {
    /// Runs it, by what was said of each item: as many are such as the pass was told.
    ///
    /// # Panics
    ///
    /// If they are not.
    pub(super) fn run(&mut self, is_such: &[bool]) {
        let (mut such, mut others) = (self.such.iter_mut(), self.others.iter_mut());
        for (item, is_such) in self.from.iter().zip(is_such) {
            let place = if *is_such { such.next() } else { others.next() };
            let place = place.expect("the pass was told how many are such");
            copy(core::slice::from_ref(item), core::slice::from_mut(place));
        }
    }
}

/// Copies items as bits.
#[inline]
fn copy<T>(from: &[MaybeUninit<T>], to: &mut [MaybeUninit<T>]) {
    let len = from.len().min(to.len());
    // SAFETY: both are as long, and apart: one is shared and the other is not. What is copied may be anything.
    unsafe { core::ptr::copy_nonoverlapping(from.as_ptr(), to.as_mut_ptr(), len) };
}

/// How many of the first `count` items of two merged rows come from the left one. Whatever the order says, at most as
/// many as there are, and no more than `count` and no fewer than the right row leaves over.
fn rank<T>(
    count: usize,
    left: &[MaybeUninit<T>],
    right: &[MaybeUninit<T>],
    is_less: &impl Fn(&T, &T) -> bool,
) -> usize {
    super::merging::rank_by(count, left.len(), right.len(), |one, other| {
        // SAFETY: the rows are of the side where the items are: invariant 1 of the desk.
        let one = unsafe { left[one].assume_init_ref() };
        // SAFETY: as above.
        let other = unsafe { right[other].assume_init_ref() };
        is_less(other, one)
    })
}
