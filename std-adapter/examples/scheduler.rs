//! A policy of one's own: the tasks with the shortest names first. Prints the names in the order in which they ran, which
//! is checked.

#![forbid(unsafe_code)]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use taskflow_std::{Builder, Ready, Scheduler, StdPlatform, TaskId, Taskflow, Want, WorkerId};

#[derive(Default)]
struct ShortestName {
    /// By the ids of tasks, which is what a token tells of one.
    lengths: HashMap<TaskId, usize>,
    ready: Mutex<Vec<(usize, Ready)>>,
}

impl Scheduler for ShortestName {
    type Local = ();

    fn local(&self, _: WorkerId) {}

    fn push(&self, _: Option<&mut ()>, task: Ready) {
        let known = task.task().and_then(|id| self.lengths.get(&id));
        let length = known.copied().unwrap_or(usize::MAX);
        let mut ready = self.ready.lock().expect("no policy panics with it");
        ready.push((length, task));
    }

    fn pop(&self, (): &mut (), want: Want<'_>) -> Option<Ready> {
        let mut ready = self.ready.lock().expect("no policy panics with it");
        let wanted = ready
            .iter()
            .enumerate()
            .filter(|(_, (_, task))| want.accepts(task));
        let (place, _) = wanted.min_by_key(|(_, (length, _))| *length)?;
        Some(ready.swap_remove(place).1)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let flow = Taskflow::new();
    let mut scheduler = ShortestName::default();
    let order = Arc::new(Mutex::new(Vec::new()));
    for name in ["marmalade", "jam", "honey"] {
        let order = Arc::clone(&order);
        let note = move || order.lock().expect("nobody panics with it").push(name);
        let task = flow.emplace(note).name(name);
        scheduler.lengths.insert(task.id(), name.len());
    }
    let builder = Builder::new(StdPlatform::default()).workers(1);
    let executor = builder.scheduler(scheduler).build()?;
    executor.run(&flow).wait()?;
    let order = order.lock().expect("nobody panics with it");
    println!("{}", order.join(", "));
    assert_eq!(*order, ["jam", "honey", "marmalade"]);
    Ok(())
}
