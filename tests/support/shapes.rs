//! Graphs whose memory is weighed.

use taskflow_std::TaskHandle;

/// Makes the edges of a shape, and gives their number.
pub(crate) type Shape = fn(&[TaskHandle<'_>]) -> usize;

/// Their names, and how they are connected.
pub(crate) const SHAPES: [(&str, Shape); 4] = [
    ("independent", |_| 0),
    ("chain", chain),
    ("tree", tree),
    ("wavefront", wavefront),
];

pub(crate) fn chain(tasks: &[TaskHandle<'_>]) -> usize {
    for pair in tasks.windows(2) {
        pair[0].precede(pair[1]);
    }
    tasks.len() - 1
}

pub(crate) fn tree(tasks: &[TaskHandle<'_>]) -> usize {
    for (at, task) in tasks.iter().enumerate().skip(1) {
        task.succeed(tasks[(at - 1) / 2]);
    }
    tasks.len() - 1
}

pub(crate) fn wavefront(tasks: &[TaskHandle<'_>]) -> usize {
    let side = tasks.len().isqrt();
    let mut edges = 0;
    for row in 0..side {
        for column in 0..side {
            let task = tasks[row * side + column];
            if column + 1 < side {
                task.precede(tasks[row * side + column + 1]);
                edges += 1;
            }
            if row + 1 < side {
                task.precede(tasks[(row + 1) * side + column]);
                edges += 1;
            }
        }
    }
    edges
}
