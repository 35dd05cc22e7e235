//! Which crate may depend on which, and what a manifest has to say.

use toml::{Table, Value};

use super::finding::Finding;

/// Our crates: folder, package, and which of our crates it may depend on.
pub(crate) const CRATES: [(&str, &str, &[&str]); 8] = [
    ("core", "taskflow-core", &[]),
    ("std-adapter", "taskflow-std", &["taskflow-core"]),
    (
        "linux-adapter",
        "taskflow-linux",
        &["taskflow-core", "taskflow-std"],
    ),
    ("gpu-adapter", "taskflow-gpu", &["taskflow-core"]),
    (
        "tooling",
        "taskflow-tooling",
        &["taskflow-core", "taskflow-std"],
    ),
    ("tests", "taskflow-tests", ALL_LIBRARIES),
    ("loom-tests", "taskflow-loom-tests", &["taskflow-core"]),
    ("benches", "taskflow-benches", ALL_LIBRARIES),
];

const ALL_LIBRARIES: &[&str] = &[
    "taskflow-core",
    "taskflow-std",
    "taskflow-linux",
    "taskflow-gpu",
];

/// What core may be built on.
const OF_CORE: [&str; 6] = [
    "portable-atomic",
    "portable-atomic-util",
    "crossbeam-queue",
    "hashbrown",
    "heapless",
    "spin",
];

/// What core may be built on under the model checker.
const OF_CORE_UNDER_LOOM: &str = "cfg(taskflow_loom)";

const SECTIONS: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

/// Dependencies that point the wrong way, and what core may not be built on.
///
/// `manifest` and `root` are the texts of the crate's and the workspace's `Cargo.toml`.
pub(crate) fn wrong_dependencies(folder: &str, manifest: &str, root: &str) -> Vec<Finding> {
    let path = format!("{folder}/Cargo.toml");
    let Some((_, package, allowed)) = CRATES.iter().find(|(of, ..)| *of == folder) else {
        return vec![finding(
            &path,
            manifest,
            folder,
            "a crate that the map does not know",
        )];
    };
    let manifest_table: Table = manifest.parse().expect("cargo has read this manifest");
    let mut findings = Vec::new();
    if manifest_table["package"]["name"].as_str() != Some(package) {
        findings.push(finding(
            &path,
            manifest,
            "name",
            &format!("the package's name is not {package}"),
        ));
    }
    for dependency in dependencies(
        &manifest_table,
        &root.parse().expect("cargo has read this manifest"),
    ) {
        let name = dependency.package.as_str();
        let is_ours = CRATES.iter().any(|(_, package, _)| *package == name);
        if is_ours && !allowed.contains(&name) {
            let what = format!("{package} may not depend on {name}");
            findings.push(finding(&path, manifest, &dependency.key, &what));
        }
        let needs_a_host = folder == "core"
            && dependency.section != "dev-dependencies"
            && !OF_CORE.contains(&name)
            && !(name == "loom" && dependency.target.as_deref() == Some(OF_CORE_UNDER_LOOM));
        if needs_a_host {
            let what = format!("core may not be built on {name}");
            findings.push(finding(&path, manifest, &dependency.key, &what));
        }
    }
    findings
}

/// A crate that does not take the workspace's lints.
pub(crate) fn lints_of_its_own(folder: &str, manifest: &str) -> Option<Finding> {
    let table: Table = manifest.parse().expect("cargo has read this manifest");
    let takes =
        table.get("lints").and_then(|lints| lints.get("workspace")) == Some(&Value::Boolean(true));
    let path = format!("{folder}/Cargo.toml");
    (!takes).then(|| {
        finding(
            &path,
            manifest,
            "[lints",
            "`[lints] workspace = true` is missing",
        )
    })
}

/// A root manifest that is more than a virtual workspace.
pub(crate) fn more_than_a_workspace(root: &str) -> Vec<Finding> {
    let table: Table = root.parse().expect("cargo has read this manifest");
    let more = table
        .keys()
        .filter(|key| !["workspace", "profile"].contains(&key.as_str()));
    more.map(|key| {
        finding(
            "Cargo.toml",
            root,
            key,
            "the root is a virtual workspace, nothing else",
        )
    })
    .collect()
}

/// One line of a dependency table.
#[derive(Debug)]
struct Dependency {
    key: String,
    package: String,
    section: &'static str,
    target: Option<String>,
}

fn dependencies(manifest: &Table, root: &Table) -> Vec<Dependency> {
    let mut found = Vec::new();
    read_sections(manifest, None, root, &mut found);
    if let Some(targets) = manifest.get("target").and_then(Value::as_table) {
        for (target, sections) in targets {
            let sections = sections.as_table().expect("cargo has read this manifest");
            read_sections(sections, Some(target), root, &mut found);
        }
    }
    found
}

fn read_sections(sections: &Table, target: Option<&str>, root: &Table, into: &mut Vec<Dependency>) {
    for section in SECTIONS {
        let Some(table) = sections.get(section).and_then(Value::as_table) else {
            continue;
        };
        for (key, value) in table {
            let shared = root
                .get("workspace")
                .and_then(|w| w.get("dependencies"))
                .and_then(|d| d.get(key));
            let package = [Some(value), shared]
                .into_iter()
                .flatten()
                .find_map(|value| value.get("package"));
            into.push(Dependency {
                key: key.clone(),
                package: package.and_then(Value::as_str).unwrap_or(key).to_owned(),
                section,
                target: target.map(str::to_owned),
            });
        }
    }
}

/// A finding at the first line that holds `key`.
fn finding(path: &str, manifest: &str, key: &str, what: &str) -> Finding {
    let line = manifest
        .lines()
        .position(|line| line.contains(key))
        .map_or(1, |index| index + 1);
    Finding::new(path, line, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str =
        "[workspace.dependencies]\ntf = { package = \"taskflow-tooling\", path = \"tooling\" }\n";

    fn wrong(folder: &str, package: &str, rest: &str) -> Vec<Finding> {
        let manifest = format!("[package]\nname = \"{package}\"\n{rest}");
        wrong_dependencies(folder, &manifest, ROOT)
    }

    #[test]
    fn a_dependency_against_the_direction_is_found() {
        for rest in [
            "[dev-dependencies]\ntaskflow-std.workspace = true",
            "[dependencies.x]\npackage = \"taskflow-std\"\npath = \"../std-adapter\"",
            "[target.'cfg(unix)'.build-dependencies]\ntaskflow-tests = { path = \"../tests\" }",
            "[dev-dependencies]\ntf.workspace = true",
        ] {
            let found: Vec<Finding> = wrong("core", "taskflow-core", rest);
            assert!(
                found.iter().any(|f| f.what.contains("may not depend")),
                "{rest}"
            );
        }
        assert_eq!(
            wrong(
                "std-adapter",
                "taskflow-std",
                "[dev-dependencies]\ntf.workspace = true"
            )
            .len(),
            1
        );
        assert!(
            wrong(
                "tooling",
                "taskflow-tooling",
                "[dependencies]\ntaskflow-std.workspace = true\nclap = \"4\""
            )
            .is_empty()
        );
        assert_eq!(wrong("std-adapter", "taskflow-other", "").len(), 1);
        assert_eq!(wrong("extras", "taskflow-extras", "").len(), 1);
    }

    #[test]
    fn a_host_crate_under_core_is_found() {
        assert_eq!(
            wrong("core", "taskflow-core", "[dependencies]\nlibc = \"0.2\"").len(),
            1
        );
        assert_eq!(
            wrong("core", "taskflow-core", "[dependencies]\nloom = \"0.7\"").len(),
            1
        );
        let fine = "[dependencies]\nspin = \"0\"\n[target.'cfg(taskflow_loom)'.dependencies]\nloom = \"0.7\"\n[dev-dependencies]\nproptest = \"1\"";
        assert!(wrong("core", "taskflow-core", fine).is_empty());
    }

    #[test]
    fn lints_and_roots_of_another_kind_are_found() {
        assert!(lints_of_its_own("core", "[package]\n").is_some());
        assert!(lints_of_its_own("core", "[lints]\nworkspace = true\n").is_none());
        assert_eq!(
            more_than_a_workspace("[workspace]\n[profile.dev]\n[package]\n")[0].line,
            3
        );
    }
}
