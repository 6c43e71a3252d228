//! Pictures of a book, one a row: the ten best prices of both sides with what lies there, `recv_ts_ms` in milliseconds.
//! A side with fewer prices leaves its last fields empty.

use super::{Fault, Ticks, instant, not_negative, positive};
use crate::feeds::{Kind, MarketEvent};
use nija_core::words::order::Side;
use nija_core::words::time::Timestamp;

/// Prices of a side.
const DEEP: usize = 10;

/// Columns of a file.
pub(super) const COLUMNS: &[&str] = &[
    "recv_ts_ms",
    "bid1_price",
    "bid1_qty",
    "bid2_price",
    "bid2_qty",
    "bid3_price",
    "bid3_qty",
    "bid4_price",
    "bid4_qty",
    "bid5_price",
    "bid5_qty",
    "bid6_price",
    "bid6_qty",
    "bid7_price",
    "bid7_qty",
    "bid8_price",
    "bid8_qty",
    "bid9_price",
    "bid9_qty",
    "bid10_price",
    "bid10_qty",
    "ask1_price",
    "ask1_qty",
    "ask2_price",
    "ask2_qty",
    "ask3_price",
    "ask3_qty",
    "ask4_price",
    "ask4_qty",
    "ask5_price",
    "ask5_qty",
    "ask6_price",
    "ask6_qty",
    "ask7_price",
    "ask7_qty",
    "ask8_price",
    "ask8_qty",
    "ask9_price",
    "ask9_qty",
    "ask10_price",
    "ask10_qty",
];

/// Milliseconds since 1970, in digits.
pub(super) fn time(stamp: &[u8]) -> Option<Timestamp> {
    std::str::from_utf8(stamp).ok()?.parse().ok().and_then(instant::from_millis)
}

impl Ticks {
    /// Reads a picture: what was shown before counts no more.
    pub(super) fn picture(&mut self, at: Timestamp) -> Result<(), Fault> {
        let instrument = self.instrument;
        self.ahead.push_back(MarketEvent { at, kind: Kind::Cleared { instrument } });
        for (side, first) in [(Side::Buy, 1), (Side::Sell, 1 + 2 * DEEP)] {
            let (mut before, mut is_over) = (None, false);
            for column in (first..first + 2 * DEEP).step_by(2) {
                if self.table.field(column).is_empty() {
                    is_over = true;
                    continue;
                }
                let (price, qty) = (self.table.price(column)?, self.table.qty(column + 1)?);
                positive(COLUMNS[column], price.raw(), price)?;
                not_negative(COLUMNS[column + 1], qty)?;
                let in_order = before.is_none_or(|before| match side {
                    Side::Buy => price < before,
                    Side::Sell => price > before,
                });
                if is_over || !in_order {
                    return Err(Fault::Unordered { column: COLUMNS[column], price });
                }
                before = Some(price);
                self.ahead.push_back(MarketEvent {
                    at,
                    kind: Kind::Level { instrument, side, price, qty },
                });
            }
        }
        let best = |wanted| {
            self.ahead.iter().find_map(|event| match event.kind {
                Kind::Level { side, price, .. } if side == wanted => Some(price),
                _ => None,
            })
        };
        match (best(Side::Buy), best(Side::Sell)) {
            (Some(bid), Some(ask)) if ask <= bid => Err(Fault::Crossed { bid, ask }),
            _ => Ok(()),
        }
    }
}
