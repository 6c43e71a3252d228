//! The one way out for floats: each becomes a clamped integer of the core, whatever it was.

use nija_core::words::fixed::SCALE;
use nija_core::words::money::{Pct, Price, Qty};
use nija_core::words::score::{Score, Strength};

/// From points, 0 to 100; not-a-number becomes 0.
pub(crate) fn score(points: f64) -> Score {
    Score::hundredths((points * 100.0).round().clamp(0.0, 10_000.0) as u16)
}

/// From a fraction of full size, 0 to 1; not-a-number becomes 0.
pub(crate) fn strength(fraction: f64) -> Strength {
    Strength::parts((fraction * 10_000.0).round().clamp(0.0, 10_000.0) as u16)
}

/// Hundredths of a point, -10 000 to 10 000; not-a-number becomes 0.
pub(crate) fn signed_hundredths(points: f64) -> i16 {
    (points * 100.0).round().clamp(-10_000.0, 10_000.0) as i16
}

/// Percent of a fraction, at most a hundred times the whole either way; not-a-number becomes 0.
pub(crate) fn percent(fraction: f64) -> Pct {
    Pct::from_raw(((fraction * 100.0).clamp(-1e4, 1e4) * SCALE as f64).round() as i64)
}

/// Units of 10^-8, at most a billion either way; not-a-number becomes 0.
pub(crate) fn decimal(number: f64) -> i64 {
    (number.clamp(-1e9, 1e9) * SCALE as f64).round() as i64
}

/// A positive price in range, else none.
pub(crate) fn price(dollars: f64) -> Option<Price> {
    let raw = (dollars * SCALE as f64).round();
    (raw >= 1.0 && raw < i64::MAX as f64).then(|| Price::from_raw(raw as i64))
}

/// A positive quantity in range, rounded down, else none.
pub(crate) fn qty(units: f64) -> Option<Qty> {
    let raw = (units * SCALE as f64).floor();
    (raw >= 1.0 && raw < i64::MAX as f64).then(|| Qty::from_raw(raw as i64))
}

/// What a quantity is in units.
pub(crate) fn units(qty: Qty) -> f64 {
    qty.raw() as f64 / SCALE as f64
}

/// What a price is in dollars.
pub(crate) fn dollars(price: Price) -> f64 {
    price.raw() as f64 / SCALE as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn absurd_floats_leave_as_sane_integers() {
        assert_eq!(score(f64::NAN), Score::MIN);
        assert_eq!(score(f64::INFINITY), Score::MAX);
        assert_eq!(strength(f64::NAN).as_parts(), 0);
        assert_eq!(strength(7.0), Strength::FULL);
        assert_eq!((percent(f64::NAN), percent(0.255)), (Pct::ZERO, Pct::from_raw(2_550_000_000)));
        assert_eq!(signed_hundredths(f64::NEG_INFINITY), -10_000);
        for dollars in [f64::NAN, f64::INFINITY, 0.0, -5.0, 1e300] {
            assert_eq!(price(dollars), None, "{dollars}");
        }
        assert_eq!(price(12.5).map(dollars), Some(12.5));
        assert_eq!((qty(f64::NAN), qty(0.0), qty(-1.0), qty(1e300)), (None, None, None, None));
        assert_eq!(qty(0.125).map(units), Some(0.125));
    }

    proptest! {
        #[test]
        fn every_float_stays_in_range(x in proptest::num::f64::ANY) {
            prop_assert!(score(x) <= Score::MAX);
            prop_assert!(strength(x) <= Strength::FULL);
            prop_assert!((-10_000..=10_000).contains(&signed_hundredths(x)));
            prop_assert!(percent(x) <= Pct::whole(10_000) && percent(x) >= Pct::whole(-10_000));
            prop_assert!(decimal(x).abs() <= 1_000_000_000 * SCALE);
            prop_assert!(price(x).is_none_or(|p| p.is_positive()));
            prop_assert!(qty(x).is_none_or(|q| q.is_positive()));
        }
    }
}
