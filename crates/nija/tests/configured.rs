//! What an operator configures is what runs: the analyst's setup and the rates of interest, in a backtest and when it
//! is held against a paper run.

#![allow(clippy::unwrap_used)]

use serde_json::Value;
use std::fs;
use std::process::{Command, Output};
use tempfile::TempDir;

/// Two funds compete, and a third is the refuge.
const SETUP: &str = "[roles]\nleader = 'BTC-USD'\nindex = 'SPY'\nvix = 'VIX'\n\
                     [equity]\nrotation = ['QQQ', 'DIA']\nrefuge = 'SPY'\n";
/// Cash earns nothing, and from the summer of 2018 on thirty percent.
const RISEN: &str = "date,rate\n2016-01-04,0\n2018-06-01,30\n";
/// A Friday, published on Monday.
const KNOWN: &str = "2018-06-05";

fn run(folder: &TempDir, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nija"));
    command.args(arguments).current_dir(folder.path()).env_clear().output().unwrap()
}

fn good(folder: &TempDir, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{arguments:?}: {told}");
    String::from_utf8(output.stdout).unwrap()
}

fn bad(folder: &TempDir, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    assert!(!output.status.success(), "{arguments:?} succeeded");
    String::from_utf8(output.stderr).unwrap()
}

fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let flat = "date,rate\n2016-01-04,0\n";
    for (name, text) in [("a.toml", SETUP), ("risen.csv", RISEN), ("flat.csv", flat)] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

const ROTATION: [&str; 10] = [
    "backtest",
    "--demo-data",
    "--tier",
    "all",
    "--strategy",
    "etf_rotation",
    "--rearm-below",
    "100",
    "--format",
    "json",
];

/// Symbols and days of what was bought and sold.
fn deals(result: &Value) -> Vec<(String, String, bool)> {
    let mut deals = Vec::new();
    for trade in result["trades"].as_array().unwrap() {
        for (at, is_entry) in [("opened_at", true), ("closed_at", false)] {
            let Some(at) = trade[at].as_str() else { continue };
            let symbol = trade["symbol"].as_str().unwrap().to_owned();
            deals.push((at[..10].to_owned(), symbol, is_entry));
        }
    }
    deals.sort();
    deals
}

#[test]
fn a_rise_of_the_rate_changes_what_is_held_and_not_before_it_is_known() {
    let folder = folder();
    let held = |more: &[&str]| {
        let text = good(&folder, &[&ROTATION[..], more].concat());
        let result: Value = serde_json::from_str(&text).unwrap();
        (deals(&result), result["notes"].to_string())
    };
    let (flat, note) = held(&["--analyst", "a.toml", "--rates", "flat.csv"]);
    assert!(note.contains("cash earns rate: 1 rates of 2016-01-04"), "{note}");
    let (risen, note) = held(&["--analyst", "a.toml", "--rates", "risen.csv"]);
    assert!(note.contains("0.00 % to 30.00 % a year"), "{note}");
    let until = |deals: &[(String, String, bool)]| {
        deals.iter().take_while(|deal| deal.0.as_str() < KNOWN).cloned().collect::<Vec<_>>()
    };
    assert_eq!(until(&risen), until(&flat));
    assert!(!until(&flat).is_empty() && risen != flat, "{risen:?}");
    // Nothing risky beats thirty percent: the refuge is held in the end.
    let last = |deals: &[(String, String, bool)]| {
        deals.iter().rev().find(|deal| deal.2).map(|deal| deal.1.clone()).unwrap()
    };
    assert_eq!((last(&risen), last(&flat)), ("SPY".to_owned(), "QQQ".to_owned()));
}

#[test]
fn a_setup_says_what_is_traded_of_files_too() {
    let folder = folder();
    let setup = "[roles]\nindex = 'SPY'\n[equity]\nrotation = ['SPY']\nrefuge = 'QQQ'\n";
    fs::write(folder.path().join("two.toml"), setup).unwrap();
    let file =
        |symbol| format!("{}/../../data/demo/etf/{symbol}/1d.csv", env!("CARGO_MANIFEST_DIR"));
    let [spy, qqq, dia] = ["SPY", "QQQ", "DIA"].map(file);
    let notes = |more: &[&str]| {
        let files = ["backtest", "--data", &spy, "--data", &qqq, "--data", &dia];
        let asked = ["--strategy", "etf_rotation", "--format", "json"];
        let text = good(&folder, &[&files[..], &asked, more].concat());
        serde_json::from_str::<Value>(&text).unwrap()["notes"].to_string()
    };
    let (own, all) = (notes(&["--analyst", "two.toml"]), notes(&[]));
    assert!(!own.contains("QQQ"), "the refuge is traded: {own}");
    assert!(own.contains("DIA is read and not traded") && !all.contains("DIA"), "{own} {all}");
}

#[test]
fn what_is_wrong_with_either_file_is_told() {
    let folder = folder();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("twice.csv", "date,rate\n2016-01-04,0\n2016-01-04,1\n");
    write("none.toml", "[equity]\nrotation = ['QQQ', 'TLT']\n");
    let told = |more: &[&str]| bad(&folder, &[&ROTATION[..], more].concat());
    for (option, file, want) in [
        ("--rates", "no.csv", "cannot read the rates no.csv"),
        ("--rates", "twice.csv", "twice.csv: line 3: this date has come already"),
        ("--analyst", "no.toml", "cannot read the analyst's setup no.toml"),
        ("--analyst", "none.toml", "none.toml: equity.rotation: `TLT` is no instrument"),
    ] {
        let told = told(&[option, file]);
        assert!(told.contains(want), "{told}");
    }
    let teaching = ["backtest", "--demo-data", "--strategy", "sma-cross", "--rates", "flat.csv"];
    assert!(bad(&folder, &teaching).contains("for the strategies of the platform"));
    // The same at the start of a server, and old rates are told.
    write(".env", "NIJA_RATES_FILE=twice.csv\nNIJA_ANALYST_FILE=none.toml\n");
    let look = || String::from_utf8(run(&folder, &["check-config"]).stdout).unwrap();
    for want in
        ["NIJA_RATES_FILE: twice.csv: line 3", "NIJA_ANALYST_FILE: none.toml: equity.rotation"]
    {
        assert!(look().contains(want), "{}", look());
    }
    write(".env", "NIJA_RATES_FILE=risen.csv\nNIJA_ANALYST_FILE=a.toml\n");
    assert!(look().contains("NIJA_RATES_FILE: ends with 2018-06-01"), "{}", look());
    assert!(!look().contains("NIJA_ANALYST_FILE:"), "{}", look());
}

#[test]
fn a_run_is_held_against_the_setup_that_it_was_made_of() {
    let folder = folder();
    let configured = "NIJA_RATES_FILE=risen.csv\nNIJA_ANALYST_FILE=a.toml\n";
    let configure = |text: &str| fs::write(folder.path().join(".env"), text).unwrap();
    configure(configured);
    let kept = ["--tier", "all", "--to", "2019-01-01", "--rearm-below", "0", "--journal", "one.db"];
    good(&folder, &[&["backtest", "--demo-data"], &kept[..]].concat());
    let compare = ["parity", "--database", "sqlite:one.db", "--demo-data"];
    let agrees = "paper run and backtest agree: 100.00 %";
    let table = good(&folder, &compare);
    assert!(table.starts_with(agrees), "{table}");
    for other in ["NIJA_ANALYST_FILE=a.toml\n", "NIJA_RATES_FILE=risen.csv\n"] {
        configure(other);
        let table = good(&folder, &compare);
        assert!(!table.starts_with(agrees), "{other}: {table}");
    }
    // The regimes are read from the markets that it names.
    configure(configured);
    let regimes = good(&folder, &["regimes", "--demo-data"]);
    configure("");
    let named = good(&folder, &["regimes", "--demo-data", "--analyst", "a.toml"]);
    assert_eq!(regimes, named);
    assert_ne!(regimes, good(&folder, &["regimes", "--demo-data"]));
}
