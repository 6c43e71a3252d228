//! What a journal says of a span: who decided what when, what became of orders, and at which prices. Paper run and
//! re-run are told in the same words.

use nija_core::copy::lead::CopySkip;
use nija_core::copy::sleeve::StopCause;
use nija_core::desk::event::{CopyChange, Event, Half, Setting, Skip};
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
use std::collections::BTreeMap;

/// About whom something was decided. By id: two runs may open accounts in another order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Account {
    /// All accounts of a desk.
    All(PartitionId),
    /// One of them.
    Of(AccountId),
}

/// Who it is.
#[derive(Clone, Copy, Debug)]
pub struct Who {
    /// Its id.
    pub id: AccountId,
    /// Its tier, as of the end.
    pub tier: Tier,
    /// Whom it copies, where it is a sleeve.
    pub copies: Option<Copies>,
}

/// What a sleeve is for.
#[derive(Clone, Copy, Debug)]
pub struct Copies {
    /// The account that is copied.
    pub leader: AccountId,
    /// The follower's main account.
    pub owner: AccountId,
    /// The last lead before it began: what copies that one, or an earlier one, is no copy of a fill.
    heard: u64,
}

impl Who {
    /// The main account of its owner: itself, unless it is a sleeve.
    #[must_use]
    pub fn owner(&self) -> AccountId {
        self.copies.map_or(self.id, |copies| copies.owner)
    }
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
    /// A lead led to nothing.
    Uncopied(CopySkip),
    /// A sleeve stopped: it lost as much as its follower allows.
    Left,
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
            Self::Skipped(_) | Self::Uncopied(_) => "skipped",
            Self::Left => "stop_loss",
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
    /// The leader's order behind it, where a lead asked for it.
    pub led: Option<OrderId>,
}

/// An order with what became of it.
#[derive(Clone, Debug)]
pub struct Order {
    /// Whose.
    pub account: AccountId,
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
    pub accounts: BTreeMap<AccountId, Who>,
    /// Numbers of accounts at their desks.
    pub numbers: BTreeMap<(PartitionId, AccountNo), AccountId>,
    /// The catalog.
    pub instruments: BTreeMap<InstrumentId, Instrument>,
    /// Prices adopted, all of an instant in their order; before the span the last of each instrument only.
    pub marks: BTreeMap<InstrumentId, BTreeMap<Timestamp, Vec<Price>>>,
    /// Orders that were open when the span began or came in it.
    pub orders: BTreeMap<OrderId, Order>,
    /// Decisions in the span.
    pub decisions: Vec<Decision>,
    /// What the platform charged in the span, less what it gave back.
    pub charged: BTreeMap<AccountId, Money>,
    /// What was closed by a settlement for good in the span: how much was held, below zero where short, at which price.
    pub settled: Vec<(AccountId, InstrumentId, Qty, Price)>,
    /// What was held when the span began, below zero where short.
    pub held: BTreeMap<(AccountId, InstrumentId), Qty>,
    /// What is held now.
    now_held: BTreeMap<(AccountId, InstrumentId), Qty>,
    /// The orders behind leads that a partition has heard.
    leads: BTreeMap<(PartitionId, AccountId, u64), OrderId>,
}

impl Story {
    /// Begins the span: what came so far is what went before.
    pub fn begin(&mut self, from: Timestamp) {
        self.from = from;
        self.held = self.now_held.clone();
        self.decisions.clear();
        self.charged.clear();
        self.settled.clear();
        // The last lead of each leader may have been heard in part.
        let last: BTreeMap<_, _> =
            self.leads.keys().map(|&(desk, leader, no)| ((desk, leader), no)).collect();
        self.leads.retain(|(desk, leader, no), _| last.get(&(*desk, *leader)) == Some(no));
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

    fn account(&self, partition: PartitionId, no: AccountNo) -> Option<AccountId> {
        self.numbers.get(&(partition, no)).copied()
    }

    fn event(&mut self, partition: PartitionId, at: Timestamp, event: Event) {
        match event {
            Event::AccountOpened { id, no, tier, .. } => {
                self.numbers.insert((partition, no), id);
                self.accounts.insert(id, Who { id, tier, copies: None });
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
            Event::Filled { order, fill, .. } => self.fill(at, order, fill),
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
            Event::LeadHeard { lead, .. } => {
                self.leads.insert((partition, lead.leader, lead.no), lead.order);
            }
            Event::Killed { scope, by: Actor::Platform, .. } => {
                let subject = Subject {
                    account: Account::All(partition),
                    whose: Whose::Desk,
                    instrument: None,
                    buys: None,
                };
                let verdict = Verdict::Stopped(scope);
                self.decisions.push(Decision { at, subject, verdict, led: None });
            }
            event => {
                let account = event.account().and_then(|no| self.account(partition, no));
                if let Some(account) = account {
                    self.change(partition, account, &event);
                    self.decide(partition, at, account, event);
                }
            }
        }
    }

    /// What changes about an account otherwise than by a decision.
    fn change(&mut self, partition: PartitionId, account: AccountId, event: &Event) {
        match event {
            Event::SettingsChanged { change: Setting::Tier(tier), .. } => {
                // Sleeves go with their owner.
                let family = self.accounts.values_mut().filter(|who| who.owner() == account);
                family.for_each(|who| who.tier = *tier);
            }
            Event::Billed { fee, .. } => {
                let charged = self.charged.entry(account).or_default();
                *charged = charged.saturating_add(fee.total());
            }
            Event::Settled { instrument, price, qty, last: true, .. } => {
                self.now_held.remove(&(account, *instrument));
                self.settled.push((account, *instrument, *qty, *price));
            }
            Event::Swapped { half: Half { instrument, side, qty, .. }, .. } => {
                self.hold((account, *instrument), *side, *qty);
            }
            Event::Followed { parent, leader, heard, .. } => {
                let owner = self.account(partition, *parent);
                if let (Some(who), Some(owner)) = (self.accounts.get_mut(&account), owner) {
                    who.copies = Some(Copies { leader: *leader, owner, heard: *heard });
                }
            }
            _ => {}
        }
    }

    fn decide(&mut self, partition: PartitionId, at: Timestamp, account: AccountId, event: Event) {
        let subject = |whose, instrument, side: Option<Side>| {
            let (account, buys) = (Account::Of(account), side.map(|side| side == Side::Buy));
            Subject { account, whose, instrument, buys }
        };
        let led = |origin| match origin {
            Origin::Copy { lead, .. } => self.led(partition, account, lead),
            _ => None,
        };
        let (subject, verdict, led) = match event {
            Event::Approved { ticket, .. } => {
                let whose = Whose::of(ticket.origin);
                let of = subject(whose, Some(ticket.instrument), Some(ticket.side));
                let led = led(ticket.origin);
                let (order, qty) = (ticket.id, ticket.qty);
                let (limit, stop) = (ticket.order_type.limit(), ticket.order_type.stop());
                let (there, ended, fills) = (None, None, Vec::new());
                let fresh = Order { account, ticket, there, fills, ended, carried: false };
                self.orders.insert(order, fresh);
                (of, Verdict::Approved { order, qty, limit, stop }, led)
            }
            Event::Refused { wish, refusal, .. } => {
                let of = subject(Whose::of(wish.origin), Some(wish.instrument), Some(wish.side));
                (of, Verdict::Refused(refusal.code), led(wish.origin))
            }
            Event::Skipped { signal, why, .. } => {
                let short = matches!(signal.action, Action::Short { .. });
                let side = if short { Side::Sell } else { Side::Buy };
                let whose = Whose::Strategy(signal.strategy);
                (subject(whose, Some(signal.instrument), Some(side)), Verdict::Skipped(why), None)
            }
            Event::CopySkipped { lead, instrument, side, why, .. } => {
                let led = self.led(partition, account, lead);
                (subject(Whose::Copy, Some(instrument), Some(side)), Verdict::Uncopied(why), led)
            }
            Event::Halted { code, .. } => {
                (subject(Whose::Desk, None, None), Verdict::Halted(code), None)
            }
            Event::CopyChanged { change: CopyChange::Stopping(StopCause::StopLoss), .. } => {
                (subject(Whose::Desk, None, None), Verdict::Left, None)
            }
            _ => return,
        };
        self.decisions.push(Decision { at, subject, verdict, led });
    }

    /// The leader's order behind a lead that a sleeve heard.
    fn led(&self, partition: PartitionId, sleeve: AccountId, lead: u64) -> Option<OrderId> {
        let copies = self.accounts.get(&sleeve)?.copies.filter(|copies| lead > copies.heard)?;
        self.leads.get(&(partition, copies.leader, lead)).copied()
    }

    fn fill(&mut self, at: Timestamp, id: OrderId, fill: Fill) {
        let Some(order) = self.orders.get_mut(&id) else { return };
        order.fills.push((at, fill));
        if order.ticket.swap.is_none() {
            let (of, side) = ((order.account, order.ticket.instrument), order.ticket.side);
            self.hold(of, side, fill.qty);
        }
    }

    fn hold(&mut self, of: (AccountId, InstrumentId), side: Side, qty: Qty) {
        let held = self.now_held.entry(of).or_default();
        *held = match side {
            Side::Buy => held.saturating_add(qty),
            Side::Sell => held.saturating_sub(qty),
        };
    }
}
