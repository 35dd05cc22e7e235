//! Graphs of fixed capacity, for programs without an allocator.
//!
//! What the engine of [`Executor`](crate::Executor) keeps on the heap lies in the graph itself here: an array of
//! records (`records`), an array of edges, a counter for each task, and what the cores share while they run it
//! (`round`). Nothing is unsafe: tasks are borrowed closures, editing takes `&mut self`, running `&self`.

mod error;
mod records;
mod round;
mod running;
mod task;

use core::fmt;
use core::panic::Location;

pub use error::{StaticGraphError, StaticRunError};
pub use task::StaticTask;

use crate::protocol::join_counter::JoinCounter;
use crate::sync::{const_fn, filled};
use records::{Edge, NONE, Record, arrange};
use round::Round;
use task::place_of;

/// A graph of up to `N` tasks and `E` edges that needs no allocator, on the stack or in a `static`.
///
/// Tasks are closures that outlive the graph. All that edits is `const`, so that a graph in a `static` is built and
/// checked when the program is compiled. Any number of cores, or threads, run the graph together: one calls
/// [`run`](Self::run), the others [`help`](Self::help) again and again; one core alone does as well.
///
/// A task takes 28 bytes and an edge 4 on a processor of 32 bits (44 and 4 on one of 64), beside what its closure
/// borrows. `N` and `E` are at most 65,534, which the compiler checks.
///
/// Tasks are plain calls: what else there is in a [`Taskflow`](crate::Taskflow), conditions and subflows and all, is not here.
///
/// # Examples
///
/// In a `static`; a cycle would be an error of the compiler:
///
/// ```
/// use core::sync::atomic::{AtomicU32, Ordering};
/// use taskflow_core::{StaticGraphError, StaticTaskflow};
///
/// static SAMPLES: [AtomicU32; 2] = [AtomicU32::new(0), AtomicU32::new(0)];
/// static MEAN: AtomicU32 = AtomicU32::new(0);
///
/// fn sample_left() {
///     SAMPLES[0].store(20, Ordering::Relaxed);
/// }
///
/// fn sample_right() {
///     SAMPLES[1].store(22, Ordering::Relaxed);
/// }
///
/// fn fuse() {
///     let sum: u32 = SAMPLES.iter().map(|sample| sample.load(Ordering::Relaxed)).sum();
///     MEAN.store(sum / 2, Ordering::Relaxed);
/// }
///
/// const fn build() -> Result<StaticTaskflow<'static, 3, 2>, StaticGraphError> {
///     let mut flow = StaticTaskflow::new();
///     let (Ok(left), Ok(right), Ok(fuse)) =
///         (flow.emplace(&sample_left), flow.emplace(&sample_right), flow.emplace(&fuse))
///     else {
///         panic!("there is room for three tasks");
///     };
///     match (flow.precede(left, fuse), flow.precede(right, fuse), flow.freeze()) {
///         (Ok(()), Ok(()), Ok(())) => Ok(flow),
///         (Err(error), ..) | (_, Err(error), _) | (.., Err(error)) => Err(error),
///     }
/// }
///
/// static FLOW: StaticTaskflow<'static, 3, 2> = match build() {
///     Ok(flow) => flow,
///     Err(_) => panic!("the graph cannot run"),
/// };
///
/// for _ in 0..3 {
///     FLOW.run()?;
///     assert_eq!(MEAN.load(Ordering::Relaxed), 21);
/// }
/// # Ok::<(), taskflow_core::StaticRunError>(())
/// ```
///
/// On the stack, with tasks that borrow from it, and a second thread that helps:
///
/// ```
/// use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
/// use taskflow_core::StaticTaskflow;
///
/// let sum = AtomicU32::new(0);
/// let add = |number| sum.fetch_add(number, Ordering::Relaxed);
/// let one = || { add(1); };
/// let two = || { add(2); };
/// let last = || assert_eq!(add(0), 3);
///
/// let mut flow = StaticTaskflow::<3, 2>::new();
/// let tasks = [flow.emplace(&one)?, flow.emplace(&two)?, flow.emplace(&last)?];
/// flow.precede(tasks[0], tasks[2])?;
/// flow.precede(tasks[1], tasks[2])?;
/// flow.freeze()?;
///
/// let done = AtomicBool::new(false);
/// std::thread::scope(|scope| {
///     scope.spawn(|| while !done.load(Ordering::Relaxed) { flow.help(); });
///     assert_eq!(flow.run(), Ok(()));
///     done.store(true, Ordering::Relaxed);
/// });
/// # Ok::<(), taskflow_core::StaticGraphError>(())
/// ```
pub struct StaticTaskflow<'a, const N: usize, const E: usize> {
    tasks: [Record<'a>; N],
    counters: [JoinCounter; N],
    edges: [Edge; E],
    num_tasks: u16,
    num_edges: u16,
    first_source: u16,
    is_frozen: bool,
    /// How often it was frozen: each time the counters have to be armed once.
    edition: u32,
    /// Where it was made.
    place: u32,
    round: Round,
}

impl<'a, const N: usize, const E: usize> StaticTaskflow<'a, N, E> {
    const_fn! {
        /// An empty graph.
        #[must_use]
        #[track_caller]
        pub fn new() -> Self {
            const {
                assert!(N < NONE as usize, "a static graph has at most 65,534 tasks");
                assert!(E < NONE as usize, "a static graph has at most 65,534 edges");
            }
            Self {
                tasks: [Record::EMPTY; N],
                counters: filled!(JoinCounter::new(0); N),
                edges: [Edge::EMPTY; E],
                num_tasks: 0,
                num_edges: 0,
                first_source: NONE,
                is_frozen: false,
                edition: 0,
                place: place_of(Location::caller()),
                round: Round::new(),
            }
        }
    }

    /// Adds a task.
    ///
    /// # Errors
    ///
    /// [`StaticGraphError::TasksFull`]: there are `N` already.
    pub const fn emplace(
        &mut self,
        task: &'a (dyn Fn() + Sync),
    ) -> Result<StaticTask, StaticGraphError> {
        let index = self.num_tasks;
        if index as usize == N {
            return Err(StaticGraphError::TasksFull { capacity: N });
        }
        self.tasks[index as usize] = Record::new(task);
        self.num_tasks += 1;
        self.is_frozen = false;
        Ok(self.handle(index))
    }

    /// Gives a task a name.
    ///
    /// # Errors
    ///
    /// [`StaticGraphError::Foreign`]: the task is another graph's.
    pub const fn name(&mut self, task: StaticTask, name: &'a str) -> Result<(), StaticGraphError> {
        if !self.owns(task) {
            return Err(StaticGraphError::Foreign { task });
        }
        self.tasks[task.index()].name = Some(name);
        Ok(())
    }

    /// The name of a task. `None`: it has none, or is another graph's.
    #[must_use]
    pub const fn name_of(&self, task: StaticTask) -> Option<&'a str> {
        if self.owns(task) {
            self.tasks[task.index()].name
        } else {
            None
        }
    }

    /// Has `from` run before `to`. The same edge twice takes the room of two.
    ///
    /// # Errors
    ///
    /// Nothing is changed, and the error is
    ///
    /// - [`StaticGraphError::EdgesFull`]: there are `E` already;
    /// - [`StaticGraphError::Foreign`]: a task is another graph's. Graphs that were made by the same `new` of the source
    ///   are not told apart, but for tasks beyond the last one;
    /// - [`StaticGraphError::SelfDependency`]: the two are one.
    pub const fn precede(
        &mut self,
        from: StaticTask,
        to: StaticTask,
    ) -> Result<(), StaticGraphError> {
        if !self.owns(from) {
            return Err(StaticGraphError::Foreign { task: from });
        }
        if !self.owns(to) {
            return Err(StaticGraphError::Foreign { task: to });
        }
        if from.index == to.index {
            return Err(StaticGraphError::SelfDependency { task: from });
        }
        if self.num_edges as usize == E {
            return Err(StaticGraphError::EdgesFull { capacity: E });
        }
        let first = &mut self.tasks[from.index()].first_edge;
        self.edges[self.num_edges as usize] = Edge {
            to: to.index,
            next: *first,
        };
        *first = self.num_edges;
        self.tasks[to.index()].strong += 1;
        self.num_edges += 1;
        self.is_frozen = false;
        Ok(())
    }

    /// Checks the graph, so that it can run: once after the last edit. O(tasks + edges).
    ///
    /// # Errors
    ///
    /// [`StaticGraphError::Cycle`]: tasks wait for one another in a circle.
    pub const fn freeze(&mut self) -> Result<(), StaticGraphError> {
        let (tasks, _) = self.tasks.split_at_mut(self.num_tasks as usize);
        match arrange(tasks, &self.edges) {
            Ok(first_source) => {
                self.first_source = first_source;
                self.is_frozen = true;
                self.edition = self.edition.wrapping_add(1);
                Ok(())
            }
            Err(index) => Err(StaticGraphError::Cycle {
                task: self.handle(index),
            }),
        }
    }

    /// How many tasks there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.num_tasks as usize
    }

    /// Whether there is no task.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.num_tasks == 0
    }

    const fn handle(&self, index: u16) -> StaticTask {
        StaticTask {
            index,
            place: self.place,
        }
    }

    const fn owns(&self, task: StaticTask) -> bool {
        task.place == self.place && task.index < self.num_tasks
    }
}

impl<const N: usize, const E: usize> Default for StaticTaskflow<'_, N, E> {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize, const E: usize> fmt::Debug for StaticTaskflow<'_, N, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StaticTaskflow")
            .field("tasks", &self.num_tasks)
            .field("edges", &self.num_edges)
            .field("is_frozen", &self.is_frozen)
            .finish_non_exhaustive()
    }
}
