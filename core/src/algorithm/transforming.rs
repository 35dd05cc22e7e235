//! Writing slices.

use super::{Divisible, Parallel};
use crate::error::RunError;

impl Parallel<'_> {
    /// Writes what `map` makes of each item to `output`, in the same place.
    ///
    /// # Errors
    ///
    /// See [`Parallel`].
    ///
    /// # Panics
    ///
    /// If there are not as many items as places.
    ///
    /// # Examples
    ///
    /// ```
    /// use taskflow_core::{Executor, Manual};
    ///
    /// let executor = Executor::<Manual>::new(2);
    /// let mut lengths = [0; 3];
    /// executor.parallel().transform(&["a", "bc", ""][..], &mut lengths, |word| word.len())?;
    /// assert_eq!(lengths, [1, 2, 0]);
    /// # Ok::<(), taskflow_core::RunError>(())
    /// ```
    pub fn transform<D: Divisible, T: Send>(
        self,
        input: D,
        output: &mut [T],
        map: impl Fn(D::Item) -> T + Sync,
    ) -> Result<(), RunError> {
        let (items, places) = (input.len(), output.len());
        assert!(
            items == places,
            "{items} items for {places} places; give an output of the length of the input"
        );
        self.for_each((input, output), |(item, place)| *place = map(item))
    }

    /// As [`transform`](Self::transform), of the items of two inputs.
    ///
    /// # Errors
    ///
    /// See [`Parallel`].
    ///
    /// # Panics
    ///
    /// If the inputs and the output are not of one length.
    ///
    /// # Examples
    ///
    /// ```
    /// use taskflow_core::{Executor, Manual};
    ///
    /// let executor = Executor::<Manual>::new(2);
    /// let mut sums = [0; 3];
    /// executor.parallel().transform_two(&[1, 2, 3][..], 10..13, &mut sums, |a, b| a + b)?;
    /// assert_eq!(sums, [11, 13, 15]);
    /// # Ok::<(), taskflow_core::RunError>(())
    /// ```
    pub fn transform_two<A: Divisible, B: Divisible, T: Send>(
        self,
        left: A,
        right: B,
        output: &mut [T],
        map: impl Fn(A::Item, B::Item) -> T + Sync,
    ) -> Result<(), RunError> {
        let (items, others) = (left.len(), right.len());
        assert!(
            items == others,
            "inputs of {items} and of {others} items; give two of one length"
        );
        self.transform((left, right), output, |(one, other)| map(one, other))
    }

    /// Writes a clone of `value` to each place.
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
    /// let mut places = [0; 5];
    /// executor.parallel().fill(&mut places, 7)?;
    /// assert_eq!(places, [7; 5]);
    /// # Ok::<(), taskflow_core::RunError>(())
    /// ```
    pub fn fill<T: Clone + Send + Sync>(self, places: &mut [T], value: T) -> Result<(), RunError> {
        self.for_each(places, |place| place.clone_from(&value))
    }

    /// Writes to each place what `make` makes of its index.
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
    /// let mut squares = [0; 5];
    /// executor.parallel().generate(&mut squares, |index| index * index)?;
    /// assert_eq!(squares, [0, 1, 4, 9, 16]);
    /// # Ok::<(), taskflow_core::RunError>(())
    /// ```
    pub fn generate<T: Send>(
        self,
        places: &mut [T],
        make: impl Fn(usize) -> T + Sync,
    ) -> Result<(), RunError> {
        self.transform(0..places.len(), places, make)
    }
}
