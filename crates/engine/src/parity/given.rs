//! What came to the desks otherwise than from the market, made again from what the journal says it led to:
//! accounts, deposits, settings, payments, who leads and who copies whom, and what people did with their hands.
//!
//! Leads, copies and copy fees are not given: they follow from the leader's own fills in each run.

mod copying;

use nija_core::billing::subscription::request::Request;
use nija_core::billing::subscription::step::Step;
use nija_core::desk::event::{BillCause, Event, Size, Wish};
use nija_core::desk::input::{Command, Input, OwnSignal};
use nija_core::journal::{Batch, Damage};
use nija_core::risk::kill::{Actor, Scope};
use nija_core::words::id::{AccountId, AccountNo, InstrumentId, OrderId, PartitionId};
use nija_core::words::money::Money;
use nija_core::words::order::{Origin, Purpose, Side, Ticket};
use nija_core::words::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// One input of the span.
#[derive(Clone, Debug)]
pub struct Given {
    /// When it came.
    pub at: Timestamp,
    /// To which desk.
    pub partition: PartitionId,
    /// Did the market speak at that instant before it came?
    pub after: bool,
    /// How many had begun to copy at that desk in that instant, this one included.
    begun: u32,
    /// Is it the hand of a person, which a backtest would not have?
    pub manual: bool,
    /// The order that it led to, or that it takes back, by its number in the paper run.
    pub order: Option<OrderId>,
    /// What came.
    pub input: Input,
}

/// Reads what was given out of batches, partition after partition.
#[derive(Debug, Default)]
pub struct Hands {
    given: Vec<Given>,
    names: BTreeMap<(PartitionId, AccountNo), AccountId>,
    tickets: BTreeMap<OrderId, Ticket>,
    /// Exits of users that wait for their turn.
    waiting: BTreeSet<(PartitionId, AccountNo, InstrumentId)>,
    /// Switches that people pressed.
    pressed: BTreeSet<(PartitionId, Scope)>,
    /// Sleeves, each with the follower's main account and whom it copies.
    sleeves: BTreeMap<(PartitionId, AccountNo), (AccountNo, AccountId)>,
    /// How many began to copy at one desk in one instant.
    begun: ((PartitionId, Timestamp), u32),
    market: Timestamp,
}

/// Where an event stands.
#[derive(Clone, Copy)]
struct Place {
    partition: PartitionId,
    at: Timestamp,
    is_in: bool,
}

impl Hands {
    /// Takes the next batch of a partition and tells when it ended; what it tells counts as given where it `is_in` the
    /// span.
    ///
    /// # Errors
    /// [`Damage::Unreadable`] when its events cannot be read.
    pub fn take(&mut self, batch: &Batch, is_in: bool) -> Result<Timestamp, Damage> {
        let events = batch.events()?;
        let mut place = Place { partition: batch.partition, at: batch.at, is_in };
        for (n, event) in events.iter().enumerate() {
            if let Event::Clock { at } = event {
                place.at = *at;
            }
            self.event(place, &events[..n], event, &events[n + 1..]);
        }
        Ok(place.at)
    }

    /// All of it, in order of time.
    #[must_use]
    pub fn given(mut self) -> Vec<Given> {
        // Those of one instant stay in the order in which their desk took them. Who begins to copy then comes behind
        // what other desks took: the master may have opened its book among that.
        self.given.sort_by_key(|given| (given.at, given.after, given.begun, given.partition));
        self.given
    }

    fn event(&mut self, place: Place, before: &[Event], event: &Event, behind: &[Event]) {
        match event {
            Event::Marked { .. } | Event::ConditionsRead { .. } | Event::SessionChanged { .. } => {
                self.market = place.at;
            }
            Event::Announced { node, epoch } => {
                self.give(place, Input::Announce { node: node.clone(), epoch: *epoch });
            }
            Event::Listed { instrument } => self.give(place, Input::List(instrument.clone())),
            Event::VenueChanged { venue, up } => {
                self.give(place, Input::Venue { venue: *venue, up: *up });
            }
            Event::Killed { scope, by: by @ Actor::User(_), reason } => {
                self.pressed.insert((place.partition, *scope));
                let (scope, by, reason) = (*scope, by.clone(), reason.clone());
                let flatten = behind.iter().any(sells_out);
                self.push(place, Input::Kill { scope, by, reason, flatten }, true, None);
            }
            Event::Rearmed { scope, by, reason } => {
                let manual = self.pressed.remove(&(place.partition, *scope));
                let (scope, by, reason) = (*scope, by.clone(), reason.clone());
                self.push(place, Input::Rearm { scope, by, reason }, manual, None);
            }
            Event::AccountOpened { id, no, .. } => {
                self.names.insert((place.partition, *no), *id);
                // A sleeve is opened for whoever begins to copy.
                let is_of =
                    |event: &Event| matches!(event, Event::Followed { sleeve, .. } if sleeve == no);
                if !behind.iter().any(is_of) {
                    self.account(place, before, event);
                }
            }
            Event::Followed { .. } | Event::CopyChanged { .. } | Event::Moved { .. } => {
                self.copying(place, before, event, behind);
            }
            event => {
                self.account(place, before, event);
                self.order(place, event);
            }
        }
    }

    /// What was asked of an account.
    fn account(&mut self, place: Place, before: &[Event], event: &Event) {
        let Some(no) = event.account() else { return };
        let command = match event {
            Event::AccountOpened { user, tier, tolerance, day_starts, .. } => Command::Open {
                user: *user,
                tier: *tier,
                tolerance: *tolerance,
                day_starts: *day_starts,
                deposit: Money::ZERO,
            },
            Event::Transferred { amount, .. } => {
                // What was asked for stands in the bill before it: a fee may be taken out of what is paid.
                let asked = flow(before.iter().rev(), no, amount.is_negative());
                Command::Transfer(asked.unwrap_or(*amount))
            }
            Event::SettingsChanged { change, .. } => Command::Set(change.clone()),
            // An owner's model is no hand: it is heard in both runs, as strategies are.
            Event::Signaled { signal, grounds, .. } => Command::Signal(OwnSignal {
                instrument: signal.instrument,
                action: signal.action,
                grounds: grounds.clone(),
            }),
            Event::Adjusted { kind, amount, why, .. } => {
                Command::Adjust { kind: *kind, amount: *amount, why: why.clone() }
            }
            Event::MasterChanged { change, .. } => Command::Lead(*change),
            Event::Billed { cause: BillCause::Refunded, .. } => Command::RefundFee,
            Event::Subscribed { step, .. } => match step.as_ref() {
                Step::TrialBegan { plan, .. } => Command::Subscription(Request::Subscribe(*plan)),
                Step::Received { invoice, amount, reference, .. } => {
                    let (invoice, amount, reference) = (*invoice, *amount, reference.clone());
                    Command::Subscription(Request::Pay { invoice, amount, reference })
                }
                _ => return,
            },
            _ => return,
        };
        if let Some(input) = self.command(place, no, command) {
            self.give(place, input);
        }
    }

    /// What users asked of their orders.
    fn order(&mut self, place: Place, event: &Event) {
        let (no, order, command) = match event {
            Event::Approved { ticket, .. } => {
                let (no, id) = (ticket.account, ticket.id);
                self.tickets.insert(id, ticket.clone());
                let waited = (place.partition, no, ticket.instrument);
                let is_exit = ticket.purpose == Purpose::Exit;
                if ticket.origin != Origin::User || (is_exit && self.waiting.remove(&waited)) {
                    return;
                }
                let (instrument, side, size) =
                    (ticket.instrument, ticket.side, Size::Units(ticket.qty));
                let (order_type, tif, origin) = (ticket.order_type, ticket.tif, ticket.origin);
                let wish = Wish { instrument, side, size, order_type, tif, origin };
                (no, Some(id), Command::Place(wish))
            }
            Event::Refused { account, wish, .. } if wish.origin == Origin::User => {
                (*account, None, Command::Place(*wish))
            }
            Event::ExitQueued { account, instrument, exit } if exit.origin == Origin::User => {
                self.waiting.insert((place.partition, *account, *instrument));
                let (instrument, side, size) = (*instrument, Side::Sell, Size::Units(exit.qty));
                let (order_type, tif, origin) = (exit.order_type, exit.tif, exit.origin);
                let wish = Wish { instrument, side, size, order_type, tif, origin };
                (*account, None, Command::Place(wish))
            }
            Event::CancelRequested { order } => match self.tickets.get(order) {
                Some(ticket) if ticket.origin == Origin::User => {
                    (ticket.account, Some(*order), Command::Cancel(*order))
                }
                _ => return,
            },
            _ => return,
        };
        let (no, command) = self.of_owner(place, no, command);
        if let Some(input) = self.command(place, no, command) {
            self.push(place, input, true, order);
        }
    }

    fn command(&self, place: Place, no: AccountNo, command: Command) -> Option<Input> {
        let account = *self.names.get(&(place.partition, no))?;
        Some(Input::Command { account, key: None, command })
    }

    fn give(&mut self, place: Place, input: Input) {
        self.push(place, input, false, None);
    }

    fn push(&mut self, place: Place, input: Input, manual: bool, order: Option<OrderId>) {
        let Place { partition, at, is_in } = place;
        if is_in {
            let after = self.market == at;
            let begun = self.begun(place, &input);
            self.given.push(Given { at, partition, after, begun, manual, order, input });
        }
    }
}

/// What was asked to go out of an account, or to come in, as the next of these bills tells it.
fn flow<'a>(
    mut events: impl Iterator<Item = &'a Event>,
    no: AccountNo,
    goes: bool,
) -> Option<Money> {
    events.find_map(|event| match event {
        Event::Billed { account, cause: BillCause::Flow(asked), .. }
            if *account == no && asked.is_negative() == goes =>
        {
            Some(*asked)
        }
        _ => None,
    })
}

/// Does an event sell because a switch was pressed?
const fn sells_out(event: &Event) -> bool {
    let origin = match event {
        Event::Approved { ticket, .. } => ticket.origin,
        Event::ExitQueued { exit, .. } => exit.origin,
        _ => return false,
    };
    matches!(origin, Origin::KillSwitch)
}
