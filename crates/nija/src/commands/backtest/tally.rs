//! What a run did, read back from its journal: trades, refusals, skips, halts. Sums of money are
//! exact.

use super::reasons::{Obstacle, Reasons};
use nija_core::desk::event::{Event, Half};
use nija_core::journal::{Batch, Damage};
use nija_core::ledger::chart::Book;
use nija_core::ledger::entry::Entry;
use nija_core::words::fixed::{Round, SCALE, mul_div};
use nija_core::words::id::{AccountNo, InstrumentId, OrderId};
use nija_core::words::instrument::Instrument;
use nija_core::words::money::{Money, Price, Qty};
use nija_core::words::order::{Fill, Origin, Purpose, Side, Ticket};
use nija_core::words::signal::StrategyName;
use nija_core::words::time::Timestamp;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;

/// A round trip of one strategy in one instrument: from nothing held to nothing held.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Trade {
    pub(super) tier: &'static str,
    pub(super) symbol: String,
    pub(super) strategy: Option<StrategyName>,
    #[serde(serialize_with = "instant")]
    pub(super) opened_at: Timestamp,
    /// None while something is still held at the end of the run.
    #[serde(serialize_with = "perhaps")]
    pub(super) closed_at: Option<Timestamp>,
    /// `long`, or of contracts `short`.
    pub(super) side: &'static str,
    /// Opened in all.
    pub(super) qty: Qty,
    #[serde(skip)]
    held: Qty,
    /// Averages over all fills.
    pub(super) entry_price: Option<Price>,
    pub(super) exit_price: Option<Price>,
    /// What was opened was worth so much, and what was closed so much.
    pub(super) cost: Money,
    pub(super) proceeds: Money,
    pub(super) fees: Money,
    /// Of what was closed or settled, after all fees so far.
    pub(super) profit: Money,
    /// What ended it: `signal`, `stop`, `user`, `kill_switch` or `expiry`.
    pub(super) exit: Option<&'static str>,
}

fn instant<S: Serializer>(at: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(at)
}

fn perhaps<S: Serializer>(at: &Option<Timestamp>, to: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => to.collect_str(at),
        None => to.serialize_none(),
    }
}

/// What one account did.
#[derive(Default)]
pub(super) struct Account {
    pub(super) trades: Vec<Trade>,
    pub(super) reasons: Reasons,
    pub(super) halts: Vec<String>,
    pub(super) fees: Money,
    /// Where the open trades stand among the trades.
    open: BTreeMap<(InstrumentId, Option<StrategyName>), usize>,
}

impl Account {
    /// Profits of the trades that ended.
    pub(super) fn profits(&self) -> Vec<Money> {
        self.trades.iter().filter(|t| t.closed_at.is_some()).map(|t| t.profit).collect()
    }

    /// What was bought and sold.
    pub(super) fn traded(&self) -> Money {
        self.trades.iter().fold(Money::ZERO, |all, trade| {
            all.saturating_add(trade.cost).saturating_add(trade.proceeds)
        })
    }
}

/// What a fill, or a half of one of a pair, did to a holding.
struct Deal {
    key: (InstrumentId, Option<StrategyName>),
    side: Side,
    purpose: Purpose,
    qty: Qty,
    fee: Money,
    /// What ended the trade, if it did.
    exit: &'static str,
}

/// Reads a journal of one partition.
pub(super) struct Tally {
    symbols: BTreeMap<InstrumentId, String>,
    tiers: Vec<&'static str>,
    now: Timestamp,
    orders: BTreeMap<OrderId, (Ticket, Qty)>,
    pub(super) accounts: Vec<Account>,
    /// Kill switches pressed and released, with when and why.
    pub(super) kills: Vec<String>,
}

impl Tally {
    /// For accounts of these tiers, in the order of their opening.
    pub(super) fn new(instruments: &[Instrument], tiers: Vec<&'static str>) -> Self {
        let accounts = tiers.iter().map(|_| Account::default()).collect();
        let (now, orders, kills) = (Timestamp::EPOCH, BTreeMap::new(), Vec::new());
        let symbols = instruments.iter().map(|row| (row.id, row.symbol.clone())).collect();
        Self { symbols, tiers, now, orders, accounts, kills }
    }

    /// Takes the next batch.
    pub(super) fn batch(&mut self, batch: &Batch) -> Result<(), Damage> {
        self.now = batch.at;
        for event in batch.events()? {
            self.event(event);
        }
        Ok(())
    }

    fn account(&mut self, no: AccountNo) -> Option<&mut Account> {
        self.accounts.get_mut(usize::try_from(no.0).ok()?)
    }

    fn event(&mut self, event: Event) {
        let now = self.now;
        match event {
            Event::Clock { at } => self.now = at,
            Event::Listed { instrument } => {
                self.symbols.insert(instrument.id, instrument.symbol);
            }
            Event::Approved { ticket, .. } => {
                self.orders.insert(ticket.id, (ticket.clone(), ticket.qty));
            }
            Event::Closed { order, .. } => {
                self.orders.remove(&order);
            }
            Event::Filled { order, fill, entry } => self.fill(order, &fill, &entry),
            Event::Settled { .. } => self.settle(&event),
            Event::Swapped { account, half, entry } => {
                let Half { instrument, side, qty, strategy, .. } = half;
                let purpose = if side == Side::Buy { Purpose::Entry } else { Purpose::Exit };
                let key = (instrument, strategy);
                let (fee, exit) = (sum(&entry, Book::VenueFees), "signal");
                self.deal(account, &Deal { key, side, purpose, qty, fee, exit }, &entry);
            }
            Event::Refused { account, wish, refusal, .. } => {
                let of = (Event::strategy(wish.origin), wish.instrument);
                self.unmade(account, of, Obstacle::Refused(refusal));
            }
            Event::Skipped { account, signal, why } => {
                let of = (Some(signal.strategy), signal.instrument);
                self.unmade(account, of, Obstacle::Skipped(why));
            }
            Event::Halted { account, code, measured, limit } => {
                let line = format!("{now} {}: {measured} against {limit}", code.name());
                if let Some(account) = self.account(account) {
                    account.halts.push(line);
                }
            }
            Event::Killed { scope, reason, .. } => {
                self.kills.push(format!("{now} {scope} stopped: {reason}"));
            }
            Event::Rearmed { scope, reason, .. } => {
                self.kills.push(format!("{now} {scope} released: {reason}"));
            }
            _ => {}
        }
    }

    /// An entry that was not made.
    fn unmade(
        &mut self,
        account: AccountNo,
        (strategy, instrument): (Option<StrategyName>, InstrumentId),
        obstacle: Obstacle,
    ) {
        let (now, symbol) = (self.now, self.symbols.get(&instrument).cloned().unwrap_or_default());
        if let Some(account) = self.account(account) {
            account.reasons.add(strategy, (now, symbol), obstacle);
        }
    }

    fn fill(&mut self, order: OrderId, fill: &Fill, entry: &Entry) {
        let Some((ticket, left)) = self.orders.get_mut(&order) else {
            return;
        };
        *left = left.saturating_sub(fill.qty);
        let ended = !left.is_positive();
        let ticket = ticket.clone();
        if ended {
            self.orders.remove(&order);
        }
        // Of a swap, its halves are the trades.
        if ticket.swap.is_none() {
            let Ticket { account, instrument, side, purpose, origin, .. } = ticket;
            let key = (instrument, Event::strategy(origin));
            let (qty, fee, exit) = (fill.qty, fill.fee, ending(origin));
            self.deal(account, &Deal { key, side, purpose, qty, fee, exit }, entry);
        }
    }

    fn deal(&mut self, account: AccountNo, deal: &Deal, entry: &Entry) {
        let now = self.now;
        let no = usize::try_from(account.0).unwrap_or(usize::MAX);
        let tier = self.tiers.get(no).copied().unwrap_or_default();
        let Some(account) = self.accounts.get_mut(no) else {
            return;
        };
        account.fees = account.fees.saturating_add(deal.fee);
        let (instrument, strategy) = deal.key;
        let at = match account.open.get(&deal.key) {
            Some(at) => *at,
            // A user or a kill switch closes what strategies opened.
            None if deal.purpose == Purpose::Exit => {
                let mut open = account.open.range((instrument, None)..);
                let Some((_, at)) = open.next().filter(|(key, _)| key.0 == instrument) else {
                    return;
                };
                *at
            }
            None => {
                let symbol = self.symbols.get(&instrument).cloned();
                let symbol = symbol.unwrap_or_else(|| instrument.to_string());
                account.open.insert(deal.key, account.trades.len());
                account.trades.push(begun(tier, symbol, (strategy, deal.side), now));
                account.trades.len() - 1
            }
        };
        let Some(trade) = account.trades.get_mut(at) else {
            return;
        };
        trade.take(deal, entry);
        if trade.held.is_zero() {
            trade.closed_at = Some(now);
            trade.exit = Some(deal.exit);
            account.open.retain(|_, open| *open != at);
        }
    }

    /// Contracts were settled: what they won goes to all who hold them, by how much they hold.
    fn settle(&mut self, event: &Event) {
        let Event::Settled { account, instrument, qty, last, entry, .. } = event else {
            return;
        };
        let now = self.now;
        let Some(account) = self.account(*account) else {
            return;
        };
        let holders = account.open.range((*instrument, None)..);
        let holders: Vec<usize> =
            holders.take_while(|(key, _)| key.0 == *instrument).map(|(_, at)| *at).collect();
        let out = sum(entry, Book::Positions).abs();
        let mut left = (out, sum(entry, Book::Realized).negated());
        for (n, at) in holders.iter().enumerate() {
            let Some(trade) = account.trades.get_mut(*at) else { continue };
            let is_last = n + 1 == holders.len();
            let part = |of: Money, all: Money| match is_last {
                true => of,
                false => {
                    all.share(trade.held.raw(), qty.raw().abs(), Round::Down).unwrap_or(Money::ZERO)
                }
            };
            let gain = part(left.1, sum(entry, Book::Realized).negated());
            let share = (part(left.0, out), gain);
            left = (left.0.saturating_sub(share.0), left.1.saturating_sub(share.1));
            trade.profit = trade.profit.saturating_add(gain);
            if *last {
                trade.close(trade.held, share);
                (trade.closed_at, trade.exit) = (Some(now), Some("expiry"));
            }
        }
        if *last {
            account.open.retain(|key, _| key.0 != *instrument);
        }
    }
}

fn begun(
    tier: &'static str,
    symbol: String,
    (strategy, side): (Option<StrategyName>, Side),
    at: Timestamp,
) -> Trade {
    Trade {
        tier,
        symbol,
        strategy,
        opened_at: at,
        closed_at: None,
        side: if side == Side::Buy { "long" } else { "short" },
        qty: Qty::ZERO,
        held: Qty::ZERO,
        entry_price: None,
        exit_price: None,
        cost: Money::ZERO,
        proceeds: Money::ZERO,
        fees: Money::ZERO,
        profit: Money::ZERO,
        exit: None,
    }
}

impl Trade {
    fn take(&mut self, deal: &Deal, entry: &Entry) {
        // The ledger's realized book is an income: a profit is negative there.
        let gain = sum(entry, Book::Realized).negated();
        let out = sum(entry, Book::Positions).abs();
        self.fees = self.fees.saturating_add(deal.fee);
        match deal.purpose {
            Purpose::Entry => {
                self.qty = self.qty.saturating_add(deal.qty);
                self.held = self.held.saturating_add(deal.qty);
                self.cost = self.cost.saturating_add(out);
                self.entry_price = average(self.cost, self.qty);
            }
            Purpose::Exit => self.close(deal.qty, (out, gain)),
        }
        self.profit = self.profit.saturating_add(gain).saturating_sub(deal.fee);
    }

    /// Something was closed that stood in the books with `out`, and won `gain` beyond that.
    fn close(&mut self, qty: Qty, (out, gain): (Money, Money)) {
        self.held = self.held.saturating_sub(qty).or_zero();
        let gain = if self.side == "long" { gain } else { gain.negated() };
        self.proceeds = self.proceeds.saturating_add(out).saturating_add(gain);
        self.exit_price = average(self.proceeds, self.qty.saturating_sub(self.held));
    }
}

/// What an entry books in one book.
fn sum(entry: &Entry, book: Book) -> Money {
    let legs = entry.legs().iter().filter(|leg| leg.book == book);
    legs.fold(Money::ZERO, |sum, leg| sum.saturating_add(leg.amount))
}

/// Dollars for one unit; for contracts their multiplier is in it.
fn average(amount: Money, qty: Qty) -> Option<Price> {
    mul_div(amount.raw(), SCALE, qty.raw(), Round::HalfEven).map(Price::from_raw)
}

const fn ending(origin: Origin) -> &'static str {
    match origin {
        Origin::User => "user",
        Origin::Strategy { .. } => "signal",
        Origin::Roll { .. } => "roll",
        Origin::Protection { .. } => "stop",
        Origin::KillSwitch => "kill_switch",
        Origin::Copy { .. } => "copy",
    }
}
