//! Events and releases as lines that people read.

use nija_core::commit::Release;
use nija_core::desk::event::{Event, Remembered, Size};
use nija_core::desk::held::Act;
use nija_core::ledger::chart::Book;
use nija_core::words::order::{Origin, Side, Ticket};

pub(crate) fn line(event: &Event) -> String {
    let text = match event {
        Event::Clock { at } => format!("clock {at}"),
        Event::Announced { node, epoch } => format!("announced {node} {}", epoch.0),
        Event::Listed { instrument } => format!("listed {}", instrument.symbol),
        Event::SessionChanged { hours, open, .. } => format!("session {hours:?} open={open}"),
        Event::Marked { instrument, price } => format!("marked {} at {price}", instrument.0),
        Event::ConditionsRead { conditions } => format!("conditions {:?}", conditions.regime),
        Event::VenueChanged { venue, up } => format!("venue {} up={up}", venue.name()),
        Event::AccountOpened { no, tier, .. } => format!("opened #{} {}", no.0, tier.name()),
        Event::Transferred { account, amount, .. } => {
            format!("transferred #{} ${amount}", account.0)
        }
        Event::SettingsChanged { account, change } => format!("set #{} {change:?}", account.0),
        Event::Reallocated { account, split, .. } => {
            let class = |class| split.class(class).to_string();
            let parts = nija_core::words::instrument::AssetClass::ALL.map(class).join("/");
            format!("reallocated #{} {parts}/{}", account.0, split.cash())
        }
        Event::Approved { ticket, evidence } => {
            format!("approved {} [{}]", order(ticket), evidence.level.name())
        }
        Event::Refused { account, wish, refusal, .. } => {
            let size = match wish.size {
                Size::Dollars(m) => format!("${m}"),
                Size::Units(q) => q.to_string(),
                Size::All => "all".to_owned(),
            };
            format!("refused #{} {} {size}: {refusal}", account.0, side(wish.side))
        }
        Event::Skipped { account, why, .. } => {
            format!("skipped #{}: {}", account.0, why.sentence())
        }
        Event::Signaled { account, signal, grounds } => {
            format!("signaled #{} {:?} by {}", account.0, signal.action, grounds.model)
        }
        Event::Acknowledged { order } => format!("acknowledged {}", number(order.0)),
        Event::Filled { order, fill, entry } => {
            let legs = entry.legs().iter().map(|leg| format!("{} {}", leg.book.name(), leg.amount));
            let legs = legs.collect::<Vec<_>>().join(", ");
            format!("filled {} {} at {} ({legs})", number(order.0), fill.qty, fill.price)
        }
        Event::Closed { order, state, why } => {
            format!("closed {} {}: {why}", number(order.0), state.name())
        }
        Event::CancelRequested { order } => format!("cancel asked {}", number(order.0)),
        Event::ExitQueued { account, exit, .. } => {
            format!("exit waits #{} {} for {}", account.0, exit.qty, origin(exit.origin))
        }
        Event::Killed { scope, reason, .. } => format!("killed {scope}: {reason}"),
        Event::Rearmed { scope, reason, .. } => format!("rearmed {scope}: {reason}"),
        Event::Halted { account, code, measured, limit } => {
            format!("halted #{} {}: {measured} against {limit}", account.0, code.name())
        }
        Event::Remembered { account, outcome, .. } => {
            let outcome = match outcome {
                Remembered::Order { order, .. } => format!("order {}", number(order.0)),
                Remembered::Refusal(refusal) => refusal.code.name().to_owned(),
                Remembered::Done => "done".to_owned(),
                Remembered::Queued => "queued".to_owned(),
                Remembered::PaidOut(of) => format!("paid out {} less {}", of.paid, of.fee),
                Remembered::Skipped(why) => why.sentence().to_owned(),
            };
            format!("remembered #{} {outcome}", account.0)
        }
        Event::Discrepancy { order, fill, what, .. } => {
            format!(
                "discrepancy {} {} at {}: {}",
                number(order.0),
                fill.qty,
                fill.price,
                what.sentence()
            )
        }
        Event::DayClosed { account, day, equity, cash } => {
            format!("day closed #{} into {day}: equity ${equity}, cash ${cash}", account.0)
        }
        Event::Billed { account, cause, fee, mark, .. } => {
            let (cause, high) = (cause.name(), mark.high());
            format!("billed #{} {cause} ${}+${}, mark ${high}", account.0, fee.platform, fee.leader)
        }
        Event::Settled { account, instrument, price, qty, last, entry } => {
            let gain = entry.legs().iter().find(|leg| leg.book == Book::Cash).map(|leg| leg.amount);
            let (no, of, gain) = (account.0, instrument.0, gain.unwrap_or_default());
            format!("settled #{no} {qty} of {of} at {price}: cash ${gain}, last={last}")
        }
        Event::MonthClosed { month } => format!("month {month} begins"),
        // What is billed and copied has tests of its own, which look at states.
        other => format!("{other:?}"),
    };
    text + "\n"
}

pub(crate) fn released(release: &Release) -> String {
    match release.act() {
        Act::Place(approved) => {
            format!("=> place {} in {}\n", number(approved.ticket().id.0), release.lane().title())
        }
        Act::Cancel { order, .. } => format!("=> cancel {}\n", number(order.0)),
    }
}

fn order(ticket: &Ticket) -> String {
    let terms = match (ticket.order_type.stop(), ticket.order_type.limit()) {
        (Some(stop), _) => format!("stop {stop}"),
        (None, Some(limit)) => format!("limit {limit}"),
        (None, None) => "market".to_owned(),
    };
    let (side, by) = (side(ticket.side), origin(ticket.origin));
    let (no, qty, of) = (ticket.account.0, ticket.qty, ticket.instrument.0);
    let number = number(ticket.id.0);
    format!("{number} #{no} {side} {qty} of {of} {terms} for {by}, reserved ${}", ticket.reserved)
}

fn number(order: u64) -> String {
    format!("o{}", order & 0xffff_ffff_ffff)
}

fn side(side: Side) -> &'static str {
    match side {
        Side::Buy => "buy",
        Side::Sell => "sell",
    }
}

fn origin(origin: Origin) -> String {
    match origin {
        Origin::User => "user".to_owned(),
        Origin::Strategy { strategy, .. } => strategy.name().to_owned(),
        Origin::Protection { strategy } => format!("protection of {}", strategy.name()),
        Origin::KillSwitch => "kill switch".to_owned(),
        Origin::Copy { lead, .. } => format!("copy of {lead}"),
        Origin::Roll { strategy, from, .. } => {
            format!("{} rolling out of {}", strategy.name(), from.0)
        }
    }
}
