//! What a task makes gets to the tasks that it is meant for, and to nobody else.

use core::cell::RefCell;
use core::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use crate::support::dice::Dice;
use crate::support::gate::Gate;
use crate::support::rig::on_each_rig;
use taskflow_core::Manual;
use taskflow_std::{Executor, Output, OutputId, SharedOutput, Taskflow, TaskflowError};

/// Neither `Clone` nor `Copy`.
#[derive(Debug, PartialEq)]
struct Number(u64);

#[test]
fn a_value_moves_along_a_chain_without_a_copy() {
    on_each_rig(|rig| {
        let flow = Taskflow::new();
        let places = Arc::new(Mutex::new(Vec::new()));
        let (first, last) = (Arc::clone(&places), Arc::clone(&places));
        let place = |number: &Number| core::ptr::from_ref(number).addr();
        let made = flow.produce(move || {
            let number = Box::new(Number(7));
            first.lock().unwrap().push(place(&number));
            number
        });
        let end = made.map(|number| number).map(move |number| {
            last.lock().unwrap().push(place(&number));
            *number
        });
        assert_eq!(rig.run_and_wait(&flow).unwrap().tasks, 3);
        assert_eq!(end.take(), Some(Number(7)));
        let places = places.lock().unwrap();
        assert_eq!(places[0], places[1]);
    });
}

#[test]
fn a_shared_value_is_read_by_all_who_share_it_and_stays_to_be_taken() {
    on_each_rig(|rig| {
        let flow = Taskflow::new();
        let number = flow.produce(|| Number(7)).share();
        let readers: Vec<Output<'_, '_, u64>> = (0..100)
            .map(|reader| number.clone().map(move |number| number.0 + reader))
            .collect();
        rig.run_and_wait(&flow).unwrap();
        for (reader, read) in (0..).zip(readers) {
            assert_eq!(read.take(), Some(7 + reader));
        }
        assert_eq!((number.take(), number.take()), (Some(Number(7)), None));
    });
}

#[test]
fn eight_values_arrive_in_the_order_given() {
    on_each_rig(|rig| {
        let flow = Taskflow::new();
        let letter = |letter: char| flow.produce(move || letter);
        let (a, b) = (letter('a'), letter('b').share());
        let h = flow.produce(|| String::from("h")).share();
        let word = flow.zip(
            (
                a,
                &b,
                letter('c'),
                letter('d'),
                letter('e'),
                letter('f'),
                b.clone(),
                &h,
            ),
            |a, b, c, d, e, f, g, h| format!("{a}{b}{c}{d}{e}{f}{g}{h}"),
        );
        let list = flow.zip((word,), |word| word + "!");
        assert_eq!(flow.validate().unwrap(), [], "`b` twice is no mistake");
        rig.run_and_wait(&flow).unwrap();
        assert_eq!(list.take().as_deref(), Some("abcdefbh!"));
    });
}

/// At the begin of a page.
#[derive(Debug, PartialEq)]
#[repr(align(4096))]
struct Page(u8);

#[test]
fn values_without_a_size_and_with_a_large_alignment_arrive() {
    on_each_rig(|rig| {
        let flow = Taskflow::new();
        let page = flow.produce(|| Page(7)).share();
        let aligned = page.map(|page| core::ptr::from_ref(page).addr() % 4096);
        let nothing = flow.produce(|| ()).map(|()| [(); 3]);
        rig.run_and_wait(&flow).unwrap();
        assert_eq!((page.take(), aligned.take()), (Some(Page(7)), Some(0)));
        assert_eq!((nothing.take(), nothing.take()), (Some([(); 3]), None));
    });
}

#[test]
fn values_may_borrow_what_outlives_the_flow() {
    on_each_rig(|rig| {
        let text = String::from("what is made may borrow");
        let longest = {
            let flow = Taskflow::new();
            let words: Output<'_, '_, Vec<&str>> = flow.produce(|| text.split(' ').collect());
            let longest = words.map(|words| words.into_iter().max_by_key(|word| word.len()));
            rig.run_and_wait(&flow).unwrap();
            longest.take().flatten()
        };
        assert_eq!(longest, Some("borrow"));
    });
}

#[test]
fn a_task_of_any_kind_gets_its_inputs_in_the_shape_given() {
    on_each_rig(|rig| {
        let (flow, seen) = (Taskflow::new(), Arc::new(Mutex::new(Vec::new())));
        let (tuple, single, lent) = (Arc::clone(&seen), Arc::clone(&seen), Arc::clone(&seen));
        let shared = flow.produce(|| String::from("shared")).share();
        flow.with((flow.produce(|| 1), &shared))
            .emplace(move |(number, text)| tuple.lock().unwrap().push(format!("{text} {number}")));
        flow.with(flow.produce(|| 2))
            .emplace(move |number| single.lock().unwrap().push(number.to_string()));
        flow.with(&shared).try_emplace(move |text| {
            lent.lock().unwrap().push(text.clone());
            Ok(())
        });
        rig.run_and_wait(&flow).unwrap();
        let mut seen = seen.lock().unwrap();
        seen.sort();
        assert_eq!(*seen, ["2", "shared", "shared 1"]);
    });
}

#[test]
fn take_gives_nothing_before_the_run_and_nothing_twice() {
    on_each_rig(|rig| {
        let flow = Taskflow::new();
        let number = flow.produce(|| 7);
        assert_eq!(number.take(), None);
        rig.run_and_wait(&flow).unwrap();
        assert_eq!((number.take(), number.take()), (Some(7), None));
        rig.run_n(&flow, 2).unwrap();
        assert_eq!((number.take(), number.take()), (Some(7), None));
    });
}

#[test]
fn take_gives_nothing_while_a_run_is_unfinished() {
    let (flow, begun, end) = (Taskflow::new(), Gate::default(), Gate::default());
    let number = flow.produce(|| 7);
    let (first, second) = (begun.clone(), end.clone());
    let blocked = flow.emplace(move || {
        first.open();
        second.pass();
    });
    number.task().precede(blocked);
    let executor = Executor::new(1);
    let run = executor.run(&flow);
    begun.pass();
    let early = number.take();
    end.open();
    run.wait().unwrap();
    assert_eq!(early, None, "it was made, but the run was not over");
    let stepped = taskflow_core::Executor::<Manual>::new(1);
    let run = stepped.run(&flow);
    assert_eq!(number.take(), None, "the next run has not begun");
    run.wait().unwrap();
    assert_eq!(number.take(), Some(7));
}

#[test]
fn a_value_that_was_given_to_a_task_is_not_there_to_be_taken() {
    on_each_rig(|rig| {
        let flow = Taskflow::new();
        let number = flow.produce(|| 7);
        let id = number.id();
        let next = number.map(|number| number + 1);
        rig.run_and_wait(&flow).unwrap();
        let output = flow.output(id).expect("it is of this flow");
        assert_eq!((output.take(), next.take()), (None, Some(8)));
        assert_eq!(output.task().num_successors(), 1);
    });
}

#[test]
fn an_identity_leads_back_in_its_own_flow_until_its_task_is_gone() {
    let (flow, other) = (Taskflow::new(), Taskflow::new());
    let id = flow.produce(|| 7).name("seven").id();
    other.produce(|| 8);
    assert!(other.output(id).is_none());
    let output = flow.output(id).expect("it is of this flow");
    assert_eq!((output.id(), output.task().label()), (id, "seven".into()));
    flow.work(output.task(), || {});
    assert!(flow.output(id).is_none(), "it makes nothing any more");
    let id: OutputId<i32> = flow.produce(|| 7).id();
    flow.remove(flow.task(id.task()).unwrap());
    flow.produce(|| "in its place");
    assert!(flow.output(id).is_none());
}

#[test]
fn an_input_makes_an_edge_like_any_other() {
    let flow = Taskflow::with_name("data");
    let (a, b) = (
        flow.produce(|| 1).name("a"),
        flow.produce(|| 2).share().name("b"),
    );
    let sum = flow.zip((a, &b), |a, b| a + b).name("sum");
    assert_eq!(sum.task().num_predecessors(), 2);
    assert_eq!(b.task().successors(), [sum.task()]);
    b.task().succeed(sum.task());
    assert!(matches!(
        flow.validate(),
        Err(TaskflowError::Cycle { tasks }) if tasks.len() == 2
    ));
}

enum Made<'flow> {
    Moved(Output<'flow, 'static, Number>),
    Shared(SharedOutput<'flow, 'static, Number>),
}

/// What is to come of it: the value in round 0, and how much it grows each round.
type Expected = (u64, u64);

fn sum(a: &Number, b: &Number) -> Number {
    Number(a.0.wrapping_mul(3).wrapping_add(b.0))
}

fn expected_sum(a: Expected, b: Expected) -> Expected {
    let sum = |a: u64, b: u64| sum(&Number(a), &Number(b)).0;
    (sum(a.0, b.0), sum(a.1, b.1))
}

/// Adds a task that makes a value of two others. Those that are shared are handed back.
fn join<'flow>(
    flow: &'flow Taskflow<'static>,
    a: Made<'flow>,
    b: Made<'flow>,
) -> (Output<'flow, 'static, Number>, [Option<Made<'flow>>; 2]) {
    match (a, b) {
        (Made::Moved(a), Made::Moved(b)) => (flow.zip((a, b), |a, b| sum(&a, &b)), [None, None]),
        (Made::Shared(a), Made::Moved(b)) => {
            let made = flow.zip((&a, b), |a, b| sum(a, &b));
            (made, [Some(Made::Shared(a)), None])
        }
        (Made::Moved(a), Made::Shared(b)) => {
            let made = flow.zip((a, &b), |a, b| sum(&a, b));
            (made, [None, Some(Made::Shared(b))])
        }
        (Made::Shared(a), Made::Shared(b)) => {
            let made = flow.zip((&a, &b), sum);
            (made, [Some(Made::Shared(a)), Some(Made::Shared(b))])
        }
    }
}

/// A flow of any shape; what is left to be taken in the end, and what that is to be.
fn thrown<'flow>(
    dice: &mut Dice,
    flow: &'flow Taskflow<'static>,
    round: &Arc<AtomicU64>,
) -> Vec<(Made<'flow>, Expected)> {
    let mut made: Vec<(Made<'flow>, Expected)> = Vec::new();
    for number in 0..1 + dice.below(100) as u64 {
        let (output, expected) = if made.len() < 2 || dice.below(3) == 0 {
            let round = Arc::clone(round);
            let output = flow.produce(move || Number(number + round.load(Ordering::SeqCst)));
            (output, (number, 1))
        } else {
            let (a, x) = made.swap_remove(dice.below(made.len()));
            let (b, y) = made.swap_remove(dice.below(made.len()));
            let (output, left) = join(flow, a, b);
            let left = left.into_iter().zip([x, y]);
            made.extend(left.filter_map(|(made, expected)| Some((made?, expected))));
            (output, expected_sum(x, y))
        };
        let output = match dice.below(2) {
            0 => Made::Moved(output),
            _ => Made::Shared(output.share()),
        };
        made.push((output, expected));
    }
    made
}

#[test]
fn every_value_of_a_graph_of_any_shape_is_that_of_its_round() {
    let dice = RefCell::new(Dice::shaken());
    on_each_rig(|rig| {
        for _ in 0..30 {
            let (flow, round) = (Taskflow::new(), Arc::new(AtomicU64::new(0)));
            let made = thrown(&mut dice.borrow_mut(), &flow, &round);
            for now in [3, 5, 8] {
                round.store(now, Ordering::SeqCst);
                rig.run_and_wait(&flow).unwrap();
                for (made, (start, growth)) in &made {
                    let value = match made {
                        Made::Moved(output) => output.take(),
                        Made::Shared(output) => output.take(),
                    };
                    let expected = growth.wrapping_mul(now).wrapping_add(*start);
                    assert_eq!(value, Some(Number(expected)));
                }
            }
        }
    });
}

#[test]
fn a_chain_of_a_hundred_thousand_maps_is_run_and_dropped_without_recursion() {
    on_each_rig(|rig| {
        let flow = Taskflow::new();
        let mut number = flow.produce(|| 0);
        for _ in 0..100_000 {
            number = number.map(|number| number + 1);
        }
        rig.run_and_wait(&flow).unwrap();
        assert_eq!(number.take(), Some(100_000));
    });
}
