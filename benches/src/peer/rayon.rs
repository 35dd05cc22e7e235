//! rayon: a pool for forks and loops; graphs by counters.

use alloc::rc::Rc;
use core::hint::black_box;
use core::time::Duration;
use std::time::Instant;

use rayon::prelude::*;
use rayon::{Scope, ThreadPool, ThreadPoolBuilder};

use super::counted::Counted;
use super::recursion::{Recursion, recurse};
use super::{Algorithm, Graph, Peer, Spawning};
use crate::contest::Contender;
use crate::numbers::{Numbers, changed};
use crate::tally::{reckon, used};

pub(super) struct Rayon {
    pool: Rc<ThreadPool>,
    workers: usize,
}

impl Rayon {
    pub(super) fn new(workers: usize) -> Self {
        let pool = ThreadPoolBuilder::new().num_threads(workers).build();
        Self {
            pool: Rc::new(pool.expect("threads can be started")),
            workers,
        }
    }

    fn timed<'a>(
        &self,
        mut run: impl FnMut(&ThreadPool) -> Duration + 'a,
    ) -> Option<Contender<'a>> {
        let pool = Rc::clone(&self.pool);
        Some(Contender::timed("rayon", self.workers, move || run(&pool)))
    }

    fn does<'a>(&self, mut run: impl FnMut(&ThreadPool) + 'a) -> Option<Contender<'a>> {
        self.timed(move |pool| {
            let begin = Instant::now();
            run(pool);
            begin.elapsed()
        })
    }
}

/// A thread of the pool.
struct Inside;

impl Inside {
    #[inline]
    #[expect(
        clippy::unused_self,
        reason = "others' scopes fork, here the thread does"
    )]
    fn join<A: Send, B: Send>(
        self,
        one: impl FnOnce(Self) -> A + Send,
        two: impl FnOnce(Self) -> B + Send,
    ) -> (A, B) {
        rayon::join(|| one(Self), || two(Self))
    }
}

recurse!(Inside);

impl Peer for Rayon {
    fn rerun<'a>(&self, graph: Graph<'a>) -> Option<Contender<'a>> {
        let counted = Counted::new(graph);
        self.does(move |pool| run(pool, &counted))
    }

    fn life<'a>(&self, graph: Graph<'a>) -> Option<Contender<'a>> {
        self.does(move |pool| run(pool, &Counted::new(graph)))
    }

    fn spawn(&self, how: Spawning, tasks: u32) -> Option<Contender<'static>> {
        fn two<'s>(scope: &Scope<'s>, task: u32, tasks: u32) {
            for child in [2 * task, 2 * task + 1] {
                if child <= tasks {
                    scope.spawn(move |scope| two(scope, child, tasks));
                }
            }
        }
        self.does(move |pool| {
            pool.scope(|scope| match how {
                Spawning::Flat => (0..tasks).for_each(|task| scope.spawn(move |_| used(task))),
                Spawning::Tree => two(scope, 1, tasks),
            });
        })
    }

    fn join(&self, recursion: Recursion) -> Option<Contender<'static>> {
        self.does(move |pool| used(pool.install(|| recurse(Inside, recursion))))
    }

    fn call(&self) -> Option<Contender<'static>> {
        self.does(|pool| pool.install(|| ()))
    }

    fn tick(&self, tasks: u32, steps: u32) -> Option<Contender<'static>> {
        self.does(move |pool| {
            pool.install(|| {
                (0..tasks)
                    .into_par_iter()
                    .with_max_len(1)
                    .for_each(|_| used(reckon(steps)));
            });
        })
    }

    /// rayon has no scan.
    fn algorithm(&self, which: Algorithm, len: usize) -> Option<Contender<'static>> {
        if which == Algorithm::Scan {
            return None;
        }
        let mut numbers = Numbers::new(which, len);
        let last = numbers.last();
        self.timed(move |pool| {
            numbers.timed(|given, _| {
                pool.install(|| match which {
                    Algorithm::ForEach => given
                        .par_iter_mut()
                        .for_each(|number| *number = changed(*number)),
                    Algorithm::Reduce => {
                        let sum = given.par_iter().copied().reduce(|| 0, u64::wrapping_add);
                        black_box(sum);
                    }
                    Algorithm::Sort => given.par_sort_unstable(),
                    Algorithm::Find => {
                        let found = given.par_iter().position_first(|number| *number == last);
                        assert_eq!(found, Some(given.len() - 1));
                    }
                    Algorithm::Scan => {}
                });
            })
        })
    }

    fn spawned_bytes(&self, tasks: u32) -> Option<i64> {
        let before = crate::memory::held();
        let mut held = 0;
        self.pool.scope(|scope| {
            // The one worker is here meanwhile.
            (0..tasks).for_each(|task| scope.spawn(move |_| used(task)));
            held = crate::memory::held() - before;
        });
        Some(held)
    }
}

fn run(pool: &ThreadPool, counted: &Counted) {
    fn spawn<'s>(scope: &Scope<'s>, counted: &'s Counted, task: u32) {
        scope.spawn(move |scope| counted.run(task, |next| spawn(scope, counted, next)));
    }
    pool.scope(|scope| {
        counted
            .sources()
            .iter()
            .for_each(|task| spawn(scope, counted, *task));
    });
    counted.ran();
}
