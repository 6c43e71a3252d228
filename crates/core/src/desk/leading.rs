//! The master's side of copying: who may lead, what is told of a master's fills, and what waits in the outbox until
//! everybody has it.

use super::Desk;
use super::account::Account;
use super::alarm::Alarm;
use super::answer::{Answer, Decline, MasterView, View};
use super::event::Event;
use crate::copy::decline::CopyDecline;
use crate::copy::lead::Lead;
use crate::copy::master::{DISCLOSURE, MasterChange};
use crate::copy::parcel::{Content, OUTBOX, Parcel};
use crate::copy::sleeve::Stage;
use crate::positions::Position;
use crate::words::fixed::Round;
use crate::words::id::{AccountId, AccountNo, InstrumentId};
use crate::words::money::{Money, Pct, Price, Qty};
use crate::words::order::{Fill, Side, Ticket};
use crate::words::signal::StrategyName;
use crate::words::tier::Tier;

/// What this strategy does is no lead.
const UNLED: StrategyName = StrategyName::CryptoArbitrage;
/// Parcels told at once.
const TOLD: usize = 256;

impl Desk {
    /// Opts an account in or out as a master, or keeps the operator's word about it.
    pub(super) fn change_master(&mut self, account: AccountNo, change: MasterChange) -> Answer {
        let Some(of) = self.state.account(account) else {
            return Answer::Declined(Decline::UnknownAccount);
        };
        let declined = |why| Answer::Declined(Decline::Copying(why));
        let leads = of.master.as_deref().is_some_and(|master| master.leads);
        match change {
            MasterChange::Opened(disclosure) => {
                if let Some(why) = self.may_not_lead(account, of, disclosure) {
                    return declined(why);
                }
                let known = of.master.as_deref().map(|master| (master.leads, master.disclosure));
                if known == Some((true, disclosure)) {
                    return Answer::Done;
                }
            }
            MasterChange::Closed if !leads => return declined(CopyDecline::NotAMaster),
            MasterChange::Vetted(_) if of.master.is_none() => {
                return declined(CopyDecline::NotAMaster);
            }
            MasterChange::Closed | MasterChange::Vetted(_) => {}
        }
        self.emit(Event::MasterChanged { account, change });
        Answer::Done
    }

    fn may_not_lead(&self, no: AccountNo, account: &Account, accepted: u16) -> Option<CopyDecline> {
        let rules = self.tier(account);
        let copies = self.state.family(no).filter_map(|account| account.sleeve.as_deref());
        let halted = account.daily_halt || account.drawdown_halt || account.pressed.is_some();
        [
            (account.sleeve.is_some(), CopyDecline::NotAMaster),
            (account.tier == Tier::Paper, CopyDecline::PaperLeads),
            (accepted != DISCLOSURE, CopyDecline::Disclosure),
            (
                copies.into_iter().any(|sleeve| sleeve.stage != Stage::Stopped),
                CopyDecline::FollowerLeads,
            ),
            (halted, CopyDecline::Halted),
            (self.state.equity(account) < rules.entry_capital, CopyDecline::TooLittle),
        ]
        .into_iter()
        .find_map(|(stands, why)| stands.then_some(why))
    }

    /// What a master's fill will tell its followers, worked out before it is booked. Contracts are not copied: a sleeve
    /// holds what is paid for, and no loss beyond it. Nor are crossings: they are over before a follower hears of them.
    pub(super) fn lead_of(&self, ticket: &Ticket, fill: Fill) -> Option<Lead> {
        let account = self.state.account(ticket.account)?;
        let master = account.master.as_deref().filter(|master| master.leads)?;
        let listing = self.state.listings.get(&ticket.instrument)?;
        if listing.instrument.is_margined()
            || ticket.swap.is_some()
            || Event::strategy(ticket.origin) == Some(UNLED)
        {
            return None;
        }
        let share = match ticket.side {
            Side::Buy => {
                let worth = listing.instrument.value(fill.price, fill.qty, Round::HalfEven)?;
                let equity = self.state.equity(account);
                worth.percent_of(equity, Round::Down).filter(|_| equity.is_positive())?
            }
            Side::Sell => {
                let held = account.position(ticket.instrument).map_or(Qty::ZERO, led);
                part_of(fill.qty, held)
            }
        };
        Some(Lead {
            leader: account.id,
            no: master.last.saturating_add(1),
            order: ticket.id,
            instrument: ticket.instrument,
            side: ticket.side,
            share: share.min(Pct::whole(100)),
            price: fill.price,
            mark: listing.mark.unwrap_or(fill.price),
            at: self.clock,
        })
    }

    /// Puts a lead into the outbox. Where nobody takes parcels away, purchases are told no more; sales always are.
    pub(super) fn tell_followers(&mut self, lead: Lead) {
        if self.state.outbox.len() >= OUTBOX && lead.side == Side::Buy {
            let text =
                format!("a purchase of master {} was not led: the outbox is full", lead.leader);
            self.alarms.push(Alarm { kind: "outbox", text });
            return;
        }
        self.send(Content::Lead(lead));
    }

    /// Sends leaders what followers here paid them.
    pub(super) fn send_earned(&mut self) {
        let due = self.state.due.iter().filter(|(_, amount)| amount.is_positive());
        let due: Vec<(AccountId, Money)> = due.map(|(to, amount)| (*to, *amount)).collect();
        for (to, amount) in due {
            self.send(Content::Fees { to, amount });
        }
    }

    fn send(&mut self, content: Content) {
        let no = self.state.last_parcel.saturating_add(1);
        self.emit(Event::Sent { parcel: Parcel { no, content } });
        self.sent = true;
    }

    /// Forgets parcels that everybody has.
    pub(super) fn delivered(&mut self, parcel: u64) -> Answer {
        let parcel = parcel.min(self.state.last_parcel);
        if self.state.outbox.front().is_some_and(|waiting| waiting.no <= parcel) {
            self.emit(Event::Delivered { parcel });
        }
        Answer::Done
    }

    /// Parcels that wait, oldest first.
    pub(super) fn outbox(&self) -> Vec<Parcel> {
        self.state.outbox.iter().take(TOLD).copied().collect()
    }

    /// What an account holds and followers may copy, as parts of its equity.
    pub(super) fn holds(&self, account: &Account) -> Vec<(InstrumentId, Pct, Price)> {
        let equity = self.state.equity(account);
        let part = |position: &Position| {
            let listing = self.state.listings.get(&position.instrument)?;
            let mark = listing.mark.filter(|_| !listing.instrument.is_margined())?;
            let worth = self.state.worth(position.instrument, led(position))?;
            let share = worth.percent_of(equity, Round::Down).filter(|_| equity.is_positive())?;
            share.is_positive().then_some((position.instrument, share.min(Pct::whole(100)), mark))
        };
        account.positions.iter().filter_map(part).collect()
    }

    /// Masters whose accounts live here, those who stopped included.
    pub(super) fn masters(&self) -> Vec<MasterView> {
        let masters = self.state.masters.iter().filter_map(|no| self.state.account(*no));
        masters.filter_map(|account| self.master_view(account)).collect()
    }

    /// One master whose account lives here.
    pub(super) fn master(&self, id: AccountId) -> View {
        let account = self.state.number(id).and_then(|no| self.state.account(no));
        match account.and_then(|account| self.master_view(account)) {
            Some(view) => View::Master(Box::new(view)),
            None => View::Declined(Decline::Copying(CopyDecline::NotAMaster)),
        }
    }

    fn master_view(&self, account: &Account) -> Option<MasterView> {
        let master = account.master.as_deref()?;
        Some(MasterView {
            id: account.id,
            user: account.user,
            tier: account.tier,
            equity: self.state.equity(account),
            master: master.clone(),
            earned: account.books.balance(crate::ledger::chart::Book::Earned).negated(),
            holds: self.holds(account),
        })
    }
}

/// What of a holding is led.
fn led(position: &Position) -> Qty {
    position.qty().saturating_sub(position.held_by(UNLED))
}

/// What part of a holding is sold, percent, rounded up: a rest of nothing is not left standing.
fn part_of(sold: Qty, held: Qty) -> Pct {
    let (sold, held) = (Money::from_raw(sold.raw()), Money::from_raw(held.raw()));
    sold.percent_of(held, Round::Up).unwrap_or(Pct::whole(100))
}
