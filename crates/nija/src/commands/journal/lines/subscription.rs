//! Steps of subscriptions in words. Pure.

use super::super::phrases::{cents, date};
use nija_core::billing::subscription::step::Step;
use nija_core::words::money::Money;
use nija_core::words::time::{Span, Timestamp};

fn day(at: Timestamp) -> String {
    date(at.day(Span::ZERO))
}

/// What happened to a subscription.
pub(super) fn step(who: &str, step: &Step) -> String {
    match step {
        Step::TrialBegan { plan, until, .. } => {
            format!("{who} tries {plan} until {}", day(*until))
        }
        Step::Invoiced { invoice, .. } => {
            format!("{who} is asked for {}: invoice {}", cents(invoice.total), invoice.number)
        }
        Step::Received { invoice, amount, reference, stray, .. } => {
            let stray = if *stray { ", for which nothing waited" } else { "" };
            format!("{who} paid {} for invoice {invoice} ({reference}){stray}", cents(*amount))
        }
        Step::Settled { invoice, .. } => format!("{who} has settled invoice {invoice}"),
        Step::Earned { parts, .. } => {
            let sum = parts.iter().fold(Money::ZERO, |sum, part| sum.saturating_add(part.amount));
            format!("{who} begins a paid month: {} is earned", cents(sum))
        }
        Step::Reminded { invoice, count, .. } => {
            format!("{who} is reminded of invoice {invoice}, time {count}")
        }
        Step::Failed { invoice, reason, .. } => {
            format!("{who} could not pay invoice {invoice}: {reason}")
        }
        Step::Lapsed { invoice, .. } => format!("{who} is served no more: {invoice} is unpaid"),
        Step::Canceled { until, .. } => format!("{who} wants no term after {}", day(*until)),
        Step::Reactivated { plan, .. } => format!("{who} goes on with {plan}"),
        Step::Ended { .. } => format!("{who} is served no more, as asked"),
        Step::Changed { plan, .. } => format!("{who} is served as {plan}"),
        Step::Renews { plan, .. } => format!("{who} renews as {plan}"),
        Step::Credited { note, .. } => {
            let (number, total) = (note.number, cents(note.total()));
            format!("{who} has {total} back of invoice {}: note {number}", note.invoice)
        }
        Step::Voided { invoice, .. } => format!("{who} need not pay invoice {invoice}"),
        Step::PaidOut { amount, why, .. } => {
            format!("{who} is to have {} paid out: {why}", cents(*amount))
        }
        Step::PaidBack { payout, reference, .. } => {
            format!("{who} has the cash of payout {payout}: {reference}")
        }
    }
}
