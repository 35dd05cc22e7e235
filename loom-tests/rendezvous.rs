//! Two that meet: the second goes on, alone, and sees what the first has done; and a ring of lines made of that.
//!
//! What each of the two has done before it arrives is a checked cell, and so is what a line keeps and what a serial
//! pipe keeps: an access that is not ordered with the last ends the model. In the ring a thread that starts a line goes
//! on with it itself: a queue would publish as well, which would hide what the protocol has to do.

use std::rc::Rc;

use loom::cell::Cell;
use loom::thread;
use taskflow_core::protocol::rendezvous::Rendezvous;

use crate::support::explore::explore;

/// A place, and what each of two does before it arrives there.
#[derive(Default)]
struct Meeting {
    place: Rendezvous,
    done: [Cell<u32>; 2],
}

impl Meeting {
    /// One of the two arrives, after a look whether the other is there. The second looks at what both did.
    fn arrive(&self, who: usize, round: u32) -> bool {
        self.done[who].set(round);
        let second = self.place.pass() || self.place.arrive();
        if second {
            assert_eq!(self.done.each_ref().map(Cell::get), [round; 2]);
            // Handed on, as a line is.
            self.done.each_ref().iter().for_each(|done| done.set(round));
        }
        second
    }
}

/// Two threads. Exhaustive.
#[test]
fn the_second_of_two_goes_on_and_sees_the_first() {
    explore(None, || {
        let meeting = Rc::new(Meeting::default());
        let other = Rc::clone(&meeting);
        let other = thread::spawn(move || other.arrive(1, 1));
        let this = meeting.arrive(0, 1);
        let other = other.join().expect("no part of the model panics");
        assert!(this != other, "one of the two goes on");
        // The place is as it was found.
        assert!(!meeting.place.pass());
        assert!(!meeting.arrive(0, 2));
        meeting.done[1].set(2);
        assert!(meeting.place.pass());
    });
}

const LINES: usize = 2;
const PIPES: usize = 2;

/// Lines that take tokens through serial pipes.
struct Ring {
    tokens: u32,
    places: [[Rendezvous; LINES]; PIPES],
    /// For each line its token, and the pipe that it is at.
    lines: [Cell<(u32, usize)>; LINES],
    /// For each pipe how many tokens it has seen.
    pipes: [Cell<u32>; PIPES],
    /// Lines that have ended. Of whoever has the turn at the first pipe.
    ended: Cell<usize>,
}

impl Ring {
    fn begun(tokens: u32) -> Rc<Self> {
        let ring = Self {
            tokens,
            places: Default::default(),
            lines: Default::default(),
            pipes: Default::default(),
            ended: Cell::new(0),
        };
        for pipe in &ring.places {
            pipe[0].prepare(true);
        }
        Rc::new(ring)
    }

    /// Goes on with a line, and with those that it starts.
    fn work(&self, line: usize) {
        let mut ready = vec![(line, false)];
        while let Some((line, may_enter)) = ready.pop() {
            self.go_on(line, may_enter, &mut ready);
        }
    }

    fn go_on(&self, line: usize, mut may_enter: bool, ready: &mut Vec<(usize, bool)>) {
        loop {
            let (mut token, pipe) = self.lines[line].get();
            let place = &self.places[pipe][line];
            if !may_enter && !place.pass() && !place.arrive() {
                return;
            }
            may_enter = false;
            let seen = self.pipes[pipe].get();
            let ends = pipe == 0 && seen == self.tokens;
            if pipe == 0 {
                token = seen;
            }
            if ends {
                let ended = self.ended.get() + 1;
                self.ended.set(ended);
                if ended == LINES {
                    return;
                }
            } else {
                assert_eq!(token, seen, "in order");
                self.pipes[pipe].set(seen + 1);
                self.lines[line].set((token, (pipe + 1) % PIPES));
            }
            let behind = (line + 1) % LINES;
            if self.places[pipe][behind].arrive() {
                ready.push((behind, true));
            }
            if ends {
                return;
            }
        }
    }
}

/// Two workers, two lines, two serial pipes, three tokens and the end of the stream. Two threads.
#[test]
fn a_ring_of_lines_takes_all_tokens_through_serial_pipes_in_order() {
    explore(Some(4), || {
        let ring = Ring::begun(3);
        let other = Rc::clone(&ring);
        let other = thread::spawn(move || other.work(1));
        ring.work(0);
        other.join().expect("no part of the model panics");
        assert_eq!(ring.ended.get(), LINES);
        assert_eq!(ring.pipes.each_ref().map(Cell::get), [3; PIPES]);
    });
}
