//! What a desk tells: views of durable state. The driver asks only after the commit.

use super::Desk;
use super::account::Account;
use super::answer::{
    AccountView, Decline, HouseView, InstrumentView, MarketView, OrderView, PositionView,
    Previewed, Query, Subscribed, View,
};
use super::event::Wish;
use crate::billing::subscription::Subscription;
use crate::ledger::chart::Book;
use crate::risk::approval::{judge, standing};
use crate::risk::drawdown::fall;
use crate::risk::kill::Scope;
use crate::risk::refusal::Level;
use crate::words::fixed::Round;
use crate::words::id::{AccountId, AccountNo};
use crate::words::money::Money;
use crate::words::order::Purpose;
use crate::words::tier::Tier;

impl Desk {
    /// Answers a question.
    #[must_use]
    pub fn query(&self, query: &Query) -> View {
        match query {
            Query::Market => View::Market(Box::new(self.market_view())),
            Query::Account(id) => match self.state.number(*id) {
                Some(no) => match self.account_view(no) {
                    Some(view) => View::Account(Box::new(view)),
                    None => View::Declined(Decline::UnknownAccount),
                },
                None => View::Declined(Decline::UnknownAccount),
            },
            Query::Preview { account, wish } => self.preview(*account, wish),
            Query::Outbox(_) => View::Outbox(self.outbox()),
            Query::House(_) => View::House(Box::new(self.house_view())),
            Query::Masters(_) => View::Masters(self.masters()),
            Query::Master(id) => self.master(*id),
            Query::Followers(_, leader) => View::Followers(self.followers(*leader)),
            Query::Bills(_) => View::Bills(self.bills(Subscription::is_waiting)),
            Query::Bill(invoice) => View::Bills(self.bills(|of| of.has(*invoice))),
        }
    }

    fn preview(&self, account: AccountId, wish: &Wish) -> View {
        let Some(no) = self.state.number(account) else {
            return View::Declined(Decline::UnknownAccount);
        };
        if let Err(decline) = self.check(wish) {
            return View::Declined(decline);
        }
        let verdict = match self.reduces(no, wish) {
            false => {
                let draft = self.draft(wish);
                let Some(facts) = self.facts(no, wish, &draft, true) else {
                    return View::Declined(Decline::UnknownAccount);
                };
                let entry = |level| Previewed {
                    purpose: Purpose::Entry,
                    qty: draft.qty,
                    notional: draft.notional,
                    level,
                };
                let named = |refusal| self.name_switches(no, wish, refusal);
                judge(&facts).map(entry).map_err(named)
            }
            true => self.sellable(no, wish).map(|qty| Previewed {
                purpose: Purpose::Exit,
                qty,
                notional: self.state.worth(wish.instrument, qty).unwrap_or(Money::ZERO),
                level: self.standing(no),
            }),
        };
        View::Preview(verdict)
    }

    /// How near to a limit an account stands.
    pub(super) fn standing(&self, no: AccountNo) -> Level {
        let Some(account) = self.state.account(no) else {
            return Level::Critical;
        };
        if account.daily_halt || account.drawdown_halt || account.pressed.is_some() {
            return Level::Critical;
        }
        let equity = self.state.guarded_equity(no);
        let limits = account.limits(self.tier(account));
        standing(fall(account.day_start, equity), fall(account.peak, equity), &limits)
    }

    fn account_view(&self, no: AccountNo) -> Option<AccountView> {
        let account = self.state.account(no)?;
        let equity = self.state.guarded_equity(no);
        let (split, reason) = self.split_of(no);
        let own = account.pressed.as_deref().cloned();
        let shared = self.state.pressed.iter().cloned();
        let orders = account.orders.iter().filter_map(|id| self.state.orders.get(id));
        Some(AccountView {
            id: account.id,
            user: account.user,
            tier: account.tier,
            tolerance: account.tolerance,
            autopilot: account.autopilot,
            opened_at: account.opened_at,
            cash: account.cash(),
            reserved: account.reserved,
            margin: account.margin(),
            equity,
            own_equity: self.state.equity(account),
            peak: account.peak,
            day_start: account.day_start,
            day_ends: account.day_ends(self.clock),
            drawdown_pct: fall(account.peak, equity),
            daily_loss_pct: fall(account.day_start, equity),
            daily_halt: account.daily_halt,
            drawdown_halt: account.drawdown_halt,
            pressed: shared.filter(|p| !matches!(p.scope, Scope::Account(_))).chain(own).collect(),
            level: self.standing(no),
            limits: account.limits(self.tier(account)),
            own: account.own.as_deref().cloned().unwrap_or_default(),
            books: account.books.clone(),
            regime: self.state.conditions.and_then(|c| c.regime),
            split,
            reason,
            positions: self.position_views(account),
            orders: orders
                .map(|open| OrderView {
                    ticket: open.ticket.clone(),
                    state: open.state,
                    filled: open.filled,
                    cancelling: open.cancelling,
                })
                .collect(),
            fees: self.fees_view(account),
            sleeve: account.sleeve.as_deref().cloned(),
            sleeves: self.sleeve_views(no),
            master: account.master.as_deref().cloned(),
            subscription: account.subscription.as_deref().cloned(),
            granted: account.granted.as_deref().cloned(),
        })
    }

    /// Subscriptions that are served, by tier.
    fn subscribed(&self) -> Vec<Subscribed> {
        let none = |tier| Subscribed { tier, paying: 0, free: 0, worth: Money::ZERO };
        let mut tiers = Tier::ALL.map(none);
        for account in self.state.accounts.iter() {
            let Some(subscription) = account.subscription.as_deref() else { continue };
            let Some(tier) = subscription.serves() else { continue };
            let Some(of) = tiers.iter_mut().find(|of| of.tier == tier) else { continue };
            let worth = subscription.month();
            if worth.is_positive() {
                of.paying = of.paying.saturating_add(1);
            } else {
                of.free = of.free.saturating_add(1);
            }
            of.worth = of.worth.saturating_add(worth);
        }
        tiers.into_iter().filter(|of| of.paying > 0 || of.free > 0).collect()
    }

    /// The house here, and the sums of all books.
    fn house_view(&self) -> HouseView {
        let accounts = &self.state.accounts;
        let total = |book: &Book| {
            let raw = |account: &Account| i128::from(account.books.balance(*book).raw());
            (*book, accounts.iter().map(raw).sum())
        };
        HouseView {
            now: self.clock,
            books: self.state.house.clone(),
            revenue: self.state.revenue.iter().collect(),
            recurring: self.state.recurring.clone(),
            subscribed: self.subscribed(),
            accounts: Book::ALL.iter().map(total).collect(),
            trial_balance: self.trial_balance(),
        }
    }

    pub(super) fn position_views(&self, account: &Account) -> Vec<PositionView> {
        let view = |p: &crate::positions::Position| {
            let listing = self.state.listings.get(&p.instrument);
            let mark = listing.and_then(|l| l.mark);
            let worth = listing
                .zip(mark)
                .and_then(|(l, mark)| l.instrument.value(mark, p.signed(), Round::Down));
            let margined = listing.is_some_and(|l| l.instrument.is_margined());
            PositionView {
                instrument: p.instrument,
                qty: p.signed(),
                cost: p.signed_cost(),
                value: worth.unwrap_or_else(|| p.signed_cost()),
                margin: if margined { p.cost() } else { Money::ZERO },
                mark,
                exiting: p.exiting,
                lots: p.lots().to_vec(),
            }
        };
        let held = account.positions.iter().filter(|p| p.qty().is_positive());
        held.map(view).collect()
    }

    fn market_view(&self) -> MarketView {
        let instruments = self.state.listings.values().map(|l| InstrumentView {
            instrument: l.instrument.clone(),
            mark: l.mark,
            mark_age: self.clock.since(l.mark_at),
            open: self.state.session(l.instrument.hours).open,
        });
        MarketView {
            now: self.clock,
            conditions: self.state.conditions,
            pressed: self.state.pressed.clone(),
            instruments: instruments.collect(),
        }
    }
}
