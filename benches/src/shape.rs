//! The graphs that are measured, as lists of edges, so that all sides build the same ones.

/// A graph without work: how many tasks there are, and which runs before which.
///
/// Tasks are numbers from zero. Every edge leads from a smaller number to a larger one, and none is listed
/// twice. Making a shape is O(V + E) and is never measured.
///
/// # Examples
///
/// ```
/// use taskflow_benches::Shape;
///
/// let square = Shape::wavefront(2);
/// assert_eq!(square.tasks(), 4);
/// assert_eq!(square.edges(), [(0, 1), (0, 2), (1, 3), (2, 3)]);
/// ```
#[derive(Clone, Debug)]
pub struct Shape {
    name: &'static str,
    tasks: u32,
    edges: Vec<(u32, u32)>,
}

impl Shape {
    /// One task after another.
    #[must_use]
    pub fn chain(tasks: u32) -> Self {
        Self::new("chain", tasks, |to, before| {
            before.extend(to.checked_sub(1));
        })
    }

    /// Sources only.
    #[must_use]
    pub fn independent(tasks: u32) -> Self {
        Self::new("independent", tasks, |_, _| ())
    }

    /// The first task runs before each of the others.
    #[must_use]
    pub fn fan_out(tasks: u32) -> Self {
        Self::new("fan_out", tasks, |to, before| {
            before.extend((to > 0).then_some(0));
        })
    }

    /// A binary tree from its root down, numbered row by row.
    #[must_use]
    pub fn tree(tasks: u32) -> Self {
        Self::new("tree", tasks, |to, before| {
            before.extend(to.checked_sub(1).map(|above| above / 2));
        })
    }

    /// A square of `side` by `side` tasks, numbered row by row; each waits for the one above and the one
    /// to its left.
    #[must_use]
    pub fn wavefront(side: u32) -> Self {
        Self::new("wavefront", side * side, |to, before| {
            before.extend(to.checked_sub(side));
            before.extend((to % side > 0).then(|| to - 1));
        })
    }

    /// `side` layers of `side` tasks; each waits for one to four tasks of the layer before, which the
    /// `seed` chooses.
    #[must_use]
    pub fn random(side: u32, seed: u64) -> Self {
        Self::layers("random", side, side, seed)
    }

    /// So many layers of `width` tasks, otherwise as [`random`](Self::random).
    pub(crate) fn layers(name: &'static str, width: u32, layers: u32, seed: u64) -> Self {
        let mut dice = Dice(seed);
        Self::new(name, width * layers, |to, before| {
            let Some(layer) = (to / width).checked_sub(1) else {
                return;
            };
            for _ in 0..=dice.below(4) {
                let from = layer * width + dice.below(width);
                if !before.contains(&from) {
                    before.push(from);
                }
            }
        })
    }

    /// All of them with `side` times `side` tasks, in the order in which the table shows them.
    #[must_use]
    pub fn all(side: u32, seed: u64) -> [Self; 6] {
        let tasks = side * side;
        [
            Self::chain(tasks),
            Self::independent(tasks),
            Self::fan_out(tasks),
            Self::tree(tasks),
            Self::wavefront(side),
            Self::random(side, seed),
        ]
    }

    /// What the benchmark of this shape is called.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// How many tasks.
    #[must_use]
    pub fn tasks(&self) -> u32 {
        self.tasks
    }

    /// Which task runs before which, ordered by the latter.
    #[must_use]
    pub fn edges(&self) -> &[(u32, u32)] {
        &self.edges
    }

    /// Asks `predecessors` to list those of each task.
    pub(crate) fn new(
        name: &'static str,
        tasks: u32,
        mut predecessors: impl FnMut(u32, &mut Vec<u32>),
    ) -> Self {
        let mut edges = Vec::new();
        let mut before = Vec::new();
        for to in 0..tasks {
            predecessors(to, &mut before);
            edges.extend(before.drain(..).map(|from| (from, to)));
        }
        Self { name, tasks, edges }
    }
}

/// Numbers that a seed fixes.
///
/// # References
///
/// Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014: `SplitMix64`.
struct Dice(u64);

impl Dice {
    /// A number below `end`.
    fn below(&mut self, end: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        u32::try_from(mixed % u64::from(end)).expect("less than what was given")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_has_as_many_tasks_and_edges_as_its_name_promises() {
        let counts = Shape::all(4, 1).map(|shape| (shape.tasks(), shape.edges().len()));
        assert_eq!(
            counts[..5],
            [(16, 15), (16, 0), (16, 15), (16, 15), (16, 24)]
        );
        let random = counts[5];
        assert_eq!(random.0, 16);
        assert!((12..=48).contains(&random.1));
    }

    #[test]
    fn every_edge_leads_to_a_later_task_and_stands_once() {
        for shape in Shape::all(16, 2) {
            let mut seen = shape.edges().to_vec();
            seen.sort_unstable();
            seen.dedup();
            assert_eq!(seen.len(), shape.edges().len(), "{}", shape.name());
            for (from, to) in shape.edges() {
                assert!(from < to && *to < shape.tasks(), "{}", shape.name());
            }
        }
    }

    #[test]
    fn a_random_task_has_one_to_four_predecessors_in_the_layer_before() {
        let shape = Shape::random(16, 3);
        let mut predecessors = vec![0; 256];
        for (from, to) in shape.edges() {
            assert_eq!(from / 16 + 1, to / 16);
            predecessors[*to as usize] += 1;
        }
        assert!(predecessors[16..].iter().all(|n| (1..=4).contains(n)));
        assert!((1..=4).all(|n| predecessors.contains(&n)));
    }

    #[test]
    fn a_seed_fixes_the_random_shape() {
        assert_eq!(Shape::random(8, 4).edges(), Shape::random(8, 4).edges());
        assert_ne!(Shape::random(8, 4).edges(), Shape::random(8, 5).edges());
    }
}
