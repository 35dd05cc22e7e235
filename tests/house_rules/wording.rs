//! What may not stand in a file: left-over notes, machine paths, silenced lints, skipped tests, forged pointers.

use super::finding::Finding;
use super::source::{Source, has_word};

/// Notes for later. Pieced together so that this file does not break its own rule.
const NOTES: [&str; 3] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
];

/// First folders of paths that exist on one machine only.
const MACHINE_FOLDERS: [&str; 3] = [
    concat!("/", "work"),
    concat!("/", "root"),
    concat!("/", "home"),
];

/// Notes for later in a Rust file, comments and strings included.
pub(crate) fn notes_for_later(source: &Source) -> Vec<Finding> {
    each_line(source.path(), source.text(), |line| {
        let note = NOTES.iter().find(|note| has_word(line, note))?;
        Some(format!("`{note}` does not land"))
    })
}

/// Absolute paths of one machine, in any file.
pub(crate) fn machine_paths(path: &str, text: &str) -> Vec<Finding> {
    each_line(path, text, |line| {
        let folder = MACHINE_FOLDERS
            .iter()
            .find(|folder| has_path(line, folder))?;
        Some(format!("`{folder}` is a path of one machine"))
    })
}

/// `allow` without a reason.
pub(crate) fn bare_allows(source: &Source) -> Vec<Finding> {
    let attributes = source.attributes().into_iter();
    attributes
        .filter(|range| {
            let text = &source.code()[range.clone()];
            text.contains("allow(") && has_word(text, "allow") && !has_word(text, "reason")
        })
        .map(|range| source.finding(range.start, "`allow` without a reason; prefer `expect`"))
        .collect()
}

/// `ignore` without a reason.
pub(crate) fn bare_ignores(source: &Source) -> Vec<Finding> {
    let attributes = source.attributes().into_iter();
    attributes
        .filter(|range| {
            let text = &source.code()[range.clone()];
            let skipped = text.split("ignore").skip(1);
            has_word(text, "ignore")
                && skipped
                    .into_iter()
                    .any(|rest| !rest.trim_start().starts_with('='))
        })
        .map(|range| source.finding(range.start, "`ignore` without a reason"))
        .collect()
}

/// Casts to pointers in core, which could make a pointer of a number.
pub(crate) fn forged_pointers(source: &Source) -> Vec<Finding> {
    if !source.lies_in("core/src/") {
        return Vec::new();
    }
    let code = source.code();
    let mut findings = Vec::new();
    for (at, word) in source.words() {
        let cast = word == "as" && code[at + word.len()..].trim_start().starts_with('*');
        if cast
            || [
                "with_exposed_provenance",
                "with_exposed_provenance_mut",
                "from_exposed_addr",
            ]
            .contains(&word)
        {
            findings.push(source.finding(
                at,
                "a pointer without provenance; use `cast`, `from_ref` or `without_provenance`",
            ));
        }
    }
    findings
}

fn each_line(
    path: &str,
    text: &str,
    mut judge: impl FnMut(&str) -> Option<String>,
) -> Vec<Finding> {
    let lines = text.lines().enumerate();
    lines
        .filter_map(|(index, line)| judge(line).map(|what| Finding::new(path, index + 1, what)))
        .collect()
}

/// Whether `line` holds `folder` as the begin of an absolute path.
fn has_path(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + folder.len()..].chars().next();
        let begins = before.is_none_or(|c| c.is_whitespace() || "\"'`(=:,<[{".contains(c));
        let ends = after.is_none_or(|c| c.is_whitespace() || "/\"'`),>]}".contains(c));
        begins && ends
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_for_later_is_found() {
        for note in NOTES {
            let text = format!("//! a\n// {note}: b\n");
            assert_eq!(notes_for_later(&Source::new("a.rs", &text))[0].line, 2);
        }
        assert!(notes_for_later(&Source::new("a.rs", &format!("{}S", NOTES[0]))).is_empty());
    }

    #[test]
    fn a_machine_path_is_found() {
        for folder in MACHINE_FOLDERS {
            assert_eq!(machine_paths("a.md", &format!("see `{folder}/x`")).len(), 1);
            assert_eq!(machine_paths("a.sh", &format!("cd {folder}")).len(), 1);
            assert!(machine_paths("a.md", &format!("net{folder}/x {folder}-stealing")).is_empty());
        }
    }

    #[test]
    fn a_lint_silenced_without_a_reason_is_found() {
        for text in [
            "#[allow(dead_code)]",
            "#![allow(\n  clippy::all\n)]",
            "#[cfg_attr(test, allow(unused))]",
        ] {
            assert_eq!(bare_allows(&Source::new("a.rs", text)).len(), 1, "{text}");
        }
        let text = "// #[allow(dead_code)]\n#[allow(dead_code, reason = \"x\")]\n#[expect(dead_code, reason = \"y\")]";
        assert!(bare_allows(&Source::new("a.rs", text)).is_empty());
    }

    #[test]
    fn a_test_skipped_without_a_reason_is_found() {
        for text in ["#[ignore]", "#[cfg_attr(miri, ignore)]"] {
            assert_eq!(bare_ignores(&Source::new("a.rs", text)).len(), 1, "{text}");
        }
        assert!(bare_ignores(&Source::new("a.rs", "#[ignore = \"needs a GPU\"]")).is_empty());
    }

    #[test]
    fn a_forged_pointer_is_found() {
        for text in [
            "0x10 as *mut u8",
            "x as\n    *const u8",
            "ptr::with_exposed_provenance(x)",
        ] {
            assert_eq!(
                forged_pointers(&Source::new("core/src/a.rs", text)).len(),
                1,
                "{text}"
            );
        }
        let text =
            "// x as *mut u8\nlet y = p.cast::<u8>(); let z = x as u8 * 2; fn f(p: *mut u8) {}";
        assert!(forged_pointers(&Source::new("core/src/a.rs", text)).is_empty());
    }
}
