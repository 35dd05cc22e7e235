//! One child process from its start to its end, within its time and unless cancelled.
//!
//! The child leads a process group of its own. Two threads report on it: one reads the pipe that is
//! both its standard output and its standard error, one waits for it to end *without reaping it*.
//! The calling thread alone signals and reaps, so a signal can never reach a process group that was
//! given the same number later: as long as the leader is not reaped, its number is taken.
//!
//! ```text
//!            deadline or cancel          GRACE is over
//!   running -------------------> asked ---------------> killed
//!      |                           |                      |
//!      +---------------------------+----------------------+--> leader ended: kill what is left of
//!                                                              the group, reap, drain the pipe
//! ```

use alloc::sync::Arc;
use core::time::Duration;
use std::io::{self, PipeReader};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use crate::workflow::CommandLine;

use super::cancellation::Cancellation;
use super::tail::{Tail, read_into};

/// How long a group may go on after it was asked to end, before it is killed.
const GRACE: Duration = Duration::from_millis(500);

/// How long the pipe may stay open after the whole group is gone: only a process that left the
/// group can still hold it, and nobody waits for that one.
const DRAIN_LIMIT: Duration = Duration::from_secs(1);

/// How a child ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Succeeded,
    Failed(String),
    Cancelled,
}

/// What the helping threads report.
#[derive(Debug, PartialEq, Eq)]
enum Event {
    /// The leader has ended and waits to be reaped.
    Ended,
    /// Nobody holds the pipe any more.
    Closed,
    /// The run is to stop.
    Cancelled,
}

/// Why a group was asked to end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cause {
    Timeout,
    Cancel,
}

/// Runs a command once and waits for its end; gives the end of its output too.
///
/// Blocks for as long as the child runs. Whatever the child leaves behind in its process group is
/// killed with its end.
pub(super) fn run(command: &CommandLine, cancellation: &Cancellation) -> (Ending, Tail) {
    let tail = Arc::new(Mutex::new(Tail::default()));
    let ending = supervise(command, cancellation, &tail);
    // A reader that was left behind keeps its own reference and an empty tail.
    let output = core::mem::take(&mut *tail.lock().unwrap_or_else(PoisonError::into_inner));
    (ending.unwrap_or_else(Ending::Failed), output)
}

fn supervise(
    command: &CommandLine,
    cancellation: &Cancellation,
    tail: &Arc<Mutex<Tail>>,
) -> Result<Ending, String> {
    let (sender, events) = mpsc::channel();
    let cancelled = sender.clone();
    let _subscription = cancellation.subscribe(Box::new(move || {
        // Nobody listens once the child is reaped, and then nobody needs to.
        let _ = cancelled.send(Event::Cancelled);
    }));
    let (child, group, output) = start(command)?;
    let mut group = Group { child, group };
    let watched = watch(group.group, output, &sender, tail);
    if let Err(error) = watched {
        // The fault to tell is the one before this.
        let _ = group.end();
        return Err(format!("cannot be watched: {error}"));
    }
    let (cause, closed) = group.until_leader_ends(&events, command.timeout);
    let status = group.end();
    if !closed {
        drain(&events);
    }
    Ok(match (cause, status) {
        (Some(Cause::Cancel), _) => Ending::Cancelled,
        (Some(Cause::Timeout), _) => {
            let timeout = command.timeout.unwrap_or_default();
            Ending::Failed(format!(
                "timed out after {}",
                humantime::format_duration(timeout)
            ))
        }
        (None, Ok(status)) => judge(status),
        (None, Err(error)) => Ending::Failed(format!("its end was lost: {error}")),
    })
}

/// Starts the command as the leader of a new group, its output in a pipe.
fn start(command: &CommandLine) -> Result<(Child, Pid, PipeReader), String> {
    let failed = |error: io::Error| {
        let program = &command.program;
        match &command.folder {
            Some(folder) if !folder.is_dir() => {
                format!("cannot start in {}: no such folder", folder.display())
            }
            _ => format!("cannot start {program:?}: {error}"),
        }
    };
    let (reader, writer) = io::pipe().map_err(failed)?;
    let mut process = Command::new(&command.program);
    process
        .args(&command.arguments)
        .envs(command.environment.iter().map(|(key, value)| (key, value)))
        .stdin(Stdio::null())
        .stdout(writer.try_clone().map_err(failed)?)
        .stderr(writer)
        .process_group(0);
    if let Some(folder) = &command.folder {
        process.current_dir(folder);
    }
    let child = process.spawn().map_err(failed)?;
    let group = Pid::from_child(&child);
    // `process` holds the writing ends and goes with this scope, or the pipe would never close.
    Ok((child, group, reader))
}

/// Starts the two threads that report on a child.
fn watch(
    leader: Pid,
    output: PipeReader,
    sender: &Sender<Event>,
    tail: &Arc<Mutex<Tail>>,
) -> io::Result<()> {
    let ended = sender.clone();
    spawn("taskflow-wait", move || {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while matches!(waitid(WaitId::Pid(leader), options), Err(Errno::INTR)) {}
        let _ = ended.send(Event::Ended);
    })?;
    let (closed, tail) = (sender.clone(), Arc::clone(tail));
    spawn("taskflow-read", move || {
        read_into(output, &tail);
        let _ = closed.send(Event::Closed);
    })
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new()
        .name(name.into())
        .spawn(body)
        .map(drop)
}

/// A child and the group that it leads; not reaped while this exists.
struct Group {
    child: Child,
    group: Pid,
}

impl Group {
    /// Waits for the leader, asking and then killing the group when its time is up. Gives the
    /// cause if it had to, and whether the pipe is closed.
    fn until_leader_ends(
        &self,
        events: &Receiver<Event>,
        timeout: Option<Duration>,
    ) -> (Option<Cause>, bool) {
        let mut deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let mut cause = None;
        let mut killed = false;
        let mut closed = false;
        loop {
            let event = match deadline {
                None => events.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(deadline) => {
                    events.recv_timeout(deadline.saturating_duration_since(Instant::now()))
                }
            };
            let reason = match event {
                Ok(Event::Ended) | Err(RecvTimeoutError::Disconnected) => return (cause, closed),
                Ok(Event::Closed) => {
                    closed = true;
                    continue;
                }
                Ok(Event::Cancelled) => Cause::Cancel,
                Err(RecvTimeoutError::Timeout) => Cause::Timeout,
            };
            if cause.is_none() {
                self.signal(Signal::TERM);
                cause = Some(reason);
                deadline = Instant::now().checked_add(GRACE);
            } else if reason == Cause::Timeout && !killed {
                self.signal(Signal::KILL);
                killed = true;
                deadline = None;
            }
        }
    }

    /// Kills what is left of the group and reaps the leader.
    fn end(&mut self) -> io::Result<ExitStatus> {
        self.signal(Signal::KILL);
        self.child.wait()
    }

    /// A group that is gone already has nothing to be told.
    fn signal(&self, signal: Signal) {
        let _ = kill_process_group(self.group, signal);
    }
}

/// Waits for the end of the output, for a limited time.
fn drain(events: &Receiver<Event>) {
    let deadline = Instant::now() + DRAIN_LIMIT;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match events.recv_timeout(left) {
            Ok(Event::Closed) | Err(_) => return,
            Ok(Event::Ended | Event::Cancelled) => {}
        }
    }
}

fn judge(status: ExitStatus) -> Ending {
    match (status.code(), status.signal()) {
        (Some(0), _) => Ending::Succeeded,
        (Some(code), _) => Ending::Failed(format!("exited with status {code}")),
        (None, Some(signal)) => Ending::Failed(format!("was ended by signal {signal}")),
        (None, None) => Ending::Failed(format!("ended oddly: {status}")),
    }
}

#[cfg(test)]
mod tests;
