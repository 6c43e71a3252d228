//! What a backup says of itself: when, by which program, the file's BLAKE3, and each partition's last batch and state.

use anyhow::{Context, bail, ensure};
use nija_core::words::time::Timestamp;
use nija_engine::recovery::Verified;
use nija_store::sqlite::{Fingerprint, schema};
use serde::{Deserialize, Serialize};
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

const NAME: &str = "manifest.json";
/// The form of this file.
const FORMAT: u32 = 1;
const PROGRAM: &str = env!("CARGO_PKG_VERSION");

/// The manifest.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    format: u32,
    made_at: String,
    program: String,
    schema: i64,
    bytes: u64,
    blake3: String,
    pub(crate) partitions: Vec<Partition>,
}

/// Where a partition stood.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Partition {
    pub(crate) partition: u16,
    pub(crate) last_batch: u64,
    /// Hash of the last batch, and with it of all before it.
    pub(crate) hash: String,
    /// Hash of the replayed state.
    state: String,
}

impl Manifest {
    pub(super) fn of(at: Timestamp, file: &Fingerprint, found: &[Verified]) -> Self {
        Self {
            format: FORMAT,
            made_at: at.to_string(),
            program: PROGRAM.to_owned(),
            schema: schema(),
            bytes: file.bytes,
            blake3: hex(&file.hash),
            partitions: found.iter().map(Partition::of).collect(),
        }
    }

    pub(super) fn read(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join(NAME);
        let text = std::fs::read_to_string(&path).with_context(|| {
            format!("cannot read {}; name a folder that `nija backup` made", path.display())
        })?;
        let manifest: Self = serde_json::from_str(&text)
            .with_context(|| format!("{} is damaged; use another backup", path.display()))?;
        ensure!(manifest.format == FORMAT, "{}: use a newer program", path.display());
        let (found, known) = (manifest.schema, schema());
        ensure!(
            found <= known,
            "the backup has schema {found} and this program knows up to {known}; use a newer program"
        );
        ensure!(
            found == known,
            "the backup has schema {found}, not {known}; restore it with program {}, which made it",
            manifest.program
        );
        Ok(manifest)
    }

    pub(super) fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let path = folder.join(NAME);
        let write = || -> std::io::Result<()> {
            let mut file =
                OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
            file.write_all(format!("{}\n", serde_json::to_string_pretty(self)?).as_bytes())?;
            file.sync_all()
        };
        write().with_context(|| format!("cannot write {}", path.display()))
    }

    pub(super) fn hold_bytes(&self, found: &Fingerprint) -> anyhow::Result<()> {
        let same = (found.bytes, hex(&found.hash)) == (self.bytes, self.blake3.clone());
        ensure!(same, "the copy is not the one that was backed up; use another backup");
        Ok(())
    }

    /// Another program may keep its state in another form; the chain of hashes then speaks alone.
    pub(super) fn hold_state(&self, found: &[Verified]) -> anyhow::Result<()> {
        let found: Vec<Partition> = found.iter().map(Partition::of).collect();
        ensure!(
            found.len() == self.partitions.len(),
            "the copy has other partitions than its manifest"
        );
        for (found, told) in found.iter().zip(&self.partitions) {
            let chain = |p: &Partition| (p.partition, p.last_batch, p.hash.clone());
            let number = told.partition;
            if chain(found) != chain(told) {
                bail!(
                    "partition {number} does not end where the manifest says; use another backup"
                );
            }
            if self.program == PROGRAM && found.state != told.state {
                bail!("partition {number} replays to another state; run `nija verify` on it");
            }
        }
        Ok(())
    }

    /// What to restore from.
    pub(crate) fn fingerprint(&self) -> anyhow::Result<Fingerprint> {
        let digits = self.blake3.as_bytes();
        ensure!(digits.len() == 64, "the manifest's blake3 is damaged; use another backup");
        let mut hash = [0; 32];
        for (byte, pair) in hash.iter_mut().zip(digits.chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair)?, 16)?;
        }
        Ok(Fingerprint { bytes: self.bytes, hash })
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        let short = |text: &str| text.get(..8).unwrap_or(text).to_owned();
        let line = |p: &Partition| {
            let (hash, state) = (short(&p.hash), short(&p.state));
            format!(
                "partition {:04}: {} batches, hash {hash}, state {state}",
                p.partition, p.last_batch
            )
        };
        let mut lines: Vec<String> = self.partitions.iter().map(line).collect();
        let (mib, blake3) = (self.bytes >> 20, short(&self.blake3));
        lines.push(format!(
            "made at {}, {mib} MiB, BLAKE3 {blake3}, schema {}",
            self.made_at, self.schema
        ));
        lines
    }
}

impl Partition {
    fn of(found: &Verified) -> Self {
        Self {
            partition: found.partition.0,
            last_batch: found.last.0,
            hash: hex(&found.hash),
            state: hex(&found.state),
        }
    }
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
