//! The desk: one writer of all accounts of a partition. Inputs in, events and held effects out.
//!
//! `take` decides, writes the events down and applies them; `seal` closes the batch and locks its effects until
//! [`crate::commit::commit`]. Recovery applies what the journal holds and decides nothing. What `take` has done is
//! not durable before the commit: answers wait for it.

mod account;
pub mod alarm;
pub mod answer;
pub mod apply;
mod billing;
mod blocks;
mod bookkeeping;
pub mod breaker;
mod calm;
mod claims;
mod contracts;
mod copying;
mod crossings;
pub mod discrepancy;
mod ended;
pub mod event;
mod exits;
mod family;
mod following;
pub mod held;
mod ink;
pub mod input;
mod keys;
mod leading;
mod listing;
mod loops;
mod market;
mod orders;
mod own;
mod quotes;
mod reports;
mod rolling;
mod settings;
mod signals;
mod state;
mod straddles;
mod subscribing;
mod swaps;
mod switches;
pub mod tally;
mod view;

use crate::billing::plans::Plans;
use crate::journal::{Batch, Damage, Hash, Head};
use crate::ports::Snapshot;
use crate::words::id::{AccountId, AccountNo, InstrumentId, OrderId, PartitionId};
use crate::words::money::{Money, Pct, Price};
use crate::words::order::{OrderState, Ticket};
use crate::words::signal::StrategyName;
use crate::words::tier::{Tier, TierRules, TierTable};
use crate::words::time::Timestamp;
use alarm::Alarm;
use answer::Answer;
use apply::Broken;
use blocks::Blocks;
use calm::Calm;
use event::Event;
use held::{Act, Held, Pending};
use input::{Command, Input, Key};
use state::State;
use std::collections::BTreeMap;
use std::sync::Arc;
use tally::Tally;

/// Numbers that hold for every account, beside the tier table.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The tier table.
    pub tiers: TierTable,
    /// Equity below which nothing trades.
    pub min_balance: Money,
    /// What an entry claims beyond its worth, for slippage and fees.
    pub buffer: Pct,
    /// How far a buy limit may stand above the mark: crypto, equity, derivatives.
    pub collars: [Pct; 3],
    /// Both for options, whose premiums move and are spread more than prices.
    pub premium_slack: Pct,
    /// Most open orders of an account.
    pub max_open_orders: u16,
    /// Does the venue hold orders until its session opens?
    pub queues_when_closed: bool,
    /// Numbers of billing: what is charged, to whom, and when it is due.
    pub plans: Plans,
}

impl Rules {
    /// The decided numbers over the tables of tiers and plans.
    #[must_use]
    pub const fn new(tiers: TierTable, plans: Plans, min_balance: Money) -> Self {
        Self {
            tiers,
            plans,
            min_balance,
            buffer: Pct::whole(1),
            collars: [Pct::whole(10), Pct::whole(5), Pct::whole(5)],
            premium_slack: Pct::whole(25),
            max_open_orders: 200,
            queues_when_closed: true,
        }
    }
}

/// Memory that no event covers: order rate and the last order, lost at a restart on purpose.
#[derive(Clone, Copy, Debug, Default)]
struct Pulse {
    /// When the order rate is used up to.
    busy_until: i64,
    /// Fingerprint of the last order without a key, and when it came.
    last: (u64, Timestamp),
    /// Entries that may still leave.
    entries: breaker::Allowance,
    /// Entries that strategies sent since the last fill.
    unfilled: u16,
}

/// A partition's single writer.
pub struct Desk {
    partition: PartitionId,
    rules: Arc<Rules>,
    state: State,
    pulses: Blocks<Pulse>,
    head: Head,
    epoch: crate::words::id::Epoch,
    /// Time of the input at hand; the state's own clock follows with the next event.
    clock: Timestamp,
    next_roll: Timestamp,
    body: ink::Ink,
    count: u32,
    began: Timestamp,
    pending: Vec<Pending>,
    alarms: Vec<Alarm>,
    /// Entries of all accounts that may still leave.
    entries: breaker::Allowance,
    /// Why accounts have no part in what is said every moment: told once.
    noes: BTreeMap<(AccountNo, StrategyName, InstrumentId), quotes::No>,
    /// Why every partition must stop, until that was taken.
    tripped: Option<String>,
    /// Prices that need no look, until something is written down.
    calm: Option<Calm>,
    /// The lead whose sleeves have their turns now.
    turns: following::Turns,
    /// The last lead of each leader that was told here since this desk began.
    told: BTreeMap<AccountId, u64>,
    /// Was a parcel put into the outbox since the last batch?
    sent: bool,
    broken: Option<Broken>,
    tally: Tally,
}

/// Cancelled orders that a venue is asked about again after reports were lost.
const CANCELLED_ASKED: usize = 256;
/// Body bytes after which a batch should be sealed.
pub const BATCH_BYTES: usize = 256 * 1024;

impl Desk {
    /// An empty desk.
    #[must_use]
    pub fn new(partition: PartitionId, rules: Arc<Rules>) -> Self {
        Self {
            partition,
            rules,
            state: State::default(),
            noes: BTreeMap::new(),
            pulses: Blocks::default(),
            head: Head::default(),
            epoch: crate::words::id::Epoch(0),
            clock: Timestamp::EPOCH,
            next_roll: Timestamp(i64::MAX),
            body: ink::Ink::Body(Vec::new()),
            count: 0,
            began: Timestamp::EPOCH,
            pending: Vec::new(),
            alarms: Vec::new(),
            entries: breaker::Allowance::default(),
            tripped: None,
            calm: None,
            turns: following::Turns::default(),
            told: BTreeMap::new(),
            sent: false,
            broken: None,
            tally: Tally::empty(),
        }
    }

    /// The same for a run that nobody reads again: its batches hold their events as they are, which are neither written
    /// nor hashed, and only a journal that forgets takes them.
    #[must_use]
    pub fn unwritten(mut self) -> Self {
        self.body = ink::Ink::Told(Vec::new());
        self
    }

    /// A desk as its snapshot kept it.
    ///
    /// # Errors
    /// [`Damage::Altered`] when the state does not match its hash, [`Damage::Unreadable`] when it cannot be read.
    pub fn restore(snapshot: &Snapshot, rules: Arc<Rules>) -> Result<Self, Damage> {
        if *blake3::hash(&snapshot.body).as_bytes() != snapshot.state {
            return Err(Damage::Altered);
        }
        let mut state: State =
            minicbor::decode(&snapshot.body).map_err(|e| Damage::Unreadable(e.to_string()))?;
        state.index();
        let mut desk = Self::new(snapshot.partition, rules);
        desk.pulses.grow_to(state.accounts.len());
        desk.clock = state.now;
        desk.state = state;
        desk.head = snapshot.head;
        desk.epoch = snapshot.head.epoch;
        desk.next_roll = Timestamp::EPOCH;
        Ok(desk)
    }

    /// Follows a batch of the journal: checks its chain and applies its events. Decides nothing.
    ///
    /// # Errors
    /// [`Damage`] when the batch is not the next one, not what was written, or does not fit the state.
    pub fn replay(&mut self, batch: &Batch) -> Result<(), Damage> {
        if batch.partition != self.partition {
            return Err(Damage::Unchained);
        }
        let head = batch.follows(&self.head)?;
        if batch.at < self.state.now {
            return Err(Damage::Unreadable(Broken::Clock.to_string()));
        }
        self.calm = None;
        self.state.now = batch.at;
        batch.each(|event, _| {
            self.state.apply(&event).map_err(|broken| Damage::Unreadable(broken.to_string()))
        })?;
        self.pulses.grow_to(self.state.accounts.len());
        self.head = head;
        self.epoch = head.epoch;
        self.clock = self.state.now;
        // Days may have ended meanwhile: the next input looks.
        self.next_roll = Timestamp::EPOCH;
        Ok(())
    }

    /// Which partition this is.
    #[must_use]
    pub const fn partition(&self) -> PartitionId {
        self.partition
    }
    /// The rules it decides by.
    #[must_use]
    pub const fn rules(&self) -> &Arc<Rules> {
        &self.rules
    }
    /// Goes on counting, for those who watch, where a desk of the partition that is given up had come.
    #[must_use]
    pub fn counting_on(mut self, from: &Self) -> Self {
        self.tally = from.tally.clone();
        self
    }
    /// The last sealed batch.
    #[must_use]
    pub const fn head(&self) -> &Head {
        &self.head
    }
    /// How many accounts it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.state.accounts.len()
    }
    /// Does it hold no account?
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.state.accounts.is_empty()
    }
    /// Is there something to seal?
    #[must_use]
    pub const fn is_dirty(&self) -> bool {
        self.count > 0
    }
    /// Does an effect wait for the open batch, an order or a parcel?
    #[must_use]
    pub const fn holds_back(&self) -> bool {
        !self.pending.is_empty() || self.sent
    }
    /// Is the batch large enough to be sealed before more is taken?
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.body.len() >= BATCH_BYTES
    }

    /// How often what was decided since this desk began.
    #[must_use]
    pub const fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Sum of all balances of all accounts and of the house, in units of 10^-8 dollars: zero, or something is
    /// badly wrong.
    #[must_use]
    pub fn trial_balance(&self) -> i128 {
        self.books().map(crate::ledger::chart::Books::sum).sum()
    }

    /// Sum of one book over all accounts and the house, in units of 10^-8 dollars.
    #[must_use]
    pub fn book_total(&self, book: crate::ledger::chart::Book) -> i128 {
        self.books().map(|books| i128::from(books.balance(book).raw())).sum()
    }

    fn books(&self) -> impl Iterator<Item = &crate::ledger::chart::Books> {
        let accounts = self.state.accounts.iter().map(|account| &account.books);
        accounts.chain([&self.state.house])
    }

    /// Hash of the whole state: equal on every machine that followed the same journal.
    #[must_use]
    pub fn state_hash(&self) -> Hash {
        *blake3::hash(&self.encoded()).as_bytes()
    }

    fn encoded(&self) -> Vec<u8> {
        let mut body = Vec::new();
        // Writing to memory cannot fail.
        let _ = minicbor::encode(&self.state, &mut body);
        body
    }

    /// The state as of the last sealed batch. `None` while a batch is open.
    #[must_use]
    pub fn snapshot(&self) -> Option<Snapshot> {
        if self.is_dirty() {
            return None;
        }
        let body = self.encoded();
        let state = *blake3::hash(&body).as_bytes();
        Some(Snapshot { partition: self.partition, head: self.head, state, body })
    }

    /// Takes one input that came at `at`. The answer must not leave before the commit.
    ///
    /// # Errors
    /// [`Broken`]: a bug. The desk takes nothing more; its partition stops and recovers.
    pub fn take(&mut self, input: Input, at: Timestamp) -> Result<Answer, Broken> {
        self.wake(at);
        let answer = match input {
            Input::Announce { node, epoch } => {
                self.epoch = epoch;
                self.emit(Event::Announced { node, epoch });
                Answer::Done
            }
            Input::List(instrument) => self.list(instrument),
            Input::Session { hours, open, until } => self.session(hours, open, until),
            Input::Mark { instrument, price } => self.mark(instrument, price),
            Input::Tick { instrument, price } => self.tick(instrument, price),
            Input::Conditions(conditions) => self.conditions(conditions),
            Input::Signal(signal) => self.signal(&signal),
            Input::Report(report) => self.report(report),
            Input::Venue { venue, up } => {
                if self.state.venues_down.contains(&venue) == up {
                    self.emit(Event::VenueChanged { venue, up });
                }
                Answer::Done
            }
            Input::Kill { scope, by, reason, flatten } => self.kill(scope, by, reason, flatten),
            Input::Rearm { scope, by, reason } => self.rearm(scope, by, reason),
            Input::Lead(lead) => self.hear_lead(&lead),
            Input::Delivered { parcel, .. } => self.delivered(parcel),
            Input::Command { account, key, command } => self.command(account, key, command),
        };
        self.close_input().map(|()| answer)
    }

    /// Takes a price, as `take` does with [`Input::Mark`]: of all that comes by far the most are prices. What it
    /// cannot adopt it leaves.
    ///
    /// # Errors
    /// As [`Desk::take`].
    pub fn take_price(
        &mut self,
        instrument: InstrumentId,
        price: Price,
        at: Timestamp,
    ) -> Result<(), Broken> {
        self.wake(at);
        drop(self.mark(instrument, price));
        self.close_input()
    }

    fn wake(&mut self, at: Timestamp) {
        self.clock = self.clock.max(at);
        if self.clock >= self.next_roll {
            self.roll_days();
        }
    }

    /// What every input ends with.
    fn close_input(&mut self) -> Result<(), Broken> {
        if !self.state.due.is_empty() {
            self.send_earned();
        }
        self.broken.map_or(Ok(()), Err)
    }

    fn command(&mut self, id: AccountId, key: Option<Key>, command: Command) -> Answer {
        let Some(no) = self.state.number(id) else {
            return self.open_account(id, command);
        };
        if let Some(key) = key
            && let Some(answer) = self.remembered(no, key)
        {
            return answer;
        }
        let answer = match command {
            Command::Open { .. } => Answer::Declined(answer::Decline::AccountExists),
            Command::Transfer(amount) => self.transfer(no, amount),
            Command::Place(wish) => self.place(no, wish, key.is_some()),
            Command::Signal(signal) => self.hear_own(no, signal),
            Command::Cancel(order) => self.cancel(no, order),
            Command::Set(setting) => self.set(no, setting),
            Command::Kill { by, reason, flatten } => {
                self.kill(crate::risk::kill::Scope::Account(id), by, reason, flatten)
            }
            Command::Rearm { by, reason } => {
                self.rearm(crate::risk::kill::Scope::Account(id), by, reason)
            }
            Command::Adjust { kind, amount, why } => self.adjust(no, kind, amount, why),
            Command::RefundFee => self.refund_fee(no),
            Command::Subscription(request) => self.subscribe(no, &request),
            Command::Lead(change) => self.change_master(no, change),
            Command::Copy { leader, act } => self.copy(no, leader, act),
            Command::Credit { from, parcel, amount } => self.credit(no, from, parcel, amount),
        };
        if let Some(key) = key {
            self.remember(no, key, &answer);
        }
        answer
    }

    /// Writes an event down and applies it.
    fn emit(&mut self, event: Event) {
        if self.broken.is_some() {
            return;
        }
        if self.count == 0 {
            self.state.now = self.clock;
            self.began = self.clock;
        } else if self.state.now < self.clock {
            let clock = Event::Clock { at: self.clock };
            self.write(&clock);
            self.body.tell(clock);
            self.state.now = self.clock;
        }
        self.calm = None;
        self.write(&event);
        self.tally.count(&event);
        if let Err(broken) = self.state.apply(&event) {
            self.broken = Some(broken);
        }
        self.body.tell(event);
    }

    fn write(&mut self, event: &Event) {
        self.body.write(event);
        self.count += 1;
    }

    /// Closes the batch. `None` when nothing happened since the last one.
    pub fn seal(&mut self) -> Option<Held> {
        if self.count == 0 {
            return None;
        }
        let count = core::mem::take(&mut self.count);
        let (partition, epoch, at, head) = (self.partition, self.epoch, self.began, &self.head);
        let batch = match self.body.take() {
            ink::Ink::Body(body) => Batch::chained(partition, epoch, at, head, (count, body)),
            ink::Ink::Told(events) => Batch::told(partition, epoch, at, head, (count, events)),
        };
        self.head = Head { seq: batch.seq, epoch: batch.epoch, at: batch.at, hash: batch.hash };
        let (pending, alarms) = (&mut self.pending, &mut self.alarms);
        let held = Held::new(batch, core::mem::take(pending), core::mem::take(alarms));
        Some(held.sending(core::mem::take(&mut self.sent)))
    }

    fn tier(&self, account: &account::Account) -> &TierRules {
        self.rules.tiers.rules(account.tier)
    }

    /// Lets an approved order leave with this batch, in the account's lane.
    fn release(&mut self, no: AccountNo, act: Act) {
        let Some(account) = self.state.account(no) else {
            return;
        };
        // All who copy a leader stand in one lane, whatever they pay.
        let rules = self.rules.tiers.rules(account.tier);
        let lane = if account.sleeve.is_some() { Tier::Starter } else { account.tier };
        let lane = self.rules.tiers.rules(lane);
        self.pending.push(Pending {
            act,
            tier: rules.tier,
            lane: lane.priority,
            promise: lane.latency_promise(),
            retries: lane.retries,
        });
    }

    /// Orders whose fate a restart left open, for recovery to settle with their venues.
    #[must_use]
    pub fn outstanding(&self) -> Vec<Outstanding> {
        let orders = self.state.orders.values();
        orders
            .map(|open| Outstanding {
                ticket: open.ticket.clone(),
                state: open.state,
                filled: open.filled,
                fills: open.fills.len() as u64,
                cancelling: open.cancelling,
            })
            .collect()
    }

    /// The last orders that were cancelled before all of them was filled: lost reports may have told of a fill.
    #[must_use]
    pub fn cancelled(&self) -> Vec<OrderId> {
        self.state.ended.cancelled(CANCELLED_ASKED)
    }

    /// Asks again for the cancels that a restart may have lost; they leave with the next batch. Cancelling what
    /// is cancelled already does nothing.
    pub fn resume_cancels(&mut self) {
        let open = self.state.orders.values().filter(|open| open.cancelling);
        let lost: Vec<_> =
            open.map(|open| (open.ticket.id, open.ticket.account, open.ticket.venue)).collect();
        for (order, no, venue) in lost {
            self.release(no, Act::Cancel { order, venue });
        }
    }
}

/// An order that can still change, as recovery sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outstanding {
    /// As approved.
    pub ticket: Ticket,
    /// Where it stands.
    pub state: OrderState,
    /// How much of it is filled.
    pub filled: crate::words::money::Qty,
    /// In how many fills.
    pub fills: u64,
    /// Was a cancel asked for?
    pub cancelling: bool,
}
