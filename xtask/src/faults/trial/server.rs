//! The server under test: started as an operator would, killed without a word, started again over
//! the same folder. What it says goes to `server.log` there.

use super::http::{Connection, Request};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::fs::{File, OpenOptions};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a start may take before it counts as hung.
const START_MOST: Duration = Duration::from_secs(120);
/// How long an orderly stop may take.
const STOP_MOST: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(1);

/// How to start it.
pub(crate) struct Site {
    binary: PathBuf,
    folder: PathBuf,
    secret: String,
    pub(crate) address: SocketAddr,
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
        Ok(Self { binary, folder: folder.to_owned(), secret, address })
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The binary in the folder, with nothing of our own environment but what it needs.
    fn command(&self, log: File) -> Command {
        let mut command = Command::new(&self.binary);
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
        let get = Request::get("/health/ready", "");
        loop {
            let told = Connection::open(self.address).and_then(|mut to| to.ask(&get));
            if told.is_ok_and(|reply| reply.status == 200) {
                return Ok(running.began.elapsed());
            }
            running.must_live()?;
            if running.began.elapsed() > START_MOST {
                bail!("the server was not ready within {START_MOST:?}; see server.log");
            }
            std::thread::park_timeout(POLL);
        }
    }

    /// `nija verify` over the folder's database: what it found, as it said it.
    pub(crate) fn verify(&self) -> Result<Verified> {
        let mut command = self.command(self.log()?);
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
    fn must_live(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => bail!("the server ended by itself with {status}; see server.log"),
        }
    }

    /// SIGKILL, after `time` has passed since `from`. An error when it ended before.
    pub(crate) fn kill_after(mut self, from: Instant, time: Duration) -> Result<()> {
        while let Some(left) = time.checked_sub(from.elapsed()) {
            std::thread::park_timeout(left);
        }
        self.must_live()?;
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// SIGTERM; the server has to end by itself, soon and well.
    pub(crate) fn stop(mut self) -> Result<Duration> {
        self.must_live()?;
        let told = Instant::now();
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status()?;
        if !sent.success() {
            bail!("`kill -TERM {id}` ended with {sent}");
        }
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
            std::thread::park_timeout(POLL);
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
