//! What an order that takes a price moves it by, in percent of the price, always against the trader.

use nija_core::words::fixed::{Round, SCALE, mul_div};
use nija_core::words::money::{Pct, Qty};
use serde::{Deserialize, Serialize};

/// A slippage model, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "model", deny_unknown_fields)]
pub enum Slippage {
    /// Nothing.
    None,
    /// Always the same.
    BasisPoints {
        /// Percent of the price: `0.02` is two basis points.
        rate: Pct,
    },
    /// Grows with the square of the order's share of the volume at hand; unknown volume counts as all of it.
    VolumeShare {
        /// Percent of the price at a share of all of the volume.
        impact: Pct,
    },
}

impl Slippage {
    /// The slippage of `qty` where `volume` is at hand; rounded up.
    #[must_use]
    pub fn of(self, qty: Qty, volume: Option<Qty>) -> Pct {
        match self {
            Self::None => Pct::ZERO,
            Self::BasisPoints { rate } => rate,
            Self::VolumeShare { impact } => {
                let share = volume
                    .filter(|volume| volume.is_positive())
                    .and_then(|volume| mul_div(qty.raw(), SCALE, volume.raw(), Round::Up))
                    .map_or(SCALE, |share| share.clamp(0, SCALE));
                mul_div(share, share, SCALE, Round::Up)
                    .and_then(|square| mul_div(impact.raw(), square, SCALE, Round::Up))
                    .map_or(impact, Pct::from_raw)
            }
        }
    }
}
