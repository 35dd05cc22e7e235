//! Parallel algorithms over what can be divided.
//!
//! ```text
//!   alone: one chunk after another, on the caller ──► nothing is left ──► return
//!      │ somebody has nothing to do, and what is left is worth it
//!      ▼
//!   together: a group; the caller and its children each work off a piece
//!      ▲                                                   │ somebody has nothing to do
//!      └── the other half is a new child ◄── halve ◄───────┘
//! ```
//!
//! A call begins as a plain loop. After each chunk it asks whether a worker sleeps or searches, which is one
//! load; only then is anything allocated or published. So what nobody helps with costs what the loop costs.
//!
//! **Chunks are counted in time.** The first is one item, and each is as long as the ones before say that about
//! ten microseconds are ([`Pacer`](pacer::Pacer)). So a stop, a hungry worker and an early end are seen
//! soon, whatever an item costs, and the looks cost nothing to speak of.
//!
//! **Borrows.** Children are children of a [`GroupScope`](crate::GroupScope), which no way leaves before they
//! have ended. Here is no unsafe code but for moving items in sorts ([`moves`]).
//!
//! **The same answer always.** What groups an operation (`reduce`, scans) does so by [leaves](leaves::Leaves)
//! whose size depends on the number of items alone, and by a [tree](tree) over them; who works on which leaf, and
//! how many there are who do, changes nothing.

mod chains;
mod counting;
mod crew;
mod divisible;
mod driving;
mod each;
mod finding;
mod index_box;
mod leaves;
mod merging;
mod moves;
mod pacer;
mod parallel;
mod parting;
mod partitioner;
mod quicksort;
mod reducing;
mod rows;
mod sampling;
mod scanning;
mod selecting;
mod sorting;
mod steps;
mod table;
mod tasks;
mod transforming;
mod tree;
mod work;

pub use divisible::Divisible;
pub use index_box::{IndexBox, Indices};
pub use parallel::Parallel;
pub use partitioner::Partitioner;
pub use steps::Steps;
