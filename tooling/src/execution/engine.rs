//! The one place that knows the engine: a workflow becomes a graph of closures.

use taskflow_std::{Executor, Taskflow, WorkerId};

use crate::complaint::ToolingError;
use crate::workflow::{TaskIndex, Workflow};

use super::Execution;

/// A started pool of workers.
pub(crate) struct Engine {
    executor: Executor,
}

impl Engine {
    /// Starts so many workers; 0 stands for one per CPU that this process may use.
    pub(crate) fn start(workers: usize) -> Result<Self, ToolingError> {
        let built = Executor::builder()
            .workers(workers)
            .name("taskflow")
            .build();
        match built {
            Ok(executor) => Ok(Self { executor }),
            Err(error) => Err(ToolingError::Engine(error.to_string())),
        }
    }

    pub(crate) fn workers(&self) -> usize {
        self.executor.num_workers()
    }

    /// Performs every task of the execution, each after its predecessors, and waits for the end.
    pub(crate) fn drive(&self, execution: &Execution<'_>) -> Result<(), ToolingError> {
        let flow = plan(execution.workflow(), |task| {
            move || {
                let worker = self.executor.current_worker().map(WorkerId::index);
                execution.perform(task, worker);
            }
        });
        match self.executor.run_and_wait(&flow) {
            Ok(_) => Ok(()),
            Err(error) => Err(ToolingError::Engine(error.to_string())),
        }
    }
}

/// The graph of a workflow in DOT.
pub(crate) fn draw(workflow: &Workflow) -> String {
    plan(workflow, |_| || ()).dump()
}

/// The graph of a workflow, what each task does being made by `body`.
fn plan<'env, F: FnMut() + Send + 'env>(
    workflow: &Workflow,
    body: impl Fn(TaskIndex) -> F,
) -> Taskflow<'env> {
    let flow = Taskflow::with_name(workflow.name());
    let tasks = workflow.tasks().iter().enumerate();
    let handles: Vec<_> = tasks
        .map(|(number, task)| {
            flow.emplace(body(TaskIndex(number)))
                .name(task.name.as_str())
        })
        .collect();
    for (number, handle) in handles.iter().enumerate() {
        for after in workflow.graph().successors(TaskIndex(number)) {
            handle.precede(handles[after.0]);
        }
    }
    flow
}
