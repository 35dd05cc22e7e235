//! Unsafe code stands in listed files only and gives its reasons.

use super::finding::Finding;
use super::source::{Source, has_word};

/// How many lines of code may stand between `unsafe` and its reason.
const REASON_WITHIN_LINES: usize = 3;

/// `unsafe` outside of the `listed` files.
pub(crate) fn unsafe_outside_of(listed: &[&str], source: &Source) -> Vec<Finding> {
    if listed.contains(&source.path()) {
        return Vec::new();
    }
    unsafe_words(source)
        .map(|at| source.finding(at, "`unsafe` in a file that is not on the list"))
        .collect()
}

/// Listed files that are gone or hold no `unsafe` any more.
pub(crate) fn listed_without_need(listed: &[&str], sources: &[Source]) -> Vec<Finding> {
    let needs = |path: &str| {
        let mut of_this_path = sources.iter().filter(|source| source.path() == path);
        of_this_path.any(|source| unsafe_words(source).next().is_some())
    };
    let idle = listed.iter().filter(|path| !needs(path));
    idle.map(|path| {
        Finding::new(
            path,
            1,
            "on the list of unsafe files, but holds no `unsafe`",
        )
    })
    .collect()
}

/// Blocks, implementations and attributes that say `unsafe` and give no reason above.
pub(crate) fn unsafe_without_reason(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for at in unsafe_words(source) {
        let next = source.code()[at + "unsafe".len()..].trim_start();
        let needs_reason = next.starts_with(['{', '(']) || next.starts_with("impl");
        if needs_reason && !has_reason(source, source.line_of(at)) {
            findings.push(source.finding(at, "`unsafe` without a `// SAFETY:` reason"));
        }
    }
    findings
}

/// Crate roots that do not forbid unsafe code.
pub(crate) fn root_without_forbid(root: &Source) -> Option<Finding> {
    let forbids = root.attributes().into_iter().any(|attribute| {
        let text = &root.code()[attribute];
        text.starts_with("#![forbid(") && has_word(text, "unsafe_code")
    });
    (!forbids).then(|| root.finding(0, "a crate root without `#![forbid(unsafe_code)]`"))
}

fn unsafe_words(source: &Source) -> impl Iterator<Item = usize> {
    source
        .words()
        .filter(|(_, word)| *word == "unsafe")
        .map(|(at, _)| at)
}

/// Looks upwards: comment lines cost nothing, so a long reason is as good as a short one.
fn has_reason(source: &Source, line: usize) -> bool {
    let mut code_lines = 0;
    for line in (1..=line).rev() {
        if source.comment_line(line).starts_with("// SAFETY:") {
            return true;
        }
        if source.comment_line(line).is_empty() || !source.code_line(line).is_empty() {
            code_lines += 1;
        }
        if code_lines > REASON_WITHIN_LINES + 1 {
            return false;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsafe_in_an_unlisted_file_is_found() {
        let text = "//! unsafe\n#![deny(unsafe_code)]\nlet s = \"unsafe\";\nunsafe { f() }\n";
        let source = Source::new("core/src/a.rs", text);
        let found = unsafe_outside_of(&["core/src/b.rs"], &source);
        assert_eq!(found.iter().map(|f| f.line).collect::<Vec<_>>(), [4]);
        assert!(unsafe_outside_of(&["core/src/a.rs"], &source).is_empty());
    }

    #[test]
    fn a_listed_file_without_unsafe_is_found() {
        let sources = [
            Source::new("a.rs", "unsafe fn f() {}"),
            Source::new("b.rs", "// unsafe\n"),
        ];
        let found = listed_without_need(&["a.rs", "b.rs", "gone.rs"], &sources);
        let paths: Vec<&str> = found.iter().map(|f| f.path.as_str()).collect();
        assert_eq!(paths, ["b.rs", "gone.rs"]);
    }

    #[test]
    fn an_unsafe_block_or_impl_without_a_reason_is_found() {
        for text in [
            "unsafe impl Send for A {}",
            "let x = unsafe { f() };",
            "#[unsafe(no_mangle)]\nfn f() {}",
        ] {
            assert_eq!(
                unsafe_without_reason(&Source::new("a.rs", text)).len(),
                1,
                "{text}"
            );
            let reasoned = format!("// SAFETY: one\n// two\n// three\n// four\n// five\n{text}");
            assert!(
                unsafe_without_reason(&Source::new("a.rs", &reasoned)).is_empty(),
                "{text}"
            );
            let far = format!("// SAFETY: far\na;\nb;\nc;\nd;\n{text}");
            assert_eq!(
                unsafe_without_reason(&Source::new("a.rs", &far)).len(),
                1,
                "{text}"
            );
        }
        let declared = Source::new(
            "a.rs",
            "unsafe fn f() {}\nunsafe trait T {}\ntype F = unsafe fn();",
        );
        assert!(unsafe_without_reason(&declared).is_empty());
    }

    #[test]
    fn a_root_that_only_denies_is_found() {
        let root = |text| root_without_forbid(&Source::new("src/lib.rs", text));
        assert!(root("//! #![forbid(unsafe_code)]\n#![deny(unsafe_code)]").is_some());
        assert!(root("#![forbid(missing_docs, unsafe_code)]").is_none());
    }
}
