//! The auditor's books of copies and fees: every sleeve hears every lead once, nobody is charged twice, and what one
//! partition sends another has, once.

use crate::auditor::Place;
use crate::truth::Truth;
use nija_core::copy::lead::Lead;
use nija_core::copy::parcel::{Content, Parcel};
use nija_core::desk::event::{BillCause, CopyChange, Event};
use nija_core::words::id::{AccountId, AccountNo, PartitionId};
use nija_core::words::order::{Origin, Purpose};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

const ONCE: &str = "a sleeve hears a lead once";
const ALL: &str = "nobody is skipped silently";
const CHARGED: &str = "nobody is charged twice";
const SENT: &str = "what is sent arrives once";

struct Sleeve {
    leader: AccountId,
    /// The last lead that was not for it, since it began.
    before: u64,
    active: bool,
}

/// The books.
#[derive(Default)]
pub(crate) struct Copies {
    sleeves: BTreeMap<Place, Sleeve>,
    outcomes: BTreeSet<(Place, u64)>,
    last_lead: BTreeMap<AccountId, u64>,
    outbox: BTreeMap<PartitionId, VecDeque<Parcel>>,
    billed: BTreeSet<(Place, i32)>,
    /// Fees that were sent and not credited yet.
    coming: BTreeMap<(PartitionId, u64), i64>,
    /// Leads that were heard by somebody, and months that were billed.
    pub(crate) heard: u64,
    pub(crate) months: u64,
}

impl Copies {
    pub(crate) fn event(&mut self, partition: PartitionId, event: &Event, truth: &Truth) {
        let place = |no: &AccountNo| (partition, *no);
        match event {
            Event::Followed { sleeve, leader, heard, .. } => {
                let (leader, before) = (*leader, *heard);
                let known = self.sleeves.get(&place(sleeve)).map_or(0, |known| known.before);
                let before = before.max(known);
                self.sleeves.insert(place(sleeve), Sleeve { leader, before, active: true });
            }
            Event::CopyChanged {
                sleeve,
                change: CopyChange::Stopping(_) | CopyChange::Stopped(_),
            } => {
                self.sleeves.get_mut(&place(sleeve)).unwrap().active = false;
            }
            Event::Approved { ticket, .. } => {
                let again = ticket.purpose == Purpose::Exit;
                self.outcome(place(&ticket.account), ticket.origin, again, truth);
            }
            Event::ExitQueued { account, exit, .. } => {
                self.outcome(place(account), exit.origin, true, truth);
            }
            Event::Refused { account, wish, .. } => {
                self.outcome(place(account), wish.origin, false, truth);
            }
            Event::CopySkipped { sleeve, lead, .. } => {
                let price = nija_core::words::money::Price::ZERO;
                let origin = Origin::Copy { lead: *lead, price };
                self.outcome(place(sleeve), origin, false, truth);
            }
            Event::Sent { parcel } => self.sent(partition, *parcel, truth),
            Event::Delivered { parcel } => self.delivered(partition, *parcel, truth),
            Event::Credited { amount, from, parcel, .. } => {
                if self.coming.remove(&(*from, *parcel)) != Some(amount.raw()) {
                    truth.breach(SENT, format!("fees of parcel {parcel} from {from}"));
                }
            }
            Event::Billed { account, cause: BillCause::Month(month), .. } => {
                self.months += 1;
                if !self.billed.insert((place(account), *month)) {
                    truth.breach(CHARGED, format!("account {account} for month {month}"));
                }
            }
            _ => {}
        }
    }

    /// A sale may take several orders, a purchase never.
    fn outcome(&mut self, at: Place, origin: Origin, again: bool, truth: &Truth) {
        let Origin::Copy { lead, .. } = origin else { return };
        let known = self.sleeves.get(&at).is_some_and(|sleeve| lead > sleeve.before);
        if !known {
            return;
        }
        self.heard += 1;
        if !self.outcomes.insert((at, lead)) && !again {
            truth.breach(ONCE, format!("sleeve {at:?}, lead {lead}"));
        }
    }

    fn sent(&mut self, partition: PartitionId, parcel: Parcel, truth: &Truth) {
        match parcel.content {
            Content::Lead(lead) => {
                let last = self.last_lead.insert(lead.leader, lead.no).unwrap_or(0);
                if lead.no != last + 1 {
                    truth.breach(SENT, format!("lead {} of {} after {last}", lead.no, lead.leader));
                }
            }
            Content::Fees { amount, .. } => {
                self.coming.insert((partition, parcel.no), amount.raw());
            }
        }
        self.outbox.entry(partition).or_default().push_back(parcel);
    }

    fn delivered(&mut self, partition: PartitionId, until: u64, truth: &Truth) {
        let outbox = self.outbox.entry(partition).or_default();
        while let Some(parcel) = outbox.pop_front_if(|parcel| parcel.no <= until) {
            match parcel.content {
                Content::Lead(lead) => {
                    Self::everybody_heard(&self.sleeves, &self.outcomes, lead, truth)
                }
                Content::Fees { to, .. } if self.coming.contains_key(&(partition, parcel.no)) => {
                    truth.breach(SENT, format!("fees of parcel {} for {to}", parcel.no));
                }
                Content::Fees { .. } => {}
            }
        }
    }

    fn everybody_heard(
        sleeves: &BTreeMap<Place, Sleeve>,
        outcomes: &BTreeSet<(Place, u64)>,
        lead: Lead,
        truth: &Truth,
    ) {
        let of = sleeves.iter().filter(|(_, sleeve)| sleeve.active && sleeve.leader == lead.leader);
        for (at, sleeve) in of {
            if sleeve.before < lead.no && !outcomes.contains(&(*at, lead.no)) {
                truth.breach(ALL, format!("sleeve {at:?}, lead {}", lead.no));
            }
        }
    }

    /// At rest nothing is on its way.
    pub(crate) fn at_rest(&self, truth: &Truth) {
        if self.outbox.values().any(|outbox| !outbox.is_empty()) || !self.coming.is_empty() {
            truth.breach(SENT, "something is on its way when everything has come to rest");
        }
    }
}
