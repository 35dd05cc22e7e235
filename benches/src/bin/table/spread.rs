//! A figure that was measured several times.

use core::time::Duration;

use serde::Serialize;

/// Nanoseconds: the least, the middle one, and the most.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Spread {
    pub(crate) min_ns: f64,
    pub(crate) median_ns: f64,
    pub(crate) max_ns: f64,
}

impl Spread {
    /// Of times that each passed for `parts` things, per thing.
    ///
    /// # Panics
    ///
    /// If there are no times.
    pub(crate) fn of(mut times: Vec<Duration>, parts: u32) -> Self {
        times.sort_unstable();
        let per_part = |time: Duration| time.as_secs_f64() * 1e9 / f64::from(parts);
        Self {
            min_ns: per_part(times[0]),
            median_ns: per_part(times[times.len() / 2]),
            max_ns: per_part(times[times.len() - 1]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_per_part_and_in_order() {
        let times = [30, 10, 50].map(Duration::from_nanos).to_vec();
        let spread = Spread::of(times, 10);
        assert_eq!(
            [spread.min_ns, spread.median_ns, spread.max_ns].map(f64::round),
            [1.0, 3.0, 5.0]
        );
    }
}
