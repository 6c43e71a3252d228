//! Memory, open files and age of this process, as the kernel shows them.

use metrics::gauge;
use rustix::process::{Resource, getrlimit};
use std::time::{SystemTime, UNIX_EPOCH};

/// When this process began to look at itself, seconds since 1970.
static BEGAN: std::sync::OnceLock<f64> = std::sync::OnceLock::new();

/// Fetches the figures. What the kernel does not show stays as it was.
pub(super) fn measure() {
    let began = BEGAN.get_or_init(|| {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |passed| passed.as_secs_f64())
    });
    gauge!("process_start_time_seconds").set(*began);
    if let Some(bytes) = resident() {
        gauge!("process_resident_memory_bytes").set(bytes as f64);
    }
    if let Ok(open) = std::fs::read_dir("/proc/self/fd") {
        gauge!("process_open_fds").set(open.count() as f64);
    }
    if let Some(most) = getrlimit(Resource::Nofile).current {
        gauge!("process_max_fds").set(most as f64);
    }
}

/// Bytes in memory: the line `VmRSS:  1234 kB`.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib << 10)
}
