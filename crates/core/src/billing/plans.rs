//! What can be subscribed to, and the numbers of billing: one table, embedded, an operator may replace it.
//! Prices stand in the tier table, so that a tier is one row in one place.

use super::fee::Rates;
use crate::words::fixed::Round;
use crate::words::money::{Money, Pct};
use crate::words::tier::{Tier, TierTable};
use crate::words::time::Span;
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// How often one pays.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Encode, Decode, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub enum Cycle {
    /// Each month.
    #[default]
    #[n(0)]
    Monthly,
    /// Twelve months at once, with the coupon.
    #[n(1)]
    Annual,
}

/// What is subscribed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode, Serialize, Deserialize)]
pub struct Plan {
    /// Which tier.
    #[n(0)]
    pub tier: Tier,
    /// How often it is paid.
    #[n(1)]
    pub cycle: Cycle,
}

/// Who may be charged a performance fee.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub enum FeePolicy {
    /// Every account with real money.
    #[n(0)]
    Everyone,
    /// Only owners with evidence that they may be.
    #[n(1)]
    QualifiedOnly,
}

/// A word that names no policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a fee policy is `everyone` or `qualified_only`")]
pub struct NotAPolicy;

impl FeePolicy {
    /// The word used in configuration, answers and screens.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Everyone => "everyone",
            Self::QualifiedOnly => "qualified_only",
        }
    }
}

impl core::str::FromStr for FeePolicy {
    type Err = NotAPolicy;
    fn from_str(text: &str) -> Result<Self, NotAPolicy> {
        let all = [Self::Everyone, Self::QualifiedOnly];
        all.into_iter().find(|policy| policy.name() == text).ok_or(NotAPolicy)
    }
}

/// The table of billing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plans {
    /// Days for free at the first subscription.
    pub trial_days: u16,
    /// Taken off twelve monthly prices, percent.
    pub annual_coupon_pct: Pct,
    /// Days after the due date on which is reminded, rising.
    pub reminder_days: Vec<u16>,
    /// Days after the due date until service lapses.
    pub grace_days: u16,
    /// Days for which the price of an upgrade holds.
    pub offer_days: u16,
    /// What the tax is called.
    pub tax_name: String,
    /// Added to each invoice, percent.
    pub tax_pct: Pct,
    /// Of profit above the high-water mark, percent.
    pub performance_pct: Pct,
    /// The leader's part of a copy sleeve's profit, percent.
    pub copy_leader_pct: Pct,
    /// The house's part of a copy sleeve's profit, percent.
    pub copy_platform_pct: Pct,
    /// Who may be charged.
    pub fee_policy: FeePolicy,
    /// Days for which the loss of a sleeve that was left is remembered.
    pub loss_memory_days: u16,
    /// Fees of a year above this part of capital are warned of, percent.
    pub cost_warning_pct: Pct,
}

/// A table of billing that does not make sense.
#[derive(Debug, thiserror::Error)]
pub enum PlansError {
    /// The file does not have the table's shape.
    #[error("plans: {0}")]
    Malformed(toml::de::Error),
    /// A number that would break the rules built on it.
    #[error("plans: {field} must be {sense}")]
    Senseless {
        /// Which line.
        field: &'static str,
        /// What it must be.
        sense: &'static str,
    },
}

impl Cycle {
    /// Both, the shorter first.
    pub const ALL: [Self; 2] = [Self::Monthly, Self::Annual];
    /// The word used in files, answers and screens.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Monthly => "monthly",
            Self::Annual => "annual",
        }
    }
    /// Months paid for at once.
    #[must_use]
    pub const fn months(self) -> u8 {
        match self {
            Self::Monthly => 1,
            Self::Annual => 12,
        }
    }
}

impl core::fmt::Display for Plan {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}, {}", self.tier.name(), self.cycle.name())
    }
}

impl Plans {
    /// Reads a table from TOML and holds it to sense.
    ///
    /// # Errors
    /// See [`PlansError`].
    pub fn parse(text: &str) -> Result<Self, PlansError> {
        let plans: Self = toml::from_str(text).map_err(PlansError::Malformed)?;
        let rising = plans.reminder_days.windows(2).all(|pair| pair[0] < pair[1]);
        let last = plans.reminder_days.last().copied().unwrap_or(0);
        let within = |pct: Pct, most: i32| (Pct::ZERO..=Pct::whole(most)).contains(&pct);
        let copied = plans.copy_leader_pct.saturating_add(plans.copy_platform_pct);
        let parts = within(plans.copy_leader_pct, 50) && within(plans.copy_platform_pct, 50);
        let warned = plans.cost_warning_pct;
        let rules: [(&str, &str, bool); 10] = [
            ("trial_days", "at most 90", plans.trial_days <= 90),
            ("annual_coupon_pct", "from 0 to 90", within(plans.annual_coupon_pct, 90)),
            (
                "reminder_days",
                "at most 8, rising, and before grace_days",
                rising && plans.reminder_days.len() <= 8 && last < plans.grace_days,
            ),
            // A month that was not paid lapses before the next begins.
            ("grace_days", "from 1 to 27", (1..=27).contains(&plans.grace_days)),
            ("offer_days", "from 1 to 14", (1..=14).contains(&plans.offer_days)),
            ("tax_name", "1 to 32 bytes long", (1..=32).contains(&plans.tax_name.len())),
            ("tax_pct", "from 0 to 50", within(plans.tax_pct, 50)),
            ("performance_pct", "from 0 to 50", within(plans.performance_pct, 50)),
            (
                "copy_leader_pct, copy_platform_pct",
                "from 0 to 50 together",
                parts && within(copied, 50),
            ),
            (
                "cost_warning_pct",
                "above 0, at most 1000",
                warned.is_positive() && within(warned, 1000),
            ),
        ];
        match rules.into_iter().find(|(_, _, holds)| !holds) {
            Some((field, sense, _)) => Err(PlansError::Senseless { field, sense }),
            None => Ok(plans),
        }
    }

    /// Price of a plan's whole term before tax: whole cents, rounded down.
    #[must_use]
    pub fn price(&self, tiers: &TierTable, plan: Plan) -> Money {
        let month = tiers.rules(plan.tier).price;
        match plan.cycle {
            Cycle::Monthly => month,
            Cycle::Annual => {
                let year = month.share(12, 1, Round::Down).unwrap_or(Money::MAX);
                let off = year.percent(self.annual_coupon_pct, Round::Up).unwrap_or(year);
                year.saturating_sub(off).to_cents(Round::Down)
            }
        }
    }
    /// What one month of a plan is worth before tax, not rounded to cents.
    #[must_use]
    pub fn month(&self, tiers: &TierTable, plan: Plan) -> Money {
        let months = i64::from(plan.cycle.months());
        self.price(tiers, plan).share(1, months, Round::Down).unwrap_or_default()
    }
    /// Tax on an amount: to the nearest cent, ties to the even one.
    #[must_use]
    pub fn tax(&self, net: Money) -> Money {
        net.percent(self.tax_pct, Round::HalfEven).unwrap_or_default().to_cents(Round::HalfEven)
    }
    /// What is taken of profit above an account's mark.
    #[must_use]
    pub const fn performance(&self) -> Rates {
        Rates { platform: self.performance_pct, leader: Pct::ZERO }
    }
    /// What is taken of profit above a copy sleeve's mark.
    #[must_use]
    pub const fn copy(&self) -> Rates {
        Rates { platform: self.copy_platform_pct, leader: self.copy_leader_pct }
    }
    /// How long the trial lasts.
    #[must_use]
    pub const fn trial(&self) -> Span {
        Span::days(self.trial_days)
    }
    /// How long a loss is remembered when a leader is left.
    #[must_use]
    pub const fn loss_memory(&self) -> Span {
        Span::days(self.loss_memory_days)
    }
}

/// The table of billing, embedded; an operator may replace it.
pub const DEFAULT_PLANS: &str = include_str!("../data/plans.toml");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::tier::DEFAULT_TABLE;

    fn plans() -> Plans {
        Plans::parse(DEFAULT_PLANS).unwrap()
    }

    #[test]
    fn prices_are_those_of_the_product() {
        let tiers = TierTable::parse(DEFAULT_TABLE).unwrap();
        let price = |tier, cycle| plans().price(&tiers, Plan { tier, cycle }).to_string();
        let all = |cycle| Tier::ALL.map(|tier| price(tier, cycle));
        assert_eq!(all(Cycle::Monthly), ["19", "49", "99", "249", "499", "999", "0"]);
        assert_eq!(
            all(Cycle::Annual),
            ["182.4", "470.4", "950.4", "2390.4", "4790.4", "9590.4", "0"]
        );
        let month = plans().month(&tiers, Plan { tier: Tier::Investor, cycle: Cycle::Annual });
        assert_eq!(month.to_string(), "79.2");
    }

    #[test]
    fn rates_are_those_of_the_product() {
        let plans = plans();
        assert_eq!(plans.performance(), Rates { platform: Pct::whole(10), leader: Pct::ZERO });
        assert_eq!(plans.copy(), Rates { platform: Pct::whole(2), leader: Pct::whole(5) });
        assert_eq!(plans.loss_memory(), Span::days(180));
        assert_eq!(plans.tax(Money::whole(99)), Money::ZERO);
    }

    #[test]
    fn a_table_without_sense_is_refused() {
        for (line, spoiled) in [
            ("trial_days = 14", "trial_days = 91"),
            ("annual_coupon_pct = \"20\"", "annual_coupon_pct = \"91\""),
            ("[0, 3, 7]", "[0, 3, 3]"),
            ("[0, 3, 7]", "[0, 3, 14]"),
            ("grace_days = 14", "grace_days = 28"),
            ("offer_days = 3", "offer_days = 0"),
            ("tax_name = \"Tax\"", "tax_name = \"\""),
            ("tax_pct = \"0\"", "tax_pct = \"-1\""),
            ("performance_pct = \"10\"", "performance_pct = \"51\""),
            ("copy_leader_pct = \"5\"", "copy_leader_pct = \"49\""),
            ("copy_leader_pct = \"5\"", "copy_leader_pct = \"-1\""),
            ("cost_warning_pct = \"10\"", "cost_warning_pct = \"0\""),
        ] {
            let text = DEFAULT_PLANS.replacen(line, spoiled, 1);
            assert_ne!(text, DEFAULT_PLANS);
            assert!(matches!(Plans::parse(&text), Err(PlansError::Senseless { .. })), "{spoiled}");
        }
        let text = DEFAULT_PLANS.replace("\"everyone\"", "\"anyone\"");
        assert!(matches!(Plans::parse(&text), Err(PlansError::Malformed(_))));
        assert!(Plans::parse(&format!("{DEFAULT_PLANS}\nbonus = 1")).is_err());
    }
}
