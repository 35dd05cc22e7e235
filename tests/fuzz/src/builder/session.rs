//! The calls of a program, from a new or cleared flow to its next clearing or the program's end.

use core::future::poll_fn;
use core::task::Poll;
use std::io;

use taskflow_core::{Lint, Module, Output, SharedOutput, TaskHandle, Taskflow, TaskflowError};

use super::super::bytes::Bytes;
use super::super::dot;
use super::model::{Event, Kind, combined, inputs_of};
use super::{Log, World, note};

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
    };
    while let Some(call) = bytes.next() {
        match call % 32 {
            0 => return true,
            1..=3 => session.world.run(flow, bytes),
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
            22 => session.module(bytes),
            _ => session.task(call, bytes),
        }
    }
    session.inspect();
    session.world.run(flow, bytes);
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
            29 => self.parent(start, bytes),
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
        start: impl Fn() + Send + 'static,
        bytes: &mut Bytes<'_>,
    ) -> (TaskHandle<'f>, Kind) {
        let log = Log::clone(&self.world.log);
        let number = self.world.model.tasks.len();
        let (children, in_order) = (bytes.below(5), bytes.flag());
        let part = move |part: usize| {
            let log = Log::clone(&log);
            move || note(&log, Event::Part(number, part))
        };
        let handle = if in_order {
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
        let (output, inputs) = match (bytes.below(4), self.values.pop(), self.lent.last()) {
            (1, Some((from, value)), _) => (value.map(move |value| got(&[value])), vec![from]),
            (2, kept, Some((from, lent))) => {
                self.values.extend(kept);
                (lent.map(move |value| got(&[*value])), vec![*from])
            }
            (3, Some((one, value)), Some((other, lent))) => {
                let sum = move |value: u64, lent: &u64| got(&[value, *lent]);
                (self.flow.zip((value, lent), sum), vec![one, *other])
            }
            (_, kept, _) => {
                self.values.extend(kept);
                (self.flow.produce(move || got(&[])), Vec::new())
            }
        };
        let task = self.added(output.task(), Kind::Value(inputs));
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

    /// Everything that can be asked about the graph is as it is.
    fn inspect(&mut self) {
        let model = &self.world.model;
        let mut expected = dot::Dot {
            name: "program".into(),
            ..dot::Dot::default()
        };
        let mut alive: Vec<usize> = model.alive().collect();
        alive.sort_by_key(|task| model.tasks[*task].id.index());
        for task in &alive {
            let (of, handle) = (&model.tasks[*task], self.handle(*task));
            assert_eq!(handle.label(), of.name.as_deref().unwrap_or_default());
            let successors = model.successors(*task);
            let ids = successors.iter().map(|next| model.tasks[*next].id);
            assert!(
                handle
                    .successors()
                    .into_iter()
                    .map(TaskHandle::id)
                    .eq(ids.clone())
            );
            assert_eq!(handle.num_successors(), successors.len());
            assert_eq!(handle.num_predecessors(), model.waits_for(*task).len());
            let label = of.name.as_deref().map(dot::shown);
            expected
                .nodes
                .push((of.id.index(), label, model.chooses(*task)));
            let edges = ids.map(|next| (of.id.index(), next.index()));
            expected.edges.extend(edges);
        }
        let ids = self.flow.tasks().into_iter().map(TaskHandle::id);
        assert!(ids.eq(alive.iter().map(|task| model.tasks[*task].id)));
        assert_eq!(self.flow.len(), alive.len());
        for (task, handle) in (self.first..).zip(&self.handles) {
            let found = self.flow.task(handle.id()).is_some();
            assert_eq!(found, model.tasks[task].alive);
        }
        let text = self.flow.dump();
        assert_eq!(dot::parse(&text), Ok(expected), "{text}");
        if let Ok(lints) = self.flow.validate() {
            self.compare(&lints);
        }
    }

    fn compare(&self, lints: &[Lint]) {
        let model = &self.world.model;
        let startable = model.startable();
        let (mut lost, mut barren) = (Vec::new(), Vec::new());
        for lint in lints {
            match lint {
                Lint::NeverStarted { task } => lost.push(model.find(task.id)),
                Lint::ConditionWithoutBranches { task } => barren.push(model.find(task.id)),
                Lint::DuplicateEdge { from, to } => {
                    let edge = (model.find(from.id), model.find(to.id));
                    let count = model.edges.iter().filter(|other| **other == edge).count();
                    assert!(count > 1 && !model.chooses(edge.0));
                }
                _ => {}
            }
        }
        lost.sort_unstable();
        barren.sort_unstable();
        let not = |task: &usize| !startable.contains(task);
        assert!(model.alive().filter(not).eq(lost), "what nothing can start");
        let without = |task: &usize| model.chooses(*task) && model.successors(*task).is_empty();
        assert!(
            model.alive().filter(without).eq(barren),
            "what has nothing to choose"
        );
    }
}
