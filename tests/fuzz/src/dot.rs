//! Whatever a graph and its names are, its DOT text parses and says the same.

use taskflow_core::{TaskHandle, Taskflow};

use super::bytes::Bytes;

/// Builds a graph of the bytes and reads its text back.
pub fn check(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    let name = bytes.text();
    let flow = Taskflow::with_name(&name);
    let mut tasks: Vec<TaskHandle<'_>> = Vec::new();
    let mut expected = Dot {
        name: shown(&name),
        ..Dot::default()
    };
    while let Some(kind) = bytes.next() {
        let new = match kind % 4 {
            0 => flow.placeholder(),
            1 => flow.emplace_condition(|| 0).task(),
            _ if tasks.is_empty() => flow.placeholder(),
            edge => {
                let pick = |bytes: &mut Bytes<'_>| tasks[bytes.below(tasks.len())];
                let (from, to) = (pick(&mut bytes), pick(&mut bytes));
                if edge == 2 {
                    from.precede(to);
                } else {
                    to.succeed(from);
                }
                expected.edges.push((from.id().index(), to.id().index()));
                continue;
            }
        };
        let label = bytes.flag().then(|| bytes.text());
        if let Some(label) = &label {
            new.name(label);
        }
        tasks.push(new);
        let label = label.as_deref().map(shown);
        expected
            .nodes
            .push((new.id().index(), label, kind % 4 == 1));
        if tasks.len() == 100 {
            break;
        }
    }
    let text = flow.dump();
    let read = parse(&text).unwrap_or_else(|at| panic!("no DOT from byte {at} on: {text:?}"));
    assert_eq!(read, expected.settled(), "{text}");
}

/// A text as a reader of DOT shows it: what cannot be written there is replaced.
pub(crate) fn shown(text: &str) -> String {
    let keep = |character: char| !character.is_control() || matches!(character, '\n' | '\r');
    let replaced = |character| {
        if keep(character) {
            character
        } else {
            char::REPLACEMENT_CHARACTER
        }
    };
    text.chars().map(replaced).collect()
}

/// What a DOT text says. Whether a node chooses among its edges is not in the text.
#[derive(Debug, Default)]
pub(crate) struct Dot {
    pub(crate) name: String,
    pub(crate) nodes: Vec<(u32, Option<String>, bool)>,
    pub(crate) edges: Vec<(u32, u32)>,
}

impl Dot {
    /// The edges in the order of the text: by the node they leave, made twice counting once unless it
    /// chooses.
    pub(crate) fn settled(mut self) -> Self {
        self.edges.sort_by_key(|(from, _)| *from);
        let chooses = |node: u32| {
            let mut nodes = self.nodes.iter();
            nodes.any(|(index, _, chooses)| *index == node && *chooses)
        };
        let mut kept: Vec<(u32, u32)> = Vec::new();
        for edge in &self.edges {
            if chooses(edge.0) || !kept.contains(edge) {
                kept.push(*edge);
            }
        }
        self.edges = kept;
        self
    }
}

impl PartialEq for Dot {
    fn eq(&self, other: &Self) -> bool {
        let nodes = |dot: &Self| -> Vec<(u32, Option<String>)> {
            let nodes = dot.nodes.iter();
            nodes.map(|(at, label, _)| (*at, label.clone())).collect()
        };
        self.name == other.name && nodes(self) == nodes(other) && self.edges == other.edges
    }
}

/// Reads the part of the DOT language that `dump` may use, and nothing else.
///
/// # Errors
///
/// The byte at which the text is no DOT.
pub(crate) fn parse(text: &str) -> Result<Dot, usize> {
    let mut reader = Reader { text, at: 0 };
    reader.word("digraph ")?;
    let mut dot = Dot {
        name: reader.quoted()?,
        ..Dot::default()
    };
    reader.word(" {\n")?;
    while reader.word("}\n").is_err() {
        reader.word("    ")?;
        let node = reader.node()?;
        if reader.word(" -> ").is_ok() {
            dot.edges.push((node, reader.node()?));
        } else if reader.word(" [label=").is_ok() {
            let label = reader.quoted()?;
            reader.word("]")?;
            dot.nodes.push((node, Some(label), false));
        } else {
            dot.nodes.push((node, None, false));
        }
        reader.word(";\n")?;
    }
    if reader.at == text.len() {
        Ok(dot)
    } else {
        Err(reader.at)
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn word(&mut self, word: &str) -> Result<(), usize> {
        if self.rest().starts_with(word) {
            self.at += word.len();
            Ok(())
        } else {
            Err(self.at)
        }
    }

    fn node(&mut self) -> Result<u32, usize> {
        self.word("t")?;
        let rest = self.rest();
        let end = rest.find(|character: char| !character.is_ascii_digit());
        let digits = &rest[..end.unwrap_or(rest.len())];
        let number = digits.parse().map_err(|_| self.at)?;
        self.at += digits.len();
        Ok(number)
    }

    fn quoted(&mut self) -> Result<String, usize> {
        self.word("\"")?;
        let mut shown = String::new();
        let mut characters = self.rest().char_indices();
        while let Some((place, character)) = characters.next() {
            match character {
                '"' => {
                    self.at += place + 1;
                    return Ok(shown);
                }
                '\\' => match characters.next() {
                    Some((_, 'n')) => shown.push('\n'),
                    Some((_, 'r')) => shown.push('\r'),
                    Some((_, kept @ ('"' | '\\'))) => shown.push(kept),
                    _ => return Err(self.at + place),
                },
                other if other.is_control() => return Err(self.at + place),
                other => shown.push(other),
            }
        }
        Err(self.text.len())
    }
}
