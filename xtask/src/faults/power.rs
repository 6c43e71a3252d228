//! Power cuts: the database lies in a file system of its own whose image is copied while orders flow. Whatever was
//! not synced is not in the copy. A server started on the copy has to know everything that was acknowledged
//! before the copy began. The server is halted while it is copied, and a copy during which the file system wrote
//! all the same is made again: one part older than the other would be a state that no disk was ever in.
//! Absent: every order in which a disk may write what it was given.

use super::trial::audit;
use super::trial::chance::{Chance, secret};
use super::trial::client::Client;
use super::trial::pass;
use super::trial::server::Site;
use super::trial::tally::Tally;
use super::{Options, Outcome};
use anyhow::{Context, Result, bail, ensure};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const CUTS: u64 = 200;
const CLIENTS: usize = 4;
/// Cuts between two empty databases, so that lists stay short.
const FRESH: u64 = 25;
const SIZE: &str = "96M";
/// Orders flow so many milliseconds before the cut.
const FLOW_MS: (u64, u64) = (50, 500);

/// Copies made before the file system counts as one that never rests.
const COPIES: u32 = 100;

/// A mounted image; dropping it takes it off again.
struct Mount(PathBuf);

impl Mount {
    fn on(image: &Path, folder: PathBuf) -> Result<Self> {
        std::fs::create_dir_all(&folder)?;
        call("mount", &["-o".as_ref(), "loop".as_ref(), image.as_os_str(), folder.as_os_str()])?;
        Ok(Self(folder))
    }

    /// Writes that the device beneath was given so far; nothing while one is under way.
    fn writes(&self) -> Result<Option<u64>> {
        let mounts = std::fs::read_to_string("/proc/mounts")?;
        let mut rows = mounts.lines().map(|row| row.split(' '));
        let row = rows.find(|row| row.clone().nth(1).is_some_and(|at| self.0.as_os_str() == at));
        let device = row.and_then(|mut row| row.next()).and_then(|name| name.strip_prefix("/dev/"));
        let device = device.with_context(|| format!("{} is not mounted", self.0.display()))?;
        let counts = std::fs::read_to_string(format!("/sys/block/{device}/stat"))?;
        let count = |n| counts.split_whitespace().nth(n).and_then(|count| count.parse().ok());
        // Writes done are the fifth count there, those under way of any kind the ninth.
        let (done, under_way) = count(4).zip(count(8)).context("counts of the device")?;
        Ok((under_way == 0).then_some(done))
    }

    /// Copies the image as it is at one moment.
    fn copy(&self, image: &Path, copy: &Path) -> Result<()> {
        for _ in 0..COPIES {
            let before = self.writes()?;
            std::fs::copy(image, copy).context("the image cannot be copied")?;
            if before.is_some() && before == self.writes()? {
                return Ok(());
            }
        }
        bail!("the file system wrote during each of {COPIES} copies");
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // One that is busy stays until the machine ends; the folder is told to whoever looks.
        let _ = call("umount", &[self.0.as_os_str()]);
    }
}

fn call(program: &str, args: &[&std::ffi::OsStr]) -> Result<()> {
    let status = Command::new(program).args(args).stdout(Stdio::null()).status();
    let status = status.with_context(|| format!("cannot start {program}"))?;
    ensure!(status.success(), "{program} ended with {status}");
    Ok(())
}

/// An empty file system in a file.
fn format(image: &Path) -> Result<()> {
    call("truncate", &["-s".as_ref(), SIZE.as_ref(), image.as_os_str()])?;
    call("mkfs.ext4", &["-q".as_ref(), "-F".as_ref(), image.as_os_str()])
}

/// Cuts the power again and again.
pub(super) fn run(options: &Options) -> Result<Outcome> {
    let binary = options.binary()?;
    options.within("power", |folder| {
        let probe = folder.join("probe.img");
        if format(&probe).and_then(|()| Mount::on(&probe, folder.join("probe"))).is_err() {
            return Ok(Outcome::skipped("no right to mount an image here"));
        }
        let (mut chance, mut found) = (Chance::new(options.seed), Tally::default());
        let (cuts, mut done, mut batches) = (options.times.unwrap_or(CUTS), 0, 0);
        while done < cuts {
            let round = folder.join(format!("from-{done}"));
            std::fs::create_dir(&round)?;
            let most = FRESH.min(cuts - done);
            batches += life(&binary, &round, most, &mut chance, &mut found)?;
            done += most;
        }
        let mut outcome = Outcome::default();
        outcome.count("cuts", done);
        outcome.count("batches", batches);
        found.tell(&mut outcome);
        Ok(outcome)
    })
}

/// One server from an empty database on, and so many cuts of it. The batches that were there at the last one.
fn life(
    binary: &Path,
    folder: &Path,
    cuts: u64,
    chance: &mut Chance,
    found: &mut Tally,
) -> Result<u64> {
    let (image, copy) = (folder.join("disk.img"), folder.join("copy.img"));
    format(&image)?;
    let disk = Mount::on(&image, folder.join("disk"))?;
    let site = Site::new(binary.to_owned(), &disk.0, secret()?)?;
    let running = site.begin()?;
    let register = |n| Client::register(n, site.address, folder, chance.part(n as u64));
    let mut clients = (0..CLIENTS).map(register).collect::<Result<Vec<_>>>()?;
    let mut batches = 0;
    for _ in 0..cuts {
        let time = Duration::from_millis(chance.between(FLOW_MS.0, FLOW_MS.1));
        let halted = || running.halted(|| disk.copy(&image, &copy));
        let acknowledged = cut(&site, &mut clients, time, halted)?;
        let copied = Mount::on(&copy, folder.join("after"))?;
        let after = site.elsewhere(&copied.0)?;
        let begun = after.begin()?;
        for (client, text) in clients.iter_mut().zip(&acknowledged) {
            audit::newest(client, &after, text)?;
        }
        batches = audit::database(&after, &mut found.breaches)?;
        begun.kill_now()?;
    }
    clients.iter().for_each(|client| found.add(&client.tally));
    running.kill_now()?;
    Ok(batches)
}

/// Lets orders flow for a time, copies the disk meanwhile, and gives what was acknowledged before the copy began.
fn cut(
    site: &Site,
    clients: &mut [Client],
    time: Duration,
    copy: impl FnOnce() -> Result<()>,
) -> Result<Vec<String>> {
    let (address, stop) = (site.address, AtomicBool::new(false));
    let paths: Vec<PathBuf> = clients.iter().map(|client| client.path.clone()).collect();
    std::thread::scope(|scope| {
        for client in clients.iter_mut() {
            scope.spawn(|| client.live(address, &stop));
        }
        pass(time);
        let texts = paths.iter().map(whole_lines).collect::<Result<Vec<_>>>();
        let copied = copy();
        stop.store(true, Ordering::Release);
        copied.and(texts)
    })
}

/// A file that is being written, up to its last whole line.
fn whole_lines(path: &PathBuf) -> Result<String> {
    let mut text = std::fs::read_to_string(path)?;
    text.truncate(text.rfind('\n').map_or(0, |at| at + 1));
    Ok(text)
}
