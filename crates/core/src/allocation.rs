//! How an account's capital is split: regime and liquidity, then appetite, pool and tier.
//! Whole hundredths of a percent that sum to 100.00, and dollars to the cent, by largest remainder.

use crate::words::conditions::{Conditions, Regime};
use crate::words::instrument::AssetClass;
use crate::words::money::{Money, Pct};
use crate::words::score::Score;
use crate::words::tier::{TierRules, Tolerance};
use minicbor::{Decode, Encode};
use serde::Serialize;

/// Hundredths of a percent per share: crypto, equity, derivatives, cash. Always sums to 10 000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Split {
    #[n(0)]
    parts: [u16; 4],
}

/// Why a split is what it is; prints as one sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason {
    regime: Option<Regime>,
    crypto_leads: bool,
    derivatives: u16,
    tolerance: Tolerance,
    cash_floor: Pct,
    tier_moved: bool,
    kept: bool,
}

const WHOLE: u32 = 10_000;
const CASH: usize = 3;
/// Above this liquidity derivatives take a share in calm and trending markets.
pub const LIQUID: Score = Score::points(80);
/// The most that derivatives take, in hundredths of a percent.
const DERIVATIVES_MOST: u32 = 2_000;
/// A split changes only when some share moves by at least this much: switching costs money.
const DRIFT_BAND: u16 = 500;

impl Split {
    /// The share of a class.
    #[must_use]
    pub const fn class(&self, class: AssetClass) -> Pct {
        self.pct(class.index())
    }
    /// The share of cash.
    #[must_use]
    pub const fn cash(&self) -> Pct {
        self.pct(CASH)
    }
    const fn pct(&self, index: usize) -> Pct {
        Pct::from_raw(self.parts[index] as i64 * 1_000_000)
    }

    /// Dollars per share, to the cent: crypto, equity, derivatives, cash. They sum to `total` in whole cents;
    /// a fraction of a cent goes to cash.
    #[must_use]
    pub fn dollars(&self, total: Money) -> [Money; 4] {
        let cents = total.raw().max(0) / Money::CENT.raw();
        let rest = total.raw().max(0) % Money::CENT.raw();
        let weights = self.parts.map(u32::from);
        let mut split = apportion(cents.unsigned_abs(), weights).map(|c| {
            Money::from_raw(i64::try_from(c).unwrap_or(0).saturating_mul(Money::CENT.raw()))
        });
        split[CASH] = split[CASH].saturating_add(Money::from_raw(rest));
        split
    }

    /// The largest move of any share between two splits.
    #[must_use]
    pub fn drift(&self, other: &Self) -> Pct {
        let most = self.parts.iter().zip(other.parts).map(|(&a, b)| a.abs_diff(b)).max();
        Pct::from_raw(i64::from(most.unwrap_or(0)) * 1_000_000)
    }

    /// May an account of this tier keep it: nothing in classes it does not hold, and the pool's floor in cash?
    #[must_use]
    pub fn suits(&self, rules: &TierRules) -> bool {
        let held = |class: &AssetClass| self.class(*class).is_positive();
        let mut classes = AssetClass::ALL.iter().filter(|class| held(class));
        classes.all(|class| rules.allows(*class)) && self.cash() >= rules.pool.cash_floor()
    }

    /// Does `target` lie far enough away to be worth the cost of switching?
    #[must_use]
    pub fn should_move_to(&self, target: &Self) -> bool {
        self.parts.iter().zip(target.parts).any(|(&a, b)| a.abs_diff(b) >= DRIFT_BAND)
    }
}

/// Splits `total` by weights so that the parts sum to it exactly (largest remainder, first share on ties).
fn apportion(total: u64, weights: [u32; 4]) -> [u64; 4] {
    let sum = u128::from(weights.iter().copied().map(u64::from).sum::<u64>()).max(1);
    let exact = weights.map(|w| u128::from(total) * u128::from(w));
    let mut parts = exact.map(|e| u64::try_from(e / sum).unwrap_or(0));
    let mut left = total - parts.iter().sum::<u64>().min(total);
    let mut order = [0usize, 1, 2, 3];
    order.sort_by_key(|&i| core::cmp::Reverse(exact[i] % sum));
    for i in order {
        if left > 0 && weights[i] > 0 {
            parts[i] += 1;
            left -= 1;
        }
    }
    parts
}

fn table(regime: Option<Regime>, crypto_leads: bool) -> [u32; 4] {
    match regime {
        None => [60, 40, 0, 0],
        Some(Regime::TrendingUp) => [80, 20, 0, 0],
        Some(Regime::TrendingDown) => [40, 40, 0, 20],
        Some(Regime::Ranging) => [50, 50, 0, 0],
        Some(Regime::HighVolatility) if crypto_leads => [90, 10, 0, 0],
        Some(Regime::HighVolatility) => [70, 30, 0, 0],
        Some(Regime::LowVolatility) => [40, 60, 0, 0],
        Some(Regime::RiskOff) => [20, 30, 0, 50],
    }
    .map(|points: u32| points * 100)
}

/// Points for derivatives: none up to a liquidity of 80, twenty at 100, in calm and trending markets.
fn for_derivatives(regime: Option<Regime>, liquidity: Option<Score>) -> u32 {
    let open =
        matches!(regime, Some(Regime::TrendingUp | Regime::TrendingDown | Regime::LowVolatility));
    let above = |score: Score| u32::from(score.as_hundredths() - LIQUID.as_hundredths());
    match liquidity {
        Some(score) if open && score > LIQUID => {
            DERIVATIVES_MOST * above(score) / above(Score::MAX)
        }
        _ => 0,
    }
}

/// Splits the capital of an account of this tier and appetite under these conditions.
#[must_use]
pub fn allocate(
    conditions: Option<&Conditions>,
    rules: &TierRules,
    tolerance: Tolerance,
) -> (Split, Reason) {
    let regime = conditions.and_then(|c| c.regime);
    let crypto_leads = conditions.is_some_and(|c| c.crypto_leads);
    let mut w = table(regime, crypto_leads);

    let derivatives = for_derivatives(regime, conditions.and_then(|c| c.liquidity));
    let risky = w[0] + w[1];
    let from_crypto = (derivatives * w[0] * 2 + risky) / (risky.max(1) * 2);
    w = [w[0] - from_crypto, w[1] - (derivatives - from_crypto), derivatives, w[CASH]];

    match tolerance {
        Tolerance::Conservative => {
            for i in 0..CASH {
                let moved = w[i] / 5;
                w[i] -= moved;
                w[CASH] += moved;
            }
        }
        Tolerance::Moderate => {}
        Tolerance::Aggressive => {
            let half = w[CASH] / 2;
            spread(&mut w, half, CASH);
        }
    }

    let floor = u32::try_from(rules.pool.cash_floor().raw() / 1_000_000).unwrap_or(0);
    if w[CASH] < floor {
        let keep = WHOLE - floor;
        let risky = WHOLE - w[CASH];
        let scaled = apportion(u64::from(keep), [w[0], w[1], w[2], 0]);
        if risky > 0 {
            w = [part(scaled[0]), part(scaled[1]), part(scaled[2]), floor];
        }
    }

    let mut tier_moved = false;
    if !rules.allows(AssetClass::Derivatives) && w[2] > 0 {
        tier_moved = true;
        let moved = w[2];
        spread(&mut w, moved, 2);
    }
    for class in AssetClass::ALL {
        if !rules.allows(class) && w[class.index()] > 0 {
            tier_moved = true;
            w[CASH] += w[class.index()];
            w[class.index()] = 0;
        }
    }

    let parts = w.map(|p| u16::try_from(p).unwrap_or(0));
    let reason = Reason {
        regime,
        crypto_leads,
        derivatives: u16::try_from(derivatives).unwrap_or(0),
        tolerance,
        cash_floor: rules.pool.cash_floor(),
        tier_moved,
        kept: false,
    };
    (Split { parts }, reason)
}

/// Moves `amount` from one share to crypto and equity, pro rata; half and half where both are empty.
fn spread(w: &mut [u32; 4], amount: u32, from: usize) {
    let risky = w[0] + w[1];
    let to_crypto = if risky == 0 { amount / 2 } else { (amount * w[0] * 2 + risky) / (risky * 2) };
    w[from] -= amount;
    w[0] += to_crypto;
    w[1] += amount - to_crypto;
}

fn part(p: u64) -> u32 {
    u32::try_from(p).unwrap_or(0)
}

impl Reason {
    /// The same reason, for a split that stays because the new target is too near to be worth its cost.
    #[must_use]
    pub const fn kept(self) -> Self {
        Self { kept: true, ..self }
    }
}

impl core::fmt::Display for Reason {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.regime {
            None => f.write_str("No regime is known yet")?,
            Some(Regime::HighVolatility) if self.crypto_leads => {
                f.write_str("The regime is high_volatility with crypto the wilder market")?;
            }
            Some(regime) => write!(f, "The regime is {}", regime.name())?,
        }
        if self.derivatives > 0 {
            let (points, hundredths) = (self.derivatives / 100, self.derivatives % 100);
            write!(f, ", liquidity opens {points}.{hundredths:02} points for derivatives")?;
        }
        match self.tolerance {
            Tolerance::Conservative => {
                f.write_str(", conservative moves a fifth of the risk to cash")?
            }
            Tolerance::Moderate => {}
            Tolerance::Aggressive => f.write_str(", aggressive halves cash")?,
        }
        if self.cash_floor.is_positive() {
            write!(f, ", the pool keeps at least {:.0}% in cash", self.cash_floor)?;
        }
        if self.tier_moved {
            f.write_str(", classes the tier does not hold went elsewhere")?;
        }
        if self.kept {
            f.write_str("; the earlier split stays, the difference is not worth its cost")?;
        }
        f.write_str(".")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::tier::{DEFAULT_TABLE, Tier, TierTable};
    use proptest::prelude::*;

    fn rules(tier: Tier) -> TierRules {
        TierTable::parse(DEFAULT_TABLE).unwrap().rules(tier).clone()
    }

    fn reading(regime: Regime) -> Conditions {
        Conditions { regime: Some(regime), ..Conditions::default() }
    }

    #[test]
    fn the_table_holds_for_every_regime() {
        let investor = rules(Tier::Investor);
        let parts = |c: Option<&Conditions>| allocate(c, &investor, Tolerance::Moderate).0.parts;
        assert_eq!(parts(None), [6000, 4000, 0, 0]);
        for (regime, expected) in Regime::ALL.into_iter().zip([
            [8000, 2000, 0, 0],
            [4000, 4000, 0, 2000],
            [5000, 5000, 0, 0],
            [7000, 3000, 0, 0],
            [4000, 6000, 0, 0],
            [2000, 3000, 0, 5000],
        ]) {
            assert_eq!(parts(Some(&reading(regime))), expected, "{regime:?}");
        }
        let leads = Conditions { crypto_leads: true, ..reading(Regime::HighVolatility) };
        assert_eq!(parts(Some(&leads)), [9000, 1000, 0, 0]);
    }

    #[test]
    fn liquidity_appetite_and_tier_move_shares() {
        let liquid =
            Conditions { liquidity: Some(Score::points(90)), ..reading(Regime::TrendingUp) };
        let parts = |tier, tolerance| allocate(Some(&liquid), &rules(tier), tolerance).0.parts;
        assert_eq!(parts(Tier::Baller, Tolerance::Moderate), [7200, 1800, 1000, 0]);
        assert_eq!(parts(Tier::Investor, Tolerance::Moderate), [8000, 2000, 0, 0]);
        assert_eq!(parts(Tier::Baller, Tolerance::Conservative), [5760, 1440, 800, 2000]);
        assert_eq!(parts(Tier::Starter, Tolerance::Moderate), [8000, 0, 0, 2000]);
        assert_eq!(parts(Tier::Saver, Tolerance::Moderate), [5600, 0, 0, 4400]);
        let off = reading(Regime::RiskOff);
        let aggressive = allocate(Some(&off), &rules(Tier::Income), Tolerance::Aggressive).0.parts;
        assert_eq!(aggressive, [3000, 4500, 0, 2500]);
    }

    #[test]
    fn the_blueprints_example() {
        let (split, reason) = allocate(None, &rules(Tier::Investor), Tolerance::Moderate);
        let dollars = split.dollars(Money::whole(1000));
        assert_eq!(dollars, [600, 400, 0, 0].map(Money::whole));
        assert_eq!(reason.to_string(), "No regime is known yet.");
    }

    proptest! {
        #[test]
        fn shares_sum_to_the_whole_and_dollars_to_the_cent(
            regime in prop::option::of(0usize..6), leads: bool, liquidity in prop::option::of(0u16..=10_000),
            tier in 0usize..7, tolerance in 0usize..3, total in 0i64..1_000_000_000_000_000,
        ) {
            let conditions = Conditions {
                regime: regime.map(|i| Regime::ALL[i]), crypto_leads: leads,
                liquidity: liquidity.map(Score::hundredths), ..Conditions::default()
            };
            let tolerance =
                [Tolerance::Conservative, Tolerance::Moderate, Tolerance::Aggressive][tolerance];
            let rules = rules(Tier::ALL[tier]);
            let (split, reason) = allocate(Some(&conditions), &rules, tolerance);
            prop_assert_eq!(split.parts.iter().map(|&p| u32::from(p)).sum::<u32>(), WHOLE);
            let dollars = split.dollars(Money::from_raw(total));
            prop_assert_eq!(dollars.iter().map(|m| m.raw()).sum::<i64>(), total);
            prop_assert!(split.cash() >= rules.pool.cash_floor());
            for class in AssetClass::ALL {
                prop_assert!(rules.allows(class) || split.class(class).is_zero());
            }
            prop_assert!(reason.to_string().ends_with('.'));
        }
    }
}
