//! How the items of an algorithm are shared out.

/// How the items of an algorithm are shared out among workers. In each of them `chunk` is how many items are done
/// between two looks at whether to stop, and the least that is handed to another worker; 0 leaves it to the library.
///
/// Where results are [grouped](crate::Parallel::reduce), `chunk` is also the length of the leaves, on which the
/// grouping depends; the partitioner has no influence on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Partitioner {
    /// Halves what a worker has whenever another has nothing to do.
    Adaptive {
        /// Items at a time.
        chunk: usize,
    },
    /// As many pieces of equal length as there are workers, cut when the work is first shared.
    Static {
        /// Items at a time.
        chunk: usize,
    },
    /// Each takes one chunk after another from what is left.
    Dynamic {
        /// Items at a time.
        chunk: usize,
    },
    /// Each takes from what is left a part that gets smaller as less is left.
    Guided {
        /// Items at a time, at least.
        chunk: usize,
    },
}

impl Default for Partitioner {
    fn default() -> Self {
        Self::Adaptive { chunk: 0 }
    }
}

impl Partitioner {
    /// Items at a time, or 0.
    #[must_use]
    pub fn chunk(self) -> usize {
        match self {
            Self::Adaptive { chunk }
            | Self::Static { chunk }
            | Self::Dynamic { chunk }
            | Self::Guided { chunk } => chunk,
        }
    }

    pub(super) fn with_chunk(self, chunk: usize) -> Self {
        match self {
            Self::Adaptive { .. } => Self::Adaptive { chunk },
            Self::Static { .. } => Self::Static { chunk },
            Self::Dynamic { .. } => Self::Dynamic { chunk },
            Self::Guided { .. } => Self::Guided { chunk },
        }
    }
}
