//! How much of an order one event can fill.

use nija_core::words::fixed::{Round, mul_div};
use nija_core::words::money::{Pct, Qty};
use serde::{Deserialize, Serialize};

/// A model of partial fills, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "model", deny_unknown_fields)]
pub enum Filling {
    /// All of it, whatever the volume.
    Whole,
    /// All orders of a side together get a part of the volume: of a bar, of the quantity behind a quote, of a
    /// trade. What is left waits for the next event. At the open of a bar the volume of the bar before counts,
    /// as its own is not known yet. Volume must be in units of the instrument.
    Participation {
        /// Percent of the volume.
        rate: Pct,
    },
    /// What the book displays: takers walk down its levels, and a resting limit waits behind the size displayed at
    /// its price. For feeds of quotes, levels and trades; bars trade nothing.
    Queue,
}

impl Filling {
    /// What one side may take of this volume; `None` is without limit.
    #[must_use]
    pub fn room(self, volume: Option<Qty>) -> Option<Qty> {
        match self {
            Self::Whole | Self::Queue => None,
            Self::Participation { rate } => {
                let whole = Pct::whole(100).raw();
                let raw = mul_div(volume.unwrap_or_default().raw(), rate.raw(), whole, Round::Down);
                Some(Qty::from_raw(raw.unwrap_or(0)).or_zero())
            }
        }
    }
}
