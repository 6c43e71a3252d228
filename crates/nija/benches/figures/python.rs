//! Peers in Python, where `--python=PATH` names an interpreter that has them: without it nothing is asked, and what
//! would be held against them is told without a judgement. A peer reads the same numbers and measures itself in
//! processor time, turn by turn with ours.

use anyhow::{Context, Result, ensure};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// What every peer begins and ends with: columns from a file of numbers, and a line of figures for each line it hears.
const FRAME: &str = "
import json, sys, time
import numpy as np
opens, highs, lows, closes = np.fromfile(sys.argv[1]).reshape(4, -1)
def timed(work):
    begun = time.process_time_ns()
    work()
    return (time.process_time_ns() - begun) / 1e9
";

/// A program that answers rounds.
pub(crate) struct Python {
    child: Child,
    ask: ChildStdin,
    answers: BufReader<ChildStdout>,
    /// Holds the file of numbers.
    _folder: tempfile::TempDir,
}

impl Python {
    /// Starts a script that defines `measure()`, over columns of equal length: opens, highs, lows, closes.
    pub(crate) fn start(
        python: Option<&str>,
        script: &str,
        columns: [&[f64]; 4],
    ) -> Result<Option<Self>> {
        let Some(python) = python else {
            return Ok(None);
        };
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("columns");
        let bytes: Vec<u8> = columns.concat().iter().flat_map(|n| n.to_ne_bytes()).collect();
        std::fs::write(&path, bytes)?;
        let turns = "for _ in sys.stdin: print(json.dumps(measure()), flush=True)";
        let mut child = Command::new(python)
            .args(["-c", &format!("{FRAME}{script}\n{turns}")])
            .arg(&path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("--python={python}"))?;
        let ask = child.stdin.take().context("no way in")?;
        let answers = BufReader::new(child.stdout.take().context("no way out")?);
        Ok(Some(Self { child, ask, answers, _folder: folder }))
    }

    /// Lets it measure once.
    pub(crate) fn round(&mut self) -> Result<Vec<f64>> {
        writeln!(self.ask, "measure")?;
        let mut line = String::new();
        ensure!(self.answers.read_line(&mut line)? > 0, "the peer has stopped; see above");
        Ok(serde_json::from_str(&line)?)
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        // Ours, and of no use any more; that it has ended by itself is no fault.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
