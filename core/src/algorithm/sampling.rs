//! What a look at some items of a row says about all of them.

use super::rows::Row;

/// Items that are looked at, of a row that is not short.
const LOOKS: usize = 31;
/// Items of a row at least for as many looks.
const FULL: usize = 4 * LOOKS;

/// What was seen.
pub(super) struct Sample {
    /// The place of an item that is greater than about half of the others.
    pub(super) pivot: usize,
    pub(super) trend: Trend,
}

/// How those that were looked at follow one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trend {
    Rising,
    Falling,
    Mixed,
}

impl Sample {
    /// Looks at some items of a row that has one at least. O(1).
    pub(super) fn of<T, R: Row<T>>(row: &R, is_less: &impl Fn(&T, &T) -> bool) -> Self {
        let len = row.len();
        let looks = if len < FULL { len.min(3) } else { LOOKS };
        let mut places = [0; LOOKS];
        let places = &mut places[..looks];
        let step = len / looks;
        for (look, place) in places.iter_mut().enumerate() {
            *place = look * step + step / 2;
        }
        let is_less = |one: usize, other: usize| is_less(row.item(one), row.item(other));
        let falls = places.windows(2).filter(|pair| is_less(pair[1], pair[0]));
        let trend = match falls.count() {
            0 => Trend::Rising,
            falls if falls + 1 == looks => Trend::Falling,
            _ => Trend::Mixed,
        };
        for end in 1..looks {
            let mut at = end;
            while at > 0 && is_less(places[at], places[at - 1]) {
                places.swap(at, at - 1);
                at -= 1;
            }
        }
        Self {
            pivot: places[looks / 2],
            trend,
        }
    }
}
