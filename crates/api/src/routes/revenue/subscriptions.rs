//! Subscriptions as a part of what the platform earns: what recurs, who stays, who leaves. Read from the desks' state,
//! in which every step of a subscription is counted.

use super::super::house::Houses;
use crate::date;
use crate::number::exact;
use nija_core::billing::recurring::Moved;
use nija_core::words::fixed::Round;
use nija_core::words::money::{Money, Pct};
use nija_core::words::tier::Tier;
use nija_core::words::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// Months that are told.
const MONTHS: i32 = 13;

/// What recurs, and how it moved. Decimal strings; amounts are what a month of service is worth before tax.
#[derive(Serialize, ToSchema)]
pub(crate) struct SubscriptionsBody {
    /// Who pays.
    paying: u64,
    /// Who is served and does not pay yet.
    free: u64,
    /// Monthly recurring revenue of a paying subscription, to the cent; null without one.
    #[schema(value_type = Option<String>)]
    arpu: Option<Money>,
    /// By tier.
    by_tier: Vec<SubscribedTier>,
    /// By month (UTC), newest first: this one and the twelve before it.
    months: Vec<RecurringMonth>,
}

/// Subscriptions of a tier.
#[derive(Serialize, ToSchema)]
pub(crate) struct SubscribedTier {
    /// Which.
    tier: &'static str,
    /// Who pays.
    paying: u64,
    /// Who is served and does not pay yet.
    free: u64,
    /// What they are worth a month.
    mrr: String,
}

/// A month's movements. Each subscription is held to what it was worth when the month began.
#[derive(Serialize, ToSchema)]
pub(crate) struct RecurringMonth {
    /// Which.
    month: String,
    /// Monthly recurring revenue when it began.
    opening_mrr: String,
    /// Of those who did not pay when it began.
    gained: String,
    /// Of those who pay more.
    expansion: String,
    /// Of those who pay less.
    contraction: String,
    /// Of those who pay no more.
    churned: String,
    /// Monthly recurring revenue at its end, or now.
    closing_mrr: String,
    /// Who paid when it began.
    opening_count: u64,
    /// Who began to.
    gained_count: u64,
    /// Who ceased to.
    churned_count: u64,
    /// Who ceased to, percent of who paid when it began; null when nobody did.
    #[schema(value_type = Option<String>)]
    churn_pct: Option<Pct>,
    /// What those who paid when it began pay at its end, percent of what they paid then.
    #[schema(value_type = Option<String>)]
    net_revenue_retention_pct: Option<Pct>,
}

/// Movements of all partitions.
#[derive(Clone, Copy, Default)]
struct Sums {
    opening: i128,
    gained: i128,
    expansion: i128,
    contraction: i128,
    churned: i128,
    counts: [u64; 3],
}

impl Sums {
    fn add(mut self, moved: &Moved) -> Self {
        let raw = |amount: Money| i128::from(amount.raw());
        self.opening += raw(moved.opening);
        self.gained += raw(moved.gained);
        self.expansion += raw(moved.expansion);
        self.contraction += raw(moved.contraction);
        self.churned += raw(moved.churned);
        let counts = [moved.opening_count, moved.gained_count, moved.churned_count];
        for (sum, count) in self.counts.iter_mut().zip(counts) {
            *sum += u64::from(count);
        }
        self
    }

    fn body(&self, month: i32) -> RecurringMonth {
        let retained = self.opening + self.expansion - self.contraction - self.churned;
        let [opening_count, gained_count, churned_count] = self.counts;
        RecurringMonth {
            month: date::month_word(month),
            opening_mrr: exact(self.opening),
            gained: exact(self.gained),
            expansion: exact(self.expansion),
            contraction: exact(self.contraction),
            churned: exact(self.churned),
            closing_mrr: exact(retained + self.gained),
            opening_count,
            gained_count,
            churned_count,
            churn_pct: percent(churned_count.into(), opening_count.into()),
            net_revenue_retention_pct: percent(retained, self.opening),
        }
    }
}

/// A part of a whole in percent, rounded to 0.01; none of nothing.
fn percent(part: i128, whole: i128) -> Option<Pct> {
    let [part, whole] = [part, whole].map(|raw| i64::try_from(raw).ok().map(Money::from_raw));
    let exact = part?.percent_of(whole.filter(|whole| whole.is_positive())?, Round::HalfEven)?;
    let cents = Money::from_raw(exact.raw()).to_cents(Round::HalfEven);
    Some(Pct::from_raw(cents.raw()))
}

/// Monthly recurring revenue of all partitions, units of 10^-8.
pub(super) fn recurring(views: &Houses) -> i128 {
    views.iter().map(|(_, view)| i128::from(view.recurring.now().raw())).sum()
}

pub(super) fn body(views: &Houses, now: Timestamp) -> SubscriptionsBody {
    let tier = |tier: Tier| {
        let of = views.iter().flat_map(|(_, view)| &view.subscribed);
        let of = of.filter(|subscribed| subscribed.tier == tier);
        of.fold((0, 0, 0), |(paying, free, worth), of| {
            let worth: i128 = worth + i128::from(of.worth.raw());
            (paying + u64::from(of.paying), free + u64::from(of.free), worth)
        })
    };
    let (mut paying, mut free, mut by_tier) = (0, 0, Vec::new());
    for name in Tier::ALL {
        let (pay, do_not, worth) = tier(name);
        (paying, free) = (paying + pay, free + do_not);
        if pay + do_not > 0 {
            let (tier, mrr) = (name.name(), exact(worth));
            by_tier.push(SubscribedTier { tier, paying: pay, free: do_not, mrr });
        }
    }
    let month = |month: i32| {
        let moved = views.iter().map(|(_, view)| view.recurring.month(month));
        moved.fold(Sums::default(), |sums, moved| sums.add(&moved)).body(month)
    };
    let last = now.month();
    SubscriptionsBody {
        paying,
        free,
        arpu: share(recurring(views), paying),
        by_tier,
        months: (0..MONTHS).map(|back| month(last - back)).collect(),
    }
}

/// An amount by head, to the cent.
fn share(raw: i128, heads: u64) -> Option<Money> {
    let each = raw.checked_div(i128::from(heads))?;
    Some(Money::from_raw(i64::try_from(each).ok()?).to_cents(Round::HalfEven))
}
