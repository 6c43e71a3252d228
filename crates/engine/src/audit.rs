//! Books of copies and fees, kept from the journal alone: every sleeve hears every lead once, nobody is charged twice,
//! and what one partition sends another has, once. The simulation holds every step to them, the fault program
//! `copying` a journal that many processes wrote.

use nija_core::copy::lead::Lead;
use nija_core::copy::parcel::{Content, Parcel};
use nija_core::desk::event::{BillCause, CopyChange, Event};
use nija_core::words::id::{AccountId, AccountNo, PartitionId};
use nija_core::words::money::Price;
use nija_core::words::order::{Origin, Purpose};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

const ONCE: &str = "a sleeve hears a lead once";
const ALL: &str = "nobody is skipped silently";
const CHARGED: &str = "nobody is charged twice";
const SENT: &str = "what is sent arrives once";

/// An account's number in its partition.
type Place = (PartitionId, AccountNo);
/// A parcel: where it was sent from, and its number there.
type Posted = (PartitionId, u64);

struct Sleeve {
    leader: AccountId,
    /// The last lead that was not for it, since it began.
    before: u64,
    active: bool,
}

impl Sleeve {
    /// Is a lead for it?
    fn hears(&self, lead: &Lead) -> bool {
        self.active && self.leader == lead.leader && self.before < lead.no
    }
}

/// What is on its way.
#[derive(Default)]
pub struct Unfinished {
    /// Leads that somebody may not have heard yet.
    pub leads: usize,
    /// Those of them that some sleeves have heard and others have not.
    pub half_heard: usize,
    /// Fees of a month that were sent and may not have arrived, and partitions in which the month has not ended.
    pub fees: usize,
}

/// The books.
#[derive(Default)]
pub struct Copies {
    sleeves: BTreeMap<Place, Sleeve>,
    outcomes: BTreeSet<(Place, u64)>,
    last_lead: BTreeMap<AccountId, u64>,
    outbox: BTreeMap<PartitionId, VecDeque<Parcel>>,
    billed: BTreeSet<(Place, i32)>,
    /// The month that runs in each partition.
    closed: BTreeMap<PartitionId, i32>,
    /// Fees that were sent, and those that were credited.
    sent: BTreeMap<Posted, i64>,
    credited: BTreeMap<Posted, i64>,
    /// What came into the books since the last judgement.
    delivered: Vec<(PartitionId, Parcel)>,
    credits: Vec<Posted>,
    breaches: Vec<(&'static str, String)>,
    /// Outcomes of leads.
    pub heard: u64,
    /// Months that were billed.
    pub months: u64,
}

impl Copies {
    /// Takes the next event of a partition's journal.
    pub fn event(&mut self, partition: PartitionId, event: &Event) {
        let place = |no: &AccountNo| (partition, *no);
        match event {
            Event::Followed { sleeve, leader, heard, .. } => {
                let known = self.sleeves.get(&place(sleeve)).map_or(0, |known| known.before);
                let (leader, before) = (*leader, known.max(*heard));
                self.sleeves.insert(place(sleeve), Sleeve { leader, before, active: true });
            }
            Event::CopyChanged { sleeve, change } if !matches!(change, CopyChange::Terms(_)) => {
                if let Some(sleeve) = self.sleeves.get_mut(&place(sleeve)) {
                    sleeve.active = false;
                }
            }
            Event::Approved { ticket, .. } => {
                let again = ticket.purpose == Purpose::Exit;
                self.outcome(place(&ticket.account), ticket.origin, again);
            }
            Event::ExitQueued { account, exit, .. } => {
                self.outcome(place(account), exit.origin, true);
            }
            Event::Refused { account, wish, .. } => {
                self.outcome(place(account), wish.origin, false);
            }
            Event::CopySkipped { sleeve, lead, .. } => {
                let origin = Origin::Copy { lead: *lead, price: Price::ZERO };
                self.outcome(place(sleeve), origin, false);
            }
            Event::Sent { parcel } => self.sent(partition, *parcel),
            Event::Delivered { parcel } => {
                let outbox = self.outbox.entry(partition).or_default();
                while let Some(parcel) = outbox.pop_front_if(|waiting| waiting.no <= *parcel) {
                    self.delivered.push((partition, parcel));
                }
            }
            Event::Credited { amount, from, parcel, .. } => {
                self.credits.push((*from, *parcel));
                if self.credited.insert((*from, *parcel), amount.raw()).is_some() {
                    self.breach(SENT, format!("fees of parcel {parcel} from {from} came twice"));
                }
            }
            Event::MonthClosed { month } => {
                self.closed.insert(partition, *month);
            }
            Event::Billed { account, cause: BillCause::Month(month), .. } => {
                self.months += 1;
                if !self.billed.insert((place(account), *month)) {
                    self.breach(CHARGED, format!("account {account} for month {month}"));
                }
            }
            _ => {}
        }
    }

    fn breach(&mut self, law: &'static str, what: String) {
        self.breaches.push((law, what));
    }

    /// A sale may take several orders, a purchase never.
    fn outcome(&mut self, at: Place, origin: Origin, again: bool) {
        let Origin::Copy { lead, .. } = origin else { return };
        let known = self.sleeves.get(&at).is_some_and(|sleeve| lead > sleeve.before);
        if !known {
            return;
        }
        self.heard += 1;
        if !self.outcomes.insert((at, lead)) && !again {
            self.breach(ONCE, format!("sleeve {at:?}, lead {lead}"));
        }
    }

    fn sent(&mut self, partition: PartitionId, parcel: Parcel) {
        match parcel.content {
            Content::Lead(lead) => {
                let last = self.last_lead.insert(lead.leader, lead.no).unwrap_or(0);
                if lead.no != last + 1 {
                    self.breach(SENT, format!("lead {} of {} after {last}", lead.no, lead.leader));
                }
            }
            Content::Fees { amount, .. } => {
                self.sent.insert((partition, parcel.no), amount.raw());
            }
        }
        self.outbox.entry(partition).or_default().push_back(parcel);
    }

    /// What does not hold, now that all partitions have been read up to the same moment.
    pub fn judge(&mut self) -> Vec<(&'static str, String)> {
        for posted in std::mem::take(&mut self.credits) {
            if self.sent.get(&posted) != self.credited.get(&posted) {
                self.breach(SENT, format!("fees of {posted:?} are not those that were sent"));
            }
        }
        for (from, parcel) in std::mem::take(&mut self.delivered) {
            let Content::Lead(lead) = parcel.content else {
                if !self.credited.contains_key(&(from, parcel.no)) {
                    self.breach(SENT, format!("fees of parcel {} from {from} are lost", parcel.no));
                }
                continue;
            };
            let mut hear = self.sleeves.iter().filter(|(_, sleeve)| sleeve.hears(&lead));
            let silent = hear.find(|(at, _)| !self.outcomes.contains(&(**at, lead.no)));
            if let Some((at, _)) = silent {
                self.breach(ALL, format!("sleeve {at:?}, lead {}", lead.no));
            }
        }
        std::mem::take(&mut self.breaches)
    }

    /// What is in the middle now.
    #[must_use]
    pub fn unfinished(&self) -> Unfinished {
        let mut found = Unfinished::default();
        for parcel in self.outbox.values().flatten() {
            match parcel.content {
                Content::Lead(lead) => {
                    found.leads += 1;
                    let mut hear = self.sleeves.iter().filter(|(_, sleeve)| sleeve.hears(&lead));
                    let has = |at: &Place| self.outcomes.contains(&(*at, lead.no));
                    let first = hear.next().is_some_and(|(at, _)| has(at));
                    found.half_heard += usize::from(hear.any(|(at, _)| has(at) != first));
                }
                Content::Fees { .. } => found.fees += 1,
            }
        }
        let months = self.closed.values();
        let last = months.clone().max();
        found.fees += months.filter(|month| Some(*month) != last).count();
        found
    }

    /// Leads that were sent.
    #[must_use]
    pub fn leads(&self) -> u64 {
        self.last_lead.values().sum()
    }

    /// At rest nothing is on its way.
    pub fn at_rest(&mut self) -> Vec<(&'static str, String)> {
        let waiting: usize = self.outbox.values().map(VecDeque::len).sum();
        if waiting > 0 || self.sent != self.credited {
            self.breach(SENT, format!("{waiting} parcels wait when everything has come to rest"));
        }
        self.judge()
    }
}
