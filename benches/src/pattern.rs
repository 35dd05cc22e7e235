//! Graphs of equal steps, for asking how small a task may be.

use crate::shape::Shape;

/// Tasks of a step.
pub const WIDTH: u32 = 16;

/// Which tasks of the step before a task waits for.
///
/// # References
///
/// Slaughter et al., *Task Bench: A Parameterized Benchmark for Evaluating Parallel Runtime Performance*, SC 2020,
/// section II. Here the tree begins anew when it has reached all, and the random one has one to four predecessors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// None.
    Trivial,
    /// The same one and its neighbours.
    Stencil,
    /// The same one and those a power of two away, another in each step.
    Fft,
    /// The same one, or one that was reached before, while a tree grows: 1, 2, 4, 8, 16 tasks are reached from one.
    Tree,
    /// One to four that a seed chooses.
    Random,
}

impl Pattern {
    /// All of them, in the order of the table.
    pub const ALL: [Self; 5] = [
        Self::Trivial,
        Self::Stencil,
        Self::Fft,
        Self::Tree,
        Self::Random,
    ];

    /// What it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Trivial => "none",
            Self::Stencil => "stencil",
            Self::Fft => "fft",
            Self::Tree => "tree",
            Self::Random => "random",
        }
    }

    /// So many steps of [`WIDTH`] tasks.
    ///
    /// # Examples
    ///
    /// ```
    /// use taskflow_benches::{Pattern, WIDTH};
    ///
    /// let shape = Pattern::Stencil.steps(2);
    /// assert_eq!(shape.tasks(), 2 * WIDTH);
    /// assert_eq!(shape.edges()[..2], [(0, 16), (1, 16)]);
    /// ```
    #[must_use]
    pub fn steps(self, steps: u32) -> Shape {
        if self == Self::Random {
            return Shape::layers(self.name(), WIDTH, steps, 1);
        }
        Shape::new(self.name(), WIDTH * steps, |to, before| {
            let (step, place) = (to / WIDTH, to % WIDTH);
            if step > 0 {
                let above = (step - 1) * WIDTH;
                before.extend(self.before(step, place).map(|place| above + place));
            }
        })
    }

    /// Places in the step before.
    fn before(self, step: u32, place: u32) -> impl Iterator<Item = u32> {
        let levels = WIDTH.ilog2();
        let around = |away: u32| [place.checked_sub(away), Some(place), Some(place + away)];
        let before = match self {
            Self::Trivial | Self::Random => [None; 3],
            Self::Stencil => around(1),
            Self::Fft => around(1 << (step % levels)),
            Self::Tree => {
                let grown = 1 << (step % (levels + 1));
                let above = if (grown / 2..grown).contains(&place) {
                    place - grown / 2
                } else {
                    place
                };
                [Some(above), None, None]
            }
        };
        before.into_iter().flatten().filter(|place| *place < WIDTH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_lead_from_a_step_to_the_next() {
        for pattern in Pattern::ALL {
            let shape = pattern.steps(12);
            assert_eq!(shape.tasks(), 12 * WIDTH);
            assert_eq!(shape.edges().is_empty(), pattern == Pattern::Trivial);
            for (from, to) in shape.edges() {
                assert_eq!(from / WIDTH + 1, to / WIDTH, "{}", pattern.name());
            }
        }
    }

    #[test]
    fn a_tree_reaches_all_from_one() {
        let shape = Pattern::Tree.steps(5);
        let mut reached = vec![false; shape.tasks() as usize];
        reached[0] = true;
        for (from, to) in shape.edges() {
            reached[*to as usize] |= reached[*from as usize];
        }
        assert!(reached[4 * WIDTH as usize..].iter().all(|one| *one));
    }
}
