//! The scorecard that anyone sees is the one of the command line; and what names the regime is read wherever it is.

use crate::abuse::serve;
use crate::caller::Caller;
use crate::child::until;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn the_public_scorecard_is_what_the_command_says() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path());
    let told = |format: &str| {
        let told = Command::new(env!("CARGO_BIN_EXE_nija"))
            .args(["regimes", "--demo-data", "--format", format])
            .env_clear()
            .output()
            .unwrap();
        String::from_utf8(told.stdout).unwrap()
    };
    let stranger = Caller::stranger(server.address());
    let path = "/api/v2/regimes/scorecard";
    let public = until("the scorecard was not worked out", || {
        let reply = stranger.get(path);
        // Until then it says that it is on its way.
        assert!(reply.status == 200 || reply.problem()["code"] == "scorecard_pending", "{reply:?}");
        (reply.status == 200).then_some(reply)
    });
    assert_eq!(public.text.trim(), told("json").trim());
    let chapters = public.json()["chapters"].as_array().unwrap().clone();
    let earned = |n: usize| chapters[0]["records"][n]["annual"].as_f64().unwrap();
    assert!(chapters.len() > 4 && earned(0) != earned(2), "{chapters:?}");

    let page = stranger.get(&format!("{path}?format=html"));
    assert!(page.kind.starts_with("text/html"), "{}", page.head);
    assert_eq!(page.text, told("html"));
    let text = &page.text;
    for chapter in &chapters {
        let name = chapter["regime"].as_str().unwrap().replace('_', " ");
        let annual = |of: &Value| format!("{:.1}% (", 100.0 * of["annual"].as_f64().unwrap());
        let row = text.lines().find(|line| line.contains(&format!("<td>{name}</td>"))).unwrap();
        let records = chapter["records"].as_array().unwrap();
        assert!(records.iter().all(|of| row.contains(&annual(of))), "{row}");
    }
    assert!(!text.contains("<script") && text.contains("cash stands in"), "{text}");
}

/// A file of the shipped history with its numbers made into others, row by row.
fn derived(
    folder: &Path,
    symbol: &str,
    shipped: &str,
    price: impl Fn(usize, f64) -> f64,
) -> String {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/demo");
    let text = fs::read_to_string(demo.join(shipped)).unwrap();
    let mut csv = "timestamp,open,high,low,close,volume\n".to_owned();
    for (n, row) in text.lines().skip(1).enumerate() {
        let cells: Vec<&str> = row.split(',').collect();
        let price = price(n, cells[4].parse().unwrap());
        csv += &format!("{},{price:.2},{price:.2},{price:.2},{price:.2},1000\n", cells[0]);
    }
    let place = folder.join(symbol);
    fs::create_dir_all(&place).unwrap();
    fs::write(place.join("1d.csv"), csv).unwrap();
    place.join("1d.csv").display().to_string()
}

#[test]
fn the_term_structure_and_credit_vote_in_a_backtest_that_is_given_them() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/demo");
    let shipped = ["etf/SPY/1d.csv", "index/VIX/1d.csv", "crypto/BTC-USD/1d.csv"];
    let mut files: Vec<String> =
        shipped.iter().map(|file| demo.join(file).display().to_string()).collect();
    let run = |files: &[String]| -> Value {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nija"));
        command.args(["backtest", "--tier", "INVESTOR", "--format", "json"]);
        for file in files {
            command.args(["--data", file.as_str()]);
        }
        let told = command.env_clear().output().unwrap();
        assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
        serde_json::from_slice(&told.stdout).unwrap()
    };
    let days = |result: &Value| result["regime_days"]["risk_off"].as_u64().unwrap_or(0);
    let without = run(&files);
    // The near future is feared more than the far one all the time, which is one vote of the two that it takes.
    files.push(derived(folder.path(), "VIX3M", shipped[1], |_, close| 0.9 * close));
    let with_term = run(&files);
    // High yield breaks in the third year, again and again.
    files.push(derived(folder.path(), "HYG", shipped[0], |n, _| {
        let calm = 100.0 + (n % 5) as f64 / 10.0;
        if n > 500 { calm - (n % 40) as f64 } else { calm }
    }));
    let with_both = run(&files);
    assert!(
        days(&with_term) > days(&without),
        "{} {}",
        with_term["regime_days"],
        without["regime_days"]
    );
    // An input is no market to trade.
    let trades = with_both["trades"].as_array().unwrap();
    assert!(!trades.is_empty() && trades.iter().all(|trade| trade["symbol"] != "HYG"));
}
