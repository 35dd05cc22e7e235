//! Places where core can be made wrong on purpose, so that a check shows that it would see it.

/// Whether this build, or this run of the model checker, is of the mutant with this name; see `.ci/mutants`.
///
/// A build with `--cfg taskflow_mutant="name"` is, and under the model checker every model of a process
/// that has `TASKFLOW_MUTANT=name` in its environment, so that one build serves all. Otherwise it is the constant `false`.
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
        cfg!(taskflow_mutant = $name) || cfg!(taskflow_loom) && $crate::mutant::is_chosen($name)
    };
}

pub(crate) use mutant;

/// The same, of the model checker's run alone.
#[cfg(not(taskflow_loom))]
pub(crate) const fn is_chosen(_: &str) -> bool {
    false
}

#[cfg(taskflow_loom)]
pub(crate) use crate::sync::is_chosen;
