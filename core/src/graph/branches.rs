//! The names that a condition's edges have.

use alloc::borrow::Cow;

use super::Graph;

impl Graph {
    /// Names the branch of a condition to a task.
    pub(crate) fn name_branch(&mut self, from: u32, name: Cow<'static, str>, to: u32) {
        self.cold_mut(from).branches.push((name, to));
    }

    /// The task that a named branch of a condition leads to.
    pub(crate) fn branch_named(&self, from: u32, name: &str) -> Option<u32> {
        let cold = self.cold.get(self.node(from).cold as usize)?;
        let branch = cold.branches.iter().find(|branch| branch.0 == name)?;
        Some(branch.1)
    }
}
