//! How often a flow is to run.

use alloc::boxed::Box;

use super::Run;

/// Asked after each round whether it was the last.
pub(crate) type Enough = Box<dyn FnMut() -> bool + Send>;

/// How often a flow is to run.
pub(crate) enum Rounds {
    /// This many times more.
    Times(u64),
    /// Until the predicate is true.
    Until(Enough),
}

impl Rounds {
    pub(crate) fn may_repeat(&self) -> bool {
        !matches!(self, Self::Times(0..=1))
    }
}

impl Run {
    /// A round is over. Says whether another begins; or gives a predicate, which is to be asked without the lock, and
    /// put back if there is another round.
    pub(crate) fn round_is_over(&self) -> Result<bool, Enough> {
        let mut cell = self.cell.lock();
        let again = match &mut cell.rounds {
            Rounds::Times(left) => {
                *left -= 1;
                *left > 0
            }
            Rounds::Until(_) => match core::mem::replace(&mut cell.rounds, Rounds::Times(0)) {
                Rounds::Until(enough) => return Err(enough),
                Rounds::Times(_) => false,
            },
        };
        cell.rounds_begun += u64::from(again);
        Ok(again)
    }

    /// The predicate says that one more round begins.
    pub(crate) fn round_begins(&self, enough: Enough) {
        let mut cell = self.cell.lock();
        cell.rounds = Rounds::Until(enough);
        cell.rounds_begun += 1;
    }
}
