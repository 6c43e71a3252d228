//! `nija backtest --strategy market-making` and `arbitrage`: on ticks made here, and on the recorded minutes.

#![allow(clippy::unwrap_used)]

use nija_core::words::money::{Money, Qty};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nija"));
    command.arg("backtest").args(arguments).env_clear().output().unwrap()
}
fn good(arguments: &[&str]) -> Value {
    let output = run(&[arguments, &["--format", "json"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}
fn bad(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(!output.status.success(), "{arguments:?} succeeded");
    String::from_utf8_lossy(&output.stderr).into_owned()
}
fn shared(name: &str) -> String {
    format!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/ticks/{}"), name)
}
fn money(value: &Value) -> i64 {
    let money: Money = value.as_str().unwrap().parse().unwrap();
    money.raw()
}

/// A little over three minutes of quotes and trades: a middle that moves a cent a second, takers from both sides, and
/// every ten seconds a premium of `off` dollars for one second.
fn ticks(folder: &Path, name: &str, off: f64) -> String {
    dislocated(folder, name, (off, 90))
}

/// The same, with the premium from this tenth of a second on.
fn dislocated(folder: &Path, name: &str, (off, from): (f64, u64)) -> String {
    let folder = folder.join(name);
    fs::create_dir(&folder).unwrap();
    let mut quotes = "recv_ts_ns,bid_price,bid_qty,ask_price,ask_qty\n".to_owned();
    let mut trades = "recv_ts_ns,price,qty,taker_side\n".to_owned();
    for n in 0..1_880u64 {
        let at = 1_700_000_000_000_000_000 + n * 100_000_000;
        let premium = if (from..from + 10).contains(&(n % 100)) { off } else { 0.0 };
        let middle = 100.0 + (n / 10 % 2) as f64 / 100.0 + premium;
        let (bid, ask) = (middle - 0.05, middle + 0.05);
        writeln!(quotes, "{at},{bid:.2},5,{ask:.2},5").unwrap();
        let (price, side) = if n % 2 == 0 { (bid, "sell") } else { (ask, "buy") };
        writeln!(trades, "{},{price:.2},1,{side}", at + 60_000_000).unwrap();
    }
    fs::write(folder.join("quotes.csv"), quotes).unwrap();
    fs::write(folder.join("trades.csv"), trades).unwrap();
    folder.display().to_string()
}

/// Daily bars of the leading market before these minutes: without a volatility no gate lets an entry pass.
fn calm_days(folder: &Path) -> String {
    let folder = folder.join("BTC-USD");
    fs::create_dir(&folder).unwrap();
    let mut bars = "time,open,high,low,close,volume\n".to_owned();
    for n in 0..500u64 {
        let (at, close) = (1_699_920_000 - (500 - n) * 86_400, 30_000 + n % 7 * 100);
        writeln!(bars, "{at},{close},{},{},{close},1000", close + 100, close - 100).unwrap();
    }
    let file = folder.join("1d.csv");
    fs::write(&file, bars).unwrap();
    file.display().to_string()
}

/// The parts are what the run earned, to a few steps of rounding.
fn adds_up(found: &Value) {
    let parts = found["parts"].as_object().unwrap();
    let sum: i64 = parts.values().map(money).sum();
    let fills = found["statistics"]["fills"].as_i64().unwrap();
    assert!((sum - money(&found["profit"])).abs() <= fills + 8, "{parts:?} {}", found["profit"]);
    assert_eq!(
        money(&found["final_equity"]) - money(&found["start_equity"]),
        money(&found["profit"])
    );
}

#[test]
fn market_making_on_made_ticks_earns_the_spread_and_adds_up() {
    let folder = TempDir::new().unwrap();
    let data = ticks(folder.path(), "COIN.HERE", 0.0);
    let with = |name: &str, commission: &'static str| {
        let arguments = ["--strategy", name, "--data", &data, "--commission", commission];
        let own = ["--param", "stock=5", "--param", "most_inventory=10", "--param", "quote=1"];
        let model =
            ["--param", "gamma=0.001", "--param", "k=100", "--param", "volatility_seconds=10"];
        let fast = ["--param", "adverse=0", "--param", "latency_ms=20"];
        good(&[&arguments[..], &own, &model, &fast].concat())
    };
    let found = with("market-making", "0");
    adds_up(&found);
    assert!(found["statistics"]["fills"].as_u64().unwrap() > 50, "{}", found["statistics"]);
    assert!(money(&found["parts"]["spread"]) > 0 && money(&found["profit"]) > 0);
    assert_eq!(found, with("market-making", "0"), "equal bytes");
    // A quote that has to earn a percent back lies outside of all that is traded.
    let dear = with("market-making", "0.01");
    assert_eq!((dear["statistics"]["fills"].as_u64(), money(&dear["fees"])), (Some(0), 0));
}

#[test]
fn an_account_makes_the_market_through_its_gates() {
    let folder = TempDir::new().unwrap();
    let data = ticks(folder.path(), "COIN.HERE", 0.0);
    let with = |tier: &'static str, commission: &'static str| {
        let arguments = ["--strategy", "crypto_market_making", "--data", &data, "--tier", tier];
        let money = ["--cash", "100000", "--commission", commission, "--volatility", "40"];
        let own = ["--param", "most_inventory=10", "--param", "quote=1", "--param", "adverse=0"];
        let model =
            ["--param", "gamma=0.001", "--param", "k=100", "--param", "volatility_seconds=10"];
        good(&[&arguments[..], &money, &own, &model, &["--param", "latency_ms=20"]].concat())
    };
    let found = with("BALLER", "0");
    let start = 100_000 * nija_core::words::fixed::SCALE;
    let bought: Qty = found["trades"][0]["qty"].as_str().unwrap().parse().unwrap();
    assert!(bought > Qty::whole(100) && money(&found["trades"][0]["profit"]) > 0, "{found}");
    assert!(money(&found["final_equity"]) > start, "{}", found["final_equity"]);
    assert_eq!(found, with("BALLER", "0"), "equal bytes");
    // A quote that has to earn a percent back lies outside of all that is traded.
    let dear = with("BALLER", "0.01");
    assert_eq!((dear["trades"].as_array().unwrap().len(), money(&dear["fees"])), (0, 0));
    // The pool of a SAVER makes no markets.
    let other = with("SAVER", "0");
    assert_eq!(money(&other["final_equity"]), start);
}

#[test]
fn arbitrage_on_made_ticks_earns_what_is_apart_and_adds_up() {
    let folder = TempDir::new().unwrap();
    let (here, there) =
        (ticks(folder.path(), "COIN.HERE", 0.0), ticks(folder.path(), "COIN.THERE", 2.0));
    let both =
        ["--strategy", "arbitrage", "--data", &here, "--data", &there, "--param", "stock=20"];
    let found = good(&both);
    adds_up(&found);
    let count = |name: &str| found["statistics"][name].as_u64().unwrap();
    assert!(count("filled_whole") > 0 && found["statistics"]["residual"] == "0", "{found}");
    assert!(money(&found["profit_without_revaluation"]) > 0);
    assert_eq!(found["places"], serde_json::json!(["COIN.HERE", "COIN.THERE"]));
    // Later than the premium lasts, at the second venue alone: what the first one filled is hedged.
    let late = good(&[&both[..], &["--param", "second_latency_ms=1500"]].concat());
    adds_up(&late);
    assert_eq!(late["statistics"]["residual"], "0");
    assert!(money(&late["profit_without_revaluation"]) <= 0, "{late}");
}

#[test]
fn accounts_cross_two_places_through_their_gates() {
    let folder = TempDir::new().unwrap();
    let here = dislocated(folder.path(), "COIN.HERE", (2.0, 40));
    let there = dislocated(folder.path(), "COIN.THERE", (2.0, 90));
    let bars = calm_days(folder.path());
    let with = |tier: &'static str, further: &[&str]| {
        let data = ["--data", &here, "--data", &there, "--data", &bars, "--from", "2023-11-14"];
        let arguments = ["--strategy", "crypto_arbitrage", "--tier", tier, "--cash", "100000"];
        good(&[&arguments[..], &data, further].concat())
    };
    let gained = |found: &Value| {
        let last = money(&found["accounts"][0]["final_equity"]);
        last - 100_000 * nija_core::words::fixed::SCALE
    };
    let found = with("BALLER", &[]);
    assert!(found["trades"].as_array().unwrap().len() > 10 && gained(&found) > 0, "{found}");
    assert_eq!(found, with("BALLER", &[]), "equal bytes");
    // At one percent a side nothing is worth it, and nothing is said; the pool of a SAVER holds no arbitrage.
    assert_eq!(gained(&with("BALLER", &["--commission", "0.01"])), 0);
    assert_eq!(gained(&with("SAVER", &[])), 0);
    // Later than the premium lasts, in both places or in one: what one leg got is hedged at a loss.
    for late in ["latency_ms=1500", "second_latency_ms=1500"] {
        let late = with("BALLER", &["--param", late]);
        assert!(gained(&late) < 0, "{late}");
    }
    // A commission of the second place alone is paid there alone, and keeps what is too dear from being said.
    let fees = |found: &Value| money(&found["fees"]);
    let half = with("BALLER", &["--param", "second_commission=0"]);
    assert!(fees(&half) * 3 < fees(&found) * 2 && gained(&half) > gained(&found), "{half}");
    assert_eq!(gained(&with("BALLER", &["--param", "second_commission=0.02"])), 0);
}

/// Ticks about a price, dearer by a hundredth part from the `from`th tenth of a second on, for one second of ten.
fn coin(folder: &Path, name: &str, (price, from): (f64, Option<u64>)) -> String {
    let folder = folder.join(name);
    fs::create_dir(&folder).unwrap();
    let mut quotes = "recv_ts_ns,bid_price,bid_qty,ask_price,ask_qty\n".to_owned();
    let mut trades = "recv_ts_ns,price,qty,taker_side\n".to_owned();
    for n in 0..1_880u64 {
        let at = 1_700_000_000_000_000_000 + n * 100_000_000;
        let is_dear = from.is_some_and(|from| (from..from + 10).contains(&(n % 100)));
        let price = if is_dear { price * 1.01 } else { price };
        let (bid, ask) = (price * 0.9999, price * 1.0001);
        writeln!(quotes, "{at},{bid:.6},5,{ask:.6},5").unwrap();
        writeln!(trades, "{},{bid:.6},1,sell", at + 60_000_000).unwrap();
    }
    fs::write(folder.join("quotes.csv"), quotes).unwrap();
    fs::write(folder.join("trades.csv"), trades).unwrap();
    folder.display().to_string()
}

#[test]
fn accounts_go_around_three_books_and_each_place_is_late_and_dear_in_its_own_way() {
    let folder = TempDir::new().unwrap();
    let of = |name: &str, price, from| coin(folder.path(), name, (price, from));
    // The pair stands before its coins: they are listed first all the same.
    let pair = of("ETH-BTC.HERE", 0.05, None);
    let (bitcoin, ether) =
        (of("BTC-USDT.HERE", 50_000.0, None), of("ETH-USDT.HERE", 2_500.0, Some(40)));
    let bars = calm_days(folder.path());
    let with = |further: &[&str]| {
        let data = ["--data", &pair, "--data", &bitcoin, "--data", &ether, "--data", &bars];
        let desk = ["--strategy", "crypto_arbitrage", "--tier", "BALLER", "--cash", "100000"];
        good(
            &[&desk[..], &data, &["--from", "2023-11-14", "--param", "lot=0.0001"], further]
                .concat(),
        )
    };
    let gained = |found: &Value| {
        let last = money(&found["accounts"][0]["final_equity"]);
        last - 100_000 * nija_core::words::fixed::SCALE
    };
    let found = with(&[]);
    let trades = found["trades"].as_array().unwrap();
    let symbols: BTreeSet<&str> = trades.iter().map(|t| t["symbol"].as_str().unwrap()).collect();
    let coins = BTreeSet::from(["BTC-USDT.HERE", "ETH-USDT.HERE"]);
    assert_eq!(symbols, coins, "coins are held, no pair: {found}");
    assert!(gained(&found) > 0, "{found}");
    assert_eq!(found, with(&[]), "equal bytes");
    // The third place alone is later than the premium lasts: what the others filled is undone at a loss.
    assert!(gained(&with(&["--param", "third_latency_ms=1500"])) < 0);
    // What the second asks is known before anything is said.
    let dear = with(&["--param", "second_commission=0.02"]);
    assert_eq!((gained(&dear), dear["trades"].as_array().unwrap().len()), (0, 0));
    // The journal tells what was given and got.
    let kept = folder.path().join("run.db").display().to_string();
    with(&["--journal", &kept]);
    let told = |command: &[&str]| {
        let mut nija = Command::new(env!("CARGO_BIN_EXE_nija"));
        let output = nija.args(command).args(["--database", &kept]).env_clear().output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let swaps = told(&["journal", "show", "--kind", "swapped"]);
    assert!(swaps.contains(" gave ") && swaps.contains(" ETH-USDT.HERE worth $"), "{swaps}");
    assert!(told(&["verify"]).contains("1 accounts, trial balance $0"), "{}", told(&["verify"]));
}

#[test]
fn the_recorded_minutes_trade_and_add_up() {
    let (spot, perpetual) = (shared("BTC-USDT.BINANCE"), shared("BTC-USDT-PERP.BINANCE"));
    let making =
        good(&["--strategy", "market-making", "--data", &spot, "--commission", "0", "--strict"]);
    adds_up(&making);
    assert!(making["statistics"]["fills"].as_u64().unwrap() > 0);
    let desk = ["--strategy", "crypto_market_making", "--data", &spot, "--tier", "BALLER"];
    let close = ["--param", "gamma=0.001", "--param", "k=10", "--param", "adverse=0"];
    let money = ["--cash", "100000", "--commission", "0", "--volatility", "40"];
    let desk = good(&[&desk[..], &close, &money].concat());
    assert!(!desk["trades"].as_array().unwrap().is_empty(), "{desk}");
    let both = ["--strategy", "arbitrage", "--data", &spot, "--data", &perpetual];
    let found = good(&[&both[..], &["--commission", "0", "--strict"]].concat());
    adds_up(&found);
    assert!(found["statistics"]["fills"].as_u64().unwrap() > 0);
    assert_eq!(found["statistics"]["residual"], "0");
}

#[test]
fn what_cannot_be_meant_is_refused_with_what_to_do() {
    let folder = TempDir::new().unwrap();
    let data = ticks(folder.path(), "COIN.HERE", 0.0);
    for (arguments, wanted) in [
        (&["--strategy", "arbitrage", "--data", &data][..], "name two folders"),
        (&["--strategy", "crypto_arbitrage", "--data", &data], "name two folders"),
        (&["--strategy", "market-making", "--data", &data, "--data", &data], "name one folder"),
        (&["--strategy", "market-making", "--data", &data, "--from", "2020-01-01"], "played whole"),
        (&["--strategy", "market-making", "--data", &data, "--param", "speed=1"], "it has\n"),
        (&["--strategy", "market-making", "--data", &data, "--param", "stock=-1"], "below 0"),
        (
            &["--strategy", "market-making", "--data", &data, "--param", "latency_ms=x"],
            "milliseconds",
        ),
        (
            &["--strategy", "crypto_arbitrage", "--data", &data, "--param", "second_commission=0"],
            "no second folder",
        ),
        (&["--strategy", "market-making", "--demo-data"], "has bars"),
        (&["--strategy", "market-making", "--data", "nowhere"], "ticks are a folder"),
    ] {
        let told = bad(arguments);
        assert!(told.contains(wanted), "{told}");
    }
    fs::remove_file(Path::new(&data).join("trades.csv")).unwrap();
    assert!(bad(&["--strategy", "market-making", "--data", &data]).contains("no file of trades"));
}
