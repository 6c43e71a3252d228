//! European options after Black and Scholes (1973) and Merton (1973): price, greeks, implied volatility.
//!
//! Time is in years, rates and volatilities are fractions a year, continuously compounded. Early exercise of
//! American options is left out on purpose: listed options on shares are worth a little more than this where a
//! dividend or a deep put makes exercise pay.

use core::f64::consts::{PI, SQRT_2};

pub use nija_core::words::instrument::Right;

/// What an option is about, all but the volatility.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contract {
    /// Call or put.
    pub right: Right,
    /// Price of the underlying, dollars.
    pub spot: f64,
    /// Price of the exercise, dollars.
    pub strike: f64,
    /// Years to expiry.
    pub years: f64,
    /// Interest.
    pub rate: f64,
    /// Dividend yield.
    pub dividend: f64,
}

/// How the price moves with what it depends on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Greeks {
    /// Dollars for a dollar of the underlying.
    pub delta: f64,
    /// Delta for a dollar of the underlying.
    pub gamma: f64,
    /// Dollars for 1.00 of volatility.
    pub vega: f64,
    /// Dollars for a year that passes.
    pub theta: f64,
    /// Dollars for 1.00 of interest.
    pub rho: f64,
}

/// The terms that price and greeks share.
struct Terms {
    d1: f64,
    d2: f64,
    /// Today's worth of a dollar at expiry.
    money: f64,
    /// Today's worth of a unit of the underlying at expiry.
    share: f64,
}

impl Contract {
    /// Price in dollars; at expiry or without volatility what exercise at the forward is worth.
    #[must_use]
    pub fn price(&self, volatility: f64) -> f64 {
        let Some(t) = self.terms(volatility) else {
            return self.least();
        };
        let (spot, strike) = (self.spot * t.share, self.strike * t.money);
        let price = match self.right {
            Right::Call => spot * normal(t.d1) - strike * normal(t.d2),
            Right::Put => strike * normal(-t.d2) - spot * normal(-t.d1),
        };
        price.max(0.0)
    }

    /// The greeks; none at expiry or without volatility, where they jump.
    #[must_use]
    pub fn greeks(&self, volatility: f64) -> Option<Greeks> {
        let t = self.terms(volatility)?;
        let density = (-0.5 * t.d1 * t.d1).exp() / (2.0 * PI).sqrt();
        let root = self.years.sqrt();
        let sign = self.sign();
        let (spot, strike) = (self.spot * t.share, self.strike * t.money);
        let (n1, n2) = (normal(sign * t.d1), normal(sign * t.d2));
        let decay = -spot * density * volatility / (2.0 * root);
        Some(Greeks {
            delta: sign * t.share * n1,
            gamma: t.share * density / (self.spot * volatility * root),
            vega: spot * density * root,
            theta: decay - sign * (self.rate * strike * n2 - self.dividend * spot * n1),
            rho: sign * strike * self.years * n2,
        })
    }

    /// The volatility at which the contract has this price, from 0.0001 to 10. None where no volatility of that
    /// range has it: below what exercise is worth, above the underlying, or lost in rounding.
    #[must_use]
    pub fn implied_volatility(&self, price: f64) -> Option<f64> {
        let (mut low, mut high) = (1e-4, 10.0);
        let off = |volatility: f64| self.price(volatility) - price;
        self.terms(low)?;
        if !price.is_finite() || off(low) > 0.0 || off(high) < 0.0 || price <= self.least() {
            return None;
        }
        let mut guess: f64 = 0.3;
        for _ in 0..100 {
            let error = off(guess);
            if error > 0.0 {
                high = guess;
            } else {
                low = guess;
            }
            let vega = self.greeks(guess).map_or(0.0, |g| g.vega);
            let newton = guess - error / vega;
            // Newton's step where it stays between the bounds, else halving.
            let next =
                if newton > low && newton < high { newton } else { f64::midpoint(low, high) };
            if (next - guess).abs() < 1e-14 {
                return Some(next);
            }
            guess = next;
        }
        Some(guess)
    }

    /// The same contract with the other right.
    #[must_use]
    pub const fn other(self) -> Self {
        let right = match self.right {
            Right::Call => Right::Put,
            Right::Put => Right::Call,
        };
        Self { right, ..self }
    }

    const fn sign(&self) -> f64 {
        match self.right {
            Right::Call => 1.0,
            Right::Put => -1.0,
        }
    }

    /// What exercise at the forward is worth today.
    fn least(&self) -> f64 {
        let years = self.years.max(0.0);
        let (share, money) = ((-self.dividend * years).exp(), (-self.rate * years).exp());
        (self.sign() * (self.spot * share - self.strike * money)).max(0.0)
    }

    fn terms(&self, volatility: f64) -> Option<Terms> {
        let spread = volatility * self.years.sqrt();
        if !(self.years > 0.0 && volatility > 0.0 && self.spot > 0.0 && self.strike > 0.0) {
            return None;
        }
        let drift = self.rate - self.dividend + 0.5 * volatility * volatility;
        let d1 = ((self.spot / self.strike).ln() + drift * self.years) / spread;
        let money = (-self.rate * self.years).exp();
        let share = (-self.dividend * self.years).exp();
        d1.is_finite().then_some(Terms { d1, d2: d1 - spread, money, share })
    }
}

/// Distribution function of the standard normal (Hart 1968 as given by West 2005), to about 1e-15.
#[must_use]
pub fn normal(x: f64) -> f64 {
    const ABOVE: [f64; 7] = [
        3.526_249_659_989_11e-2,
        0.700_383_064_443_688,
        6.373_962_203_531_65,
        33.912_866_078_383,
        112.079_291_497_871,
        221.213_596_169_931,
        220.206_867_912_376,
    ];
    const BELOW: [f64; 8] = [
        8.838_834_764_831_84e-2,
        1.755_667_163_182_64,
        16.064_177_579_207,
        86.780_732_202_946_1,
        296.564_248_779_674,
        637.333_633_378_831,
        793.826_512_519_948,
        440.413_735_824_752,
    ];
    let size = x.abs();
    let horner = |line: &[f64]| line.iter().fold(0.0, |sum, c| sum * size + c);
    let density = (-0.5 * size * size).exp();
    let tail = if size > 37.0 {
        0.0
    } else if size < 5.0 * SQRT_2 {
        density * horner(&ABOVE) / horner(&BELOW)
    } else {
        let fraction = [4.0, 3.0, 2.0, 1.0].iter().fold(size + 0.65, |deep, n| size + n / deep);
        density / fraction / (2.0 * PI).sqrt()
    };
    if x > 0.0 { 1.0 - tail } else { tail }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CALL: Contract = Contract {
        right: Right::Call,
        spot: 42.0,
        strike: 40.0,
        years: 0.5,
        rate: 0.1,
        dividend: 0.0,
    };

    /// The textbook example of Hull: 4.76 and 0.81.
    #[test]
    fn prices_of_a_known_example() {
        assert!((CALL.price(0.2) - 4.7594).abs() < 5e-5, "{}", CALL.price(0.2));
        assert!((CALL.other().price(0.2) - 0.8086).abs() < 5e-5);
    }

    #[test]
    fn the_normal_distribution_at_known_points() {
        for (x, p) in [
            (0.0, 0.5),
            (1.0, 0.841_344_746_068_542_9),
            (-1.96, 0.024_997_895_148_220_4),
            (-5.0, 2.866_515_718_791_94e-7),
            (-8.0, 6.220_960_574_271_78e-16),
        ] {
            assert!((normal(x) - p).abs() < 1e-15, "{x}: {}", normal(x));
            assert!((normal(x) / p - 1.0).abs() < 1e-7, "{x}: {}", normal(x));
            assert!((normal(x) + normal(-x) - 1.0).abs() < 1e-15);
        }
    }

    #[test]
    fn nothing_left_is_worth_exercise() {
        let expired = Contract { years: 0.0, ..CALL };
        assert_eq!((expired.price(0.2), expired.other().price(0.2)), (2.0, 0.0));
        assert_eq!(expired.greeks(0.2), None);
        assert_eq!(expired.implied_volatility(3.0), None);
        // Below what exercise at the forward is worth, and above the share itself.
        assert_eq!(CALL.implied_volatility(3.9), None);
        assert_eq!(CALL.implied_volatility(42.1), None);
        assert_eq!(CALL.implied_volatility(f64::NAN), None);
    }

    fn contracts() -> impl Strategy<Value = (Contract, f64)> {
        let right = prop_oneof![Just(Right::Call), Just(Right::Put)];
        let terms = (right, 0.7f64..1.4, 0.02f64..3.0, -0.01f64..0.1, 0.0f64..0.05);
        (terms, 0.05f64..2.0).prop_map(|((right, moneyness, years, rate, dividend), volatility)| {
            let (spot, strike) = (100.0, 100.0 * moneyness);
            (Contract { right, spot, strike, years, rate, dividend }, volatility)
        })
    }

    proptest! {
        #[test]
        fn implied_volatility_gives_the_price_back((contract, volatility) in contracts()) {
            let price = contract.price(volatility);
            // Where a cent of price says nothing about volatility, nothing is asked of it.
            if contract.greeks(volatility).is_some_and(|g| g.vega > 1e-3) {
                let implied = contract.implied_volatility(price).unwrap();
                prop_assert!((implied - volatility).abs() < 1e-8, "{implied} for {volatility}");
            }
        }

        #[test]
        fn puts_and_calls_are_at_parity((contract, volatility) in contracts()) {
            let call = Contract { right: Right::Call, ..contract };
            let forward = call.spot * (-call.dividend * call.years).exp()
                - call.strike * (-call.rate * call.years).exp();
            let parity = call.price(volatility) - call.other().price(volatility);
            prop_assert!((parity - forward).abs() < 1e-11);
        }

        #[test]
        fn greeks_are_the_slopes_of_the_price((contract, volatility) in contracts()) {
            let g = contract.greeks(volatility).unwrap();
            let slope = |up: f64, down: f64, step: f64| (up - down) / (2.0 * step);
            let at = |c: Contract| c.price(volatility);
            let spot = |h: f64| Contract { spot: contract.spot + h, ..contract };
            let years = |h: f64| Contract { years: contract.years + h, ..contract };
            let rate = |h: f64| Contract { rate: contract.rate + h, ..contract };
            let h = 1e-4;
            prop_assert!((slope(at(spot(h)), at(spot(-h)), h) - g.delta).abs() < 1e-6);
            let delta = |c: Contract| c.greeks(volatility).unwrap().delta;
            prop_assert!((slope(delta(spot(h)), delta(spot(-h)), h) - g.gamma).abs() < 1e-6);
            let vega = slope(contract.price(volatility + h), contract.price(volatility - h), h);
            prop_assert!((vega - g.vega).abs() < 1e-3);
            prop_assert!((-slope(at(years(h)), at(years(-h)), h) - g.theta).abs() < 2e-2);
            // Where volatility is small the price bends sharply with the rate.
            let h = 1e-5;
            prop_assert!((slope(at(rate(h)), at(rate(-h)), h) - g.rho).abs() < 1e-4);
        }
    }
}
