//! Where things lie, what they are called and how long they are.

use super::finding::Finding;
use super::source::Source;

/// All that may be seen at the top.
const TOP_LEVEL: [&str; 12] = [
    "Cargo.toml",
    "Cargo.lock",
    "README.md",
    "LICENSE",
    "core",
    "std-adapter",
    "linux-adapter",
    "gpu-adapter",
    "tooling",
    "tests",
    "loom-tests",
    "benches",
];

/// Names that say nothing about what is inside.
const EMPTY_NAMES: [&str; 8] = [
    "mod", "util", "utils", "helper", "helpers", "common", "manager", "misc",
];

const LONGEST_FILE_LINES: usize = 500;

const LONGEST_README_LINES: usize = 150;

/// Words with which code begins, none of which a crate's front page needs.
const CODE_WORDS: [&str; 11] = [
    "fn",
    "impl",
    "struct",
    "enum",
    "union",
    "trait",
    "const",
    "static",
    "type",
    "let",
    "macro_rules",
];

/// Entries at the top that are neither on the list nor hidden.
pub(crate) fn strangers_at_the_top(files: &[String]) -> Vec<Finding> {
    let mut seen: Vec<&str> = files
        .iter()
        .filter_map(|file| file.split('/').next())
        .collect();
    seen.dedup();
    seen.retain(|name| !name.starts_with('.') && !TOP_LEVEL.contains(name));
    seen.into_iter()
        .map(|name| at_line_one(name, "not on the list of the top level"))
        .collect()
}

/// A file longer than can be held in mind.
pub(crate) fn too_long(source: &Source) -> Option<Finding> {
    let lines = source.line_count();
    let long = lines > LONGEST_FILE_LINES;
    long.then(|| {
        at_line_one(
            source.path(),
            &format!("{lines} lines, {LONGEST_FILE_LINES} are the limit"),
        )
    })
}

/// A README longer than a newcomer reads.
pub(crate) fn readme_too_long(text: &str) -> Option<Finding> {
    let lines = text.lines().count();
    let long = lines > LONGEST_README_LINES;
    long.then(|| {
        at_line_one(
            "README.md",
            &format!("{lines} lines, {LONGEST_README_LINES} are the limit"),
        )
    })
}

/// Folders, files and inline modules with a name that says nothing, `mod.rs` among them.
pub(crate) fn empty_names(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    let parts = source.path().trim_end_matches(".rs").split('/');
    for part in parts.filter(|part| EMPTY_NAMES.contains(part)) {
        findings.push(at_line_one(
            source.path(),
            &format!("`{part}` says nothing about what is inside"),
        ));
    }
    let words: Vec<(usize, &str)> = source.words().collect();
    for pair in words.windows(2) {
        if pair[0].1 == "mod" && EMPTY_NAMES.contains(&pair[1].1) {
            findings.push(source.finding(
                pair[0].0,
                format!("`mod {}` says nothing about what is inside", pair[1].1),
            ));
        }
    }
    findings
}

/// Code and glob exports in a `lib.rs`.
pub(crate) fn code_on_the_front_page(source: &Source) -> Vec<Finding> {
    if !source.path().ends_with("/lib.rs") {
        return Vec::new();
    }
    let code = source.words().filter(|(_, word)| CODE_WORDS.contains(word));
    let mut findings: Vec<Finding> = code
        .map(|(at, word)| source.finding(at, format!("`{word}` in a lib.rs")))
        .collect();
    for (at, path) in source.imports() {
        if path.ends_with("::*") {
            findings.push(source.finding(at, format!("`{path}` hides what the crate offers")));
        }
    }
    findings
}

/// The page that a crate's folder must hold.
pub(crate) fn page_of(folder: &str) -> Option<&'static str> {
    match folder {
        "core" | "std-adapter" | "linux-adapter" | "gpu-adapter" | "tooling" => {
            Some("ARCHITECTURE.md")
        }
        "loom-tests" | "benches" => Some("README.md"),
        _ => None,
    }
}

/// A crate folder without its page.
pub(crate) fn missing_page(folder: &str, files: &[String]) -> Option<Finding> {
    let page = format!("{folder}/{}", page_of(folder)?);
    (!files.contains(&page)).then(|| at_line_one(&page, "the crate's page is missing"))
}

fn at_line_one(path: &str, what: &str) -> Finding {
    Finding::new(path, 1, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stranger_at_the_top_is_found() {
        let files = [
            ".ci/run",
            "Cargo.toml",
            "core/src/lib.rs",
            "scripts/a",
            "scripts/b",
        ]
        .map(str::to_owned);
        let found = strangers_at_the_top(&files);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].path, "scripts");
    }

    #[test]
    fn a_file_over_the_limit_is_found() {
        assert!(too_long(&Source::new("a.rs", &"\n".repeat(501))).is_some());
        assert!(too_long(&Source::new("a.rs", &"\n".repeat(500))).is_none());
        assert!(readme_too_long(&"\n".repeat(151)).is_some());
        assert!(readme_too_long(&"\n".repeat(150)).is_none());
    }

    #[test]
    fn a_name_that_says_nothing_is_found() {
        assert_eq!(
            empty_names(&Source::new("core/src/deque/mod.rs", "")).len(),
            1
        );
        assert_eq!(
            empty_names(&Source::new("core/src/utils/x.rs", "")).len(),
            1
        );
        assert_eq!(
            empty_names(&Source::new(
                "core/src/a.rs",
                "// mod misc\npub mod helpers;"
            ))
            .len(),
            1
        );
        assert!(empty_names(&Source::new("core/src/common_line.rs", "mod model;")).is_empty());
    }

    #[test]
    fn code_in_a_lib_rs_is_found() {
        let text = "//! fn\n#![no_std]\nmod a;\npub use a::B;\npub use a::*;\nfn f() {}\n";
        let found = code_on_the_front_page(&Source::new("core/src/lib.rs", text));
        assert_eq!(found.iter().map(|f| f.line).collect::<Vec<_>>(), [6, 5]);
        assert!(code_on_the_front_page(&Source::new("core/src/a.rs", text)).is_empty());
    }

    #[test]
    fn a_crate_without_its_page_is_found() {
        let files = ["core/ARCHITECTURE.md".to_owned()];
        assert!(missing_page("core", &files).is_none());
        assert!(missing_page("benches", &files).is_some());
        assert!(missing_page("tests", &files).is_none());
    }
}
