//! The server under test: started as an operator would, killed without a word, started again over
//! the same folder. What it says goes to `server.log` there.

use super::http::{Connection, Request};
use super::pass;
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use std::fs::{File, OpenOptions};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

/// How long a start may take before it counts as hung.
const START_MOST: Duration = Duration::from_secs(120);
/// How long an orderly stop may take.
const STOP_MOST: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(1);

/// How to start it.
#[derive(Clone)]
pub(crate) struct Site {
    binary: PathBuf,
    folder: PathBuf,
    secret: String,
    pub(crate) address: SocketAddr,
    /// Variables beside the usual ones.
    variables: Vec<(String, String)>,
    /// A program and its arguments that become the server.
    under: Vec<String>,
}

/// A running server. Dropping it kills it.
pub(crate) struct Running {
    child: Child,
    began: Instant,
}

impl Site {
    pub(crate) fn new(binary: PathBuf, folder: &Path, secret: String) -> Result<Self> {
        // The system gives a free port; nobody else asks for it between two starts.
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port")?;
        let address = free.local_addr()?;
        let (variables, under) = (Vec::new(), Vec::new());
        Ok(Self { binary, folder: folder.to_owned(), secret, address, variables, under })
    }

    /// The same server with another variable.
    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.variables.push((name.to_owned(), value.into()));
        self
    }

    /// The same server, started by a program that replaces itself with it.
    pub(crate) fn under<S: Into<String>>(mut self, wrapper: impl IntoIterator<Item = S>) -> Self {
        self.under = wrapper.into_iter().map(Into::into).collect();
        self
    }

    /// The same server over another folder.
    pub(crate) fn moved(&self, folder: &Path) -> Self {
        Self { folder: folder.to_owned(), ..self.clone() }
    }

    /// The same server over another folder, beside this one.
    pub(crate) fn elsewhere(&self, folder: &Path) -> Result<Self> {
        let free = Self::new(self.binary.clone(), folder, self.secret.clone())?;
        Ok(Self { address: free.address, ..self.moved(folder) })
    }

    /// Everything that servers of this folder said so far.
    pub(crate) fn said(&self) -> String {
        let bytes = std::fs::read(self.folder.join("server.log")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The binary in the folder, with nothing of our own environment but what it needs.
    fn command(&self, log: File) -> Command {
        let mut words = self.under.iter();
        let mut command = match words.next() {
            None => Command::new(&self.binary),
            Some(first) => {
                let mut command = Command::new(first);
                command.args(words).arg(&self.binary);
                command
            }
        };
        command
            .current_dir(&self.folder)
            .env_clear()
            .env("DATABASE_URL", "sqlite:nija.db")
            .env("HOST", self.address.ip().to_string())
            .env("PORT", self.address.port().to_string())
            .env("JWT_SECRET_KEY", &self.secret)
            .env("NIJA_FEED", "generator")
            .env("NIJA_QUOTE_EVERY_MS", "50")
            .env("NIJA_LOG", "warn")
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stderr(log);
        command
    }

    fn log(&self) -> Result<File> {
        let path = self.folder.join("server.log");
        let file = OpenOptions::new().create(true).append(true).open(&path);
        file.with_context(|| format!("cannot write {}", path.display()))
    }

    pub(crate) fn start(&self) -> Result<Running> {
        let mut command = self.command(self.log()?);
        let child = command.arg("serve").stdout(Stdio::null()).spawn();
        let child = child.with_context(|| format!("cannot start {}", self.binary.display()))?;
        let began = Instant::now();
        Ok(Running { child, began })
    }

    /// Waits until orders are taken and tells how long that took from the start.
    pub(crate) fn ready(&self, running: &mut Running) -> Result<Duration> {
        match self.ready_or_ended(running)? {
            Ok(took) => Ok(took),
            Err(status) => bail!("the server ended by itself with {status}; see server.log"),
        }
    }

    /// The same, for a server that may end by itself meanwhile: then how it ended.
    pub(crate) fn ready_or_ended(
        &self,
        running: &mut Running,
    ) -> Result<Result<Duration, ExitStatus>> {
        let get = Request::get("/health/ready", "");
        loop {
            let told = Connection::open(self.address).and_then(|mut to| to.ask(&get));
            if told.is_ok_and(|reply| reply.status == 200) {
                return Ok(Ok(running.began.elapsed()));
            }
            if let Some(status) = running.child.try_wait()? {
                return Ok(Err(status));
            }
            if running.began.elapsed() > START_MOST {
                bail!("the server was not ready within {START_MOST:?}; see server.log");
            }
            pass(POLL);
        }
    }

    /// Starts and waits until orders are taken.
    pub(crate) fn begin(&self) -> Result<Running> {
        let mut running = self.start()?;
        self.ready(&mut running)?;
        Ok(running)
    }

    /// Another command of the binary over the folder's database, to its end.
    pub(crate) fn call(&self, args: &[&str]) -> Result<Output> {
        let out = self.command(self.log()?).args(args).stderr(Stdio::piped()).output();
        out.with_context(|| format!("cannot start {}", self.binary.display()))
    }

    /// `nija verify` over the folder's database: what it found, as it said it.
    pub(crate) fn verify(&self) -> Result<Verified> {
        let plain = Self { under: Vec::new(), variables: Vec::new(), ..self.clone() };
        let mut command = plain.command(self.log()?);
        let out = command.args(["verify", "--json"]).stdout(Stdio::piped()).output();
        let out = out.with_context(|| format!("cannot start {}", self.binary.display()))?;
        let said: Value = serde_json::from_slice(&out.stdout)
            .context("`nija verify --json` printed no JSON; see server.log")?;
        let sound = out.status.success() && said["sound"] == Value::Bool(true);
        let partitions = said["partitions"].as_array().map_or(&[][..], Vec::as_slice);
        let batches = partitions.iter().filter_map(|p| p["last_batch"].as_u64()).sum();
        Ok(Verified { sound, balanced: said["trial_balance"] == "$0", batches, said })
    }
}

/// What `nija verify` found.
pub(crate) struct Verified {
    pub(crate) sound: bool,
    pub(crate) balanced: bool,
    /// Batches in the journal.
    pub(crate) batches: u64,
    pub(crate) said: Value,
}

impl Running {
    /// The process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for the end; nothing when the server lives on for so long.
    pub(crate) fn ended(&mut self, within: Duration) -> Result<Option<ExitStatus>> {
        let from = Instant::now();
        loop {
            match self.child.try_wait()? {
                Some(status) => return Ok(Some(status)),
                None if from.elapsed() > within => return Ok(None),
                None => pass(POLL),
            }
        }
    }

    pub(crate) fn must_live(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => bail!("the server ended by itself with {status}; see server.log"),
        }
    }

    /// SIGKILL, after `time` has passed since `from`. An error when it ended before.
    pub(crate) fn kill_after(mut self, from: Instant, time: Duration) -> Result<()> {
        pass(time.saturating_sub(from.elapsed()));
        self.must_live()?;
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// SIGKILL at once.
    pub(crate) fn kill_now(self) -> Result<()> {
        self.kill_after(Instant::now(), Duration::ZERO)
    }

    fn signal(&self, which: &str) -> Result<()> {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args([which, &id]).status()?;
        ensure!(sent.success(), "`kill {which} {id}` ended with {sent}");
        Ok(())
    }

    /// Does something while no thread of the server runs. A call to the system that had begun still ends.
    pub(crate) fn halted<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        self.signal("-STOP")?;
        let done = work();
        self.signal("-CONT")?;
        done
    }

    /// SIGTERM; the server has to end by itself, soon and well.
    pub(crate) fn stop(mut self) -> Result<Duration> {
        self.must_live()?;
        let told = Instant::now();
        self.signal("-TERM")?;
        loop {
            if let Some(status) = self.child.try_wait()? {
                if status.success() {
                    return Ok(told.elapsed());
                }
                bail!("the server was told to stop and ended with {status}; see server.log");
            }
            if told.elapsed() > STOP_MOST {
                bail!("the server did not stop within {STOP_MOST:?}");
            }
            pass(POLL);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // One that has ended already is what we want.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
