//! Whoever watches the platform: every metric that the dashboard and the alarms name is exposed by the running
//! binary with its description, and every alarm is explained.

use crate::abuse::serve;
use crate::caller::Caller;
use crate::child::until;
use serde_json::Value;
use std::collections::BTreeSet;

const ALARMS: &str = include_str!("../../../../ops/alerts.yml");
const DASHBOARD: &str = include_str!("../../../../ops/dashboard.json");
const MANUAL: &str = include_str!("../../../../docs/operations.md");

/// Names of metrics in an expression.
fn named(text: &str, into: &mut BTreeSet<String>) {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    for word in words.filter(|word| word.starts_with("nija_") || word.starts_with("process_")) {
        let histogram =
            ["_bucket", "_sum", "_count"].into_iter().find_map(|end| word.strip_suffix(end));
        into.insert(histogram.unwrap_or(word).to_owned());
    }
}

fn panels() -> Vec<Value> {
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let panels = dashboard["panels"].as_array().unwrap().iter();
    panels.filter(|panel| panel["type"] != "row").cloned().collect()
}

#[test]
fn everything_that_is_watched_is_exposed() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path());
    let caller = Caller::stranger(server.address());
    assert_eq!(caller.get("/health").status, 200);
    let mut wanted = BTreeSet::new();
    let mut expressions = 0;
    for line in ALARMS.lines().filter(|line| !line.trim_start().starts_with('#')) {
        // Everything that an alarm names stands in its expression.
        if !line.contains(": ") {
            named(line, &mut wanted);
        }
    }
    for panel in panels() {
        for target in panel["targets"].as_array().unwrap() {
            named(target["expr"].as_str().unwrap(), &mut wanted);
            expressions += 1;
        }
    }
    assert!(wanted.len() > 20 && expressions > 30, "{wanted:?}");
    // The slow things are looked at for the first time a moment after the start.
    let text = until("something is not exposed", || {
        let text = caller.get("/metrics").text;
        let exposed = |name: &String| {
            text.contains(&format!("# TYPE {name} ")) && text.contains(&format!("# HELP {name} "))
        };
        wanted.iter().all(exposed).then_some(text)
    });
    for line in text.lines().filter(|line| !line.is_empty()) {
        let name = line.trim_start_matches("# HELP ").trim_start_matches("# TYPE ");
        assert!(name.starts_with("nija_") || name.starts_with("process_"), "{line}");
    }
    assert!(text.contains("nija_build_info{version=\""), "{text}");
    assert!(text.contains("nija_refusals_total{code=\"BUYING_POWER\"} 0"), "{text}");
}

#[test]
fn every_alarm_is_explained_and_every_panel_has_a_unit() {
    let alarms: Vec<&str> =
        ALARMS.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert!(alarms.len() > 15);
    for alarm in &alarms {
        let heading = format!("\n### {alarm}\n");
        assert_eq!(MANUAL.matches(&heading).count(), 1, "{alarm} has no heading of its own");
        let link = format!("runbook: docs/operations.md#{}\n", alarm.to_lowercase());
        assert!(ALARMS.contains(&link), "{alarm} has no link");
    }
    for panel in panels() {
        let title = panel["title"].as_str().unwrap();
        assert!(panel["fieldConfig"]["defaults"]["unit"].is_string(), "{title} has no unit");
        assert!(!panel["description"].as_str().unwrap().is_empty(), "{title} says nothing");
        assert_eq!(panel["datasource"]["uid"], "${datasource}", "{title}");
    }
}
