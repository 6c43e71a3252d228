//! How long an order or its cancel travels from acceptance to the market.

use nija_core::words::id::OrderId;
use nija_core::words::time::Span;
use serde::{Deserialize, Serialize};

/// A latency model, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "model", deny_unknown_fields)]
pub enum Latency {
    /// At the market at once. With daily bars anything else costs a bar: an order of the close misses the open.
    None,
    /// Always the same.
    Fixed {
        /// Microseconds.
        span: Span,
    },
    /// Anything between two, equally likely.
    Uniform {
        /// Least microseconds.
        least: Span,
        /// Most microseconds.
        most: Span,
    },
}

impl Latency {
    /// The latency of an order. Chance comes from the seed and the order alone, so that the same order waits
    /// the same whatever happened before it, after a restart as well.
    #[must_use]
    pub const fn of(self, seed: u64, order: OrderId) -> Span {
        let span = match self {
            Self::None => Span::ZERO,
            Self::Fixed { span } => span,
            Self::Uniform { least, most } => {
                let width = most.0.saturating_sub(least.0);
                if width <= 0 {
                    least
                } else {
                    let draw = mixed(seed ^ mixed(order.0)) % (width as u64 + 1);
                    Span(least.0.saturating_add(draw as i64))
                }
            }
        };
        if span.0 < 0 { Span::ZERO } else { span }
    }
}

/// A step of SplitMix64 (Steele, Lea, Flood 2014): every bit of the input moves every bit of the result.
const fn mixed(value: u64) -> u64 {
    let z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
