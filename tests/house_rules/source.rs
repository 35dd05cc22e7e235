//! One Rust file, read by its words, paths, imports and attributes.

use core::ops::Range;

use super::finding::Finding;
use super::scanner::{is_word, split};

/// One Rust file.
///
/// # Invariants
///
/// `code` and `comments` are as long as the file, byte for byte: what belongs to the other kind, and
/// the inside of literals, stands as spaces. So one offset means the same place in all of them.
#[derive(Debug)]
pub(crate) struct Source {
    path: String,
    text: String,
    code: String,
    comments: String,
    line_starts: Vec<usize>,
    test_only: Vec<Range<usize>>,
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let (code, comments) = split(text);
        let line_starts = core::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| at + 1))
            .filter(|&at| at < text.len())
            .collect();
        let mut source = Self {
            path: path.to_owned(),
            text: text.to_owned(),
            code,
            comments,
            line_starts,
            test_only: Vec::new(),
        };
        source.test_only = source.find_test_only();
        source
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// The file as it is.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The code alone. The quotes of literals stay, their inside is blank.
    pub(crate) fn code(&self) -> &str {
        &self.code
    }

    pub(crate) fn line_count(&self) -> usize {
        self.line_starts.len()
    }

    /// The line that holds the byte `at`, counted from 1.
    pub(crate) fn line_of(&self, at: usize) -> usize {
        self.line_starts.partition_point(|&start| start <= at)
    }

    pub(crate) fn code_line(&self, line: usize) -> &str {
        self.code.lines().nth(line - 1).unwrap_or_default().trim()
    }

    pub(crate) fn comment_line(&self, line: usize) -> &str {
        self.comments
            .lines()
            .nth(line - 1)
            .unwrap_or_default()
            .trim()
    }

    /// Whether the byte `at` is compiled for unit tests only.
    pub(crate) fn is_test_only(&self, at: usize) -> bool {
        self.test_only.iter().any(|range| range.contains(&at))
    }

    /// Whether the file lies in `folder`, which ends in `/`.
    pub(crate) fn lies_in(&self, folder: &str) -> bool {
        self.path.starts_with(folder)
    }

    pub(crate) fn finding(&self, at: usize, what: impl Into<String>) -> Finding {
        Finding::new(&self.path, self.line_of(at), what)
    }

    /// Identifiers and keywords of the code, each with its offset.
    pub(crate) fn words(&self) -> impl Iterator<Item = (usize, &str)> {
        runs(&self.code, |rest| {
            rest.find(|c: char| !is_word(c)).unwrap_or(rest.len())
        })
    }

    /// Paths written in the code (`core::mem::take`, also a lone identifier), each with its offset.
    pub(crate) fn paths(&self) -> impl Iterator<Item = (usize, &str)> {
        runs(&self.code, |rest| {
            let mut end = 0;
            loop {
                end += rest[end..]
                    .find(|c: char| !is_word(c))
                    .unwrap_or(rest.len() - end);
                if !rest[end..].starts_with("::") {
                    return end;
                }
                end += 2;
            }
        })
    }

    /// Every path that a `use` brings in, braces expanded and aliases dropped, with the statement's offset.
    pub(crate) fn imports(&self) -> Vec<(usize, String)> {
        let mut imports = Vec::new();
        for (at, _) in self.words().filter(|(_, word)| *word == "use") {
            let tree = &self.code[at + "use".len()..];
            // The `use<..>` of an opaque type names no path.
            if tree.starts_with('<') {
                continue;
            }
            let tree: String = tree[..tree.find(';').unwrap_or(tree.len())]
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ");
            let mut expanded = Vec::new();
            expand_use("", tree.trim_start_matches("::"), &mut expanded);
            imports.extend(expanded.into_iter().map(|path| (at, path)));
        }
        imports
    }

    /// Attributes (`#[..]` and `#![..]`), each with the range it fills in the code.
    pub(crate) fn attributes(&self) -> Vec<Range<usize>> {
        let mut attributes = Vec::new();
        for (at, _) in self.code.match_indices('#') {
            let rest = self.code[at + 1..].trim_start_matches('!');
            if rest.starts_with('[') {
                let open = self.code.len() - rest.len();
                attributes.push(at..self.end_of_group(open));
            }
        }
        attributes
    }

    /// Where the bracketed group that opens at `open` ends.
    fn end_of_group(&self, open: usize) -> usize {
        let mut depth = 0_usize;
        for (at, c) in self.code[open..].char_indices() {
            match c {
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                return open + at + c.len_utf8();
            }
        }
        self.code.len()
    }

    fn find_test_only(&self) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        if self.path.ends_with("/tests.rs") {
            found.push(0..self.code.len());
        }
        for attribute in self.attributes() {
            let text = &self.code[attribute.clone()];
            let of_tests = text.contains("cfg(test)") || text.contains("cfg(all(test,");
            if of_tests && text.starts_with("#!") {
                found.push(0..self.code.len());
            } else if of_tests {
                found.push(attribute.start..self.end_of_item(attribute.end));
            }
        }
        found
    }

    /// Where the item that begins at `start` ends: at its `;` or behind its braces.
    fn end_of_item(&self, start: usize) -> usize {
        let mut at = start;
        while let Some(found) = self.code[at..].find([';', '{', '(', '[']) {
            let hit = at + found;
            match self.code.as_bytes()[hit] {
                b';' => return hit + 1,
                b'{' => return self.end_of_group(hit),
                _ => at = self.end_of_group(hit),
            }
        }
        self.code.len()
    }
}

/// Whether `text` holds `word` with no letter, digit or underscore beside it.
pub(crate) fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}

/// Cuts `code` into runs that begin at a word; `length` tells how long the run at the text's begin is.
fn runs(code: &str, length: impl Fn(&str) -> usize) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    core::iter::from_fn(move || {
        at += code[at..].find(is_word)?;
        let begin = at;
        at += length(&code[at..]);
        Some((begin, &code[begin..at]))
    })
}

fn expand_use(prefix: &str, tree: &str, into: &mut Vec<String>) {
    let tree = tree.trim();
    if let Some((head, rest)) = tree.split_once('{') {
        let inner = rest.rsplit_once('}').map_or(rest, |(inner, _)| inner);
        let prefix = format!("{prefix}{}", head.trim());
        for part in split_outer_commas(inner) {
            expand_use(&prefix, part, into);
        }
    } else if !tree.is_empty() {
        let name = tree.split(" as ").next().unwrap_or(tree);
        into.push(format!("{prefix}{name}"));
    }
}

fn split_outer_commas(list: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    list.split(move |c| {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_keeps_its_place() {
        let text = "let é = \"ü\"; // ö\nlet x = 'ß';\n";
        let source = Source::new("a.rs", text);
        assert_eq!(source.code().len(), text.len());
        assert_eq!(source.comments.len(), text.len());
        assert_eq!(source.comment_line(1), "// ö");
        assert_eq!(source.code_line(2), "let x =    ;".replace("   ;", "    ;"));
        assert_eq!(source.line_count(), 2);
        let (at, _) = source
            .words()
            .find(|(_, word)| *word == "x")
            .expect("x is in the code");
        assert_eq!(source.line_of(at), 2);
    }

    #[test]
    fn imports_are_expanded() {
        let source = Source::new(
            "a.rs",
            "pub use a::{b, c::{self, d as e},\n f::*};\nuse ::g;",
        );
        let imports: Vec<String> = source.imports().into_iter().map(|(_, path)| path).collect();
        assert_eq!(imports, ["a::b", "a::c::self", "a::c::d", "a::f::*", "g"]);
    }

    #[test]
    fn paths_are_whole() {
        let source = Source::new("a.rs", "fn f(x: a::B) { c::<u8>::d(&mut x); 0..y }");
        let paths: Vec<&str> = source.paths().map(|(_, path)| path).collect();
        assert_eq!(
            paths,
            [
                "fn", "f", "x", "a::B", "c::", "u8", "d", "mut", "x", "0", "y"
            ]
        );
    }

    #[test]
    fn items_of_unit_tests_are_known_to_the_last_brace() {
        let text = "a;\n#[cfg(test)]\n#[rustfmt::skip]\nmod t { fn f(x: [u8; 3]) {} }\nb;\n#[cfg(not(test))]\nc;\n";
        let source = Source::new("a.rs", text);
        let production: Vec<&str> = source
            .words()
            .filter(|(at, _)| !source.is_test_only(*at))
            .map(|(_, word)| word)
            .collect();
        assert_eq!(production, ["a", "b", "cfg", "not", "test", "c"]);
    }
}
