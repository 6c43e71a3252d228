//! The demo over the whole shipped history, and what its database tells afterwards.

use crate::child::{Nija, PATIENCE};
use std::time::Duration;

/// The lines below a heading, to the next line that is not indented.
fn section<'a>(text: &'a str, heading: &str) -> Vec<&'a str> {
    let (_, rest) = text.rsplit_once(heading).unwrap_or_else(|| panic!("no {heading:?}"));
    rest.lines().skip(1).take_while(|line| line.starts_with("  ")).map(str::trim).collect()
}

/// What a command prints that must succeed.
fn told(folder: &std::path::Path, arguments: &[&str], database: (&str, &str)) -> String {
    let (status, text) = Nija::start(folder, arguments, &[database]).end(PATIENCE);
    assert!(status.success(), "{arguments:?}: {text}");
    text
}

#[test]
fn the_whole_history_shows_every_tier_strategy_and_switch() {
    let folder = tempfile::tempdir().unwrap();
    let database = ("DATABASE_URL", "sqlite:demo.db");
    let demo =
        Nija::start(folder.path(), &["demo", "--speed", "max", "--exit-at-end"], &[database]);
    let (status, text) = demo.end(Duration::from_secs(600));
    assert!(status.success(), "{text}");

    let last = text.rfind("regime ").map(|at| &text[at..]).unwrap();
    for tier in ["STARTER", "SAVER", "INVESTOR", "INCOME", "LIVABLE", "BALLER", "PAPER"] {
        assert!(last.contains(&format!("\n  {tier} ")), "no row of {tier}:\n{last}");
    }
    // No strategy trades for the first tier: it copied the calm master.
    let starter = last.lines().find(|line| line.starts_with("  STARTER ")).unwrap();
    let entries = starter.split_whitespace().nth(5).and_then(|cell| cell.parse::<u32>().ok());
    assert!(entries.is_some_and(|entries| entries > 5), "{starter}");
    let regimes = section(&text, "Regimes:");
    let mut kinds: Vec<_> = regimes.iter().filter_map(|line| line.split(' ').nth(1)).collect();
    kinds.sort_unstable();
    kinds.dedup();
    assert!(kinds.len() >= 4, "{kinds:?}");

    let strategies = section(&text, "Fills by strategy:");
    for (name, least) in [
        ("crypto_trend_riding", 10),
        ("crypto_momentum_scalping", 10),
        ("crypto_volatility_capture", 10),
        ("equity_mean_reversion", 10),
        ("equity_momentum_swing", 5),
        ("etf_rotation", 10),
        ("macro_trend", 5),
        ("volatility_breakout", 5),
    ] {
        let line = strategies.iter().find(|line| line.starts_with(name));
        let fills = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u32>().ok());
        assert!(fills.is_some_and(|fills| fills > least), "{name}: {strategies:?}");
    }
    let refusals = section(&text, "Refusals by reason:");
    for code in ["KILL_SWITCH", "VOLATILITY"] {
        assert!(refusals.iter().any(|line| line.starts_with(code)), "{refusals:?}");
    }
    let switches = section(&text, "Kill switches:");
    for class in ["crypto", "equity"] {
        let pressed = format!("entries of asset class {class} stopped: black swan");
        let crash = |line: &&&str| line.starts_with("2020-03-") && line.contains(&pressed);
        assert!(switches.iter().any(|line| crash(&line)), "{class}: {switches:?}");
    }
    let (_, exits) = text.rsplit_once("Exits approved while their class was stopped: ").unwrap();
    let exits = exits.lines().next().unwrap();
    assert!(exits.parse::<u32>().is_ok_and(|exits| exits > 0), "{exits}");
    its_income_is_told(&text);

    verified_and_readable(folder.path(), database);
}

/// Everybody who subscribed was billed each month and paid, and the copies earned something, too.
fn its_income_is_told(text: &str) {
    let amount = |heading: &str, name: &str| -> f64 {
        let lines = section(text, heading);
        let line = lines.iter().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("no {name}: {lines:?}")).trim().parse().unwrap()
    };
    let revenue = |name| amount("Revenue (fees are of simulated profits):", name);
    // Six tiers, one of them by the year with its coupon: 19 + 49 + 99 + 249 + 399.20 + 999.
    assert_eq!(revenue("monthly_recurring"), 1_814.2);
    assert!(revenue("subscription") > 65_000.0 && revenue("performance_fee") > 0.0, "{text}");
    assert!(revenue("copy_trading_fee") >= 0.0, "{text}");
    assert!((190.0..=200.0).contains(&amount("Invoices:", "paid")), "{text}");
    assert_eq!((amount("Invoices:", "void"), amount("Invoices:", "open")), (0.0, 0.0), "{text}");
    assert!(amount("Copies:", "purchases") > 10.0, "{text}");
}

fn verified_and_readable(folder: &std::path::Path, database: (&str, &str)) {
    let verified = told(folder, &["verify"], database);
    assert!(verified.contains("sound: every batch is what was written"), "{verified}");
    assert!(verified.contains("sum $0\n") && !verified.contains("DAMAGED"), "{verified}");

    let show = |kinds: &str| told(folder, &["journal", "show", "--kind", kinds], database);
    let killed = show("killed");
    let crash =
        killed.lines().find(|line| line.starts_with("2020-03-1") && line.contains("crypto"));
    let crash = crash.unwrap_or_else(|| panic!("{killed}"));
    assert!(crash.contains("black swan"), "{crash}");
}
