//! The crossing of two simple moving averages of the close: the example of most backtesting programs.
//!
//! Averages are compared as whole numbers (sums times the other length), so that equal means equal: no rounding
//! decides on which bar two lines cross.

use super::{Rule, Stand};
use crate::candle::Candle;

/// How many closes the two averages hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Windows {
    fast: usize,
    slow: usize,
}

impl Windows {
    /// Most closes of one average.
    pub const LONGEST: usize = 10_000;

    /// Lengths from 1 to [`Windows::LONGEST`], the fast one shorter; none otherwise.
    #[must_use]
    pub const fn new(fast: usize, slow: usize) -> Option<Self> {
        if 0 < fast && fast < slow && slow <= Self::LONGEST {
            Some(Self { fast, slow })
        } else {
            None
        }
    }
}

/// Long when the fast average crosses above the slow one, short (or flat) when it crosses below.
#[derive(Clone, Debug)]
pub struct SmaCross {
    windows: Windows,
    long_only: bool,
    /// Speak on every bar on which the averages differ, not only where they have crossed?
    side: bool,
    /// The last closes, the oldest at `oldest` once it is full.
    closes: Vec<i64>,
    oldest: usize,
    fast: i128,
    slow: i128,
    /// Sign of fast minus slow on the bar before; none before there was one.
    before: Option<i8>,
}

impl SmaCross {
    /// With these averages. `long_only` closes where the other goes short.
    #[must_use]
    pub fn new(windows: Windows, long_only: bool) -> Self {
        let closes = Vec::with_capacity(windows.slow);
        Self { windows, long_only, side: false, closes, oldest: 0, fast: 0, slow: 0, before: None }
    }

    /// The same, standing on the side of the faster average from the first bar on, not from the first crossing.
    #[must_use]
    pub const fn following_the_side(mut self) -> Self {
        self.side = true;
        self
    }

    /// Takes the next close; true once both averages are whole.
    fn take(&mut self, close: i64) -> bool {
        let Windows { fast, slow } = self.windows;
        let count = self.closes.len();
        if count < slow {
            self.closes.push(close);
            self.slow += i128::from(close);
            self.fast += i128::from(close);
            if count >= fast {
                self.fast -= i128::from(self.closes[count - fast]);
            }
            return count + 1 == slow;
        }
        // Where the close stands that the fast average lets go: `fast` places before the oldest, in a ring.
        let mut left = self.oldest + slow - fast;
        if left >= slow {
            left -= slow;
        }
        self.fast += i128::from(close) - i128::from(self.closes[left]);
        self.slow += i128::from(close) - i128::from(self.closes[self.oldest]);
        self.closes[self.oldest] = close;
        self.oldest = if self.oldest + 1 == slow { 0 } else { self.oldest + 1 };
        true
    }
}

impl Rule for SmaCross {
    fn on_candle(&mut self, candle: &Candle) -> Option<Stand> {
        if !self.take(candle.close.raw()) {
            return None;
        }
        let Windows { fast, slow } = self.windows;
        let sign = (self.fast * slow as i128).cmp(&(self.slow * fast as i128)) as i8;
        let before = self.before.replace(sign);
        // A crossing has two sides: a bar on which the averages are equal is neither.
        let crossed = before.is_some_and(|before| before * sign < 0);
        match sign {
            1 if self.side || crossed => Some(Stand::Long),
            -1 if self.side || crossed => {
                Some(if self.long_only { Stand::Flat } else { Stand::Short })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nija_core::words::id::InstrumentId;
    use nija_core::words::money::Price;
    use nija_core::words::time::Timestamp;
    use proptest::prelude::*;

    fn said(rule: &mut SmaCross, closes: &[i64]) -> Vec<Option<Stand>> {
        let candle = |(at, &close): (i64, &i64)| {
            let price = Price::from_raw(close);
            let (open_at, close_at) = (Timestamp(at), Timestamp(at + 1));
            let (open, high, low, close) = (price, price, price, price);
            let instrument = InstrumentId(1);
            Candle { instrument, open_at, close_at, open, high, low, close, volume: 0.0 }
        };
        (0..).zip(closes).map(candle).map(|candle| rule.on_candle(&candle)).collect()
    }
    fn rule(fast: usize, slow: usize) -> SmaCross {
        SmaCross::new(Windows::new(fast, slow).unwrap(), false)
    }

    /// The same by its definition: both averages from scratch on every bar.
    fn by_definition(fast: usize, slow: usize, closes: &[i64]) -> Vec<Option<Stand>> {
        let gap = |end: usize| -> i128 {
            let sum = |n: usize| closes[end - n..end].iter().map(|c| i128::from(*c)).sum::<i128>();
            sum(fast) * slow as i128 - sum(slow) * fast as i128
        };
        let stand = |end: usize| {
            if end <= slow {
                return None;
            }
            match (gap(end - 1).signum(), gap(end).signum()) {
                (-1, 1) => Some(Stand::Long),
                (1, -1) => Some(Stand::Short),
                _ => None,
            }
        };
        (1..=closes.len()).map(stand).collect()
    }

    #[test]
    fn a_touch_is_no_crossing() {
        // Gaps of the averages of 1 and 2: -, 0, +, -: only the last step has two sides.
        assert_eq!(
            said(&mut rule(1, 2), &[3, 2, 2, 4, 1]),
            [None, None, None, None, Some(Stand::Short)]
        );
        let mut careful = SmaCross::new(Windows::new(1, 2).unwrap(), true);
        assert_eq!(said(&mut careful, &[3, 2, 4, 1])[2..], [Some(Stand::Long), Some(Stand::Flat)]);
        let mut side = rule(1, 2).following_the_side();
        assert_eq!(
            said(&mut side, &[3, 2, 2, 4])[1..],
            [Some(Stand::Short), None, Some(Stand::Long)]
        );
    }

    #[test]
    fn windows_are_sane() {
        assert!(Windows::new(1, 2).is_some() && Windows::new(1, Windows::LONGEST).is_some());
        for (fast, slow) in [(0, 2), (2, 2), (3, 2), (1, Windows::LONGEST + 1)] {
            assert_eq!(Windows::new(fast, slow), None);
        }
    }

    proptest! {
        #[test]
        fn it_follows_its_definition(
            fast in 1usize..6,
            more in 1usize..6,
            closes in prop::collection::vec(1i64..9, 0..60),
        ) {
            let slow = fast + more;
            prop_assert_eq!(said(&mut rule(fast, slow), &closes), by_definition(fast, slow, &closes));
        }
        #[test]
        fn what_comes_later_changes_nothing_before(
            closes in prop::collection::vec(1i64..9, 1..60),
            cut in 0usize..60,
        ) {
            let cut = cut.min(closes.len());
            let whole = said(&mut rule(2, 5), &closes);
            prop_assert_eq!(&said(&mut rule(2, 5), &closes[..cut])[..], &whole[..cut]);
        }
    }
}
