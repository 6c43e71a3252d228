//! What a backtest of the platform's strategies makes of the files that are named: all are traded, and who is silent
//! says why.

#![allow(clippy::unwrap_used)]

use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::process::{Command, Output};
use tempfile::TempDir;

/// Shipped files under names of this test, in a folder of their own.
struct Desk(TempDir);

impl Desk {
    fn new(files: &[(&str, &str)]) -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        for (name, shipped) in files {
            let from = format!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/demo/{}"), shipped);
            fs::copy(from, desk.0.path().join(name)).unwrap();
        }
        desk
    }

    fn run(&self, files: &[&str], rest: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nija"));
        command.arg("backtest").current_dir(self.0.path()).env_clear();
        files.iter().for_each(|file| {
            command.args(["--data", file]);
        });
        command.args(rest).output().unwrap()
    }
    fn good(&self, files: &[&str], rest: &[&str]) -> Value {
        let output = self.run(files, &[rest, &["--format", "json"]].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

fn traded(found: &Value) -> BTreeSet<&str> {
    let trades = found["trades"].as_array().unwrap().iter();
    trades.map(|trade| trade["symbol"].as_str().unwrap()).collect()
}

fn notes(found: &Value) -> Vec<&str> {
    found["notes"].as_array().unwrap().iter().map(|note| note.as_str().unwrap()).collect()
}

const BTC: (&str, &str) = ("BTC-USD.csv", "crypto/BTC-USD/1d.csv");
const SPY: (&str, &str) = ("SPY.csv", "etf/SPY/1d.csv");

#[test]
fn coins_that_no_catalog_lists_trade_beside_those_that_it_does() {
    let desk = Desk::new(&[BTC, ("SOL-USD.csv", "crypto/LTC-USD/1d.csv")]);
    let riding = ["--strategy", "crypto_trend_riding", "--hours", "always"];
    let found = desk.good(&["BTC-USD.csv", "SOL-USD.csv"], &riding);
    assert_eq!(traded(&found), BTreeSet::from(["BTC-USD", "SOL-USD"]));
    assert!(notes(&found).is_empty(), "{found}");
}

#[test]
fn funds_rotate_among_all_that_are_named() {
    let desk = Desk::new(&[SPY, ("TLT.csv", "etf/QQQ/1d.csv"), ("GLD.csv", "equity/AMZN/1d.csv")]);
    let files = ["SPY.csv", "TLT.csv", "GLD.csv"];
    let run = |strategy| {
        desk.good(&files, &["--strategy", strategy, "--hours", "nyse", "--tier", "BALLER"])
    };
    assert!(traded(&run("etf_rotation")).contains("GLD"));
    assert_eq!(traded(&run("equity_mean_reversion")), BTreeSet::from(["SPY", "TLT", "GLD"]));
    assert!(traded(&run("macro_trend")).is_superset(&BTreeSet::from(["TLT", "GLD"])));
}

#[test]
fn shares_are_ranked_whether_the_catalog_lists_them_or_not_and_the_index_is_none() {
    let shares = [
        ("AAPL.csv", "equity/AAPL/1d.csv"),
        ("ONE.csv", "equity/AMZN/1d.csv"),
        ("TWO.csv", "equity/JPM/1d.csv"),
        ("THREE.csv", "equity/MSFT/1d.csv"),
    ];
    let desk = Desk::new(&[&shares[..], &[SPY]].concat());
    let swing = ["--strategy", "equity_momentum_swing", "--hours", "nyse", "--param", "top=0.7"];
    let files: Vec<&str> = shares.iter().map(|(name, _)| *name).chain(["SPY.csv"]).collect();
    let found = desk.good(&files, &[&swing[..], &["--tier", "BALLER"]].concat());
    let symbols = traded(&found);
    assert!(symbols.contains("ONE") && symbols.contains("THREE"), "{symbols:?}");
    assert!(!symbols.contains("SPY"), "{symbols:?}");
    let note = "SPY is read and not traded: none of the strategies that are heard trades it";
    assert_eq!(notes(&found), [note]);
    // Where there are funds alone, they are what is ranked.
    let desk = Desk::new(&[SPY, ("QQQ.csv", "etf/QQQ/1d.csv")]);
    let found = desk.good(&["SPY.csv", "QQQ.csv"], &[&swing[..], &["--tier", "BALLER"]].concat());
    assert_eq!(traded(&found), BTreeSet::from(["SPY", "QQQ"]));
}

#[test]
fn who_says_nothing_says_what_it_needs() {
    let desk = Desk::new(&[BTC, SPY]);
    for (strategy, file, wanted) in [
        (
            "crypto_market_making",
            "BTC-USD.csv",
            "crypto_market_making said nothing: needs books: give a folder of ticks",
        ),
        (
            "index_scalping",
            "SPY.csv",
            "needs bars of contracts (--contract), funds or shares that are shorter than a day",
        ),
        (
            "equity_earnings_volatility",
            "SPY.csv",
            "needs reports of these companies (--earnings FILE)",
        ),
        ("etf_rotation", "BTC-USD.csv", "etf_rotation said nothing: needs bars of shares or funds"),
    ] {
        let found = desk.good(&[file], &["--strategy", strategy]);
        assert!(traded(&found).is_empty());
        let notes = notes(&found);
        assert!(notes.iter().any(|note| note.contains(wanted)), "{strategy}: {notes:?}");
    }
    // A run that is too short for a rule says how long the rule takes.
    let short = ["--strategy", "etf_rotation", "--to", "2017-06-01"];
    let found = desk.good(&["SPY.csv"], &short);
    let note = "etf_rotation said nothing: no entry by its rules, and it needs 12 months before its first entry";
    assert!(notes(&found).iter().any(|told| told.starts_with(note)), "{found}");
    let text = String::from_utf8(desk.run(&["SPY.csv"], &short).stdout).unwrap();
    assert!(text.contains(&format!("note: {note}")), "{text}");
    desk.run(&["SPY.csv"], &[&short[..], &["--report", "r.html"]].concat());
    let html = fs::read_to_string(desk.0.path().join("r.html")).unwrap();
    assert!(html.contains("etf_rotation said nothing"));
}

#[test]
fn of_all_strategies_those_that_lack_the_same_share_a_note() {
    let desk = Desk::new(&[BTC]);
    let found = desk.good(&["BTC-USD.csv"], &[]);
    let notes = notes(&found);
    let lack =
        "equity_earnings_volatility, equity_mean_reversion, etf_rotation said nothing: need ";
    assert!(notes.iter().any(|note| note.starts_with(lack)), "{notes:?}");
    assert!(!notes.iter().any(|note| note.contains("crypto_trend_riding")), "{notes:?}");
}

/// Bitcoin's days, one of them with a high of eight times its neighbors and one missing.
fn damaged(desk: &Desk) {
    let path = desk.0.path().join("BTC-USD.csv");
    let text = fs::read_to_string(&path).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut cells: Vec<String> = lines[400].split(',').map(str::to_owned).collect();
    cells[2] = format!("{:.2}", cells[2].parse::<f64>().unwrap() * 8.0);
    lines[400] = cells.join(",");
    lines.remove(600);
    fs::write(path, lines.join("\n")).unwrap();
}

#[test]
fn a_bad_tick_and_a_gap_are_told_and_strict_runs_stop_there() {
    let desk = Desk::new(&[BTC]);
    let riding = ["--strategy", "crypto_trend_riding", "--to", "2019-01-01"];
    let whole = desk.good(&["BTC-USD.csv"], &[&riding[..], &["--strict"]].concat());
    assert!(notes(&whole).is_empty(), "{whole}");
    damaged(&desk);
    let found = desk.good(&["BTC-USD.csv"], &riding);
    let [note] = notes(&found)[..] else { panic!("{found}") };
    assert!(
        note.contains(
            "BTC-USD.csv: 1 gap, the longest of 24 hours, the first in line 601: no bar between"
        ),
        "{note}"
    );
    assert!(note.contains("1 odd price, the first in line 401: high "), "{note}");
    let strict = desk.run(&["BTC-USD.csv"], &[&riding[..], &["--strict"]].concat());
    let why = String::from_utf8_lossy(&strict.stderr).into_owned();
    assert!(!strict.status.success() && why.contains("BTC-USD.csv, line 401: high "), "{why}");
    assert!(why.contains("leave --strict away"), "{why}");
}

#[test]
fn what_is_refused_says_which_option_or_column_helps() {
    let desk = Desk::new(&[BTC]);
    let bad = |text: &str, rest: &[&str]| {
        fs::write(desk.0.path().join("BAD.csv"), text).unwrap();
        let output = desk.run(&["BAD.csv"], &[&["--hours", "always"], rest].concat());
        assert!(!output.status.success());
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let header = "time,open,high,low,close,volume\n2020-01-01,1,2,1,2,5\n";
    let day = ["--timeframe", "1d"];
    for row in ["2020-01-02,1,1,1,2,5\n", "2020-01-02,1,2,0,2,5\n", "2020-01-02,1,2,1,2,-5\n"] {
        let why = bad(&format!("{header}{row}"), &day);
        assert!(why.contains("BAD.csv, line 3: ") && why.contains("--skip-bad"), "{why}");
    }
    let why = bad("time,open,high,low,close\n2020-01-01,1,2,1,2\n", &day);
    assert!(why.contains("where volumes are not known, add a column of 0"), "{why}");
}
