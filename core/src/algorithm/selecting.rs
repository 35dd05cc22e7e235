//! Choosing elements.

use alloc::vec;
use alloc::vec::Vec;

use super::leaves::Leaves;
use super::moves::{Desk, spare_for};
use super::{Divisible, Parallel};
use crate::error::RunError;

/// Elements of a leaf at least, unless the caller says how many.
const LEAF_MIN: usize = 1024;

impl Parallel<'_> {
    /// Brings the elements that are such before the others, each of the two in their order. Gives how many are
    /// such. O(n); allocates as much again and a byte for each element.
    ///
    /// When `is_such` panics, no element has moved.
    ///
    /// # Errors
    ///
    /// See [`Parallel`].
    ///
    /// # Examples
    ///
    /// ```
    /// use taskflow_core::{Executor, Manual};
    ///
    /// let executor = Executor::<Manual>::new(2);
    /// let mut numbers = [1, 2, 3, 4, 5];
    /// let even = executor.parallel().partition(&mut numbers, |number| number % 2 == 0)?;
    /// assert_eq!((even, numbers), (2, [2, 4, 1, 3, 5]));
    /// # Ok::<(), taskflow_core::RunError>(())
    /// ```
    pub fn partition<T: Send>(
        self,
        elements: &mut [T],
        is_such: impl Fn(&T) -> bool + Sync,
    ) -> Result<usize, RunError> {
        let (size, flags, counts) = self.choose(&mut *elements, |element| is_such(element))?;
        let such = counts.iter().sum();
        if such == 0 || such == elements.len() {
            return Ok(such);
        }
        let mut spare = spare_for(elements.len());
        let mut desk = Desk::new(elements, &mut spare);
        let mut partings = desk.partings(size, &counts);
        let flags = Leaves::of(&flags[..], size, 1);
        self.by_leaf()
            .for_each((&mut partings[..], flags), |(parting, flags)| {
                parting.run(flags);
            })?;
        drop(partings);
        // SAFETY: (1) all partings were run: the call has ended well.
        unsafe { desk.turn() };
        Ok(such)
    }

    /// Writes clones of the elements that are such to the first places, in their order. Gives how many there are.
    /// O(n); allocates a byte for each element.
    ///
    /// # Errors
    ///
    /// See [`Parallel`].
    ///
    /// # Panics
    ///
    /// If there are more than places.
    ///
    /// # Examples
    ///
    /// ```
    /// use taskflow_core::{Executor, Manual};
    ///
    /// let executor = Executor::<Manual>::new(2);
    /// let mut even = [0; 3];
    /// let count = executor.parallel().copy_if(&[1, 2, 3, 4, 5], &mut even, |number| number % 2 == 0)?;
    /// assert_eq!(even[..count], [2, 4]);
    /// # Ok::<(), taskflow_core::RunError>(())
    /// ```
    pub fn copy_if<T: Clone + Send + Sync>(
        self,
        elements: &[T],
        places: &mut [T],
        is_such: impl Fn(&T) -> bool + Sync,
    ) -> Result<usize, RunError> {
        let (size, flags, counts) = self.choose(elements, is_such)?;
        let such: usize = counts.iter().sum();
        assert!(
            such <= places.len(),
            "{such} elements for {} places; give as many places as there are elements",
            places.len()
        );
        let mut rest = places;
        let cut = counts.iter().map(|count| {
            let (these, others) = core::mem::take(&mut rest).split_at_mut(*count);
            rest = others;
            these
        });
        let mut cut: Vec<&mut [T]> = cut.collect();
        let elements = Leaves::of(elements, size, 1);
        let flags = Leaves::of(&flags[..], size, 1);
        let all = ((elements, flags), &mut cut[..]);
        self.by_leaf()
            .for_each(all, |((elements, flags), places)| {
                let chosen = elements.iter().zip(flags).filter(|(_, is_such)| **is_such);
                for ((element, _), place) in chosen.zip(places.iter_mut()) {
                    place.clone_from(element);
                }
            })?;
        Ok(such)
    }

    /// Which items are such, and how many of each leaf: of this size.
    fn choose<D: Divisible>(
        self,
        items: D,
        is_such: impl Fn(D::Item) -> bool + Sync,
    ) -> Result<(usize, Vec<bool>, Vec<usize>), RunError> {
        let mut flags = vec![false; items.len()];
        let items = Leaves::of(items, self.partitioner.chunk(), LEAF_MIN);
        let size = items.size();
        let mut counts = vec![0; items.len()];
        let places = (Leaves::of(&mut flags[..], size, 1), &mut counts[..]);
        self.by_leaf()
            .for_each((items, places), |(items, (flags, count))| {
                for (item, flag) in items.items().zip(flags) {
                    *flag = is_such(item);
                    *count += usize::from(*flag);
                }
            })?;
        Ok((size, flags, counts))
    }
}
