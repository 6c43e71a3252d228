//! The commands of the binary, driven as an operator would, in folders of their own.

#![allow(clippy::unwrap_used)]

use nija_core::journal::Batch;
use nija_core::ports::Journal;
use nija_core::words::id::{PartitionId, Seq};
use nija_engine::clock::Simulated;
use nija_store::sqlite::{Database, Mode};
use serde_json::Value;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use tempfile::TempDir;

/// A good password, and an address.
const PASSWORD: &str = "seven unrelated garden chairs\n";
const EMAIL: &str = "Admin@Example.com";

struct Desk {
    folder: TempDir,
}

impl Desk {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs the binary in the folder, without the environment of whoever runs the tests.
    fn run(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = Command::new(env!("CARGO_BIN_EXE_nija"))
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Who reads nothing may be gone already.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    }
    /// What it prints when it succeeds.
    fn good(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments, "");
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        text(&output.stdout)
    }
    /// What it complains about when it fails.
    fn bad(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments, "");
        assert!(!output.status.success(), "{arguments:?} succeeded: {}", text(&output.stdout));
        text(&output.stderr)
    }
    fn write(&self, name: &str, contents: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, contents).unwrap();
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn shipped(file: &str) -> String {
    format!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/demo/{}"), file)
}

fn batches(path: &Path) -> Vec<Batch> {
    let database = Database::open(path, Mode::Reader, Arc::new(Simulated::default())).unwrap();
    let journal = database.journal();
    let read = async {
        let mut all = Vec::new();
        loop {
            let after = all.last().map_or(Seq(0), |batch: &Batch| batch.seq);
            let next = journal.read(PartitionId(0), after, 1_000).await.unwrap();
            if next.is_empty() {
                return all;
            }
            all.extend(next);
        }
    };
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(read)
}

/// A backtest that trades, with its journal kept: a year of bitcoin.
fn recorded(desk: &Desk, journal: &str) -> String {
    let data = shipped("crypto/BTC-USD/1d.csv");
    let dates = ["--from", "2019-01-01", "--to", "2020-01-01"];
    let mut arguments = vec!["backtest", "--data", &data, "--tier", "all", "--journal", journal];
    arguments.extend(dates);
    desk.good(&arguments)
}

#[test]
fn equal_backtests_write_equal_journals() {
    let desk = Desk::new();
    let (one, two) = (recorded(&desk, "one.db"), recorded(&desk, "two.db"));
    assert_eq!(one, two);
    let (one, two) = (batches(&desk.path("one.db")), batches(&desk.path("two.db")));
    assert!(one.len() > 365);
    assert!(one == two, "the journals differ");
    // Who keeps no journal has the same results, however it lay in batches.
    let data = shipped("crypto/BTC-USD/1d.csv");
    for source in [&["--data", &data][..], &["--demo-data"]] {
        let dates = ["--from", "2019-01-01", "--to", "2019-07-01"];
        let run = ["backtest", "--tier", "all", "--format", "json"];
        let run = [&run[..], source, &dates].concat();
        let kept = format!("kept{}.db", source.len());
        assert_eq!(desk.good(&run), desk.good(&[&run[..], &["--journal", &kept]].concat()));
    }
    assert!(
        desk.bad(&["backtest", "--demo-data", "--journal", "one.db"]).contains("exists already")
    );
}

#[test]
fn a_kept_journal_verifies_and_can_be_read() {
    let desk = Desk::new();
    recorded(&desk, "kept.db");
    let verified = desk.good(&["verify", "--database", "kept.db"]);
    assert!(verified.contains("partition 0000: "), "{verified}");
    assert!(verified.contains("7 accounts, trial balance $0"), "{verified}");
    assert!(verified.contains("capital -$70000"), "{verified}");
    assert!(verified.contains("sound: "), "{verified}");
    let json: Value =
        serde_json::from_str(&desk.good(&["verify", "--database", "kept.db", "--json"])).unwrap();
    assert_eq!((&json["sound"], &json["trial_balance"]), (&Value::Bool(true), &Value::from("$0")));

    let show = ["journal", "show", "--database", "kept.db"];
    let shown = |more: &[&str]| desk.good(&[&show[..], more].concat());
    let first = shown(&["--limit", "3"]);
    assert!(
        first.starts_with("2019-01-01T00:00:00Z 0/1/0 node backtest took over, epoch 1\n"),
        "{first}"
    );
    assert_eq!(first.lines().count(), 3);
    let account = "494e56"; // INVE(STOR), in hexadecimal digits
    let own = shown(&["--account", account, "--kind", "approved,filled"]);
    assert!(own.lines().all(|l| l.contains(" approved order ") || l.contains(" traded ")), "{own}");
    assert!(own.contains("BTC-USD market gtc) of crypto_trend_riding, at $"), "{own}");
    let after: Value =
        serde_json::from_str(&shown(&["--after", "100", "--limit", "1", "--json"])).unwrap();
    assert_eq!(after["batch"], 101);
    assert!(desk.bad(&[&show[..], &["--partition", "9"]].concat()).contains("no partition 9"));
    assert!(desk.bad(&[&show[..], &["--kind", "approval"]].concat()).contains("approved"));
    assert!(desk.bad(&["journal", "show", "--database", "none.db"]).contains("does not exist"));
}

/// Changes one byte of a batch's body in the database file.
fn flip(path: &Path, batch: &Batch, index: usize) {
    let mut file = fs::read(path).unwrap();
    let found: Vec<usize> = file
        .windows(batch.body.len())
        .enumerate()
        .filter_map(|(at, window)| (window == batch.body).then_some(at))
        .collect();
    let [at] = found[..] else { panic!("the body stands in the file {} times", found.len()) };
    file[at + index] ^= 1;
    fs::write(path, file).unwrap();
}

#[test]
fn a_flipped_byte_is_found_and_its_batch_named() {
    let desk = Desk::new();
    recorded(&desk, "kept.db");
    let all = batches(&desk.path("kept.db"));
    // Bodies that stand in the file once and on one page.
    let whole: Vec<&Batch> = all.iter().filter(|b| (80..2_000).contains(&b.body.len())).collect();
    assert!(whole.len() > 2);
    for (batch, last) in
        [(whole[0], false), (whole[whole.len() / 2], true), (whole[whole.len() - 1], true)]
    {
        let copy = desk.path("copy.db");
        fs::copy(desk.path("kept.db"), &copy).unwrap();
        flip(&copy, batch, if last { batch.body.len() - 1 } else { 0 });
        let why = desk.bad(&["verify", "--database", "copy.db"]);
        let named =
            format!("partition 0000, batch {}: the contents do not match their hash", batch.seq.0);
        assert!(why.contains(&named), "{why}");
        assert!(why.contains("restore the newest backup"), "{why}");
        let output = desk.run(&["verify", "--database", "copy.db", "--json"], "");
        let json: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!((output.status.success(), &json["sound"]), (false, &Value::Bool(false)));
        // Views are never made from a damaged journal.
        assert!(desk.bad(&["replay", "--database", "copy.db"]).contains("batch"));
    }
}

#[test]
fn migrating_twice_changes_nothing_and_views_can_be_made_anew() {
    let desk = Desk::new();
    assert!(desk.bad(&["verify"]).contains("nija migrate"));
    assert!(desk.good(&["migrate"]).contains("was created"));
    assert!(desk.good(&["migrate"]).starts_with("nija.db is at"));
    assert!(desk.good(&["verify"]).contains("sound: "));
    assert!(desk.good(&["replay", "--view", "all"]).contains("the journal is empty"));
    recorded(&desk, "kept.db");
    let last = batches(&desk.path("kept.db")).len();
    for _ in 0..2 {
        let replayed = desk.good(&["replay", "--database", "sqlite:kept.db"]);
        assert_eq!(replayed, format!("partition 0000: views made anew up to batch {last}\n"));
    }
}

#[test]
fn a_database_has_one_owner_and_administrators_come_beside_it() {
    let desk = Desk::new();
    desk.good(&["migrate"]);
    let owner = Database::open(desk.path("nija.db"), Mode::Owner, Arc::new(Simulated::default()));
    assert!(desk.bad(&["replay"]).contains("held by another process"));

    let create = ["admin", "create", "--email", EMAIL, "--password-stdin"];
    let made = desk.run(&create, PASSWORD);
    assert!(made.status.success(), "{}", text(&made.stderr));
    assert!(text(&made.stdout).starts_with("administrator admin@example.com added"));
    let again = desk.run(&create, PASSWORD);
    assert!(!again.status.success());
    assert!(text(&again.stderr).contains("admin@example.com is taken"));
    for (input, why) in
        [("", "no password"), ("short\n", "15 to 256"), ("aaaaaaaaaaaaaaaaaaaa\n", "easy to guess")]
    {
        let refused =
            desk.run(&["admin", "create", "--email", "b@example.com", "--password-stdin"], input);
        assert!(!refused.status.success());
        assert!(text(&refused.stderr).contains(why), "{input}: {}", text(&refused.stderr));
    }
    assert!(
        desk.bad(&["admin", "create", "--email", "b@example.com"]).contains("--password-stdin")
    );

    let control = owner.unwrap().control();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    use nija_core::ports::control::{Control, Role};
    let user = runtime.block_on(control.user_by_email("admin@example.com")).unwrap().unwrap();
    assert_eq!((user.role, user.active), (Role::Admin, false));
    assert!(user.password.starts_with("$argon2id$"));
    let log = runtime.block_on(control.audit_log(10)).unwrap();
    assert!(
        log.iter()
            .any(|line| line.action == "admin_created" && line.subject == user.id.to_string())
    );
    assert_eq!(runtime.block_on(control.count_users()), Ok(1));
}

#[test]
fn the_scorecard_of_the_regimes_says_what_it_knows_and_what_not() {
    let desk = Desk::new();
    let json = desk.good(&["regimes", "--demo-data", "--format", "json"]);
    let card: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(card["until"], "2020-04-01T20:00:00Z");
    assert_eq!(card["totals"].as_array().unwrap().len(), 4);
    let sessions = |chapter: &Value| chapter["sessions"].as_u64().unwrap();
    let chapters = card["chapters"].as_array().unwrap();
    assert_eq!(chapters.iter().map(sessions).sum::<u64>(), card["sessions"].as_u64().unwrap());
    // The shipped history ends before the default year: nothing may be claimed.
    assert_eq!((&card["findings"], &card["contrast"]), (&Value::Array(vec![]), &Value::Null));
    let text = desk.good(&["regimes", "--demo-data", "--held-out-from", "2019"]);
    assert!(text.contains("cash stands in") && text.contains("no evidence"), "{text}");
    assert!(desk.bad(&["regimes"]).contains("--demo-data"));
    assert!(desk.bad(&["regimes", "--data", "."]).contains("no daily bars of BTC-USD and SPY"));
}

#[test]
fn what_learns_says_whether_it_trades() {
    let desk = Desk::new();
    let json = desk.good(&["model", "--demo-data", "--json"]);
    let judgment: Value = serde_json::from_str(&json).unwrap();
    let passed = judgment["passed"].as_bool().unwrap();
    assert_eq!(passed, judgment["deflated"].as_f64().unwrap() >= 0.95);
    let text = desk.good(&["model", "--demo-data"]);
    assert_eq!(text.starts_with("Strategies are weighed"), passed, "{text}");
    assert!(desk.bad(&["model", "--data", "."]).contains("0 shares with daily bars"));
    assert!(desk.bad(&["model", "--data", ".", "--cost", "1"]).contains("--cost is a fraction"));
    assert!(desk.bad(&["model"]).contains("--demo-data"));
}

#[test]
fn the_api_is_described_in_json_and_nothing_else() {
    let printed = Desk::new().good(&["openapi"]);
    let document: Value = serde_json::from_str(&printed).unwrap();
    assert!(document["paths"]["/api/v2/register"].is_object());
    assert!(printed.starts_with('{') && printed.ends_with("}\n"));
}

#[test]
fn what_is_wrong_with_data_is_said_with_file_and_line() {
    let desk = Desk::new();
    let header = "timestamp,open,high,low,close,volume\n";
    desk.write("BTC-USD/1d.csv", &format!("{header}2020-01-01T00:00:00Z,1,2,1,x,5\n"));
    desk.write("ETH-USD/1d.csv", header);
    desk.write("LTC-USD/1d.csv", "");
    desk.write("XRP-USD/1d.csv", &format!("{header}2020-01-01T00:00:00Z,1,2,3,1,5\n"));
    desk.write("ACME/1d.csv", &format!("{header}2020-01-06T00:00:00Z,1,2,1,1,5\n"));
    desk.write("notes.txt", "");
    let file = |name: &str| desk.bad(&["backtest", "--data", name]);
    for (name, named) in [
        ("BTC-USD/1d.csv", "BTC-USD/1d.csv, line 2: close `x`"),
        ("ETH-USD/1d.csv", "ETH-USD/1d.csv, line 2: there is no bar"),
        ("LTC-USD/1d.csv", "LTC-USD/1d.csv: there is no column `timestamp`"),
        ("XRP-USD/1d.csv", "XRP-USD/1d.csv, line 2: high 2"),
        ("ACME/1d.csv", "--hours always, nyse or cme"),
        ("none/1d.csv", "none/1d.csv: No such file"),
        ("notes.txt", "notes.txt: name a file that ends in"),
    ] {
        let why = file(name);
        assert!(why.contains(named), "{why}");
    }
    for (arguments, named) in [
        (&["--demo-data", "--tier", "GOLD"][..], "unknown tier"),
        (&["--demo-data", "--cash", "0"], "--cash must be above 0"),
        (&["--demo-data", "--cash", "1e3"], "not a decimal number"),
        (&["--demo-data", "--from", "soon"], "write a date like"),
        (&["--demo-data", "--from", "2030-01-01"], "no bars are left"),
        (&["--demo-data", "--to", "2010-01-01"], "--to lies before"),
        (&["--demo-data", "--commission", "1.5"], "--commission is a fraction"),
        (&["--demo-data", "--data", "ACME/1d.csv"], "cannot be used with"),
        (
            &["--demo-data", "--strategy", "magic"],
            "there is no strategy `magic`; there are sma-cross, ",
        ),
        (
            &["--demo-data", "--strategy", "etf_rotation", "--param", "a=1"],
            "no parameter `a`; it has\n",
        ),
        (&["--demo-data", "--strategy", "sma-cross"], "runs over files"),
        (&["--demo-data", "--fill", "signal-close"], "are for sma-cross"),
        (&[], "--data"),
    ] {
        let why = desk.bad(&[&["backtest"], arguments].concat());
        assert!(why.contains(named), "{arguments:?}: {why}");
    }
}

#[test]
fn an_unlisted_symbol_is_traded_by_the_strategies_of_its_class() {
    let desk = Desk::new();
    fs::copy(shipped("equity/JPM/1d.csv"), desk.path("bank.csv")).unwrap();
    let named = ["--symbol", "BANK", "--timeframe", "1d", "--hours", "nyse"];
    let arguments = ["backtest", "--data", "bank.csv", "--format", "json", "--commission", "0.002"];
    let printed = desk.good(&[&arguments[..], &named].concat());
    let result: Value = serde_json::from_str(&printed).unwrap();
    let trades = result["trades"].as_array().unwrap();
    assert!(!trades.is_empty());
    assert!(trades.iter().all(|trade| trade["symbol"] == "BANK"));
    assert_eq!(result["statistics"]["points_a_year"], 252);
    assert!(result["fees"].as_str().unwrap().parse::<f64>().unwrap() > 0.0);
    assert!(result["final_equity"].is_string());
    // Equity is what the trades made of the cash, to the last digit, unless something is still
    // held.
    let sum = |key: &str| trades.iter().map(|t| units(&t[key])).sum::<i128>();
    if trades.iter().all(|trade| trade["closed_at"].is_string()) {
        assert_eq!(units(&result["final_equity"]), units(&result["start_equity"]) + sum("profit"));
    }
    assert_eq!(units(&result["fees"]), sum("fees"));
}

/// A decimal text in units of 10^-8.
fn units(text: &Value) -> i128 {
    let money: nija_core::words::money::Money = text.as_str().unwrap().parse().unwrap();
    i128::from(money.raw())
}

#[test]
fn one_strategy_is_heard_alone_and_drawn() {
    let desk = Desk::new();
    let arguments = ["backtest", "--demo-data", "--strategy", "crypto_trend_riding", "--format"];
    let result: Value = serde_json::from_str(
        &desk.good(&[&arguments[..], &["json", "--report", "r.html"]].concat()),
    )
    .unwrap();
    let trades = result["trades"].as_array().unwrap();
    assert!(!trades.is_empty());
    assert!(trades.iter().all(|trade| trade["strategy"] == "crypto_trend_riding"));
    let html = fs::read_to_string(desk.path("r.html")).unwrap();
    assert!(html.contains("crypto_trend_riding") && html.contains("class=\"rise\""));
}

fn count(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

/// Nobody has to guess why something was not traded: each strategy's refusals and skips are counted and explained.
#[test]
fn what_was_not_traded_is_explained() {
    let desk = Desk::new();
    let run = ["backtest", "--demo-data", "--from", "2018-01-01", "--to", "2018-07-01"];
    let tiers = ["--tier", "all", "--format"];
    let run = [&run[..], &tiers].concat();
    let result: Value =
        serde_json::from_str(&desk.good(&[&run[..], &["json", "--report", "r.html"]].concat()))
            .unwrap();
    let note = "STARTER: its pool, Safe copy, follows none of these strategies";
    assert_eq!(result["notes"][0], note);
    let accounts = result["accounts"].as_array().unwrap();
    let all = |of: &Value| of["reasons"].as_array().unwrap().clone();
    let reasons: Vec<Value> = accounts.iter().flat_map(all).collect();
    for (outcome, counts) in [("refused", "refusals"), ("skipped", "skips")] {
        let sum = |of: &Value| of[counts].as_object().unwrap().values().map(count).sum::<u64>();
        let of = reasons.iter().filter(|reason| reason["outcome"] == outcome);
        let counted: u64 = of.map(|reason| count(&reason["count"])).sum();
        assert_eq!(counted, accounts.iter().map(sum).sum::<u64>());
        assert!(counted > 0, "nothing {outcome}");
    }
    let shut = &result["shut_days"];
    assert!(shut["crypto_momentum_scalping"].as_u64() > shut["crypto_trend_riding"].as_u64());
    assert_eq!(shut["crypto_trend_riding"], result["regime_days"]["risk_off"], "{shut}");
    assert!(shut.get("etf_rotation").is_none(), "{shut}");
    let full = |reason: &Value| reason["latest"]["sentence"].as_str().unwrap().len() > 20;
    assert!(reasons.iter().all(full), "{reasons:?}");
    let strategies: std::collections::BTreeSet<&str> =
        reasons.iter().map(|reason| reason["strategy"].as_str().unwrap()).collect();
    assert!(strategies.len() > 2, "{strategies:?}");
    let text = desk.good(&[&run[..], &["text"]].concat());
    let (_, told) =
        text.split_once("entries that were not made, with the latest of each:\n").unwrap();
    assert!(told.contains("INVESTOR crypto_") && told.contains(" times; 2018-"), "{told}");
    let html = fs::read_to_string(desk.path("r.html")).unwrap();
    assert!(html.contains("<h2>Entries that were not made</h2>"));
}

/// The shipped bars of a fund turned upside down: a market that falls while the fund rises.
fn upside_down(desk: &Desk, to: &str) {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/demo");
    let bars = fs::read_to_string(demo.join("etf/SPY/1d.csv")).unwrap();
    let turned = bars.lines().skip(1).map(|line| {
        let cells: Vec<&str> = line.split(',').collect();
        let of = |at: usize| format!("{:.2}", 40_000.0 / cells[at].parse::<f64>().unwrap());
        format!("{},{},{},{},{},{}\n", cells[0], of(1), of(3), of(2), of(4), cells[5])
    });
    let text = format!("timestamp,open,high,low,close,volume\n{}", turned.collect::<String>());
    fs::create_dir_all(desk.path(to)).unwrap();
    fs::write(desk.path(to).join("1d.csv"), text).unwrap();
}

#[test]
fn contracts_are_traded_on_both_sides_and_the_journal_is_sound() {
    let desk = Desk::new();
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/demo");
    upside_down(&desk, "DOWN");
    fs::create_dir_all(desk.path("UP")).unwrap();
    fs::copy(demo.join("etf/SPY/1d.csv"), desk.path("UP").join("1d.csv")).unwrap();
    let mut arguments = vec!["backtest", "--strategy", "macro_trend", "--tier", "BALLER"];
    arguments.extend(["--cash", "100000", "--contract", "UP=1", "--contract", "DOWN=1"]);
    arguments.extend(["--hours", "nyse", "--liquidity", "100", "--journal", "j.db"]);
    let files = ["etf/SPY/1d.csv", "index/VIX/1d.csv", "crypto/BTC-USD/1d.csv"];
    let files = files.map(|file| demo.join(file).display().to_string());
    for file in ["UP/1d.csv", "DOWN/1d.csv"].into_iter().chain(files.iter().map(String::as_str)) {
        arguments.extend(["--data", file]);
    }
    arguments.extend(["--format", "json"]);
    let result: Value = serde_json::from_str(&desk.good(&arguments)).unwrap();
    let trades = result["trades"].as_array().unwrap();
    let side = |trade: &Value| (trade["symbol"].clone(), trade["side"].clone());
    assert!(trades.iter().any(|trade| side(trade) == ("DOWN".into(), "short".into())));
    assert!(trades.iter().any(|trade| side(trade) == ("UP".into(), "long".into())));
    assert!(trades.iter().all(|trade| side(trade) != ("SPY".into(), "short".into())));
    let database = format!("sqlite:{}", desk.path("j.db").display());
    let shown = desk.good(&["journal", "show", "--database", &database, "--kind", "settled"]);
    assert!(shown.contains("DOWN at $") && shown.contains("settled -"), "{shown}");
    assert!(desk.good(&["verify", "--database", &database]).contains("sum $0"));
}

/// SPY's days as quarterly contracts: each is the series itself, a percent dearer than the one before, and is traded
/// more until the last five sessions before its end.
fn quarters(desk: &Desk) -> Vec<String> {
    let text = fs::read_to_string(shipped("etf/SPY/1d.csv")).unwrap();
    let rows: Vec<&str> = text.lines().skip(1).collect();
    let ends = ["2018-03-16", "2018-06-15", "2018-09-21", "2018-12-21", "2019-03-15", "2019-06-21"];
    let mut arguments = Vec::new();
    for (n, end) in ends.iter().enumerate() {
        let last = rows.iter().position(|row| row.starts_with(end)).unwrap();
        let mut file = "timestamp,open,high,low,close,volume\n".to_owned();
        for (row, left) in rows[last - 90..=last].iter().zip((0..=90).rev()) {
            let cells: Vec<&str> = row.split(',').collect();
            let price = |of: usize| cells[of].parse::<f64>().unwrap() * 1.01f64.powi(n as i32);
            let prices = [1, 2, 3, 4].map(|of| format!("{:.4}", price(of))).join(",");
            let volume = if left <= 5 { 1 } else { 1_000 - left };
            file.push_str(&format!("{},{prices},{volume}\n", cells[0]));
        }
        desk.write(&format!("Q{n}/1d.csv"), &file);
        arguments.extend(["--contract".to_owned(), format!("Q{n}=1@{end}")]);
        arguments.extend(["--data".to_owned(), format!("Q{n}/1d.csv")]);
    }
    arguments
}

#[test]
fn months_of_a_contract_are_traded_one_after_the_other() {
    let desk = Desk::new();
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/demo");
    let given = quarters(&desk);
    let files = ["etf/SPY/1d.csv", "index/VIX/1d.csv", "crypto/BTC-USD/1d.csv"];
    let files = files.map(|file| demo.join(file).display().to_string());
    let mut arguments = vec!["backtest", "--strategy", "macro_trend", "--tier", "BALLER"];
    arguments.extend(["--cash", "100000", "--hours", "nyse", "--liquidity", "100"]);
    arguments.extend(["--param", "look_back=60", "--param", "most=0.5"]);
    arguments.extend(given.iter().map(String::as_str));
    files.iter().for_each(|file| arguments.extend(["--data", file]));
    let rolled = |roll, rest: &[&'static str]| [&arguments[..], &["--roll", roll], rest].concat();

    let told = desk.bad(&rolled("Q0,Q9", &[]));
    assert!(told.contains("--roll: Q9 is not among the files"), "{told}");
    let told = desk.bad(&rolled("Q0,SPY", &[]));
    assert!(told.contains("name it with --contract SPY=DOLLARS@DATE"), "{told}");

    let rest = ["--format", "json", "--journal", "j.db"];
    let result: Value =
        serde_json::from_str(&desk.good(&rolled("Q0,Q1,Q2,Q3,Q4,Q5", &rest))).unwrap();
    let trades: Vec<&Value> = result["trades"].as_array().unwrap().iter().collect();
    let rolls: Vec<&&Value> = trades.iter().filter(|trade| trade["exit"] == "roll").collect();
    let sides = rolls.iter().map(|roll| roll["side"].as_str().unwrap()).collect::<Vec<_>>();
    assert!(sides.contains(&"long") && sides.contains(&"short"), "{trades:#?}");
    for roll in rolls {
        let month: u8 = roll["symbol"].as_str().unwrap()[1..].parse().unwrap();
        let next = trades.iter().find(|trade| {
            trade["symbol"] == format!("Q{}", month + 1) && trade["opened_at"] == roll["closed_at"]
        });
        assert_eq!(next.unwrap()["side"], roll["side"], "{roll}");
    }
    let database = format!("sqlite:{}", desk.path("j.db").display());
    let shown = desk.good(&["journal", "show", "--database", &database, "--kind", "approved"]);
    assert!(shown.contains("macro_trend, rolling"), "{shown}");
    assert!(desk.good(&["verify", "--database", &database]).contains("sum $0"));
}

#[test]
fn the_shipped_history_trades_every_strategy() {
    let desk = Desk::new();
    let arguments = ["backtest", "--demo-data", "--tier", "all", "--format", "json"];
    let result: Value = serde_json::from_str(&desk.good(&arguments)).unwrap();
    let traded: std::collections::BTreeSet<&str> = result["trades"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| t["strategy"].as_str().unwrap())
        .collect();
    // The drift after earnings needs a table of reports, index scalping candles within the day.
    let shipped = [
        "crypto_momentum_scalping",
        "crypto_trend_riding",
        "crypto_volatility_capture",
        "equity_mean_reversion",
        "equity_momentum_swing",
        "etf_rotation",
        "macro_trend",
        "volatility_breakout",
    ];
    assert_eq!(traded.into_iter().collect::<Vec<_>>(), shipped);
    assert_eq!(result["accounts"].as_array().unwrap().len(), 7);
    assert!(result["regime_days"]["risk_off"].as_u64().unwrap() > 0);
    assert!(result["kill_switches"].as_array().unwrap().len() > 1);
    for account in result["accounts"].as_array().unwrap() {
        let fall = account["statistics"]["max_drawdown_pct"].as_f64().unwrap();
        assert!((0.0..35.0).contains(&fall), "{account}");
    }
}

#[test]
fn a_run_is_held_against_its_backtest() {
    let desk = Desk::new();
    let to = ["--to", "2018-02-01", "--rearm-below", "0"];
    let mut arguments = vec!["backtest", "--demo-data", "--tier", "all", "--journal", "one.db"];
    arguments.extend(to);
    desk.good(&arguments);
    let compare = ["parity", "--database", "sqlite:one.db", "--demo-data"];
    let table = desk.good(&compare);
    assert!(table.starts_with("paper run and backtest agree: 100.00 %"), "{table}");

    let mut arguments = compare.to_vec();
    arguments.extend([
        "--json",
        "--from",
        "2017-06-01",
        "--to",
        "2018-01-01",
        "--report",
        "p.html",
    ]);
    let found: Value = serde_json::from_str(&desk.good(&arguments)).unwrap();
    assert_eq!(found["agrees"], true);
    assert_eq!((&found["gap"], &found["parts"]["latency"]), (&"0".into(), &"0".into()));
    assert_eq!(found["accounts"].as_array().unwrap().len(), 7);
    assert!(found["counts"]["fills"]["same"].as_u64().unwrap() > 10);
    let page = fs::read_to_string(desk.path("p.html")).unwrap();
    assert!(page.contains("<h1>NIJA parity</h1>") && !page.contains("<script"));
    for market in [&["--demo-data", "--recording", "none"][..], &["--recording", "none"], &[]] {
        desk.bad(&[&["parity", "--database", "sqlite:one.db"], market].concat());
    }
    let told = desk.bad(&["parity", "--database", "sqlite:one.db"]);
    assert!(told.contains("NIJA_RECORD"), "{told}");
}
