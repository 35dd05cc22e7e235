//! What a policy decides is what runs next: with one worker exactly, whatever the tasks are and wherever they come from.

mod choosing;
mod model;
mod orders;
mod origins;
