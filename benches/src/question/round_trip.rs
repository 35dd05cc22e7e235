//! From a call to its answer, when there is next to nothing to do.

use core::time::Duration;

use super::Visit;
use crate::contest::{Contender, Contest};
use crate::echo::Echo;
use crate::peer;

/// Calls in place of a round.
pub(super) const CALLS: usize = 20;

pub(super) fn contests(visit: Visit<'_>) {
    for (case, idle) in [
        ("after 1 ms of idleness", Duration::from_millis(1)),
        ("at once", Duration::ZERO),
    ] {
        let echo = Echo::new();
        let mut contenders = vec![Contender::new("by hand, park and unpark", 0, move || {
            echo.ask();
        })];
        contenders.extend(peer::all(|peer| peer.call()));
        visit(&mut Contest::new(case, 1, contenders).idle(idle));
    }
}
