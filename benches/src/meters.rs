//! The two meters: CPU time and memory of this process.

use crate::Fallible;
use rustix::time::{ClockId, clock_gettime};

/// Nanoseconds of CPU time that this process has spent.
pub(crate) fn cpu_ns() -> u64 {
    nanoseconds(ClockId::ProcessCPUTime)
}

/// Nanoseconds of CPU time that this thread has spent.
pub(crate) fn thread_ns() -> u64 {
    nanoseconds(ClockId::ThreadCPUTime)
}

fn nanoseconds(clock: ClockId) -> u64 {
    let now = clock_gettime(clock);
    let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
    let nanos = u64::try_from(now.tv_nsec).unwrap_or(0);
    seconds.saturating_mul(1_000_000_000).saturating_add(nanos)
}

/// What reading the clock twice costs: to be taken off where single ops are timed.
pub(crate) fn clock_overhead_ns() -> u64 {
    let mut samples: Vec<u64> = (0..1_001)
        .map(|_| {
            let start = cpu_ns();
            cpu_ns().saturating_sub(start)
        })
        .collect();
    samples.sort_unstable();
    samples[samples.len() / 2]
}

/// Resident memory of this process.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Resident {
    /// Now, in bytes.
    pub(crate) now: u64,
    /// The most there ever was, in bytes.
    pub(crate) peak: u64,
}

/// Reads `/proc/self/status`.
pub(crate) fn resident() -> Fallible<Resident> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let field = |name: &str| -> Fallible<u64> {
        let line = status.lines().find(|line| line.starts_with(name)).ok_or("no such line in /proc/self/status")?;
        let kibibytes: u64 = line.split_whitespace().nth(1).ok_or("no number in /proc/self/status")?.parse()?;
        Ok(kibibytes * 1024)
    };
    Ok(Resident { now: field("VmRSS:")?, peak: field("VmHWM:")? })
}
