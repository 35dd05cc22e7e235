//! A call: alone as far as that goes, then together.

use alloc::boxed::Box;

use super::crew::{Crew, Share};
use super::pacer::{Pace, Pacer};
use super::work::{Piece, Work};
use super::{Divisible, Parallel, Partitioner};
use crate::error::RunError;
use crate::group::{GroupScope, Held, enter_within};
use crate::protocol::supply::Supply;
use crate::sync::Arc;
use crate::wait::{Enclosing, Seated};

/// A call over this few items for each worker is taken for one of few long ones, and shared at once.
const FEW_PER_WORKER: usize = 4;
/// Workers that count for that.
const WORKERS_COUNTED: usize = 16;
impl Parallel<'_> {
    /// Does the work on the items, alone as far as that goes.
    pub(super) fn drive<D: Divisible, W: Work<D>>(
        self,
        items: D,
        work: &W,
    ) -> Result<(), RunError> {
        let mut local = work.begin();
        let rest = self.alone(
            items,
            |first, items| work.run(&mut local, first, items),
            |first| work.is_over(first),
        )?;
        work.end(local, &|| true);
        match rest {
            Some(rest) => self.together(rest, work),
            None => Ok(()),
        }
    }

    /// Calls `run` for one chunk after another. Gives what is left when somebody could help with it.
    pub(super) fn alone<D: Divisible>(
        self,
        items: D,
        mut run: impl FnMut(usize, D),
        is_over: impl Fn(usize) -> bool,
    ) -> Result<Option<Piece<D>>, RunError> {
        let mut items = Some(items);
        // (Not by what is returned: for a hundred items it counts how often a result is copied.)
        let (mut rest, mut goes_on) = (None, false);
        self.call(|| {
            self.host.with_seated(&mut |seated| {
                if let Some(items) = items.take() {
                    goes_on = self.alone_on(seated, items, &mut run, &is_over, &mut rest);
                }
            });
        })?;
        if goes_on { Ok(rest) } else { Err(cancelled()) }
    }

    /// Calls user code of the call on the calling thread.
    pub(super) fn call<R>(self, body: impl FnOnce() -> R) -> Result<R, RunError> {
        let (mut body, mut result) = (Some(body), None);
        let called = self
            .host
            .guard(&mut || result = body.take().map(|body| body()));
        match (called, result) {
            (Ok(()), Some(result)) => Ok(result),
            (Ok(()), None) => Err(cancelled()),
            (Err(panic), _) => Err(RunError::Panicked {
                task: None,
                panic,
                stats: Box::default(),
            }),
        }
    }

    /// Puts what is left into `rest` when somebody could help with it. `false`: stopped.
    fn alone_on<D: Divisible>(
        self,
        seated: Option<&dyn Seated>,
        mut items: D,
        run: &mut impl FnMut(usize, D),
        is_over: &impl Fn(usize) -> bool,
        rest: &mut Option<Piece<D>>,
    ) -> bool {
        let workers = self.host.workers();
        if workers == 1 && seated.is_none() {
            // Nobody to help, and nothing to stop it.
            run(0, items);
            return true;
        }
        let own = seated.is_some_and(|seated| self.is_own(seated));
        // Somebody besides the caller, who needs a seat itself.
        let needed = if own { 1 } else { 2 };
        let few = FEW_PER_WORKER * workers.min(WORKERS_COUNTED);
        let at_once = !matches!(self.partitioner, Partitioner::Adaptive { .. });
        let at_once = at_once || items.len() <= few;
        let mut first = 0;
        let mut pacer = Pacer::new(self.partitioner.chunk(), Pace::default(), self.host.now());
        loop {
            if seated.is_some_and(Seated::is_stopped) {
                return false;
            }
            let len = items.len();
            if len == 0 || is_over(first) {
                return true;
            }
            if workers > 1
                && self.host.hungry() >= needed
                && len > pacer.grain()
                && (at_once || pacer.is_worth_a_group(len))
            {
                let pace = pacer.pace();
                *rest = Some(Piece { first, items, pace });
                return true;
            }
            let chunk = pacer.chunk();
            if chunk >= len {
                run(first, items);
                return true;
            }
            let (now, behind) = items.split_at(chunk);
            run(first, now);
            items = behind;
            first += chunk;
            pacer.done(chunk, self.host.now());
        }
    }

    /// How many workers would help now. A hint.
    pub(super) fn helpers(self) -> usize {
        let mut own = false;
        self.host
            .with_seated(&mut |seated| own = seated.is_some_and(|seated| self.is_own(seated)));
        self.host.hungry().saturating_sub(usize::from(!own))
    }

    /// Whether it is a worker of this executor, on its seat.
    pub(super) fn is_own(self, seated: &dyn Seated) -> bool {
        seated.pool() == self.host.identity() && seated.has_seat()
    }

    /// Does the work on the items, with all who have nothing to do.
    #[cold]
    pub(super) fn together<D: Divisible, W: Work<D>>(
        self,
        piece: Piece<D>,
        work: &W,
    ) -> Result<(), RunError> {
        let crew = Crew {
            host: self.host,
            work,
            partitioner: self.partitioner,
        };
        let shared;
        let share = match self.partitioner {
            Partitioner::Dynamic { .. } | Partitioner::Guided { .. } => {
                let size = piece.items.len();
                shared = Supply::new(piece, size);
                Share::Common(&shared)
            }
            Partitioner::Adaptive { .. } | Partitioner::Static { .. } => Share::Own(piece),
        };
        self.enter(|scope, own| crew.begin(scope, share, own))
    }

    /// Calls `body` with a group of helpers, which ends with what the caller is part of; and says whether the caller
    /// has a seat.
    pub(super) fn enter<'env>(
        self,
        body: impl for<'scope> FnOnce(&'scope GroupScope<'scope, 'env>, bool),
    ) -> Result<(), RunError> {
        let mut enclosing = Enclosing::Nothing;
        let mut own = false;
        self.host.with_seated(&mut |seated| {
            if let Some(seated) = seated {
                own = self.is_own(seated);
                enclosing = seated.enclosing();
            }
        });
        let outer = match &enclosing {
            Enclosing::Group(group) => Some(Arc::clone(group)),
            Enclosing::Task(..) | Enclosing::Nothing => None,
        };
        let held = match &enclosing {
            Enclosing::Task(flow, task) => Some((Held::new(flow), *task)),
            Enclosing::Group(_) | Enclosing::Nothing => None,
        };
        enter_within(self.host.keep(), outer, |scope| {
            if let Some((held, task)) = &held {
                held.reach(*task, scope.shared());
            }
            body(scope, own);
        })
    }
}

/// What it is part of was stopped.
pub(super) fn cancelled() -> RunError {
    RunError::Cancelled {
        reason: None,
        stats: Box::default(),
    }
}
