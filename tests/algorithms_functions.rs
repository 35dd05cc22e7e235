//! The free functions give the sequential answers, on the default executor.

use core::sync::atomic::{AtomicUsize, Ordering};

use crate::support::scrambled::scrambled;
use crate::support::watchdog::within_a_minute;
use taskflow_std::{
    Steps, parallel_all, parallel_any, parallel_copy_if, parallel_count, parallel_exclusive_scan,
    parallel_fill, parallel_find_if, parallel_for_each, parallel_for_each_by_index,
    parallel_for_each_index, parallel_generate, parallel_inclusive_scan, parallel_max_element,
    parallel_max_element_by, parallel_merge, parallel_merge_by, parallel_min_element,
    parallel_min_element_by, parallel_partition, parallel_reduce, parallel_sort, parallel_sort_by,
    parallel_sort_unstable, parallel_sort_unstable_by, parallel_transform,
    parallel_transform_exclusive_scan, parallel_transform_inclusive_scan,
    parallel_transform_reduce, parallel_transform_two,
};

/// One leaf, several, and as many as are worth sharing.
const LENGTHS: [usize; 4] = [0, 1, 1500, 40_000];

fn sum_up_to(numbers: &[u32], init: u32) -> Vec<u32> {
    let next = |sum: &mut u32, number: &u32| {
        *sum += number;
        Some(*sum)
    };
    numbers.iter().scan(init, next).collect()
}

/// The sums before each.
fn sum_before(numbers: &[u32], init: u32) -> Vec<u32> {
    let mut sums = sum_up_to(numbers, init);
    sums.rotate_right(1.min(numbers.len()));
    if let Some(first) = sums.first_mut() {
        *first = init;
    }
    sums
}

/// The number and its place, of which the order is that of the last digit alone.
fn numbered(numbers: &[u32]) -> Vec<(u32, usize)> {
    numbers.iter().copied().zip(0..).collect()
}

fn by_digit(one: &(u32, usize), other: &(u32, usize)) -> core::cmp::Ordering {
    (one.0 % 10).cmp(&(other.0 % 10))
}

#[test]
fn the_functions_that_call_for_each_item_call_once() {
    within_a_minute(|| {
        for len in LENGTHS {
            let mut numbers = scrambled(len);
            parallel_for_each(&mut numbers[..], |number| *number += 1).unwrap();
            let expected = scrambled(len).into_iter().map(|number| number + 1);
            assert!(numbers.into_iter().eq(expected), "{len}");

            let seen: Vec<AtomicUsize> = (0..len).map(|_| AtomicUsize::new(0)).collect();
            let see = |index: usize| {
                seen[index].fetch_add(1, Ordering::Relaxed);
            };
            let down = Steps::new(len as i64 - 1, -1, -1);
            parallel_for_each_index(down, |index| see(index as usize)).unwrap();
            parallel_for_each_by_index([0..len / 10, 0..10], |[row, column]| {
                see(10 * row + column);
            })
            .unwrap();
            let whole = len / 10 * 10;
            for (index, seen) in seen.into_iter().enumerate() {
                assert_eq!(seen.into_inner(), 1 + usize::from(index < whole), "{index}");
            }
        }
    });
}

#[test]
fn the_functions_that_write_write_the_sequential_answer() {
    within_a_minute(|| {
        for len in LENGTHS {
            let given = scrambled(len);
            let mut places = vec![0; len];
            parallel_transform(&given[..], &mut places, |number| 3 * number).unwrap();
            assert!(given.iter().map(|number| 3 * number).eq(places));

            let (mut places, other) = (vec![0; len], 0..len);
            let less = |number: &u32, index: usize| u64::from(*number) + index as u64;
            parallel_transform_two(&given[..], other, &mut places, less).unwrap();
            let both = given.iter().zip(0..);
            assert!(both.map(|(number, index)| less(number, index)).eq(places));

            let mut places = vec![String::new(); len];
            parallel_fill(&mut places, String::from("full")).unwrap();
            assert!(places.iter().all(|place| place == "full"));

            let mut places = vec![0; len];
            parallel_generate(&mut places, |index| index * index).unwrap();
            assert!((0..len).map(|index| index * index).eq(places));
        }
    });
}

#[test]
fn the_functions_that_sum_give_the_sequential_sums() {
    within_a_minute(|| {
        for len in LENGTHS {
            let given = scrambled(len);
            let twice: Vec<u32> = given.iter().map(|number| 2 * number).collect();
            let sum: u32 = given.iter().sum();
            let words: Vec<String> = given.iter().map(ToString::to_string).collect();
            let text = parallel_reduce(&words, String::from(">"), |one, other| one + &other);
            assert_eq!(text.unwrap(), format!(">{}", words.concat()));
            let sums = parallel_transform_reduce(&given[..], 5, |n| 2 * n, |a, b| a + b);
            assert_eq!(sums.unwrap(), 5 + 2 * sum);

            let add = |one: &u32, other: &u32| one + other;
            let double = |number: &u32| 2 * number;
            let mut places = vec![0; len];
            parallel_inclusive_scan(&given, &mut places, add).unwrap();
            assert_eq!(places, sum_up_to(&given, 0));
            parallel_exclusive_scan(&given, &mut places, 9, add).unwrap();
            assert_eq!(places, sum_before(&given, 9));
            parallel_transform_inclusive_scan(&given[..], &mut places, double, add).unwrap();
            assert_eq!(places, sum_up_to(&twice, 0));
            parallel_transform_exclusive_scan(&given[..], &mut places, 9, double, add).unwrap();
            assert_eq!(places, sum_before(&twice, 9));
        }
    });
}

#[test]
fn the_functions_that_put_in_order_give_the_sequential_order() {
    within_a_minute(|| {
        for len in LENGTHS {
            let given = scrambled(len);
            let mut sorted = given.clone();
            sorted.sort_unstable();
            let mut stable = given.clone();
            parallel_sort(&mut stable).unwrap();
            let mut unstable = given.clone();
            parallel_sort_unstable(&mut unstable).unwrap();
            assert!(stable == sorted && unstable == sorted, "{len}");

            let mut expected = numbered(&given);
            expected.sort_by(by_digit);
            let mut stable = numbered(&given);
            parallel_sort_by(&mut stable, by_digit).unwrap();
            assert!(stable == expected, "{len}");
            let mut unstable = numbered(&given);
            parallel_sort_unstable_by(&mut unstable, by_digit).unwrap();
            assert!(unstable.is_sorted_by(|one, other| by_digit(one, other).is_le()));
            unstable.sort_by_key(|(number, place)| (*number % 10, *place));
            assert!(unstable == expected, "{len}: elements are lost");

            let (left, right) = given.split_at(len / 3);
            let (mut left, mut right) = (left.to_vec(), right.to_vec());
            left.sort_unstable();
            right.sort_unstable();
            let mut merged = vec![0; len];
            parallel_merge(&left, &right, &mut merged).unwrap();
            assert!(merged == sorted, "{len}");

            let all = numbered(&given);
            let (left, right) = all.split_at(len / 3);
            let (mut left, mut right) = (left.to_vec(), right.to_vec());
            left.sort_by(by_digit);
            right.sort_by(by_digit);
            let mut merged = vec![(0, 0); len];
            parallel_merge_by(&left, &right, &mut merged, by_digit).unwrap();
            assert!(
                merged == expected,
                "{len}: of equal ones the left come first"
            );
        }
    });
}

#[test]
fn the_functions_that_search_give_the_sequential_answer() {
    within_a_minute(|| {
        for len in LENGTHS {
            let given = scrambled(len);
            for wanted in [0, 7, 1000] {
                let is_it = |number: &u32| *number == wanted;
                let first = given.iter().position(is_it);
                assert_eq!(parallel_find_if(&given[..], is_it).unwrap(), first);
                assert_eq!(parallel_any(&given[..], is_it).unwrap(), first.is_some());
                let none = parallel_all(&given[..], |number| !is_it(number));
                assert_eq!(none.unwrap(), first.is_none());
                let count = given.iter().filter(|number| is_it(number)).count();
                assert_eq!(parallel_count(&given[..], is_it).unwrap(), count);
            }
            let place = |wanted: Option<&u32>| given.iter().position(|it| Some(it) == wanted);
            let (least, most) = (place(given.iter().min()), place(given.iter().max()));
            let turned = |one: &u32, other: &u32| other.cmp(one);
            assert_eq!(parallel_min_element(&given).unwrap(), least);
            assert_eq!(parallel_max_element(&given).unwrap(), most);
            assert_eq!(parallel_min_element_by(&given, turned).unwrap(), most);
            assert_eq!(parallel_max_element_by(&given, turned).unwrap(), least);
        }
    });
}

#[test]
fn the_functions_that_choose_choose_in_order() {
    within_a_minute(|| {
        for len in LENGTHS {
            let given = scrambled(len);
            let is_odd = |number: &u32| number % 2 == 1;
            let (odd, even): (Vec<u32>, Vec<u32>) = given.iter().partition(|number| is_odd(number));
            let mut parted = given.clone();
            assert_eq!(parallel_partition(&mut parted, is_odd).unwrap(), odd.len());
            assert!(parted.iter().eq(odd.iter().chain(&even)), "{len}");
            let mut chosen = vec![7; len];
            let count = parallel_copy_if(&given, &mut chosen, is_odd).unwrap();
            assert_eq!((count, &chosen[..count]), (odd.len(), &odd[..]));
            assert!(chosen[count..].iter().all(|place| *place == 7), "{len}");
        }
    });
}
