//! The tasks and edges of a static graph, and the check that there is an order.

/// The index of no task and of no edge.
pub(super) const NONE: u16 = u16::MAX;

/// A task.
#[derive(Clone, Copy)]
pub(super) struct Record<'a> {
    pub(super) work: &'a (dyn Fn() + Sync),
    pub(super) name: Option<&'a str>,
    /// How many edges lead to it.
    pub(super) strong: u16,
    /// The first of the edges that lead from it.
    pub(super) first_edge: u16,
    /// Of a source in a frozen graph: the next source.
    pub(super) next: u16,
    /// While the graph is frozen: how many of the tasks before it have no place in the order yet.
    waiting: u16,
}

impl<'a> Record<'a> {
    /// What lies where no task is.
    pub(super) const EMPTY: Self = Self::new(&|| ());

    pub(super) const fn new(work: &'a (dyn Fn() + Sync)) -> Self {
        Self {
            work,
            name: None,
            strong: 0,
            first_edge: NONE,
            next: NONE,
            waiting: 0,
        }
    }
}

/// An edge, linked with the others of its task.
#[derive(Clone, Copy)]
pub(super) struct Edge {
    pub(super) to: u16,
    pub(super) next: u16,
}

impl Edge {
    /// What lies where no edge is.
    pub(super) const EMPTY: Self = Self { to: 0, next: NONE };
}

/// Links the sources with one another and gives the first, or else a task in a cycle. O(tasks + edges).
///
/// Sources are what an order of all tasks begins with: each task whose place is known is linked behind the last, and
/// gives places to those after it (A. B. Kahn, *Topological Sorting of Large Networks*, CACM 5(11), 1962).
pub(super) const fn arrange(tasks: &mut [Record<'_>], edges: &[Edge]) -> Result<u16, u16> {
    let first = link_sources(tasks);
    let mut last_source = NONE;
    let mut at = first;
    while at != NONE {
        last_source = at;
        at = tasks[at as usize].next;
    }
    let mut last = last_source;
    let mut placed = 0;
    let mut at = first;
    while at != NONE {
        placed += 1;
        let mut edge = tasks[at as usize].first_edge;
        while edge != NONE {
            let Edge { to, next } = edges[edge as usize];
            let after = &mut tasks[to as usize];
            after.waiting -= 1;
            if after.waiting == 0 {
                tasks[last as usize].next = to;
                last = to;
            }
            edge = next;
        }
        at = tasks[at as usize].next;
    }
    if placed < tasks.len() {
        return Err(in_a_cycle(tasks, edges));
    }
    if last_source != NONE {
        tasks[last_source as usize].next = NONE;
    }
    Ok(first)
}

/// Links the sources, and has all tasks wait for all before them.
const fn link_sources(tasks: &mut [Record<'_>]) -> u16 {
    let mut first = NONE;
    let mut at = tasks.len();
    while at > 0 {
        at -= 1;
        let task = &mut tasks[at];
        task.waiting = task.strong;
        task.next = NONE;
        if task.strong == 0 {
            task.next = first;
            first = at as u16;
        }
    }
    first
}

/// Each of the tasks that have no place waits for another one of them. So whoever goes back from one to the other, as
/// often as there are tasks, is in a cycle then.
const fn in_a_cycle(tasks: &mut [Record<'_>], edges: &[Edge]) -> u16 {
    let mut inside = NONE;
    let mut at = 0;
    while at < tasks.len() {
        if tasks[at].waiting > 0 {
            inside = at as u16;
            let mut edge = tasks[at].first_edge;
            while edge != NONE {
                let Edge { to, next } = edges[edge as usize];
                tasks[to as usize].next = inside;
                edge = next;
            }
        }
        at += 1;
    }
    let mut steps = tasks.len();
    while steps > 0 {
        steps -= 1;
        inside = tasks[inside as usize].next;
    }
    inside
}
