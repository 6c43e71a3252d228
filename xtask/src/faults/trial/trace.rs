//! strace on a running server: a call that dies or fails at its n-th time, in the threads that are named.
//! It counts per thread, so threads that share a kind of work are watched together and the first counts.

use super::pass;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long attaching may take.
const ATTACH: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(2);

/// What happens to the `when`-th of these calls.
pub(crate) struct Inject<'a> {
    /// One call, or some, separated by commas.
    pub(crate) calls: &'a str,
    /// As strace writes it: `error=EIO` or `signal=SIGKILL`.
    pub(crate) what: &'a str,
    pub(crate) when: u64,
    /// Only on this database and its log; every file where it is not given.
    pub(crate) on: Option<&'a Path>,
}

impl Inject<'_> {
    fn words(&self) -> Vec<String> {
        let inject = format!("inject={}:{}:when={}", self.calls, self.what, self.when);
        let trace = format!("trace={}", self.calls);
        let mut words = vec!["-e".to_owned(), trace, "-e".to_owned(), inject];
        for path in self
            .on
            .iter()
            .flat_map(|on| [on.display().to_string(), format!("{}-wal", on.display())])
        {
            words.extend(["-P".to_owned(), path]);
        }
        words
    }

    /// A wrapper that watches a server from its first instruction on, in all threads.
    pub(crate) fn whole_run(&self, folder: &Path) -> Vec<String> {
        let log = folder.join("strace.log").display().to_string();
        let first = ["strace", "-D", "-f", "-qq", "-o", &log].map(str::to_owned);
        first.into_iter().chain(self.words()).collect()
    }
}

/// Which threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Threads {
    /// The one that decides and writes the journal.
    Desks,
    /// All others: sockets, views, users.
    Others,
}

impl Threads {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Desks => "desks",
            Self::Others => "others",
        }
    }

    fn of(self, process: u32) -> Result<Vec<u32>> {
        let mut found = Vec::new();
        for task in fs::read_dir(format!("/proc/{process}/task"))? {
            let task = task?.path();
            let name = fs::read_to_string(task.join("comm")).unwrap_or_default();
            let id = task.file_name().and_then(|name| name.to_str()?.parse().ok());
            if (name.trim() == "desks") == (self == Self::Desks) {
                found.extend::<Option<u32>>(id);
            }
        }
        Ok(found)
    }
}

/// A running strace. Dropping it lets the server go on.
pub(crate) struct Trace {
    child: Child,
    log: PathBuf,
}

impl Trace {
    /// Is there one on this machine, and may we use it?
    pub(crate) fn is_there() -> bool {
        let mut command = Command::new("strace");
        command
            .args(["-qq", "-o", "/dev/null", "true"])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }

    /// Watches threads of a process from now on.
    pub(crate) fn attach(
        process: u32,
        threads: Threads,
        inject: &Inject<'_>,
        folder: &Path,
    ) -> Result<Self> {
        let log = folder.join("strace.log");
        let told = folder.join("strace.err");
        let mut command = Command::new("strace");
        command.arg("-o").arg(&log).args(inject.words());
        let ids = threads.of(process)?;
        for id in &ids {
            command.args(["-p", &id.to_string()]);
        }
        let child = command.stdin(Stdio::null()).stderr(fs::File::create(&told)?).spawn();
        let trace = Self { child: child.context("cannot start strace")?, log };
        let from = Instant::now();
        loop {
            let said = fs::read_to_string(&told)?;
            // A thread that ended meanwhile does nothing any more.
            if said.matches("attached").count() + said.matches("No such process").count()
                >= ids.len()
            {
                return Ok(trace);
            }
            if from.elapsed() > ATTACH {
                bail!("strace did not attach: {said}");
            }
            pass(POLL);
        }
    }

    /// Did it happen?
    pub(crate) fn happened(&self) -> bool {
        fs::read_to_string(&self.log).is_ok_and(|log| log.contains("(INJECTED)"))
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        // SIGTERM lets go of the server; one that has ended already is what we want.
        let id = self.child.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &id]).stderr(Stdio::null()).status();
        let _ = self.child.wait();
    }
}
