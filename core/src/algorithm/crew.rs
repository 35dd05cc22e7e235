//! Who works on the items of a call: the caller alone, or together with whoever has nothing to do.

use alloc::boxed::Box;
use alloc::sync::Arc;

use super::pacer::{Pace, Pacer};
use super::source::Source;
use super::{Divisible, Parallel, Partitioner};
use crate::error::RunError;
use crate::group::{Group, GroupScope, Held, enter_within};
use crate::host::Host;
use crate::job::Job;
use crate::wait::{Enclosing, Seated, Target};

/// A call over this few items for each worker is taken for one of few long ones, and shared at once.
const FEW_PER_WORKER: usize = 4;
/// Workers that count for that.
const WORKERS_COUNTED: usize = 16;
/// How often a caller looks whether its last helpers have ended before it gives its seat away: about as long as the
/// chunk takes that each may have begun.
const LINGER: u32 = if cfg!(taskflow_loom) { 0 } else { 2000 };
/// Looks between two in which it also looks for what it could do itself.
const LOOKS: u32 = 64;

/// What is done with items.
pub(super) trait Work<D>: Sync {
    /// What one worker keeps from chunk to chunk.
    type Local;

    /// Begins a piece.
    fn begin(&self) -> Self::Local;

    /// Does a chunk, of which the first item is the `first`-th of all. Those of a piece come in order, one
    /// behind the other.
    fn run(&self, local: &mut Self::Local, first: usize, items: D);

    /// A piece has ended, or was stopped.
    fn end(&self, local: Self::Local);

    /// Whether the items from the `first` on need not be done.
    fn is_over(&self, first: usize) -> bool {
        let _ = first;
        false
    }
}

/// Items that follow one another.
pub(super) struct Piece<D> {
    /// The number of the first.
    pub(super) first: usize,
    pub(super) items: D,
    pace: Pace,
}

impl<D: Divisible> Piece<D> {
    /// The first `index` items, and the others.
    pub(super) fn cut(self, index: usize) -> (Self, Self) {
        let (left, right) = self.items.split_at(index);
        let right = Self {
            first: self.first + index,
            items: right,
            ..self
        };
        (
            Self {
                items: left,
                ..self
            },
            right,
        )
    }
}

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
        work.end(local);
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
        let mut result = Ok(None);
        self.call(|| {
            self.host.with_seated(&mut |seated| {
                if let Some(items) = items.take() {
                    result = self.alone_on(seated, items, &mut run, &is_over);
                }
            });
        })?;
        result
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

    fn alone_on<D: Divisible>(
        self,
        seated: Option<&dyn Seated>,
        mut items: D,
        run: &mut impl FnMut(usize, D),
        is_over: &impl Fn(usize) -> bool,
    ) -> Result<Option<Piece<D>>, RunError> {
        let workers = self.host.workers();
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
                return Err(cancelled());
            }
            let len = items.len();
            if len == 0 || is_over(first) {
                return Ok(None);
            }
            if workers > 1
                && self.host.hungry() >= needed
                && len > pacer.grain()
                && (at_once || pacer.is_worth(len))
            {
                let pace = pacer.pace();
                return Ok(Some(Piece { first, items, pace }));
            }
            let chunk = pacer.chunk();
            if chunk >= len {
                run(first, items);
                return Ok(None);
            }
            let (now, rest) = items.split_at(chunk);
            run(first, now);
            items = rest;
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
    fn is_own(self, seated: &dyn Seated) -> bool {
        seated.pool() == self.host.identity() && seated.has_seat()
    }

    /// Does the work on the items, with all who have nothing to do.
    #[cold]
    pub(super) fn together<D: Divisible, W: Work<D>>(
        self,
        piece: Piece<D>,
        work: &W,
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
        let crew = Crew {
            host: self.host,
            work,
            partitioner: self.partitioner,
        };
        let shared;
        let supply = match self.partitioner {
            Partitioner::Dynamic { .. } | Partitioner::Guided { .. } => {
                shared = Source::new(piece);
                Supply::Shared(&shared)
            }
            Partitioner::Adaptive { .. } | Partitioner::Static { .. } => Supply::Own(piece),
        };
        enter_within(self.host.keep(), outer, |scope| {
            if let Some((held, task)) = &held {
                held.reach(*task, scope.shared());
            }
            crew.begin(scope, supply, own);
        })
    }
}

/// What the workers on a call share.
struct Crew<'c, W> {
    host: &'c dyn Host,
    work: &'c W,
    partitioner: Partitioner,
}

/// Where a worker takes its chunks from.
enum Supply<'c, D> {
    Own(Piece<D>),
    Shared(&'c Source<D>),
}

/// Stops the others if an operation unwinds.
struct StopOthers<'g>(&'g Group);

impl Drop for StopOthers<'_> {
    fn drop(&mut self) {
        self.0.cancel(None);
    }
}

/// One worker's place in a call.
struct Member<'m, 'scope, 'env> {
    scope: &'scope GroupScope<'scope, 'env>,
    pacer: &'m mut Pacer,
    /// The last child that was spawned for another worker.
    last: Option<Arc<dyn Job>>,
}

impl<W> Crew<'_, W> {
    /// The caller's part. `own`: it has a seat; others get one when they wait.
    fn begin<'scope, 'env, D>(
        &'env self,
        scope: &'scope GroupScope<'scope, 'env>,
        supply: Supply<'env, D>,
        own: bool,
    ) where
        D: Divisible + 'env,
        W: Work<D>,
    {
        let mut supply = Some(match (supply, self.partitioner) {
            (Supply::Own(piece), Partitioner::Static { .. }) => {
                Supply::Own(self.deal(scope, piece))
            }
            (Supply::Own(piece), _) if !own && piece.items.len() > 1 => {
                // Two: one for whoever comes first, and the caller finds the last spawned first.
                let half = piece.items.len() / 2;
                let (left, right) = piece.cut(half);
                scope.spawn_child(move || self.work_off(scope, Supply::Own(right)));
                Supply::Own(left)
            }
            (supply, _) => supply,
        });
        if !own {
            if let Some(supply) = supply {
                scope.spawn_child(move || self.work_off(scope, supply));
            }
            return;
        }
        let called = self.host.guard(&mut || {
            if let Some(supply) = supply.take() {
                self.work_off(scope, supply);
            }
        });
        if let Err(panic) = called {
            scope.group().fail(panic);
        }
        self.linger(scope.group());
    }

    /// Cuts a piece for each worker. Gives the caller's.
    fn deal<'scope, 'env, D>(
        &'env self,
        scope: &'scope GroupScope<'scope, 'env>,
        mut piece: Piece<D>,
    ) -> Piece<D>
    where
        D: Divisible + 'env,
        W: Work<D>,
    {
        for shares in (2..=self.host.workers()).rev() {
            let len = piece.items.len();
            let share = len / shares;
            if share == 0 {
                continue;
            }
            let (left, right) = piece.cut(len - share);
            piece = left;
            scope.spawn_child(move || self.work_off(scope, Supply::Own(right)));
        }
        piece
    }

    /// Works until the supply is at its end.
    fn work_off<'scope, 'env, D>(
        &'env self,
        scope: &'scope GroupScope<'scope, 'env>,
        supply: Supply<'env, D>,
    ) where
        D: Divisible + 'env,
        W: Work<D>,
    {
        let stop_others = StopOthers(scope.group());
        let mut local = self.work.begin();
        let pace = match &supply {
            Supply::Own(piece) => piece.pace,
            Supply::Shared(_) => Pace::default(),
        };
        let mut pacer = Pacer::new(self.partitioner.chunk(), pace, self.host.now());
        let mut member = Member {
            scope,
            pacer: &mut pacer,
            last: None,
        };
        match supply {
            Supply::Own(piece) => self.work_off_own(&mut member, &mut local, piece),
            Supply::Shared(source) => self.work_off_shared(&mut member, &mut local, source),
        }
        self.work.end(local);
        core::mem::forget(stop_others);
    }

    fn work_off_own<'scope, 'env, D>(
        &'env self,
        member: &mut Member<'_, 'scope, 'env>,
        local: &mut W::Local,
        mut piece: Piece<D>,
    ) where
        D: Divisible + 'env,
        W: Work<D>,
    {
        let scope = member.scope;
        let halves = matches!(self.partitioner, Partitioner::Adaptive { .. });
        loop {
            let len = piece.items.len();
            if len == 0 || is_stopped(scope) || self.work.is_over(piece.first) {
                return;
            }
            if halves && self.is_wanted(member) && member.pacer.is_worth(len) {
                let grain = member.pacer.grain();
                let half = (len / 2).next_multiple_of(grain).min(len - 1);
                piece.pace = member.pacer.pace();
                let (left, right) = piece.cut(half);
                piece = left;
                let work = move || self.work_off(scope, Supply::Own(right));
                member.last = Some(scope.spawn_child(work));
                continue;
            }
            // (A fourth at most: what is in one chunk nobody helps with.)
            let chunk = match self.partitioner.chunk() {
                0 => member.pacer.chunk().min(len.div_ceil(4)),
                fixed => fixed.min(len),
            };
            let (now, rest) = piece.cut(chunk);
            piece = rest;
            self.work.run(local, now.first, now.items);
            member.pacer.done(chunk, self.host.now());
        }
    }

    fn work_off_shared<'scope, 'env, D>(
        &'env self,
        member: &mut Member<'_, 'scope, 'env>,
        local: &mut W::Local,
        source: &'env Source<D>,
    ) where
        D: Divisible + 'env,
        W: Work<D>,
    {
        let scope = member.scope;
        let fixed = self.partitioner.chunk();
        let workers = self.host.workers();
        let guided = matches!(self.partitioner, Partitioner::Guided { .. });
        loop {
            if is_stopped(scope) {
                return;
            }
            if source.left() > fixed && self.is_wanted(member) {
                let work = move || self.work_off(scope, Supply::Shared(source));
                member.last = Some(scope.spawn_child(work));
            }
            let paced = member.pacer.chunk();
            let taken = source.take(|left| match (guided, fixed) {
                (true, least) => (left / (2 * workers)).max(least),
                (false, 0) => paced.min(left.div_ceil(4 * workers)),
                (false, fixed) => fixed,
            });
            let Some(taken) = taken else {
                return;
            };
            if self.work.is_over(taken.first) {
                return;
            }
            let chunk = taken.items.len();
            self.work.run(local, taken.first, taken.items);
            member.pacer.done(chunk, self.host.now());
        }
    }

    /// Whether there is a worker with nothing to do, and nobody was called for that yet.
    fn is_wanted(&self, member: &Member<'_, '_, '_>) -> bool {
        let waits = |last: &Arc<dyn Job>| last.head().is_queued();
        self.host.hungry() > 0 && !member.last.as_ref().is_some_and(waits)
    }

    /// Takes back what nobody has begun, and waits a little for the others.
    fn linger(&self, group: &Arc<Group>) {
        for look in 0..=LINGER {
            if look % LOOKS == 0 {
                self.host.help(Target::Group(group));
            }
            if group.is_done() {
                return;
            }
            core::hint::spin_loop();
        }
    }
}

/// What it is part of was stopped.
fn cancelled() -> RunError {
    RunError::Cancelled {
        reason: None,
        stats: Box::default(),
    }
}

/// Whether the call was stopped, by what it is part of or by a panic. Then its result says so.
fn is_stopped(scope: &GroupScope<'_, '_>) -> bool {
    let stopped = scope.group().is_stopped();
    if stopped {
        scope.group().cancel(None);
    }
    stopped
}
