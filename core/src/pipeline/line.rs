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
use crate::stats::Failure;
use crate::suspension::{Hold, Holding, Suspender, Suspension};
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
    /// The reference of the first line.
    first: u32,
    suspender: Suspender,
    waker: Option<Waker>,
}

/// What a part of a step came to.
enum Step {
    /// The line goes on with the next part.
    On,
    /// The call ends.
    Out(Outcome),
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
            first: 0,
            suspender: Suspender::default(),
            waker: None,
        }
    }

    /// The round begins for this line.
    fn begin(&mut self, context: &Context<'_>) {
        // Lines lie next to one another. (No graph has more tasks than 32 bits count.)
        let line = u32::try_from(self.token.line).unwrap_or_default();
        self.first = context.caller.reference() - line;
        (self.dead, self.lost, self.began) = (false, false, false);
        self.token.pipe = 0;
        self.phase = Phase::Enters;
    }

    /// Takes the token on through its pipes, from one where the line has its turn or whose future was woken, until
    /// it must wait.
    fn go_on(&mut self, context: &mut Context<'_>) -> Step {
        let flow = context.caller.flow();
        loop {
            if context.stopped || flow.is_stopped() {
                self.dead = true;
            }
            let pipe = self.token.pipe;
            let awaits = self.circuit.pipes()[pipe].waits();
            if self.phase != Phase::Awaits {
                if pipe == 0 && !self.choose() {
                    self.phase = Phase::Ends;
                    return Step::On;
                }
                if awaits && !self.dead {
                    self.begin_wait(context);
                }
            }
            self.phase = Phase::Entered;
            let stage = self.circuit.pipes()[pipe].stage();
            if self.dead {
                // SAFETY: (1) this is the line.
                unsafe { stage.clear(self.token.line) };
                self.lost = true;
            } else {
                self.began = true;
                // SAFETY: (1) this is the line. (2) It has its turn.
                // Unwind: the next call finds it entered, and drops what is left of the token.
                match unsafe { stage.pass(&self.token, self.waker.as_ref()) } {
                    Passed::On => {}
                    Passed::Pending => {
                        self.phase = Phase::Awaits;
                        self.suspender.wait_on(context);
                        return Step::Out(Outcome::Pending);
                    }
                    other => return self.settle(other, context),
                }
            }
            if awaits {
                self.suspender.end(context);
            }
            if pipe == 0 {
                // SAFETY: (1) this line has its turn at the first pipe, until it leaves.
                unsafe { self.circuit.stream.get() }.left(&self.token);
            }
            if let Some(out) = self.leave(context) {
                return out;
            }
        }
    }

    /// Leaves a pipe, and enters the next if it may. Else gives how the call ends.
    #[inline]
    fn leave(&mut self, context: &mut Context<'_>) -> Option<Step> {
        let Some(holding) = context.caller.seat() else {
            self.phase = Phase::Leaves;
            return Some(again());
        };
        self.let_next_in(context, holding);
        self.token.pipe += 1;
        let is_last = self.token.pipe == self.circuit.pipes().len();
        if is_last {
            self.token.pipe = 0;
            self.dead = false;
        }
        self.phase = Phase::Enters;
        self.wait(context, is_last)
    }

    /// Arrives before a pipe. `None`: it may enter. Else gives how the call ends: others have their turn after each
    /// token.
    #[inline]
    fn wait(&mut self, context: &mut Context<'_>, turn_is_over: bool) -> Option<Step> {
        match self.circuit.pipes()[self.token.pipe].place(self.token.line) {
            Some(place) if !place.pass() => {
                context.meets = Some(NonNull::from(place));
                Some(Step::Out(Outcome::Pending))
            }
            _ if turn_is_over => Some(again()),
            _ => None,
        }
    }

    /// A pipe has not let the token go on.
    #[cold]
    fn settle(&mut self, passed: Passed, context: &mut Context<'_>) -> Step {
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
    fn fail(&mut self, context: &mut Context<'_>, failure: Failure) -> Step {
        self.dead = true;
        let _ = context.fail(failure);
        // What the pipe has left is dropped on the way.
        self.phase = Phase::Entered;
        again()
    }

    /// The token that the first pipe is to be asked for. `false`: there is none.
    fn choose(&mut self) -> bool {
        // SAFETY: (1) this line has its turn at the first pipe, until it leaves.
        let stream = unsafe { self.circuit.stream.get() };
        if self.dead {
            stream.break_off();
        }
        stream.choose(&mut self.token)
    }

    /// Has the line woken by what it is going to poll, and by the stop of its run.
    fn begin_wait(&mut self, context: &Context<'_>) {
        let suspension: Arc<Suspension> = self.suspender.begin(context);
        let hold = Hold::Future(Arc::clone(&suspension));
        self.waker.get_or_insert_with(|| Waker::from(suspension));
        self.suspender.hold(context, hold);
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

    /// The line behind may enter the pipe.
    #[inline]
    fn let_next_in(&self, context: &Context<'_>, holding: Holding) {
        let behind = self.circuit.behind(self.token.line);
        let Some(place) = self.circuit.pipes()[self.token.pipe].place(behind) else {
            return;
        };
        let second = match holding {
            Holding::Alone => place.arrive_alone(),
            Holding::Beside => place.arrive(),
        };
        if second {
            // (No graph has more tasks than 32 bits count.)
            let behind = u32::try_from(behind).unwrap_or_default();
            context.caller.start(self.first + behind);
        }
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
            self.let_next_in(context, holding);
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

/// The call ends, and the line is called again at once.
fn again() -> Step {
    Step::Out(Outcome::Pending)
}

impl Work for Line<'_> {
    fn step(&mut self, context: &mut Context<'_>) -> Outcome {
        if self.phase == Phase::Awaits {
            self.suspender.resume(context);
        }
        loop {
            let step = match self.phase {
                Phase::Begins => {
                    self.begin(context);
                    self.wait(context, false).unwrap_or(Step::On)
                }
                Phase::Enters | Phase::Awaits => self.go_on(context),
                Phase::Entered => {
                    self.drop_token(context);
                    Step::On
                }
                Phase::Leaves => self.leave(context).unwrap_or(Step::On),
                Phase::Ends => return self.end(context),
            };
            if let Step::Out(outcome) = step {
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
