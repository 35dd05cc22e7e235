//! Replaying a recorded task: taking its time, scaled.

use core::time::Duration;
use std::time::Instant;

use clap::ValueEnum;

use crate::complaint::ToolingError;
use crate::workflow::{Work, Workflow};

use super::cancellation::Cancellation;

/// How often a spinning task looks for a cancel.
const LOOK_EVERY: Duration = Duration::from_micros(100);

/// How a replayed task passes its time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
#[non_exhaustive]
pub enum ReplayKind {
    /// It waits and uses no CPU, so more workers than CPUs make sense.
    #[default]
    Sleep,
    /// It keeps a CPU busy.
    Spin,
}

/// Replays recorded times at one scale.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Replayer {
    kind: ReplayKind,
    time_scale: f64,
}

impl Replayer {
    /// A replayer for the tasks of a workflow, all of whose scaled times can be expressed.
    pub(crate) fn new(
        kind: ReplayKind,
        time_scale: f64,
        workflow: &Workflow,
    ) -> Result<Self, ToolingError> {
        for task in workflow.tasks() {
            if let Work::Replay { recorded } = task.work
                && scale(recorded, time_scale).is_none()
            {
                return Err(ToolingError::BadValue {
                    task: task.id.clone(),
                    field: "runtimeInSeconds",
                    reason: format!(
                        "is {} and times {time_scale} too long to express; lower --time-scale",
                        recorded.as_secs_f64()
                    ),
                });
            }
        }
        Ok(Self { kind, time_scale })
    }

    /// Takes the scaled time of a task; tells whether it came to its end uncancelled.
    pub(crate) fn replay(self, recorded: Duration, cancellation: &Cancellation) -> bool {
        let time = scale(recorded, self.time_scale).unwrap_or(Duration::MAX);
        match self.kind {
            ReplayKind::Sleep => !cancellation.wait(time),
            ReplayKind::Spin => spin(time, cancellation),
        }
    }
}

/// A recorded time at a scale, if it can be expressed.
pub(crate) fn scale(recorded: Duration, time_scale: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(recorded.as_secs_f64() * time_scale).ok()
}

fn spin(time: Duration, cancellation: &Cancellation) -> bool {
    let started = Instant::now();
    let mut next_look = Duration::ZERO;
    loop {
        let elapsed = started.elapsed();
        if elapsed >= time {
            return true;
        }
        if elapsed >= next_look {
            if cancellation.is_cancelled() {
                return false;
            }
            next_look = elapsed + LOOK_EVERY;
        }
        core::hint::spin_loop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replay_takes_its_scaled_time() {
        for kind in [ReplayKind::Sleep, ReplayKind::Spin] {
            let replayer = Replayer {
                kind,
                time_scale: 0.001,
            };
            let started = Instant::now();
            assert!(replayer.replay(Duration::from_secs(5), &Cancellation::new()));
            assert!(started.elapsed() >= Duration::from_millis(5), "{kind:?}");
        }
    }

    #[test]
    fn a_cancelled_replay_ends_at_once() {
        let cancellation = Cancellation::new();
        cancellation.cancel();
        for kind in [ReplayKind::Sleep, ReplayKind::Spin] {
            let replayer = Replayer {
                kind,
                time_scale: 1.0,
            };
            assert!(
                !replayer.replay(Duration::MAX / 2, &cancellation),
                "{kind:?}"
            );
        }
    }

    #[test]
    fn a_time_beyond_expression_has_no_scale() {
        assert_eq!(scale(Duration::from_secs(1), 1e300), None);
        assert_eq!(
            scale(Duration::from_secs(2), 0.5),
            Some(Duration::from_secs(1))
        );
        assert_eq!(scale(Duration::MAX, 0.0), Some(Duration::ZERO));
    }
}
