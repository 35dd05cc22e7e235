//! Every algorithm against the sequential answer.

use core::sync::atomic::{AtomicU32, Ordering};

use taskflow_std::Parallel;

use crate::support::scrambled::scrambled;

/// Checks all algorithms over this many items; `between` is called now and then by every operation.
#[track_caller]
pub(crate) fn assert_all_agree(parallel: Parallel<'_>, len: usize, between: &(impl Fn() + Sync)) {
    assert_each(parallel, len, between);
    assert_ordered(parallel, len, between);
    assert_searches(parallel, len, between);
    assert_moves(parallel, len, between);
}

#[track_caller]
fn assert_each(parallel: Parallel<'_>, len: usize, between: &(impl Fn() + Sync)) {
    let seen: Vec<AtomicU32> = (0..len).map(|_| AtomicU32::new(0)).collect();
    let see = |index: usize| {
        between();
        seen[index].fetch_add(1, Ordering::Relaxed);
    };
    parallel
        .for_each_index(0..len, see)
        .expect("nothing panics");
    parallel
        .for_each(&seen[..], |count| {
            count.fetch_add(1, Ordering::Relaxed);
        })
        .expect("nothing panics");
    assert!(seen.iter().all(|count| count.load(Ordering::Relaxed) == 2));

    let mut numbers = vec![0; len];
    parallel
        .generate(&mut numbers, |index| index)
        .expect("nothing panics");
    assert!(numbers.iter().copied().eq(0..len));
    let mut doubled = vec![0; len];
    let double = |number: &usize| {
        between();
        2 * number
    };
    parallel
        .transform(&numbers[..], &mut doubled, double)
        .expect("nothing panics");
    assert!(doubled.iter().copied().eq((0..len).map(|index| 2 * index)));
    let mut sums = vec![0; len];
    let pairs = (&numbers[..], &doubled[..]);
    parallel
        .transform_two(pairs.0, pairs.1, &mut sums, |one, other| one + other)
        .expect("nothing panics");
    assert!(sums.iter().copied().eq((0..len).map(|index| 3 * index)));
    parallel.fill(&mut sums, 7).expect("nothing panics");
    assert!(sums.iter().all(|sum| *sum == 7));
}

#[track_caller]
fn assert_ordered(parallel: Parallel<'_>, len: usize, between: &(impl Fn() + Sync)) {
    // A product of 2x2 matrices: associative, not commutative.
    type Matrix = [u32; 4];
    let times = |a: &Matrix, b: &Matrix| -> Matrix {
        between();
        let cell = |row: usize, column: usize| {
            let first = a[2 * row].wrapping_mul(b[column]);
            first.wrapping_add(a[2 * row + 1].wrapping_mul(b[2 + column]))
        };
        [cell(0, 0), cell(0, 1), cell(1, 0), cell(1, 1)]
    };
    let matrix = |number: &u32| [*number | 1, number.rotate_left(9), number ^ 5, 3];
    let matrices: Vec<Matrix> = scrambled(len).iter().map(matrix).collect();
    let init: Matrix = [2, 3, 5, 7];
    let mut after = Vec::with_capacity(len);
    let mut before = Vec::with_capacity(len);
    let (mut sum, mut with_init) = (None, init);
    for next in &matrices {
        before.push(with_init);
        with_init = times(&with_init, next);
        let total = sum.map_or(*next, |sum| times(&sum, next));
        after.push(total);
        sum = Some(total);
    }
    let whole = parallel.reduce(&matrices, init, |a, b| times(&a, &b));
    assert_eq!(whole.expect("nothing panics"), with_init);
    let mut places = vec![[0; 4]; len];
    parallel
        .inclusive_scan(&matrices, &mut places, times)
        .expect("nothing panics");
    assert!(places == after, "inclusive scan of {len}");
    parallel
        .exclusive_scan(&matrices, &mut places, init, times)
        .expect("nothing panics");
    assert!(places == before, "exclusive scan of {len}");

    let words: Vec<String> = (0..len.min(3000))
        .map(|index| format!("{index:x}"))
        .collect();
    let text = parallel.reduce(&words, String::from(">"), |one, other| one + &other);
    assert_eq!(
        text.expect("nothing panics"),
        String::from(">") + &words.concat()
    );
}

#[track_caller]
fn assert_searches(parallel: Parallel<'_>, len: usize, between: &(impl Fn() + Sync)) {
    let numbers = scrambled(len);
    for wanted in [0, 17, 999, 1000] {
        let is_it = |number: &u32| {
            between();
            *number == wanted
        };
        let first = numbers.iter().position(is_it);
        assert_eq!(
            parallel
                .find_if(&numbers[..], is_it)
                .expect("nothing panics"),
            first
        );
        assert_eq!(
            parallel.any(&numbers[..], is_it).expect("nothing panics"),
            first.is_some()
        );
        let all_others = parallel.all(&numbers[..], |number| !is_it(number));
        assert_eq!(all_others.expect("nothing panics"), first.is_none());
        let count = numbers.iter().filter(|number| is_it(number)).count();
        assert_eq!(
            parallel.count(&numbers[..], is_it).expect("nothing panics"),
            count
        );
    }
    let least = numbers.iter().min();
    let least = least.and_then(|least| numbers.iter().position(|number| number == least));
    assert_eq!(
        parallel.min_element(&numbers).expect("nothing panics"),
        least
    );
    let greatest = numbers.iter().max();
    let greatest = greatest.and_then(|most| numbers.iter().position(|number| number == most));
    assert_eq!(
        parallel.max_element(&numbers).expect("nothing panics"),
        greatest
    );
}

#[track_caller]
fn assert_moves(parallel: Parallel<'_>, len: usize, between: &(impl Fn() + Sync)) {
    let numbers = scrambled(len);
    let numbered: Vec<(u32, usize)> = numbers.iter().copied().zip(0..).collect();
    let by_number = |one: &(u32, usize), other: &(u32, usize)| {
        between();
        one.0.cmp(&other.0)
    };
    let mut expected = numbered.clone();
    expected.sort_by_key(|item| item.0);
    let mut sorted = numbered.clone();
    parallel
        .sort_by(&mut sorted, by_number)
        .expect("nothing panics");
    assert!(sorted == expected, "a stable sort of {len}");
    let mut sorted = numbers.clone();
    parallel.sort_unstable(&mut sorted).expect("nothing panics");
    assert!(sorted.iter().eq(expected.iter().map(|item| &item.0)));
    let mut sorted = numbers.clone();
    parallel.sort(&mut sorted).expect("nothing panics");
    assert!(sorted.is_sorted());

    let (left, right) = numbered.split_at(len / 3);
    let (mut left, mut right) = (left.to_vec(), right.to_vec());
    left.sort_by_key(|item| item.0);
    right.sort_by_key(|item| item.0);
    let mut merged = numbered.clone();
    parallel
        .merge_by(&left, &right, &mut merged, by_number)
        .expect("nothing panics");
    assert!(merged == expected, "a merge of {len}");

    let is_odd = |item: &(u32, usize)| {
        between();
        item.0 % 2 == 1
    };
    let (odd, even): (Vec<_>, Vec<_>) = numbered.iter().partition(|item| is_odd(item));
    let mut parted = numbered.clone();
    assert_eq!(
        parallel
            .partition(&mut parted, is_odd)
            .expect("nothing panics"),
        odd.len()
    );
    assert!(parted.iter().eq(odd.iter().chain(&even)));
    let mut chosen = vec![(0, 0); len];
    let count = parallel
        .copy_if(&numbered, &mut chosen, is_odd)
        .expect("nothing panics");
    assert_eq!(chosen[..count], odd);
}
