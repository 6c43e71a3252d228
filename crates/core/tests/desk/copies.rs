//! Masters and followers in the world of the tests: leads carried as the copier carries them.

use crate::world::World;
use nija_core::copy::lead::{CopySkip, Lead};
use nija_core::copy::master::{DISCLOSURE, MasterChange};
use nija_core::copy::parcel::Content;
use nija_core::copy::terms::CopyTerms;
use nija_core::desk::answer::{Answer, MasterView, Query, SleeveView, View};
use nija_core::desk::event::Event;
use nija_core::desk::input::{Command, CopyAct, Input, LeaderFacts};
use nija_core::words::id::{AccountId, InstrumentId, PartitionId};
use nija_core::words::money::Money;
use nija_core::words::tier::Tier;
use nija_core::words::time::Span;

pub(crate) const HERE: PartitionId = PartitionId(5);

impl World {
    /// A master of the tier with so much money.
    pub(crate) fn master(&mut self, id: u128, tier: Tier, dollars: i32) -> AccountId {
        let account = self.open(id, tier, dollars);
        assert_eq!(self.lead(account), Answer::Done);
        account
    }

    pub(crate) fn lead(&mut self, account: AccountId) -> Answer {
        self.command(account, Command::Lead(MasterChange::Opened(DISCLOSURE)))
    }

    pub(crate) fn master_view(&self, leader: AccountId) -> MasterView {
        match self.desk.query(&Query::Masters(HERE)) {
            View::Masters(masters) => masters.into_iter().find(|m| m.id == leader).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn facts(&self, leader: AccountId) -> LeaderFacts {
        self.master_view(leader).into()
    }

    pub(crate) fn follow(&mut self, account: AccountId, leader: AccountId, dollars: i32) -> Answer {
        self.follow_on(account, leader, dollars, CopyTerms::default(), false)
    }

    pub(crate) fn follow_on(
        &mut self,
        account: AccountId,
        leader: AccountId,
        dollars: i32,
        terms: CopyTerms,
        open: bool,
    ) -> Answer {
        let (facts, amount) = (Box::new(self.facts(leader)), Money::whole(dollars));
        let act = CopyAct::Start { amount, terms, leader: facts, open };
        self.command(account, Command::Copy { leader, act })
    }

    pub(crate) fn act(&mut self, account: AccountId, leader: AccountId, act: CopyAct) -> Answer {
        self.command(account, Command::Copy { leader, act })
    }

    /// Carries parcels as the copier does, until none is left.
    pub(crate) fn carry(&mut self) {
        while let View::Outbox(parcels) = self.desk.query(&Query::Outbox(HERE)) {
            let Some(last) = parcels.last().map(|parcel| parcel.no) else { return };
            for parcel in parcels {
                match parcel.content {
                    Content::Lead(lead) => self.tell(lead),
                    Content::Fees { to, amount } => {
                        let credit = Command::Credit { from: HERE, parcel: parcel.no, amount };
                        assert_eq!(self.command(to, credit), Answer::Done);
                    }
                }
            }
            self.take(Input::Delivered { partition: HERE, parcel: last });
        }
    }

    pub(crate) fn tell(&mut self, lead: Lead) {
        loop {
            match self.take(Input::Lead(lead)) {
                Answer::Led { left: 0 } => return,
                Answer::Led { .. } => {}
                other => panic!("{other:?}"),
            }
        }
    }

    pub(crate) fn sleeve(&self, account: AccountId, leader: AccountId) -> SleeveView {
        let sleeves = self.view(account).sleeves;
        sleeves.into_iter().find(|sleeve| sleeve.sleeve.leader == leader).unwrap()
    }

    /// Orders of a sleeve that can still trade.
    pub(crate) fn copies(
        &self,
        account: AccountId,
        leader: AccountId,
    ) -> Vec<nija_core::desk::answer::OrderView> {
        self.view(account.sleeve(leader)).orders
    }

    /// The leader buys, the lead is carried, and copies fill at `price`.
    pub(crate) fn led_purchase(
        &mut self,
        leader: AccountId,
        of: InstrumentId,
        dollars: i32,
        price: &str,
    ) {
        // The same order at once again would count as a repeat.
        self.wait(Span::seconds(10));
        self.mark(of, price);
        assert!(matches!(self.buy(leader, of, dollars), Answer::Placed { .. }));
        self.fill_rest(self.last(), price);
        self.carry();
        self.fill_all(price);
    }

    pub(crate) fn fill_all(&mut self, price: &str) {
        for open in self.desk.outstanding() {
            if self.ticket(open.ticket.id).is_some() {
                self.fill_rest(open.ticket.id, price);
            }
        }
        self.carry();
    }

    pub(crate) fn skips(&self, sleeve: AccountId) -> Vec<CopySkip> {
        let no = self.number_of(sleeve);
        let of = |event: &Event| match event {
            Event::CopySkipped { sleeve, why, .. } if sleeve.0 == no => Some(*why),
            _ => None,
        };
        self.batches.iter().flat_map(|b| b.events().unwrap()).filter_map(|e| of(&e)).collect()
    }

    pub(crate) fn number_of(&self, id: AccountId) -> u32 {
        let opened = |event| match event {
            Event::AccountOpened { id: of, no, .. } if of == id => Some(no.0),
            _ => None,
        };
        self.batches.iter().flat_map(|b| b.events().unwrap()).find_map(opened).unwrap()
    }

    pub(crate) fn profit_of_sleeve(&mut self, account: AccountId, leader: AccountId, amount: &str) {
        self.profit(account.sleeve(leader), amount);
    }
}
