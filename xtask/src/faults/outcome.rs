//! What a fault did and what it found.

use serde_json::{Map, Value, json};
use std::time::Duration;

/// Broken promises that are told in words; all are counted.
const TOLD: usize = 20;

/// Counts by name, in the order in which they were told, and the promises that were broken.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    counts: Vec<(&'static str, Value)>,
    breaches: Vec<String>,
    /// Why nothing was tried.
    skipped: Option<String>,
}

impl Outcome {
    /// Nothing could be tried here; that is no pass of the row, and no failure of the product.
    pub(crate) fn skipped(why: impl Into<String>) -> Self {
        Self { skipped: Some(why.into()), ..Self::default() }
    }

    pub(crate) fn count(&mut self, name: &'static str, value: impl Into<Value>) {
        self.counts.push((name, value.into()));
    }

    pub(crate) fn breach(&mut self, what: impl Into<String>) {
        self.breaches.push(what.into());
    }

    /// Holds a promise.
    pub(crate) fn hold(&mut self, held: bool, what: impl FnOnce() -> String) {
        if !held {
            self.breach(what());
        }
    }

    /// Nothing was broken.
    pub(crate) fn passed(&self) -> bool {
        self.breaches.is_empty()
    }

    pub(super) fn lines(&self) -> Vec<String> {
        let counts = self.counts.iter().map(|(name, value)| format!("{name}: {value}"));
        let skipped = self.skipped.iter().map(|why| format!("SKIPPED: {why}"));
        let broken = self.breaches.iter().take(TOLD).map(|what| format!("BROKEN: {what}"));
        counts.chain(skipped).chain(broken).collect()
    }

    /// One line for machines.
    pub(super) fn json(&self, name: &str, row: &str, took: Duration) -> Value {
        let counts: Map<String, Value> =
            self.counts.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        json!({
            "row": row,
            "fault": name,
            "passed": self.passed() && self.skipped.is_none(),
            "skipped": self.skipped,
            "counts": counts,
            "broken": self.breaches.len(),
            "first_broken": self.breaches.first(),
            "seconds": took.as_secs(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_breach_fails_and_is_told() {
        let mut outcome = Outcome::default();
        outcome.count("kills", 3);
        outcome.hold(true, || "never".to_owned());
        assert!(outcome.passed());
        outcome.hold(false, || "lost an order".to_owned());
        let json = outcome.json("kill", "R1", Duration::from_secs(2));
        assert!(!outcome.passed());
        assert_eq!((&json["passed"], &json["counts"]["kills"]), (&json!(false), &json!(3)));
        assert!(outcome.lines().iter().any(|line| line == "BROKEN: lost an order"));
        let skipped = Outcome::skipped("no strace").json("eio", "R4", Duration::ZERO);
        assert_eq!(skipped["passed"], json!(false));
    }
}
