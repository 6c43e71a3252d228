//! `--param` of the platform's strategies: their pages of the playbook with some parameters written over.

use anyhow::{Context, bail, ensure};
use nija_core::words::signal::StrategyName;
use nija_market::playbook::Playbook;
use serde_json::Value;

/// The playbook with these parameters of the one strategy that is named.
pub(super) fn playbook(
    playbook: Playbook,
    strategies: &[StrategyName],
    given: &[(String, String)],
) -> anyhow::Result<Playbook> {
    let ([strategy], true) = (strategies, !given.is_empty()) else {
        ensure!(given.is_empty(), "--param is about one strategy; name one with --strategy");
        return Ok(playbook);
    };
    let mut pages = serde_json::to_value(playbook).context("the playbook")?;
    let parameters = pages.pointer_mut(&format!("/{}/parameters", strategy.name()));
    let Some(parameters) = parameters else {
        bail!("the playbook has no page of {}", strategy.name());
    };
    for (name, value) in given {
        let known = parameters.as_object().into_iter().flatten();
        let known: String = known.map(|(name, now)| format!("\n  {name} = {now}")).collect();
        // Some parameters are groups of others: `drift.hold`.
        let to = name
            .split('.')
            .try_fold(&mut *parameters, |group, name| group.as_object_mut()?.get_mut(name));
        let Some(to) = to else {
            bail!("{} has no parameter `{name}`; it has{known}", strategy.name());
        };
        // Words need no quotes; everything else is written as in JSON.
        *to = match (&to, serde_json::from_str(value)) {
            (Value::String(_), _) | (_, Err(_)) => Value::String(value.clone()),
            (_, Ok(value)) => value,
        };
    }
    serde_json::from_value(pages).with_context(|| {
        let told = given.iter().map(|(name, value)| format!(" --param {name}={value}"));
        format!("{}{}", strategy.name(), told.collect::<String>())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tuned(strategies: &[StrategyName], given: &[(&str, &str)]) -> anyhow::Result<Playbook> {
        let owned = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        playbook(Playbook::default(), strategies, &owned.collect::<Vec<_>>())
    }

    #[test]
    fn one_parameter_is_written_over_and_nothing_else() {
        let riding = [StrategyName::CryptoTrendRiding];
        let changed = tuned(&riding, &[("target_volatility", "0.5")]).unwrap();
        assert_eq!(changed.crypto_trend_riding.parameters.target_volatility, 0.5);
        let earnings = [StrategyName::EquityEarningsVolatility];
        let held = tuned(&earnings, &[("drift.hold", "9"), ("straddle.size", "0.25")]).unwrap();
        let parameters = held.equity_earnings_volatility.parameters;
        assert_eq!((parameters.drift.hold, parameters.straddle.size), (9, 0.25), "inside groups");
        assert!(tuned(&earnings, &[("drift.speed", "9")]).is_err());
        assert!(tuned(&earnings, &[("drift.hold.on", "9")]).is_err());
        let back = tuned(&riding, &[("target_volatility", "0.25")]).unwrap();
        assert_eq!(
            (back, tuned(&riding, &[]).unwrap()),
            (Playbook::default(), Playbook::default())
        );
        for (given, wanted) in [
            (&[("speed", "1")][..], "no parameter `speed`; it has\n  "),
            (&[("target_volatility", "much")], "--param target_volatility=much"),
        ] {
            let told = format!("{:#}", tuned(&riding, given).unwrap_err());
            assert!(told.contains(wanted), "{told}");
        }
        assert!(tuned(&[], &[("a", "1")]).is_err(), "of which strategy?");
    }
}
