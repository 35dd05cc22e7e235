//! A run, gone through again event by event: nothing begins before what it waits for, nothing twice, nothing
//! after the run was stopped, and all that was to run did.

use taskflow_core::{FailurePolicy, RunError, RunStats};

use super::model::{Event, Kind, Model, SCHEDULES, inputs_of};

/// What was asked of a run, and what it did.
#[derive(Debug)]
pub(crate) struct Ran<'r> {
    pub(crate) rounds: u64,
    pub(crate) policy: FailurePolicy,
    pub(crate) events: &'r [Event],
    /// How many events there were when it was cancelled.
    pub(crate) cancelled_at: Option<usize>,
    pub(crate) result: &'r Result<RunStats, RunError>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Idle,
    Ready,
    /// So many children have run, in which order they came.
    Running(u64),
}

#[derive(Clone, Debug)]
struct Progress {
    state: State,
    waits: usize,
    starts: usize,
    /// Something that it waits for failed, and it is to be skipped.
    poisoned: bool,
    has_value: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failure {
    Failed(usize),
    Race(usize),
}

struct Replay<'m> {
    model: &'m mut Model,
    tasks: Vec<Progress>,
    policy: FailurePolicy,
    failure: Option<Failure>,
    stopped: bool,
    held: Vec<usize>,
}

/// Fails unless the run went as the graph says.
pub(crate) fn check(model: &mut Model, ran: &Ran<'_>) {
    let semaphores = model.semaphores.len();
    let mut replay = Replay {
        model,
        tasks: Vec::new(),
        policy: ran.policy,
        failure: None,
        stopped: false,
        held: vec![0; semaphores],
    };
    replay.begin_round();
    let mut rounds = 1;
    for (place, event) in ran.events.iter().enumerate() {
        assert!(
            ran.cancelled_at.is_none_or(|at| place < at),
            "{event:?} after the end"
        );
        assert!(!replay.stopped, "{event:?} after the run was stopped");
        while rounds < ran.rounds && replay.is_over(*event) {
            rounds += 1;
            replay.begin_round();
        }
        replay.take(*event);
    }
    replay.end(ran, rounds);
}

impl Replay<'_> {
    fn begin_round(&mut self) {
        let waits = |task| self.model.waits_for(task).len();
        let all = 0..self.model.tasks.len();
        self.tasks = all
            .map(|task| Progress {
                state: State::Idle,
                waits: waits(task),
                starts: 0,
                poisoned: false,
                has_value: false,
            })
            .collect();
        for task in self.model.sources() {
            self.tasks[task].state = State::Ready;
        }
    }

    /// Whether the round is at its end before this event.
    fn is_over(&mut self, event: Event) -> bool {
        let (Event::Start(task) | Event::Part(task, _) | Event::Got(task, _)) = event;
        if self.tasks[task].state != State::Idle {
            return false;
        }
        self.settle();
        self.tasks[task].state == State::Idle && self.left().is_empty()
    }

    /// What was to run and has not.
    fn left(&self) -> Vec<usize> {
        let tasks = self.model.alive();
        tasks
            .filter(|task| self.tasks[*task].state != State::Idle)
            .collect()
    }

    /// Whether it is skipped when its turn comes.
    fn is_skipped(&self, task: usize) -> bool {
        let inputs = inputs_of(&self.model.tasks[task].kind);
        self.tasks[task].poisoned || inputs.iter().any(|input| !self.tasks[*input].has_value)
    }

    /// Ends all that is ready and has no event.
    fn settle(&mut self) {
        loop {
            let silent = |task: &usize| {
                let ready = self.tasks[*task].state == State::Ready;
                ready && (self.model.tasks[*task].kind == Kind::Silent || self.is_skipped(*task))
            };
            let Some(task) = self.model.alive().find(silent) else {
                return;
            };
            self.complete(task);
        }
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Start(task) => {
                self.begin(task);
                self.schedule(task);
                match self.model.tasks[task].kind {
                    Kind::Fails | Kind::Panics => self.fail(Failure::Failed(task)),
                    Kind::Parent { children, .. } if children > 0 => {
                        self.tasks[task].state = State::Running(0);
                        return;
                    }
                    // It is over when it has got its values.
                    Kind::Value(ref inputs) if !inputs.is_empty() => {
                        self.tasks[task].state = State::Running(0);
                        return;
                    }
                    _ => {}
                }
                self.complete(task);
            }
            Event::Part(task, part) => self.part(task, part),
            Event::Got(task, value) => {
                assert_eq!(self.tasks[task].state, State::Running(0));
                assert_eq!(value, self.model.tasks[task].value, "task {task}");
                self.complete(task);
                for (from, _) in self.model.moves.iter().filter(|(_, to)| *to == task) {
                    self.tasks[*from].has_value = false;
                }
            }
        }
    }

    fn begin(&mut self, task: usize) {
        if self.tasks[task].state != State::Ready || self.is_skipped(task) {
            self.settle();
        }
        let of = &self.model.tasks[task];
        assert!(of.alive, "task {task} was removed, and runs");
        assert_eq!(self.tasks[task].state, State::Ready, "task {task} runs");
        assert!(
            !self.is_skipped(task),
            "task {task} runs without what it needs"
        );
        let again = of.kind == Kind::Once && self.tasks[task].starts > 0;
        assert!(!again, "task {task} runs again");
        self.tasks[task].starts += 1;
        for semaphore in of.holds.clone() {
            self.held[semaphore] += 1;
            assert!(
                self.held[semaphore] <= self.model.semaphores[semaphore],
                "more hold semaphore {semaphore} than it has units"
            );
        }
    }

    fn part(&mut self, task: usize, part: usize) {
        let Kind::Parent {
            children,
            in_order,
            silent,
        } = self.model.tasks[task].kind
        else {
            panic!("task {task} has no children");
        };
        if silent && !matches!(self.tasks[task].state, State::Running(_)) {
            self.begin(task);
            self.tasks[task].state = State::Running(0);
        }
        let State::Running(seen) = self.tasks[task].state else {
            panic!("a child of task {task}, which does not run");
        };
        assert!(
            part < children && seen & (1 << part) == 0,
            "child {part} of {task}"
        );
        assert!(
            !in_order || seen == (1 << part) - 1,
            "child {part} of {task}"
        );
        let seen = seen | (1 << part);
        self.tasks[task].state = State::Running(seen);
        if seen.count_ones() as usize == children {
            self.complete(task);
        }
    }

    fn fail(&mut self, failure: Failure) {
        self.failure.get_or_insert(failure);
        self.stopped |= self.policy == FailurePolicy::StopAtFirst;
    }

    /// The task is over, or skipped, and what follows comes nearer.
    fn complete(&mut self, task: usize) {
        let ran = !self.is_skipped(task);
        let failed = matches!(self.model.tasks[task].kind, Kind::Fails | Kind::Panics);
        if ran {
            let holds = self.model.tasks[task].holds.clone();
            // Without work nobody saw it begin.
            let silent = self.model.tasks[task].kind == Kind::Silent;
            for semaphore in holds.into_iter().filter(|_| !silent) {
                self.held[semaphore] -= 1;
            }
        }
        self.tasks[task].state = State::Idle;
        self.tasks[task].has_value = ran;
        let successors = self.model.successors(task);
        if self.model.chooses(task) {
            if ran {
                self.choose(task, &successors);
            }
            return;
        }
        let poison = self.policy == FailurePolicy::KeepIndependent && (failed || !ran);
        for next in successors {
            self.tasks[next].poisoned |= poison;
            self.tasks[next].waits -= 1;
            if self.tasks[next].waits == 0 {
                self.start(next);
            }
        }
    }

    fn schedule(&mut self, task: usize) {
        let of = &mut self.model.tasks[task];
        if !matches!(of.kind, Kind::Schedules(_)) {
            return;
        }
        of.choices += 1;
        if of.choices <= SCHEDULES
            && let Some(other) = self.model.scheduled_by(task)
        {
            self.start(other);
        }
    }

    fn choose(&mut self, task: usize, branches: &[usize]) {
        let Kind::Condition(script) = &self.model.tasks[task].kind else {
            unreachable!("it chooses");
        };
        let call = self.model.tasks[task].choices;
        let mut chosen = Vec::new();
        for branch in script.get(call).into_iter().flatten() {
            match branches.get(*branch) {
                Some(to) if !chosen.contains(to) => chosen.push(*to),
                _ => {}
            }
        }
        self.model.tasks[task].choices += 1;
        chosen.into_iter().for_each(|to| self.start(to));
    }

    fn start(&mut self, task: usize) {
        self.tasks[task].waits = self.model.waits_for(task).len();
        if self.tasks[task].state == State::Idle {
            self.tasks[task].state = State::Ready;
        } else {
            self.fail(Failure::Race(task));
        }
    }

    fn end(mut self, ran: &Ran<'_>, mut rounds: u64) {
        match ran.result {
            Ok(stats) => {
                self.settle();
                while rounds < ran.rounds {
                    rounds += 1;
                    self.begin_round();
                    self.settle();
                }
                assert_eq!(self.left(), [0; 0], "the run ended without these");
                assert_eq!(self.failure, None, "a failure was not told");
                assert_eq!(stats.rounds, ran.rounds);
            }
            Err(
                error @ (RunError::Failed {
                    task: Some(task), ..
                }
                | RunError::Panicked {
                    task: Some(task), ..
                }),
            ) => {
                let task = self.model.find(task.id);
                assert_eq!(self.failure, Some(Failure::Failed(task)));
                let panicked = matches!(error, RunError::Panicked { .. });
                assert_eq!(panicked, self.model.tasks[task].kind == Kind::Panics);
                if !self.stopped && ran.cancelled_at.is_none() {
                    self.settle();
                    assert_eq!(self.left(), [0; 0], "the run ended without these");
                }
            }
            Err(RunError::TaskRace { task, .. }) => {
                let task = self.model.find(task.id);
                assert_eq!(self.failure, Some(Failure::Race(task)));
            }
            Err(RunError::Again { task, .. }) => {
                let task = self.model.find(task.id);
                let progress = &self.tasks[task];
                assert_eq!(self.model.tasks[task].kind, Kind::Once);
                assert!(progress.state == State::Ready && progress.starts == 1);
            }
            Err(RunError::Cancelled { .. }) => {
                assert!(ran.cancelled_at.is_some(), "nobody cancelled it");
                assert_eq!(self.failure, None, "a failure was not told");
            }
            Err(other) => panic!("{other}"),
        }
    }
}
