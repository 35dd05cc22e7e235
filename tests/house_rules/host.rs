//! Core knows no host.

use super::finding::Finding;
use super::source::Source;

/// Names of operating systems, threads, clocks and consoles.
const OF_A_HOST: [&str; 12] = [
    "Instant",
    "SystemTime",
    "thread_local",
    "target_os",
    "target_family",
    "target_env",
    "libc",
    "print",
    "println",
    "eprint",
    "eprintln",
    "dbg",
];

/// What only a host has, named by core outside of its unit tests.
pub(crate) fn hosts_named(source: &Source) -> Vec<Finding> {
    if !source.lies_in("core/src/") {
        return Vec::new();
    }
    let written = source.paths().map(|(at, path)| (at, path.to_owned()));
    let mut findings: Vec<Finding> = written
        .chain(source.imports())
        .filter(|(at, path)| !source.is_test_only(*at) && names_a_host(path))
        .map(|(at, path)| source.finding(at, format!("core names a host: `{path}`")))
        .collect();
    for (at, _) in source.code().match_indices("extern crate std") {
        if !source.is_test_only(at) {
            findings.push(source.finding(at, "core links std"));
        }
    }
    findings
}

/// A core that would link std.
pub(crate) fn root_with_std(root: &Source) -> Option<Finding> {
    (!root.code().contains("#![no_std]")).then(|| root.finding(0, "core without `#![no_std]`"))
}

fn names_a_host(path: &str) -> bool {
    // The model checker brings threads of its own.
    if path.starts_with("loom::") {
        return false;
    }
    let is_path = path.contains("::");
    let mut segments = path.split("::");
    path.starts_with("std::")
        || segments.any(|segment| OF_A_HOST.contains(&segment) || (is_path && segment == "thread"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_in_core_is_found() {
        for text in [
            "use std::collections::HashMap;",
            "extern crate std;",
            "let x = std::env::var(\"A\");",
            "use core::{mem, time::Instant};",
            "thread::spawn(f);",
            "#[cfg(target_os = \"linux\")]\nfn f() {}",
            "println!();",
        ] {
            assert!(
                !hosts_named(&Source::new("core/src/a.rs", text)).is_empty(),
                "{text}"
            );
            assert!(hosts_named(&Source::new("std-adapter/src/a.rs", text)).is_empty());
        }
    }

    #[test]
    fn unit_tests_and_docs_of_core_may_name_one() {
        let text = "/// `std::thread::spawn`\nfn f(thread: u8) {}\n#[cfg(test)]\nextern crate std;\n#[cfg(test)]\nmod tests { use std::vec; }\n";
        assert!(hosts_named(&Source::new("core/src/a.rs", text)).is_empty());
    }

    #[test]
    fn a_core_with_std_is_found() {
        assert!(root_with_std(&Source::new("core/src/lib.rs", "//! #![no_std]\n")).is_some());
        assert!(root_with_std(&Source::new("core/src/lib.rs", "#![no_std]\n")).is_none());
    }
}
