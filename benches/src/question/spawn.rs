//! Tasks that no graph has: a task spawns them.

use super::{Effort, Visit};
use crate::contest::{Contender, Contest};
use crate::peer::{self, Spawning};
use crate::tally::used;

pub(super) fn contests(effort: Effort, visit: Visit<'_>) {
    let tasks = effort.side * effort.side / 4;
    for how in [Spawning::Flat, Spawning::Tree] {
        // As many boxed closures in a queue.
        let mut queue: Vec<Box<dyn FnOnce()>> = Vec::new();
        let mut contenders = vec![Contender::new("by hand, boxes", 0, move || {
            for task in 0..tasks {
                queue.push(Box::new(move || used(task)));
            }
            while let Some(task) = queue.pop() {
                task();
            }
        })];
        contenders.extend(peer::all(|peer| peer.spawn(how, tasks)));
        visit(&mut Contest::new(how.name(), tasks.into(), contenders));
    }
}
