//! The algorithms, for whoever offers them under names of its own.

/// Calls the macro `$forward` with one line for each method of [`Parallel`](crate::Parallel): its name, that of the
/// function, its type parameters, its arguments and its result.
#[doc(hidden)]
#[macro_export]
macro_rules! algorithms {
    ($forward:ident) => {
        $forward! {
            for_each parallel_for_each [D: Divisible](items: D, work: impl Fn(D::Item) + Sync) -> ();
            for_each_index parallel_for_each_index [D: Divisible](indices: D, work: impl Fn(D::Item) + Sync) -> ();
            for_each_by_index parallel_for_each_by_index [const N: usize](ranges: [Range<usize>; N], work: impl Fn([usize; N]) + Sync) -> ();
            transform parallel_transform [D: Divisible, T: Send](input: D, output: &mut [T], map: impl Fn(D::Item) -> T + Sync) -> ();
            transform_two parallel_transform_two [A: Divisible, B: Divisible, T: Send](left: A, right: B, output: &mut [T], map: impl Fn(A::Item, B::Item) -> T + Sync) -> ();
            fill parallel_fill [T: Clone + Send + Sync](places: &mut [T], value: T) -> ();
            generate parallel_generate [T: Send](places: &mut [T], make: impl Fn(usize) -> T + Sync) -> ();
            reduce parallel_reduce [T: Clone + Send + Sync](elements: &[T], init: T, merge: impl Fn(T, T) -> T + Sync) -> T;
            transform_reduce parallel_transform_reduce [D: Divisible, T: Send](items: D, init: T, map: impl Fn(D::Item) -> T + Sync, merge: impl Fn(T, T) -> T + Sync) -> T;
            inclusive_scan parallel_inclusive_scan [T: Clone + Send + Sync](elements: &[T], places: &mut [T], add: impl Fn(&T, &T) -> T + Sync) -> ();
            exclusive_scan parallel_exclusive_scan [T: Clone + Send + Sync](elements: &[T], places: &mut [T], init: T, add: impl Fn(&T, &T) -> T + Sync) -> ();
            transform_inclusive_scan parallel_transform_inclusive_scan [D: Divisible, T: Clone + Send + Sync](items: D, places: &mut [T], map: impl Fn(D::Item) -> T + Sync, add: impl Fn(&T, &T) -> T + Sync) -> ();
            transform_exclusive_scan parallel_transform_exclusive_scan [D: Divisible, T: Clone + Send + Sync](items: D, places: &mut [T], init: T, map: impl Fn(D::Item) -> T + Sync, add: impl Fn(&T, &T) -> T + Sync) -> ();
            sort parallel_sort [T: Ord + Send](elements: &mut [T]) -> ();
            sort_by parallel_sort_by [T: Send](elements: &mut [T], compare: impl Fn(&T, &T) -> Ordering + Sync) -> ();
            sort_unstable parallel_sort_unstable [T: Ord + Send + Sync](elements: &mut [T]) -> ();
            sort_unstable_by parallel_sort_unstable_by [T: Send + Sync](elements: &mut [T], compare: impl Fn(&T, &T) -> Ordering + Sync) -> ();
            merge parallel_merge [T: Ord + Clone + Send + Sync](left: &[T], right: &[T], places: &mut [T]) -> ();
            merge_by parallel_merge_by [T: Clone + Send + Sync](left: &[T], right: &[T], places: &mut [T], compare: impl Fn(&T, &T) -> Ordering + Sync) -> ();
            find_if parallel_find_if [D: Divisible](items: D, is_such: impl Fn(D::Item) -> bool + Sync) -> Option<usize>;
            any parallel_any [D: Divisible](items: D, is_such: impl Fn(D::Item) -> bool + Sync) -> bool;
            all parallel_all [D: Divisible](items: D, is_such: impl Fn(D::Item) -> bool + Sync) -> bool;
            count parallel_count [D: Divisible](items: D, is_such: impl Fn(D::Item) -> bool + Sync) -> usize;
            min_element parallel_min_element [T: Ord + Sync](elements: &[T]) -> Option<usize>;
            min_element_by parallel_min_element_by [T: Sync](elements: &[T], compare: impl Fn(&T, &T) -> Ordering + Sync) -> Option<usize>;
            max_element parallel_max_element [T: Ord + Sync](elements: &[T]) -> Option<usize>;
            max_element_by parallel_max_element_by [T: Sync](elements: &[T], compare: impl Fn(&T, &T) -> Ordering + Sync) -> Option<usize>;
            partition parallel_partition [T: Send](elements: &mut [T], is_such: impl Fn(&T) -> bool + Sync) -> usize;
            copy_if parallel_copy_if [T: Clone + Send + Sync](elements: &[T], places: &mut [T], is_such: impl Fn(&T) -> bool + Sync) -> usize;
        }
    };
}
