//! Months of a future that a catalog names as a family, through the real binary: backtest, server and parity roll them
//! and nobody names them again; what is no family is refused with what to do.

use crate::abuse::SECRET;
use crate::caller::{Caller, PASSWORD};
use crate::child::{Nija, PATIENCE, until};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// The days that are read: the first two hundred tell the regime, and none of them stops a class.
const DAYS: std::ops::Range<&str> = "2019-04-10".."2019-11-19";
/// The months: their last days, and their ends in microseconds. The first one has ended, and nobody quotes it.
const MONTHS: [(&str, i64); 3] = [
    ("2019-03-15", 1_552_680_000_000_000),
    ("2019-11-19", 1_574_197_200_000_000),
    ("2019-12-20", 1_576_875_600_000_000),
];
const FILES: [&str; 3] = ["crypto/BTC-USD/1d.csv", "etf/SPY/1d.csv", "index/VIX/1d.csv"];
const FAMILY: &str = "\n[[family]]\nname = \"Q\"\nmonths = [\"Q0\", \"Q1\", \"Q2\"]\n";

/// What every command is configured with.
const VARIABLES: [(&str, &str); 6] = [
    ("JWT_SECRET_KEY", SECRET),
    ("DATABASE_URL", "sqlite:nija.db"),
    ("NIJA_INSTRUMENTS_FILE", "catalog.toml"),
    ("NIJA_STRATEGIES_FILE", "playbook.toml"),
    ("NIJA_LIQUIDITY", "100"),
    ("NIJA_FEED", "replay:market"),
];

fn shipped(file: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    fs::read_to_string(root.join(file)).unwrap()
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn row(n: usize, expiry: i64) -> String {
    format!(
        "\n[[instrument]]\nid = \"0000010{n}\"\nsymbol = \"Q{n}\"\nclass = \"derivatives\"\n\
         kind = {{ kind = \"future\", multiplier = 1, expiry = {expiry} }}\nhours = \"nyse\"\n\
         tick = \"0.01\"\nlot = \"0.01\"\nstale_after = 360000000000\nvenue = \"paper\"\n"
    )
}

/// The shipped catalog with the months, as far as their family.
fn rows() -> String {
    let months = MONTHS.iter().enumerate().map(|(n, (_, expiry))| row(n, *expiry));
    shipped("crates/nija/data/instruments.toml") + &months.collect::<String>()
}

/// Lays catalog, playbook and market into a folder. A month is SPY, a percent dearer than the month before it, and
/// traded more until nine sessions before its end.
fn laid() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let market = folder.path().join("market");
    write(&folder.path().join("catalog.toml"), &(rows() + FAMILY));
    let playbook = shipped("crates/market/src/data/strategies.toml");
    let (head, trend) = playbook.split_once("[macro_trend.parameters]").unwrap();
    let trend = trend.replacen("look_back = 252", "look_back = 60", 1);
    write(&folder.path().join("playbook.toml"), &format!("{head}[macro_trend.parameters]{trend}"));
    for file in FILES {
        let text = shipped(&format!("data/demo/{file}"));
        let is_read = |line: &&str| !line.starts_with('2') || DAYS.contains(&&line[..10]);
        let lines: Vec<&str> = text.lines().filter(is_read).collect();
        write(&market.join(file), &(lines.join("\n") + "\n"));
    }
    let text = shipped("data/demo/etf/SPY/1d.csv");
    let days: Vec<&str> = text.lines().skip(1).collect();
    for (n, (last, _)) in MONTHS.iter().enumerate().skip(1) {
        let last = days.iter().position(|day| day.starts_with(last)).unwrap();
        let mut file = "timestamp,open,high,low,close,volume\n".to_owned();
        for (day, left) in days[last - 130..=last].iter().zip((0..=130).rev()) {
            let cells: Vec<&str> = day.split(',').collect();
            let price = |of: usize| cells[of].parse::<f64>().unwrap() * 1.01f64.powi(n as i32);
            let prices = [1, 2, 3, 4].map(|of| format!("{:.4}", price(of))).join(",");
            let volume = if left <= 8 { 1 } else { 1_000 - left };
            if DAYS.contains(&&day[..10]) {
                file.push_str(&format!("{},{prices},{volume}\n", cells[0]));
            }
        }
        write(&market.join(format!("futures/Q{n}/1d.csv")), &file);
    }
    folder
}

/// What a command prints.
fn told(folder: &Path, arguments: &[&str], more: &[(&str, &str)]) -> (bool, String) {
    let (status, text) = Nija::start(folder, arguments, &[&VARIABLES, more].concat()).end(PATIENCE);
    (status.success(), text)
}

#[track_caller]
fn good(folder: &Path, arguments: &[&str]) -> String {
    let (success, text) = told(folder, arguments, &[]);
    assert!(success, "{arguments:?}: {text}");
    text
}

#[test]
fn a_server_rolls_the_families_of_its_catalog_and_parity_agrees() {
    let folder = laid();
    // Some eleven seconds; the first entry into a month comes in the last one.
    let more =
        [("NIJA_RECORD", "recorded"), ("NIJA_REPLAY_DAY_MS", "50"), ("NIJA_PARTITIONS", "2")];
    let server = Nija::start(folder.path(), &["serve"], &[&VARIABLES[..], &more].concat());
    server.after("\"serving\"");
    let open = json!({
        "email": "user@example.com", "password": PASSWORD, "tier": "BALLER", "initial_capital": 100_000
    });
    let stranger = Caller::stranger(server.address());
    assert_eq!(stranger.post("/api/v2/register", &open).status, 201);
    let user = Caller::login(server.address(), "user@example.com", PASSWORD);
    server.after("the recorded market is at its end");
    let symbols = until("nothing was rolled into the last month", || {
        let positions = user.get("/api/v2/positions").good();
        let rows = positions["items"].as_array().unwrap().iter();
        let symbols: Vec<Value> = rows.map(|row| row["symbol"].clone()).collect();
        symbols.contains(&json!("Q2")).then_some(symbols)
    });
    assert!(!symbols.contains(&json!("Q1")), "{symbols:?}");
    server.signal("TERM");
    assert!(server.end(Duration::from_secs(60)).0.success());

    let shown = good(folder.path(), &["journal", "show", "--kind", "approved"]);
    assert_eq!(shown.matches("macro_trend, rolling").count(), 2, "out and in: {shown}");
    assert!(good(folder.path(), &["verify"]).contains("sum $0"));
    let parity = ["parity", "--recording", "recorded"];
    let table = good(folder.path(), &parity);
    assert!(table.starts_with("paper run and backtest agree: 100.00 %"), "{table}");
    // Once the operator has named the next month, the days before are what they were.
    let longer = rows() + &row(3, MONTHS[2].1 + 1) + &FAMILY.replace("\"Q2\"", "\"Q2\", \"Q3\"");
    write(&folder.path().join("catalog.toml"), &longer);
    assert_eq!(good(folder.path(), &parity), table);
}

#[test]
fn a_backtest_rolls_them_too_and_an_option_goes_before_the_catalog() {
    let folder = laid();
    let mut files: Vec<PathBuf> =
        (1..3).map(|n| format!("market/futures/Q{n}/1d.csv").into()).collect();
    files.extend(FILES.map(|file| Path::new("market").join(file)));
    let mut arguments =
        vec!["backtest", "--tier", "BALLER", "--cash", "100000", "--rearm-below", "0"];
    for file in &files {
        arguments.extend(["--data", file.to_str().unwrap()]);
    }
    let run = |more: &[&'static str]| {
        let arguments = [&arguments[..], &["--format", "json"], more].concat();
        let mut command = Command::new(env!("CARGO_BIN_EXE_nija"));
        command.current_dir(folder.path()).env_clear().envs(VARIABLES);
        let output = command.args(&arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    let rolls = |result: &Value| {
        let trades = result["trades"].as_array().unwrap().iter();
        trades.filter(|trade| trade["exit"] == "roll").count()
    };
    let named = run(&["--journal", "j.db"]);
    assert_eq!(rolls(&named), 1, "{named:#}");
    let notes = named["notes"].to_string();
    assert!(notes.contains("Q1, Q2 are read as one series"), "{notes}");
    let compare = ["parity", "--database", "sqlite:j.db", "--data", "market"];
    let table = good(folder.path(), &compare);
    assert!(table.starts_with("paper run and backtest agree: 100.00 %"), "{table}");

    let other = run(&["--roll", "Q1,Q2"]);
    let given = "the derivatives strategies trade the given contracts";
    assert!(other["notes"].to_string().contains(given) && !notes.contains(given), "{other:#}");
}

#[test]
fn what_is_no_family_is_refused_with_what_to_do() {
    let folder = laid();
    let look = |more: &[(&str, &str)]| told(folder.path(), &["check-config"], more);
    let (fit, text) = look(&[]);
    assert!(fit, "{text}");
    let (fit, text) = look(&[("NIJA_LIQUIDITY", "80")]);
    assert!(fit && text.contains("NIJA_LIQUIDITY: is not above 80"), "{text}");
    let (fit, text) = look(&[("NIJA_FEED", "generator")]);
    assert!(!fit && text.contains("no price that Q0 begins at; replay bars of it"), "{text}");
    let names = "\"Q0\", \"Q1\", \"Q2\"";
    for (months, wanted) in [
        ("\"Q1\"", "family Q: it has fewer than two months; name the next one"),
        ("\"Q1\", \"Q4\"", "family Q: Q4 is not in the catalog; list it among the instruments"),
        ("\"Q2\", \"Q1\"", "family Q: Q1 does not end after Q2; name months in the order"),
        ("\"Q1\", \"SPY\"", "family Q: the symbol of SPY does not begin with the name"),
    ] {
        write(&folder.path().join("catalog.toml"), &(rows() + &FAMILY.replace(names, months)));
        let (fit, text) = look(&[]);
        assert!(!fit && text.contains(wanted), "{text}");
        let (served, text) = told(folder.path(), &["serve"], &[]);
        assert!(!served && text.contains(wanted), "{text}");
    }
}
