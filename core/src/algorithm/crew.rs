//! Who works on the items of a call: its caller, and whoever has nothing to do.

use super::pacer::{Pace, Pacer};
use super::work::{Piece, Work};
use super::{Divisible, Partitioner};
use crate::group::{Group, GroupScope};
use crate::host::Host;
use crate::job::Job;
use crate::protocol::supply::Supply;
use crate::stats::Failure;
use crate::sync::{Arc, relax};
use crate::wait::Target;

/// How often a caller looks whether its last helpers have ended before it gives its seat away: about as long as the
/// chunk takes that each may have begun.
const LINGER: u32 = if cfg!(taskflow_loom) { 0 } else { 2000 };
/// Looks between two in which it also looks for what it could do itself.
const LOOKS: u32 = 64;

/// What the workers on a call share.
pub(super) struct Crew<'c, W> {
    pub(super) host: &'c dyn Host,
    pub(super) work: &'c W,
    pub(super) partitioner: Partitioner,
}

/// Where a worker takes its chunks from.
pub(super) enum Share<'c, D> {
    Own(Piece<D>),
    Common(&'c Supply<Piece<D>>),
}

/// Stops the others if an operation unwinds; and if a child is dropped that was not run, since its share is not done.
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
    pub(super) fn begin<'scope, 'env, D>(
        &'env self,
        scope: &'scope GroupScope<'scope, 'env>,
        share: Share<'env, D>,
        own: bool,
    ) where
        D: Divisible + 'env,
        W: Work<D>,
    {
        let mut share = Some(match (share, self.partitioner) {
            (Share::Own(piece), Partitioner::Static { .. }) => Share::Own(self.deal(scope, piece)),
            (share, _) => share,
        });
        if !own {
            if let Some(share) = share {
                hand_over(scope, move || {
                    self.work_off(scope, self.halve(scope, share));
                });
            }
            return;
        }
        with_helpers(self.host, scope.group(), &mut || {
            if let Some(share) = share.take() {
                self.work_off(scope, share);
            }
        });
    }

    /// Cuts a share in two, one of them for whoever comes first: who begins with it may look for others at the wrong moment.
    fn halve<'scope, 'env, D>(
        &'env self,
        scope: &'scope GroupScope<'scope, 'env>,
        share: Share<'env, D>,
    ) -> Share<'env, D>
    where
        D: Divisible + 'env,
        W: Work<D>,
    {
        match (share, self.partitioner) {
            (Share::Own(piece), Partitioner::Adaptive { .. }) if piece.items.len() > 1 => {
                let half = piece.items.len() / 2;
                let (left, right) = piece.cut(half);
                self.spawn(scope, Share::Own(right));
                Share::Own(left)
            }
            (share, _) => share,
        }
    }

    /// Hands a share over.
    fn spawn<'scope, 'env, D>(
        &'env self,
        scope: &'scope GroupScope<'scope, 'env>,
        share: Share<'env, D>,
    ) -> Arc<dyn Job>
    where
        D: Divisible + 'env,
        W: Work<D>,
    {
        hand_over(scope, move || self.work_off(scope, share))
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
            self.spawn(scope, Share::Own(right));
        }
        piece
    }

    /// Works until the share is at its end.
    fn work_off<'scope, 'env, D>(
        &'env self,
        scope: &'scope GroupScope<'scope, 'env>,
        share: Share<'env, D>,
    ) where
        D: Divisible + 'env,
        W: Work<D>,
    {
        let mut local = self.work.begin();
        let pace = match &share {
            Share::Own(piece) => piece.pace,
            Share::Common(_) => Pace::default(),
        };
        let mut pacer = Pacer::new(self.partitioner.chunk(), pace, self.host.now());
        let mut member = Member {
            scope,
            pacer: &mut pacer,
            last: None,
        };
        match share {
            Share::Own(piece) => self.work_off_own(&mut member, &mut local, piece),
            Share::Common(source) => self.work_off_common(&mut member, &mut local, source),
        }
        self.work.end(local, &|| !is_stopped(scope));
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
            if is_stopped(scope) || len == 0 || self.work.is_over(piece.first) {
                return;
            }
            if halves && self.is_wanted(member) && member.pacer.is_worth(len) {
                let grain = member.pacer.grain();
                let half = (len / 2).next_multiple_of(grain).min(len - 1);
                piece.pace = member.pacer.pace();
                let (left, right) = piece.cut(half);
                piece = left;
                member.last = Some(self.spawn(scope, Share::Own(right)));
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

    fn work_off_common<'scope, 'env, D>(
        &'env self,
        member: &mut Member<'_, 'scope, 'env>,
        local: &mut W::Local,
        source: &'env Supply<Piece<D>>,
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
                member.last = Some(self.spawn(scope, Share::Common(source)));
            }
            let paced = member.pacer.chunk();
            let chunk = |left: usize| match (guided, fixed) {
                (true, least) => (left / (2 * workers)).max(least),
                (false, 0) => paced.min(left.div_ceil(4 * workers)),
                (false, fixed) => fixed,
            };
            let taken = source.take(|rest: Piece<D>| {
                let len = rest.items.len();
                let chunk = chunk(len).clamp(1, len.max(1));
                if chunk >= len {
                    return (rest, None);
                }
                let (taken, rest) = rest.cut(chunk);
                (taken, Some((rest, len - chunk)))
            });
            let Some(taken) = taken else {
                return;
            };
            // (A part of a guided call is much longer than a chunk at first.)
            let mut piece = taken;
            while !piece.items.is_empty() {
                if is_stopped(scope) || self.work.is_over(piece.first) {
                    return;
                }
                let chunk = member.pacer.chunk().min(piece.items.len());
                let (now, rest) = piece.cut(chunk);
                piece = rest;
                self.work.run(local, now.first, now.items);
                member.pacer.done(chunk, self.host.now());
            }
        }
    }

    /// Whether there is a worker with nothing to do, and nobody was called for that yet.
    fn is_wanted(&self, member: &Member<'_, '_, '_>) -> bool {
        is_wanted(self.host, member.last.as_ref())
    }
}

/// Does the part of a caller with a seat: then takes back what nobody has begun, and waits a little for the others.
pub(super) fn with_helpers(host: &dyn Host, group: &Arc<Group>, part: &mut dyn FnMut()) {
    if let Err(panic) = host.guard(part) {
        group.cancel(None);
        group.fail(Failure::Panicked(panic));
    }
    for look in 0..=LINGER {
        if look % LOOKS == 0 {
            host.help(Target::Group(group));
        }
        if group.is_done() {
            return;
        }
        relax();
    }
}

/// Whether there is a worker with nothing to do, and nobody was called for that yet: `last` was, the last time.
pub(super) fn is_wanted(host: &dyn Host, last: Option<&Arc<dyn Job>>) -> bool {
    host.hungry() > 0 && !last.is_some_and(|last| last.head().is_queued())
}

/// Has a helper do a part, without which the call ends badly.
pub(super) fn hand_over<'scope>(
    scope: &'scope GroupScope<'scope, '_>,
    part: impl FnOnce() + Send + 'scope,
) -> Arc<dyn Job> {
    let unless_done = StopOthers(scope.group());
    scope.spawn_child(move || {
        let unless_done = unless_done;
        part();
        core::mem::forget(unless_done);
    })
}

/// Whether the call was stopped, by what it is part of or by a panic. Then its result says so.
pub(super) fn is_stopped(scope: &GroupScope<'_, '_>) -> bool {
    let stopped = scope.group().is_stopped();
    if stopped {
        scope.group().cancel(None);
    }
    stopped
}
