//! A figure that was measured several times.

use core::time::Duration;

use serde::Serialize;

/// The least, the middle one, and the most.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// The least.
    pub min: f64,
    /// The middle one.
    pub median: f64,
    /// The most.
    pub max: f64,
}

impl Spread {
    /// Of such figures.
    ///
    /// # Panics
    ///
    /// If there are none.
    #[must_use]
    pub fn of(mut figures: Vec<f64>) -> Self {
        figures.sort_unstable_by(f64::total_cmp);
        Self {
            min: figures[0],
            median: figures[figures.len() / 2],
            max: figures[figures.len() - 1],
        }
    }
}

/// Nanoseconds for each of so many parts.
pub(crate) fn nanos(time: Duration, parts: u64) -> f64 {
    time.as_secs_f64() * 1e9 / parts as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_in_order() {
        let spread = Spread::of(vec![3.0, 1.0, 5.0]);
        assert_eq!([spread.min, spread.median, spread.max], [1.0, 3.0, 5.0]);
    }

    #[test]
    fn a_time_is_shared_by_its_parts() {
        assert!((nanos(Duration::from_nanos(30), 10) - 3.0).abs() < 1e-9);
    }
}
