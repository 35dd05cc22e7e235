//! A token cancels what is under it, once per generation, as if each had been cancelled itself.

mod families;
mod generations;
mod groups;
mod races;
mod runs;
mod tasks;
mod wakers;
