//! One empty task, asked for by a caller that slept.

use core::time::Duration;

use serde::Serialize;
use taskflow_benches::{after_idle, callers};

use crate::spread::Spread;

const IDLE: Duration = Duration::from_millis(1);

/// One way to ask.
#[derive(Debug, Serialize)]
pub(crate) struct RoundTrip {
    pub(crate) name: &'static str,
    pub(crate) call: Spread,
}

/// All ways take turns, call by call.
pub(crate) fn measure(rounds: usize, calls: usize) -> Vec<RoundTrip> {
    let mut callers = callers();
    let mut times = callers.each_ref().map(|_| Vec::new());
    for _ in 0..rounds * calls {
        for (caller, times) in callers.iter_mut().zip(&mut times) {
            times.push(after_idle(IDLE, caller));
        }
    }
    let callers = callers.iter().zip(times);
    callers
        .map(|(caller, times)| RoundTrip {
            name: caller.name(),
            call: Spread::of(times, 1),
        })
        .collect()
}
