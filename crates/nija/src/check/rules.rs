//! What the desks are run by: tier table, catalog, feed, log filter, clock.

use super::Findings;
use crate::config::{Config, Feed};
use crate::{analyst, catalog, front, market, wire};
use nija_core::allocation::LIQUID;
use nija_core::words::id::InstrumentId;
use nija_core::words::time::{Span, Timestamp};
use nija_engine::feeds::chain::Numbers;

/// No build of this version is older: 1 August 2026.
const RELEASED: Timestamp = Timestamp(1_785_542_400_000_000);
/// Days after which rates of interest are no news: a holiday week and what publishing takes.
const OLD: i32 = 14;

pub(super) fn look(config: &Config, now: Timestamp, findings: &mut Findings) {
    if let Err(why) = wire::tiers(config) {
        findings.refuse("NIJA_TIERS_FILE", format!("{why:#}"), "mend the file, or unset it");
    }
    if let Err(why) = wire::plans(config) {
        findings.refuse("NIJA_PLANS_FILE", format!("{why:#}"), "mend the file, or unset it");
    }
    if let Err(why) = market::playbook(config) {
        findings.refuse("NIJA_STRATEGIES_FILE", format!("{why:#}"), "mend the file, or unset it");
    }
    interest(config, now, findings);
    match catalog::read(config.instruments.as_deref()) {
        Err(why) => {
            findings.refuse(
                "NIJA_INSTRUMENTS_FILE",
                format!("{why:#}"),
                "mend the file, or unset it",
            );
        }
        Ok(catalog) => {
            let instruments = &catalog.instruments;
            if let Err(why) = analyst::read(config.analyst.as_deref(), instruments) {
                let todo = "mend the file, or unset it";
                findings.refuse("NIJA_ANALYST_FILE", format!("{why:#}"), todo);
            }
            if let Err(why) = market::calendar(config, instruments) {
                let todo = "mend the file, or unset it";
                findings.refuse("NIJA_EARNINGS_FILE", format!("{why:#}"), todo);
            }
            if !catalog.families.is_empty() && config.liquidity.is_none_or(|score| score <= LIQUID)
            {
                let found = "is not above 80, so contracts of the catalog's families have no share of the capital";
                findings.warn("NIJA_LIQUIDITY", found, "set it, to 100 for the whole share");
            }
            let numbers = Numbers::after([], InstrumentId(0));
            let (fed, todo) = match &config.feed {
                Feed::Replay(folder) => (
                    market::folder(folder, instruments, &numbers).map(drop),
                    "name a folder laid out like data/demo",
                ),
                Feed::Generator => (
                    market::beginnings(instruments).map(drop),
                    "replay bars of it with NIJA_FEED=replay:FOLDER, or take it out of the catalog",
                ),
            };
            if let Err(why) = fed {
                findings.refuse("NIJA_FEED", format!("{why:#}"), todo);
            }
        }
    }
    if config.partitions == 0 {
        findings.refuse("NIJA_PARTITIONS", "is 0", "use 1 or more; 8 suits most machines");
    }
    if let Err(why) = front::filter(&config.log) {
        findings.refuse(
            "NIJA_LOG",
            format!("{why:#}"),
            "write for example `info` or `warn,nija_api=debug`",
        );
    }
    if now < RELEASED {
        let found = format!("stands at {now}, before this program was made");
        findings.refuse("the clock", found, "set the time; tokens and daily limits hang on it");
    }
}

/// Are there rates of interest that can be read, and do they reach this day?
fn interest(config: &Config, now: Timestamp, findings: &mut Findings) {
    match market::interest(config) {
        Err(why) => {
            findings.refuse("NIJA_RATES_FILE", format!("{why:#}"), "mend the file, or unset it");
        }
        Ok(Some(table)) if now.day(Span::ZERO) - table.span.1 > OLD => {
            let last = Timestamp::of_day(table.span.1, Span::ZERO);
            let found = format!("ends with {last}, and its last rate holds from then on");
            findings.warn("NIJA_RATES_FILE", found, "bring it up to date and start again");
        }
        Ok(_) => {}
    }
}
