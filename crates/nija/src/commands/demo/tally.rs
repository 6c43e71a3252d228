//! What the demo tells: counted from the journal, so that it can say nothing that did not happen.

use super::income::Income;
use super::people::People;
use nija_core::desk::answer::{AccountView, MarketView, Query, View};
use nija_core::desk::event::Event;
use nija_core::ledger::chart::Book;
use nija_core::ports::{Desks, Journal};
use nija_core::risk::kill::Scope;
use nija_core::risk::refusal::Code;
use nija_core::words::conditions::Regime;
use nija_core::words::id::{AccountId, AccountNo, InstrumentId, OrderId, PartitionId, Seq};
use nija_core::words::instrument::{AssetClass, Instrument};
use nija_core::words::order::Purpose;
use nija_core::words::signal::StrategyName;
use nija_core::words::tier::Tier;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

/// The weeks of the crash, as texts of time sort.
const CRASH: std::ops::Range<&str> = "2020-02-20".."2020-04-02";
/// Batches read at a time.
const STRIDE: usize = 512;

#[derive(Default)]
struct Counts {
    entries: u64,
    exits: u64,
    fills: u64,
    refused: u64,
    skipped: u64,
    last: String,
}

/// Counts of a run.
pub(super) struct Tally {
    journal: Arc<dyn Journal>,
    tiers: Vec<(Tier, AccountId)>,
    symbols: BTreeMap<InstrumentId, String>,
    classes: BTreeMap<InstrumentId, AssetClass>,
    /// Classes whose entries are stopped now.
    stopped: Vec<AssetClass>,
    exits_while_stopped: u64,
    exits_in_the_crash: u64,
    read: BTreeMap<PartitionId, Seq>,
    accounts: BTreeMap<(PartitionId, AccountNo), AccountId>,
    counts: BTreeMap<AccountId, Counts>,
    strategies: BTreeMap<StrategyName, u64>,
    orders: BTreeMap<OrderId, StrategyName>,
    codes: BTreeMap<Code, u64>,
    regimes: Vec<(String, Regime)>,
    switches: Vec<String>,
    income: Income,
}

impl Tally {
    pub(super) fn new(
        journal: Arc<dyn Journal>,
        people: &People,
        instruments: &[Instrument],
    ) -> Self {
        Self {
            journal,
            tiers: people.accounts.iter().map(|(tier, user)| (*tier, user.account)).collect(),
            symbols: instruments.iter().map(|row| (row.id, row.symbol.clone())).collect(),
            classes: instruments.iter().map(|row| (row.id, row.class)).collect(),
            stopped: Vec::new(),
            exits_while_stopped: 0,
            exits_in_the_crash: 0,
            read: BTreeMap::new(),
            accounts: BTreeMap::new(),
            counts: BTreeMap::new(),
            strategies: BTreeMap::new(),
            orders: BTreeMap::new(),
            codes: BTreeMap::new(),
            regimes: Vec::new(),
            switches: Vec::new(),
            income: Income::default(),
        }
    }

    /// Reads what the journal has gained.
    pub(super) async fn read(&mut self) -> anyhow::Result<()> {
        for partition in self.journal.partitions().await? {
            loop {
                let after = self.read.get(&partition).copied().unwrap_or_default();
                let batches = self.journal.read(partition, after, STRIDE).await?;
                let Some(last) = batches.last() else { break };
                self.read.insert(partition, last.seq);
                for batch in &batches {
                    let mut at = batch.at;
                    for event in batch.events()? {
                        if let Event::Clock { at: now } = event {
                            at = now;
                        }
                        self.count(partition, &event, &at.to_string());
                    }
                }
            }
        }
        Ok(())
    }

    fn count(&mut self, partition: PartitionId, event: &Event, at: &str) {
        self.income.count(event);
        if let Event::AccountOpened { id, no, .. } = event {
            self.accounts.insert((partition, *no), *id);
        }
        // What a copy does is its owner's.
        if let Event::Followed { sleeve, parent, .. } = event
            && let Some(owner) = self.accounts.get(&(partition, *parent)).copied()
        {
            self.accounts.insert((partition, *sleeve), owner);
        }
        let account = event.account().and_then(|no| self.accounts.get(&(partition, no)).copied());
        let counts = account.map(|id| self.counts.entry(id).or_default());
        match event {
            Event::Approved { ticket, .. } => {
                if let Some(strategy) = Event::strategy(ticket.origin) {
                    self.orders.insert(ticket.id, strategy);
                }
                let is_exit = ticket.purpose == Purpose::Exit;
                self.exits_in_the_crash += u64::from(is_exit && CRASH.contains(&at));
                let class = self.classes.get(&ticket.instrument);
                if is_exit && class.is_some_and(|c| self.stopped.contains(c)) {
                    self.exits_while_stopped += 1;
                }
                if let Some(counts) = counts {
                    match ticket.purpose {
                        Purpose::Entry => counts.entries += 1,
                        Purpose::Exit => counts.exits += 1,
                    }
                }
            }
            Event::Filled { order, .. } => {
                if let Some(strategy) = self.orders.get(order) {
                    *self.strategies.entry(*strategy).or_default() += 1;
                }
            }
            Event::Refused { wish, refusal, .. } => {
                *self.codes.entry(refusal.code).or_default() += 1;
                if let Some(counts) = counts {
                    counts.refused += 1;
                    let symbol = self.symbols.get(&wish.instrument).map_or("?", String::as_str);
                    counts.last = format!("{symbol}: {refusal}");
                }
            }
            Event::Skipped { .. } => {
                if let Some(counts) = counts {
                    counts.skipped += 1;
                }
            }
            _ if partition == PartitionId(0) => self.count_market(event, at),
            _ => {}
        }
        if let Event::Filled { entry, .. } = event
            && let Some(leg) = entry.legs().first()
            && let Some(id) = self.accounts.get(&(partition, leg.account))
        {
            self.counts.entry(*id).or_default().fills += 1;
        }
    }

    /// What every partition records alike is counted once.
    fn count_market(&mut self, event: &Event, at: &str) {
        let day: String = at.chars().take(10).collect();
        match event {
            Event::ConditionsRead { conditions } => {
                if let Some(regime) = conditions.regime
                    && self.regimes.last().is_none_or(|(_, last)| *last != regime)
                {
                    self.regimes.push((day, regime));
                }
            }
            Event::Killed { scope, reason, .. } if !matches!(scope, Scope::Account(_)) => {
                if let Scope::Class(class) = scope {
                    self.stopped.push(*class);
                }
                self.switches.push(format!("{day} entries of {scope} stopped: {reason}"));
            }
            Event::Rearmed { scope, reason, .. } if !matches!(scope, Scope::Account(_)) => {
                self.stopped.retain(|class| *scope != Scope::Class(*class));
                self.switches.push(format!("{day} {scope} re-armed: {reason}"));
            }
            _ => {}
        }
    }

    /// The state of all demo accounts, as a table.
    pub(super) async fn table(&self, desks: &impl Desks) -> anyhow::Result<String> {
        let mut text = String::new();
        if let View::Market(market) = desks.query(Query::Market).await? {
            text.push_str(&self.headline(&market));
        }
        for (tier, id) in &self.tiers {
            if let View::Account(view) = desks.query(Query::Account(*id)).await? {
                self.row(&mut text, *tier, &view);
            }
        }
        Ok(text)
    }

    fn headline(&self, market: &MarketView) -> String {
        let mut text = String::new();
        let regime = market.conditions.and_then(|c| c.regime).map_or("not known yet", Regime::name);
        let score = |class| {
            let score = market.conditions.and_then(|c| c.volatility(class));
            score.map_or("-".to_owned(), |s| s.to_string())
        };
        let (crypto, equity) = (score(AssetClass::Crypto), score(AssetClass::Equity));
        let day: String = market.now.to_string().chars().take(10).collect();
        let _ = writeln!(
            text,
            "{day}  regime {regime}  volatility crypto {crypto} equity {equity}{}",
            market
                .pressed
                .iter()
                .fold(String::new(), |all, p| format!("{all}  STOPPED {}", p.scope)),
        );
        let _ = writeln!(
            text,
            "  {:<9}{:>12}{:>9}  {:<19}{:>4}{:>8}{:>7}{:>7}{:>8}  last refusal",
            "tier",
            "equity",
            "gain",
            "crypto/eq/der/cash",
            "pos",
            "entries",
            "exits",
            "fills",
            "refused"
        );
        text
    }

    fn row(&self, text: &mut String, tier: Tier, view: &AccountView) {
        let none = Counts::default();
        let counts = self.counts.get(&view.id).unwrap_or(&none);
        let own = view.books.balance(Book::Capital).negated();
        // What lies in copies is part of the equity, too.
        let capital =
            view.sleeves.iter().fold(own, |sum, sleeve| sum.saturating_add(sleeve.paid_in));
        let gain = view
            .equity
            .saturating_sub(capital)
            .percent_of(capital, nija_core::words::fixed::Round::HalfEven)
            .unwrap_or_default();
        let split = format!(
            "{:.0}/{:.0}/{:.0}/{:.0}",
            view.split.class(AssetClass::Crypto),
            view.split.class(AssetClass::Equity),
            view.split.class(AssetClass::Derivatives),
            view.split.cash(),
        );
        let copied = view.sleeves.iter().map(|sleeve| sleeve.positions.len()).sum::<usize>();
        let halted = if view.drawdown_halt { " HALTED" } else { "" };
        let last: String = counts.last.chars().take(96).collect();
        let _ = writeln!(
            text,
            "  {:<9}{:>12.2}{:>8.1}%  {:<19}{:>4}{:>8}{:>7}{:>7}{:>8}  {last}{halted}",
            tier.name(),
            view.equity,
            gain,
            split,
            view.positions.len() + copied,
            counts.entries,
            counts.exits,
            counts.fills,
            counts.refused,
        );
    }

    /// What the whole run was.
    pub(super) async fn closing(
        &self,
        desks: &impl Desks,
        partitions: u16,
    ) -> anyhow::Result<String> {
        let mut text = String::from("\nRegimes:\n");
        for (day, regime) in &self.regimes {
            let _ = writeln!(text, "  {day} {}", regime.name());
        }
        text.push_str("Fills by strategy:\n");
        for (strategy, fills) in &self.strategies {
            let _ = writeln!(text, "  {:<26}{fills}", strategy.name());
        }
        text.push_str("Refusals by reason:\n");
        for (code, count) in &self.codes {
            let _ = writeln!(text, "  {:<26}{count}", code.name());
        }
        text.push_str("Kill switches:\n");
        for line in &self.switches {
            let _ = writeln!(text, "  {line}");
        }
        let exits = self.exits_in_the_crash;
        let _ = writeln!(text, "Exits approved from 20 February to 1 April 2020: {exits}");
        let exits = self.exits_while_stopped;
        let _ = writeln!(text, "Exits approved while their class was stopped: {exits}");
        text.push_str(&self.income.told(desks, partitions).await?);
        Ok(text)
    }
}
