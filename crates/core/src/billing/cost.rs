//! The honest cost screen: what a plan costs a year on some capital, and what that capital must earn
//! before anything is left. The same prices, rates and roundings as the later charges.

use super::fee::Rates;
use super::plans::{Plan, Plans};
use crate::words::fixed::Round;
use crate::words::money::{Money, Pct};
use crate::words::tier::{Tier, TierTable};
use serde::Serialize;

const HUNDRED: Pct = Pct::whole(100);

/// What is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Case {
    /// Which plan.
    pub plan: Plan,
    /// On how much.
    pub capital: Money,
    /// Return a year before fees, percent of capital; may be a loss.
    pub expected_pct: Pct,
    /// Part of the capital that copies leaders, percent.
    pub copied_pct: Pct,
}

/// Fees by kind, whole cents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Fees {
    /// The plan's price before tax.
    pub subscription: Money,
    /// Tax on it.
    pub tax: Money,
    /// Of profit that is the account's own.
    pub performance: Money,
    /// The leaders' part of copied profit.
    pub copy_leader: Money,
    /// The house's part of copied profit.
    pub copy_platform: Money,
}

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Cost {
    /// Fees of a year at the expected return.
    pub year: Fees,
    /// A twelfth of each, to the nearest cent.
    pub month: Fees,
    /// Price and tax of a year, percent of capital: lost even in a year without trades.
    pub fixed_pct: Pct,
    /// Return a year at which fees leave nothing of it, percent of capital; rounded up.
    pub break_even_pct: Pct,
    /// All fees of a year, percent of capital.
    pub total_pct: Pct,
    /// What the expected year leaves: its profit less all fees.
    pub left: Money,
    /// Do all fees exceed the part of capital that the house warns of, or the fixed ones alone the whole profit?
    pub warning: bool,
}

impl Fees {
    /// All of them. In range, as each is a part of a price or of a profit.
    #[must_use]
    pub const fn total(&self) -> Money {
        let own = self.subscription.saturating_add(self.tax).saturating_add(self.performance);
        own.saturating_add(self.copy_leader).saturating_add(self.copy_platform)
    }

    fn twelfth(&self) -> Self {
        let part = |year: Money| {
            let month = year.share(1, 12, Round::HalfEven).unwrap_or_default();
            month.to_cents(Round::HalfEven)
        };
        Self {
            subscription: part(self.subscription),
            tax: part(self.tax),
            performance: part(self.performance),
            copy_leader: part(self.copy_leader),
            copy_platform: part(self.copy_platform),
        }
    }
}

impl Case {
    /// Works it out. `None` without capital, with a copied part that is not from 0 to 100 percent, and beyond
    /// the range.
    #[must_use]
    pub fn cost(&self, plans: &Plans, tiers: &TierTable) -> Option<Cost> {
        let sensible = self.capital.is_positive()
            && (Pct::ZERO..=HUNDRED).contains(&self.copied_pct)
            && self.expected_pct >= Pct::whole(-100);
        if !sensible {
            return None;
        }
        let (own, copy) = match self.plan.tier {
            Tier::Paper => (Rates::NONE, Rates::NONE),
            _ => (plans.performance(), plans.copy()),
        };
        let profit = self.capital.percent(self.expected_pct, Round::Down)?;
        let copied = profit.percent(self.copied_pct, Round::Down)?;
        let performance = own.on(profit.checked_sub(copied)?).total();
        let copied = copy.on(copied);

        let terms = i64::from(12 / self.plan.cycle.months());
        let price = plans.price(tiers, self.plan);
        let year = Fees {
            subscription: price.share(terms, 1, Round::Down)?,
            tax: plans.tax(price).share(terms, 1, Round::Down)?,
            performance,
            copy_leader: copied.leader,
            copy_platform: copied.platform,
        };
        let fixed = year.subscription.checked_add(year.tax)?;
        let left = profit.checked_sub(year.total())?;
        let total_pct = year.total().percent_of(self.capital, Round::Up)?;
        Some(Cost {
            year,
            month: year.twelfth(),
            fixed_pct: fixed.percent_of(self.capital, Round::Up)?,
            break_even_pct: self.break_even(fixed, kept(own, copy, self.copied_pct)?)?,
            total_pct,
            left,
            warning: total_pct > plans.cost_warning_pct || fixed > profit.or_zero(),
        })
    }

    /// The return of which, when `kept` percent of it stay, the fixed fees are paid.
    fn break_even(&self, fixed: Money, kept: Pct) -> Option<Pct> {
        let profit = fixed.share(HUNDRED.raw(), kept.raw(), Round::Up)?;
        profit.percent_of(self.capital, Round::Up)
    }
}

/// Percent of profit that its owner keeps when so much of it is copied.
fn kept(own: Rates, copy: Rates, copied: Pct) -> Option<Pct> {
    let hundred = Money::whole(100);
    let part = |rates: Rates, of: Pct| {
        let rate = rates.platform.checked_add(rates.leader)?;
        hundred.percent(of, Round::Down)?.percent(rate, Round::Up)
    };
    let taken = part(own, HUNDRED.checked_sub(copied)?)?.checked_add(part(copy, copied)?)?;
    hundred.checked_sub(taken).map(|kept| Pct::from_raw(kept.raw()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::billing::plans::{Cycle, DEFAULT_PLANS};
    use crate::words::tier::DEFAULT_TABLE;

    fn cost(tier: Tier, cycle: Cycle, capital: i32, expected: i32, copied: i32) -> Option<Cost> {
        let case = Case {
            plan: Plan { tier, cycle },
            capital: Money::whole(capital),
            expected_pct: Pct::whole(expected),
            copied_pct: Pct::whole(copied),
        };
        let plans = Plans::parse(DEFAULT_PLANS).unwrap();
        case.cost(&plans, &TierTable::parse(DEFAULT_TABLE).unwrap())
    }

    #[test]
    fn a_small_account_is_told_what_it_must_earn() {
        let starter = cost(Tier::Starter, Cycle::Monthly, 99, 0, 0).unwrap();
        assert_eq!(starter.year.total(), Money::whole(228));
        assert_eq!(format!("{:.1}", starter.fixed_pct), "230.3");
        // Of what it earns a tenth goes, too.
        assert_eq!(format!("{:.1}", starter.break_even_pct), "255.8");
        assert_eq!(starter.left, Money::whole(-228));
        assert!(starter.warning);
    }

    #[test]
    fn every_tier_at_its_entry_capital() {
        let table = TierTable::parse(DEFAULT_TABLE).unwrap();
        let found = Tier::ALL.map(|tier| {
            let capital = table.rules(tier).entry_capital.raw() / Money::whole(1).raw();
            let capital = i32::try_from(capital).unwrap();
            let [monthly, annual] =
                Cycle::ALL.map(|cycle| cost(tier, cycle, capital, 20, 0).unwrap().break_even_pct);
            format!("{monthly:.2} {annual:.2}")
        });
        assert_eq!(
            found,
            [
                "506.66 405.33",
                "653.33 522.66",
                "528.00 422.40",
                "332.00 265.60",
                "133.06 106.45",
                "53.28 42.62",
                "0.00 0.00"
            ]
        );
    }

    #[test]
    fn fees_by_kind_and_what_is_left() {
        let copying = cost(Tier::Investor, Cycle::Annual, 100_000, 10, 40).unwrap();
        let whole = |n| Money::whole(n);
        assert_eq!(copying.year.subscription, "950.4".parse().unwrap());
        assert_eq!(copying.month.subscription, "79.2".parse().unwrap());
        assert_eq!(copying.year.performance, whole(600));
        assert_eq!((copying.year.copy_leader, copying.year.copy_platform), (whole(200), whole(80)));
        assert_eq!(copying.left, "8169.6".parse().unwrap());
        assert_eq!(copying.total_pct, "1.8304".parse().unwrap());
        assert!(!copying.warning);
        // At break-even nothing is left: 8.8 percent of it are taken.
        assert_eq!(format!("{:.4}", copying.break_even_pct), "1.0421");
    }

    #[test]
    fn a_loss_costs_the_price_alone_and_paper_nothing() {
        let loss = cost(Tier::Baller, Cycle::Monthly, 1_000_000, -50, 50).unwrap();
        assert_eq!(loss.year.total(), Money::whole(11_988));
        assert!(loss.warning);
        let paper = cost(Tier::Paper, Cycle::Monthly, 1_000, 50, 50).unwrap();
        assert_eq!((paper.year.total(), paper.left), (Money::ZERO, Money::whole(500)));
        assert!(!paper.warning);
        assert_eq!(cost(Tier::Starter, Cycle::Monthly, 0, 0, 0), None);
        assert_eq!(cost(Tier::Starter, Cycle::Monthly, 100, 0, 101), None);
        assert_eq!(cost(Tier::Starter, Cycle::Monthly, 100, -101, 0), None);
    }
}
