//! Backtests for users, each in a process of its own: this program once more, as `nija backtest`, at the lowest
//! priority and with little memory. Whatever it does, orders do not wait for it.

use crate::config::Config;
use nija_core::ports::Doing;
use nija_core::ports::backtests::{BacktestError, Backtests, Bars, Finished, Plan};
use rustix::process::{Pid, Resource, Rlimit, prlimit, setpriority_process};
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
const REASON: usize = 500;
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
        let file = plan.bars.as_ref().map(|bars| place(folder.path(), bars)).transpose();
        let file = file.map_err(told("its bars cannot be written"))?;
        let child = Command::new(&self.program)
            .arg("backtest")
            .args(arguments(plan, file.as_deref()))
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

/// Writes the bars; gives the file's name within the folder, which says what they are about.
fn place(folder: &Path, bars: &Bars) -> std::io::Result<PathBuf> {
    let name = PathBuf::from(format!("{}.csv", bars.symbol.replace('.', "-")));
    std::fs::write(folder.join(&name), &bars.csv)?;
    Ok(name)
}

/// What the command is told. Every value is glued to its name, so that none can pass for another option.
fn arguments(plan: &Plan, file: Option<&Path>) -> Vec<String> {
    let mut all = vec!["--format=json".to_owned()];
    let mut add = |name: &str, value: Option<String>| {
        all.extend(value.map(|value| format!("--{name}={value}")));
    };
    if let (Some(bars), Some(file)) = (&plan.bars, file) {
        add("data", Some(file.display().to_string()));
        add("symbol", Some(bars.symbol.clone()));
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
    add("tier", plan.tier.map(|tier| tier.name().to_owned()));
    add("tolerance", plan.tolerance.map(|word| format!("{word:?}").to_lowercase()));
    add("from", plan.from.clone());
    add("to", plan.to.clone());
    add("report", plan.page.then(|| PAGE.to_owned()));
    if plan.bars.is_none() {
        all.push("--demo-data".to_owned());
    }
    all
}

/// The line in which the command said what is wrong.
fn reason(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let line = line.strip_prefix("nija: ").or(line.strip_prefix("error: ")).unwrap_or(line);
    match line {
        "" => "it ended without a word: it needs more memory than one may have".to_owned(),
        line => line.chars().take(REASON).collect(),
    }
}
