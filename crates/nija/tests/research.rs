//! `nija backtest --strategy sma-cross` against what other programs found on the same files, and its sweeps.

#![allow(clippy::unwrap_used)]

use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};
use tempfile::TempDir;

const TERMS: [&str; 6] = ["--cash", "10000", "--commission", "0.002", "--fill", "next-open"];

fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nija"));
    command.args(["backtest", "--strategy", "sma-cross"]).args(arguments);
    command.env_clear().output().unwrap()
}
fn good(arguments: &[&str]) -> Value {
    let output = run(&[arguments, &["--format", "json"]].concat());
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}
fn bad(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(!output.status.success(), "{arguments:?} succeeded");
    text(&output.stderr)
}
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
fn shared(name: &str) -> String {
    format!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/{}"), name)
}
/// Bars that rise and fall in waves of several lengths.
fn waves(folder: &TempDir, days: i32) -> String {
    let mut rows = "Date,Open,High,Low,Close,Volume\n".to_owned();
    let mut before = 100.0;
    for day in 0..days {
        let t = f64::from(day);
        let close = 100.0 + 20.0 * (t / 23.0).sin() + 9.0 * (t / 7.0).cos() + t / 40.0;
        let close = (close * 100.0).round() / 100.0;
        let (high, low) = (close.max(before) + 0.5, close.min(before) - 0.5);
        rows +=
            &format!("{},{before},{high:.2},{low:.2},{close},5\n", 1_500_000_000 + 86_400 * day);
        before = close;
    }
    let path = folder.path().join("WAVES.csv");
    fs::write(&path, rows).unwrap();
    path.display().to_string()
}

/// Trades and final equity of backtesting.py 0.6.6: its documented SmaCross of 10 and 20, all equity, orders that
/// exclude each other, and the same without short positions. vectorbt and backtrader hold ten units.
#[test]
fn other_programs_find_the_same() {
    for (file, parameter, trades, equity) in [
        ("demo-alt/equity/GOOG/1d.csv", "long_only=false", 46, "5255.67"),
        ("demo-alt/equity/GOOG/1d.csv", "long_only=true", 23, "10106.21"),
        ("equity/AAPL/1d.csv", "long_only=false", 248, "24288.10"),
        ("equity/AAPL/1d.csv", "long_only=true", 124, "316892.75"),
        ("etf/SPY/1d.csv", "long_only=false", 242, "2456.53"),
        ("etf/GLD/1d.csv", "long_only=true", 136, "19468.11"),
        ("equity/NVDA/1d.csv", "long_only=false", 266, "11050.11"),
        ("equity/AAPL/1d.csv", "size=10", 248, "9930.74"),
        ("etf/SPY/1d.csv", "size=10", 242, "6987.28"),
        ("etf/GLD/1d.csv", "size=10", 273, "9330.92"),
        ("equity/NVDA/1d.csv", "size=10", 266, "10030.82"),
        ("etf/QQQ/1d.csv", "size=10", 246, "8987.95"),
        ("equity/JPM/1d.csv", "size=10", 288, "8311.88"),
        ("equity/XOM/1d.csv", "size=10", 275, "8864.27"),
        ("etf/TLT/1d.csv", "size=10", 273, "9609.69"),
    ] {
        let path = shared(file);
        let found = good(&[&["--data", &path, "--param", parameter], &TERMS[..]].concat());
        let cents = |value: &Value| {
            let exact: f64 = value.as_str().unwrap().parse().unwrap();
            format!("{exact:.2}")
        };
        assert_eq!(cents(&found["final_equity"]), equity, "{file} {parameter}");
        assert_eq!(found["trades"].as_array().unwrap().len(), trades, "{file} {parameter}");
        assert_eq!(found["statistics"]["closed"], trades, "{file} {parameter}");
        assert!(found["fees"].is_string() && found["statistics"]["sharpe"].is_number());
    }
}

#[test]
fn many_files_are_accounts_of_their_own_whatever_the_threads() {
    let (aapl, spy) = (shared("equity/AAPL/1d.csv"), shared("etf/SPY/1d.csv"));
    let both = ["--data", &aapl, "--data", &spy];
    let one = good(&[&both[..], &TERMS, &["--threads", "1"]].concat());
    assert_eq!(one, good(&[&both[..], &TERMS, &["--threads", "4"]].concat()));
    let files = one["files"].as_array().unwrap();
    let units = |value: &Value| -> i64 {
        let money: nija_core::words::money::Money = value.as_str().unwrap().parse().unwrap();
        money.raw()
    };
    let sum: i64 = files.iter().map(|file| units(&file["final_equity"])).sum();
    assert_eq!((files.len(), units(&one["final_equity"])), (2, sum));
    assert_eq!(one["statistics"]["closed"], 248 + 242);
    // The costs of the class where nobody names any.
    let dear = good(&["--data", &aapl]);
    let friction: f64 = dear["costs"]["spread_and_slippage"].as_str().unwrap().parse().unwrap();
    assert!(friction > 0.0);
}

#[test]
fn a_window_is_traded_and_what_lies_before_is_read() {
    let path = shared("equity/AAPL/1d.csv");
    // The averages cross on 20 April 2012: averages of the window alone would not be whole by then.
    let cut = ["--data", &path, "--from", "2012-04-16", "--to", "2013-01-01"];
    let found = good(&cut);
    assert_eq!(found["from"], "2012-04-16T00:00:00Z");
    let first = found["trades"][0]["opened_at"].as_str().unwrap();
    assert!(first < "2012-05-01", "{first}: the averages were whole from the first day");
}

#[test]
fn a_killed_sweep_goes_on_and_finds_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let (data, kept) = (waves(&folder, 900), folder.path().join("kept.jsonl"));
    let kept = kept.display().to_string();
    let sweep = ["--data", &data, "--sweep", "fast=2..10:2", "--sweep", "slow=8,20,40"];
    let once = good(&[&sweep[..], &["--threads", "1"]].concat());
    assert_eq!(once["sweep"].as_array().unwrap().len(), 13);
    assert_eq!((&once["trials"], &once["left_out"]), (&13.into(), &2.into()));
    assert_eq!(once["overfitting"]["trials"], 13);
    let with = [&sweep[..], &["--results", &kept]].concat();
    let first = good(&with);
    assert_eq!(first["sweep"], once["sweep"]);
    // As a kill leaves it: some trials whole, one torn.
    let whole = fs::read_to_string(&kept).unwrap();
    let end = whole.match_indices('\n').nth(6).unwrap().0;
    fs::write(&kept, &whole[..end + 40]).unwrap();
    let again = good(&with);
    assert_eq!((&again["resumed"], &again["sweep"]), (&6.into(), &once["sweep"]));
    assert_eq!(again["best"], once["best"]);
    let other = bad(&[&with[..], &["--cash", "5"]].concat());
    assert!(other.contains("another command"), "{other}");
}

#[test]
fn a_walk_trades_only_what_was_chosen_before() {
    let folder = tempfile::tempdir().unwrap();
    let data = waves(&folder, 900);
    let sweep = ["--data", &data, "--sweep", "fast=2..10:2", "--sweep", "slow=20,40"];
    let walk = |data: &str, days: &str| {
        let mut arguments = sweep;
        arguments[1] = data;
        good(&[&arguments[..], &["--walk-forward", days]].concat())
    };
    let found = walk(&data, "train=300,test=100");
    let steps = found["steps"].as_array().unwrap();
    assert_eq!((steps.len(), &found["trials"]), (6, &60.into()));
    assert_eq!(steps[0]["start_equity"], found["start_equity"]);
    assert_eq!(steps[5]["final_equity"], found["final_equity"]);
    // Without the last hundred bars the windows before are the same.
    let cut: Vec<String> =
        fs::read_to_string(&data).unwrap().lines().take(802).map(str::to_owned).collect();
    let short = folder.path().join("SHORT.csv").display().to_string();
    fs::write(&short, cut.join("\n")).unwrap();
    let before = walk(&short, "train=300,test=100");
    assert_eq!(before["steps"].as_array().unwrap()[..5], steps[..5]);
}

#[test]
fn a_report_is_written_beside_the_results() {
    let folder = tempfile::tempdir().unwrap();
    let (data, page) = (waves(&folder, 700), folder.path().join("report.html"));
    let page: PathBuf = page;
    good(&["--data", &data, "--report", &page.display().to_string()]);
    let html = fs::read_to_string(page).unwrap();
    assert!(html.contains("sma-cross on WAVES") && html.contains("class=\"band\""));
}

#[test]
fn what_cannot_be_meant_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let data = waves(&folder, 50);
    for (arguments, wanted) in [
        (&["--param", "quick=1"][..], "has no parameter `quick`; it has"),
        (&["--param", "fast"], "write NAME=VALUE"),
        (&["--param", "slow=5"], "fast must be at least 1 and below slow"),
        (&["--fill", "close"], "invalid value"),
        (&["--lot", "0"], "--lot must be above 0"),
        (&["--strategy", "etf_rotation"], "trades on its own"),
        (&["--sweep", "fast=9..1"], "write FROM..TO:STEP"),
        (&["--sweep", "fast=2,3", "--walk-forward", "train=100"], "write train=500,test=100"),
        (&["--sweep", "fast=2,3", "--walk-forward", "train=100,test=10"], "it has 50 bars"),
        (&["--from", "2030-01-01"], "no bar lies between"),
        (&["--journal", "j.db"], "has no desk"),
        (
            &["--tier", "all"],
            "sma-cross trades on its own, without an account and its limits; leave --tier away",
        ),
    ] {
        let told = bad(&[&["--data", &data], arguments].concat());
        assert!(told.contains(wanted), "{arguments:?}: {told}");
    }
    let days = ["2024-01-02", "2024-01-03", "2024-01-05"].map(|day| format!("{day},1,1,1,1,0\n"));
    let rows = format!("date,open,high,low,close,volume\n{}", days.concat());
    fs::write(folder.path().join("GAP.csv"), rows).unwrap();
    let gap = folder.path().join("GAP.csv").display().to_string();
    assert!(
        bad(&["--data", &gap, "--strict"]).contains("GAP.csv, line 4: no bar between 2024-01-04")
    );
    let note = "1 gap, the longest of 24 hours, the first in line 4: no bar between 2024-01-04";
    assert!(good(&["--data", &gap])["notes"][0].as_str().unwrap().contains(note));
}
