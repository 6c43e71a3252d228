//! How sensitive option contracts are, as the market side worked it out at the last picture of their chain. People
//! are shown it; desks decide nothing by it.

use crate::words::fixed::{Round, SCALE, mul_div};
use crate::words::id::InstrumentId;
use crate::words::money::{Money, Pct, Qty};
use crate::words::time::Timestamp;

/// The greeks of a holding, or of one unit of the underlying.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sensitivity {
    /// When its chain was quoted.
    pub at: Timestamp,
    /// Implied volatility, percent a year.
    pub volatility: Pct,
    /// Units of the underlying that move like it.
    pub delta: Qty,
    /// Delta for a dollar of the underlying.
    pub gamma: Qty,
    /// Dollars for a point of volatility.
    pub vega: Money,
    /// Dollars for a day that passes.
    pub theta: Money,
}

impl Sensitivity {
    /// Of so many units of the underlying; `None` beyond the range.
    #[must_use]
    pub fn times(&self, units: Qty) -> Option<Self> {
        let of = |raw: i64| mul_div(raw, units.raw(), SCALE, Round::HalfEven);
        Some(Self {
            delta: Qty::from_raw(of(self.delta.raw())?),
            gamma: Qty::from_raw(of(self.gamma.raw())?),
            vega: Money::from_raw(of(self.vega.raw())?),
            theta: Money::from_raw(of(self.theta.raw())?),
            ..*self
        })
    }
}

/// Knows the greeks of contracts.
pub trait Greeks: Send + Sync {
    /// Those of one unit of a contract's underlying; none where its chain is not known, or says none.
    fn of(&self, contract: InstrumentId) -> Option<Sensitivity>;
}
