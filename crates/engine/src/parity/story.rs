//! What a journal says of a span: who decided what when, what became of orders, and at which prices. Paper run and
//! re-run are told in the same words.

use nija_core::desk::event::{Event, Half, Skip};
use nija_core::journal::{Batch, Damage};
use nija_core::risk::kill::{Actor, Scope};
use nija_core::risk::refusal::Code;
use nija_core::words::id::{AccountId, AccountNo, InstrumentId, OrderId, PartitionId};
use nija_core::words::instrument::Instrument;
use nija_core::words::money::{Money, Price, Qty};
use nija_core::words::order::{Fill, OrderState, Origin, Side, Ticket};
use nija_core::words::signal::{Action, StrategyName};
use nija_core::words::tier::Tier;
use nija_core::words::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// One account, or with [`AccountNo::HOUSE`] the desk itself.
pub type Account = (PartitionId, AccountNo);

/// Who it is.
#[derive(Clone, Copy, Debug)]
pub struct Who {
    /// Its id.
    pub id: AccountId,
    /// Its tier, as of the end.
    pub tier: Tier,
}

/// Who wanted something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Whose {
    /// The desk's own guards.
    Desk,
    /// The user.
    User,
    /// A strategy.
    Strategy(StrategyName),
    /// The stop behind a strategy's entry.
    Protection(StrategyName),
    /// A kill switch.
    KillSwitch,
    /// A copied master.
    Copy,
}

impl Whose {
    /// Whose order it is.
    #[must_use]
    pub const fn of(origin: Origin) -> Self {
        match origin {
            Origin::User => Self::User,
            Origin::Strategy { strategy, .. } | Origin::Roll { strategy, .. } => {
                Self::Strategy(strategy)
            }
            Origin::Protection { strategy } => Self::Protection(strategy),
            Origin::KillSwitch => Self::KillSwitch,
            Origin::Copy { .. } => Self::Copy,
        }
    }
    /// In a word or two.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Desk => "desk",
            Self::User => "user",
            Self::Strategy(strategy) => strategy.name(),
            Self::Protection(_) => "protection",
            Self::KillSwitch => "kill switch",
            Self::Copy => "copy",
        }
    }
}

/// About what was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subject {
    /// Whose account.
    pub account: Account,
    /// Who wanted it.
    pub whose: Whose,
    /// Of what, where it was about one.
    pub instrument: Option<InstrumentId>,
    /// To buy, where it was an order.
    pub buys: Option<bool>,
}

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// An order was approved.
    Approved {
        /// Which; not compared.
        order: OrderId,
        /// How much.
        qty: Qty,
        /// At most, or at least.
        limit: Option<Price>,
        /// From where on.
        stop: Option<Price>,
    },
    /// A gate refused.
    Refused(Code),
    /// A signal led to nothing.
    Skipped(Skip),
    /// The account stopped its entries.
    Halted(Code),
    /// The platform stopped a class by itself.
    Stopped(Scope),
}

impl Verdict {
    /// Is it the same decision?
    #[must_use]
    pub fn agrees(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Approved { qty: a, limit: b, stop: c, .. },
                Self::Approved { qty: x, limit: y, stop: z, .. },
            ) => (a, b, c) == (x, y, z),
            (a, b) => a == b,
        }
    }
    /// Its kind, for counting.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Approved { .. } => "approved",
            Self::Refused(_) => "refused",
            Self::Skipped(_) => "skipped",
            Self::Halted(_) => "halted",
            Self::Stopped(_) => "stopped",
        }
    }
}

/// A decision.
#[derive(Clone, Copy, Debug)]
pub struct Decision {
    /// When.
    pub at: Timestamp,
    /// About what.
    pub subject: Subject,
    /// What.
    pub verdict: Verdict,
}

/// An order with what became of it.
#[derive(Clone, Debug)]
pub struct Order {
    /// As approved.
    pub ticket: Ticket,
    /// Since when the venue has it.
    pub there: Option<Timestamp>,
    /// Its fills within the span.
    pub fills: Vec<(Timestamp, Fill)>,
    /// How it ended, where not by filling whole.
    pub ended: Option<(OrderState, String)>,
    /// Was it open when the span began?
    pub carried: bool,
}

impl Order {
    /// What was filled.
    #[must_use]
    pub fn filled(&self) -> Qty {
        self.fills.iter().fold(Qty::ZERO, |sum, (_, fill)| sum.saturating_add(fill.qty))
    }
    /// What was paid to the venue.
    #[must_use]
    pub fn fees(&self) -> Money {
        self.fills.iter().fold(Money::ZERO, |sum, (_, fill)| sum.saturating_add(fill.fee))
    }
    /// When it first traded.
    #[must_use]
    pub fn first(&self) -> Option<Timestamp> {
        self.fills.first().map(|(at, _)| *at)
    }
}

/// What is known of a run.
#[derive(Clone, Debug, Default)]
pub struct Story {
    /// When the span began.
    pub from: Timestamp,
    /// Everybody.
    pub accounts: BTreeMap<Account, Who>,
    /// The catalog.
    pub instruments: BTreeMap<InstrumentId, Instrument>,
    /// Accounts that copy, are sleeves, or moved money to one.
    pub copying: BTreeSet<Account>,
    /// Prices adopted, all of an instant in their order; before the span the last of each instrument only.
    pub marks: BTreeMap<InstrumentId, BTreeMap<Timestamp, Vec<Price>>>,
    /// Orders that were open when the span began or came in it.
    pub orders: BTreeMap<OrderId, Order>,
    /// Decisions in the span.
    pub decisions: Vec<Decision>,
    /// What the platform charged in the span, less what it gave back.
    pub charged: BTreeMap<Account, Money>,
    /// What was closed by a settlement for good in the span: how much was held, below zero where short, at which price.
    pub settled: Vec<(Account, InstrumentId, Qty, Price)>,
    /// What was held when the span began, below zero where short.
    pub held: BTreeMap<(Account, InstrumentId), Qty>,
    /// What is held now.
    now_held: BTreeMap<(Account, InstrumentId), Qty>,
}

impl Story {
    /// Begins the span: what came so far is what went before.
    pub fn begin(&mut self, from: Timestamp) {
        self.from = from;
        self.held = self.now_held.clone();
        self.decisions.clear();
        self.charged.clear();
        self.settled.clear();
        for marks in self.marks.values_mut() {
            let last = marks.pop_last();
            marks.clear();
            marks.extend(last);
        }
        self.orders.retain(|_, order| {
            order.carried = true;
            let open = order.ended.is_none() && order.filled() < order.ticket.qty;
            order.ticket.qty = order.ticket.qty.saturating_sub(order.filled());
            order.fills.clear();
            open
        });
    }

    /// Takes the next batch of its partition.
    ///
    /// # Errors
    /// [`Damage::Unreadable`] when its events cannot be read.
    pub fn take(&mut self, batch: &Batch) -> Result<(), Damage> {
        let mut at = batch.at;
        for event in batch.events()? {
            if let Event::Clock { at: moved } = event {
                at = moved;
            }
            self.event(batch.partition, at, event);
        }
        Ok(())
    }

    /// The price that was known of an instrument at an instant, of the last event of it.
    #[must_use]
    pub fn shown(&self, instrument: InstrumentId, at: Timestamp) -> Option<Price> {
        let (_, prices) = self.marks.get(&instrument)?.range(..=at).next_back()?;
        prices.last().copied()
    }

    /// The last price of an instrument.
    #[must_use]
    pub fn last(&self, instrument: InstrumentId) -> Option<Price> {
        self.shown(instrument, Timestamp(i64::MAX))
    }

    fn event(&mut self, partition: PartitionId, at: Timestamp, event: Event) {
        let of = |no: AccountNo| (partition, no);
        match event {
            Event::AccountOpened { id, no, tier, .. } => {
                self.accounts.insert(of(no), Who { id, tier });
            }
            Event::SettingsChanged { account, change } => {
                if let (nija_core::desk::event::Setting::Tier(tier), Some(who)) =
                    (change, self.accounts.get_mut(&of(account)))
                {
                    who.tier = tier;
                }
            }
            Event::Listed { instrument } => {
                self.instruments.insert(instrument.id, instrument);
            }
            Event::Marked { instrument, price } => {
                let prices = self.marks.entry(instrument).or_default().entry(at).or_default();
                // Every partition adopts the same prices.
                if !prices.contains(&price) {
                    prices.push(price);
                }
            }
            Event::Filled { order, fill, .. } => self.fill(partition, at, order, fill),
            Event::Acknowledged { order } => {
                if let Some(order) = self.orders.get_mut(&order) {
                    order.there = Some(at);
                }
            }
            Event::Closed { order, state, why } => {
                if let Some(order) = self.orders.get_mut(&order) {
                    order.ended = Some((state, why));
                }
            }
            Event::Billed { account, fee, .. } => {
                let charged = self.charged.entry(of(account)).or_default();
                *charged = charged.saturating_add(fee.total());
            }
            Event::Settled { account, instrument, price, qty, last: true, .. } => {
                self.now_held.remove(&(of(account), instrument));
                self.settled.push((of(account), instrument, qty, price));
            }
            Event::Swapped { account, half: Half { instrument, side, qty, .. }, .. } => {
                self.hold((of(account), instrument), side, qty);
            }
            Event::Followed { sleeve, parent, .. } => {
                self.copying.extend([of(sleeve), of(parent)]);
            }
            event => self.decide(partition, at, event),
        }
    }

    fn decide(&mut self, partition: PartitionId, at: Timestamp, event: Event) {
        let subject = |no, whose, instrument, buys| {
            let account = (partition, no);
            Subject { account, whose, instrument, buys }
        };
        let (subject, verdict) = match event {
            Event::Approved { ticket, .. } => {
                let (whose, buys) = (Whose::of(ticket.origin), ticket.side == Side::Buy);
                let of = subject(ticket.account, whose, Some(ticket.instrument), Some(buys));
                let (order, qty) = (ticket.id, ticket.qty);
                let (limit, stop) = (ticket.order_type.limit(), ticket.order_type.stop());
                let (there, ended, fills) = (None, None, Vec::new());
                let fresh = Order { ticket, there, fills, ended, carried: false };
                self.orders.insert(order, fresh);
                (of, Verdict::Approved { order, qty, limit, stop })
            }
            Event::Refused { account, wish, refusal, .. } => {
                let (whose, buys) = (Whose::of(wish.origin), wish.side == Side::Buy);
                let of = subject(account, whose, Some(wish.instrument), Some(buys));
                (of, Verdict::Refused(refusal.code))
            }
            Event::Skipped { account, signal, why } => {
                let whose = Whose::Strategy(signal.strategy);
                let buys = !matches!(signal.action, Action::Short { .. });
                let of = subject(account, whose, Some(signal.instrument), Some(buys));
                (of, Verdict::Skipped(why))
            }
            Event::Halted { account, code, .. } => {
                (subject(account, Whose::Desk, None, None), Verdict::Halted(code))
            }
            Event::Killed { scope, by: Actor::Platform, .. } => {
                let of = subject(AccountNo::HOUSE, Whose::Desk, None, None);
                (of, Verdict::Stopped(scope))
            }
            _ => return,
        };
        self.decisions.push(Decision { at, subject, verdict });
    }

    fn fill(&mut self, partition: PartitionId, at: Timestamp, id: OrderId, fill: Fill) {
        let Some(order) = self.orders.get_mut(&id) else { return };
        order.fills.push((at, fill));
        if order.ticket.swap.is_none() {
            let of = ((partition, order.ticket.account), order.ticket.instrument);
            let side = order.ticket.side;
            self.hold(of, side, fill.qty);
        }
    }

    fn hold(&mut self, of: (Account, InstrumentId), side: Side, qty: Qty) {
        let held = self.now_held.entry(of).or_default();
        *held = match side {
            Side::Buy => held.saturating_add(qty),
            Side::Sell => held.saturating_sub(qty),
        };
    }
}
