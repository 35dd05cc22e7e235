//! A graph in DOT, the language of Graphviz.

use alloc::string::String;
use core::fmt::{self, Write};

use super::Graph;

/// Writes the graph. Tasks are `t0`, `t1`, ... by their index, so the text is the same every time.
pub(crate) fn write(graph: &Graph, name: &str, out: &mut String) -> fmt::Result {
    writeln!(out, "digraph {} {{", Quoted(name))?;
    for task in graph.tasks() {
        match graph.name(task) {
            Some(name) => writeln!(out, "    t{task} [label={}];", Quoted(name))?,
            None => writeln!(out, "    t{task};")?,
        }
    }
    for task in graph.tasks() {
        for next in graph.successors(task) {
            writeln!(out, "    t{task} -> t{next};")?;
        }
    }
    writeln!(out, "}}")
}

/// A DOT string: any text between quotes.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for character in self.0.chars() {
            match character {
                '"' => f.write_str("\\\"")?,
                '\\' => f.write_str("\\\\")?,
                '\n' => f.write_str("\\n")?,
                '\r' => f.write_str("\\r")?,
                // DOT has no escape for these; a reader would stop at a NUL.
                other if other.is_control() => f.write_char(char::REPLACEMENT_CHARACTER)?,
                other => f.write_char(other)?,
            }
        }
        f.write_char('"')
    }
}
