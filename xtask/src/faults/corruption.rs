//! Damage to the database of a stopped server: single bits, zeroed pages, truncations, records that changed
//! places or are missing at the end. `nija verify` has to find it and the start has to be refused before a
//! damaged record is used; what changes nothing (free pages, unused bytes) is told apart by the state's hash.

use super::trial::chance::{Chance, secret};
use super::trial::history;
use super::trial::server::Site;
use super::{Options, Outcome};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

/// Cases of each kind where no number is given; a smaller number shrinks all kinds alike.
const CASES: [(Kind, u64); 5] =
    [(Kind::Bit, 1_000), (Kind::Page, 200), (Kind::Cut, 200), (Kind::Swap, 50), (Kind::Tail, 20)];
const PAGE: usize = 4_096;
/// Letters by which messages are told apart.
const MESSAGE: usize = 60;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// One bit is another one.
    Bit,
    /// 4 KiB are zeros.
    Page,
    /// The file ends early.
    Cut,
    /// Two records of the journal have changed places.
    Swap,
    /// The last record of a partition is missing.
    Tail,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Bit => "bits",
            Self::Page => "pages",
            Self::Cut => "truncations",
            Self::Swap => "swapped",
            Self::Tail => "tails",
        }
    }
}

/// What a damaged file led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    /// Found by `verify`, refused by the start.
    Refused,
    /// Nothing that is kept has changed.
    NoEffect,
    /// Found by `verify`; the start took it.
    Started,
    /// Something else is there, and nobody noticed.
    Silent,
}

/// What a sound database says: states of all partitions, and the rows beside the journal.
#[derive(PartialEq, Eq)]
struct Content {
    verified: Value,
    rows: Vec<u8>,
}

struct Trial<'a> {
    site: Site,
    folder: &'a Path,
    sound: Vec<u8>,
    content: Content,
    chance: Chance,
    outcome: Outcome,
    ends: BTreeMap<(Kind, End), u64>,
    messages: BTreeMap<String, u64>,
}

/// Damages copies of one database.
pub(super) fn run(options: &Options) -> Result<Outcome> {
    if Command::new("sqlite3").arg("-version").output().is_err() {
        return Ok(Outcome::skipped("the sqlite3 shell is not installed"));
    }
    let binary = options.binary()?;
    options.within("corruption", |folder| {
        let site = Site::new(binary, folder, secret()?)?;
        history::write(&site, options.seed)?;
        // A reader that closes last leaves the log: it belongs into the file that is to be damaged.
        sql(&folder.join("nija.db"), "PRAGMA wal_checkpoint(TRUNCATE)")?;
        let sound = std::fs::read(folder.join("nija.db"))?;
        let patient = folder.join("patient");
        std::fs::create_dir(&patient)?;
        let site = site.moved(&patient);
        let mut trial = Trial {
            content: content(&site.moved(folder), &folder.join("nija.db"))?.context("not sound")?,
            site,
            folder: &patient,
            sound,
            chance: Chance::new(options.seed),
            outcome: Outcome::default(),
            ends: BTreeMap::new(),
            messages: BTreeMap::new(),
        };
        for (kind, usual) in CASES {
            let all = options.times.unwrap_or(CASES[0].1);
            for n in 0..(usual * all).div_ceil(CASES[0].1) {
                trial.case(kind, n)?;
            }
        }
        Ok(trial.outcome())
    })
}

/// What a database holds; nothing when `verify` finds damage.
fn content(site: &Site, path: &Path) -> Result<Option<Content>> {
    let verified = site.verify()?;
    if !verified.sound {
        return Ok(None);
    }
    let rows =
        "SELECT * FROM user; SELECT * FROM session; SELECT * FROM spent_token; SELECT * FROM audit";
    Ok(Some(Content { verified: verified.said, rows: sql(path, rows)? }))
}

/// What the sqlite3 shell answers, errors included.
fn sql(path: &Path, text: &str) -> Result<Vec<u8>> {
    let out = Command::new("sqlite3").arg("-cmd").arg(".mode quote").arg(path).arg(text).output();
    let out = out.context("cannot start sqlite3")?;
    Ok([out.stdout, out.stderr].concat())
}

impl Trial<'_> {
    fn case(&mut self, kind: Kind, n: u64) -> Result<()> {
        for file in std::fs::read_dir(self.folder)? {
            std::fs::remove_file(file?.path())?;
        }
        let path = self.folder.join("nija.db");
        let what = self.damage(kind, &path)?;
        let after = content(&self.site, &path);
        let mut running = self.site.start()?;
        let started = self.site.ready_or_ended(&mut running)?.is_ok();
        drop(running);
        let said = self.site.said();
        let last = said.lines().last().unwrap_or_default().to_owned();
        let found = !matches!(after, Ok(Some(_)));
        let equal = matches!(&after, Ok(Some(after)) if *after == self.content);
        let end = match (found, started) {
            (true, false) => End::Refused,
            (false, true) if equal => End::NoEffect,
            (true, true) => End::Started,
            (false, _) => End::Silent,
        };
        *self.ends.entry((kind, end)).or_default() += 1;
        if !matches!(end, End::Refused | End::NoEffect) {
            let why = after.err().map(|why| format!("; {why:#}")).unwrap_or_default();
            self.outcome.breach(format!("{} {n}, {what}: {end:?}{why}: {last}", kind.name()));
        }
        if end == End::Refused {
            self.must_be_told(kind, n, &what, &last);
        }
        Ok(())
    }

    /// A refusal names the place, as far as there is one, and what to do.
    fn must_be_told(&mut self, kind: Kind, n: u64, what: &str, last: &str) {
        let place = last.contains("partition") || last.contains("nija.db");
        self.outcome.hold(place && last.contains("nija verify"), || {
            format!(
                "{} {n}, {what}: the refusal does not say where or what to do: {last}",
                kind.name()
            )
        });
        let digits = |c: char| if c.is_ascii_digit() { '#' } else { c };
        // Numbers and the long lists of the same finding make no other message.
        let message = last.chars().map(digits).take(MESSAGE).collect();
        *self.messages.entry(message).or_default() += 1;
    }

    /// Writes a damaged copy and says how.
    fn damage(&mut self, kind: Kind, path: &Path) -> Result<String> {
        let length = self.sound.len() as u64;
        let mut bytes = self.sound.clone();
        let what = match kind {
            Kind::Bit => {
                let (at, bit) = (self.chance.between(0, length - 1), self.chance.between(0, 7));
                bytes[at as usize] ^= 1 << bit;
                format!("bit {bit} at {at}")
            }
            Kind::Page => {
                let page = self.chance.between(0, length / PAGE as u64 - 1) as usize;
                bytes[page * PAGE..(page + 1) * PAGE].fill(0);
                format!("zeros at {}", page * PAGE)
            }
            Kind::Cut => {
                let at = self.chance.between(1, length - 1);
                bytes.truncate(at as usize);
                format!("cut at {at}")
            }
            Kind::Swap | Kind::Tail => String::new(),
        };
        std::fs::write(path, &bytes)?;
        // A file that others may read would be refused for that.
        std::fs::set_permissions(path, Permissions::from_mode(0o600))?;
        match kind {
            Kind::Swap => self.swap(path),
            Kind::Tail => self.behead(path),
            Kind::Bit | Kind::Page | Kind::Cut => Ok(what),
        }
    }

    fn swap(&mut self, path: &Path) -> Result<String> {
        let (partition, last) = self.partition()?;
        let a = self.chance.between(1, last - 1);
        let b = self.chance.between(a + 1, last);
        let row = format!("partition = {partition} AND seq");
        let columns = "epoch, at, count, prev_hash, hash, body";
        edit(
            path,
            &format!(
                "CREATE TEMP TABLE kept AS SELECT * FROM journal WHERE {row} IN ({a}, {b}); \
             UPDATE journal SET ({columns}) = (SELECT {columns} FROM kept WHERE seq = {b}) WHERE {row} = {a}; \
             UPDATE journal SET ({columns}) = (SELECT {columns} FROM kept WHERE seq = {a}) WHERE {row} = {b};"
            ),
        )?;
        Ok(format!("batches {a} and {b} of partition {partition} swapped"))
    }

    fn behead(&mut self, path: &Path) -> Result<String> {
        let (partition, last) = self.partition()?;
        let from = last - self.chance.between(0, last.min(50) - 1);
        edit(
            path,
            &format!("DELETE FROM journal WHERE partition = {partition} AND seq >= {from};"),
        )?;
        Ok(format!("partition {partition} ends before {from} of {last}"))
    }

    /// A partition with at least two batches, and its last.
    fn partition(&mut self) -> Result<(u64, u64)> {
        let partitions = self.content.verified["partitions"].as_array().context("no partitions")?;
        let known: Vec<(u64, u64)> = partitions
            .iter()
            .filter_map(|p| {
                Some((p["partition"].as_str()?.parse().ok()?, p["last_batch"].as_u64()?))
            })
            .filter(|(_, last)| *last > 1)
            .collect();
        ensure!(!known.is_empty(), "no partition with two batches");
        Ok(known[self.chance.between(0, known.len() as u64 - 1) as usize])
    }

    fn outcome(mut self) -> Outcome {
        for (kind, _) in CASES {
            let of = |end| self.ends.get(&(kind, end)).copied().unwrap_or(0);
            let line = format!(
                "refused {}, no effect {}, started {}, silent {}",
                of(End::Refused),
                of(End::NoEffect),
                of(End::Started),
                of(End::Silent)
            );
            self.outcome.count(kind.name(), line);
        }
        for (message, n) in &self.messages {
            println!("  {n:>5} x {message}");
        }
        self.outcome
    }
}

/// Changes rows that the database itself would not let anybody change.
fn edit(path: &Path, text: &str) -> Result<()> {
    let guards = "SELECT group_concat('DROP TRIGGER ' || name || ';', ' ') FROM sqlite_schema WHERE type = 'trigger' \
                  AND tbl_name = 'journal'";
    let drop = String::from_utf8(sql(path, guards)?)?;
    let again = String::from_utf8(sql(
        path,
        "SELECT group_concat(sql || ';', ' ') FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'journal'",
    )?)?;
    let plain = |quoted: String| quoted.trim().trim_matches('\'').replace("''", "'");
    let said = sql(path, &format!("{} {text} {}", plain(drop), plain(again)))?;
    ensure!(said.is_empty(), "sqlite3: {}", String::from_utf8_lossy(&said));
    Ok(())
}
