//! Events of billing and copying in words. Pure.

use super::super::names::Names;
use super::super::phrases::{account, cents, date, dollars};
use nija_core::copy::master::MasterChange;
use nija_core::copy::parcel::Content;
use nija_core::copy::sleeve::StopCause;
use nija_core::desk::event::{BillCause, CopyChange, Event};
use nija_core::words::id::AccountId;
use nija_core::words::money::Money;
use nija_core::words::order::Side;
use nija_core::words::time::{Span, Timestamp};

/// What happened to marks, fees and other money.
pub(super) fn of_billing(event: &Event, names: &Names) -> Option<String> {
    let who = event.account().map(|no| account(no, names)).unwrap_or_default();
    Some(match event {
        Event::Billed { cause, equity, fee, mark, .. } => {
            let (cause, high) = (why(*cause), dollars(mark.high()));
            let fee = match fee.total() {
                Money::ZERO => "nothing is due".to_owned(),
                back if back.is_negative() => format!("{} is given back", dollars(back.negated())),
                due => format!("{} is charged", dollars(due)),
            };
            format!("{who} at equity {}: {cause}, {fee}, mark {high}", dollars(*equity))
        }
        Event::Adjusted { kind, amount, why, .. } => {
            format!("{who} has a {} of {}: {why}", kind.name(), dollars(*amount))
        }
        Event::Collected { amount, .. } => format!("{who} paid {} it owed", dollars(*amount)),
        Event::MonthClosed { month } => {
            let first = Timestamp::of_month(*month);
            format!("the month that ended before {} is billed", date(first.day(Span::ZERO)))
        }
        Event::Subscribed { step, .. } => super::subscription::step(&who, step),
        Event::Credited { amount, from, .. } => {
            format!("{who} earned {} from followers in partition {from}", dollars(*amount))
        }
        _ => return None,
    })
}

fn why(cause: BillCause) -> String {
    match cause {
        BillCause::Flow(amount) if amount.is_negative() => {
            format!("{} leaves", dollars(amount.negated()))
        }
        BillCause::Flow(amount) => format!("{} comes in", dollars(amount)),
        BillCause::Month(_) => "the month ended".to_owned(),
        BillCause::Stopped => "copying stopped".to_owned(),
        BillCause::TierChanged => "the tier changed".to_owned(),
        BillCause::Qualified => "the owner's standing for fees changed".to_owned(),
        BillCause::Refunded => "the last fee is given back".to_owned(),
        BillCause::Began => "the mark begins".to_owned(),
    }
}

/// What masters and followers did.
pub(super) fn of_copying(event: &Event, names: &Names) -> Option<String> {
    let who = event.account().map(|no| account(no, names)).unwrap_or_default();
    Some(match event {
        Event::MasterChanged { change, .. } => match change {
            MasterChange::Opened(_) => format!("{who} leads as a master"),
            MasterChange::Closed => format!("{who} leads no more"),
            MasterChange::Vetted(true) => format!("{who} is vetted as a master"),
            MasterChange::Vetted(false) => format!("{who} is vetted no more"),
        },
        Event::Followed { parent, leader, loss, .. } => {
            let (parent, leader) = (account(*parent, names), short(*leader));
            let loss = match *loss {
                Money::ZERO => String::new(),
                loss => format!(", with {} to win back first", cents(loss)),
            };
            format!("{parent} copies {leader} in {who}{loss}")
        }
        Event::CopyChanged { change, .. } => match change {
            CopyChange::Terms(_) => format!("{who} copies on new terms"),
            CopyChange::Stopping(StopCause::Follower) => format!("{who} stops to copy"),
            CopyChange::Stopping(StopCause::StopLoss) => format!("{who} reached its stop-loss"),
            CopyChange::Stopped(_) => format!("{who} is empty"),
        },
        Event::Moved { from, to, amount, .. } => {
            let (from, to) = (account(*from, names), account(*to, names));
            format!("{} goes from {from} to {to}", dollars(*amount))
        }
        Event::Sent { parcel } => match parcel.content {
            Content::Lead(lead) => {
                let (leader, symbol) = (short(lead.leader), names.symbol(lead.instrument));
                let did = side(lead.side);
                format!("{leader} {did} {symbol}, {}%: lead {}", lead.share, lead.no)
            }
            Content::Fees { to, amount } => format!("{} is due to {}", dollars(amount), short(to)),
        },
        Event::Delivered { parcel } => format!("everybody has parcel {parcel}"),
        Event::LeadHeard { lead, sleeves } => {
            format!("{sleeves} followers hear lead {} of {}", lead.no, short(lead.leader))
        }
        Event::CopySkipped { instrument, side: of, why, .. } => {
            let symbol = names.symbol(*instrument);
            format!("{who} did not copy the {} of {symbol}: {}", trade(*of), why.sentence())
        }
        _ => return None,
    })
}

const fn side(side: Side) -> &'static str {
    match side {
        Side::Buy => "bought",
        Side::Sell => "sold",
    }
}

const fn trade(side: Side) -> &'static str {
    match side {
        Side::Buy => "purchase",
        Side::Sell => "sale",
    }
}

fn short(id: AccountId) -> String {
    format!("account {}", &id.to_string()[..8])
}
