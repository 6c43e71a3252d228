//! What a follower does about copying: begin, fund, change terms, close a position, stop. A sleeve that stops sells
//! everything first; then its fee is fixed and all its money goes back to the main account.

use super::Desk;
use super::account::Account;
use super::answer::{Answer, Decline, FollowersView, SleeveView};
use super::event::{BillCause, CopyChange, Event};
use super::input::{CopyAct, LeaderFacts};
use super::settings::invalid;
use crate::copy::decline::CopyDecline;
use crate::copy::lead::Lead;
use crate::copy::sleeve::{Stage, StopCause};
use crate::copy::terms::CopyTerms;
use crate::ledger::chart::Book;
use crate::ledger::entry::Entry;
use crate::words::id::{AccountId, AccountNo, InstrumentId, OrderId};
use crate::words::money::{Money, Price};
use crate::words::order::{Origin, Side};
use std::collections::BTreeMap;

/// Masters that an account copies at most.
const MASTERS: usize = 16;

impl Desk {
    pub(super) fn copy(&mut self, no: AccountNo, leader: AccountId, act: CopyAct) -> Answer {
        let id = self.state.account(no).map(|account| account.id.sleeve(leader));
        let sleeve = id.and_then(|id| self.state.number(id));
        let act = match act {
            CopyAct::Start { amount, terms, leader: facts, open } => {
                return self.start_copying((no, sleeve), leader, (amount, terms), (&facts, open));
            }
            other => other,
        };
        let stage = |no| Some(self.state.account(no)?.sleeve.as_deref()?.stage);
        let Some(sleeve) = sleeve.filter(|no| stage(*no) != Some(Stage::Stopped)) else {
            return Answer::Declined(Decline::NotCopied);
        };
        match act {
            CopyAct::Fund(amount) => self.fund(no, sleeve, amount),
            CopyAct::Terms(terms) => match self.fault(&terms) {
                Some(refused) => refused,
                None => {
                    let change = CopyChange::Terms(terms);
                    self.emit(Event::CopyChanged { sleeve, change });
                    self.guard(sleeve);
                    Answer::Done
                }
            },
            CopyAct::Close(instrument) => self.close_copied(sleeve, instrument),
            CopyAct::Stop => {
                self.stop_copying(sleeve, StopCause::Follower);
                Answer::Done
            }
            CopyAct::Start { .. } => Answer::Done,
        }
    }

    fn fault(&self, terms: &CopyTerms) -> Option<Answer> {
        if let Some((field, why)) = terms.fault() {
            return Some(invalid(field, why));
        }
        let unknown = |id: &InstrumentId| !self.state.listings.contains_key(id);
        let list = terms.symbols.as_ref();
        let strange = list.is_some_and(|list| list.iter().any(unknown));
        strange.then_some(Answer::Declined(Decline::UnknownInstrument))
    }

    fn start_copying(
        &mut self,
        (parent, known): (AccountNo, Option<AccountNo>),
        leader: AccountId,
        (amount, terms): (Money, CopyTerms),
        (facts, open): (&LeaderFacts, bool),
    ) -> Answer {
        if let Some(refused) = self.fault(&terms) {
            return refused;
        }
        if let Some(why) = self.may_not_copy(parent, known, (leader, facts)) {
            return Answer::Declined(Decline::Copying(why));
        }
        self.collect(parent);
        let Some(account) = self.state.account(parent) else {
            return Answer::Declined(Decline::UnknownAccount);
        };
        let least = self.tier(account).limits.min_trade;
        if amount < least || amount.to_cents(crate::words::fixed::Round::Down) != amount {
            return invalid(
                "amount",
                "must be whole cents, and at least the tier's smallest trade",
            );
        }
        if amount > account.free_cash() {
            return Answer::Declined(Decline::NotEnoughCash { free: account.free_cash() });
        }
        let sleeve = known.unwrap_or_else(|| self.open_sleeve(parent, leader));
        let remembered = self.state.account(sleeve).and_then(|account| account.sleeve.as_deref());
        let loss = remembered.map_or(Money::ZERO, |sleeve| sleeve.remembered(self.clock));
        let heard = facts.last;
        self.emit(Event::Followed { sleeve, parent, leader, terms, heard, loss });
        if !self.move_money(parent, sleeve, amount) {
            return invalid("amount", "out of range");
        }
        if open {
            self.copy_holdings(sleeve, leader, facts);
        }
        Answer::Done
    }

    fn may_not_copy(
        &self,
        no: AccountNo,
        known: Option<AccountNo>,
        (leader, facts): (AccountId, &LeaderFacts),
    ) -> Option<CopyDecline> {
        let account = self.state.account(no)?;
        let sleeves = self.state.sleeves_of(no).filter_map(|no| self.state.account(no));
        let running = sleeves
            .filter_map(|account| account.sleeve.as_deref())
            .filter(|sleeve| sleeve.stage != Stage::Stopped)
            .count();
        let stage = known.and_then(|no| Some(self.state.account(no)?.sleeve.as_deref()?.stage));
        let leads = account.master.as_deref().is_some_and(|master| master.leads);
        let safe = self.tier(account).pool.copies(facts.vetted, facts.risk);
        // A lead that was told here already is not told again: what it did must be in the facts.
        let moved = self.told.get(&leader).is_some_and(|told| *told > facts.last);
        let oneself =
            leader == account.id || facts.user == account.user || account.sleeve.is_some();
        [
            (oneself, CopyDecline::Oneself),
            (!facts.leads, CopyDecline::NotAMaster),
            (leads, CopyDecline::MasterCopies),
            (stage == Some(Stage::Active), CopyDecline::AlreadyCopied),
            (stage == Some(Stage::Stopping), CopyDecline::StillStopping),
            (running >= MASTERS, CopyDecline::TooMany),
            (!safe, CopyDecline::NotSafe),
            (moved, CopyDecline::Moved),
        ]
        .into_iter()
        .find_map(|(stands, why)| stands.then_some(why))
    }

    fn open_sleeve(&mut self, parent: AccountNo, leader: AccountId) -> AccountNo {
        let no = AccountNo(u32::try_from(self.state.accounts.len()).unwrap_or(u32::MAX));
        let Some(of) = self.state.account(parent) else { return no };
        let (id, user, tier) = (of.id.sleeve(leader), of.user, of.tier);
        let (tolerance, day_starts) = (of.tolerance, of.day_starts);
        self.emit(Event::AccountOpened { id, no, user, tier, tolerance, day_starts });
        self.pulses.push(super::Pulse::default());
        self.plan_for(no);
        no
    }

    /// What the leader holds already is bought like something it buys now.
    fn copy_holdings(&mut self, sleeve: AccountNo, leader: AccountId, facts: &LeaderFacts) {
        for (instrument, share, price) in facts.holds.iter().copied() {
            let lead = Lead {
                leader,
                no: facts.last,
                order: OrderId(0),
                instrument,
                side: Side::Buy,
                share,
                price,
                mark: price,
                at: self.clock,
            };
            self.copy_purchase(sleeve, &lead);
        }
    }

    /// Puts money into a sleeve or takes free cash out of it.
    fn fund(&mut self, parent: AccountNo, sleeve: AccountNo, amount: Money) -> Answer {
        if amount.is_zero() || amount.to_cents(crate::words::fixed::Round::Down) != amount {
            return invalid(
                "amount",
                "must be whole cents, above 0 to add and below 0 to take out",
            );
        }
        let (from, to) = if amount.is_positive() { (parent, sleeve) } else { (sleeve, parent) };
        self.collect(from);
        let free = self.state.account(from).map_or(Money::ZERO, Account::free_cash);
        if amount.abs() > free {
            return Answer::Declined(Decline::NotEnoughCash { free });
        }
        if self.move_money(from, to, amount.abs()) {
            Answer::Done
        } else {
            invalid("amount", "out of range")
        }
    }

    /// Moves money between a main account and a sleeve. What is due on leaving is taken from what moves.
    fn move_money(&mut self, from: AccountNo, to: AccountNo, amount: Money) -> bool {
        let Some(fee) = self.bill_flow(from, amount.negated()) else { return false };
        let amount = amount.saturating_sub(fee.total());
        if self.bill_flow(to, amount).is_none() {
            return false;
        }
        match Entry::moved(from, to, amount) {
            Ok(entry) => {
                self.emit(Event::Moved { from, to, amount, entry });
                true
            }
            Err(_) => false,
        }
    }

    fn close_copied(&mut self, sleeve: AccountNo, instrument: InstrumentId) -> Answer {
        self.cancel_entries(sleeve, |open| open.ticket.instrument == instrument);
        if self.held(sleeve, instrument).is_zero() {
            return Answer::Declined(Decline::NoPosition);
        }
        let _ = self.sell_out(sleeve, instrument, Origin::User);
        Answer::Done
    }

    /// Takes open purchases back and sells everything; when that is done the money goes back.
    pub(super) fn stop_copying(&mut self, no: AccountNo, cause: StopCause) {
        let stage = self.state.account(no).and_then(|a| a.sleeve.as_deref()).map(|s| s.stage);
        if stage == Some(Stage::Active) {
            let change = CopyChange::Stopping(cause);
            self.emit(Event::CopyChanged { sleeve: no, change });
        }
        self.cancel_entries(no, |_| true);
        let held = self.state.account(no).map(|account| &account.positions);
        let held: Vec<_> = held.into_iter().flatten().map(|p| p.instrument).collect();
        let origin = Origin::Copy { lead: 0, price: Price::ZERO };
        for instrument in held {
            let _ = self.sell_out(no, instrument, origin);
        }
        self.settle_sleeve(no);
    }

    /// What follows in a sleeve when an order of it is over or filled: the end of one that stops, and the repair of one
    /// that had stopped and to which something came late.
    pub(super) fn settle_sleeve(&mut self, no: AccountNo) {
        let Some(account) = self.state.account(no) else { return };
        let Some(sleeve) = account.sleeve.as_deref() else { return };
        let (parent, stage) = (sleeve.parent, sleeve.stage);
        let is_empty = account.positions.is_empty() && account.orders.is_empty();
        if stage == Stage::Active || (stage == Stage::Stopped && account.books.is_clear()) {
            return;
        }
        if is_empty {
            self.give_back(no, parent);
            return;
        }
        let loose = account
            .positions
            .iter()
            .filter(|position| position.queued().is_empty() && position.available().is_positive());
        let origin = Origin::Copy { lead: 0, price: Price::ZERO };
        for instrument in loose.map(|position| position.instrument).collect::<Vec<_>>() {
            let _ = self.sell_out(no, instrument, origin);
        }
    }

    /// Fixes the fee of an empty sleeve and returns its money.
    fn give_back(&mut self, no: AccountNo, parent: AccountNo) {
        let Some(account) = self.state.account(no) else { return };
        let equity = self.state.equity(account);
        let loss = account.mark.map_or(Money::ZERO, |mark| mark.loss(equity));
        let kept = account.sleeve.as_deref().map_or(Money::ZERO, |s| s.remembered(self.clock));
        let _ = self.crystallize(no, BillCause::Stopped);
        self.collect(no);
        let cash = self.state.account(no).map_or(Money::ZERO, Account::cash);
        if cash.is_positive() {
            let _ = self.move_money(no, parent, cash);
        }
        let change = CopyChange::Stopped(loss.max(kept));
        self.emit(Event::CopyChanged { sleeve: no, change });
    }

    /// The sleeves of an account for their owner.
    pub(super) fn sleeve_views(&self, root: AccountNo) -> Vec<SleeveView> {
        let view = |no| {
            let account = self.state.account(no)?;
            let sleeve = account.sleeve.as_deref()?;
            Some(SleeveView {
                id: account.id,
                cash: account.cash(),
                equity: self.state.equity(account),
                paid_in: account.books.balance(Book::Capital).negated(),
                sleeve: sleeve.clone(),
                fees: self.fees_view(account),
                fees_paid: account.books.balance(Book::CopyFees),
                positions: self.position_views(account),
            })
        };
        self.state.sleeves_of(root).filter_map(view).collect()
    }

    /// What followers here made of their leaders, summed by leader.
    pub(super) fn followers(&self, of: Option<AccountId>) -> Vec<FollowersView> {
        let mut sums: BTreeMap<AccountId, FollowersView> = BTreeMap::new();
        let one = of.and_then(|leader| self.state.followers.get(&leader));
        let all = self.state.followers.values().filter(|_| of.is_none());
        for no in one.into_iter().chain(all).flat_map(BTreeMap::keys) {
            let Some(account) = self.state.account(*no) else { continue };
            let Some(sleeve) = account.sleeve.as_deref() else { continue };
            let sum = sums.entry(sleeve.leader).or_default();
            let equity = self.state.equity(account);
            let profit = equity.saturating_add(account.books.balance(Book::Capital));
            sum.leader = sleeve.leader;
            sum.ever += 1;
            sum.winners += u32::from(profit.is_positive());
            if sleeve.stage != Stage::Stopped {
                sum.active += 1;
                sum.following = sum.following.saturating_add(equity);
            }
            sum.put_in = sum.put_in.saturating_add(sleeve.most);
            sum.profit = sum.profit.saturating_add(profit);
            sum.fees = sum.fees.saturating_add(account.books.balance(Book::CopyFees));
            sum.slippage = sum.slippage.saturating_add(sleeve.slippage);
            sum.copied += u64::from(sleeve.copied);
            sum.skipped += u64::from(sleeve.skipped);
        }
        sums.into_values().collect()
    }
}
