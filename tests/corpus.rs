//! The corpus of the fuzz targets of the engine, without a fuzzer: what was once worth looking at stays right.

#![forbid(unsafe_code)]

#[expect(unreachable_pub, reason = "public to the fuzz targets")]
#[path = "fuzz/src"]
mod fuzz {
    pub(crate) mod builder;
    pub(crate) mod dot;

    mod bytes;
}

mod support {
    pub(crate) mod corpus;
}

use support::corpus::each_input;

#[test]
fn programs_of_builder_calls_do_what_a_list_of_tasks_and_edges_says() {
    each_input("builder", fuzz::builder::check);
}

#[test]
fn the_dot_text_of_any_graph_parses_and_gives_the_graph_back() {
    each_input("dot", fuzz::dot::check);
}
