//! Which fault core is to have in a build for mutants, `--cfg taskflow_mutants`; see `.ci/simulated-mutants`.

/// Does as `TASKFLOW_MUTANT` says. Before the first worker starts.
pub(crate) fn choose() {
    if let Ok(name) = std::env::var("TASKFLOW_MUTANT") {
        taskflow_core::choose_mutant(&name);
    }
}
