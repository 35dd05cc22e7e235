//! What tasks are cancelled with.

use alloc::collections::BTreeMap;

use super::Graph;
use crate::cancellation::CancellationToken;
use crate::task::TaskId;

/// The tasks that have a token of their own.
pub(super) type Tokens = BTreeMap<u32, CancellationToken>;

impl Graph {
    /// Has a task cancelled with the token, in runs that are started from now on.
    pub(crate) fn set_token(&mut self, index: u32, token: &CancellationToken) {
        self.tokens.insert(index, token.clone());
    }

    /// The tasks that have a token, and which.
    pub(crate) fn tokens(&self) -> impl Iterator<Item = (TaskId, &CancellationToken)> {
        let tokens = self.tokens.iter();
        tokens.map(|(index, token)| (self.id(*index), token))
    }
}
