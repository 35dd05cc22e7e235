//! Which seeds to try, as the environment says.

use std::env;
use std::ops::Range;

/// One seed, to see a failure again.
const ONE: &str = "TASKFLOW_SEED";
/// How many seeds to try, from 0 on; or which, as `FROM..TO`.
const MANY: &str = "TASKFLOW_SEEDS";

/// The seeds that the environment asks for, else those from 0 to `count`.
pub(crate) fn asked_for(count: u64) -> Range<u64> {
    let said = |name| env::var(name).ok();
    match parse(said(ONE).as_deref(), said(MANY).as_deref(), count) {
        Some(seeds) => seeds,
        None => panic!("{ONE} is a number, {MANY} is a number or FROM..TO"),
    }
}

/// What to say of a failure so that it can be seen again.
pub(crate) fn replay(seed: u64, test: Option<&str>) -> String {
    match test {
        Some(test) => format!("{ONE}={seed} cargo test {test}"),
        None => format!("{ONE}={seed}"),
    }
}

fn parse(one: Option<&str>, many: Option<&str>, count: u64) -> Option<Range<u64>> {
    if let Some(one) = one {
        let seed: u64 = one.parse().ok()?;
        return Some(seed..seed.checked_add(1)?);
    }
    match many {
        None => Some(0..count),
        Some(many) => match many.split_once("..") {
            None => Some(0..many.parse().ok()?),
            Some((from, to)) => Some(from.parse().ok()?..to.parse().ok()?),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_goes_before_many_and_both_before_the_number_in_the_test() {
        assert_eq!(parse(None, None, 100), Some(0..100));
        assert_eq!(parse(None, Some("7"), 100), Some(0..7));
        assert_eq!(parse(None, Some("5..7"), 100), Some(5..7));
        assert_eq!(parse(Some("3"), Some("7"), 100), Some(3..4));
    }

    #[test]
    fn what_is_no_seed_is_refused() {
        assert_eq!(parse(Some("three"), None, 100), None);
        assert_eq!(parse(None, Some("5..many"), 100), None);
        assert_eq!(parse(Some("18446744073709551615"), None, 100), None);
    }

    #[test]
    fn a_failure_is_seen_again_by_the_name_of_its_test() {
        assert_eq!(replay(3, Some("a")), "TASKFLOW_SEED=3 cargo test a");
        assert_eq!(replay(3, None), "TASKFLOW_SEED=3");
    }
}
