//! What a fill costs. Fees are exact and rounded up to 10^-8 dollars: against the trader.

use nija_core::words::fixed::{Round, SCALE, mul_div};
use nija_core::words::instrument::Instrument;
use nija_core::words::money::{Money, Pct, Price, Qty};
use serde::{Deserialize, Serialize};

/// A fee model, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "model", deny_unknown_fields)]
pub enum Fee {
    /// Nothing.
    None,
    /// A percentage of the value: `0.1` is one thousandth.
    Percent {
        /// Percent of the value.
        rate: Pct,
    },
    /// So much a share, but at least so much an order.
    PerShare {
        /// Dollars a share.
        rate: Money,
        /// Least dollars an order pays, with its first fill.
        minimum: Money,
    },
    /// Percentages of the value: one for orders that rest, one for orders that take.
    MakerTaker {
        /// Percent of the value of what rested.
        maker: Pct,
        /// Percent of the value of what took.
        taker: Pct,
    },
    /// So much a contract.
    PerContract {
        /// Dollars a contract.
        rate: Money,
    },
}

impl Fee {
    /// What an order pays for a fill that it rested for; all others pay the fee itself.
    #[must_use]
    pub const fn of_maker(self) -> Self {
        match self {
            Self::MakerTaker { maker, .. } => Self::Percent { rate: maker },
            other => other,
        }
    }

    /// The fee of a fill of `qty` at `price`, of an order of which `before` was filled; `None` beyond the range.
    #[must_use]
    pub fn of(self, instrument: &Instrument, price: Price, qty: Qty, before: Qty) -> Option<Money> {
        match self {
            Self::None => Some(Money::ZERO),
            Self::Percent { rate } | Self::MakerTaker { taker: rate, .. } => {
                instrument.value(price, qty, Round::Up)?.percent(rate, Round::Up)
            }
            Self::PerShare { rate, minimum } => {
                // The fills of an order together cost what one fill of all of it would.
                let so_far = |filled: Qty| -> Option<Money> {
                    if filled.is_zero() {
                        return Some(Money::ZERO);
                    }
                    times(rate, filled).map(|cost| cost.max(minimum))
                };
                so_far(before.checked_add(qty)?)?.checked_sub(so_far(before)?)
            }
            Self::PerContract { rate } => times(rate, qty),
        }
    }
}

fn times(rate: Money, qty: Qty) -> Option<Money> {
    mul_div(rate.raw(), qty.raw(), SCALE, Round::Up).map(Money::from_raw)
}
