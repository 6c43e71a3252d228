//! What the system says about time, memory and processor use; chance that repeats.

use anyhow::{Context, Result};
use std::path::Path;
use std::time::{Duration, Instant};

/// How long something took.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let began = Instant::now();
    let done = work();
    (began.elapsed(), done)
}

/// Nanoseconds a call, once for each run.
pub(crate) fn nanos_each(runs: usize, calls: u32, mut run: impl FnMut()) -> Vec<f64> {
    let once = |_| timed(&mut run).0.as_secs_f64() * 1e9 / f64::from(calls);
    (0..runs).map(once).collect()
}

/// Seconds that this process was on a processor, to the nanosecond: what the system counts of others moves by whole
/// ticks of its clock.
pub(crate) fn cpu() -> f64 {
    let spent = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    spent.tv_sec as f64 + spent.tv_nsec as f64 / 1e9
}

/// A process as the system counts it: `self`, or its number.
pub(crate) struct Process(String);

impl Process {
    pub(crate) fn own() -> Self {
        Self("self".to_owned())
    }
    pub(crate) fn of(id: u32) -> Self {
        Self(id.to_string())
    }

    /// Seconds that its threads, those that still run, were on a processor.
    pub(crate) fn cpu(&self) -> Result<f64> {
        self.cpu_but("")
    }

    /// The same without the threads of one name.
    pub(crate) fn cpu_but(&self, name: &str) -> Result<f64> {
        let folder = format!("/proc/{}/task", self.0);
        let mut nanos = 0u64;
        for task in std::fs::read_dir(&folder).with_context(|| folder.clone())? {
            // A thread that ends between listing and reading counts for nothing.
            let path = task?.path();
            let called = std::fs::read_to_string(path.join("comm")).unwrap_or_default();
            if called.trim_end() == name {
                continue;
            }
            let text = std::fs::read_to_string(path.join("schedstat")).unwrap_or_default();
            let first = text.split(' ').next().unwrap_or_default();
            nanos += first.parse::<u64>().unwrap_or(0);
        }
        Ok(nanos as f64 / 1e9)
    }

    /// Bytes of memory in use (RSS).
    pub(crate) fn rss(&self) -> Result<f64> {
        let path = format!("/proc/{}/status", self.0);
        let text = std::fs::read_to_string(&path).with_context(|| path.clone())?;
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().next());
        let kib: f64 = kib.context("no VmRSS")?.parse()?;
        Ok(kib * 1024.0)
    }
}

/// Bytes of a file; zero where there is none.
pub(crate) fn size(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |data| data.len())
}

/// Chance from a seed (xorshift, Marsaglia 2003).
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(2) | 1)
    }
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % n.max(1)
    }
}
