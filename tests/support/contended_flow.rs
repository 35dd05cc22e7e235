//! Graphs whose tasks acquire and release whatever they like.

use taskflow_core::{Module, Semaphore, TaskError, TaskHandle, Taskflow};

use super::dice::Dice;

/// What a task does that fails.
pub(crate) fn give_up() -> Result<(), TaskError> {
    "no number".parse::<u8>()?;
    Ok(())
}

/// A graph whose tasks acquire and release at random, a part of them inside of others, with branches.
pub(crate) fn any_flow(
    dice: &mut Dice,
    semaphores: &[Semaphore],
    depth: usize,
    joins: bool,
) -> Taskflow<'static> {
    let flow = Taskflow::new();
    fill(&flow, dice, semaphores, depth, joins);
    flow
}

fn fill(
    flow: &Taskflow<'static>,
    dice: &mut Dice,
    semaphores: &[Semaphore],
    depth: usize,
    joins: bool,
) {
    let mut tasks: Vec<TaskHandle<'_>> = Vec::new();
    for place in 0..1 + dice.below(12) {
        let mut after = true;
        let task = match dice.below(10) {
            0 if depth > 0 => {
                let (own, semaphores) = (dice.clone(), semaphores.to_vec());
                dice.number();
                let join = joins && dice.below(2) == 0;
                flow.emplace_subflow(move |inner| {
                    fill(inner, &mut own.clone(), &semaphores, depth - 1, joins);
                    if join {
                        // How it ends is told by the outer run.
                        let _ = inner.join();
                    }
                })
            }
            1 if depth > 0 => {
                let inner = any_flow(dice, semaphores, depth - 1, joins);
                flow.composed_of(&Module::new(inner))
            }
            2 => flow.try_emplace(give_up),
            3 => {
                let mut turns = 0;
                let branches = 1 + dice.below(3);
                after = false;
                let condition = flow.emplace_condition(move || {
                    turns += 1;
                    turns % (branches + 1)
                });
                for _ in 0..branches {
                    let branch = flow.placeholder();
                    needs(branch, dice, semaphores);
                    condition.precede(branch);
                }
                condition.task()
            }
            _ => flow.placeholder(),
        };
        needs(task, dice, semaphores);
        if place > 0 && !tasks.is_empty() {
            for _ in 0..dice.below(3) {
                tasks[dice.below(tasks.len())].precede(task);
            }
        }
        if after {
            tasks.push(task);
        }
    }
}

fn needs(task: TaskHandle<'_>, dice: &mut Dice, semaphores: &[Semaphore]) {
    for _ in 0..dice.below(3) {
        let semaphore = &semaphores[dice.below(semaphores.len())];
        let _ = match dice.below(5) {
            0 => task.acquire(semaphore),
            1 => task.release(semaphore),
            _ => task.acquire(semaphore).release(semaphore),
        };
    }
}
