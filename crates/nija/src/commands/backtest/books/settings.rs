//! What `--param` sets of a run over ticks beside the parameters of the strategy itself.

use super::super::options::Options;
use anyhow::{Context, bail, ensure};
use nija_core::words::fixed::SCALE;
use nija_core::words::money::{Pct, Price, Qty};
use nija_core::words::time::Span;
use nija_engine::sim::Rules;
use nija_engine::sim::fee::Fee;
use nija_engine::sim::filling::Filling;
use nija_engine::sim::latency::Latency;
use nija_engine::sim::slippage::Slippage;
use serde_json::{Value, json};
use std::path::PathBuf;

/// The settings.
#[derive(Clone, Debug)]
pub(in super::super) struct Settings {
    /// Units that lie ready at each place.
    pub(super) stock: Qty,
    /// Step of quantities where one market is made.
    pub(super) lot: Qty,
    /// From the strategy to each venue, and the same for cancels.
    latencies: [Span; PLACES],
    /// What an order that rests pays, as a fraction; the commission where it is not named.
    maker: Option<Pct>,
    /// Commissions of the venues behind the first, as fractions.
    commissions: [Option<Pct>; PLACES],
}

/// The most venues of a run: both ends of a difference, or three books to go around.
const PLACES: usize = 3;
/// How the venues behind the first are named.
const BEHIND: [&str; PLACES - 1] = ["second", "third"];

/// Settings of a run of the desk over ticks, and what else was given.
pub(in super::super) struct Ticks {
    pub(in super::super) settings: Settings,
    pub(in super::super) rest: Vec<(String, String)>,
}

impl Settings {
    /// Those of a run of the desk; none where no folder of ticks is given.
    pub(in super::super) fn of(options: &Options) -> anyhow::Result<Option<Ticks>> {
        if !options.data.iter().any(|path| path.is_dir()) {
            return Ok(None);
        }
        if options.param.iter().any(|(name, _)| name == "stock") {
            bail!("--param stock is for market-making and arbitrage, the runs without a desk");
        }
        Self::check(options)?;
        let (settings, rest) = Self::split(&options.param)?;
        Ok(Some(Ticks { settings, rest }))
    }

    /// Refuses settings of a venue that is not there.
    pub(super) fn check(options: &Options) -> anyhow::Result<()> {
        let folders = options.data.iter().filter(|path| path.is_dir()).count();
        for nth in BEHIND.iter().skip(folders.saturating_sub(1)) {
            let mut params = options.param.iter();
            if let Some((name, _)) = params.find(|(name, _)| name.starts_with(&format!("{nth}_"))) {
                bail!("--param {name}: there is no {nth} folder of ticks");
            }
        }
        Ok(())
    }

    /// Takes its own settings out of what was given, and leaves the strategy's.
    pub(super) fn split(
        given: &[(String, String)],
    ) -> anyhow::Result<(Self, Vec<(String, String)>)> {
        let millis =
            |text: &str| text.parse().ok().filter(|n| (0..=60_000).contains(n)).map(Span::millis);
        let mut settings = Self {
            stock: Qty::from_raw(SCALE / 20),
            lot: Qty::from_raw(SCALE / 100_000),
            latencies: [Span::millis(50); PLACES],
            maker: None,
            commissions: [None; PLACES],
        };
        let (mut rest, mut behind) = (Vec::new(), [None; PLACES]);
        for (name, value) in given {
            let said = || format!("--param {name}={value}");
            let span =
                || millis(value).with_context(|| said() + ": write milliseconds from 0 to 60000");
            let of = |what: &str| BEHIND.iter().position(|n| *name == format!("{n}_{what}"));
            match name.as_str() {
                "stock" => settings.stock = value.parse().with_context(said)?,
                "latency_ms" => settings.latencies = [span()?; PLACES],
                "maker_fee" => settings.maker = Some(value.parse().with_context(said)?),
                _ => match (of("latency_ms"), of("commission")) {
                    (Some(n), _) => behind[n + 1] = Some(span()?),
                    (_, Some(n)) => {
                        settings.commissions[n + 1] = Some(value.parse().with_context(said)?);
                    }
                    _ => rest.push((name.clone(), value.clone())),
                },
            }
        }
        for (latency, own) in settings.latencies.iter_mut().zip(behind) {
            *latency = own.unwrap_or(*latency);
        }
        ensure!(
            !settings.stock.is_negative(),
            "--param stock must not be below 0: nothing is owed"
        );
        Ok((settings, rest))
    }

    /// The terms of a venue.
    pub(in super::super) fn rules(&self, options: &Options, place: usize) -> anyhow::Result<Rules> {
        let mut rules = options.rules()?;
        let taker = self.taker(options, place);
        let maker = if place == 0 { self.maker(options)? } else { taker };
        let latency = self.latencies.get(place).unwrap_or(&self.latencies[0]);
        rules.latency = Latency::Fixed { span: *latency };
        rules.crypto.fee = Fee::MakerTaker { maker: percent(maker)?, taker: percent(taker)? };
        (rules.crypto.slippage, rules.crypto.filling) = (Slippage::None, Filling::Queue);
        rules.crypto.half_spread = Pct::ZERO;
        // A place may be a contract, and has a book all the same.
        let is_contract =
            |path: &PathBuf| path.is_dir() && super::places::multiplier(path, options).is_some();
        if options.data.iter().any(is_contract) {
            rules.derivatives = rules.crypto;
        }
        Ok(rules)
    }

    /// What an order that rests pays at the first venue: the model has to know it.
    pub(in super::super) fn maker_fee(&self, options: &Options) -> anyhow::Result<f64> {
        Ok(self.maker(options)?.raw() as f64 / SCALE as f64)
    }

    /// What an order that takes pays at a venue, likewise.
    pub(in super::super) fn taker_fee(&self, options: &Options, place: usize) -> f64 {
        self.taker(options, place).raw() as f64 / SCALE as f64
    }

    fn taker(&self, options: &Options, place: usize) -> Pct {
        let own = self.commissions.get(place).copied().flatten();
        own.unwrap_or_else(|| commission(options))
    }

    /// What an order that rests pays at the first venue, as a fraction.
    pub(super) fn maker(&self, options: &Options) -> anyhow::Result<Pct> {
        let maker = self.maker.unwrap_or_else(|| commission(options));
        percent(maker)?;
        Ok(maker)
    }

    pub(super) fn told(&self, options: &Options) -> Value {
        let millis = |span: Span| span.0 / 1_000;
        let commission = commission(options);
        json!({
            "stock": self.stock,
            "latency_ms": millis(self.latencies[0]),
            "second_latency_ms": millis(self.latencies[1]),
            "commission": commission,
            "maker_fee": self.maker.unwrap_or(commission),
            "second_commission": self.commissions[1].unwrap_or(commission),
        })
    }
}

/// The commission as a fraction: that of a small customer where none is named.
fn commission(options: &Options) -> Pct {
    options.commission.unwrap_or(Pct::from_raw(SCALE / 1_000))
}

fn percent(fraction: Pct) -> anyhow::Result<Pct> {
    let sane = !fraction.is_negative() && fraction < Pct::whole(1);
    ensure!(sane, "a fee is a fraction from 0 to below 1, for example 0.001");
    Ok(Pct::from_raw(fraction.raw() * 100))
}

fn raw(number: f64) -> Option<i64> {
    let raw = (number * SCALE as f64).round();
    (raw >= 1.0 && raw < i64::MAX as f64).then_some(raw as i64)
}
pub(super) fn price(number: f64) -> Option<Price> {
    raw(number).map(Price::from_raw)
}
pub(super) fn qty(number: f64) -> Option<Qty> {
    raw(number).map(Qty::from_raw)
}
