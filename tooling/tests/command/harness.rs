//! A folder of a test's own, and the program run in it.

use core::time::Duration;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Instant;

use serde_json::Value;

/// How long a condition may take to come true before a test gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// A folder that exists for one test.
pub(crate) struct Scratch {
    pub(crate) folder: PathBuf,
}

impl Scratch {
    /// An empty folder; the name is that of the test, so that no two share one.
    pub(crate) fn new(test: &str) -> Self {
        let name = format!("{test}-{}", std::process::id());
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&folder).expect("a folder can be made in the target folder");
        Self { folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).expect("the folder is writable");
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("the file was written")
    }

    pub(crate) fn json(&self, name: &str) -> Value {
        serde_json::from_str(&self.read(name)).expect("the report is JSON")
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    /// The program, to be started in this folder.
    pub(crate) fn taskflow(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_taskflow"));
        command
            .args(arguments)
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs the program in this folder to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Outcome {
        let output = self.taskflow(arguments).output();
        output.expect("the program was built").into()
    }

    /// Starts the program in this folder.
    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        let child = self.taskflow(arguments).spawn();
        child.expect("the program was built")
    }

    /// Waits until a file has a whole line in it, and gives that line.
    pub(crate) fn wait_for_line(&self, name: &str) -> String {
        let path = self.path(name);
        let mut line = None;
        wait_until(&format!("a line in {name}"), || {
            let text = fs::read_to_string(&path).unwrap_or_default();
            line = text.split_once('\n').map(|(first, _)| first.to_owned());
            line.is_some()
        });
        line.expect("it was waited for")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What a failed test leaves behind may help to find out why.
        if !std::thread::panicking() {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// How the program ended, and what it said.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl From<Output> for Outcome {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// Looks again and again until a condition holds.
pub(crate) fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < PATIENCE, "{what} did not come about");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Whether a process is there and not merely waiting to be reaped by a parent we do not know.
pub(crate) fn is_alive(process: &str) -> bool {
    let Ok(status) = fs::read_to_string(format!("/proc/{process}/stat")) else {
        let number = process
            .parse()
            .ok()
            .and_then(rustix::process::Pid::from_raw);
        let number = number.expect("a process id is a number");
        return rustix::process::test_kill_process(number).is_ok();
    };
    let state = status.rsplit(')').next().map(str::trim_start);
    !state.is_some_and(|state| state.starts_with(['Z', 'X']))
}

/// The record of the task of this id.
pub(crate) fn record<'r>(report: &'r Value, id: &str) -> &'r Value {
    let records = report["task_records"].as_array().expect("it is an array");
    let mut found = records.iter().filter(|record| record["id"] == id);
    let record = found.next().expect("there is a record for each id");
    assert!(found.next().is_none(), "ids are unique");
    record
}

/// A task of a recipe.
pub(crate) fn task(name: &str, run: &str, more: &str) -> String {
    format!("[[task]]\nname = \"{name}\"\nrun = '''{run}'''\n{more}\n")
}
