//! Parts of random graphs: one or several tasks of every kind there is.

use core::pin::Pin;
use core::task::{Context, Poll};
use std::sync::{Arc, Weak};

use taskflow_std::testing::{Dice, Executor, pause};
use taskflow_std::{Module, Runtime, Semaphore, Subflow, TaskError, TaskHandle, Taskflow};

use super::ledger::Ledger;
use crate::support::counter::Counter;
use crate::support::throwing::throw;

/// What the flows of a simulation share.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    pub(crate) executor: Weak<Executor>,
    pub(crate) module: Module<'static>,
    pub(crate) semaphore: Semaphore,
    /// Units that hold the semaphore now.
    pub(crate) inside: Counted,
    /// Everything that is not to leak has a clone of it.
    pub(crate) token: Arc<()>,
}

/// A number that goes up and down.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counted(Arc<std::sync::Mutex<usize>>);

impl Counted {
    /// What it is.
    pub(crate) fn get(&self) -> usize {
        self.add(0)
    }

    /// Makes it another.
    pub(crate) fn set(&self, number: usize) {
        *self.0.lock().expect("no panic in between") = number;
    }

    /// Gives what it becomes.
    pub(crate) fn add(&self, by: isize) -> usize {
        let mut number = self.0.lock().expect("no panic in between");
        *number = number.wrapping_add_signed(by);
        *number
    }
}

/// What the closures of a unit share.
#[derive(Clone, Debug)]
pub(crate) struct Unit {
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) shared: Shared,
    pub(crate) at: usize,
    /// Which unit is to fail in this run, if any.
    pub(crate) fails: Counted,
    pauses: usize,
    children: usize,
    turns: Counted,
}

type Flow = Taskflow<'static>;

/// The first and the last task of a unit.
pub(crate) type Ends<'f> = (TaskHandle<'f>, TaskHandle<'f>);

/// Adds a unit to a flow.
type Kind = for<'f> fn(&'f Flow, Unit) -> Ends<'f>;

/// The first few may be run in blocks.
const KINDS: [(&str, Kind); 14] = [
    ("a task", plain),
    ("a task that may fail", attempt),
    ("typed tasks", |flow, unit| typed(flow, &unit)),
    ("a task that spawns", spawned),
    ("a task that runs a flow", inner_run),
    ("a task with a group", group),
    ("a condition", |flow, unit| choice(flow, &unit)),
    ("a loop", |flow, unit| repeated(flow, &unit)),
    ("a multi-condition", |flow, unit| several(flow, &unit)),
    ("a subflow", subflow),
    ("a runtime task", runtime),
    ("a module", |flow, unit| module(flow, &unit)),
    ("a semaphore's task", semaphore),
    ("an async task", pending),
];

/// How many of them.
const CLOSURES: usize = 6;

impl Unit {
    pub(crate) fn thrown(
        dice: &mut Dice,
        at: usize,
        ledger: &Arc<Ledger>,
        shared: &Shared,
        fails: &Counted,
    ) -> Self {
        Self {
            ledger: Arc::clone(ledger),
            shared: shared.clone(),
            at,
            fails: fails.clone(),
            pauses: dice.below(4),
            children: 1 + dice.below(4),
            turns: Counted::default(),
        }
    }

    /// Adds this unit to a flow, as the dice fall: one that may be run in blocks, or any.
    pub(crate) fn emplace<'f>(self, dice: &mut Dice, flow: &'f Flow, in_blocks: bool) -> Ends<'f> {
        let kinds = if in_blocks { CLOSURES } else { KINDS.len() };
        let (name, kind) = KINDS[dice.below(kinds)];
        self.ledger.enter(self.at, name);
        kind(flow, self)
    }

    fn begin(&self, parts: usize) {
        self.ledger.begin(self.at, parts);
        self.rest();
    }

    fn part(&self) {
        self.ledger.part(self.at);
    }

    /// A part that begins now.
    fn piece(&self) {
        self.ledger.go_on(self.at);
        self.rest();
        self.part();
    }

    fn rest(&self) {
        (0..self.pauses).for_each(|_| pause());
        self.ledger.ring();
    }

    /// Whether this unit is to fail now; nothing starts afterwards.
    fn fails_now(&self) -> bool {
        let fails = self.fails.get() == self.at + 1;
        if fails {
            self.ledger.stop();
        }
        fails
    }

    fn note(&self, is_wrong: bool, what: &str) {
        self.ledger.note(is_wrong, self.at, what);
    }

    fn executor(&self) -> Arc<Executor> {
        self.shared.executor.upgrade().expect("its tasks run")
    }
}

fn one(task: TaskHandle<'_>) -> Ends<'_> {
    (task, task)
}

fn plain(flow: &Flow, unit: Unit) -> Ends<'_> {
    one(flow.emplace(move || {
        unit.begin(1);
        if unit.fails_now() {
            throw("a plain task");
        }
        unit.part();
    }))
}

fn attempt(flow: &Flow, unit: Unit) -> Ends<'_> {
    one(flow.try_emplace(move || {
        unit.begin(1);
        if unit.fails_now() {
            return Err(TaskError::from(core::fmt::Error));
        }
        unit.part();
        Ok(())
    }))
}

/// A condition that takes one of several ways to its end.
fn choice<'f>(flow: &'f Flow, unit: &Unit) -> Ends<'f> {
    let (first, last) = (unit.clone(), unit.clone());
    let choose = flow.emplace_condition(move || {
        first.begin(3);
        first.part();
        first.turns.add(1) % first.children
    });
    let last = flow.emplace(move || last.piece());
    for _ in 0..unit.children {
        let way = unit.clone();
        let way = flow.emplace_condition(move || {
            way.piece();
            0
        });
        way.precede(last);
        choose.precede(way.task());
    }
    (choose.task(), last)
}

/// A loop.
fn repeated<'f>(flow: &'f Flow, unit: &Unit) -> Ends<'f> {
    let [first, body, again, last] = [(); 4].map(|()| unit.clone());
    let first = flow.emplace(move || {
        first.begin(2 + first.children);
        first.turns.set(0);
        first.part();
    });
    let body = flow.emplace(move || body.piece());
    let again = flow.emplace_condition(move || {
        let turn = again.turns.add(1);
        usize::from(turn == again.children)
    });
    let last = flow.emplace(move || last.piece());
    first.precede(body);
    body.precede(again);
    again.precede(body).precede(last);
    (first, last)
}

/// A condition that starts several tasks, one of which is waited for.
fn several<'f>(flow: &'f Flow, unit: &Unit) -> Ends<'f> {
    let (first, last) = (unit.clone(), unit.clone());
    let choose = flow.emplace_multi_condition(move || {
        first.begin(2);
        first.part();
        let turn = first.turns.add(1);
        let others = (1..=first.children).filter(move |branch| (branch + turn).is_multiple_of(2));
        core::iter::once(0).chain(others).collect::<Vec<_>>()
    });
    let last = flow.emplace(move || last.piece());
    choose.precede(last);
    for _ in 0..unit.children {
        let unit = unit.clone();
        choose.precede(flow.emplace(move || unit.ledger.go_on(unit.at)));
    }
    (choose.task(), last)
}

fn subflow(flow: &Flow, unit: Unit) -> Ends<'_> {
    one(flow.emplace_subflow(move |subflow| {
        unit.begin(1 + 2 * unit.children);
        for child in 0..unit.children {
            let [before, after] = [unit.clone(), unit.clone()];
            if child.is_multiple_of(2) {
                let before = subflow.emplace(move || before.piece());
                before.precede(subflow.emplace(move || after.piece()));
            } else {
                subflow.emplace_subflow(move |inner: &mut Subflow<'_, '_>| {
                    for unit in [before.clone(), after.clone()] {
                        inner.emplace(move || unit.piece());
                    }
                });
            }
        }
        if unit.pauses.is_multiple_of(2) {
            let joined = subflow.join().is_ok();
            unit.note(
                joined && unit.ledger.parts(unit.at) != 1,
                "joined too early",
            );
        }
        unit.part();
    }))
}

fn runtime(flow: &Flow, unit: Unit) -> Ends<'_> {
    one(flow.emplace_runtime(move |runtime: &Runtime<'_>| {
        unit.begin(1 + 3 * unit.children);
        for _ in 0..unit.children {
            let child = unit.clone();
            runtime.spawn_with(move |runtime| {
                child.piece();
                let inner = child.clone();
                runtime.spawn(move || inner.piece());
            });
        }
        let grouped = Counter::default();
        let ended = runtime.group(|group| {
            for _ in 0..unit.children {
                let (unit, grouped) = (&unit, &grouped);
                group.spawn(move || {
                    unit.piece();
                    grouped.add();
                });
            }
        });
        let early = ended.is_ok() && grouped.get() != unit.children;
        unit.note(early, "went on before its group had ended");
        unit.part();
    }))
}

fn module<'f>(flow: &'f Flow, unit: &Unit) -> Ends<'f> {
    let (first, last) = (unit.clone(), unit.clone());
    let first = flow.emplace(move || {
        first.begin(2);
        first.part();
    });
    let last = flow.emplace(move || last.piece());
    flow.linearize([first, flow.composed_of(&unit.shared.module), last]);
    (first, last)
}

/// The module of all flows, whose uses take turns.
pub(crate) fn shared_module(token: &Arc<()>, overlaps: &Counter) -> Module<'static> {
    let (flow, inside) = (Taskflow::new(), Counted::default());
    let (token, overlaps) = (Arc::clone(token), overlaps.clone());
    let alone = flow.emplace(move || {
        let _token = &token;
        if inside.add(1) != 1 {
            overlaps.add();
        }
        pause();
        inside.add(-1);
    });
    alone.precede([flow.placeholder(), flow.placeholder()]);
    Module::new(flow)
}

fn semaphore(flow: &Flow, unit: Unit) -> Ends<'_> {
    unit.ledger.waits(unit.at);
    let semaphore = unit.shared.semaphore.clone();
    let task = flow.emplace(move || {
        let inside = unit.shared.inside.add(1);
        unit.note(
            inside > unit.shared.semaphore.max(),
            "has no unit of its semaphore",
        );
        unit.begin(1);
        unit.shared.inside.add(-1);
        unit.part();
    });
    one(task.acquire(&semaphore).release(&semaphore))
}

/// A value that is lent to two and moved to one.
fn typed<'f>(flow: &'f Flow, unit: &Unit) -> Ends<'f> {
    let [first, left, right, last] = [(); 4].map(|()| unit.clone());
    let value = flow.produce(move || {
        first.begin(4);
        first.part();
        (first.turns.add(1), Arc::clone(&first.shared.token))
    });
    let (begin, value) = (value.task(), value.share());
    let left = value.map(move |(turn, token)| {
        left.piece();
        (*turn, Arc::clone(token))
    });
    let right = value.map(move |(turn, _)| {
        right.piece();
        *turn
    });
    let sum = flow.zip((left, right), move |(left, token), right| {
        let turn = last.turns.get();
        last.note(
            (left, right) != (turn, turn),
            "got a value of another round",
        );
        last.piece();
        drop(token);
    });
    (begin, sum.task())
}

fn pending(flow: &Flow, unit: Unit) -> Ends<'_> {
    one(flow.emplace_async(move || {
        let unit = unit.clone();
        async move {
            unit.begin(1);
            for _ in 0..unit.children {
                Rung {
                    unit: &unit,
                    polled: false,
                }
                .await;
            }
            unit.part();
        }
    }))
}

/// Ready when it was woken once, by whoever rings.
struct Rung<'u> {
    unit: &'u Unit,
    polled: bool,
}

impl Future for Rung<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.polled {
            self.unit.ledger.go_on(self.unit.at);
            return Poll::Ready(());
        }
        self.polled = true;
        self.unit.ledger.hang_bell(context.waker());
        Poll::Pending
    }
}

/// A task that spawns others, one after the other, and waits for the last.
fn spawned(flow: &Flow, unit: Unit) -> Ends<'_> {
    one(flow.emplace(move || {
        unit.begin(1);
        let (executor, ran) = (unit.executor(), Counter::default());
        let job = |after: usize| {
            let (ran, token) = (ran.clone(), Arc::clone(&unit.shared.token));
            move || {
                pause();
                drop(token);
                ran.add() >= after
            }
        };
        let first = executor.spawn(job(0));
        let others: Vec<_> = (0..unit.children)
            .map(|_| executor.spawn_after(&first, job(1)))
            .collect();
        for other in others {
            let in_order = other.wait().expect("nothing fails");
            unit.note(!in_order, "spawned a task that did not wait");
        }
        unit.part();
    }))
}

/// A task that waits for the run of another flow.
fn inner_run(flow: &Flow, unit: Unit) -> Ends<'_> {
    one(flow.emplace(move || {
        unit.begin(1);
        let (inner, ran) = (Taskflow::new(), Counter::default());
        for _ in 0..unit.children {
            let (ran, token) = (ran.clone(), Arc::clone(&unit.shared.token));
            inner.emplace(move || {
                let _token = &token;
                pause();
                ran.add();
            });
        }
        let stats = unit.executor().run(&inner).wait().expect("nothing fails");
        let all = stats.tasks == unit.children as u64 && ran.get() == unit.children;
        unit.note(!all, "waited for a run that had not ended");
        unit.part();
    }))
}

/// A task that waits for a group.
fn group(flow: &Flow, unit: Unit) -> Ends<'_> {
    one(flow.emplace(move || {
        unit.begin(1);
        let (group, ran) = (unit.executor().task_group(), Counter::default());
        for _ in 0..unit.children {
            let ran = ran.clone();
            group.spawn(move || {
                pause();
                ran.add();
            });
        }
        group.wait().expect("nothing fails");
        unit.note(
            ran.get() != unit.children,
            "waited for a group that had not ended",
        );
        unit.part();
    }))
}
