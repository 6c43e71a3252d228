//! What the results of `nija backtest` tell, as JSON, as text and as a page: costs by cause, curves, models, trials.

#![allow(clippy::unwrap_used)]

use nija_core::words::money::Money;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;

/// What a backtest prints, and the page it writes.
fn run(folder: &Path, arguments: &[&str]) -> (String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_nija"))
        .arg("backtest")
        .args(arguments)
        .args(["--report", "r.html"])
        .current_dir(folder)
        .env_clear()
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {told}");
    let page = fs::read_to_string(folder.join("r.html")).unwrap();
    (String::from_utf8(output.stdout).unwrap(), page)
}

fn json(folder: &Path, arguments: &[&str]) -> (Value, String) {
    let (text, page) = run(folder, &[arguments, &["--format", "json"]].concat());
    (serde_json::from_str(&text).unwrap(), page)
}

fn money(value: &Value) -> Money {
    value.as_str().unwrap().parse().unwrap()
}

fn sum(amounts: impl IntoIterator<Item = Money>) -> Money {
    amounts.into_iter().fold(Money::ZERO, Money::saturating_add)
}

/// The row of a text that begins with this name.
fn row<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    line.get(name.len()..).unwrap_or_default().split_whitespace().collect()
}

const DEAR: [&str; 8] = [
    "--demo-data",
    "--strategy",
    "etf_rotation",
    "--half-spread-bps",
    "200",
    "--slippage-bps",
    "200",
    "--commission",
];

/// Two percent each way to the best price and two beyond it: what the fills say is known, so what they paid is, too.
#[test]
fn costs_are_told_by_cause_and_to_the_cent() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = [&DEAR[..], &["0.001", "--tier", "all"]].concat();
    let (found, page) = json(folder.path(), &arguments);
    let costs = &found["costs"];
    let [fees, spread, slippage, paid] =
        ["fees", "spread", "slippage", "total"].map(|name| money(&costs[name]));
    // A buyer pays 1.04 of what was shown and a seller gets 0.96 of it, a tick more or less.
    let trades = found["trades"].as_array().unwrap();
    let part = |name: &str, of: f64| -> f64 {
        trades.iter().map(|trade| money(&trade[name]).raw() as f64 / 1e8 * 0.04 / of).sum()
    };
    let expected = part("cost", 1.04) + part("proceeds", 0.96);
    let friction = sum([spread, slippage]).raw() as f64 / 1e8;
    assert!(trades.len() > 20 && expected > 100.0, "{} trades, {expected}", trades.len());
    assert!((friction - expected).abs() < 0.002 * expected, "{friction}, not {expected}");
    assert_eq!(fees, sum(trades.iter().map(|trade| money(&trade["fees"]))));
    assert_eq!(paid, sum([fees, spread, slippage]));
    assert_eq!(money(&found["statistics"]["costs_paid"]), paid);
    let profit = money(&found["final_equity"]).saturating_sub(money(&found["start_equity"]));
    assert_eq!(money(&costs["earned_before_costs"]), profit.saturating_add(paid));
    let accounts = found["accounts"].as_array().unwrap();
    for (name, whole) in [("spread", spread), ("slippage", slippage), ("total", paid)] {
        assert_eq!(sum(accounts.iter().map(|account| money(&account["costs"][name]))), whole);
    }
    let (text, same) = run(folder.path(), &arguments);
    assert_eq!(page, same, "however it is printed");
    for (name, of) in [("spread, $", "spread"), ("costs paid, $", "total")] {
        let told: Vec<String> =
            accounts.iter().map(|a| format!("{:.2}", money(&a["costs"][of]))).collect();
        assert_eq!(row(&text, name), told, "{text}");
    }
    for (name, amount) in [("spread", spread), ("slippage", slippage)] {
        let cell = format!("<tr><th>{name}</th><td class=\"n\">{}</td>", grouped(amount));
        assert!(page.contains(&cell), "{cell}");
    }
    let figure = format!("<dt>costs paid</dt><dd>{}</dd>", grouped(paid));
    assert!(page.contains(&figure), "{figure}");
}

/// Dollars as a page shows them.
fn grouped(amount: Money) -> String {
    let text = format!("{amount:.2}");
    match text.len() {
        7.. => format!("${},{}", &text[..text.len() - 6], &text[text.len() - 6..]),
        _ => format!("${text}"),
    }
}

/// What the page draws is in the JSON, too, with dates: each account's days and months, and the regimes.
#[test]
fn curves_months_and_regimes_are_told_with_their_dates() {
    let folder = tempfile::tempdir().unwrap();
    let run = ["--demo-data", "--from", "2018-01-01", "--to", "2018-07-01", "--tier", "all"];
    let (found, page) = json(folder.path(), &run);
    let accounts = found["accounts"].as_array().unwrap();
    assert!(accounts.len() > 2);
    for account in accounts.iter().chain([&found]) {
        let equity = account["equity"].as_array().unwrap();
        assert_eq!((equity.len(), &equity[0][0]), (181, &"2018-01-01".into()));
        assert_eq!(equity[180][0], "2018-06-30");
        assert_eq!(equity[180][1], account["final_equity"], "to the last place");
        let months = account["months"].as_array().unwrap();
        assert_eq!((months.len(), &months[0][0]), (6, &"2018-01".into()));
        let growth: f64 =
            months.iter().map(|month| 1.0 + month[1].as_f64().unwrap() / 100.0).product();
        let whole = account["statistics"]["return_pct"].as_f64().unwrap();
        assert!(((growth - 1.0) * 100.0 - whole).abs() < 1e-6, "{growth} {whole}");
    }
    let regimes = found["regimes"].as_array().unwrap();
    assert!(regimes.len() > 1, "{regimes:?}");
    assert_eq!(regimes[0]["from"], "2018-01-01");
    assert_eq!(regimes[regimes.len() - 1]["to"], "2018-06-30");
    // A row for each account, with what its JSON says.
    assert_eq!(page.matches("<h2>Accounts</h2>").count(), 1);
    for account in accounts {
        let [end, paid] = [&account["final_equity"], &account["costs"]["total"]].map(money);
        let (tier, closed) = (account["tier"].as_str().unwrap(), &account["statistics"]["closed"]);
        let row = page.lines().find(|line| line.starts_with(&format!("<tr><td>{tier}</td>")));
        let row = row.unwrap_or_default();
        for cell in [grouped(end), closed.to_string(), grouped(paid)] {
            assert!(row.contains(&format!("<td class=\"n\">{cell}</td>")), "{cell}: {row}");
        }
    }
}

/// Daily bars of shares from 2005 to before a day, in files of their own.
fn shares(folder: &Path, symbols: &[&str], before: &str) -> Vec<String> {
    let file = |symbol: &&str| {
        let source = format!("../../../shared/data/equity/{symbol}/1d.csv");
        let whole = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(source)).unwrap();
        let part: Vec<&str> =
            whole.lines().filter(|line| line.starts_with('t') || *line < before).collect();
        let place = folder.join(symbol);
        fs::create_dir_all(&place).unwrap();
        fs::write(place.join("1d.csv"), part.join("\n")).unwrap();
        ["--data".to_owned(), format!("{symbol}/1d.csv")]
    };
    symbols.iter().flat_map(file).collect()
}

/// Whether the model or the baseline traded is said, and why, however far the learning came.
#[test]
fn a_run_says_whether_its_model_traded() {
    let folder = tempfile::tempdir().unwrap();
    let all = ["AAPL", "AMZN", "BAC", "CAT", "CVX", "DIS", "GE", "GOOGL", "HD", "JNJ", "JPM", "KO"];
    for (symbols, before, is_trained, why) in [
        (
            &all[..9],
            "2007",
            false,
            "it compares 10 shares with a year of closes at least, and there were 9",
        ),
        (&all, "2007", false, "no model was trained, for a training needs 1000 lessons"),
        (&all, "2010", true, "the model ranked, which was trained last on 2009-"),
    ] {
        let data = shares(folder.path(), symbols, before);
        let mut run: Vec<&str> = data.iter().map(String::as_str).collect();
        run.extend(["--hours", "nyse", "--strategy", "equity_momentum_swing"]);
        let (found, page) = json(folder.path(), &run);
        let [model] = &found["models"].as_array().unwrap()[..] else {
            panic!("{}", found["models"]);
        };
        assert_eq!(
            (&model["name"], &model["trades"]),
            (&"share_ranking".into(), &"baseline".into())
        );
        assert_eq!(model["strategy"], "equity_momentum_swing");
        assert_eq!(
            (model["version"].is_u64(), model["trained_on"].is_string()),
            (is_trained, is_trained)
        );
        assert_eq!(model["deflated_sharpe_wanted"], 0.95);
        let told = model["why"].as_str().unwrap();
        assert!(told.starts_with("The baseline trades: ") && told.contains(why), "{told}");
        assert!(
            page.contains(&format!("<h2>Models</h2>\n<p>share_ranking: {told}.</p>")),
            "{told}"
        );
        let (text, _) = self::run(folder.path(), &run);
        assert!(text.contains(&format!("model: share_ranking: {told}.\n")), "{text}");
    }
}

/// Where a pool follows learned weights, they are judged in the same way; where nothing learns, nothing is said.
#[test]
fn learned_weights_are_told_where_a_pool_follows_them() {
    let folder = tempfile::tempdir().unwrap();
    let told = |tier: &str, strategy: &str| {
        let run = ["--demo-data", "--to", "2018-01-01", "--tier", tier, "--strategy", strategy];
        json(folder.path(), &run).0["models"].clone()
    };
    let weights = told("BALLER", "crypto_trend_riding");
    assert_eq!(
        (&weights[0]["name"], weights.as_array().unwrap().len()),
        (&"strategy_weights".into(), 1)
    );
    assert!(weights[0]["why"].as_str().unwrap().starts_with("All strategies are followed alike"));
    assert_eq!(weights[0]["trades"], "baseline");
    assert_eq!(told("SAVER", "crypto_trend_riding"), Value::Array(Vec::new()));
}
