//! A line: it takes one token after another through all pipes.
//!
//! ```text
//!            the line before has left the pipe         the pipe is called
//!   Begins ────────────────────────────────► Enters ─────────────────────► Entered ── it panicked: the token
//!                                              ▲                            │ │  ▲   is dropped ──┐
//!                                              │                   Pending  │ │  │ waker          │
//!                                              │                            ▼ │  │                │
//!                 no token is left             │ the line before has      Awaits─┘                │
//!   Ends ◄─────────────────────────────────────┤ left the next pipe           │ done             │
//!                                              └──────────────────────────── Leaves ◄─────────────┘
//! ```
//!
//! Where a pipe is parallel, or the line before has left it, all of this is one call, and no phase is left but that of
//! user code.
//!
//! A token whose run was stopped, or whose pipe failed, is *dead*: it goes through what is left of its pipes without
//! their being called, so that order, turns and the end of the stream are the same for it as for any. At the first pipe
//! a stopped line gets no token any more: it ends, and lets the line behind do so.
//!
//! The line behind is let in once for each pipe: a line that finds that it has done so (`Left`: its host has panicked while it woke a
//! worker for that) goes on behind it.
//!
//! User code may give this worker's seat away, by waiting. A line leaves a pipe, which may start another line, only on
//! a seat; so it has itself queued then.

use alloc::format;
use alloc::string::String;
use core::ptr::NonNull;
use core::task::Waker;

use super::circuit::Circuit;
use super::stage::Passed;
use super::token::Token;
use crate::graph::node::{Context, Outcome};
use crate::graph::work::Work;
use crate::protocol::rendezvous::Rendezvous;
use crate::stats::Failure;
use crate::suspension::{Hold, Holding, Suspender};
use crate::sync::Arc;

/// Where a line stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// It was not called in this round.
    Begins,
    /// It has its turn at a pipe.
    Enters,
    /// The pipe is a future, and pending.
    Awaits,
    /// User code is running. Found when a call begins: it has panicked.
    Entered,
    /// The pipe is done with the token.
    Leaves,
    /// It has let the line behind in. Found when a call begins: the host has panicked there.
    Left,
    /// There is no token any more.
    Ends,
}

/// The task that is a line.
pub(super) struct Line<'env> {
    circuit: Arc<Circuit<'env>>,
    phase: Phase,
    /// Which line, where, and with what.
    token: Token,
    /// The token's pipes are not called any more.
    dead: bool,
    /// A token died here in this round.
    lost: bool,
    /// A pipe was called in this round.
    began: bool,
    /// The reference of the line behind.
    behind: u32,
    suspender: Suspender,
    waker: Option<Waker>,
}

impl<'env> Line<'env> {
    pub(super) fn new(circuit: &Arc<Circuit<'env>>, line: usize) -> Self {
        Self {
            circuit: Arc::clone(circuit),
            phase: Phase::Begins,
            token: Token {
                line,
                ..Token::default()
            },
            dead: false,
            lost: false,
            began: false,
            behind: 0,
            suspender: Suspender::default(),
            waker: None,
        }
    }

    /// The round begins for this line.
    fn begin(&mut self, context: &Context<'_>) {
        // Lines lie next to one another. (No graph has more tasks than 32 bits count.)
        let number = |line| u32::try_from(line).unwrap_or_default();
        let line = self.token.line;
        let first = context.caller.reference() - number(line);
        self.behind = first + number(self.circuit.behind(line));
        (self.dead, self.lost, self.began) = (false, false, false);
        self.token.pipe = 0;
        self.phase = Phase::Enters;
    }

    /// Takes the token on through its pipes until it must wait: from one where the line has its turn, whose future was woken, or
    /// which is to be left. Gives how the call ends, unless no token is left.
    fn go_on(&mut self, context: &mut Context<'_>) -> Option<Outcome> {
        let flow = context.caller.flow();
        let circuit = &*self.circuit;
        let line = self.token.line;
        let behind = circuit.behind(line);
        let pipes = circuit.pipes();
        let mut pipe = &pipes[self.token.pipe];
        loop {
            if !matches!(self.phase, Phase::Leaves | Phase::Left) {
                if context.stopped || flow.is_stopped() {
                    self.dead = true;
                }
                // SAFETY: (1) it is asked for at the first pipe, where this line has its turn until it leaves.
                let stream = || unsafe { circuit.stream.get() };
                if self.phase != Phase::Awaits {
                    if self.token.pipe == 0 {
                        if self.dead {
                            stream().break_off();
                        }
                        if !stream().choose(&mut self.token) {
                            self.phase = Phase::Ends;
                            return None;
                        }
                    }
                    if pipe.waits() && !self.dead {
                        // Has the line woken by what it is going to poll, and by the stop of its run.
                        let suspension = self.suspender.begin(context);
                        let hold = Hold::Future(Arc::clone(&suspension));
                        self.waker.get_or_insert_with(|| Waker::from(suspension));
                        self.suspender.hold(context, hold);
                    }
                }
                self.phase = Phase::Entered;
                if self.dead {
                    // SAFETY: (1) this is the line.
                    unsafe { pipe.stage().clear(line) };
                    self.lost = true;
                } else {
                    self.began = true;
                    // SAFETY: (1) this is the line. (2) It has its turn.
                    // Unwind: the next call finds it entered, and drops what is left of the token.
                    match unsafe { pipe.stage().pass(&self.token, self.waker.as_ref()) } {
                        Passed::On => {}
                        Passed::Pending => {
                            self.phase = Phase::Awaits;
                            self.suspender.wait_on(context);
                            return again();
                        }
                        other => return self.settle(other, context),
                    }
                }
                if pipe.waits() {
                    self.suspender.end(context);
                }
                if self.token.pipe == 0 {
                    stream().left(&self.token);
                }
            }
            if self.phase != Phase::Left {
                let Some(holding) = context.caller.seat() else {
                    self.phase = Phase::Leaves;
                    return again();
                };
                self.phase = Phase::Left;
                let_in(pipe.place(behind), self.behind, context, holding);
            }
            self.phase = Phase::Enters;
            let next = pipes.get(self.token.pipe + 1);
            if let Some(next) = next {
                self.token.pipe += 1;
                pipe = next;
            } else {
                self.token.pipe = 0;
                self.dead = false;
                pipe = &pipes[0];
            }
            if !may_enter(pipe.place(line), context) || next.is_none() {
                // (Others have their turn after each token.)
                return again();
            }
        }
    }

    /// A pipe has not let the token go on.
    #[cold]
    fn settle(&mut self, passed: Passed, context: &mut Context<'_>) -> Option<Outcome> {
        if self.circuit.pipes()[self.token.pipe].waits() {
            self.suspender.end(context);
        }
        // SAFETY: (1) only the first pipe defers or stops, and this line has its turn there, until it leaves.
        let stream = || unsafe { self.circuit.stream.get() };
        let answer = match passed {
            Passed::Failed(error) => Err(error),
            Passed::Defer(until) => stream().defer(&self.token, until),
            Passed::Stop => {
                stream().stop(&self.token);
                Ok(())
            }
            Passed::On | Passed::Pending => Ok(()),
        };
        match answer {
            Ok(()) => {
                // It keeps its turn, for another token.
                self.phase = Phase::Enters;
                again()
            }
            Err(error) => self.fail(context, Failure::Failed(error)),
        }
    }

    /// Has the worker stop the run, and goes on with a dead token.
    #[cold]
    fn fail(&mut self, context: &mut Context<'_>, failure: Failure) -> Option<Outcome> {
        self.dead = true;
        let _ = context.fail(failure);
        // What the pipe has left is dropped on the way.
        self.phase = Phase::Entered;
        again()
    }

    /// The pipe has panicked, or was left with something to be dropped.
    #[cold]
    fn drop_token(&mut self, context: &Context<'_>) {
        (self.dead, self.lost) = (true, true);
        let fitted = &self.circuit.pipes()[self.token.pipe];
        let line = line_name(self.token.line);
        let name = match fitted.name() {
            Some(name) => format!("{line}, pipe {}: {name}", self.token.pipe),
            None => format!("{line}, pipe {}", self.token.pipe),
        };
        // SAFETY: (1) the line is an unfinished task of it.
        let run = unsafe { context.caller.flow().active() };
        run.rename_failures(context.caller.task(), &line, &name);
        // SAFETY: (1) this is the line.
        // Unwind: the next call comes here again, with less to drop.
        unsafe { fitted.stage().clear(self.token.line) };
        if fitted.waits() {
            self.suspender.end(context);
        }
        self.phase = Phase::Leaves;
    }

    /// There is no token any more: the line ends, and lets the line behind do so.
    fn end(&mut self, context: &mut Context<'_>) -> Outcome {
        let Some(holding) = context.caller.seat() else {
            return Outcome::Pending;
        };
        self.phase = Phase::Begins;
        // SAFETY: (1) this line has its turn at the first pipe, until it lets the line behind in.
        let stream = unsafe { self.circuit.stream.get() };
        if stream.end_line() == self.circuit.lines() {
            self.circuit.ended(stream.count());
        } else {
            let behind = self.circuit.behind(self.token.line);
            let place = self.circuit.pipes()[self.token.pipe].place(behind);
            let_in(place, self.behind, context, holding);
        }
        match (self.lost, self.began) {
            (true, _) => Outcome::Cancelled,
            (false, false) if self.dead => Outcome::Skipped,
            _ => Outcome::Done,
        }
    }
}

/// The name of the task that is this line.
pub(super) fn line_name(line: usize) -> String {
    format!("line {line}")
}

/// The call ends, and the line is called again: when it is woken, has met the line before, or at once.
fn again() -> Option<Outcome> {
    Some(Outcome::Pending)
}

/// The line behind may enter a pipe, at whose place they meet.
#[inline]
fn let_in(place: Option<&Rendezvous>, behind: u32, context: &Context<'_>, holding: Holding) {
    let second = place.is_some_and(|place| match holding {
        Holding::Alone => place.arrive_alone(),
        Holding::Beside => place.arrive(),
    });
    if second {
        context.caller.start(behind);
    }
}

/// Whether a line may enter a pipe, at whose place it meets the line before. Else its worker arrives there for it after the call.
#[inline]
fn may_enter(place: Option<&Rendezvous>, context: &mut Context<'_>) -> bool {
    match place {
        Some(place) if !place.pass() => {
            context.meets = Some(NonNull::from(place));
            false
        }
        _ => true,
    }
}

impl Work for Line<'_> {
    fn step(&mut self, context: &mut Context<'_>) -> Outcome {
        if self.phase == Phase::Awaits {
            self.suspender.resume(context);
        }
        loop {
            let out = match self.phase {
                Phase::Begins => {
                    self.begin(context);
                    let place = self.circuit.pipes()[0].place(self.token.line);
                    if may_enter(place, context) {
                        None
                    } else {
                        again()
                    }
                }
                Phase::Enters | Phase::Awaits | Phase::Leaves | Phase::Left => self.go_on(context),
                Phase::Entered => {
                    self.drop_token(context);
                    None
                }
                Phase::Ends => Some(self.end(context)),
            };
            if let Some(outcome) = out {
                return outcome;
            }
        }
    }
}

/// The task before all lines.
pub(super) struct Begin<'env>(pub(super) Arc<Circuit<'env>>);

impl Work for Begin<'_> {
    fn step(&mut self, context: &mut Context<'_>) -> Outcome {
        let resumes = self.0.begin();
        // SAFETY: (1) the lines come after this task, and those of the last round have ended.
        unsafe { self.0.stream.get() }.begin(resumes);
        if context.stopped {
            Outcome::Skipped
        } else {
            Outcome::Done
        }
    }
}
