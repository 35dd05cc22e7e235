//! The rules of the house that no lint knows. Each test reads the whole project and names, with file and
//! line, what breaks its rule; the rules themselves and what they find in bad examples are in `house_rules/`.

#![forbid(unsafe_code)]

mod house_rules {
    pub(crate) mod atomics;
    pub(crate) mod finding;
    pub(crate) mod host;
    pub(crate) mod invariants;
    pub(crate) mod layout;
    pub(crate) mod manifests;
    pub(crate) mod scanner;
    pub(crate) mod source;
    pub(crate) mod targets;
    pub(crate) mod tree;
    pub(crate) mod unsafety;
    pub(crate) mod wording;
}

use house_rules::finding::Finding;
use house_rules::invariants::Tests;
use house_rules::manifests::CRATES;
use house_rules::source::Source;
use house_rules::tree::Tree;
use house_rules::{atomics, host, invariants, layout, manifests, targets, unsafety, wording};

/// The only files that may say `unsafe`.
const UNSAFE_FILES: &[&str] = &[
    ".ci/freestanding/src/host.rs",
    ".ci/freestanding/src/memory.rs",
    "core/src/algorithm/moves.rs",
    "core/src/algorithm/selecting.rs",
    "core/src/algorithm/sorting.rs",
    "core/src/async_task.rs",
    "core/src/directory.rs",
    "core/src/flow.rs",
    "core/src/flow/coarsening.rs",
    "core/src/flow/nesting.rs",
    "core/src/flow/attending.rs",
    "core/src/flow/contention.rs",
    "core/src/flow/owner.rs",
    "core/src/flow/rounds.rs",
    "core/src/flow/stopping.rs",
    "core/src/flow/submitting.rs",
    "core/src/flow/view.rs",
    "core/src/flow/urgency.rs",
    "core/src/flow/watching.rs",
    "core/src/fork.rs",
    "core/src/fork/job.rs",
    "core/src/fork/second.rs",
    "core/src/fork/strand.rs",
    "core/src/graph.rs",
    "core/src/graph/arena.rs",
    "core/src/graph/blocks.rs",
    "core/src/graph/node.rs",
    "core/src/graph/outputs.rs",
    "core/src/graph/work.rs",
    "core/src/group.rs",
    "core/src/group/children.rs",
    "core/src/job.rs",
    "core/src/job/claimed.rs",
    "core/src/job/head.rs",
    "core/src/nursery.rs",
    "core/src/output/calls.rs",
    "core/src/output/inputs.rs",
    "core/src/output/slot.rs",
    "core/src/pipeline/line.rs",
    "core/src/pipeline/stage.rs",
    "core/src/platform.rs",
    "core/src/runtime.rs",
    "core/src/scheduler/batch.rs",
    "core/src/scope/spawn.rs",
    "core/src/sync/shared_without_cas.rs",
    "core/src/taskflow.rs",
    "core/src/taskflow/kinds.rs",
    "core/src/worker.rs",
    "core/src/worker/alone.rs",
    "core/src/worker/asking.rs",
    "core/src/worker/blocks.rs",
    "core/src/worker/counting.rs",
    "core/src/worker/enclosing.rs",
    "core/src/worker/failing.rs",
    "core/src/worker/finding.rs",
    "core/src/worker/general.rs",
    "core/src/worker/helping.rs",
    "core/src/worker/jobs.rs",
    "core/src/worker/lending.rs",
    "core/src/worker/lines.rs",
    "core/src/worker/running.rs",
    "core/src/worker/scheduled.rs",
    "core/src/worker/semaphores.rs",
    "core/src/worker/span.rs",
    "core/src/worker/succession.rs",
    "core/src/worker/telling.rs",
    "core/src/worker/watching.rs",
    "tests/bare-metal/src/cores.rs",
    "tests/bare-metal/src/heap.rs",
    "tests/bare-metal/src/host.rs",
    "tests/bare-metal/src/host/aarch64.rs",
    "tests/bare-metal/src/host/cortex_m.rs",
    "tests/bare-metal/src/host/riscv64.rs",
    "tests/bare-metal/src/host/semihosting.rs",
    "tests/bare-metal/src/host/wasm32.rs",
];

/// Crates whose every root forbids unsafe code.
const WITHOUT_UNSAFE: [&str; 5] = ["std-adapter", "tooling", "tests", "loom-tests", "benches"];

/// Fails with one line for each finding.
#[track_caller]
fn none(findings: impl IntoIterator<Item = Finding>) {
    let findings: Vec<String> = findings
        .into_iter()
        .map(|finding| finding.to_string())
        .collect();
    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
}

/// Judges every Rust file.
fn in_sources<F: IntoIterator<Item = Finding>>(rule: impl Fn(&Source) -> F) {
    let sources = Tree::of_this_project().sources();
    assert!(!sources.is_empty(), "the project has Rust files");
    none(sources.iter().flat_map(rule));
}

/// Judges every Rust file below the `src` of a crate.
fn in_crate_sources(rule: impl Fn(&Source) -> Vec<Finding>) {
    in_sources(|source| {
        let is_crate_source = CRATES
            .iter()
            .any(|(folder, ..)| source.lies_in(&format!("{folder}/src/")));
        if is_crate_source {
            rule(source)
        } else {
            Vec::new()
        }
    });
}

/// Crates of workspaces of their own, which nothing of ours depends on.
const APART: [&str; 2] = ["tests/bare-metal", "tests/fuzz"];

/// Judges every crate of the workspace, given its folder and its manifest.
fn in_crates<F: IntoIterator<Item = Finding>>(rule: impl Fn(&Tree, &str, &str) -> F) {
    let tree = Tree::of_this_project();
    let manifests = tree.files().iter().filter_map(|file| {
        let folder = file.strip_suffix("/Cargo.toml")?;
        (!folder.starts_with('.') && !APART.contains(&folder))
            .then(|| (folder, tree.read(file).expect("the manifest is there")))
    });
    none(manifests.flat_map(|(folder, manifest)| rule(&tree, folder, &manifest)));
}

#[test]
fn every_ordering_has_its_reason_within_eight_lines() {
    in_crate_sources(atomics::orderings_without_reason);
}

#[test]
fn every_ordering_is_written_in_full() {
    in_crate_sources(atomics::orderings_not_in_full);
}

#[test]
fn atomics_cells_locks_and_queues_come_into_core_through_one_door() {
    in_sources(atomics::names_behind_the_door);
}

#[test]
fn unsafe_stands_in_listed_files_only() {
    in_sources(|source| unsafety::unsafe_outside_of(UNSAFE_FILES, source));
}

#[test]
fn every_listed_file_needs_its_unsafe() {
    none(unsafety::listed_without_need(
        UNSAFE_FILES,
        &Tree::of_this_project().sources(),
    ));
}

#[test]
fn every_unsafe_block_and_impl_has_its_reason() {
    in_sources(unsafety::unsafe_without_reason);
}

#[test]
fn every_root_outside_of_core_forbids_unsafe_code() {
    in_crates(|tree, folder, manifest| {
        let roots = targets::crate_roots(folder, manifest, tree.files());
        let forbidding = roots
            .into_iter()
            .filter(|_| WITHOUT_UNSAFE.contains(&folder));
        forbidding
            .filter_map(|root| {
                unsafety::root_without_forbid(&Source::new(&root, &tree.read(&root)?))
            })
            .collect::<Vec<_>>()
    });
}

#[test]
fn core_names_no_host() {
    in_sources(host::hosts_named);
}

#[test]
fn core_is_no_std() {
    in_sources(|source| {
        let is_root = source.path() == "core/src/lib.rs";
        is_root.then(|| host::root_with_std(source)).flatten()
    });
}

#[test]
fn dependencies_point_towards_core() {
    let root = Tree::of_this_project()
        .read("Cargo.toml")
        .expect("the root has a manifest");
    in_crates(|_, folder, manifest| manifests::wrong_dependencies(folder, manifest, &root));
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    in_crates(|_, folder, manifest| manifests::lints_of_its_own(folder, manifest));
}

#[test]
fn the_root_manifest_is_a_workspace_and_nothing_else() {
    let root = Tree::of_this_project()
        .read("Cargo.toml")
        .expect("the root has a manifest");
    none(manifests::more_than_a_workspace(&root));
}

#[test]
fn every_file_in_a_crate_folder_is_compiled() {
    in_crates(|tree, folder, manifest| {
        targets::files_without_target(folder, manifest, tree.files(), |path| tree.read(path))
    });
}

#[test]
fn the_top_level_holds_only_what_is_listed() {
    none(layout::strangers_at_the_top(
        Tree::of_this_project().files(),
    ));
}

#[test]
fn no_rust_file_is_longer_than_five_hundred_lines() {
    in_sources(layout::too_long);
}

#[test]
fn every_name_says_what_is_inside() {
    in_sources(layout::empty_names);
}

#[test]
fn a_lib_rs_holds_no_code_and_no_globs() {
    in_sources(layout::code_on_the_front_page);
}

#[test]
fn the_readme_is_at_most_one_hundred_and_fifty_lines() {
    let readme = Tree::of_this_project()
        .read("README.md")
        .expect("the project has a README.md");
    none(layout::readme_too_long(&readme));
}

#[test]
fn every_crate_has_its_page() {
    in_crates(|tree, folder, _| layout::missing_page(folder, tree.files()));
}

#[test]
fn every_architecture_invariant_names_an_existing_test() {
    let tree = Tree::of_this_project();
    let tests = Tests::of(&tree.sources());
    let pages = tree
        .files()
        .iter()
        .filter(|file| file.ends_with("/ARCHITECTURE.md"));
    none(pages.flat_map(|path| {
        invariants::invariants_without_test(
            path,
            &tree.read(path).expect("the page is there"),
            &tests,
        )
    }));
}

#[test]
fn core_states_its_architecture_invariants() {
    let page = Tree::of_this_project()
        .read("core/ARCHITECTURE.md")
        .expect("core has its page");
    assert!(
        !invariants::invariants(&page).is_empty(),
        "core/ARCHITECTURE.md states no invariant"
    );
}

#[test]
fn no_file_names_a_path_of_one_machine() {
    let tree = Tree::of_this_project();
    let texts = tree
        .files()
        .iter()
        .filter_map(|path| Some((path, tree.read(path)?)));
    none(texts.flat_map(|(path, text)| wording::machine_paths(path, &text)));
}

#[test]
fn no_note_for_later_lands() {
    in_sources(wording::notes_for_later);
}

#[test]
fn no_lint_is_silenced_without_a_reason() {
    in_sources(wording::bare_allows);
}

#[test]
fn no_test_is_skipped_without_a_reason() {
    in_sources(wording::bare_ignores);
}

#[test]
fn core_makes_no_pointer_of_a_number() {
    in_sources(wording::forged_pointers);
}
