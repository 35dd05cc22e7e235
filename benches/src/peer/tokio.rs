//! Tokio: a pool for futures; graphs by counters.

use alloc::rc::Rc;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Sender};

use tokio::runtime::{Builder, Runtime};

use super::counted::Counted;
use super::{Graph, Peer, Spawning};
use crate::contest::Contender;
use crate::tally::{reckon, used};

pub(super) struct Tokio {
    runtime: Rc<Runtime>,
    workers: usize,
}

/// Spawned tasks that have not ended, and who waits for the last.
struct Spawned<T> {
    what: T,
    pending: AtomicUsize,
    done: Sender<()>,
}

impl<T: Send + Sync + 'static> Spawned<T> {
    /// Calls `body` as a task, which may spawn more, and waits for all.
    fn wait(runtime: &Runtime, what: T, body: impl FnOnce(&Arc<Self>) + Send + 'static) {
        let (done, wait) = mpsc::channel();
        let spawned = Arc::new(Self {
            what,
            pending: AtomicUsize::new(1),
            done,
        });
        runtime.spawn(async move {
            body(&spawned);
            spawned.ended();
        });
        wait.recv().expect("the last one sends");
    }

    fn spawn(this: &Arc<Self>, body: impl FnOnce(&Arc<Self>) + Send + 'static) {
        // Ordering: Relaxed: the caller is one that is counted.
        this.pending.fetch_add(1, Ordering::Relaxed);
        let this = Arc::clone(this);
        tokio::spawn(async move {
            body(&this);
            this.ended();
        });
    }

    fn ended(&self) {
        // Ordering: AcqRel: the last one comes after all.
        if self.pending.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.done.send(()).expect("somebody waits");
        }
    }
}

impl Tokio {
    pub(super) fn new(workers: usize) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(workers).build();
        Self {
            runtime: Rc::new(runtime.expect("threads can be started")),
            workers,
        }
    }

    fn does<'a>(&self, mut run: impl FnMut(&Runtime) + 'a) -> Option<Contender<'a>> {
        let runtime = Rc::clone(&self.runtime);
        Some(Contender::new("tokio", self.workers, move || run(&runtime)))
    }
}

impl Peer for Tokio {
    fn rerun<'a>(&self, graph: Graph<'a>) -> Option<Contender<'a>> {
        let counted = Arc::new(Counted::new(graph));
        self.does(move |runtime| run(runtime, &counted))
    }

    fn life<'a>(&self, graph: Graph<'a>) -> Option<Contender<'a>> {
        self.does(move |runtime| run(runtime, &Arc::new(Counted::new(graph))))
    }

    fn spawn(&self, how: Spawning, tasks: u32) -> Option<Contender<'static>> {
        fn two(spawned: &Arc<Spawned<()>>, task: u32, tasks: u32) {
            for child in [2 * task, 2 * task + 1] {
                if child <= tasks {
                    Spawned::spawn(spawned, move |spawned| two(spawned, child, tasks));
                }
            }
        }
        self.does(move |runtime| {
            Spawned::wait(runtime, (), move |spawned| match how {
                Spawning::Flat => {
                    (0..tasks).for_each(|task| Spawned::spawn(spawned, move |_| used(task)));
                }
                Spawning::Tree => two(spawned, 1, tasks),
            });
        })
    }

    fn call(&self) -> Option<Contender<'static>> {
        self.does(|runtime| {
            let task = runtime.spawn(async {});
            runtime.block_on(task).expect("it does not fail");
        })
    }

    fn tick(&self, tasks: u32, steps: u32) -> Option<Contender<'static>> {
        self.does(move |runtime| {
            Spawned::wait(runtime, (), move |spawned| {
                (0..tasks).for_each(|_| Spawned::spawn(spawned, move |_| used(reckon(steps))));
            });
        })
    }

    fn spawned_bytes(&self, tasks: u32) -> Option<i64> {
        let (tell, told) = mpsc::channel();
        Spawned::wait(&self.runtime, (), move |spawned| {
            // The one worker is here meanwhile.
            let before = crate::memory::held();
            (0..tasks).for_each(|task| Spawned::spawn(spawned, move |_| used(task)));
            tell.send(crate::memory::held() - before)
                .expect("somebody waits");
        });
        told.recv().ok()
    }
}

fn run(runtime: &Runtime, counted: &Arc<Counted>) {
    fn spawn(spawned: &Arc<Spawned<Arc<Counted>>>, task: u32) {
        Spawned::spawn(spawned, move |spawned| {
            spawned.what.run(task, |next| spawn(spawned, next));
        });
    }
    Spawned::wait(runtime, Arc::clone(counted), |spawned| {
        spawned
            .what
            .sources()
            .iter()
            .for_each(|task| spawn(spawned, *task));
    });
    counted.ran();
}
