//! The calls of a program, from a new or cleared flow to its next clearing or the program's end.

mod inspecting;

use core::future::poll_fn;
use core::task::Poll;
use std::io;
use std::panic::resume_unwind;

use taskflow_core::{Module, Output, SharedOutput, TaskHandle, Taskflow, TaskflowError};

use super::super::bytes::Bytes;
use super::model::{Event, Kind, SCHEDULES, combined, inputs_of};
use super::{Log, Manner, World, note};

/// Graphs larger than this say nothing new.
const MOST_TASKS: usize = 40;

/// Handles, which a clearing of the flow ends.
struct Session<'f, 'w> {
    flow: &'f Taskflow<'static>,
    world: &'w mut World,
    /// The number of the first task of this session.
    first: usize,
    handles: Vec<TaskHandle<'f>>,
    values: Vec<(usize, Output<'f, 'static, u64>)>,
    lent: Vec<(usize, SharedOutput<'f, 'static, u64>)>,
    /// The modules that can run, each with its first use and its number of tasks.
    modules: Vec<(Module<'static>, usize, usize)>,
}

/// Goes on with the program. `true`: the flow is to be cleared.
pub(super) fn run(flow: &Taskflow<'static>, world: &mut World, bytes: &mut Bytes<'_>) -> bool {
    let mut session = Session {
        flow,
        first: world.model.tasks.len(),
        world,
        handles: Vec::new(),
        values: Vec::new(),
        lent: Vec::new(),
        modules: Vec::new(),
    };
    while let Some(call) = bytes.next() {
        match call % 32 {
            0 => return true,
            1..=3 => session.world.run(flow, Manner::of(call), bytes),
            4 => session.inspect(),
            5 => session.name(bytes),
            6 => session.remove(bytes),
            7 => session.remove_edge(bytes),
            8 => session.new_work(bytes),
            9 => session.reach_for_another_flow(bytes),
            10 => session.discard(),
            11 => session.hold(bytes),
            12..=18 => session.connect(bytes),
            _ if session.handles.len() >= MOST_TASKS => {}
            19 => session.lend(),
            20 | 21 => session.value(bytes),
            22 if call >= 128 && !session.modules.is_empty() => session.use_again(bytes),
            22 => session.module(bytes),
            31 if call >= 128 => session.schedule(),
            _ => session.task(call, bytes),
        }
    }
    session.inspect();
    session.world.run(flow, Manner::of(0), bytes);
    false
}

impl<'f> Session<'f, '_> {
    /// Any task of the session, also one that was removed.
    fn any(&self, bytes: &mut Bytes<'_>) -> Option<usize> {
        let count = self.handles.len();
        (count > 0).then(|| self.first + bytes.below(count))
    }

    fn handle(&self, task: usize) -> TaskHandle<'f> {
        self.handles[task - self.first]
    }

    fn added(&mut self, handle: TaskHandle<'f>, kind: Kind) -> usize {
        self.handles.push(handle);
        self.world.model.add(handle.id(), kind)
    }

    /// Notes that a handle was used whose task was removed. `true`: it was.
    fn is_stale(&mut self, task: usize) -> bool {
        let of = &self.world.model.tasks[task];
        if !of.alive {
            let error = TaskflowError::Stale { task: of.id };
            self.world.model.defect.get_or_insert(error);
        }
        !of.alive
    }

    fn task(&mut self, call: u8, bytes: &mut Bytes<'_>) {
        let log = Log::clone(&self.world.log);
        let number = self.world.model.tasks.len();
        let flow = self.flow;
        let start = {
            let log = Log::clone(&log);
            move || note(&log, Event::Start(number))
        };
        let (handle, kind) = match call % 32 {
            23 => (flow.emplace_once(start), Kind::Once),
            24 => (flow.placeholder(), Kind::Silent),
            25 | 26 => {
                let script: Vec<Vec<usize>> = (0..bytes.below(4))
                    .map(|_| (0..bytes.below(4)).map(|_| bytes.below(5)).collect())
                    .collect();
                let (mut calls, choices) = (0, script.clone());
                let handle = flow.emplace_multi_condition(move || {
                    start();
                    calls += 1;
                    choices.get(calls - 1).cloned().unwrap_or_default()
                });
                (handle.task(), Kind::Condition(script))
            }
            27 => {
                let script: Vec<Vec<usize>> =
                    (0..bytes.below(4)).map(|_| vec![bytes.below(4)]).collect();
                let (mut calls, choices) = (0, script.clone());
                let handle = flow.emplace_condition(move || {
                    start();
                    calls += 1;
                    choices.get(calls - 1).map(|choice| choice[0])
                });
                (handle.task(), Kind::Condition(script))
            }
            28 => match bytes.below(4) {
                3 if call >= 128 => {
                    let handle = flow.emplace(move || {
                        start();
                        // Past the panic hook, which would end the process.
                        resume_unwind(Box::new(number))
                    });
                    (handle, Kind::Panics)
                }
                3 => {
                    let handle = flow.try_emplace(move || {
                        start();
                        Err(io::Error::other("refused").into())
                    });
                    (handle, Kind::Fails)
                }
                _ => {
                    let handle = flow.try_emplace(move || {
                        start();
                        Ok(())
                    });
                    (handle, Kind::Plain)
                }
            },
            29 => self.parent(call, start, bytes),
            30 => {
                let handle = flow.emplace_async(move || {
                    start();
                    let (log, mut polled) = (Log::clone(&log), false);
                    poll_fn(move |context| {
                        if core::mem::replace(&mut polled, true) {
                            note(&log, Event::Part(number, 0));
                            return Poll::Ready(());
                        }
                        context.waker().wake_by_ref();
                        Poll::Pending
                    })
                });
                let kind = Kind::Parent {
                    children: 1,
                    in_order: true,
                    silent: false,
                };
                (handle, kind)
            }
            _ => (flow.emplace(start), Kind::Plain),
        };
        self.added(handle, kind);
    }

    /// A subflow or a runtime task, with children.
    fn parent(
        &mut self,
        call: u8,
        start: impl Fn() + Send + 'static,
        bytes: &mut Bytes<'_>,
    ) -> (TaskHandle<'f>, Kind) {
        let log = Log::clone(&self.world.log);
        let number = self.world.model.tasks.len();
        let (mut children, in_order) = (bytes.below(5), bytes.flag());
        let part = move |part: usize| {
            let log = Log::clone(&log);
            move || note(&log, Event::Part(number, part))
        };
        let handle = if in_order && call >= 128 {
            // What comes after the wait is one more part.
            children += 1;
            self.flow.emplace_subflow(move |parts| {
                start();
                let tasks: Vec<_> = (1..children)
                    .map(|at| parts.emplace(part(at - 1)))
                    .collect();
                parts.linearize(tasks);
                let stats = parts.join().expect("no part fails");
                assert_eq!(stats.tasks, children as u64 - 1);
                part(children - 1)();
            })
        } else if in_order {
            self.flow.emplace_subflow(move |parts| {
                start();
                let tasks: Vec<_> = (0..children).map(|at| parts.emplace(part(at))).collect();
                parts.linearize(tasks);
            })
        } else {
            self.flow.emplace_runtime(move |runtime| {
                start();
                (0..children).for_each(|at| runtime.spawn(part(at)));
            })
        };
        let kind = Kind::Parent {
            children,
            in_order,
            silent: false,
        };
        (handle, kind)
    }

    /// A use of a module, which may be one that cannot run.
    fn module(&mut self, bytes: &mut Bytes<'_>) {
        let number = self.world.model.tasks.len();
        let (children, refused) = (1 + bytes.below(3), bytes.below(8) == 7);
        let parts = Taskflow::new();
        let tasks: Vec<_> = (0..children)
            .map(|part| {
                let log = Log::clone(&self.world.log);
                parts.emplace(move || note(&log, Event::Part(number, part)))
            })
            .collect();
        parts.linearize(tasks.as_slice());
        if refused {
            tasks[0].precede(tasks[0]);
        }
        drop(tasks);
        let module = Module::new(parts);
        if !refused {
            self.modules.push((module.clone(), number, children));
        }
        let handle = self.flow.composed_of(&module);
        let task = self.added(
            handle,
            Kind::Parent {
                children,
                in_order: true,
                silent: true,
            },
        );
        if let Err(error) = module.validate() {
            let id = self.world.model.tasks[task].id;
            let label = taskflow_core::TaskLabel { id, name: None };
            let (task, error) = (label, Box::new(error));
            let defect = TaskflowError::Module { task, error };
            self.world.model.defect.get_or_insert(defect);
            // Should that be discarded, the use fails.
            self.world.model.loose = true;
        } else {
            assert!(!refused, "a circle in a module was not seen");
        }
    }

    /// Another use of a module. Which use has its turn when is not said here, only that turns do not mix.
    fn use_again(&mut self, bytes: &mut Bytes<'_>) {
        let which = bytes.below(self.modules.len());
        let (module, first, children) = &self.modules[which];
        let shared = (*first, *children);
        let handle = self.flow.composed_of(module);
        let kind = Kind::Parent {
            children: shared.1,
            in_order: true,
            silent: true,
        };
        self.added(handle, kind);
        let model = &mut self.world.model;
        model.loose = true;
        if !model.shared.contains(&shared) {
            model.shared.push(shared);
        }
    }

    /// A task, and one that schedules it.
    fn schedule(&mut self) {
        let number = self.world.model.tasks.len();
        let started = |task: usize| {
            let log = Log::clone(&self.world.log);
            move || note(&log, Event::Start(task))
        };
        let (target, start) = (self.flow.emplace(started(number)), started(number + 1));
        let (id, mut calls) = (target.id(), 0);
        let chooser = self.flow.emplace_runtime(move |runtime| {
            start();
            calls += 1;
            if calls <= SCHEDULES {
                // A race is an error of the run.
                let _ = runtime.schedule(id);
            }
        });
        chooser.may_schedule(target);
        self.added(target, Kind::Plain);
        self.added(chooser, Kind::Schedules(number));
    }

    /// A task that makes a value, of none, one or two others.
    fn value(&mut self, bytes: &mut Bytes<'_>) {
        let number = self.world.model.tasks.len();
        let log = Log::clone(&self.world.log);
        let got = move |values: &[u64]| {
            note(&log, Event::Start(number));
            let value = combined(values.iter().copied()) + number as u64;
            if !values.is_empty() {
                note(&log, Event::Got(number, value));
            }
            value
        };
        // Outputs of tasks that are gone, or that got other work, are left alone.
        let tasks = &self.world.model.tasks;
        let makes = |task: usize| tasks[task].alive && matches!(tasks[task].kind, Kind::Value(_));
        self.values.retain(|(task, _)| makes(*task));
        self.lent.retain(|(task, _)| makes(*task));
        let mut moved = None;
        let (output, inputs) = match (bytes.below(4), self.values.pop(), self.lent.last()) {
            (1, Some((from, value)), _) => {
                moved = Some(from);
                (value.map(move |value| got(&[value])), vec![from])
            }
            (2, kept, Some((from, lent))) => {
                self.values.extend(kept);
                (lent.map(move |value| got(&[*value])), vec![*from])
            }
            (3, Some((one, value)), Some((other, lent))) => {
                moved = Some(one);
                let sum = move |value: u64, lent: &u64| got(&[value, *lent]);
                (self.flow.zip((value, lent), sum), vec![one, *other])
            }
            (_, kept, _) => {
                self.values.extend(kept);
                (self.flow.produce(move || got(&[])), Vec::new())
            }
        };
        let task = self.added(output.task(), Kind::Value(inputs));
        self.world
            .model
            .moves
            .extend(moved.map(|from| (from, task)));
        self.values.push((task, output));
    }

    fn lend(&mut self) {
        if let Some((task, output)) = self.values.pop() {
            self.lent.push((task, output.share()));
        }
    }

    fn connect(&mut self, bytes: &mut Bytes<'_>) {
        let (Some(from), Some(to)) = (self.any(bytes), self.any(bytes)) else {
            return;
        };
        // The task whose handle is used is looked at first.
        let (this, other) = if bytes.flag() {
            self.handle(to).succeed(self.handle(from));
            (to, from)
        } else {
            self.handle(from).precede(self.handle(to));
            (from, to)
        };
        if !self.is_stale(this) && !self.is_stale(other) {
            self.world.model.edges.push((from, to));
        }
    }

    fn reach_for_another_flow(&mut self, bytes: &mut Bytes<'_>) {
        let Some(task) = self.any(bytes) else { return };
        let foreign = self.world.other.tasks()[0];
        let id = foreign.id();
        self.handle(task).precede(foreign);
        if !self.is_stale(task) {
            let of = &self.world.model.tasks[task];
            let name = of.name.as_deref().map(Box::from);
            let task = taskflow_core::TaskLabel { id: of.id, name };
            let defect = TaskflowError::Foreign { task, foreign: id };
            self.world.model.defect.get_or_insert(defect);
        }
    }

    fn discard(&mut self) {
        assert_eq!(self.flow.discard_refused(), self.world.model.defect.take());
    }

    fn name(&mut self, bytes: &mut Bytes<'_>) {
        let Some(task) = self.any(bytes) else { return };
        let name = bytes.text();
        self.handle(task).name(&name);
        if !self.is_stale(task) {
            self.world.model.tasks[task].name = Some(name);
        }
    }

    fn remove(&mut self, bytes: &mut Bytes<'_>) {
        let Some(task) = self.any(bytes) else { return };
        self.flow.remove(self.handle(task));
        if !self.is_stale(task) {
            self.loosen(task);
            self.world.model.remove(task);
        }
    }

    /// What gets a value of the task may be skipped from now on.
    fn loosen(&mut self, task: usize) {
        let mut all = self.world.model.alive();
        let gives = all.any(|other| inputs_of(&self.world.model.tasks[other].kind).contains(&task));
        drop(all);
        self.world.model.loose |= gives;
    }

    fn remove_edge(&mut self, bytes: &mut Bytes<'_>) {
        let (Some(from), Some(to)) = (self.any(bytes), self.any(bytes)) else {
            return;
        };
        if inputs_of(&self.world.model.tasks[to].kind).contains(&from) {
            return;
        }
        let removed = self.flow.remove_edge(self.handle(from), self.handle(to));
        let edges = &mut self.world.model.edges;
        assert_eq!(removed, edges.contains(&(from, to)));
        edges.retain(|edge| *edge != (from, to));
    }

    fn new_work(&mut self, bytes: &mut Bytes<'_>) {
        let Some(task) = self.any(bytes) else { return };
        if self.world.model.scheduled_by(task).is_some() {
            return;
        }
        let log = Log::clone(&self.world.log);
        let work = move || note(&log, Event::Start(task));
        self.flow.work(self.handle(task), work);
        if !self.is_stale(task) {
            self.loosen(task);
            self.world.model.tasks[task].kind = Kind::Plain;
        }
    }

    /// Has a task hold a semaphore, or take a unit of it for the rest of the run.
    fn hold(&mut self, bytes: &mut Bytes<'_>) {
        let Some(task) = self.any(bytes) else { return };
        let which = bytes.below(self.world.semaphores.len());
        let semaphore = self.world.semaphores[which].clone();
        let keeps = bytes.below(8) == 7;
        if self.world.model.tasks[task].holds.contains(&which) {
            return;
        }
        let handle = self.handle(task).acquire(&semaphore);
        if !keeps {
            handle.release(&semaphore);
        }
        if !self.is_stale(task) {
            self.world.model.loose |= keeps;
            self.world.model.tasks[task].holds.push(which);
        }
    }
}
