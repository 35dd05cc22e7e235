//! Tasks in blocks: so many at a time, in a fixed order, with nothing counted between them.
//!
//! A [`Plan`] lays a graph without weak edges out in one topological order and cuts that into blocks. Every edge
//! leads within its block or to a later one, so the blocks have edges of their own without a cycle, the *quotient*.
//! To the engine a block is a task: it has a record with a join counter and a row of successors, and its call
//! runs the tasks. So nothing else of the engine knows of blocks, but for failures, cancellation and observers,
//! which are about tasks.
//!
//! ```text
//!   order of creation  ──► levels / L ──► bands ──► blocks of even length ──► quotient ──► records
//! ```
//!
//! The order decides how much of the graph's parallelism is left, and how well memory is used. One worker gets
//! the order of creation and blocks in a chain. For several two orders are weighed: that of creation, and *bands*
//! of `L` levels with the order of creation inside, `L` the square root of a block's length, which cuts a grid into
//! tiles without knowing that it is one. If neither leaves anything to share, the blocks are a chain again.
//!
//! A block remembers how far it got. So one that is left in the middle, by a panic or since its worker lost its
//! seat in a wait, is queued again and goes on behind the task that was called last.

use alloc::vec;
use alloc::vec::Vec;
use core::ptr::NonNull;

use super::Graph;
use super::edges::Edges;
use super::node::{Context, Node, Outcome};
use crate::sync::{Arc, AtomicU32, Ordering};

/// A graph cut into blocks.
///
/// # Invariants
///
/// 1. The data of a record is the place of its block in `blocks`, which does not move.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The blocks' records, the root's behind the last.
    nodes: Vec<Node>,
    /// The successors of all blocks and, last, the sources.
    successors: Vec<u32>,
    /// What the calls of the records lead to.
    #[expect(dead_code, reason = "kept, and read through the records")]
    blocks: Vec<Block>,
}

/// Tasks that are run one after another.
#[derive(Debug)]
pub(crate) struct Block {
    order: Arc<Order>,
    begin: u32,
    end: u32,
    /// Where to go on: behind the task that was called last.
    next: AtomicU32,
}

/// The tasks of all blocks in the order in which they run, which agrees with all edges.
#[derive(Debug)]
enum Order {
    Creation,
    Listed(Vec<u32>),
}

impl Plan {
    /// Cuts a graph without weak edges, frozen and checked, into blocks of at most `length` tasks for so many
    /// workers. O(V + E), and allocates as much. `None`: there is nothing to cut.
    pub(crate) fn new(graph: &Graph, workers: usize, length: u32) -> Option<Self> {
        let tasks = u32::try_from(graph.len()).ok().filter(|tasks| *tasks > 0)?;
        let base = Layout::in_creation_order(graph, tasks, length);
        let (layout, quotient) = if workers == 1 {
            let chain = Quotient::chain(&base);
            (base, chain)
        } else {
            let share = tasks.div_ceil(u32::try_from(workers).unwrap_or(u32::MAX));
            choose(graph, base, length, share)
        };
        let order = Arc::new(layout.order);
        let mut begin = 0;
        let block = |end: &u32| Block {
            order: Arc::clone(&order),
            next: AtomicU32::new(begin),
            begin: core::mem::replace(&mut begin, *end),
            end: *end,
        };
        let blocks: Vec<Block> = layout.ends.iter().map(block).collect();
        let records = blocks.iter().map(|block| {
            let data = NonNull::from(block).cast();
            Node::new(data, run_block)
        });
        let mut nodes: Vec<Node> = records.chain([Node::empty()]).collect();
        let Quotient {
            first,
            mut successors,
            strong,
            ..
        } = quotient;
        for ((node, first), strong) in nodes.iter_mut().zip(first).zip(strong.iter().chain([&0])) {
            node.first = first;
            node.set_strong(*strong);
            node.counter.rearm(*strong);
        }
        let sources = (0u32..).zip(&strong).filter(|(_, strong)| **strong == 0);
        successors.extend(sources.map(|(block, _)| block));
        Some(Self {
            nodes,
            successors,
            blocks,
        })
    }

    pub(crate) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    pub(crate) fn successors(&self) -> &[u32] {
        &self.successors
    }
}

impl Block {
    /// The task at a place of the order.
    fn task_at(&self, place: u32) -> u32 {
        match &*self.order {
            Order::Creation => place,
            Order::Listed(order) => order[place as usize],
        }
    }

    /// The task that was called last.
    pub(crate) fn last_called(&self) -> u32 {
        // Ordering: Relaxed; this worker called it.
        let next = self.next.load(Ordering::Relaxed);
        self.task_at(next.saturating_sub(1))
    }
}

/// The block of a record.
///
/// # Safety
///
/// 1. The record is of a plan that stays meanwhile, and not its root.
pub(crate) unsafe fn block_of(node: &Node) -> &Block {
    // SAFETY: (1) invariant 1 of the plan.
    unsafe { node.data.cast::<Block>().as_ref() }
}

/// Runs what is left of a block. [`Outcome::Unfinished`]: it is to be called again.
///
/// # Safety
///
/// 1. `data` leads to a block of a plan that stays meanwhile.
/// 2. The caller has the block's record in hand, so nobody else runs its tasks.
unsafe fn run_block(data: NonNull<u8>, context: &mut Context<'_>) -> Outcome {
    // SAFETY: (1).
    let block = unsafe { data.cast::<Block>().as_ref() };
    // SAFETY: (2) the block is unfinished, so its flow's round is.
    let graph = unsafe { context.caller.flow().graph() };
    let nodes = graph.nodes.settled();
    // Ordering: Relaxed; what one worker leaves is handed on with the record.
    let begin = block.next.load(Ordering::Relaxed);
    let done = match &*block.order {
        Order::Creation => run_tasks(block, nodes, begin, begin..block.end, context),
        Order::Listed(order) => {
            let tasks = order[begin as usize..block.end as usize].iter().copied();
            run_tasks(block, nodes, begin, tasks, context)
        }
    };
    if !done {
        return Outcome::Unfinished;
    }
    // Ordering: Relaxed; for the next round, which begins after this block is counted.
    block.next.store(block.begin, Ordering::Relaxed);
    Outcome::Done
}

/// `false`: the worker has to leave before the last.
#[inline]
fn run_tasks(
    block: &Block,
    nodes: &[Node],
    begin: u32,
    tasks: impl Iterator<Item = u32>,
    context: &mut Context<'_>,
) -> bool {
    let caller = context.caller;
    let (flow, slice) = (caller.flow(), caller.slice());
    for (place, task) in (begin + 1..).zip(tasks) {
        // Ordering: Relaxed; for this worker, should the call panic, and handed on with the record.
        block.next.store(place, Ordering::Relaxed);
        if flow.attention() != 0 {
            caller.step(task, context);
        } else {
            let node = &nodes[task as usize];
            // SAFETY: (1) invariant 2 of the graph, which is frozen. (2) A task is in one block, which `run_block`
            // runs alone (2), and called once a round.
            // Unwind: `settle` finds the block in `current` and has it go on behind the task.
            let outcome = unsafe { (node.call)(node.data, context) };
            if outcome != Outcome::Done {
                caller.step_ended(task, outcome, context);
            }
        }
        if slice.get() == 0 {
            return place == block.end;
        }
    }
    true
}

/// Blocks in an order: where each ends.
#[derive(Debug)]
struct Layout {
    order: Order,
    ends: Vec<u32>,
}

impl Layout {
    fn in_creation_order(graph: &Graph, tasks: u32, length: u32) -> Self {
        let forward = matches!(graph.edges, Edges::Frozen { forward: true, .. });
        let dense = graph.nodes.len() == tasks as usize;
        let mut ends = Vec::new();
        split(0, tasks, length, &mut ends);
        let order = if forward && dense {
            Order::Creation
        } else if forward {
            Order::Listed(graph.tasks().collect())
        } else {
            Order::Listed(depth_first(graph))
        };
        Self { order, ends }
    }

    /// Bands of the square root of `length` levels, with the order of `base` inside.
    fn in_bands(graph: &Graph, base: &Self, length: u32) -> Self {
        let levels = levels(graph, base);
        let height = length.isqrt().max(1);
        let bands = levels.iter().max().map_or(0, |top| top / height + 1);
        // A counting sort by band.
        let mut cursors = vec![0u32; bands as usize + 1];
        for task in base.tasks() {
            cursors[(levels[task as usize] / height) as usize + 1] += 1;
        }
        let mut ends = Vec::new();
        let mut begin = 0;
        for cursor in &mut cursors[1..] {
            let end = begin + *cursor;
            split(begin, end, length, &mut ends);
            *cursor = end;
            begin = end;
        }
        let mut order = vec![0; begin as usize];
        for task in base.tasks() {
            let cursor = &mut cursors[(levels[task as usize] / height) as usize];
            order[*cursor as usize] = task;
            *cursor += 1;
        }
        let order = Order::Listed(order);
        Self { order, ends }
    }

    fn tasks(&self) -> impl Iterator<Item = u32> {
        let end = self.ends.last().copied().unwrap_or(0);
        let listed = match &self.order {
            Order::Creation => None,
            Order::Listed(order) => Some(order),
        };
        (0..end).map(move |place| listed.map_or(place, |order| order[place as usize]))
    }
}

/// Cuts a stretch into parts of even length, `length` at most.
fn split(begin: u32, end: u32, length: u32, ends: &mut Vec<u32>) {
    let tasks = u64::from(end - begin);
    let parts = tasks.div_ceil(u64::from(length));
    #[expect(
        clippy::cast_possible_truncation,
        reason = "at most the number of tasks"
    )]
    ends.extend((1..=parts).map(|part| begin + (tasks * part / parts) as u32));
}

/// The tasks in an order that agrees with all edges: one after another what a task makes ready.
fn depth_first(graph: &Graph) -> Vec<u32> {
    let mut waiting: Vec<u32> = graph.nodes.iter().map(Node::strong).collect();
    let mut ready: Vec<u32> = graph.sources().iter().rev().copied().collect();
    let mut order = Vec::with_capacity(graph.len());
    while let Some(task) = ready.pop() {
        order.push(task);
        for successor in graph.successors(task).iter().rev() {
            let waits = &mut waiting[*successor as usize];
            *waits -= 1;
            if *waits == 0 {
                ready.push(*successor);
            }
        }
    }
    order
}

/// For each task how many tasks are before it on the longest way there.
fn levels(graph: &Graph, base: &Layout) -> Vec<u32> {
    let mut levels = vec![0; graph.nodes.len()];
    for task in base.tasks() {
        let below = levels[task as usize] + 1;
        for successor in graph.successors(task) {
            let level = &mut levels[*successor as usize];
            *level = below.max(*level);
        }
    }
    levels
}

/// The edges between blocks.
#[derive(Debug)]
struct Quotient {
    /// Where each block's row begins, and where the last one ends.
    first: Vec<u32>,
    successors: Vec<u32>,
    strong: Vec<u32>,
    /// Tasks on the longest way through the blocks.
    longest: u32,
}

impl Quotient {
    /// Each block after the one before.
    fn chain(layout: &Layout) -> Self {
        let blocks = u32::try_from(layout.ends.len()).unwrap_or(u32::MAX);
        let last = blocks.saturating_sub(1);
        Self {
            first: (0..blocks).chain([last]).collect(),
            successors: (1..blocks).collect(),
            strong: (0..blocks).map(|block| block.min(1)).collect(),
            longest: layout.ends.last().copied().unwrap_or(0),
        }
    }

    /// Each block after those that have a predecessor of a task of it.
    fn of(graph: &Graph, layout: &Layout) -> Self {
        let blocks = layout.ends.len();
        let mut block_of = vec![0u32; graph.nodes.len()];
        let mut tasks = layout.tasks();
        let mut begin = 0;
        for (block, end) in (0u32..).zip(&layout.ends) {
            for task in tasks.by_ref().take((end - begin) as usize) {
                block_of[task as usize] = block;
            }
            begin = *end;
        }
        let mut last_seen = vec![u32::MAX; blocks];
        let mut quotient = Self {
            first: Vec::with_capacity(blocks + 1),
            successors: Vec::new(),
            strong: vec![0; blocks],
            longest: 0,
        };
        let mut before = vec![0u32; blocks];
        let mut tasks = layout.tasks();
        let mut begin = 0;
        for (block, end) in (0u32..).zip(&layout.ends) {
            let row = quotient.successors.len();
            quotient.first.push(place(row));
            for task in tasks.by_ref().take((end - begin) as usize) {
                for successor in graph.successors(task) {
                    let target = block_of[*successor as usize];
                    if target != block && last_seen[target as usize] != block {
                        last_seen[target as usize] = block;
                        quotient.successors.push(target);
                        quotient.strong[target as usize] += 1;
                    }
                }
            }
            let path = before[block as usize] + (end - begin);
            quotient.longest = path.max(quotient.longest);
            for target in &quotient.successors[row..] {
                let before = &mut before[*target as usize];
                *before = path.max(*before);
            }
            begin = *end;
        }
        quotient.first.push(place(quotient.successors.len()));
        quotient
    }
}

fn place(length: usize) -> u32 {
    u32::try_from(length).expect("blocks have no more edges than tasks, whose number was checked")
}

/// Of the layouts that are worth a try the one with the shortest longest way. `share` is what each worker would
/// get if all could be shared.
fn choose(graph: &Graph, base: Layout, length: u32, share: u32) -> (Layout, Quotient) {
    let quotient = Quotient::of(graph, &base);
    if quotient.longest <= share + share / 10 {
        return (base, quotient);
    }
    let bands = Layout::in_bands(graph, &base, length);
    let banded = Quotient::of(graph, &bands);
    let all = base.ends.last().copied().unwrap_or(0);
    if quotient.longest.min(banded.longest) > all - all / 8 {
        let chain = Quotient::chain(&base);
        (base, chain)
    } else if banded.longest < quotient.longest {
        (bands, banded)
    } else {
        (base, quotient)
    }
}
