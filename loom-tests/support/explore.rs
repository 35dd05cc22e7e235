//! Runs a model through all its executions, and says how many there were.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// How often the scheduler may take a thread off that could go on: `None` is as often as there are places
/// for it, so that the model is checked exhaustively.
pub(crate) type Preemptions = Option<usize>;

/// Steps of one execution. A model that passes it has a loop that need not end.
const LONGEST_EXECUTION: usize = 20_000;

/// Checks `model` under every schedule within the bound, and prints the number of executions.
pub(crate) fn explore(preemptions: Preemptions, model: impl Fn() + Send + Sync + 'static) {
    if let Ok(mutant) = std::env::var("TASKFLOW_MUTANT") {
        taskflow_core::choose_mutant(&mutant);
    }
    // A lock of the host, not of the checker: it is no part of the model.
    let executions = Arc::new(Mutex::new(0_u64));
    let counted = Arc::clone(&executions);
    let mut builder = loom::model::Builder::new();
    builder.max_branches = LONGEST_EXECUTION;
    builder.preemption_bound = preemptions;
    let begun = Instant::now();
    builder.check(move || {
        *counted.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        model();
    });
    let executions = *executions.lock().unwrap_or_else(PoisonError::into_inner);
    let name = std::thread::current().name().unwrap_or("model").to_owned();
    let seconds = begun.elapsed().as_secs_f64();
    println!("{name}: {executions} executions in {seconds:.2} s");
}

/// Checks `model` as [`explore`] does; and within the wider bound where `TASKFLOW_LONG_MODELS` is set, as `.ci/nightly` does,
/// which takes minutes.
pub(crate) fn explore_longer(
    preemptions: Preemptions,
    longer: Preemptions,
    model: impl Fn() + Send + Sync + 'static,
) {
    let long = std::env::var_os("TASKFLOW_LONG_MODELS").is_some();
    explore(if long { longer } else { preemptions }, model);
}
