//! Backtests for users, each in a process of its own: this program once more, as `nija backtest`, at the lowest
//! priority and with little memory. Whatever it does, orders do not wait for it.

use crate::config::Config;
use nija_core::ports::Doing;
use nija_core::ports::backtests::{BacktestError, Backtests, Bars, Finished, Plan};
use rustix::process::{Pid, Resource, Rlimit, prlimit, setpriority_process};
use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// How long one may take: less than a request may.
const PATIENCE: Duration = Duration::from_secs(25);
/// Bytes of addresses that one may use.
const MEMORY: u64 = 2 << 30;
/// The lowest priority there is.
const NICE: i32 = 19;
/// The longest reason that is told, in characters.
const REASON: usize = 1_000;
/// Where a page is written.
const PAGE: &str = "report.html";

/// Runs one backtest at a time.
pub(crate) struct Workshop {
    program: PathBuf,
    /// The files that the server was told to trade by; nothing else of its configuration is handed on.
    files: Vec<(&'static str, PathBuf)>,
    turn: Semaphore,
}

impl Workshop {
    /// With this very program, by what this configuration trades by.
    pub(crate) fn new(config: &Config) -> std::io::Result<Self> {
        let told = [
            ("NIJA_TIERS_FILE", &config.tiers),
            ("NIJA_INSTRUMENTS_FILE", &config.instruments),
            ("NIJA_STRATEGIES_FILE", &config.strategies),
            ("NIJA_ANALYST_FILE", &config.analyst),
            ("NIJA_EARNINGS_FILE", &config.earnings),
            ("NIJA_RATES_FILE", &config.interest),
        ];
        // It runs in a folder of its own.
        let file = |(name, path): (_, &Option<PathBuf>)| {
            Some(std::path::absolute(path.as_ref()?).map(|path| (name, path)))
        };
        let files = told.into_iter().filter_map(file).collect::<Result<_, _>>()?;
        Ok(Self { program: std::env::current_exe()?, files, turn: Semaphore::new(1) })
    }

    async fn work(&self, plan: &Plan) -> Result<Finished, BacktestError> {
        let _turn = self.turn.try_acquire().map_err(|_| BacktestError::Busy)?;
        let told = |what: &'static str| {
            move |why: std::io::Error| {
                tracing::error!(%why, what, "backtest");
                BacktestError::Unavailable(what)
            }
        };
        let folder = tempfile::tempdir().map_err(told("no folder for it"))?;
        let tables = match plan.bars.as_ref().map(tables).transpose() {
            Ok(tables) => tables.unwrap_or_default(),
            Err(why) => return Ok(Finished::Refused(why)),
        };
        let files = tables.iter().map(|(symbol, table)| place(folder.path(), symbol, table));
        let files: Vec<PathBuf> =
            files.collect::<Result<_, _>>().map_err(told("its bars cannot be written"))?;
        let child = Command::new(&self.program)
            .arg("backtest")
            .args(arguments(plan, &files))
            .current_dir(folder.path())
            .env_clear()
            .envs(self.files.iter().map(|(name, path)| (name, path)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(told("the program cannot be started"))?;
        humble(&child);
        let output = timeout(PATIENCE, child.wait_with_output()).await;
        let output = output.map_err(|_| BacktestError::TooLong)?.map_err(told("no answer"))?;
        if !output.status.success() {
            return Ok(Finished::Refused(reason(&output)));
        }
        let report = match plan.page {
            false => output.stdout,
            true => std::fs::read(folder.path().join(PAGE)).map_err(told("no page came"))?,
        };
        Ok(Finished::Report(report))
    }
}

impl Backtests for Workshop {
    fn run(&self, plan: Plan) -> Doing<'_, Result<Finished, BacktestError>> {
        Box::pin(async move { self.work(&plan).await })
    }
}

/// Takes a child's priority and memory. Where that fails, it has ended.
fn humble(child: &Child) {
    let id = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    if let Some(id) = id {
        let limit = Rlimit { current: Some(MEMORY), maximum: Some(MEMORY) };
        let _ = setpriority_process(Some(id), NICE);
        let _ = prlimit(Some(id), Resource::As, limit);
    }
}

/// A symbol with the table of its bars.
type Table<'a> = (&'a str, Cow<'a, [u8]>);

/// The table of each symbol, or why there is none. Lines stay where they were, so that a fault names the line that was
/// sent.
fn tables(bars: &Bars) -> Result<Vec<Table<'_>>, String> {
    if let [symbol] = &bars.symbols[..] {
        return Ok(vec![(symbol, Cow::Borrowed(&bars.csv))]);
    }
    let text = std::str::from_utf8(&bars.csv).map_err(|_| "the table is no text".to_owned())?;
    let cell = |line: &str, column: usize| {
        line.split(',').nth(column).map(|cell| cell.trim().trim_matches('"').to_owned())
    };
    let mut lines = text.lines();
    let head = lines.next().unwrap_or_default();
    let column = head.split(',').position(|name| name.trim().eq_ignore_ascii_case("symbol"));
    let column =
        column.ok_or("bars of several symbols need a column `symbol` that tells them apart")?;
    // With each the number of its last line.
    let mut tables: Vec<(&str, String, usize)> =
        bars.symbols.iter().map(|symbol| (symbol.as_str(), head.to_owned(), 1)).collect();
    for (number, line) in (2..).zip(lines).filter(|(_, line)| !line.trim().is_empty()) {
        let about = cell(line, column).unwrap_or_default();
        let Some((_, table, last)) = tables.iter_mut().find(|(symbol, ..)| *symbol == about) else {
            return Err(format!("line {number}: `{about}` is none of the symbols"));
        };
        table.extend(std::iter::repeat_n('\n', number - *last));
        table.push_str(line);
        *last = number;
    }
    Ok(tables.into_iter().map(|(symbol, table, _)| (symbol, table.into_bytes().into())).collect())
}

/// Writes a table; gives the file's name within the folder, which says what it is about.
fn place(folder: &Path, symbol: &str, table: &[u8]) -> std::io::Result<PathBuf> {
    let name = PathBuf::from(format!("{}.csv", symbol.replace('.', "-")));
    std::fs::write(folder.join(&name), table)?;
    Ok(name)
}

/// What the command is told. Every value is glued to its name, so that none can pass for another option.
fn arguments(plan: &Plan, files: &[PathBuf]) -> Vec<String> {
    let mut all = vec!["--format=json".to_owned()];
    let mut add = |name: &str, value: Option<String>| {
        all.extend(value.map(|value| format!("--{name}={value}")));
    };
    if let Some(bars) = &plan.bars {
        for file in files {
            add("data", Some(file.display().to_string()));
        }
        if let [symbol] = &bars.symbols[..] {
            add("symbol", Some(symbol.clone()));
        }
        add("timeframe", bars.timeframe.clone());
        add("hours", bars.hours.clone());
    }
    for strategy in &plan.strategies {
        add("strategy", Some(strategy.clone()));
    }
    for (name, value) in &plan.parameters {
        add("param", Some(format!("{name}={value}")));
    }
    add("cash", plan.cash.map(|cash| cash.to_string()));
    add("commission", plan.commission.map(|part| part.to_string()));
    add(
        "tier",
        match &plan.tiers[..] {
            [] => None,
            [tier] => Some(tier.name().to_owned()),
            _ => Some("all".to_owned()),
        },
    );
    add("tolerance", plan.tolerance.map(|word| format!("{word:?}").to_lowercase()));
    add("from", plan.from.clone());
    add("to", plan.to.clone());
    add("report", plan.page.then(|| PAGE.to_owned()));
    if plan.bars.is_none() {
        all.push("--demo-data".to_owned());
    }
    all
}

/// What the command said is wrong, in one line: its first paragraph, a list of which has its entries behind each other.
fn reason(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let lines = text.lines().map(str::trim).skip_while(|line| line.is_empty());
    let mut said = lines.take_while(|line| !line.is_empty());
    let first = said.next().unwrap_or_default();
    let first = first.strip_prefix("nija: ").or(first.strip_prefix("error: ")).unwrap_or(first);
    if first.is_empty() {
        return "it ended without a word: it needs more memory than one may have".to_owned();
    }
    let list: Vec<&str> = said.collect();
    let gap = if list.is_empty() { "" } else { " " };
    format!("{first}{gap}{}", list.join("; ")).chars().take(REASON).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt;

    #[test]
    fn a_reason_is_one_line_with_all_that_was_said() {
        let told = |said: &str| {
            let (status, stderr) = (ExitStatusExt::from_raw(256), said.as_bytes().to_vec());
            reason(&Output { status, stdout: Vec::new(), stderr })
        };
        let listed = told("nija: it has no `fats`; it has\n  fast: 10\n  slow: 20\n");
        assert_eq!(listed, "it has no `fats`; it has fast: 10; slow: 20");
        assert_eq!(
            told("error: invalid value\n\nFor more information, try --help\n"),
            "invalid value"
        );
        assert!(told("").contains("more memory"));
        assert_eq!(told(&"x".repeat(2 * REASON)).len(), REASON);
    }
}
