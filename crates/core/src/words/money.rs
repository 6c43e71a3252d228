//! Money, price, quantity, percent: four exact decimals that do not mix.
//! Cash is US dollars, always; whatever else an account holds is a quantity of an instrument (decision 0002).

use super::fixed::{Round, SCALE, fixed, mul_div};

fixed!(
    /// US dollars.
    Money
);
fixed!(
    /// US dollars for one unit of an instrument.
    Price
);
fixed!(
    /// Units of an instrument: coins, shares, contracts. Negative means short.
    Qty
);
fixed!(
    /// Percent: `10` is ten of a hundred.
    Pct
);

const HUNDRED: i64 = 100 * SCALE;

impl Money {
    /// One cent.
    pub const CENT: Self = Self::from_raw(SCALE / 100);

    /// The given percentage of this amount; `None` beyond the range.
    #[must_use]
    pub fn percent(self, pct: Pct, round: Round) -> Option<Self> {
        mul_div(self.raw(), pct.raw(), HUNDRED, round).map(Self::from_raw)
    }

    /// What percentage of `whole` this is; `None` when `whole` is zero or the result does not fit.
    #[must_use]
    pub fn percent_of(self, whole: Self, round: Round) -> Option<Pct> {
        mul_div(self.raw(), HUNDRED, whole.raw(), round).map(Pct::from_raw)
    }

    /// This amount times `part / whole`; `None` when `whole` is zero or the result does not fit.
    #[must_use]
    pub fn share(self, part: i64, whole: i64, round: Round) -> Option<Self> {
        mul_div(self.raw(), part, whole, round).map(Self::from_raw)
    }

    /// Rounded to whole cents.
    #[must_use]
    pub fn to_cents(self, round: Round) -> Self {
        let cent = Self::CENT.raw();
        mul_div(self.raw(), 1, cent, round).map_or(self, |cents| Self(cents.saturating_mul(cent)))
    }
}

impl Price {
    /// This price moved by a percentage (negative moves down); `None` beyond the range.
    #[must_use]
    pub fn moved(self, pct: Pct, round: Round) -> Option<Self> {
        mul_div(self.raw(), HUNDRED.checked_add(pct.raw())?, HUNDRED, round).map(Self::from_raw)
    }

    /// The largest multiple of `tick` that is not above this price.
    #[must_use]
    pub fn floor_to(self, tick: Self) -> Self {
        if tick.raw() <= 0 { self } else { Self(self.raw() - self.raw().rem_euclid(tick.raw())) }
    }

    /// The smallest multiple of `tick` that is not below this price.
    #[must_use]
    pub fn ceil_to(self, tick: Self) -> Self {
        let floor = self.floor_to(tick);
        if floor == self { self } else { floor.saturating_add(tick) }
    }
}

impl Qty {
    /// The largest multiple of `lot` that is not farther from zero.
    #[must_use]
    pub const fn floor_to(self, lot: Self) -> Self {
        if lot.0 <= 0 { self } else { Self(self.0 - self.0 % lot.0) }
    }
}
