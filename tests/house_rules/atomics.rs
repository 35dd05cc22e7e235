//! Memory orderings give their reasons, and atomics come through one door.

use super::finding::Finding;
use super::source::Source;

const ORDERINGS: [&str; 5] = ["Relaxed", "Acquire", "Release", "AcqRel", "SeqCst"];

/// How far above an ordering its reason may stand.
const REASON_WITHIN_LINES: usize = 8;

/// Crates and modules that only the door may name.
const BEHIND_THE_DOOR: [&str; 16] = [
    "alloc::sync",
    "alloc::task",
    "core::sync",
    "std::sync",
    "std::task::Wake",
    "core::cell::UnsafeCell",
    "core::cell::SyncUnsafeCell",
    "std::cell::UnsafeCell",
    "cell::UnsafeCell",
    "cell::SyncUnsafeCell",
    "portable_atomic",
    "portable_atomic_util",
    "spin",
    "loom",
    "crossbeam_queue",
    "heapless",
];

/// Orderings without an `// Ordering:` comment on their line or within eight lines above.
pub(crate) fn orderings_without_reason(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (at, path) in source.paths().filter(|(_, path)| names_an_ordering(path)) {
        let line = source.line_of(at);
        let first = line.saturating_sub(REASON_WITHIN_LINES).max(1);
        if !(first..=line).any(|line| source.comment_line(line).contains("// Ordering:")) {
            findings.push(source.finding(at, format!("`{path}` gives no `// Ordering:` reason")));
        }
    }
    findings
}

/// Imports that would let an ordering be written without the word `Ordering`.
pub(crate) fn orderings_not_in_full(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (at, path) in source.imports() {
        if names_an_ordering(&path) || path.ends_with("Ordering::*") {
            findings
                .push(source.finding(at, format!("`use {path}`: write `Ordering::` at each use")));
        }
    }
    for (at, _) in source.code().match_indices("Ordering as ") {
        findings.push(source.finding(at, "`Ordering` goes by another name"));
    }
    findings
}

/// Names of the core that only `core/src/sync.rs` and its folder may write.
pub(crate) fn names_behind_the_door(source: &Source) -> Vec<Finding> {
    let in_core = source.lies_in("core/src/");
    if !in_core || source.path() == "core/src/sync.rs" || source.lies_in("core/src/sync/") {
        return Vec::new();
    }
    let written = source.paths().map(|(at, path)| (at, path.to_owned()));
    let imported = source.imports().into_iter();
    let mut findings: Vec<Finding> = written
        .chain(imported.clone())
        .filter(|(_, path)| {
            BEHIND_THE_DOOR
                .iter()
                .any(|closed| begins_with(path, closed))
        })
        .map(|(at, path)| source.finding(at, format!("`{path}`: only core/src/sync.rs names it")))
        .collect();
    for (at, path) in imported {
        let whole = [
            "core::cell",
            "core::cell::self",
            "core::cell::*",
            "std::cell",
        ];
        if whole.contains(&path.as_str()) {
            findings.push(source.finding(at, format!("`use {path}`: import the cell by its name")));
        }
    }
    findings
}

fn names_an_ordering(path: &str) -> bool {
    let mut segments = path.rsplit("::");
    segments
        .next()
        .is_some_and(|last| ORDERINGS.contains(&last))
        && segments.next() == Some("Ordering")
}

/// Whether `path` is an item inside `of`, or `of` itself when that is a path of several segments.
fn begins_with(path: &str, of: &str) -> bool {
    path.strip_prefix(of)
        .is_some_and(|rest| rest.starts_with("::") || (rest.is_empty() && of.contains("::")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(findings: &[Finding]) -> Vec<usize> {
        findings.iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn an_ordering_without_a_reason_is_found() {
        let far = format!(
            "// Ordering: far.\n{}x.load(Ordering::Acquire);\n",
            "\n".repeat(8)
        );
        assert_eq!(
            lines(&orderings_without_reason(&Source::new("a.rs", &far))),
            [10]
        );
        let near = format!(
            "// Ordering: near.\n{}x.load(Ordering::Acquire);\n",
            "\n".repeat(7)
        );
        assert!(orderings_without_reason(&Source::new("a.rs", &near)).is_empty());
    }

    #[test]
    fn a_reason_in_a_string_or_an_ordering_in_a_comment_does_not_count() {
        let text = "let s = \"// Ordering: no\";\nx.load(atomic::Ordering::Relaxed);\n// Ordering::SeqCst\n";
        assert_eq!(
            lines(&orderings_without_reason(&Source::new("a.rs", text))),
            [2]
        );
        let compared = Source::new("a.rs", "a.cmp(&b) == Ordering::Less");
        assert!(orderings_without_reason(&compared).is_empty());
        let same_line = Source::new("a.rs", "x.load(Ordering::Relaxed); // Ordering: a count.");
        assert!(orderings_without_reason(&same_line).is_empty());
    }

    #[test]
    fn a_shortened_ordering_is_found() {
        for text in [
            "use core::sync::atomic::Ordering::*;",
            "use core::sync::atomic::{AtomicU32, Ordering::{self, Relaxed}};",
            "use crate::sync::Ordering::SeqCst;",
            "use crate::sync::Ordering as O;",
        ] {
            assert_eq!(
                lines(&orderings_not_in_full(&Source::new("a.rs", text))),
                [1],
                "{text}"
            );
        }
        let full = Source::new("a.rs", "use crate::sync::{AtomicU32, Ordering};");
        assert!(orderings_not_in_full(&full).is_empty());
    }

    #[test]
    fn a_way_around_the_door_is_found() {
        for text in [
            "use core::sync::atomic::AtomicU32;",
            "use core::{cell::{Cell, UnsafeCell}, mem};",
            "use core::cell;",
            "static X: spin::Mutex<u8> = spin::Mutex::new(0);",
            "use portable_atomic::AtomicU64;",
            "fn f(q: &crossbeam_queue::ArrayQueue<u8>) {}",
            "use alloc::sync::{Arc, Weak};",
            "impl alloc::task::Wake for X {}",
            "use portable_atomic_util::Arc;",
        ] {
            let found = names_behind_the_door(&Source::new("core/src/deque.rs", text));
            assert!(!found.is_empty(), "{text}");
            assert!(names_behind_the_door(&Source::new("core/src/sync.rs", text)).is_empty());
            assert!(names_behind_the_door(&Source::new("core/src/sync/twin.rs", text)).is_empty());
            assert!(names_behind_the_door(&Source::new("std-adapter/src/a.rs", text)).is_empty());
        }
    }

    #[test]
    fn the_door_itself_may_be_used() {
        let text = "//! Not `core::sync::atomic`.\nuse core::cell::Cell;\nuse crate::sync::{Mutex, UnsafeCell};\nlet spin = crate::sync::spin_loop();";
        assert!(names_behind_the_door(&Source::new("core/src/deque.rs", text)).is_empty());
    }
}
