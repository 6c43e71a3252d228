//! One event in words: symbols for instruments, dollars for money, whole sentences for refusals.
//! Pure.

use super::names::Names;
use super::phrases::{
    account, actor, appetite, cents, date, dollars, market, order, origin, reading, realized,
    remembered, setting, signal, switch, wish,
};
use nija_core::desk::event::Event;
use nija_core::words::conditions::Regime;
use nija_core::words::instrument::AssetClass;
use nija_core::words::money::Money;
use nija_core::words::order::{Purpose, Side};
use nija_core::words::signal::Grounds;

/// The kinds of events, in order of their numbers.
pub(super) const KINDS: [&str; 43] = [
    "clock",
    "announced",
    "listed",
    "session_changed",
    "marked",
    "conditions_read",
    "venue_changed",
    "account_opened",
    "transferred",
    "settings_changed",
    "reallocated",
    "approved",
    "refused",
    "skipped",
    "acknowledged",
    "filled",
    "closed",
    "cancel_requested",
    "exit_queued",
    "killed",
    "rearmed",
    "halted",
    "remembered",
    "day_closed",
    "discrepancy",
    "billed",
    "adjusted",
    "collected",
    "month_closed",
    "master_changed",
    "followed",
    "copy_changed",
    "moved",
    "sent",
    "delivered",
    "lead_heard",
    "copy_skipped",
    "credited",
    "subscribed",
    "settled",
    "delisted",
    "signaled",
    "swapped",
];

/// The kind of an event.
pub(super) const fn kind(event: &Event) -> &'static str {
    KINDS[match event {
        Event::Clock { .. } => 0,
        Event::Announced { .. } => 1,
        Event::Listed { .. } => 2,
        Event::SessionChanged { .. } => 3,
        Event::Marked { .. } => 4,
        Event::ConditionsRead { .. } => 5,
        Event::VenueChanged { .. } => 6,
        Event::AccountOpened { .. } => 7,
        Event::Transferred { .. } => 8,
        Event::SettingsChanged { .. } => 9,
        Event::Reallocated { .. } => 10,
        Event::Approved { .. } => 11,
        Event::Refused { .. } => 12,
        Event::Skipped { .. } => 13,
        Event::Acknowledged { .. } => 14,
        Event::Filled { .. } => 15,
        Event::Closed { .. } => 16,
        Event::CancelRequested { .. } => 17,
        Event::ExitQueued { .. } => 18,
        Event::Killed { .. } => 19,
        Event::Rearmed { .. } => 20,
        Event::Halted { .. } => 21,
        Event::Remembered { .. } => 22,
        Event::DayClosed { .. } => 23,
        Event::Discrepancy { .. } => 24,
        Event::Billed { .. } => 25,
        Event::Adjusted { .. } => 26,
        Event::Collected { .. } => 27,
        Event::MonthClosed { .. } => 28,
        Event::MasterChanged { .. } => 29,
        Event::Followed { .. } => 30,
        Event::CopyChanged { .. } => 31,
        Event::Moved { .. } => 32,
        Event::Sent { .. } => 33,
        Event::Delivered { .. } => 34,
        Event::LeadHeard { .. } => 35,
        Event::CopySkipped { .. } => 36,
        Event::Credited { .. } => 37,
        Event::Subscribed { .. } => 38,
        Event::Settled { .. } => 39,
        Event::Delisted { .. } => 40,
        Event::Signaled { .. } => 41,
        Event::Swapped { .. } => 42,
    }]
}

/// An event in words. What it names must have been learned.
pub(super) fn words(event: &Event, names: &Names) -> String {
    let told = of_market(event, names).or_else(|| of_decision(event, names));
    let told = told.or_else(|| billing::of_billing(event, names));
    let told = told.or_else(|| billing::of_copying(event, names));
    if let Some(told) = told.or_else(|| of_order(event, names)) {
        return told;
    }
    let who = event.account().map(|no| account(no, names)).unwrap_or_default();
    match event {
        Event::AccountOpened { tier, tolerance, .. } => {
            format!("{who} opened on {}, {}", tier.name(), appetite(*tolerance))
        }
        Event::Transferred { amount, .. } if amount.is_negative() => {
            format!("{who} was paid out {}", dollars(amount.negated()))
        }
        Event::Transferred { amount, .. } => format!("{who} paid in {}", dollars(*amount)),
        Event::SettingsChanged { change, .. } => format!("{who} {}", setting(change, names)),
        Event::Reallocated { split, regime, .. } => {
            let [crypto, equity, derivatives] = AssetClass::ALL.map(|class| split.class(class));
            let cash = split.cash();
            let regime = regime.map_or("no regime known", Regime::name);
            format!(
                "{who} is split into crypto {crypto}%, equity {equity}%, \
                 derivatives {derivatives}%, cash {cash}% ({regime})"
            )
        }
        Event::Halted { code, measured, limit, .. } => {
            format!("{who} halted its entries ({}): {measured} against {limit}", code.name())
        }
        Event::Remembered { outcome, .. } => format!("{who} used a key: {}", remembered(outcome)),
        Event::DayClosed { day, equity, cash, .. } => {
            let day = date(*day - 1);
            format!("{who} closed {day} with equity {} and cash {}", cents(*equity), cents(*cash))
        }
        _ => String::new(),
    }
}

/// Events that concern more than one account.
fn of_market(event: &Event, names: &Names) -> Option<String> {
    Some(match event {
        Event::Clock { .. } => "time moves on".to_owned(),
        Event::Announced { node, epoch } => format!("node {node} took over, epoch {}", epoch.0),
        Event::Listed { instrument } => {
            let hours = market(instrument.hours);
            format!("{} is listed ({}, {hours})", instrument.symbol, instrument.class.name())
        }
        Event::Delisted { instrument } => {
            format!("{} has left the catalog", names.symbol(*instrument))
        }
        Event::SessionChanged { hours, open, until } => {
            let state = if *open { "open" } else { "closed" };
            let until = until.map(|at| format!(" until {at}")).unwrap_or_default();
            format!("{} is {state}{until}", market(*hours))
        }
        Event::Marked { instrument, price } => {
            format!("{} is at {}", names.symbol(*instrument), names.price(*instrument, *price))
        }
        Event::ConditionsRead { conditions } => reading(conditions, names.left()),
        Event::VenueChanged { venue, up: true } => format!("venue {} answers again", venue.name()),
        Event::VenueChanged { venue, up: false } => {
            format!("venue {} does not answer", venue.name())
        }
        Event::Killed { scope, by, reason } => {
            format!("kill switch of {} pressed by {}: {reason}", switch(*scope, names), actor(by))
        }
        Event::Rearmed { scope, by, reason } => {
            format!("kill switch of {} released by {}: {reason}", switch(*scope, names), actor(by))
        }
        _ => return None,
    })
}

/// What was decided about something that was wanted.
fn of_decision(event: &Event, names: &Names) -> Option<String> {
    Some(match event {
        Event::Approved { ticket, evidence } => {
            let purpose = match ticket.purpose {
                Purpose::Entry => "entry",
                Purpose::Exit => "exit",
            };
            let (who, what) = (account(ticket.account, names), order(ticket.id, names));
            let (by, level) = (origin(ticket.origin), evidence.level.name());
            let at = names.price(ticket.instrument, evidence.mark);
            format!("{who} approved {what} of {by}, at {at}, {purpose}, {level}")
        }
        Event::Refused { account: no, wish: wanted, refusal, .. } => {
            format!("{} did not get {}: {refusal}", account(*no, names), wish(wanted, names))
        }
        Event::Skipped { account: no, signal: heard, why } => {
            let (who, what) = (account(*no, names), signal(heard, names));
            format!("{who} skipped {what}: {}", why.sentence())
        }
        Event::Signaled { account: no, signal: said, grounds } => {
            let (who, what) = (account(*no, names), signal(said, names));
            let Grounds { model, confidence, reason } = grounds;
            let sure = confidence.map(|score| format!(", confidence {score}")).unwrap_or_default();
            let why = reason.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
            format!("{who} hears {what}, by its model {model}{sure}{why}")
        }
        Event::ExitQueued { account: no, instrument, exit } => {
            let (who, symbol) = (account(*no, names), names.symbol(*instrument));
            let qty = exit.qty;
            format!("{who} waits to close {qty} {symbol} until its protective stops are taken back")
        }
        _ => return None,
    })
}

/// What became of an order.
fn of_order(event: &Event, names: &Names) -> Option<String> {
    Some(match event {
        Event::Acknowledged { order: id } => format!("{} is at the venue", order(*id, names)),
        Event::Filled { order: id, fill, entry } => {
            let profit = match realized(entry) {
                Money::ZERO => String::new(),
                profit => format!(", realized {}", dollars(profit)),
            };
            let (qty, fee) = (fill.qty, dollars(fill.fee));
            let price = names.price_of(*id, fill.price);
            format!("{} traded {qty} at {price}, fee {fee}{profit}", order(*id, names))
        }
        Event::Closed { order: id, state, why } => {
            format!("{} is {}: {why}", order(*id, names), state.name())
        }
        Event::Settled { account: no, instrument, price, qty, last, entry } => {
            let (who, symbol) = (account(*no, names), names.symbol(*instrument));
            let end = if *last { "for the last time" } else { "for the day" };
            let gain = dollars(realized(entry));
            format!("{who} settled {qty} {symbol} at ${price} {end}, realized {gain}")
        }
        Event::Swapped { half, entry, .. } => {
            let (qty, symbol) = (half.qty, names.symbol(half.instrument));
            let did = match half.side {
                Side::Sell => "gave",
                Side::Buy => "got",
            };
            let profit = match realized(entry) {
                Money::ZERO => String::new(),
                profit => format!(", realized {}", dollars(profit)),
            };
            let (who, worth) = (order(half.order, names), dollars(half.worth));
            format!("{who} {did} {qty} {symbol} worth {worth}{profit}")
        }
        Event::Discrepancy { order: id, fill, what, .. } => {
            let (qty, price) = (fill.qty, names.price_of(*id, fill.price));
            let id = order(*id, names);
            format!("the venue says {id} traded {qty} at {price}: {}", what.sentence())
        }
        Event::CancelRequested { order: id } => {
            format!("{} is to be taken back", order(*id, names))
        }
        _ => return None,
    })
}

mod billing;
mod subscription;

#[cfg(test)]
mod tests;
