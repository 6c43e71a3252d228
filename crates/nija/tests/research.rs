//! `nija backtest --strategy sma-cross` against what other programs found on the same files, its sweeps and walks, and
//! those of the platform's strategies.

#![allow(clippy::unwrap_used)]

use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};
use tempfile::TempDir;

const TERMS: [&str; 6] = ["--cash", "10000", "--commission", "0.002", "--fill", "next-open"];

fn run(strategy: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nija"));
    command.args(["backtest", "--strategy", strategy]).args(arguments);
    command.env_clear().output().unwrap()
}
fn good_of(strategy: &str, arguments: &[&str]) -> Value {
    let output = run(strategy, &[arguments, &["--format", "json"]].concat());
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}
fn bad_of(strategy: &str, arguments: &[&str]) -> String {
    let output = run(strategy, arguments);
    assert!(!output.status.success(), "{arguments:?} succeeded");
    text(&output.stderr)
}
fn good(arguments: &[&str]) -> Value {
    good_of("sma-cross", arguments)
}
fn bad(arguments: &[&str]) -> String {
    bad_of("sma-cross", arguments)
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

/// What the plain reference of docs/benchmarks.md finds for engines that fill or pay otherwise than a venue. It lends
/// without limit, so fixed units get cash enough for all.
#[test]
fn engines_with_other_manners_are_repeated() {
    let path = shared("demo-alt/equity/GOOG/1d.csv");
    let ten = ["--cash", "100000", "--commission", "0.002", "--param", "size=10"];
    let one = ["--cash", "10000000", "--commission", "0.0002", "--param", "size=1"];
    let one = [&one[..], &["--param", "signal=side"]].concat();
    let all = ["--cash", "10000", "--commission", "0.002"];
    let (close, cents) = (["--fill", "signal-close"], ["--commission-model", "cents"]);
    let in_price = ["--commission-model", "entry-price"];
    for (arguments, orders, equity, warnings) in [
        ([&ten[..], &[]].concat(), 47, "95578.0191", 0),
        ([&ten[..], &close].concat(), 47, "94510.2345", 1),
        ([&ten[..], &close, &cents].concat(), 47, "94510.2200", 1),
        ([&one[..], &close].concat(), 48, "9999554.1040", 1),
        ([&one[..], &close, &cents].concat(), 48, "9999554.1285", 1),
        ([&all[..], &in_price].concat(), 47, "5870.1256", 1),
    ] {
        let found = good(&[&["--data", &path], &arguments[..]].concat());
        let exact: f64 = found["final_equity"].as_str().unwrap().parse().unwrap();
        assert_eq!(format!("{exact:.4}"), equity, "{arguments:?}");
        let told = |name: &str| found[name].as_array().unwrap().len();
        assert_eq!(told("trades") + told("open_trades"), orders, "{arguments:?}");
        assert_eq!(told("warnings"), warnings, "{arguments:?}: {}", found["warnings"]);
    }
    let found = good(&[&["--data", &path], &all[..], &in_price].concat());
    let peak = found["files"][0]["equity_peak"].as_f64().unwrap();
    let rate = found["statistics"]["win_rate_pct"].as_f64().unwrap();
    assert_eq!(format!("{peak:.4} {rate:.4}"), "10347.8950 30.4348");
}

#[test]
fn a_price_that_nobody_gets_is_told_wherever_results_are() {
    let folder = tempfile::tempdir().unwrap();
    let (data, page) = (waves(&folder, 700), folder.path().join("report.html"));
    let (shown, kept) = (page.display().to_string(), folder.path().join("kept.jsonl"));
    let kept = kept.display().to_string();
    let close = ["--data", &data, "--fill", "signal-close"];
    let warned = |value: &Value| value["warnings"][0].as_str().unwrap().contains("nobody can get");
    assert!(warned(&good(&[&close[..], &["--report", &shown]].concat())));
    assert!(fs::read_to_string(page).unwrap().contains("nobody can get"));
    assert!(text(&run("sma-cross", &close).stdout).contains("warning: fills are at the close"));
    let sweep = [&close[..], &["--sweep", "fast=2,4"]].concat();
    assert!(warned(&good(&sweep)["best"]));
    assert!(warned(&good(&[&sweep[..], &["--walk-forward", "train=300,test=100"]].concat())));
    // Trials of the one are none of the other.
    good(&[&sweep[..], &["--results", &kept]].concat());
    let other = ["--data", &data, "--sweep", "fast=2,4", "--results", &kept];
    assert!(bad(&other).contains("another command"));
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

/// The page of a sweep tells of the trials and how far to believe the best of them, not only what that one did.
#[test]
fn a_sweep_shows_its_trials_and_its_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let (data, page) = (waves(&folder, 900), folder.path().join("sweep.html"));
    let shown = page.display().to_string();
    let sweep = ["--data", &data, "--sweep", "fast=2..11", "--sweep", "slow=8,20,30,40,50,60"];
    let found = good(&[&sweep[..], &["--report", &shown]].concat());
    let html = fs::read_to_string(&page).unwrap();
    let trials = found["sweep"].as_array().unwrap();
    assert_eq!((trials.len(), html.matches("<tr><td>fast=").count()), (56, 50), "the best fifty");
    assert!(html.contains("56 trials, 4 left out"), "{html}");
    let best = &trials[usize::try_from(found["best_trial"].as_u64().unwrap()).unwrap()];
    let parameters = &best["parameters"];
    let [fast, slow] = ["fast", "slow"].map(|name| parameters[name].as_str().unwrap());
    let cell = format!("<tr><td>fast={fast} slow={slow}</td><td class=\"n\">");
    assert_eq!(html.find("<tr><td>fast="), html.find(&cell), "the best stands first");
    let told = &found["overfitting"];
    let deflated = format!(
        "deflated Sharpe ratio {:.4} of 56 trials",
        told["deflated_sharpe"].as_f64().unwrap()
    );
    let chance = told["probability_of_overfitting"].as_f64().unwrap();
    for wanted in [deflated, format!("probability of overfitting {chance:.2}, at most 0.2")] {
        assert!(html.contains(&wanted), "{wanted}");
    }
    let word = if told["passed"] == true { "It passes." } else { "It does not pass." };
    assert!(html.contains(&format!("<p>{word}</p>")), "{word}");
    // A run of the best one alone has none of this, and draws the same.
    let (fast, slow) = (format!("fast={fast}"), format!("slow={slow}"));
    good(&["--data", &data, "--param", &fast, "--param", &slow, "--report", &shown]);
    let alone = fs::read_to_string(&page).unwrap();
    assert!(!alone.contains("Trials") && alone.contains("<h2>Equity</h2>"));
    let drawn = |html: &str| html.split_once("<h2>Equity</h2>").unwrap().1.to_owned();
    assert_eq!(drawn(&alone), drawn(&html));
}

#[test]
fn a_strategy_of_the_platform_is_swept_as_its_runs_go() {
    let (folder, riding) = (tempfile::tempdir().unwrap(), "crypto_trend_riding");
    let kept = folder.path().join("kept.jsonl").display().to_string();
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/demo/crypto/BTC-USD/1d.csv");
    let sweep = ["--data", data, "--sweep", "target_volatility=0.15..0.25:0.05"];
    let with = [&sweep[..], &["--results", &kept]].concat();
    let found = good_of(riding, &with);
    let (trials, best) = (found["sweep"].as_array().unwrap(), &found["best"]);
    assert_eq!((trials.len(), &found["overfitting"]["trials"]), (3, &3.into()));
    let chosen = &trials[found["best_trial"].as_u64().unwrap() as usize];
    assert_eq!(chosen["final_equity"], best["final_equity"]);
    // Each trial is the run that names its parameters.
    let value = trials[0]["parameters"]["target_volatility"].as_str().unwrap();
    let alone =
        ["--data", data, "--param", &format!("target_volatility={value}")].map(str::to_owned);
    let alone = good_of(riding, &alone.each_ref().map(String::as_str));
    assert_eq!((value, &trials[0]["final_equity"]), ("0.15", &alone["final_equity"]));
    assert_eq!(trials[0]["sharpe"], alone["statistics"]["sharpe"]);
    let again = good_of(riding, &[&with[..], &["--threads", "1"]].concat());
    assert_eq!((&again["resumed"], &again["sweep"]), (&3.into(), &found["sweep"]));
    let other = bad_of(riding, &[&with[..], &["--cash", "5000"]].concat());
    assert!(other.contains("another command"), "{other}");
    for (arguments, wanted) in [
        (&["--sweep", "speed=1,2"][..], "has no parameter `speed`; it has"),
        (&["--sweep", "target_volatility=0.2,much"], "target_volatility=much"),
        (&["--sweep", "grow=0.1,0.2", "--tier", "all"], "name it with --tier"),
        (&["--sweep", "grow=0.1,0.2", "--walk-forward", "train=9,test=9"], "or with --rank return"),
        (&["--sweep", "grow=0.1,0.2", "--walk-forward", "train=0,test=9"], "numbers above 0"),
        (
            &["--sweep", "grow=0.1,0.2", "--walk-forward", "train=2000,test=9"],
            "1187 days with bars",
        ),
        (&["--sweep", "grow=0.1..9:0.001", "--walk-forward", "train=99,test=9"], "at most 20000"),
        (&["--walk-forward", "train=99,test=9"], "--sweep <NAME=VALUES>"),
    ] {
        let told = bad_of(riding, &[&["--data", data], arguments].concat());
        assert!(told.contains(wanted), "{told}");
    }
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

/// The page of a walk of the teaching strategy, and names of trials in the text.
#[test]
fn a_walk_is_drawn_and_names_line_up() {
    let folder = tempfile::tempdir().unwrap();
    let (data, page) = (waves(&folder, 900), folder.path().join("walk.html"));
    let shown = page.display().to_string();
    let sweep = ["--data", &data, "--sweep", "fast=2,4", "--sweep", "slow=20,40"];
    let walk = ["--walk-forward", "train=300,test=250", "--report", &shown];
    let found = good(&[&sweep[..], &walk].concat());
    drawn(&found, &fs::read_to_string(page).unwrap());
    // Between two windows nothing is held: what each ends with is cash, with the costs of leaving paid.
    let chance = found["overfitting"]["probability_of_overfitting"].as_f64().unwrap();
    assert!((0.0..=1.0).contains(&chance) && found["overfitting"]["trials"] == 12);
    for (arguments, wanted) in [
        (&["--from", "2018-01-01"][..], "leave --from and --to away"),
        (&["--results", "kept.jsonl"], "leave --results away"),
    ] {
        let told = bad(&[&sweep[..], &walk, arguments].concat());
        assert!(told.contains(wanted), "{told}");
    }
    let long = ["--sweep", "long_only=true,false", "--sweep", "signal=cross,side"];
    let told = text(&run("sma-cross", &[&sweep[..], &long].concat()).stdout);
    let rows = told.lines().skip_while(|line| !line.starts_with("trial ")).take(11);
    let widths: Vec<usize> = rows.map(str::len).collect();
    assert!(widths.len() == 11 && widths.iter().all(|width| *width == widths[0]), "{told}");
}

/// A page shows every window of a walk: when it was traded, with what, and a line where all but the first begin.
fn drawn(found: &Value, html: &str) {
    let steps = found["steps"].as_array().unwrap();
    assert!(
        steps.len() > 1 && html.contains("<h2>Windows</h2>") && html.contains("class=\"shade\"")
    );
    for step in steps {
        let instant = |name: &str| {
            let told = step[name].as_str().unwrap().replace("T00:00:00Z", "");
            told.get(..16).unwrap_or(&told).replace('T', " ")
        };
        let (from, to, chosen) = (instant("from"), instant("to"), step["chosen"].as_str().unwrap());
        let row = format!("<tr><td>{from} to {to}</td><td class=\"n\">{chosen}</td>");
        assert!(html.contains(&row), "{row}");
    }
    assert_eq!(html.matches("class=\"cut\"").count(), steps.len() - 1);
    let word =
        if found["overfitting"]["passed"] == true { "It passes." } else { "It does not pass." };
    assert!(html.contains(word) && !html.contains("<h2>Trades</h2>"));
}

/// Days of bitcoin, of which those behind `kept` are ten times as dear, or not there.
fn bitcoin(folder: &TempDir, days: usize, kept: usize) -> String {
    let demo = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/demo/crypto/BTC-USD/1d.csv");
    let dear = |row: &str| {
        let fields = row.split(',').enumerate().map(|(at, field)| match at {
            1..=4 => (field.parse::<f64>().unwrap() * 10.0).to_string(),
            _ => field.to_owned(),
        });
        fields.collect::<Vec<_>>().join(",")
    };
    let text = fs::read_to_string(demo).unwrap();
    let rows = text.lines().take(days + 1).enumerate();
    let rows = rows.map(|(at, row)| if at > kept { dear(row) } else { row.to_owned() });
    let own = folder.path().join(format!("{days} {kept}/BTC-USD"));
    fs::create_dir_all(&own).unwrap();
    fs::write(own.join("1d.csv"), rows.collect::<Vec<_>>().join("\n") + "\n").unwrap();
    own.join("1d.csv").display().to_string()
}

#[test]
fn a_walk_of_the_platform_chooses_before_it_trades() {
    let (folder, riding) = (tempfile::tempdir().unwrap(), "crypto_trend_riding");
    let [page, kept] = ["walk.html", "kept.jsonl"].map(|name| folder.path().join(name));
    let [page, kept] = [page, kept].map(|path| path.display().to_string());
    let sweep = ["--sweep", "target_volatility=0.15,0.35", "--sweep", "grow=0.1,0.3"];
    let walk = |data: &str, more: &[&str]| {
        let windows = ["--data", data, "--walk-forward", "train=300,test=190"];
        good_of(riding, &[&sweep[..], &windows, more].concat())
    };
    let data = bitcoin(&folder, 700, 700);
    let found = walk(&data, &["--threads", "1", "--report", &page, "--results", &kept]);
    let steps = found["steps"].as_array().unwrap();
    assert_eq!((steps.len(), &found["trials"], &found["unit"]), (3, &12.into(), &"day".into()));
    drawn(&found, &fs::read_to_string(page).unwrap());
    // The same again, with other threads and with what was kept.
    let again = walk(&data, &["--threads", "4", "--results", &kept]);
    assert_eq!((&again["resumed"], &found["resumed"]), (&12.into(), &0.into()));
    assert_eq!((&again["steps"], &again["equity"]), (&found["steps"], &found["equity"]));
    // Each window begins with what the one before ended with, on the day on which its choice ends.
    for (before, after) in steps.iter().zip(&steps[1..]) {
        assert_eq!(
            (&before["final_equity"], &before["to"]),
            (&after["start_equity"], &after["from"])
        );
        assert_eq!(after["chosen_to"], after["from"]);
        assert_eq!(before["open_trades"], 0, "everything was sold");
    }
    let fees: f64 = found["costs"]["fees"].as_str().unwrap().parse().unwrap();
    let (first, last) = (&steps[0], &steps[2]);
    assert!(fees > 0.0 && found["final_equity"] == last["final_equity"]);
    assert_eq!(found["equity"][0][0], first["from"].as_str().unwrap()[..10]);
    // Held over the end of the first window, as a run over it shows, and sold there.
    let alone = |step: &Value| {
        let date = |name: &str| step[name].as_str().unwrap()[..10].to_owned();
        let params = step["chosen"].as_str().unwrap().split(' ');
        let params: Vec<&str> = params.flat_map(|param| ["--param", param]).collect();
        let cash = step["start_equity"].as_str().unwrap();
        let span = ["--from", &date("from"), "--to", &date("to"), "--cash", cash, "--data", &data];
        good_of(riding, &[&params[..], &span].concat())
    };
    assert_eq!(alone(first)["accounts"][0]["open_trades"], 1);
    assert_ne!(alone(first)["final_equity"], first["final_equity"]);
    // After the last one there is no price to sell at: it is the run over its days.
    assert_eq!(alone(last)["final_equity"], last["final_equity"]);
    // What was chosen, and why, stands where the days behind it are others or missing.
    let [other, short] = [(700, 490), (491, 491)].map(|(days, kept)| bitcoin(&folder, days, kept));
    let [other, short] = [other, short].map(|data| walk(&data, &[]));
    for changed in [&other["steps"], &short["steps"]] {
        assert_eq!((&changed[0]["seen"], &changed[1]["seen"]), (&first["seen"], &steps[1]["seen"]));
        assert_eq!(changed[1]["chosen"], steps[1]["chosen"]);
        assert_ne!(changed[1]["traded"], steps[1]["traded"]);
    }
    assert_eq!((&short["steps"][0], short["steps"].as_array().unwrap().len()), (first, 2));
    assert_eq!(short["steps"][0]["traded"], first["traded"]);
}

#[test]
fn a_report_is_written_beside_the_results() {
    let folder = tempfile::tempdir().unwrap();
    let (data, page) = (waves(&folder, 700), folder.path().join("report.html"));
    let page: PathBuf = page;
    let found = good(&["--data", &data, "--report", &page.display().to_string()]);
    let (equity, months) = (found["equity"].as_array(), found["months"].as_array());
    assert_eq!(equity.map(Vec::len), Some(700), "a close a day");
    assert_eq!((&equity.unwrap()[0][0], months.map(Vec::len)), (&"2017-07-14".into(), Some(24)));
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
        (&["--commission-model", "cents"], "--commission <FRACTION>"),
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
