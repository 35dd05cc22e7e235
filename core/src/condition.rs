//! Conditions: tasks that choose which of their successors run.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Deref;

use crate::task::{Part, Sealed, TaskHandle, TaskId, Tasks};

/// What a condition chose.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Branch(pub(crate) Choice);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Choice {
    Nothing,
    Index(usize),
    Named(Cow<'static, str>),
    To(TaskId),
}

impl Branch {
    /// No successor: how a loop ends.
    pub const NONE: Self = Self(Choice::Nothing);

    /// The successor with this number, from zero, in the order in which the edges were made. A number that
    /// no edge has chooses nothing.
    #[must_use]
    pub const fn index(index: usize) -> Self {
        Self(Choice::Index(index))
    }

    /// The branch that was given this name with [`ConditionalHandle::branch`]. A name that no branch has
    /// fails the task.
    #[must_use]
    pub fn named(name: impl Into<Cow<'static, str>>) -> Self {
        Self(Choice::Named(name.into()))
    }
}

/// What a condition chose. One branch, as most choose, takes no memory of its own.
#[derive(Debug, Default)]
pub(crate) struct Choices {
    first: Option<Branch>,
    others: Vec<Branch>,
}

impl Choices {
    #[inline]
    pub(crate) fn push(&mut self, branch: Branch) {
        if self.first.is_none() {
            self.first = Some(branch);
        } else {
            self.others.push(branch);
        }
    }

    /// The one branch, unless there are others.
    pub(crate) fn single(&self) -> Option<&Branch> {
        self.first.as_ref().filter(|_| self.others.is_empty())
    }

    /// Takes the one branch if it was chosen by its number, as most are.
    #[inline]
    pub(crate) fn take_index(&mut self) -> Option<usize> {
        let Some(Branch(Choice::Index(place))) = self.first else {
            return None;
        };
        if !self.others.is_empty() {
            return None;
        }
        self.first = None;
        Some(place)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Branch> {
        self.first.iter().chain(&self.others)
    }
}

impl Extend<Branch> for Choices {
    fn extend<I: IntoIterator<Item = Branch>>(&mut self, branches: I) {
        branches.into_iter().for_each(|branch| self.push(branch));
    }
}

/// A named branch of a condition, for closures that choose it often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BranchId(TaskId);

/// What a condition may return: a number, a `bool` (as `usize::from`: `false` is the first branch), the
/// name of a branch, a [`Branch`], a [`BranchId`], or an `Option` of these, where `None` chooses nothing.
/// Negative numbers choose nothing.
pub trait IntoBranch {
    /// The choice.
    fn into_branch(self) -> Branch;
}

impl IntoBranch for Branch {
    fn into_branch(self) -> Branch {
        self
    }
}

impl IntoBranch for usize {
    fn into_branch(self) -> Branch {
        Branch::index(self)
    }
}

impl IntoBranch for i32 {
    fn into_branch(self) -> Branch {
        usize::try_from(self).map_or(Branch::NONE, Branch::index)
    }
}

impl IntoBranch for bool {
    fn into_branch(self) -> Branch {
        Branch::index(usize::from(self))
    }
}

impl IntoBranch for &'static str {
    fn into_branch(self) -> Branch {
        Branch::named(self)
    }
}

impl IntoBranch for BranchId {
    fn into_branch(self) -> Branch {
        Branch(Choice::To(self.0))
    }
}

impl<B: IntoBranch> IntoBranch for Option<B> {
    fn into_branch(self) -> Branch {
        self.map_or(Branch::NONE, B::into_branch)
    }
}

/// The handle of a condition. It is a [`TaskHandle`] too: what it [precedes](TaskHandle::precede) are its
/// branches, numbered from zero in the order of the calls.
///
/// # Examples
///
/// Until it has worked, but three times at most:
///
/// ```
/// use taskflow_core::{Executor, Manual, Taskflow};
///
/// let mut tries = 0;
/// {
///     let flow = Taskflow::new();
///     let start = flow.placeholder();
///     let attempt = flow.emplace(|| {}).name("attempt");
///     let again = flow.emplace_condition(|| {
///         tries += 1;
///         if tries < 3 { "retry" } else { "done" }
///     });
///     let done = flow.emplace(|| {}).name("done");
///     start.precede(attempt);
///     attempt.precede(again);
///     again.branch("retry", attempt).branch("done", done);
///     let stats = Executor::<Manual>::new(1).run_and_wait(&flow)?;
///     assert_eq!(stats.tasks, 8);
/// }
/// assert_eq!(tries, 3);
/// # Ok::<(), taskflow_core::RunError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ConditionalHandle<'flow>(TaskHandle<'flow>);

impl<'flow> ConditionalHandle<'flow> {
    pub(crate) fn new(task: TaskHandle<'flow>) -> Self {
        Self(task)
    }

    /// The handle as that of any task.
    #[must_use]
    pub fn task(self) -> TaskHandle<'flow> {
        self.0
    }

    /// Adds a branch to `to` and names it, for [`Branch::named`] and for people. It has a number as well,
    /// like those made by [`precede`](TaskHandle::precede). Two branches of one name: the first is meant.
    ///
    /// # Panics
    ///
    /// While a run of the flow is unfinished.
    #[expect(
        clippy::return_self_not_must_use,
        reason = "edges are made for their effect; the handle comes back for chaining"
    )]
    pub fn branch(self, name: impl Into<Cow<'static, str>>, to: TaskHandle<'_>) -> Self {
        self.0.precede(to);
        self.0.name_branch(name.into(), to);
        self
    }

    /// The branch of this name.
    #[must_use]
    pub fn branch_id(self, name: &str) -> Option<BranchId> {
        self.0.branch_named(name).map(BranchId)
    }

    /// Names the task, as [`TaskHandle::name`].
    ///
    /// # Panics
    ///
    /// While a run of the flow is unfinished.
    #[expect(
        clippy::return_self_not_must_use,
        reason = "naming is done for its effect; the handle comes back for chaining"
    )]
    pub fn name<'n>(self, name: impl Into<Cow<'n, str>>) -> Self {
        Self(self.0.name(name))
    }
}

impl<'flow> Deref for ConditionalHandle<'flow> {
    type Target = TaskHandle<'flow>;

    fn deref(&self) -> &TaskHandle<'flow> {
        &self.0
    }
}

impl<'flow> From<ConditionalHandle<'flow>> for TaskHandle<'flow> {
    fn from(condition: ConditionalHandle<'flow>) -> Self {
        condition.0
    }
}

impl Sealed for ConditionalHandle<'_> {}
impl Tasks for ConditionalHandle<'_> {
    fn each(&self, visit: &mut impl FnMut(Part<'_>)) {
        visit(Part::of(self.0));
    }
}

impl fmt::Debug for ConditionalHandle<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ConditionalHandle")
            .field(&self.0.id())
            .finish()
    }
}

/// A loop made by [`Taskflow::repeat_while`](crate::Taskflow::repeat_while). It can stand wherever a task can:
/// what it follows is done before its first pass, what follows it runs after the last, and it may be (part of) the
/// body of another loop.
#[derive(Clone, Copy, Debug)]
pub struct Loop<'flow> {
    pub(crate) head: TaskHandle<'flow>,
    pub(crate) done: TaskHandle<'flow>,
}

impl<'flow> Loop<'flow> {
    /// Where the loop begins: a task without work. What is to run before the loop precedes it.
    #[must_use]
    pub fn head(self) -> TaskHandle<'flow> {
        self.head
    }

    /// Where the loop ends: a task without work that runs when there is no further pass.
    #[must_use]
    pub fn done(self) -> TaskHandle<'flow> {
        self.done
    }
}

impl Sealed for Loop<'_> {}
impl Tasks for Loop<'_> {
    fn each(&self, visit: &mut impl FnMut(Part<'_>)) {
        visit(Part {
            begin: self.head,
            end: self.done,
        });
    }
}

/// The choice of a name that no branch has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UnknownBranch(pub(crate) Cow<'static, str>);

impl fmt::Display for UnknownBranch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no branch {:?}; name one with `branch`", self.0)
    }
}

impl core::error::Error for UnknownBranch {}
