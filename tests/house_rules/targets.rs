//! The files that cargo compiles as crates of their own.

use toml::{Table, Value};

use super::finding::Finding;

/// Rust files directly in a crate's folder that no target of its manifest names, and no root among those as a module
/// beside it: they would never run. `read` gives a file's text.
pub(crate) fn files_without_target(
    folder: &str,
    manifest: &str,
    files: &[String],
    read: impl Fn(&str) -> Option<String>,
) -> Vec<Finding> {
    let mut named = target_paths(manifest);
    let roots: Vec<String> = named
        .iter()
        .filter_map(|path| read(&format!("{folder}/{path}")))
        .collect();
    let modules = roots.iter().flat_map(|root| root.lines());
    let modules = modules.filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'));
    named.extend(modules.map(|module| format!("{module}.rs")));
    let directly = files.iter().filter(|file| {
        let inside = file
            .strip_prefix(folder)
            .and_then(|rest| rest.strip_prefix('/'));
        inside
            .is_some_and(|name| name.ends_with(".rs") && !name.contains('/') && name != "build.rs")
    });
    directly
        .filter(|file| {
            !named
                .iter()
                .any(|path| format!("{folder}/{path}") == **file)
        })
        .map(|file| {
            Finding::new(
                file,
                1,
                "no target of Cargo.toml is this file, or has it as a module",
            )
        })
        .collect()
}

/// The files of a crate that are roots: those its manifest names, and those that cargo finds by their place.
pub(crate) fn crate_roots(folder: &str, manifest: &str, files: &[String]) -> Vec<String> {
    let named = target_paths(manifest);
    let is_root = |path: &str| {
        let parts: Vec<&str> = path.split('/').collect();
        match parts.as_slice() {
            ["build.rs"] | ["src", "lib.rs" | "main.rs"] => true,
            ["src", "bin", rest @ ..] | ["tests" | "benches" | "examples", rest @ ..] => {
                matches!(rest, [_] | [_, "main.rs"])
            }
            _ => false,
        }
    };
    let of_this_crate = files.iter().filter_map(|file| {
        let path = file.strip_prefix(folder)?.strip_prefix('/')?;
        let root =
            path.ends_with(".rs") && (is_root(path) || named.iter().any(|named| named == path));
        root.then(|| file.clone())
    });
    of_this_crate.collect()
}

/// The `path` of every target that the manifest lists.
fn target_paths(manifest: &str) -> Vec<String> {
    let table: Table = manifest.parse().expect("cargo has read this manifest");
    let kinds = ["lib", "bin", "test", "bench", "example"];
    let listed = kinds
        .iter()
        .filter_map(|kind| table.get(*kind))
        .flat_map(|value| match value {
            Value::Array(targets) => targets.clone(),
            one => vec![one.clone()],
        });
    listed
        .filter_map(|target| Some(target.get("path")?.as_str()?.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_file_without_a_target_is_found() {
        let manifest = "[[test]]\nname = \"a\"\npath = \"a.rs\"\n[lib]\npath = \"l.rs\"\n";
        let files = [
            "t/a.rs",
            "t/b.rs",
            "t/c.rs",
            "t/l.rs",
            "t/src/lib.rs",
            "t/src/bin/x/main.rs",
            "t/src/y.rs",
        ]
        .map(str::to_owned);
        let read = |path: &str| (path == "t/a.rs").then(|| "mod c;\n".to_owned());
        let found = files_without_target("t", manifest, &files, read);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].path, "t/b.rs");
        let roots = crate_roots("t", manifest, &files);
        assert_eq!(
            roots,
            ["t/a.rs", "t/l.rs", "t/src/lib.rs", "t/src/bin/x/main.rs"]
        );
    }
}
