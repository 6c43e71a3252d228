//! Trials as they are done, in a file that a later run of the same command goes on with.
//!
//! The first line says what the trials are of; each further line is one of them. A last line that is not whole,
//! as a kill leaves it, is cut off and its trial done again.

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

/// What a trial came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in super::super) struct Result {
    /// Its place in the sweep.
    pub(in super::super) trial: usize,
    /// Equity at the end, of all files together.
    pub(in super::super) final_equity: String,
    pub(in super::super) closed: u64,
    pub(in super::super) return_pct: f64,
    pub(in super::super) sharpe: Option<f64>,
    pub(in super::super) calmar: Option<f64>,
    pub(in super::super) max_drawdown_pct: f64,
    /// Net returns of the days, joined where there are very many.
    pub(in super::super) returns: Vec<f64>,
}

/// What a file of results is of. Two commands with equal heads have equal trials.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in super::super) struct Head {
    pub(in super::super) nija_sweep: u32,
    pub(in super::super) strategy: String,
    pub(in super::super) command: String,
    /// Files with a digest of their bytes.
    pub(in super::super) data: Vec<(String, String)>,
}

/// A file of results.
pub(in super::super) struct Book {
    file: File,
    path: String,
}

impl Book {
    /// Opens or creates it; gives the trials that it holds.
    pub(in super::super) fn open(
        path: &Path,
        head: &Head,
    ) -> anyhow::Result<(Self, BTreeMap<usize, Result>)> {
        let shown = path.display().to_string();
        let mut options = OpenOptions::new();
        let mut file = options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .with_context(|| format!("{shown} cannot be opened"))?;
        let mut text = String::new();
        file.read_to_string(&mut text).with_context(|| format!("{shown} is no file of results"))?;
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        let mut lines = text[..whole].lines();
        let mut done = BTreeMap::new();
        if let Some(first) = lines.next() {
            let found: Head = serde_json::from_str(first)
                .with_context(|| format!("{shown} is no file of results; name another"))?;
            ensure!(
                found == *head,
                "{shown} holds the trials of another command or of other data; name another file"
            );
        }
        for (at, line) in lines.enumerate() {
            let result: Result = serde_json::from_str(line).with_context(|| {
                format!("{shown}, line {}: not a trial; name another file", at + 2)
            })?;
            done.insert(result.trial, result);
        }
        file.set_len(whole as u64)?;
        file.seek(SeekFrom::End(0))?;
        let mut book = Self { file, path: shown };
        if whole == 0 {
            book.write(head)?;
        }
        Ok((book, done))
    }

    /// Adds trials.
    pub(in super::super) fn add(&mut self, results: &[Result]) -> anyhow::Result<()> {
        results.iter().try_for_each(|result| self.write(result))
    }

    fn write(&mut self, line: &impl Serialize) -> anyhow::Result<()> {
        let mut text = serde_json::to_string(line)?;
        text.push('\n');
        // In one write, so that only the last line can be torn.
        self.file
            .write_all(text.as_bytes())
            .with_context(|| format!("{} cannot be written", self.path))
    }
}

/// A digest of a file that tells other data apart (FNV-1a; no defense against people).
pub(in super::super) fn digest(path: &Path) -> anyhow::Result<String> {
    let mut file = File::open(path).with_context(|| path.display().to_string())?;
    let mut buffer = vec![0; 64 * 1_024];
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    loop {
        let count = file.read(&mut buffer)?;
        let Some(read) = buffer.get(..count).filter(|read| !read.is_empty()) else {
            return Ok(format!("{hash:016x}"));
        };
        for byte in read {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(command: &str) -> Head {
        let data = vec![("x.csv".to_owned(), "1".to_owned())];
        Head { nija_sweep: 1, strategy: "sma-cross".to_owned(), command: command.to_owned(), data }
    }
    fn result(trial: usize) -> Result {
        Result {
            trial,
            final_equity: "1".to_owned(),
            closed: 2,
            // Without care its last digit is lost on the way through a file.
            return_pct: 1.098_167_211_149_801_3,
            sharpe: None,
            calmar: Some(1.0 / 3.0),
            max_drawdown_pct: 0.0,
            returns: vec![0.1, -1.0 / 7.0],
        }
    }

    #[test]
    fn a_torn_line_is_cut_off_and_the_rest_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.jsonl");
        let (mut book, done) = Book::open(&path, &head("a")).unwrap();
        assert!(done.is_empty());
        book.add(&[result(3), result(1)]).unwrap();
        drop(book);
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() - 9]).unwrap();
        let (mut book, done) = Book::open(&path, &head("a")).unwrap();
        assert_eq!(done.into_values().collect::<Vec<_>>(), [result(3)]);
        book.add(&[result(1)]).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), whole);
        let other = Book::open(&path, &head("b")).map(drop).unwrap_err().to_string();
        assert!(other.contains("another command"), "{other}");
        std::fs::write(&path, "notes\n").unwrap();
        assert!(Book::open(&path, &head("a")).is_err());
    }
}
