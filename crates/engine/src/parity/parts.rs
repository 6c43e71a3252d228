//! A difference of profit, laid at causes. Amounts are whole numbers of 10^-16 dollars, the product of a price and
//! a quantity, so nothing is rounded before the cents.

use super::story::Order;
use nija_core::words::money::{Money, Price, Qty};
use nija_core::words::order::{Fill, Side};
use nija_core::words::time::Timestamp;

/// Units of a dollar.
const DOLLAR: i128 = 10_000_000_000_000_000;
/// Units of a cent.
const CENT: i128 = DOLLAR / 100;
/// Units in the smallest amount of money.
pub const STEP: i128 = 100_000_000;

/// Why two runs earned differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// The market moved until the order met it, or it met it never.
    Latency,
    /// The venue or the platform charged otherwise.
    Fee,
    /// The price was further from the market, by spread and slippage.
    Spread,
    /// Less was filled, or in parts at other prices.
    Partial,
    /// The market data differ.
    Data,
    /// People did what a backtest does not.
    Manual,
    /// A desk decided otherwise although nothing before it differs: other rules, or a bug.
    Decision,
}

impl Cause {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 7] = [
        Self::Latency,
        Self::Fee,
        Self::Spread,
        Self::Partial,
        Self::Data,
        Self::Manual,
        Self::Decision,
    ];
    /// The word used in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Latency => "latency",
            Self::Fee => "fee",
            Self::Spread => "spread",
            Self::Partial => "partial_fill",
            Self::Data => "data",
            Self::Manual => "manual_action",
            Self::Decision => "decision",
        }
    }
}

/// Amounts by cause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parts([i128; Cause::ALL.len()]);

impl Parts {
    /// Lays an amount at a cause.
    pub fn add(&mut self, cause: Cause, amount: i128) {
        if let Some(part) = self.0.get_mut(cause as usize) {
            *part = part.saturating_add(amount);
        }
    }
    /// Adds all of another.
    pub fn add_all(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(part, more)| *part = part.saturating_add(more));
    }
    /// What is laid at a cause.
    #[must_use]
    pub const fn of(&self, cause: Cause) -> i128 {
        self.0[cause as usize]
    }
    /// All together.
    #[must_use]
    pub fn sum(&self) -> i128 {
        self.0.iter().sum()
    }
    /// Does nothing differ?
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.0.iter().all(|part| *part == 0)
    }
    /// The cause of most, where there is any.
    #[must_use]
    pub fn largest(&self) -> Option<Cause> {
        let causes = Cause::ALL.into_iter().filter(|cause| self.of(*cause) != 0);
        causes.max_by_key(|cause| self.of(*cause).abs())
    }

    /// Whole cents that add up to the rounded sum: those who lost most by rounding down get the cents that are left.
    #[must_use]
    pub fn cents(&self) -> [Money; Cause::ALL.len()] {
        let mut cents = self.0.map(|part| part.div_euclid(CENT));
        let mut order: [usize; Cause::ALL.len()] = std::array::from_fn(|n| n);
        order.sort_by_key(|&n| std::cmp::Reverse(self.0[n].rem_euclid(CENT)));
        let left = rounded(self.sum()) - cents.iter().sum::<i128>();
        for &n in order.iter().take(usize::try_from(left).unwrap_or(0)) {
            cents[n] += 1;
        }
        cents.map(money)
    }
}

/// An amount in whole cents, a half away from below.
#[must_use]
pub fn to_cents(amount: i128) -> Money {
    money(rounded(amount))
}

const fn rounded(amount: i128) -> i128 {
    (amount + CENT / 2).div_euclid(CENT)
}

fn money(cents: i128) -> Money {
    let raw = cents.saturating_mul(CENT / STEP);
    Money::from_raw(i64::try_from(raw).unwrap_or(if raw < 0 { i64::MIN } else { i64::MAX }))
}

/// What `qty` of something is worth more when its price is higher by `by`, at so many units a contract.
#[must_use]
pub fn worth(qty: Qty, by: Price, multiplier: u32) -> i128 {
    i128::from(qty.raw()) * i128::from(by.raw()) * i128::from(multiplier)
}

/// What an order earned by the end: what it traded at its price is worth the last one, less its fees.
#[must_use]
pub fn earned(order: &Order, last: Price, multiplier: u32) -> i128 {
    let of = |(_, fill): &(Timestamp, Fill)| {
        gain(order.ticket.side, fill.price, last, (fill.qty, multiplier))
    };
    order.fills.iter().map(of).sum::<i128>() - i128::from(order.fees().raw()) * STEP
}

/// What it gains to trade at one price what is worth another.
fn gain(side: Side, at: Price, then: Price, (qty, multiplier): (Qty, u32)) -> i128 {
    let up = worth(qty, then.saturating_sub(at), multiplier);
    match side {
        Side::Buy => up,
        Side::Sell => -up,
    }
}

/// One order as it was judged by the prices of both markets.
pub struct Judge<'a> {
    /// What the paper run's market showed at an instant.
    pub paper: &'a dyn Fn(Timestamp) -> Option<Price>,
    /// What that of the re-run showed.
    pub rerun: &'a dyn Fn(Timestamp) -> Option<Price>,
    /// What a unit is worth in the end.
    pub last: Price,
    /// Units of a contract.
    pub multiplier: u32,
    /// Why it was ordered in another size.
    pub sized: Cause,
    /// Why more or less of it was filled.
    pub short: Cause,
    /// Why it met another price of one market: it came at another time, or the market had a hole there.
    pub waited: Cause,
}

impl Judge<'_> {
    /// Why the paper run earned with an order otherwise than the re-run did with the same. The parts sum to the
    /// difference exactly.
    #[must_use]
    pub fn parts(&self, paper: &Order, rerun: &Order) -> Parts {
        let mut parts = Parts::default();
        let [mut here, mut there] = [paper, rerun].map(|order| order.fills.iter().copied());
        let (mut one, mut other) = (here.next(), there.next());
        while let (Some((at, fill)), Some((then, model))) = (&mut one, &mut other) {
            let qty = fill.qty.min(model.qty);
            let step = Step { qty, at: (*at, fill.price), then: (*then, model.price) };
            self.step(paper, rerun, &step, &mut parts);
            fill.qty = fill.qty.saturating_sub(qty);
            model.qty = model.qty.saturating_sub(qty);
            if fill.qty.is_zero() {
                one = here.next();
            }
            if model.qty.is_zero() {
                other = there.next();
            }
        }
        let side = paper.ticket.side;
        let value = |fill: Fill| gain(side, fill.price, self.last, (fill.qty, self.multiplier));
        let more: i128 = one.into_iter().chain(here).map(|(_, fill)| value(fill)).sum();
        let less: i128 = other.into_iter().chain(there).map(|(_, fill)| value(fill)).sum();
        self.rest(paper, rerun, more - less, &mut parts);
        parts
    }

    /// The same quantity, traded in both runs: from the price of the one to that of the other.
    fn step(&self, paper: &Order, rerun: &Order, step: &Step, parts: &mut Parts) {
        let ((at, price), (then, model)) = (step.at, step.then);
        let was = (self.rerun)(then).unwrap_or(model);
        let same = (self.paper)(then).unwrap_or(was);
        let first = |order: &Order| order.first().and_then(|at| (self.paper)(at));
        let began = first(rerun).unwrap_or(same);
        let is = (self.paper)(at).unwrap_or(price);
        let met = first(paper).unwrap_or(is);
        let path = [
            (Cause::Data, was, same),
            (Cause::Partial, same, began),
            (self.waited, began, met),
            (Cause::Partial, met, is),
            (Cause::Spread, is.saturating_sub(was), price.saturating_sub(model)),
        ];
        for (cause, from, to) in path {
            parts.add(cause, gain(paper.ticket.side, to, from, (step.qty, self.multiplier)));
        }
    }

    /// What was filled in one run only, and the fees.
    fn rest(&self, paper: &Order, rerun: &Order, value: i128, parts: &mut Parts) {
        let fee = |order: &Order| i128::from(order.fees().raw()) * STEP;
        let filled = |order: &Order| i128::from(order.filled().raw());
        let (paid, model) = (fee(paper), fee(rerun));
        // The re-run's fee for as much as the paper run filled.
        let same = match filled(rerun) {
            0 => paid,
            of => model * filled(paper) / of,
        };
        parts.add(Cause::Fee, same - paid);
        let value = value + model - same;
        let missing = filled(paper) - filled(rerun);
        let ordered = |order: &Order| i128::from(order.ticket.qty.raw());
        let sized = ordered(paper) - ordered(rerun);
        let of_size = if (sized < 0) == (missing < 0) { sized.abs().min(missing.abs()) } else { 0 };
        let first = if missing == 0 { 0 } else { value / missing.abs() * of_size };
        parts.add(self.sized, first);
        parts.add(self.short, value - first);
    }
}

/// A quantity that both runs traded, with time and price of each.
struct Step {
    qty: Qty,
    at: (Timestamp, Price),
    then: (Timestamp, Price),
}

#[cfg(test)]
mod tests;
