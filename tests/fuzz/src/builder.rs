//! A byte string is a program: it builds, edits and runs a graph, on workers that it steps itself, and all
//! that comes of it is compared with what a plain list of tasks and edges says.
//!
//! One thread runs everything, so the order of what happens is known, and a run that hangs is one whose
//! workers are all idle.

mod host;
mod model;
mod replay;
mod session;

use std::sync::{Arc, Mutex};

use taskflow_core::{
    Builder, Executor, FailurePolicy, RunError, RunOptions, Semaphore, Taskflow, TaskflowError,
};

use super::bytes::Bytes;
use host::Stepped;
use model::{Event, Kind, Model, inputs_of};
use replay::Ran;

/// A program longer than this says nothing new.
const LONGEST_BYTES: usize = 1024;

/// What tasks note, in order.
type Log = Arc<Mutex<Vec<Event>>>;

/// Runs the program.
pub fn check(data: &[u8]) {
    if data.len() > LONGEST_BYTES {
        return;
    }
    let mut bytes = Bytes::new(data);
    let mut world = World::new(1 + bytes.below(3));
    let mut flow = Taskflow::with_name("program");
    while session::run(&flow, &mut world, &mut bytes) {
        flow.clear();
        world.model.clear();
        assert!(flow.is_empty());
    }
    drop(flow);
    world
        .executor
        .wait_for_all()
        .expect("nobody else runs anything");
}

/// What stays when a flow is cleared.
struct World {
    executor: Executor<Stepped>,
    log: Log,
    model: Model,
    semaphores: Vec<Semaphore>,
    /// Its tasks are foreign.
    other: Taskflow<'static>,
}

/// How a run is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    /// So many rounds.
    Rounds,
    /// Until a predicate says so, after as many rounds.
    Until,
    /// Two at once, and one that is cancelled while it waits behind them.
    Queued,
}

impl Manner {
    fn of(call: u8) -> Self {
        match call {
            0..128 => Self::Rounds,
            128..192 => Self::Until,
            192.. => Self::Queued,
        }
    }
}

fn note(log: &Log, event: Event) {
    log.lock()
        .expect("nothing panics with this lock")
        .push(event);
}

impl World {
    fn new(workers: usize) -> Self {
        let model = Model {
            semaphores: vec![1, 2],
            ..Model::default()
        };
        let other = Taskflow::new();
        other.placeholder();
        Self {
            executor: Builder::new(Stepped::default())
                .workers(workers)
                .build()
                .expect("no thread is needed"),
            log: Log::default(),
            semaphores: model
                .semaphores
                .iter()
                .map(|units| Semaphore::new(*units))
                .collect(),
            model,
            other,
        }
    }

    /// Runs the flow in the way that the bytes say.
    fn run(&mut self, flow: &Taskflow<'static>, manner: Manner, bytes: &mut Bytes<'_>) {
        let rounds = [1, 1, 0, 2, 3][bytes.below(5)];
        let policies = [
            FailurePolicy::StopAtFirst,
            FailurePolicy::KeepIndependent,
            FailurePolicy::CollectAll,
        ];
        let policy = match policies[bytes.below(3)] {
            // After a failure, rounds and choices make it long to say what is to run.
            policy if rounds == 1 && !self.model.has_choices() => policy,
            _ => FailurePolicy::StopAtFirst,
        };
        let cancels_after = (bytes.below(4) == 3).then(|| bytes.below(16));
        let until = manner == Manner::Until && rounds > 0 && policy == FailurePolicy::StopAtFirst;
        let refusal = self.refusal(flow, rounds, until || rounds > 1);
        let options = RunOptions::new().rounds(rounds).on_failure(policy);
        self.log
            .lock()
            .expect("nothing panics with this lock")
            .clear();
        let run = if until {
            let mut left = rounds;
            self.executor.run_until(flow, move || {
                left -= 1;
                left == 0
            })
        } else {
            self.executor.run_with(flow, options)
        };
        if rounds == 0 || refusal.is_some() {
            assert!(run.is_done());
            match (run.wait(), refusal) {
                (Ok(stats), None) => assert_eq!((stats.rounds, stats.tasks), (0, 0)),
                (Err(RunError::Invalid(error)), Some(refusal)) => {
                    assert!(refusal.is_none_or(|refusal| refusal == error), "{error}");
                }
                (result, refusal) => panic!("{result:?} where {refusal:?} is refused"),
            }
            return;
        }
        // Whose events are whose is not in them, so those that could stop in the middle are not queued.
        let behind = (manner == Manner::Queued
            && cancels_after.is_none()
            && self.model.is_steady())
        .then(|| {
            let behind = self.executor.run(flow);
            let last = self.executor.run(flow);
            assert!(last.cancel(), "it has not begun");
            (behind, last)
        });
        let mut cancelled_at = None;
        let mut steps = 0;
        let (mut idle, mut worker) = (0, 0);
        while idle < 2 * self.executor.num_workers() {
            if Some(steps) == cancels_after && run.cancel() {
                cancelled_at = Some(self.events().len());
            }
            worker = match bytes.next() {
                Some(byte) => usize::from(byte) % self.executor.num_workers(),
                None => (worker + 1) % self.executor.num_workers(),
            };
            // (Bytes may well step one worker only.)
            let step = self.executor.platform().step(worker);
            idle = match step {
                taskflow_core::Step::Ran => 0,
                _ => idle + 1,
            };
            steps += 1;
            if run.is_done() && behind.as_ref().is_none_or(|(behind, _)| behind.is_done()) {
                break;
            }
        }
        self.executor.platform().step_all();
        assert!(run.is_done(), "all workers are idle, and the run goes on");
        let mut result = run.wait();
        let mut rounds = rounds;
        if let Some((behind, last)) = behind {
            assert!(behind.is_done() && last.is_done());
            assert!(matches!(last.wait(), Err(RunError::Cancelled { .. })));
            if let (Ok(stats), Ok(more)) = (&mut result, behind.wait()) {
                stats.rounds += more.rounds;
            }
            rounds += 1;
        }
        for semaphore in &self.semaphores {
            assert_eq!(semaphore.count(), semaphore.max(), "units are lost");
        }
        let events = self.events();
        if self.is_exact() {
            let ran = Ran {
                rounds,
                policy,
                events: &events,
                cancelled_at,
                result: &result,
            };
            replay::check(&mut self.model, &ran);
        } else {
            for (first, children) in &self.model.shared {
                let parts = events.iter().filter_map(|event| match event {
                    Event::Part(task, part) if task == first => Some(part),
                    _ => None,
                });
                let turns = (0..*children).cycle();
                assert!(
                    parts.zip(turns).all(|(part, turn)| *part == turn),
                    "turns are mixed"
                );
            }
            for event in events {
                if let Event::Start(task) = event {
                    assert!(
                        self.model.tasks[task].alive,
                        "task {task} was removed, and runs"
                    );
                    self.model.tasks[task].choices += 1;
                }
            }
        }
    }

    /// Whether the model says what is to run. It does not know when a task without an event, or one that was
    /// suspended, ends, or when one whose input is gone is skipped: among choices that decides what races.
    fn is_exact(&self) -> bool {
        let plain = |task: usize| {
            let kind = &self.model.tasks[task].kind;
            let ends_unseen = matches!(kind, Kind::Silent | Kind::Parent { .. });
            !ends_unseen && inputs_of(kind).is_empty()
        };
        !self.model.loose && (!self.model.has_choices() || self.model.alive().all(plain))
    }

    /// Whether a run is refused, and with what if that is known exactly. Compares what `validate` says on the
    /// way.
    fn refusal(
        &mut self,
        flow: &Taskflow<'static>,
        rounds: u64,
        may_repeat: bool,
    ) -> Option<Option<TaskflowError>> {
        let verdict = flow.validate();
        self.model.judge(verdict.as_ref().err());
        if let Err(error) = verdict {
            return (rounds > 0).then_some(Some(error));
        }
        if rounds == 0 {
            return None;
        }
        let once: Vec<usize> = self
            .model
            .alive()
            .filter(|task| self.model.tasks[*task].kind == Kind::Once)
            .collect();
        let spent = once.iter().any(|task| self.model.tasks[*task].spent);
        if !once.is_empty() && (may_repeat || spent) {
            return Some(None);
        }
        for task in once {
            self.model.tasks[task].spent = true;
        }
        None
    }

    fn events(&self) -> Vec<Event> {
        self.log
            .lock()
            .expect("nothing panics with this lock")
            .clone()
    }
}
