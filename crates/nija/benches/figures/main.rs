//! The figures that the goals ask for, measured in one program. `cargo xtask bench [NAME...]` builds
//! it for release and runs each name in a process of its own.
//!
//! Every figure is one line of JSON on standard output; a table for people goes to standard error.
//! `--quick` measures less of everything. Wanted absent: any claim about a machine that is not quiet.

mod backtest;
mod copy;
mod desk;
mod figure;
mod gates;
mod http;
mod indicators;
mod journal;
mod kill;
mod life;
mod market;
mod memory;
mod meter;
mod peer;
mod projector;
mod python;
mod recovery;
mod research;
mod scene;

use anyhow::{Context, Result, bail};
use figure::Figure;
use std::io::Write;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Runs of which the median is told.
pub(crate) const RUNS: usize = 5;

/// How much to measure.
pub(crate) struct Scale {
    quick: bool,
    python: Option<String>,
}

impl Scale {
    /// So many, or a tenth of it when it has to be quick.
    pub(crate) const fn of(&self, many: u32) -> u32 {
        if self.quick { many / 10 } else { many }
    }
    /// An interpreter that has peers, where one was named.
    pub(crate) fn python(&self) -> Option<&str> {
        self.python.as_deref()
    }
}

/// One bench: its name, what it measures, and how.
type Bench = (&'static str, &'static str, fn(&Scale) -> Result<Vec<Figure>>);

const BENCHES: [Bench; 18] = [
    ("gates", "the verdict of the gates, hot and over a million accounts", gates::gates),
    ("allocation", "the split of capital", gates::allocation),
    ("desk", "a whole decision with its events, without a journal", desk::decisions),
    ("life", "the life of an order in memory, and that its cost is flat", life::life),
    ("market", "a tick or a bar to the decision, in process", market::decisions),
    ("kill", "the kill switch against a flood", kill::kill),
    ("journal", "durable events and decisions beside the disk itself", journal::journal),
    ("projector", "orders made into rows for screens", projector::projector),
    ("http", "durable orders over loopback beside a bare server", http::http),
    ("reads", "questions over loopback beside a bare server", http::reads),
    ("batch", "durable orders in batches over loopback", http::batch),
    ("tenants", "the cost of a request beside a million accounts", http::tenants),
    ("backtest", "bars a second", backtest::backtest),
    ("research", "bars a second of a rule without accounts", research::research),
    ("indicators", "a bar of each indicator", indicators::indicators),
    ("copy", "a master's purchase to a hundred thousand followers", copy::copy),
    ("memory", "an idle account and an idle server", memory::memory),
    ("recovery", "the way back to the end of a long journal", recovery::recovery),
];

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("figures: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, port, folder] = args.as_slice()
        && flag == http::BARE
    {
        return http::bare::serve(port.parse()?, folder.as_ref());
    }
    if args.iter().any(|arg| arg == "--list") {
        let names = BENCHES.map(|(name, says, _)| format!("{name:<12} {says}\n"));
        return Ok(write!(std::io::stdout(), "{}", names.concat())?);
    }
    // A test runner that builds everything starts this, too; only a bench asks with `--bench`.
    if !args.iter().any(|arg| arg == "--bench") {
        eprintln!("run by `cargo xtask bench [NAME...] [--quick]`");
        return Ok(());
    }
    let python = args.iter().find_map(|arg| arg.strip_prefix("--python=")).map(str::to_owned);
    let scale = Scale { quick: args.iter().any(|arg| arg == "--quick"), python };
    let names: Vec<&String> = args.iter().filter(|arg| !arg.starts_with("--")).collect();
    if let Some(name) = names.iter().find(|name| BENCHES.iter().all(|b| b.0 != name.as_str())) {
        bail!("no bench `{name}`; --list names them");
    }
    for (name, _, measure) in BENCHES {
        if names.is_empty() || names.iter().any(|wanted| *wanted == name) {
            let figures = measure(&scale).with_context(|| format!("bench `{name}`"))?;
            tell(&figures)?;
        }
    }
    Ok(())
}

fn tell(figures: &[Figure]) -> Result<()> {
    let mut out = std::io::stdout().lock();
    for figure in figures {
        writeln!(out, "{}", figure.json())?;
    }
    let mut table = std::io::stderr().lock();
    for figure in figures {
        writeln!(table, "{}", figure.row())?;
    }
    Ok(())
}
