//! Why entries were not made: what gates refused and what was skipped before them, counted by strategy, each with
//! the latest case in words.

use nija_core::desk::event::Skip;
use nija_core::risk::refusal::Refusal;
use nija_core::words::signal::StrategyName;
use nija_core::words::time::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What stood in the way.
pub(super) enum Obstacle {
    Refused(Refusal),
    Skipped(Skip),
}

impl Obstacle {
    const fn verb(&self) -> &'static str {
        match self {
            Self::Refused(_) => "refused",
            Self::Skipped(_) => "skipped",
        }
    }

    const fn code(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.code.name(),
            Self::Skipped(why) => skip(*why),
        }
    }

    fn sentence(&self) -> String {
        match self {
            Self::Refused(refusal) => refusal.to_string(),
            Self::Skipped(why) => why.sentence().to_owned(),
        }
    }
}

/// One reason of one strategy.
struct Reason {
    count: u64,
    latest: (Timestamp, String, Obstacle),
}

/// All reasons of an account, by strategy, verb and code.
#[derive(Default)]
pub(super) struct Reasons(BTreeMap<(&'static str, &'static str, &'static str), Reason>);

impl Reasons {
    /// Counts a case.
    pub(super) fn add(
        &mut self,
        strategy: Option<StrategyName>,
        (at, symbol): (Timestamp, String),
        obstacle: Obstacle,
    ) {
        let who = strategy.map_or("user", StrategyName::name);
        let key = (who, obstacle.verb(), obstacle.code());
        let count = self.0.get(&key).map_or(0, |reason| reason.count) + 1;
        self.0.insert(key, Reason { count, latest: (at, symbol, obstacle) });
    }

    /// Cases by code, over all strategies.
    pub(super) fn counts(&self, verb: &str) -> BTreeMap<&'static str, u64> {
        let mut counts = BTreeMap::new();
        for ((_, of, code), reason) in &self.0 {
            if *of == verb {
                *counts.entry(*code).or_default() += reason.count;
            }
        }
        counts
    }

    /// Every reason as an object.
    pub(super) fn told(&self) -> Vec<Value> {
        let one = |((strategy, verb, code), reason): (&(&str, &str, &str), &Reason)| {
            let (at, symbol, obstacle) = &reason.latest;
            json!({
                "strategy": strategy,
                "outcome": verb,
                "code": code,
                "count": reason.count,
                "latest": {
                    "at": at.to_string(),
                    "symbol": symbol,
                    "sentence": obstacle.sentence(),
                },
            })
        };
        self.0.iter().map(one).collect()
    }

    /// Every reason in words, the most frequent first: whose, what, how often, and the latest case.
    pub(super) fn words(&self) -> Vec<Words> {
        let one = |((strategy, verb, code), reason): (&(&str, &str, &str), &Reason)| {
            let (at, symbol, obstacle) = &reason.latest;
            Words {
                strategy: (*strategy).to_owned(),
                what: format!("{verb} {code}"),
                count: reason.count,
                latest: format!("{at} {symbol}: {}", obstacle.sentence()),
            }
        };
        let mut all: Vec<Words> = self.0.iter().map(one).collect();
        all.sort_by_key(|words| std::cmp::Reverse(words.count));
        all
    }
}

/// One reason for people.
pub(super) struct Words {
    pub(super) strategy: String,
    pub(super) what: String,
    pub(super) count: u64,
    pub(super) latest: String,
}

const fn skip(why: Skip) -> &'static str {
    match why {
        Skip::NoBudget => "no_budget",
        Skip::BudgetSpent => "budget_spent",
        Skip::TooSmall => "too_small",
        Skip::AlreadyIn => "already_in",
        Skip::ClassNotAllowed => "class_not_allowed",
        Skip::OtherSide => "other_side",
        Skip::NotShortable => "not_shortable",
        Skip::NoStock => "no_stock",
        Skip::AutopilotOff => "autopilot_off",
        Skip::NothingToClose => "nothing_to_close",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_counted_by_strategy_and_the_latest_is_told() {
        let mut reasons = Reasons::default();
        let riding = Some(StrategyName::CryptoTrendRiding);
        let at = |second: i64| (Timestamp(second * 1_000_000), format!("COIN{second}"));
        for (strategy, second, why) in [
            (riding, 1, Skip::NoBudget),
            (riding, 2, Skip::AlreadyIn),
            (riding, 3, Skip::AlreadyIn),
            (None, 4, Skip::AlreadyIn),
        ] {
            reasons.add(strategy, at(second), Obstacle::Skipped(why));
        }
        let counts: Vec<(&str, u64)> = reasons.counts("skipped").into_iter().collect();
        assert_eq!(counts, [("already_in", 3), ("no_budget", 1)]);
        assert!(reasons.counts("refused").is_empty());
        let words = reasons.words();
        assert_eq!((words.len(), words[0].count), (3, 2));
        assert_eq!(words[0].strategy, "crypto_trend_riding");
        let latest = "1970-01-01T00:00:03Z COIN3: the position is already held or on its way";
        assert_eq!(
            (words[0].what.as_str(), words[0].latest.as_str()),
            ("skipped already_in", latest)
        );
        let told = reasons.told();
        assert_eq!(
            (&told[0]["strategy"], &told[0]["count"]),
            (&json!("crypto_trend_riding"), &2.into())
        );
        assert_eq!(told[2]["latest"]["symbol"], "COIN4");
    }
}
