//! A run of the binary in a folder of its own, without the environment of whoever runs the tests. What it
//! prints is kept; it is killed when it is dropped.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Longest wait for something that must happen; a busy machine is slow.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);
/// A pause between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// Lines printed so far, on either stream.
#[derive(Default)]
struct Printed {
    text: Mutex<String>,
    more: Condvar,
}

/// A running child.
pub(crate) struct Nija {
    child: Child,
    printed: Arc<Printed>,
    /// They end with the streams, which end with the child.
    readers: Vec<JoinHandle<()>>,
}

fn follow(printed: &Arc<Printed>, from: impl Read + Send + 'static) -> JoinHandle<()> {
    let printed = Arc::clone(printed);
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines() {
            let Ok(line) = line else { return };
            let mut text = printed.text.lock().unwrap();
            text.push_str(&line);
            text.push('\n');
            printed.more.notify_all();
        }
    })
}

impl Nija {
    /// Starts the binary with these arguments and variables, on any free port.
    pub(crate) fn start(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_nija"))
            .args(arguments)
            .current_dir(folder)
            .env_clear()
            .env("PORT", "0")
            .env("TMPDIR", folder)
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let printed = Arc::new(Printed::default());
        let readers = vec![
            follow(&printed, child.stdout.take().unwrap()),
            follow(&printed, child.stderr.take().unwrap()),
        ];
        Self { child, printed, readers }
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Everything printed so far.
    pub(crate) fn text(&self) -> String {
        self.printed.text.lock().unwrap().clone()
    }

    /// Waits until a line holds this, and gives what follows it on that line.
    pub(crate) fn after(&self, mark: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        let mut text = self.printed.text.lock().unwrap();
        loop {
            if let Some((_, rest)) = text.split_once(mark) {
                return rest.lines().next().unwrap_or_default().to_owned();
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "no line with {mark:?} in:\n{text}");
            text = self.printed.more.wait_timeout(text, left).unwrap().0;
        }
    }

    /// Where a demo or a server listens, once it has said so.
    pub(crate) fn address(&self) -> SocketAddr {
        let demo = self.text().contains("NIJA demo");
        let rest = if demo { self.after("http://") } else { self.after("\"address\":\"") };
        let end = rest.find(['/', '"']).unwrap();
        rest[..end].parse().unwrap()
    }

    /// Sends a signal, as an operator does.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for the end; gives how it ended and everything it printed.
    pub(crate) fn end(mut self, within: Duration) -> (ExitStatus, String) {
        let deadline = Instant::now() + within;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                // The readers may be a line behind.
                self.readers.drain(..).for_each(|reader| reader.join().unwrap());
                return (status, self.text());
            }
            assert!(Instant::now() < deadline, "it did not end:\n{}", self.text());
            std::thread::park_timeout(PAUSE);
        }
    }
}

impl Drop for Nija {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Looks until there is something to see.
pub(crate) fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(Instant::now() < deadline, "{what}");
        std::thread::park_timeout(PAUSE * 5);
    }
}
