//! What a graph is, said again without the engine: lists of tasks and edges, and a run of it one event at a
//! time.

use taskflow_core::{TaskId, TaskflowError};

/// What happens in a run, as the closures of its tasks note it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// The work of this task begins.
    Start(usize),
    /// A child of this task ran; children are counted from zero.
    Part(usize, usize),
    /// This task got this value.
    Got(usize, u64),
}

/// What a task is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Plain,
    Once,
    /// Gives up each time.
    Fails,
    /// Panics each time.
    Panics,
    /// Has another task started in its first calls, [`SCHEDULES`] of them.
    Schedules(usize),
    /// Has no work, and so no event.
    Silent,
    /// Chooses these branches, one list for each of its first calls, and none afterwards.
    Condition(Vec<Vec<usize>>),
    /// Is done when so many children are. A use of a module has no event of its own.
    Parent {
        children: usize,
        in_order: bool,
        silent: bool,
    },
    /// Makes a value, of the values of these.
    Value(Vec<usize>),
}

/// How often a task schedules another. (If that leads to it again, it would go on for ever.)
pub(crate) const SCHEDULES: usize = 3;

#[derive(Clone, Debug)]
pub(crate) struct Task {
    pub(crate) id: TaskId,
    pub(crate) kind: Kind,
    pub(crate) alive: bool,
    pub(crate) name: Option<String>,
    pub(crate) value: u64,
    /// Semaphores that it holds while it runs.
    pub(crate) holds: Vec<usize>,
    pub(crate) spent: bool,
    /// How often its choice was made, ever.
    pub(crate) choices: usize,
}

/// A graph. Tasks are numbered in the order of their creation, and never again.
#[derive(Debug, Default)]
pub(crate) struct Model {
    pub(crate) tasks: Vec<Task>,
    pub(crate) edges: Vec<(usize, usize)>,
    /// Whose value goes to whom, who has it alone: it is gone then.
    pub(crate) moves: Vec<(usize, usize)>,
    /// The uses of modules that are used more than once, by the number of the first: how many tasks the module has.
    pub(crate) shared: Vec<(usize, usize)>,
    /// What was refused first.
    pub(crate) defect: Option<TaskflowError>,
    /// Units of each semaphore.
    pub(crate) semaphores: Vec<usize>,
    /// Something was done after which what runs is not said here, only that all runs end.
    pub(crate) loose: bool,
}

impl Model {
    pub(crate) fn add(&mut self, id: TaskId, kind: Kind) -> usize {
        let known = self.tasks.iter().any(|task| task.id == id);
        assert!(!known, "{id:?} is an identity that another task had");
        let value = match &kind {
            Kind::Value(inputs) => self.value_of(inputs),
            _ => 0,
        };
        for input in inputs_of(&kind) {
            self.edges.push((*input, self.tasks.len()));
        }
        self.tasks.push(Task {
            id,
            kind,
            alive: true,
            name: None,
            value,
            holds: Vec::new(),
            spent: false,
            choices: 0,
        });
        self.tasks.len() - 1
    }

    /// What a task makes of its inputs.
    pub(crate) fn value_of(&self, inputs: &[usize]) -> u64 {
        combined(inputs.iter().map(|input| self.tasks[*input].value)) + self.tasks.len() as u64
    }

    pub(crate) fn alive(&self) -> impl Iterator<Item = usize> {
        let tasks = self.tasks.iter().enumerate();
        tasks.filter_map(|(task, of)| of.alive.then_some(task))
    }

    pub(crate) fn find(&self, id: TaskId) -> usize {
        let found = self.alive().find(|task| self.tasks[*task].id == id);
        found.unwrap_or_else(|| panic!("{id:?} is no task of the graph"))
    }

    pub(crate) fn remove(&mut self, task: usize) {
        self.tasks[task].alive = false;
        self.edges.retain(|(from, to)| *from != task && *to != task);
    }

    pub(crate) fn clear(&mut self) {
        self.tasks.iter_mut().for_each(|task| task.alive = false);
        self.edges.clear();
        self.moves.clear();
        self.shared.clear();
        self.defect = None;
        self.loose = false;
    }

    pub(crate) fn chooses(&self, task: usize) -> bool {
        matches!(self.tasks[task].kind, Kind::Condition(_))
    }

    /// The edges out of a task, in order; made twice, they count once, unless the task chooses.
    pub(crate) fn successors(&self, task: usize) -> Vec<usize> {
        let mut successors = Vec::new();
        for (_, to) in self.edges.iter().filter(|(from, _)| *from == task) {
            if self.chooses(task) || !successors.contains(to) {
                successors.push(*to);
            }
        }
        successors
    }

    /// The tasks that it waits for.
    pub(crate) fn waits_for(&self, task: usize) -> Vec<usize> {
        self.alive()
            .filter(|from| !self.chooses(*from) && self.successors(*from).contains(&task))
            .collect()
    }

    fn chosen_by(&self, task: usize) -> Vec<usize> {
        self.alive()
            .filter(|from| {
                let chooses = self.chooses(*from) && self.successors(*from).contains(&task);
                chooses || self.scheduled_by(*from) == Some(task)
            })
            .collect()
    }

    /// The task that this one schedules, unless that was removed.
    pub(crate) fn scheduled_by(&self, task: usize) -> Option<usize> {
        match self.tasks[task].kind {
            Kind::Schedules(other) if self.tasks[other].alive => Some(other),
            _ => None,
        }
    }

    pub(crate) fn has_choices(&self) -> bool {
        let chooses = self.edges.iter().any(|(from, _)| self.chooses(*from));
        chooses || self.alive().any(|task| self.scheduled_by(task).is_some())
    }

    /// Whether nothing can go wrong in a run, or be different in the next.
    pub(crate) fn is_steady(&self) -> bool {
        let steady = |task: usize| {
            !matches!(
                self.tasks[task].kind,
                Kind::Once | Kind::Fails | Kind::Panics
            )
        };
        !self.has_choices() && self.alive().all(steady)
    }

    pub(crate) fn sources(&self) -> Vec<usize> {
        self.alive()
            .filter(|task| !self.edges.iter().any(|(_, to)| to == task))
            .filter(|task| self.chosen_by(*task).is_empty())
            .collect()
    }

    /// Whether the tasks, each before the next and the last before the first, are a circle of strong edges.
    fn is_cycle(&self, tasks: &[usize]) -> bool {
        (0..tasks.len()).all(|place| {
            let (from, to) = (tasks[place], tasks[(place + 1) % tasks.len()]);
            let met_once = tasks.iter().filter(|task| **task == from).count() == 1;
            met_once && !self.chooses(from) && self.edges.contains(&(from, to))
        })
    }

    fn has_cycle(&self) -> bool {
        let mut left: Vec<usize> = self.alive().collect();
        loop {
            let before = left.len();
            let kept = left.clone();
            left.retain(|task| self.waits_for(*task).iter().any(|from| kept.contains(from)));
            if left.len() == before {
                return before > 0;
            }
        }
    }

    /// Fails unless this is what is to be said of the graph.
    pub(crate) fn judge(&self, error: Option<&TaskflowError>) {
        if let Some(defect) = &self.defect {
            assert_eq!(error, Some(defect));
            return;
        }
        let onto_input = self.alive().find(|task| {
            !inputs_of(&self.tasks[*task].kind).is_empty() && !self.chosen_by(*task).is_empty()
        });
        let named = |tasks: &[taskflow_core::TaskLabel]| -> Vec<usize> {
            let known = |label: &taskflow_core::TaskLabel| {
                let task = self.find(label.id);
                assert_eq!(label.name.as_deref(), self.tasks[task].name.as_deref());
                task
            };
            tasks.iter().map(known).collect()
        };
        match error {
            Some(TaskflowError::BranchOntoInput { task }) => {
                let task = named(core::slice::from_ref(task))[0];
                assert!(!inputs_of(&self.tasks[task].kind).is_empty());
                assert!(!self.chosen_by(task).is_empty());
                return;
            }
            Some(TaskflowError::SelfDependency { task }) => {
                assert!(self.is_cycle(&named(core::slice::from_ref(task))));
            }
            Some(TaskflowError::Cycle { tasks }) => {
                let tasks = named(tasks);
                assert!(
                    tasks.len() > 1 && self.is_cycle(&tasks),
                    "{tasks:?} is no circle"
                );
            }
            Some(TaskflowError::NoSource { tasks }) => {
                assert!(!named(tasks).is_empty());
                assert!(self.sources().is_empty() && !self.has_cycle());
            }
            Some(other) => panic!("{other} is not so"),
            None => {
                assert!(!self.has_cycle(), "a circle was not seen");
                let none = self.sources().is_empty() && self.alive().next().is_some();
                assert!(!none, "that nothing can be the first was not seen");
            }
        }
        assert_eq!(onto_input, None, "a branch onto an input was not seen");
    }

    /// The tasks that a round may start: a source, what a task among these may choose, and what waits for
    /// tasks among these only, or for one that may end any number of times.
    pub(crate) fn startable(&self) -> Vec<usize> {
        let mut often: Vec<usize> = Vec::new();
        let mut startable = self.sources();
        loop {
            let before = (often.len(), startable.len());
            for task in self.alive().collect::<Vec<_>>() {
                let (waits, chosen) = (self.waits_for(task), self.chosen_by(task));
                if !often.contains(&task)
                    && (!chosen.is_empty() || waits.iter().any(|from| often.contains(from)))
                {
                    often.push(task);
                }
                let is = |from: &usize| startable.contains(from);
                let all = !waits.is_empty() && waits.iter().all(is);
                let again = waits.iter().any(|from| is(from) && often.contains(from));
                if !startable.contains(&task) && (all || again || chosen.iter().any(is)) {
                    startable.push(task);
                }
            }
            if (often.len(), startable.len()) == before {
                return startable;
            }
        }
    }
}

/// The value that a task makes of others, less its number.
pub(crate) fn combined(values: impl IntoIterator<Item = u64>) -> u64 {
    let values = values.into_iter();
    values.fold(1, |sum, value| {
        sum.wrapping_mul(31).wrapping_add(value) % 1_000_003
    })
}

pub(crate) fn inputs_of(kind: &Kind) -> &[usize] {
    match kind {
        Kind::Value(inputs) => inputs,
        _ => &[],
    }
}
