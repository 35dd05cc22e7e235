//! How items are shared out.

use taskflow_std::Partitioner;

/// Every way of sharing items out.
pub(crate) fn partitioners() -> impl Iterator<Item = Partitioner> {
    [0, 1, 3, 7, 99].into_iter().flat_map(|chunk| {
        [
            Partitioner::Adaptive { chunk },
            Partitioner::Static { chunk },
            Partitioner::Dynamic { chunk },
            Partitioner::Guided { chunk },
        ]
    })
}
