//! Places where core can be made wrong on purpose, so that a check shows that it would see it.

/// Whether this process is of the mutant with this name; see `.ci/mutants` and `.ci/simulated-mutants`.
///
/// Builds with `--cfg taskflow_loom` (the model checker's) or `--cfg taskflow_mutants` serve all mutants: whoever
/// begins chooses one, as `TASKFLOW_MUTANT` in the environment says. In all other builds it is the constant `false`.
/// With three arguments: the second in the mutant, else the third.
macro_rules! mutant {
    ($name:tt, $wrong:expr, $right:expr) => {
        if $crate::mutant::mutant!($name) {
            $wrong
        } else {
            $right
        }
    };
    ($name:tt) => {
        $crate::mutant::is_chosen($name)
    };
}

pub(crate) use mutant;

#[cfg(not(any(taskflow_loom, taskflow_mutants)))]
pub(crate) const fn is_chosen(_: &str) -> bool {
    false
}

#[cfg(any(taskflow_loom, taskflow_mutants))]
pub use crate::sync::choose_mutant;
#[cfg(any(taskflow_loom, taskflow_mutants))]
pub(crate) use crate::sync::is_chosen;
