//! What can be asked about a graph, against the model.

use taskflow_core::{Lint, TaskHandle};

use super::super::super::dot;
use super::Session;

impl Session<'_, '_> {
    /// Everything that can be asked about the graph is as it is.
    pub(super) fn inspect(&mut self) {
        let model = &self.world.model;
        let mut expected = dot::Dot {
            name: "program".into(),
            ..dot::Dot::default()
        };
        let mut alive: Vec<usize> = model.alive().collect();
        alive.sort_by_key(|task| model.tasks[*task].id.index());
        for task in &alive {
            let (of, handle) = (&model.tasks[*task], self.handle(*task));
            assert_eq!(handle.label(), of.name.as_deref().unwrap_or_default());
            let successors = model.successors(*task);
            let ids = successors.iter().map(|next| model.tasks[*next].id);
            assert!(
                handle
                    .successors()
                    .into_iter()
                    .map(TaskHandle::id)
                    .eq(ids.clone())
            );
            assert_eq!(handle.num_successors(), successors.len());
            assert_eq!(handle.num_predecessors(), model.waits_for(*task).len());
            let label = of.name.as_deref().map(dot::shown);
            expected
                .nodes
                .push((of.id.index(), label, model.chooses(*task)));
            let edges = ids.map(|next| (of.id.index(), next.index()));
            expected.edges.extend(edges);
        }
        let ids = self.flow.tasks().into_iter().map(TaskHandle::id);
        assert!(ids.eq(alive.iter().map(|task| model.tasks[*task].id)));
        assert_eq!(self.flow.len(), alive.len());
        for (task, handle) in (self.first..).zip(&self.handles) {
            let found = self.flow.task(handle.id()).is_some();
            assert_eq!(found, model.tasks[task].alive);
        }
        let text = self.flow.dump();
        assert_eq!(dot::parse(&text), Ok(expected), "{text}");
        if let Ok(lints) = self.flow.validate() {
            self.compare(&lints);
        }
    }

    fn compare(&self, lints: &[Lint]) {
        let model = &self.world.model;
        let startable = model.startable();
        let (mut lost, mut barren) = (Vec::new(), Vec::new());
        for lint in lints {
            match lint {
                Lint::NeverStarted { task } => lost.push(model.find(task.id)),
                Lint::ConditionWithoutBranches { task } => barren.push(model.find(task.id)),
                Lint::DuplicateEdge { from, to } => {
                    let edge = (model.find(from.id), model.find(to.id));
                    let count = model.edges.iter().filter(|other| **other == edge).count();
                    assert!(count > 1 && !model.chooses(edge.0));
                }
                _ => {}
            }
        }
        lost.sort_unstable();
        barren.sort_unstable();
        let not = |task: &usize| !startable.contains(task);
        assert!(model.alive().filter(not).eq(lost), "what nothing can start");
        let without = |task: &usize| model.chooses(*task) && model.successors(*task).is_empty();
        assert!(
            model.alive().filter(without).eq(barren),
            "what has nothing to choose"
        );
    }
}
