//! The exchange's settings: one model of each kind for each asset class, chosen by name.

use super::fee::Fee;
use super::filling::Filling;
use super::latency::Latency;
use super::matching::Cost;
use super::slippage::Slippage;
use nija_core::words::instrument::{AssetClass, Instrument};
use nija_core::words::money::{Money, Pct, Price, Qty};
use nija_core::words::order::Side;
use serde::{Deserialize, Serialize};

/// Largest value of one order: far below where amounts could leave their range.
pub const LARGEST: Money = Money::whole(1_000_000_000);

/// All settings of a simulated exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rules {
    /// Decides what is left to chance.
    pub seed: u64,
    /// From acceptance to the market.
    pub latency: Latency,
    /// Terms of crypto.
    pub crypto: Terms,
    /// Terms of shares and funds.
    pub equity: Terms,
    /// Terms of futures.
    pub derivatives: Terms,
    /// Terms of options: they trade at the bid and the ask of their quotes.
    pub options: Terms,
}

/// Terms of one asset class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// What a fill costs.
    pub fee: Fee,
    /// Half of bid to ask in percent of the price, where no quotes are known.
    pub half_spread: Pct,
    /// What a market order moves the price by.
    pub slippage: Slippage,
    /// How much of an order one event can fill.
    pub filling: Filling,
    /// Smallest value of an entry; exits of any value pass.
    pub minimum_notional: Money,
}

impl Rules {
    /// A market without any friction: for tests of what it is not about.
    #[must_use]
    pub const fn frictionless(seed: u64) -> Self {
        let terms = Terms {
            fee: Fee::None,
            half_spread: Pct::ZERO,
            slippage: Slippage::None,
            filling: Filling::Whole,
            minimum_notional: Money::ZERO,
        };
        let latency = Latency::None;
        Self { seed, latency, crypto: terms, equity: terms, derivatives: terms, options: terms }
    }

    /// Terms of an instrument.
    #[must_use]
    pub const fn terms_of(&self, instrument: &Instrument) -> &Terms {
        if instrument.is_option() { &self.options } else { self.terms(instrument.class) }
    }

    /// Terms of a class.
    #[must_use]
    pub const fn terms(&self, class: AssetClass) -> &Terms {
        match class {
            AssetClass::Crypto => &self.crypto,
            AssetClass::Equity => &self.equity,
            AssetClass::Derivatives => &self.derivatives,
        }
    }
}

impl Terms {
    /// Are orders filled by a displayed book?
    #[must_use]
    pub const fn follows_book(&self) -> bool {
        matches!(self.filling, Filling::Queue)
    }

    /// What a market order of `qty` gets that meets the open of a bar; `volume` is that of the bar before.
    #[must_use]
    pub fn at_open(
        &self,
        tick: Price,
        side: Side,
        open: Price,
        (qty, volume): (Qty, Option<Qty>),
    ) -> Price {
        Cost { terms: self, tick, spread: true }.taken(side, open, qty, volume)
    }
}

impl Default for Rules {
    /// Costs of a small customer: crypto 0.1 % and 2 basis points of half spread, shares without commission and
    /// 1 basis point, futures $2.25 and options $0.65 a contract; 1 to 2 basis points of slippage but for options,
    /// whose quotes are taken as they are; fills whole; entries from $1.
    fn default() -> Self {
        let terms = |fee, half_spread: i64, slippage: i64| Terms {
            fee,
            half_spread: basis_points(half_spread),
            slippage: Slippage::BasisPoints { rate: basis_points(slippage) },
            filling: Filling::Whole,
            minimum_notional: Money::whole(1),
        };
        let contract = |cents: i64| Fee::PerContract { rate: Money::from_raw(cents * 1_000_000) };
        let options = Terms { slippage: Slippage::None, ..terms(contract(65), 0, 0) };
        Self {
            seed: 0,
            latency: Latency::None,
            crypto: terms(Fee::Percent { rate: basis_points(10) }, 2, 2),
            equity: terms(Fee::None, 1, 1),
            derivatives: terms(contract(225), 1, 1),
            options,
        }
    }
}

/// Hundredths of a percent.
const fn basis_points(n: i64) -> Pct {
    Pct::from_raw(n * nija_core::words::fixed::SCALE / 100)
}
