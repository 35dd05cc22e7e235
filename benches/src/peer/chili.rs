//! chili: forks with a heartbeat, and nothing else. Its caller is one of the workers.

use alloc::rc::Rc;
use core::num::NonZero;

use chili::{Config, Scope, ThreadPool};

use super::Peer;
use super::recursion::{Recursion, recurse};
use crate::contest::Contender;
use crate::tally::{reckon, used};

pub(super) struct Chili {
    pool: Rc<ThreadPool>,
    workers: usize,
}

impl Chili {
    pub(super) fn new(workers: usize) -> Self {
        let config = Config {
            thread_count: NonZero::new(workers),
            ..Config::default()
        };
        Self {
            pool: Rc::new(ThreadPool::with_config(config)),
            workers,
        }
    }

    fn does(&self, mut run: impl FnMut(&mut Scope<'_>) + 'static) -> Option<Contender<'static>> {
        let pool = Rc::clone(&self.pool);
        Some(Contender::new("chili", self.workers, move || {
            run(&mut pool.scope());
        }))
    }
}

recurse!(&mut Scope<'_>);

impl Peer for Chili {
    fn join(&self, recursion: Recursion) -> Option<Contender<'static>> {
        self.does(move |scope| used(recurse(scope, recursion)))
    }

    fn call(&self) -> Option<Contender<'static>> {
        self.does(|scope| used(scope.join(|_| (), |_| ())))
    }

    fn tick(&self, tasks: u32, steps: u32) -> Option<Contender<'static>> {
        fn halve(scope: &mut Scope<'_>, tasks: u32, steps: u32) {
            if tasks == 1 {
                used(reckon(steps));
                return;
            }
            let half = tasks / 2;
            scope.join(
                |scope| halve(scope, half, steps),
                |scope| halve(scope, tasks - half, steps),
            );
        }
        self.does(move |scope| halve(scope, tasks, steps))
    }
}
