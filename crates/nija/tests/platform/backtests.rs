//! A backtest over HTTP is the one of the command line, and one that cannot be run says why.

use crate::abuse::serve;
use crate::caller::{Caller, Reply, exchange};
use std::process::Command;

/// Two years of days that go up and down.
fn bars() -> String {
    let mut csv = "timestamp,open,high,low,close,volume\n".to_owned();
    for day in 0..500_i64 {
        let price = 100 + (day * 7) % 40 + (day / 30) % 9 * 5;
        let at =
            jiff::Timestamp::from_second(1_500_000_000 / 86_400 * 86_400 + day * 86_400).unwrap();
        csv += &format!("{at},{price},{},{},{price},1000000\n", price + 2, price - 2);
    }
    csv
}

fn send(caller: &Caller, query: &str, kind: &str, body: &str) -> Reply {
    let head = format!(
        "POST /api/v2/backtests?{query} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{}\
         Content-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
        caller.address(),
        caller.authorization(),
        body.len()
    );
    exchange(caller.address(), head.as_bytes())
}

#[test]
fn it_says_what_the_command_says() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path());
    let user = Caller::register(server.address(), "user@example.com");
    let csv = bars();
    std::fs::write(folder.path().join("ZZZ.csv"), &csv).unwrap();
    let told = Command::new(env!("CARGO_BIN_EXE_nija"))
        .args(["backtest", "--strategy", "sma-cross", "--param", "fast=5", "--param", "slow=15"])
        .args([
            "--data",
            "ZZZ.csv",
            "--hours",
            "always",
            "--cash",
            "10000",
            "--commission",
            "0.002",
        ])
        .args(["--format", "json"])
        .current_dir(folder.path())
        .env_clear()
        .output()
        .unwrap();
    let expected: serde_json::Value = serde_json::from_slice(&told.stdout).unwrap();
    let query = "strategy=sma-cross&params=fast%3D5,slow%3D15&symbol=ZZZ&hours=always&cash=10000&commission=0.002";
    let answer = send(&user, query, "text/csv", &csv).good();
    assert_eq!(answer, expected);
    assert!(expected["trades"].as_array().is_some_and(|trades| trades.len() > 5), "{expected}");
    let page = send(&user, &format!("{query}&format=html"), "text/csv", &csv);
    assert!(page.kind.starts_with("text/html") && page.text.contains("<svg"), "{}", page.head);

    // A line that cannot be is named.
    let broken = csv.replacen(",1000000\n", ",many\n", 9);
    let refused = send(&user, query, "text/csv", &broken).problem();
    assert_eq!((&refused["status"], &refused["code"]), (&422.into(), &"backtest_not_run".into()));
    assert!(refused["reason"].as_str().unwrap().contains("line 2"), "{refused}");
    let unknown = query.replace("slow%3D15", "none%3D15");
    let refused = send(&user, &unknown, "text/csv", &csv).problem();
    let reason = refused["reason"].as_str().unwrap();
    let list = ["no parameter `none`; it has fast: ", "; slow: ", "; signal: "];
    assert!(list.iter().all(|part| reason.contains(part)) && !reason.contains('\n'), "{reason}");
    for (query, kind, body, status) in [
        ("symbol=../etc/passwd", "text/csv", csv.as_str(), 422),
        ("symbol=-x", "text/csv", &csv, 422),
        ("symbol=ZZZ&params=fast", "text/csv", &csv, 422),
        ("symbol=ZZZ&params=--journal%3Dx", "text/csv", &csv, 422),
        ("symbol=ZZZ&from=yesterday", "text/csv", &csv, 422),
        ("symbol=ZZZ&cash=many", "text/csv", &csv, 422),
        ("symbol=ZZZ", "text/csv", "", 422),
        ("", "text/csv", &csv, 422),
        ("data=demo", "text/csv", &csv, 422),
        ("data=demo&symbol=ZZZ", "text/csv", &csv, 422),
        ("data=mine", "text/csv", "", 422),
        ("symbol=ZZZ&strategy=get-rich", "text/csv", &csv, 422),
        ("symbol=ZZZ", "application/json", "{}", 415),
        ("symbol=ZZZ&journal=x", "text/csv", &csv, 400),
    ] {
        let refused = send(&user, query, kind, body);
        assert_eq!(refused.status, status, "{query}: {refused:?}");
        refused.problem();
    }
    let stranger = Caller::stranger(server.address());
    assert_eq!(send(&stranger, query, "text/csv", &csv).status, 401);
}

#[test]
fn several_symbols_come_in_one_table_and_each_tier_has_an_account() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path());
    let user = Caller::register(server.address(), "user@example.com");
    let csv = bars();
    let query = "strategy=sma-cross&symbol=ZZZ&hours=always&commission=0.002";
    let expected = send(&user, query, "text/csv", &csv).good();
    let mut both = csv.replacen("timestamp,", "symbol,timestamp,", 1).replace("\n20", "\nZZZ,20");
    for line in csv.lines().skip(1) {
        both += &format!("YYY,{line}\n");
    }
    let asked = query.replace("symbol=ZZZ", "symbol=ZZZ,YYY");
    let two = send(&user, &asked, "text/csv", &both).good();
    assert_eq!(two["files"].as_array().map(Vec::len), Some(2), "{two}");
    assert_eq!(two["files"][0]["final_equity"], expected["final_equity"]);
    let wrong = both.replacen("YYY,", "XXX,", 1);
    let refused = send(&user, &asked, "text/csv", &wrong).problem();
    assert_eq!(refused["reason"], "line 502: `XXX` is none of the symbols", "{refused}");
    let refused = send(&user, &asked, "text/csv", &csv).problem();
    assert!(refused["reason"].as_str().unwrap().contains("a column `symbol`"), "{refused}");
    let tiers = "strategy=crypto_trend_riding&symbol=BTC-USD&tier=all";
    let tiers = send(&user, tiers, "text/csv", &csv).good();
    assert_eq!(tiers["accounts"].as_array().map(Vec::len), Some(7), "{tiers}");
}
