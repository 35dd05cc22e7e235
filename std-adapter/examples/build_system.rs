//! A build system: targets are tasks that are spawned one by one, each after those that it needs, without a
//! graph being stated first. What needs a broken target is not built; the summary is made whatever happens;
//! and the next build makes only what has changed.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use taskflow_std::{Done, Executor, JoinError, JoinHandle};

/// Each target with what it needs, which stands before it.
const TARGETS: [(&str, &[&str]); 8] = [
    ("lexer", &[]),
    ("arena", &[]),
    ("parser", &["lexer", "arena"]),
    ("types", &["parser"]),
    ("printer", &["parser"]),
    ("checker", &["types", "arena"]),
    ("compiler", &["checker", "printer"]),
    ("docs", &["lexer"]),
];

type Sources = BTreeMap<&'static str, String>;

/// A compiled target: what it was made from, and the result.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Artifact {
    inputs: u64,
    code: u64,
}

/// What is built, kept from one build to the next.
#[derive(Default)]
struct Shelf(Mutex<BTreeMap<&'static str, Artifact>>);

impl Shelf {
    fn open(&self) -> MutexGuard<'_, BTreeMap<&'static str, Artifact>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, target: &str) -> Option<Artifact> {
        self.open().get(target).copied()
    }
}

/// FNV-1a: Fowler, Noll, Vo.
fn hash(bytes: impl IntoIterator<Item = u8>) -> u64 {
    let mix = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.into_iter().fold(0xcbf2_9ce4_8422_2325, mix)
}

/// Stands for a compiler that takes a while.
fn compile(inputs: u64) -> u64 {
    (0..100_000u32).fold(inputs, |code, round| {
        hash((code ^ u64::from(round)).to_le_bytes())
    })
}

fn inputs(source: &str, needs: impl Iterator<Item = u64>) -> u64 {
    hash(source.bytes().chain(needs.flat_map(u64::to_le_bytes)))
}

/// Builds one target, unless it is built. Says whether it did anything.
fn build(target: &'static str, needs: &[&str], source: &str, shelf: &Shelf) -> bool {
    if source.contains("syntax error") {
        // Ends the task as a panic does, but is no bug that the panic hook should report.
        resume_unwind(Box::new(format!("{target} has a syntax error")));
    }
    let needs = needs
        .iter()
        .map(|need| shelf.get(need).expect("it is built before").code);
    let inputs = inputs(source, needs);
    let fresh = shelf.get(target).is_none_or(|old| old.inputs != inputs);
    if fresh {
        let code = compile(inputs);
        shelf.open().insert(target, Artifact { inputs, code });
    }
    fresh
}

/// Builds all targets: which were made, and why others could not be.
fn build_all(
    executor: &Executor,
    sources: &Sources,
    shelf: &Arc<Shelf>,
) -> (Vec<&'static str>, Vec<String>) {
    let mut handles: BTreeMap<&str, JoinHandle<bool>> = BTreeMap::new();
    for (target, needs) in TARGETS {
        let after: Vec<Done> = needs.iter().map(|need| handles[need].done()).collect();
        let (source, shelf) = (sources[target].clone(), Arc::clone(shelf));
        let task = executor.spawn_after(after, move || build(target, needs, &source, &shelf));
        handles.insert(target, task);
    }
    let all: Vec<Done> = handles.values().map(JoinHandle::done).collect();
    let count = all.len();
    let summary =
        executor.spawn_after_any_outcome(all, move || format!("{count} targets looked at"));
    println!("{}", summary.wait().expect("it runs whatever happens"));

    let (mut made, mut failed) = (Vec::new(), Vec::new());
    for (target, _) in TARGETS {
        match handles.remove(target).expect("it was spawned above").wait() {
            Ok(true) => made.push(target),
            Ok(false) => {}
            Err(JoinError::Dependency { cause, .. }) => {
                failed.push(format!("{target}: not built, since what it needs {cause}"));
            }
            Err(error) => failed.push(format!("{target}: {error}")),
        }
    }
    (made, failed)
}

fn main() {
    let executor = Executor::new(0);
    let shelf = Arc::default();
    let source = |target: &str| format!("the source of {target}");
    let mut sources: Sources = TARGETS.map(|(target, _)| (target, source(target))).into();

    sources.insert("types", "syntax error".into());
    let (made, failed) = build_all(&executor, &sources, &shelf);
    println!("made {made:?}; failed:\n  {}", failed.join("\n  "));
    assert_eq!(made, ["lexer", "arena", "parser", "printer", "docs"]);
    assert_eq!(failed.len(), 3);
    assert!(failed[0].ends_with("types has a syntax error"));

    sources.insert("types", source("types"));
    let (made, failed) = build_all(&executor, &sources, &shelf);
    println!("mended, made {made:?}");
    assert_eq!(
        (made, failed),
        (vec!["types", "checker", "compiler"], vec![])
    );

    // The same, one after another.
    let mut codes = BTreeMap::new();
    for (target, needs) in TARGETS {
        let code = compile(inputs(
            &sources[target],
            needs.iter().map(|need| codes[need]),
        ));
        codes.insert(target, code);
        assert_eq!(shelf.get(target).map(|artifact| artifact.code), Some(code));
    }
    assert_eq!(build_all(&executor, &sources, &shelf), (vec![], vec![]));
}
