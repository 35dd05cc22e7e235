//! Graphs that are written once and built into other graphs, to be connected at named points.
//!
//! A [`Module`](crate::Module) is one task to the flow that uses it: all of it comes after what precedes it.
//! A composition is a recipe. Each use puts tasks of its own into the flow, so that something can precede
//! one of its entries and follow one of its exits while the rest goes on.

use alloc::vec::Vec;
use core::cell::RefCell;
use core::fmt;
use core::ops::Deref;

use crate::sync::{Arc, erase};
use crate::task::{Part, TaskHandle, TaskId, Tasks};
use crate::taskflow::Taskflow;

mod error;
mod parameterized;
mod params;
mod work;

pub use error::CompositionError;
pub use parameterized::ParameterizedComposition;
pub use params::{CompositionParams, ParamType, ParamValue};
pub use work::CloneableWork;

/// A part of a graph, with named entries and exits, that can be put into any number of flows, any number
/// of times.
///
/// It is a recipe: a closure that [`Taskflow::compose`] calls for each use. So each use has tasks and state
/// of its own, and uses run at the same time. Cloning it gives another handle of the same recipe. Recipes
/// use modules, and other compositions, like any other tasks. Points carry no values: where a part gets and
/// gives [`Output`](crate::Output)s, write it as a function of the flow and of these.
///
/// # Examples
///
/// A query follows `open` alone, and the log is closed after `count` alone:
///
/// ```
/// use core::sync::atomic::{AtomicU32, Ordering};
/// use taskflow_core::{Composition, Executor, Manual, Taskflow};
///
/// let rows = AtomicU32::new(0);
/// let table = Composition::new(|table| {
///     let open = table.emplace(|| { rows.fetch_add(7, Ordering::Relaxed); }).name("open");
///     let index = table.emplace(|| {}).name("index");
///     let count = table.emplace(|| assert!(rows.load(Ordering::Relaxed) > 0)).name("count");
///     open.precede([index, count]);
///     table.entry("source", open);
///     table.exit("indexed", index);
///     table.exit("counted", count);
/// });
///
/// let flow = Taskflow::new();
/// let (people, places) = (flow.compose(&table), flow.compose(&table));
/// let download = flow.emplace(|| {}).name("download");
/// download.precede(people.entry("source").unwrap());
/// let query = flow.emplace(|| {}).name("query");
/// query.succeed([people.exit("indexed").unwrap(), places.exit("indexed").unwrap()]);
/// assert!(people.entry("sauce").is_none());
/// let stats = Executor::<Manual>::new(1).run_and_wait(&flow)?;
/// assert_eq!((stats.tasks, rows.load(Ordering::Relaxed)), (8, 14));
/// # Ok::<(), taskflow_core::RunError>(())
/// ```
///
/// What a recipe lends to its tasks must outlive the composition:
///
/// ```compile_fail,E0597
/// use taskflow_core::{Composition, Taskflow};
///
/// let flow = Taskflow::new();
/// let number = 7;
/// let part = Composition::new(|part| { part.emplace(|| assert_eq!(number, 7)); });
/// flow.compose(&part); // `number` is dropped before `flow`
/// ```
#[derive(Clone)]
pub struct Composition<'env> {
    recipe: Arc<Recipe<'env>>,
}

type Recipe<'env> = dyn Fn(&CompositionBuilder<'_, 'env>) + Send + Sync + 'env;

impl<'env> Composition<'env> {
    /// A composition whose uses are built by `recipe`. Allocates; calls nothing yet.
    #[must_use]
    pub fn new<F>(recipe: F) -> Self
    where
        F: Fn(&CompositionBuilder<'_, 'env>) + Send + Sync + 'env,
    {
        Self {
            recipe: erase!(Arc::new(recipe) => Recipe<'env>),
        }
    }
}

impl fmt::Debug for Composition<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Composition").finish_non_exhaustive()
    }
}

/// What the recipe of a [`Composition`] builds with: the flow that it is put into, with all the building
/// methods of a [`Taskflow`], and the names of its points.
///
/// A point may be several tasks, named in one call or in several: then an empty task stands for them, before
/// all of them where it is an entry, after all of them where it is an exit. One task may be several points. An
/// exit that is a condition gets branches by what is connected to it.
pub struct CompositionBuilder<'flow, 'env> {
    flow: &'flow Taskflow<'env>,
    entries: RefCell<Points>,
    exits: RefCell<Points>,
}

impl CompositionBuilder<'_, '_> {
    /// Names tasks as an entry: something that others can precede.
    pub fn entry(&self, name: &str, tasks: impl Tasks) {
        self.entries
            .borrow_mut()
            .add(name, tasks, |part| part.begin);
    }

    /// Names tasks as an exit: something that others can succeed.
    pub fn exit(&self, name: &str, tasks: impl Tasks) {
        self.exits.borrow_mut().add(name, tasks, |part| part.end);
    }
}

impl<'env> Deref for CompositionBuilder<'_, 'env> {
    type Target = Taskflow<'env>;

    fn deref(&self) -> &Taskflow<'env> {
        self.flow
    }
}

impl fmt::Debug for CompositionBuilder<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CompositionBuilder")
            .field(&self.flow)
            .finish()
    }
}

/// Names, in the order in which they came, and the tasks of each.
#[derive(Default)]
struct Points(Vec<(Arc<str>, Vec<TaskId>)>);

impl Points {
    fn add(&mut self, name: &str, tasks: impl Tasks, end: fn(Part<'_>) -> TaskHandle<'_>) {
        let known = self.0.iter().position(|(known, _)| **known == *name);
        let place = known.unwrap_or_else(|| {
            self.0.push((name.into(), Vec::new()));
            self.0.len() - 1
        });
        let ids = &mut self.0[place].1;
        tasks.each(&mut |part| ids.push(end(part).id()));
    }

    /// Gives each point the one task that stands for it.
    fn settle<'flow>(
        self,
        flow: &'flow Taskflow<'_>,
        join: impl Fn(TaskHandle<'flow>, TaskHandle<'flow>),
    ) -> Vec<(Arc<str>, TaskHandle<'flow>)> {
        let handle = |id| TaskHandle::new(flow.owner(), id);
        let settle = |(name, ids): (Arc<str>, Vec<TaskId>)| {
            if let [id] = ids[..]
                && let Some(task) = flow.task(id)
            {
                return (name, task);
            }
            let point = flow.placeholder().name(&*name);
            for id in ids {
                // The edge to a task of another flow, or to a removed one, is noted and refused.
                join(point, handle(id));
            }
            (name, point)
        };
        self.0.into_iter().map(settle).collect()
    }
}

/// One use of a [`Composition`] in a flow: its entries and exits.
#[derive(Clone, Debug)]
pub struct Composed<'flow> {
    entries: Vec<(Arc<str>, TaskHandle<'flow>)>,
    exits: Vec<(Arc<str>, TaskHandle<'flow>)>,
}

impl<'flow> Composed<'flow> {
    /// The entry of this name. O(entries).
    #[must_use]
    pub fn entry(&self, name: &str) -> Option<TaskHandle<'flow>> {
        find(&self.entries, name)
    }

    /// The exit of this name. O(exits).
    #[must_use]
    pub fn exit(&self, name: &str) -> Option<TaskHandle<'flow>> {
        find(&self.exits, name)
    }

    /// The names of all entries, in the order in which the recipe named them, and their tasks.
    pub fn entries(&self) -> impl Iterator<Item = (&str, TaskHandle<'flow>)> {
        self.entries.iter().map(|(name, task)| (&**name, *task))
    }

    /// The names of all exits, in the order in which the recipe named them, and their tasks.
    pub fn exits(&self) -> impl Iterator<Item = (&str, TaskHandle<'flow>)> {
        self.exits.iter().map(|(name, task)| (&**name, *task))
    }
}

fn find<'flow>(points: &[(Arc<str>, TaskHandle<'flow>)], name: &str) -> Option<TaskHandle<'flow>> {
    let found = points.iter().find(|(known, _)| **known == *name);
    found.map(|(_, task)| *task)
}

impl<'env> Taskflow<'env> {
    /// Adds the tasks of a composition, and gives the points to connect them at. Costs what its recipe does.
    ///
    /// # Panics
    ///
    /// While a run of this flow is unfinished; and with the panic of the recipe, whose tasks made before
    /// stay.
    pub fn compose(&self, composition: &Composition<'env>) -> Composed<'_> {
        let builder = CompositionBuilder {
            flow: self,
            entries: RefCell::default(),
            exits: RefCell::default(),
        };
        (composition.recipe)(&builder);
        let CompositionBuilder { entries, exits, .. } = builder;
        Composed {
            entries: entries.into_inner().settle(self, |point, task| {
                point.precede(task);
            }),
            exits: exits.into_inner().settle(self, |point, task| {
                point.succeed(task);
            }),
        }
    }
}
