//! What the operating system gave to a process: the time its threads ran, and the time for which they could have
//! run and had to wait for a processor.

use core::time::Duration;
use std::fs;

/// Sums over the threads of a process, since they began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Share {
    /// Ran.
    pub(crate) busy: Duration,
    /// Could have run, and another thread had the processor.
    pub(crate) waited: Duration,
}

impl Share {
    /// `None` where the system does not tell (Linux does, in `/proc`).
    pub(crate) fn of(process: u32) -> Option<Self> {
        let mut sum = Self::default();
        for thread in fs::read_dir(format!("/proc/{process}/task")).ok()? {
            // One that has ended meanwhile is left out.
            let Ok(line) = fs::read_to_string(thread.ok()?.path().join("schedstat")) else {
                continue;
            };
            let mut numbers = line.split_whitespace().map_while(|word| word.parse().ok());
            sum.busy += Duration::from_nanos(numbers.next()?);
            sum.waited += Duration::from_nanos(numbers.next()?);
        }
        Some(sum)
    }

    /// Since `before`.
    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            busy: self.busy.saturating_sub(before.busy),
            waited: self.waited.saturating_sub(before.waited),
        }
    }
}

/// How often threads of a process went to sleep, and were woken: `None` where the system does not tell.
pub(crate) fn sleeps(process: u32) -> Option<u64> {
    let mut sum = 0;
    for thread in fs::read_dir(format!("/proc/{process}/task")).ok()? {
        let Ok(status) = fs::read_to_string(thread.ok()?.path().join("status")) else {
            continue;
        };
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?;
        sum += line.trim().parse::<u64>().ok()?;
    }
    Some(sum)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn work_is_told_as_time() {
        let me = std::process::id();
        let before = Share::of(me).expect("Linux tells");
        let begun = std::time::Instant::now();
        while Share::of(me).expect("Linux tells").since(before).busy < Duration::from_millis(2) {
            assert!(begun.elapsed() < Duration::from_secs(60));
        }
    }

    #[test]
    fn a_sleep_is_told() {
        let me = std::process::id();
        let before = sleeps(me).expect("Linux tells");
        std::thread::sleep(Duration::from_millis(1));
        assert!(sleeps(me).expect("Linux tells") > before);
    }
}
