//! A data slot: whoever touches the value has the right to, and sees what was done to it before.
//!
//! The value is a cell of the checker: a read or a write of it that is not ordered with the last write, or
//! a write that is not ordered with a read, ends the model. All models are checked exhaustively.

use std::rc::Rc;

use loom::cell::Cell;
use loom::thread;
use taskflow_core::protocol::occupancy::{Occupancy, Seized};

use crate::support::explore::explore;

/// A slot for numbers; 0 is no number.
#[derive(Default)]
struct Slot {
    occupancy: Occupancy,
    value: Cell<u32>,
}

impl Slot {
    fn full(value: u32) -> Rc<Self> {
        let slot = Rc::new(Self::default());
        assert!(slot.write(value));
        slot
    }

    /// Whether the place could be had.
    fn write(&self, value: u32) -> bool {
        let Some(seized) = self.occupancy.seize() else {
            return false;
        };
        let old = self.value.replace(value);
        assert_eq!(old == 0, seized == Seized::Empty);
        self.occupancy.leave_full();
        true
    }

    fn take(&self) -> Option<u32> {
        if !self.occupancy.seize_full() {
            return None;
        }
        let value = self.value.replace(0);
        assert_ne!(value, 0);
        self.occupancy.leave_empty();
        Some(value)
    }

    fn read(&self) -> Option<u32> {
        if !self.occupancy.lend() {
            return None;
        }
        let value = self.value.get();
        assert_ne!(value, 0);
        assert_eq!(value, self.value.get(), "it was overwritten meanwhile");
        self.occupancy.give_back();
        Some(value)
    }
}

/// Runs a part of the model on a thread of its own.
fn on_a_thread<R: 'static>(
    slot: &Rc<Slot>,
    part: impl FnOnce(&Slot) -> R + 'static,
) -> thread::JoinHandle<R> {
    let slot = Rc::clone(slot);
    thread::spawn(move || part(&slot))
}

fn end<R>(thread: thread::JoinHandle<R>) -> R {
    thread.join().expect("no part of the model panics")
}

/// A producer and a reader. Two threads.
#[test]
fn a_reader_gets_the_value_whole_or_not_at_all() {
    explore(None, || {
        let slot = Rc::new(Slot::default());
        let reader = on_a_thread(&slot, Slot::read);
        assert!(slot.write(1), "nobody reads before");
        assert!(matches!(end(reader), None | Some(1)));
        assert_eq!(slot.take(), Some(1));
    });
}

/// Two readers, and a producer that makes the next value. Three threads.
#[test]
fn a_value_is_overwritten_only_when_nobody_reads_it() {
    explore(None, || {
        let slot = Slot::full(1);
        let readers = [(); 2].map(|()| on_a_thread(&slot, Slot::read));
        let written = slot.write(2);
        for value in readers.map(end).into_iter().flatten() {
            assert!(value == 1 || written);
        }
        assert_eq!(slot.take(), Some(if written { 2 } else { 1 }));
    });
}

/// Two tasks that move the value out, and a producer that makes the next. Three threads.
#[test]
fn a_value_is_moved_out_once() {
    explore(None, || {
        let slot = Slot::full(1);
        let takers = [(); 2].map(|()| on_a_thread(&slot, Slot::take));
        let written = slot.write(2);
        let mut taken: Vec<u32> = takers.map(end).into_iter().flatten().collect();
        taken.extend(slot.take());
        taken.sort_unstable();
        // What the producer found in the slot it has overwritten.
        assert!(matches!(
            (written, &*taken),
            (false, [1]) | (true, [1, 2] | [2])
        ));
    });
}

/// A reader, somebody who ends the round of the value, and a producer of the next. Three threads.
#[test]
fn a_stale_value_is_lent_no_more_and_is_seen_by_who_replaces_it() {
    explore(None, || {
        let slot = Slot::full(1);
        let reader = on_a_thread(&slot, Slot::read);
        let clock = on_a_thread(&slot, |slot| slot.occupancy.expire());
        let written = slot.write(2);
        let value = end(reader);
        assert!(value.is_none_or(|value| value == 1 || written));
        end(clock);
        let last = slot.read();
        assert!(last.is_none() || last == Some(2));
        assert!(slot.write(3) && slot.take() == Some(3));
    });
}

/// A producer on one thread, the end of the round on another, and then a replacement. Three threads.
#[test]
fn who_replaces_a_stale_value_sees_it_written() {
    explore(None, || {
        let slot = Rc::new(Slot::default());
        let producer = on_a_thread(&slot, |slot| slot.write(1));
        let clock = on_a_thread(&slot, |slot| slot.occupancy.expire());
        slot.write(2);
        end(producer);
        end(clock);
    });
}
