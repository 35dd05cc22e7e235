//! Forte: a pool with a heartbeat; graphs by counters. Its caller is one of the workers.

use forte::{Scope, ThreadPool, Worker};

use super::counted::Counted;
use super::recursion::{Recursion, recurse};
use super::{Graph, Peer, Spawning};
use crate::contest::Contender;
use crate::tally::{reckon, used};

/// For one and for two workers. Their threads, and the heart of the second, run until the process ends: `depopulate` of this
/// version waits for ever.
static POOLS: [ThreadPool; 2] = [const { ThreadPool::new() }; 2];

pub(super) struct Forte {
    pool: &'static ThreadPool,
    workers: usize,
}

impl Forte {
    pub(super) fn new(workers: usize) -> Self {
        let pool = &POOLS[workers - 1];
        pool.resize_to(workers - 1);
        Self { pool, workers }
    }

    fn does<'a>(&self, mut run: impl FnMut(&Worker) + 'a) -> Option<Contender<'a>> {
        let pool = self.pool;
        Some(Contender::new("forte", self.workers, move || {
            pool.with_worker(&mut run);
        }))
    }
}

recurse!(&Worker);

impl Peer for Forte {
    fn rerun<'a>(&self, graph: Graph<'a>) -> Option<Contender<'a>> {
        let counted = Counted::new(graph);
        self.does(move |worker| run(worker, &counted))
    }

    fn life<'a>(&self, graph: Graph<'a>) -> Option<Contender<'a>> {
        self.does(move |worker| run(worker, &Counted::new(graph)))
    }

    fn spawn(&self, how: Spawning, tasks: u32) -> Option<Contender<'static>> {
        fn two<'s>(scope: &Scope<'s>, task: u32, tasks: u32) {
            for child in [2 * task, 2 * task + 1] {
                if child <= tasks {
                    scope.spawn(move |scope: &Scope<'s>| two(scope, child, tasks));
                }
            }
        }
        self.does(move |worker| {
            worker.scope(|scope| match how {
                Spawning::Flat => {
                    (0..tasks).for_each(|task| scope.spawn(move |_: &Scope<'_>| used(task)));
                }
                Spawning::Tree => two(scope, 1, tasks),
            });
        })
    }

    fn join(&self, recursion: Recursion) -> Option<Contender<'static>> {
        self.does(move |worker| used(recurse(worker, recursion)))
    }

    fn call(&self) -> Option<Contender<'static>> {
        self.does(|worker| worker.scope(|scope| scope.spawn(|_: &Scope<'_>| ())))
    }

    fn tick(&self, tasks: u32, steps: u32) -> Option<Contender<'static>> {
        self.does(move |worker| {
            worker.scope(|scope| {
                (0..tasks).for_each(|_| scope.spawn(move |_: &Scope<'_>| used(reckon(steps))));
            });
        })
    }
}

fn run(worker: &Worker, counted: &Counted) {
    fn spawn<'s>(scope: &Scope<'s>, counted: &'s Counted, task: u32) {
        scope.spawn(move |scope: &Scope<'s>| counted.run(task, |next| spawn(scope, counted, next)));
    }
    worker.scope(|scope| {
        counted
            .sources()
            .iter()
            .for_each(|task| spawn(scope, counted, *task));
    });
    counted.ran();
}
