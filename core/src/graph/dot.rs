//! A graph in DOT, the language of Graphviz.

use alloc::string::{String, ToString};
use core::fmt::{self, Write};

use super::Graph;

/// The text of the graph. Tasks are `t0`, `t1`, ... by their index, so it is the same every time.
pub(crate) fn text(graph: &Graph, name: &str) -> String {
    Dot { graph, name }.to_string()
}

struct Dot<'g> {
    graph: &'g Graph,
    name: &'g str,
}

impl fmt::Display for Dot<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "digraph {} {{", Quoted(self.name))?;
        for task in self.graph.tasks() {
            match self.graph.name(task) {
                Some(name) => writeln!(f, "    t{task} [label={}];", Quoted(name))?,
                None => writeln!(f, "    t{task};")?,
            }
        }
        for task in self.graph.tasks() {
            for next in self.graph.successors(task) {
                writeln!(f, "    t{task} -> t{next};")?;
            }
        }
        writeln!(f, "}}")
    }
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
