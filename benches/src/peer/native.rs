//! Programs in C++ that answer as peers do, compiled when they are asked for the first time.
//!
//! Each pool of theirs is a process of its own. It times itself, and tells the time over a pipe.

use core::cell::RefCell;
use core::time::Duration;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::{env, fs, io, process, thread};

use super::{Algorithm, Graph, Peer, Recursion, Spawning};
use crate::contest::Contender;

const HEADER: &str = include_str!("../../cpp/bench.hpp");

/// One program: what it is called, its text, what the compiler is told, and the questions that it has an answer for.
pub(super) struct Program {
    name: &'static str,
    text: &'static str,
    options: &'static [&'static str],
    answers: &'static [&'static str],
    /// Tasks that may wait for one and the same.
    successors: usize,
    /// How long its threads look for work after the end.
    settle: Duration,
    built: OnceLock<Result<PathBuf, String>>,
}

pub(super) static PROGRAMS: [Program; 2] = [
    Program {
        name: "oneTBB",
        text: include_str!("../../cpp/tbb.cpp"),
        options: &["-ltbb"],
        answers: &[
            "rerun",
            "life",
            "spawn",
            "join",
            "call",
            "stream",
            "tick",
            "algorithm",
            "graph_bytes",
            "spawned_bytes",
        ],
        successors: usize::MAX,
        settle: Duration::from_millis(1),
        built: OnceLock::new(),
    },
    Program {
        name: "libgomp",
        text: include_str!("../../cpp/gomp.cpp"),
        options: &["-fopenmp"],
        answers: &["rerun", "spawn", "join", "call", "tick"],
        // It looks at all of them for each.
        successors: 1 << 10,
        settle: Duration::from_millis(8),
        built: OnceLock::new(),
    },
];

/// What was left out, and why.
#[must_use]
pub fn missing() -> Vec<String> {
    let missing = PROGRAMS.iter().filter_map(|program| {
        let why = program.path().as_ref().err()?;
        Some(format!("{} is left out: {why}", program.name))
    });
    missing.collect()
}

impl Program {
    fn path(&'static self) -> &'static Result<PathBuf, String> {
        self.built
            .get_or_init(|| self.build().map_err(|error| error.to_string()))
    }

    /// Beside the program that runs, which is where cargo puts what it builds.
    fn build(&self) -> io::Result<PathBuf> {
        let mut hasher = DefaultHasher::new();
        (HEADER, self.text, self.options).hash(&mut hasher);
        let program =
            env::current_exe()?.with_file_name(format!("{}-{:x}", self.name, hasher.finish()));
        if program.exists() {
            return Ok(program);
        }
        let folder = env::temp_dir().join(format!("taskflow-benches-{}", process::id()));
        fs::create_dir_all(&folder)?;
        let source = folder.join(format!("{}.cpp", self.name));
        fs::write(folder.join("bench.hpp"), HEADER)?;
        fs::write(&source, self.text)?;
        let compiler = env::var("CXX").unwrap_or_else(|_| "c++".to_owned());
        eprintln!("compiling the program for {} ...", self.name);
        let said = Command::new(&compiler)
            .args(["-std=c++17", "-O3", "-DNDEBUG", "-o"])
            .arg(&program)
            .arg(&source)
            .args(self.options)
            .output();
        fs::remove_dir_all(&folder)?;
        let said =
            said.map_err(|error| io::Error::other(format!("no C++ compiler {compiler}: {error}")))?;
        if said.status.success() {
            return Ok(program);
        }
        let text = String::from_utf8_lossy(&said.stderr);
        let error = text
            .lines()
            .find(|line| line.contains("error"))
            .unwrap_or("")
            .trim();
        Err(io::Error::other(format!("{compiler} said: {error}")))
    }
}

/// One of the programs, with so many workers.
pub(super) struct Native {
    program: &'static Program,
    path: &'static PathBuf,
    workers: usize,
}

/// A process that waits to be asked.
struct Asked {
    child: Child,
    ask: Option<ChildStdin>,
    told: BufReader<ChildStdout>,
    shape: Option<PathBuf>,
}

impl Native {
    /// `None` if it could not be built.
    pub(super) fn new(program: &'static Program, workers: usize) -> Option<Self> {
        let path = program.path().as_ref().ok()?;
        Some(Self {
            program,
            path,
            workers,
        })
    }

    fn start(&self, question: &str, rest: &[&str], shape: Option<PathBuf>) -> Option<Asked> {
        if !self.program.answers.contains(&question) {
            return None;
        }
        let mut command = Command::new(self.path);
        command
            .arg(question)
            .arg(self.workers.to_string())
            .args(&shape)
            .args(rest);
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = child.expect("a program that was just built can be started");
        let ask = child.stdin.take();
        let told = BufReader::new(child.stdout.take().expect("it has a pipe"));
        Some(Asked {
            child,
            ask,
            told,
            shape,
        })
    }

    fn does(
        &self,
        question: &str,
        rest: &[&str],
        shape: Option<PathBuf>,
    ) -> Option<Contender<'static>> {
        let asked = RefCell::new(self.start(question, rest, shape)?);
        let process = asked.borrow().child.id();
        let run = move |times| asked.borrow_mut().ask(crate::tally::grain(), times);
        let contender = Contender::repeated(self.program.name, self.workers, run);
        Some(contender.of_process(process, self.program.settle))
    }

    fn bytes(&self, question: &str, rest: &[&str], shape: Option<PathBuf>) -> Option<i64> {
        self.start(question, rest, shape)?.told().parse().ok()
    }
}

impl Asked {
    fn ask(&mut self, grain: u32, times: u32) -> Duration {
        let pipe = self.ask.as_mut().expect("it is open until the end");
        writeln!(pipe, "{grain} {times}").expect("the program reads");
        Duration::from_nanos(self.told().parse().expect("the program tells a time"))
    }

    fn told(&mut self) -> String {
        let mut line = String::new();
        self.told.read_line(&mut line).expect("the program answers");
        line.trim().to_owned()
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        drop(self.ask.take());
        let status = self.child.wait();
        if let Some(path) = &self.shape {
            // It lies among other files that nobody needs.
            let _ = fs::remove_file(path);
        }
        let went_well = status.is_ok_and(|status| status.success());
        assert!(went_well || thread::panicking(), "a program in C++ failed");
    }
}

/// Writes the graph to a file.
fn written(graph: Graph<'_>) -> PathBuf {
    static NEXT: core::sync::atomic::AtomicU32 = core::sync::atomic::AtomicU32::new(0);
    // Ordering: Relaxed: only different names are needed.
    let number = NEXT.fetch_add(1, core::sync::atomic::Ordering::Relaxed);
    let path = env::temp_dir().join(format!("taskflow-benches-{}-{number}", process::id()));
    let mut bytes = graph.shape.tasks().to_ne_bytes().to_vec();
    for (from, to) in graph.shape.edges() {
        bytes.extend(from.to_ne_bytes());
        bytes.extend(to.to_ne_bytes());
    }
    fs::write(&path, bytes).expect("a temporary file can be written");
    path
}

impl Peer for Native {
    fn rerun<'a>(&self, graph: Graph<'a>) -> Option<Contender<'a>> {
        let fits = graph.shape.successors() <= self.program.successors;
        fits.then(|| self.does("rerun", &[], Some(written(graph))))?
    }

    fn life<'a>(&self, graph: Graph<'a>) -> Option<Contender<'a>> {
        self.does("life", &[], Some(written(graph)))
    }

    fn spawn(&self, how: Spawning, tasks: u32) -> Option<Contender<'static>> {
        self.does("spawn", &[how.name(), &tasks.to_string()], None)
    }

    fn join(&self, recursion: Recursion) -> Option<Contender<'static>> {
        match recursion {
            Recursion::Fibonacci(number) => self.does("join", &[&number.to_string()], None),
            Recursion::Skynet(_) => None,
        }
    }

    fn call(&self) -> Option<Contender<'static>> {
        self.does("call", &[], None)
    }

    fn stream(&self, tokens: u64) -> Option<Contender<'static>> {
        self.does("stream", &[&tokens.to_string()], None)
    }

    fn tick(&self, tasks: u32, steps: u32) -> Option<Contender<'static>> {
        self.does("tick", &[&tasks.to_string(), &steps.to_string()], None)
    }

    /// oneTBB has no search.
    fn algorithm(&self, which: Algorithm, len: usize) -> Option<Contender<'static>> {
        if which == Algorithm::Find {
            return None;
        }
        self.does("algorithm", &[which.name(), &len.to_string()], None)
    }

    fn graph_bytes(&self, graph: Graph<'_>) -> Option<i64> {
        self.bytes("graph_bytes", &[], Some(written(graph)))
    }

    fn spawned_bytes(&self, tasks: u32) -> Option<i64> {
        self.bytes(
            "spawned_bytes",
            &[Spawning::Flat.name(), &tasks.to_string()],
            None,
        )
    }
}
