//! Who goes on next: the choices of a simulation, and what they are made from.

use core::time::Duration;
use std::rc::Rc;

use taskflow_core::Local;

use super::dice::Dice;
use super::style::{LATE_MAX, STALL_MAX, Style, TICK_BITS};
use super::trace::{Event, Parking, Trace, Who};

/// Everything that a simulation knows of its strands. It switches nothing: it only says who is next.
#[derive(Debug)]
pub(crate) struct Schedule {
    pub(crate) dice: Dice,
    pub(crate) style: Style,
    pub(crate) trace: Trace,
    pub(crate) now: Duration,
    strands: Vec<Strand>,
    /// Those that have not ended.
    live: Vec<usize>,
    /// Who runs now, or ran last.
    running: usize,
    places: Vec<Vec<Place>>,
    /// Unparks on their way, and the steps at which they arrive.
    late: Vec<(u64, Parking)>,
    /// Who may go on, while one of them is chosen.
    ready: Vec<usize>,
}

/// A virtual thread.
#[derive(Debug)]
struct Strand {
    who: Who,
    standing: Standing,
    /// Not before this step.
    held: u64,
    local: Rc<Local>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Standing {
    Ready,
    Parked(Parking, Option<Duration>),
    Ended,
}

/// Where a worker or a guest parks.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    /// An unpark came while nobody parked here.
    token: bool,
    /// A worker has begun here.
    begun: bool,
}

/// What a simulation does next.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Next {
    /// Lets this strand go on.
    Go(usize),
    /// All strands have ended.
    Over,
    /// All park, and nobody will unpark them.
    Hang,
}

impl Schedule {
    pub(crate) fn new(seed: u64, workers: Option<usize>, refuse: Option<usize>) -> Self {
        let mut dice = Dice::of(seed);
        let mut style = Style::drawn(&mut dice);
        if let Some(refuse) = refuse {
            style.refuse = refuse;
        }
        let drawn = 1 + dice.below(8);
        Self {
            dice,
            style,
            trace: Trace {
                seed,
                workers: workers.unwrap_or(drawn),
                steps: 0,
                events: Vec::new(),
            },
            now: Duration::ZERO,
            strands: Vec::new(),
            live: Vec::new(),
            running: 0,
            places: Vec::new(),
            late: Vec::new(),
            ready: Vec::new(),
        }
    }

    /// Another executor. Gives its number.
    pub(crate) fn add_executor(&mut self) -> usize {
        self.places.push(Vec::new());
        self.places.len() - 1
    }

    /// Another strand, which is ready.
    pub(crate) fn add_strand(&mut self, who: Who) {
        let number = self.strands.len();
        self.strands.push(Strand {
            who,
            standing: Standing::Ready,
            held: 0,
            local: Rc::default(),
        });
        self.live.push(number);
        self.trace.events.push(Event::Starts(number, who));
    }

    /// Whether a worker may begin here: the first one does, a substitute as the dice fall.
    pub(crate) fn may_start(&mut self, parking: Parking) -> bool {
        let place = self.place(parking);
        let first = !core::mem::replace(&mut place.begun, true);
        let may = first || !self.dice.one_in(self.style.refuse);
        if !may {
            self.trace.events.push(Event::Refused(parking));
        }
        may
    }

    /// The record of the strand that runs.
    pub(crate) fn local(&self) -> Rc<Local> {
        Rc::clone(&self.strands[self.running].local)
    }

    /// The strand that runs has ended.
    pub(crate) fn end(&mut self) {
        let running = self.running;
        self.strands[running].standing = Standing::Ended;
        self.live.retain(|strand| *strand != running);
    }

    /// The strand that runs parks, or lets others go on if it was unparked before.
    pub(crate) fn park(&mut self, parking: Parking, timeout: Option<Duration>) {
        if core::mem::take(&mut self.place(parking).token) {
            return;
        }
        let until = timeout.map(|timeout| self.now.saturating_add(timeout));
        self.strands[self.running].standing = Standing::Parked(parking, until);
        self.trace.events.push(Event::Parks(self.running, parking));
    }

    /// Ends the park of who is here, or else the next, now or later.
    pub(crate) fn unpark(&mut self, parking: Parking) {
        let steps = if self.dice.one_in(self.style.late) {
            1 + self.dice.below(LATE_MAX)
        } else {
            0
        };
        self.trace.events.push(Event::Unpark(parking, steps));
        if steps == 0 {
            self.deliver(parking);
        } else {
            self.late.push((self.trace.steps + steps as u64, parking));
        }
    }

    /// How far apart two workers are.
    pub(crate) fn distance(&self, executor: usize, from: usize, to: usize) -> u8 {
        if !self.style.distant {
            return 0;
        }
        let pair = ((executor << 20) + (from << 10) + to) as u64;
        let far = Dice::of(self.trace.seed ^ (pair << 24)).below(3);
        u8::try_from(far).unwrap_or(0)
    }

    /// Workers that park, and whom no unpark is on the way to.
    pub(crate) fn idle(&self) -> usize {
        let idle = |strand: &&usize| match self.strands[**strand] {
            Strand {
                who: Who::Worker(own),
                standing: Standing::Parked(parking, _),
                ..
            } => own == parking && !self.late.iter().any(|(_, late)| *late == own),
            _ => false,
        };
        self.live.iter().filter(idle).count()
    }

    /// The next step.
    pub(crate) fn next(&mut self) -> Next {
        loop {
            self.deliver_due();
            self.end_timed_parks();
            if let Some(strand) = self.choose() {
                self.running = strand;
                self.trace.steps += 1;
                self.trace.events.push(Event::Goes(strand));
                return Next::Go(strand);
            }
            // Nobody goes on now: whoever could later goes on sooner.
            let strands = &self.strands;
            let held = |strand: &&usize| strands[**strand].standing == Standing::Ready;
            if let Some(held) = self.live.iter().find(held).copied() {
                self.strands[held].held = 0;
            } else if let Some(last) = self.late.len().checked_sub(1) {
                let (_, parking) = self.late.swap_remove(self.dice.below(last + 1));
                self.deliver(parking);
            } else if let Some(until) = self.deadlines().min() {
                self.move_clock(until);
            } else if self.live.is_empty() {
                return Next::Over;
            } else {
                return Next::Hang;
            }
        }
    }

    /// One of those that may go on, and what else the dice do then.
    fn choose(&mut self) -> Option<usize> {
        let (strands, steps) = (&self.strands, self.trace.steps);
        let may_go = |number: &usize| {
            let strand = &strands[*number];
            strand.standing == Standing::Ready && strand.held <= steps
        };
        self.ready.clear();
        self.ready.extend(self.live.iter().copied().filter(may_go));
        if self.ready.is_empty() {
            return None;
        }
        if self.dice.one_in(self.style.tick) {
            let by = Duration::from_nanos(1 << self.dice.below(TICK_BITS));
            self.move_clock(self.now.saturating_add(by));
        }
        if self.dice.one_in(self.style.early) {
            self.end_a_park();
        }
        let same = self.ready.iter().position(|ready| *ready == self.running);
        let mut chosen = match same {
            Some(same) if self.dice.below(256) < self.style.stay => same,
            _ => self.dice.below(self.ready.len()),
        };
        if self.ready.len() > 1 && self.dice.one_in(self.style.stall) {
            let held = self.ready.swap_remove(chosen);
            let steps = 1 + self.dice.below(STALL_MAX);
            self.strands[held].held = self.trace.steps + steps as u64;
            self.trace.events.push(Event::Held(held, steps));
            chosen = self.dice.below(self.ready.len());
        }
        Some(self.ready[chosen])
    }

    /// Ends the park of anybody for no reason.
    fn end_a_park(&mut self) {
        let any = self.live[self.dice.below(self.live.len())];
        let strand = &mut self.strands[any];
        if matches!(strand.standing, Standing::Parked(..)) {
            strand.standing = Standing::Ready;
            self.ready.push(any);
            self.trace.events.push(Event::EndsEarly(any));
        }
    }

    /// Who parks where.
    pub(crate) fn who_waits(&self) -> String {
        let lines = self.live.iter().map(|number| {
            let strand = &self.strands[*number];
            let what = match strand.standing {
                Standing::Parked(parking, _) => format!("parks as {parking}"),
                Standing::Ready | Standing::Ended => "may go on".to_owned(),
            };
            format!("\n  strand {number}, {}, {what}", strand.who)
        });
        lines.collect()
    }

    fn place(&mut self, parking: Parking) -> &mut Place {
        let places = &mut self.places[parking.executor];
        if places.len() <= parking.id {
            places.resize(parking.id + 1, Place::default());
        }
        &mut places[parking.id]
    }

    fn deliver(&mut self, to: Parking) {
        let strands = &self.strands;
        let parks = |strand: &&usize| matches!(strands[**strand].standing, Standing::Parked(parking, _) if parking == to);
        match self.live.iter().find(parks).copied() {
            Some(strand) => self.strands[strand].standing = Standing::Ready,
            None => self.place(to).token = true,
        }
    }

    fn deliver_due(&mut self) {
        let mut next = 0;
        while let Some((due, parking)) = self.late.get(next).copied() {
            if due <= self.trace.steps {
                self.late.swap_remove(next);
                self.deliver(parking);
            } else {
                next += 1;
            }
        }
    }

    fn end_timed_parks(&mut self) {
        for number in &self.live {
            let strand = &mut self.strands[*number];
            if matches!(strand.standing, Standing::Parked(_, Some(until)) if until <= self.now) {
                strand.standing = Standing::Ready;
            }
        }
    }

    fn deadlines(&self) -> impl Iterator<Item = Duration> {
        let standing = |number: &usize| self.strands[*number].standing;
        self.live
            .iter()
            .filter_map(move |number| match standing(number) {
                Standing::Parked(_, until) => until,
                Standing::Ready | Standing::Ended => None,
            })
    }

    fn move_clock(&mut self, to: Duration) {
        self.now = to;
        self.trace.events.push(Event::Clock(to));
    }
}
