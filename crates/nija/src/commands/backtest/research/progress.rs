//! How far a long piece of work has come, told on standard error: a bar for people, lines for files.

use std::io::{IsTerminal, Write, stderr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often a bar is drawn at most, and a line written.
const DRAWN_EVERY: Duration = Duration::from_millis(200);
const TOLD_EVERY: Duration = Duration::from_secs(10);
const WIDTH: usize = 30;

/// Work that is measured in units of its own.
pub(in super::super) struct Progress {
    what: &'static str,
    whole: u64,
    done: AtomicU64,
    /// Units that were done before it began, and do not count for its speed.
    before: u64,
    began: Instant,
    told: Mutex<Instant>,
    is_bar: bool,
}

impl Progress {
    /// `whole` units of work, of which `before` are done already.
    pub(in super::super) fn new(what: &'static str, whole: u64, before: u64) -> Self {
        let (done, began) = (AtomicU64::new(before), Instant::now());
        let is_bar = stderr().is_terminal();
        Self { what, whole, done, before, began, told: Mutex::new(began), is_bar }
    }

    /// So much more is done.
    pub(in super::super) fn add(&self, units: u64) {
        let done = self.done.fetch_add(units, Ordering::Relaxed) + units;
        let every = if self.is_bar { DRAWN_EVERY } else { TOLD_EVERY };
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.elapsed() >= every {
            *told = Instant::now();
            self.tell(done);
        }
    }

    /// Draws it once more, as it is now.
    pub(in super::super) fn finish(&self) {
        if self.is_bar {
            self.tell(self.done.load(Ordering::Relaxed));
            let _ = writeln!(stderr());
        }
    }

    fn tell(&self, done: u64) {
        let text = text(self.what, done, self.whole, self.left(done));
        // Nobody needs to hear of progress that cannot be told.
        let _ = if self.is_bar {
            write!(stderr(), "\r{text}\x1b[K")
        } else {
            writeln!(stderr(), "{text}")
        };
    }

    fn left(&self, done: u64) -> Option<Duration> {
        let made = done.saturating_sub(self.before);
        let left = self.whole.saturating_sub(done) as f64;
        (made > 0).then(|| self.began.elapsed().mul_f64(left / made as f64))
    }
}

fn text(what: &str, done: u64, whole: u64, left: Option<Duration>) -> String {
    let part = done.min(whole) as f64 / whole.max(1) as f64;
    let full = (part * WIDTH as f64) as usize;
    let left = left.map_or(String::new(), |left| format!(", {} s left", left.as_secs()));
    format!(
        "[{}{}] {:3.0} % of {what}{left}",
        "#".repeat(full),
        ".".repeat(WIDTH - full),
        part * 100.0
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_fills() {
        let half = text("10 trials", 5, 10, Some(Duration::from_secs(7)));
        assert_eq!(half, "[###############...............]  50 % of 10 trials, 7 s left");
        assert!(text("x", 20, 10, None).contains("100 %"));
        assert!(text("x", 0, 0, None).contains("  0 %"));
    }
}
