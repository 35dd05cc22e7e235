//! Which token the first pipe is asked for next.

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use core::error::Error;
use core::fmt;

use super::token::Token;
use crate::error::TaskError;

/// The stream of tokens as the first pipe gives them. Whoever has the turn at the first pipe uses it.
#[derive(Debug, Default)]
pub(super) struct Stream {
    /// The index of the next token that was not asked for yet.
    next: u64,
    stopped: bool,
    /// Lines that have ended.
    ended: usize,
    /// Deferred tokens that have not left the first pipe.
    deferred: BTreeSet<u64>,
    /// Those that wait: for which token, which one, and how often it was deferred.
    waiting: BTreeMap<(u64, u64), u32>,
    /// Those that do not wait any more.
    ready: VecDeque<Deferred>,
    /// The token that was asked for last was deferred before.
    again: bool,
    /// It came though what it waits for never does.
    forced: bool,
}

/// A token that was deferred, and how often.
type Deferred = (u64, u32);

impl Stream {
    /// A run begins, at token 0 or where the last one ended.
    pub(super) fn begin(&mut self, resumes: bool) {
        if !resumes {
            self.next = 0;
        }
        (self.stopped, self.ended) = (false, 0);
        self.deferred.clear();
        self.waiting.clear();
        self.ready.clear();
    }

    /// How many tokens were asked for.
    pub(super) fn count(&self) -> u64 {
        self.next
    }

    /// Ends the stream, and leaves out what was deferred.
    pub(super) fn break_off(&mut self) {
        self.stopped = true;
        self.deferred.clear();
        self.waiting.clear();
        self.ready.clear();
    }

    /// The token to ask for. `false`: there is none any more.
    #[inline]
    pub(super) fn choose(&mut self, token: &mut Token) -> bool {
        if self.deferred.is_empty() && !self.stopped {
            (token.index, token.deferrals) = (self.next, 0);
            (self.again, self.forced) = (false, false);
            return true;
        }
        self.choose_deferred(token)
    }

    #[cold]
    fn choose_deferred(&mut self, token: &mut Token) -> bool {
        self.forced = false;
        let deferred = self.ready.pop_front().or_else(|| self.force());
        self.again = deferred.is_some();
        (token.index, token.deferrals) = match deferred {
            Some(deferred) => deferred,
            None if self.stopped => return false,
            None => (self.next, 0),
        };
        true
    }

    /// A token whose wait is in vain, since the stream has stopped. Those that wait for what never comes are
    /// first; then those that wait for one another.
    fn force(&mut self) -> Option<Deferred> {
        if !self.stopped || self.waiting.is_empty() {
            return None;
        }
        let lost = self.waiting.range((self.next, 0)..);
        let lost = lost.min_by_key(|((_, index), _)| *index);
        let by_index = |((_, index), _): &(&(u64, u64), &u32)| *index;
        let (key, _) = lost.or_else(|| self.waiting.iter().min_by_key(by_index))?;
        let key = *key;
        self.forced = true;
        let deferrals = self.waiting.remove(&key)?;
        Some((key.1, deferrals))
    }

    /// The token has left the first pipe, with a value or without.
    #[inline]
    pub(super) fn left(&mut self, token: &Token) {
        self.asked();
        if !self.deferred.is_empty() {
            self.left_behind(token);
        }
    }

    /// Tokens that were deferred may have waited for this one.
    #[cold]
    fn left_behind(&mut self, token: &Token) {
        if self.again {
            self.deferred.remove(&token.index);
        }
        while let Some((key, deferrals)) = self.first_behind(token.index) {
            self.waiting.remove(&key);
            self.ready.push_back((key.1, deferrals));
        }
    }

    fn first_behind(&self, index: u64) -> Option<((u64, u64), u32)> {
        let mut behind = self.waiting.range((index, 0)..=(index, u64::MAX));
        behind.next().map(|(key, deferrals)| (*key, *deferrals))
    }

    /// The stream ends before the token, which was not deferred, or without it.
    pub(super) fn stop(&mut self, token: &Token) {
        self.stopped = true;
        if self.again {
            self.left(token);
        }
    }

    /// The token is to come again after another.
    ///
    /// # Errors
    ///
    /// That one never comes.
    pub(super) fn defer(&mut self, token: &Token, until: u64) -> Result<(), TaskError> {
        let token_index = token.index;
        if self.forced {
            return Err(TaskError::from(DeferredInVain { token_index, until }));
        }
        self.asked();
        self.deferred.insert(token_index);
        let deferrals = token.deferrals.saturating_add(1);
        if until < self.next && !self.deferred.contains(&until) {
            self.ready.push_back((token_index, deferrals));
        } else {
            self.waiting.insert((until, token_index), deferrals);
        }
        Ok(())
    }

    /// A line ends. Gives how many have.
    pub(super) fn end_line(&mut self) -> usize {
        self.ended += 1;
        self.ended
    }

    fn asked(&mut self) {
        if !self.again {
            self.next += 1;
        }
    }
}

/// A token was deferred again when the stream had stopped.
#[derive(Debug)]
struct DeferredInVain {
    token_index: u64,
    until: u64,
}

impl fmt::Display for DeferredInVain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { token_index, until } = self;
        write!(
            f,
            "token {token_index} is deferred until token {until}, which never leaves the first pipe, since the stream \
             has stopped; let it go when it comes again"
        )
    }
}

impl Error for DeferredInVain {}
