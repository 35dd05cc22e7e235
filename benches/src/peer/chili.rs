//! chili: forks with a heartbeat, and nothing else. Its caller is one of the workers.

use alloc::rc::Rc;
use core::num::NonZero;

use chili::{Config, Scope, ThreadPool};

use super::Peer;
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

impl Peer for Chili {
    fn join(&self, number: u32) -> Option<Contender<'static>> {
        fn fibonacci(scope: &mut Scope<'_>, number: u32) -> u64 {
            if number < 2 {
                return number.into();
            }
            let (one, two) = scope.join(
                |scope| fibonacci(scope, number - 1),
                |scope| fibonacci(scope, number - 2),
            );
            one + two
        }
        self.does(move |scope| used(fibonacci(scope, number)))
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
