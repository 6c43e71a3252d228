//! The six tiers and the free paper tier. Their numbers come from one data file (`data/tiers.toml`).

use super::instrument::AssetClass;
use super::money::{Money, Pct};
use super::score::Score;
use super::signal::StrategyName;
use super::time::Span;
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// A subscription tier.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize,
)]
#[serde(rename_all = "UPPERCASE")]
#[cbor(index_only)]
pub enum Tier {
    /// $19 a month.
    #[n(0)]
    Starter,
    /// $49 a month.
    #[n(1)]
    Saver,
    /// $99 a month.
    #[n(2)]
    Investor,
    /// $249 a month.
    #[n(3)]
    Income,
    /// $499 a month.
    #[n(4)]
    Livable,
    /// $999 a month.
    #[n(5)]
    Baller,
    /// Free, simulated money only.
    #[n(6)]
    Paper,
}

/// A tier's name that is none of the seven.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown tier; choose STARTER, SAVER, INVESTOR, INCOME, LIVABLE, BALLER or PAPER")]
pub struct UnknownTier;

impl Tier {
    /// All tiers, in the order of the table.
    pub const ALL: [Self; 7] = [
        Self::Starter,
        Self::Saver,
        Self::Investor,
        Self::Income,
        Self::Livable,
        Self::Baller,
        Self::Paper,
    ];
    /// The word used in files, answers and screens.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Starter => "STARTER",
            Self::Saver => "SAVER",
            Self::Investor => "INVESTOR",
            Self::Income => "INCOME",
            Self::Livable => "LIVABLE",
            Self::Baller => "BALLER",
            Self::Paper => "PAPER",
        }
    }
}

impl core::str::FromStr for Tier {
    type Err = UnknownTier;
    fn from_str(text: &str) -> Result<Self, UnknownTier> {
        Self::ALL.into_iter().find(|tier| tier.name() == text).ok_or(UnknownTier)
    }
}

/// Priority of execution: which lane an order takes.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub enum Priority {
    /// Shared lane.
    #[n(0)]
    Normal,
    /// Ahead of Normal.
    #[n(1)]
    High,
    /// Ahead of High.
    #[n(2)]
    VeryHigh,
    /// Ahead of all.
    #[n(3)]
    UltraHigh,
}

impl Priority {
    /// All priorities, lowest first.
    pub const ALL: [Self; 4] = [Self::Normal, Self::High, Self::VeryHigh, Self::UltraHigh];
    /// The words shown to people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Normal => "Normal",
            Self::High => "High",
            Self::VeryHigh => "Very High",
            Self::UltraHigh => "Ultra High",
        }
    }
}

/// The wildest master that the pool "Safe copy" may copy, of scores from 1 to 10.
const SAFE_RISK: u8 = 3;

/// How much of the platform's skill trades for a tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pool {
    /// Vetted masters with the lowest risk scores, and no strategy beside them.
    SafeCopy,
    /// Calm strategies over a floor of cash.
    CapitalProtect,
    /// All crypto and equity strategies.
    FullAi,
    /// Full AI with learned weighting and higher turnover.
    ProAi,
    /// All twelve and the user's own.
    CustomAi,
}

impl Pool {
    /// The words shown to people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::SafeCopy => "Safe copy",
            Self::CapitalProtect => "Capital protect",
            Self::FullAi => "Full AI",
            Self::ProAi => "Pro AI",
            Self::CustomAi => "Custom AI",
        }
    }
    /// Does this pool trade that strategy?
    #[must_use]
    pub const fn holds(self, strategy: StrategyName) -> bool {
        use StrategyName::{CryptoTrendRiding, CryptoVolatilityCapture};
        match self {
            Self::SafeCopy => false,
            Self::CapitalProtect => matches!(strategy, CryptoTrendRiding | CryptoVolatilityCapture),
            Self::FullAi | Self::ProAi => {
                matches!(strategy.class(), Some(AssetClass::Crypto | AssetClass::Equity))
            }
            Self::CustomAi => true,
        }
    }
    /// Does it follow each strategy as much as what it earned in the regime so far deserves?
    #[must_use]
    pub const fn weighs(self) -> bool {
        matches!(self, Self::ProAi | Self::CustomAi)
    }
    /// How many times what a strategy asks for it takes, up to full size: its turnover is higher by that.
    #[must_use]
    pub const fn pace(self) -> u16 {
        match self {
            Self::ProAi => 2,
            _ => 1,
        }
    }
    /// May it copy a master that was vetted or not, with this risk score, if it has one?
    #[must_use]
    pub const fn copies(self, vetted: bool, risk: Option<u8>) -> bool {
        match (self, risk) {
            (Self::SafeCopy, Some(risk)) => vetted && risk <= SAFE_RISK,
            (Self::SafeCopy, None) => false,
            _ => true,
        }
    }
    /// Part of equity that stays in cash whatever the regime says.
    #[must_use]
    pub const fn cash_floor(self) -> Pct {
        match self {
            Self::CapitalProtect => Pct::whole(30),
            _ => Pct::ZERO,
        }
    }
}

/// Appetite for risk, chosen by the user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub enum Tolerance {
    /// A fifth of every risky share goes to cash.
    #[n(0)]
    Conservative,
    /// The table as it stands.
    #[default]
    #[n(1)]
    Moderate,
    /// Cash is halved.
    #[n(2)]
    Aggressive,
}

/// The limits that the gates hold an account to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Largest position in one symbol, percent of equity.
    pub max_position_pct: Pct,
    /// Largest loss within one trading day, percent of the day's first equity.
    pub max_daily_loss_pct: Pct,
    /// Largest fall from the highest equity, percent.
    pub max_drawdown_pct: Pct,
    /// Most positions at once, pending entries included.
    pub max_open_positions: u16,
    /// Highest volatility score at which entries pass.
    pub volatility_limit: Score,
    /// Smallest entry, dollars.
    pub min_trade: Money,
    /// Largest entry, dollars.
    pub max_trade: Money,
}

/// One column of the tier table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TierRules {
    /// Which tier.
    pub tier: Tier,
    /// Price of a month, dollars.
    pub price: Money,
    /// Capital one starts with at least, dollars.
    pub entry_capital: Money,
    /// What trades for it.
    pub pool: Pool,
    /// Which machines serve it.
    pub infrastructure: String,
    /// Its lane.
    pub priority: Priority,
    /// Promise: milliseconds from accepted to sent.
    pub latency_promise_ms: u32,
    /// How often a send that certainly did not happen is tried again.
    pub retries: u8,
    /// Classes it may hold.
    pub classes: Vec<AssetClass>,
    /// Orders a second in the long run.
    pub orders_per_second: u16,
    /// Orders at once.
    pub order_burst: u16,
    /// Its gates' limits.
    pub limits: Limits,
}

impl TierRules {
    /// May this tier hold that class?
    #[must_use]
    pub fn allows(&self, class: AssetClass) -> bool {
        self.classes.contains(&class)
    }
    /// The latency promise as a span.
    #[must_use]
    pub const fn latency_promise(&self) -> Span {
        Span::millis(self.latency_promise_ms as i64)
    }
}

/// A tier table that does not make sense.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The file does not have the table's shape.
    #[error("tier table: {0}")]
    Malformed(toml::de::Error),
    /// A tier is missing, twice there, or out of order.
    #[error("tier table: list each of the seven tiers once, in order, STARTER first, PAPER last")]
    Incomplete,
    /// A price that nobody could be asked for.
    #[error(
        "tier table: the price of {0:?} must be whole cents from 0 to 1000000, and 0 for PAPER"
    )]
    Price(Tier),
    /// A tier could never trade.
    #[error("tier table: {0:?} could not place one trade at its entry capital")]
    CannotTrade(Tier),
}

/// The whole tier table.
#[derive(Clone, Debug)]
pub struct TierTable([TierRules; 7]);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    tier: Vec<TierRules>,
}

impl TierTable {
    /// Reads a table from TOML and holds it to sense.
    ///
    /// # Errors
    /// See [`TableError`].
    pub fn parse(text: &str) -> Result<Self, TableError> {
        let File { tier } = toml::from_str(text).map_err(TableError::Malformed)?;
        let rules: [TierRules; 7] = tier.try_into().map_err(|_| TableError::Incomplete)?;
        if rules.iter().map(|r| r.tier).ne(Tier::ALL) {
            return Err(TableError::Incomplete);
        }
        for rule in &rules {
            let most_asked = if rule.tier == Tier::Paper { 0 } else { 1_000_000 };
            let asked = Money::ZERO..=Money::whole(most_asked);
            let whole_cents = rule.price.to_cents(super::fixed::Round::Down) == rule.price;
            if !whole_cents || !asked.contains(&rule.price) {
                return Err(TableError::Price(rule.tier));
            }
            let most = rule
                .entry_capital
                .percent(rule.limits.max_position_pct, super::fixed::Round::Down)
                .unwrap_or(Money::ZERO);
            let sane = rule.limits.min_trade <= most.min(rule.limits.max_trade)
                && rule.limits.min_trade.is_positive()
                && rule.limits.max_open_positions > 0
                && rule.orders_per_second > 0
                && rule.order_burst > 0
                && !rule.classes.is_empty();
            if !sane {
                return Err(TableError::CannotTrade(rule.tier));
            }
        }
        Ok(Self(rules))
    }

    /// The rules of one tier.
    #[must_use]
    pub const fn rules(&self, tier: Tier) -> &TierRules {
        &self.0[tier as usize]
    }

    /// All rules, in order.
    pub fn iter(&self) -> impl Iterator<Item = &TierRules> {
        self.0.iter()
    }
}

/// The tier table, embedded; an operator may replace it.
pub const DEFAULT_TABLE: &str = include_str!("../data/tiers.toml");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_table_makes_sense() {
        let table = TierTable::parse(DEFAULT_TABLE).unwrap();
        let investor = table.rules(Tier::Investor);
        assert_eq!(investor.price, Money::whole(99));
        assert_eq!(investor.limits.max_position_pct, Pct::whole(10));
        assert!(!investor.allows(AssetClass::Derivatives));
    }

    /// Each clause of what the pools are said to be.
    #[test]
    fn pools_hold_what_they_are_called_after() {
        let held = |pool: Pool| StrategyName::ALL.into_iter().filter(move |s| pool.holds(*s));
        let class = |strategy: &StrategyName| strategy.class();
        assert_eq!(held(Pool::SafeCopy).count(), 0, "masters only");
        let calm: Vec<&str> = held(Pool::CapitalProtect).map(StrategyName::name).collect();
        assert_eq!(calm, ["crypto_trend_riding", "crypto_volatility_capture"]);
        for pool in [Pool::FullAi, Pool::ProAi] {
            assert_eq!(held(pool).count(), 9);
            assert!(held(pool).all(|s| class(&s) != Some(AssetClass::Derivatives)));
        }
        assert_eq!(held(Pool::CustomAi).count(), 12);
        let own = StrategyName::Own;
        let all = [Pool::SafeCopy, Pool::CapitalProtect, Pool::FullAi, Pool::ProAi, Pool::CustomAi];
        assert_eq!(all.map(|pool| pool.holds(own)), [false, false, false, false, true]);
        let floors = all.map(Pool::cash_floor);
        assert_eq!(floors, [Pct::ZERO, Pct::whole(30), Pct::ZERO, Pct::ZERO, Pct::ZERO]);
        assert_eq!(all.map(Pool::weighs), [false, false, false, true, true]);
        assert_eq!(all.map(Pool::pace), [1, 1, 1, 2, 1]);
    }

    #[test]
    fn safe_copy_takes_vetted_masters_of_low_risk_only() {
        let may = |vetted, risk| Pool::SafeCopy.copies(vetted, risk);
        assert!(may(true, Some(1)) && may(true, Some(3)));
        assert!(!may(true, Some(4)) && !may(false, Some(1)) && !may(true, None));
        assert!(Pool::CapitalProtect.copies(false, None));
    }

    #[test]
    fn an_unknown_tier_is_an_error() {
        assert_eq!("GOLD".parse::<Tier>(), Err(UnknownTier));
        assert_eq!("investor".parse::<Tier>(), Err(UnknownTier));
        assert!(serde_test_unknown().is_err());
    }

    fn serde_test_unknown() -> Result<TierTable, TableError> {
        TierTable::parse(&DEFAULT_TABLE.replace("\"BALLER\"", "\"GOLD\""))
    }

    #[test]
    fn a_price_is_whole_cents_that_someone_could_pay() {
        for price in ["-1", "0.001", "1000000.01"] {
            let table = DEFAULT_TABLE.replace("\"99\"", &format!("{price:?}"));
            assert!(matches!(TierTable::parse(&table), Err(TableError::Price(Tier::Investor))));
        }
    }

    #[test]
    fn a_tier_that_cannot_trade_is_refused() {
        let broken = DEFAULT_TABLE.replace("min_trade = \"20\"", "min_trade = \"26\"");
        assert!(matches!(
            TierTable::parse(&broken),
            Err(TableError::CannotTrade(Tier::Investor | Tier::Paper))
        ));
    }
}
