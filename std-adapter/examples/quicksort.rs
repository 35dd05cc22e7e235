//! Quicksort by recursive subflows that borrow: each task owns a part of one slice, splits it, and gives the
//! halves to tasks of its own. Nothing is copied, and the compiler sees that no two tasks share an element.

#![forbid(unsafe_code)]

use taskflow_std::{Executor, RunError, Taskflow};

const NUMBERS: usize = 500_000;
/// Shorter slices are not worth a task.
const SEQUENTIAL: usize = 4_096;

/// Adds a task that sorts the slice.
fn sort<'env>(flow: &Taskflow<'env>, slice: &'env mut [u32]) {
    if slice.len() <= SEQUENTIAL {
        flow.emplace_once(move || slice.sort_unstable());
        return;
    }
    // A subflow may be built in many rounds; this one gives its slice away in the first.
    let mut slice = Some(slice);
    flow.emplace_subflow(move |children| {
        let slice = slice.take().expect("the flow runs one round");
        let (less, more) = split(slice);
        sort(children, less);
        sort(children, more);
    });
}

/// Parts the slice around the middle one of three elements, which is left out since it is in its place.
fn split(slice: &mut [u32]) -> (&mut [u32], &mut [u32]) {
    let last = slice.len() - 1;
    let mut samples = [0, slice.len() / 2, last];
    samples.sort_unstable_by_key(|place| slice[*place]);
    slice.swap(samples[1], last);
    let (pivot, mut end) = (slice[last], 0);
    for place in 0..last {
        // Equal ones go left and right by turns, so that many of them do no harm.
        if slice[place] < pivot || (slice[place] == pivot && place % 2 == 0) {
            slice.swap(place, end);
            end += 1;
        }
    }
    slice.swap(end, last);
    let (less, more) = slice.split_at_mut(end);
    (less, &mut more[1..])
}

fn main() -> Result<(), RunError> {
    // A linear congruential generator with a fixed seed; many numbers come more than once.
    let mut seed = 11u32;
    let mut number = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        seed >> 14
    };
    let mut numbers: Vec<u32> = (0..NUMBERS).map(|_| number()).collect();
    let mut expected = numbers.clone();
    let stats = {
        let flow = Taskflow::with_name("quicksort");
        sort(&flow, &mut numbers);
        Executor::new(0).run_and_wait(&flow)?
    };
    println!("{} numbers sorted by {} tasks", numbers.len(), stats.tasks);
    expected.sort_unstable();
    assert_eq!(numbers, expected);
    Ok(())
}
