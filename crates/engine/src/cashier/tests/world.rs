//! A node with subscribers, a till, and the provider.

use super::provider::Provider;
use crate::cashier::{Cashier, Counter, Interrupted};
use crate::clock::Simulated;
use crate::node::tests::{Disk, NOON, Silent};
use crate::node::{self, Handle, Parts};
use crate::partitions::Partitions;
use nija_core::billing::plans::{DEFAULT_PLANS, Plan, Plans};
use nija_core::billing::subscription::Subscription;
use nija_core::billing::subscription::request::Request;
use nija_core::desk::Rules;
use nija_core::desk::answer::{Answer, Query, View};
use nija_core::desk::input::{Command, Input, Key};
use nija_core::ports::control::ControlError;
use nija_core::ports::payments::Payer;
use nija_core::ports::till::{Attempt, OpenCheckout, Till};
use nija_core::ports::{Clock, DeskError, Desks, Doing};
use nija_core::risk::kill::{Actor, Scope};
use nija_core::words::conditions::Conditions;
use nija_core::words::id::{AccountId, Epoch, UserId};
use nija_core::words::money::Money;
use nija_core::words::tier::{DEFAULT_TABLE, Tier, TierTable, Tolerance};
use nija_core::words::time::{Span, Timestamp};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

/// The node's desks, which can be too busy for a change.
pub(super) struct Door {
    handle: Handle,
    refusals: AtomicU32,
}

impl Door {
    /// Does not do the next changes.
    pub(super) fn refuse(&self, times: u32) {
        self.refusals.store(times, Ordering::SeqCst);
    }
}

impl Desks for Door {
    fn command(
        &self,
        account: AccountId,
        key: Option<Key>,
        command: Command,
    ) -> Doing<'_, Result<Answer, DeskError>> {
        let less = |left: u32| left.checked_sub(1);
        match self.refusals.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less) {
            Ok(_) => Box::pin(std::future::ready(Err(DeskError::Busy))),
            Err(_) => self.handle.command(account, key, command),
        }
    }
    fn commands(
        &self,
        account: AccountId,
        commands: Vec<(Option<Key>, Command)>,
    ) -> Doing<'_, Result<Vec<Answer>, DeskError>> {
        self.handle.commands(account, commands)
    }
    fn query(&self, query: Query) -> Doing<'_, Result<View, DeskError>> {
        self.handle.query(query)
    }
    fn kill(
        &self,
        scope: Scope,
        by: Actor,
        reason: String,
        flatten: bool,
    ) -> Doing<'_, Result<(), DeskError>> {
        self.handle.kill(scope, by, reason, flatten)
    }
    fn rearm(&self, scope: Scope, by: Actor, reason: String) -> Doing<'_, Result<(), DeskError>> {
        self.handle.rearm(scope, by, reason)
    }
}

#[derive(Default)]
struct Rows {
    payers: BTreeMap<AccountId, Payer>,
    checkouts: BTreeMap<String, OpenCheckout>,
    attempts: BTreeMap<AccountId, Attempt>,
}

/// A till in memory.
#[derive(Default)]
pub(super) struct Drawer(Mutex<Rows>);

impl Drawer {
    fn with<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut Rows) -> T,
    ) -> Doing<'static, Result<T, ControlError>> {
        let done = act(&mut self.0.lock().unwrap());
        Box::pin(std::future::ready(Ok(done)))
    }
}

impl Till for Drawer {
    fn keep_payer(
        &self,
        account: AccountId,
        payer: Payer,
        _: Timestamp,
    ) -> Doing<'_, Result<(), ControlError>> {
        self.with(|rows| drop(rows.payers.insert(account, payer)))
    }
    fn payer(&self, account: AccountId) -> Doing<'_, Result<Option<Payer>, ControlError>> {
        self.with(|rows| rows.payers.get(&account).cloned())
    }
    fn forget_payer(
        &self,
        account: AccountId,
        _: Timestamp,
    ) -> Doing<'_, Result<(), ControlError>> {
        self.with(|rows| drop(rows.payers.remove(&account)))
    }
    fn remember_checkout(&self, checkout: OpenCheckout) -> Doing<'_, Result<(), ControlError>> {
        self.with(|rows| drop(rows.checkouts.insert(checkout.reference.clone(), checkout)))
    }
    fn forget_checkout<'a>(&'a self, reference: &'a str) -> Doing<'a, Result<(), ControlError>> {
        self.with(|rows| drop(rows.checkouts.remove(reference)))
    }
    fn checkouts<'a>(
        &'a self,
        after: &'a str,
        limit: u32,
    ) -> Doing<'a, Result<Vec<OpenCheckout>, ControlError>> {
        self.with(|rows| {
            let behind = rows.checkouts.values().filter(|of| of.reference.as_str() > after);
            behind.take(limit as usize).cloned().collect()
        })
    }
    fn write_attempt(&self, attempt: Attempt) -> Doing<'_, Result<(), ControlError>> {
        self.with(|rows| {
            rows.attempts.insert(attempt.account, attempt);
        })
    }
    fn attempt(&self, account: AccountId) -> Doing<'_, Result<Option<Attempt>, ControlError>> {
        self.with(|rows| rows.attempts.get(&account).cloned())
    }
}

pub(super) struct World {
    clock: Arc<Simulated>,
    till: Arc<Drawer>,
    cashier: Cashier,
    pub(super) desks: Arc<Door>,
    pub(super) provider: Arc<Provider>,
}

impl World {
    /// A node without trials, and these accounts.
    pub(super) async fn begin(accounts: &[AccountId]) -> Self {
        let clock = Arc::new(Simulated::default());
        clock.advance(NOON);
        let tiers = TierTable::parse(DEFAULT_TABLE).unwrap();
        let strict = DEFAULT_PLANS.replace("trial_days = 14", "trial_days = 0");
        let rules = Rules::new(tiers, Plans::parse(&strict).unwrap(), Money::whole(10));
        let parts = Parts {
            partitions: Partitions::new(2, &Arc::new(rules)),
            journal: Arc::new(Disk::default()),
            clock: clock.clone(),
            bus: Arc::new(Silent),
            parcels: Arc::default(),
            release: Box::new(|_| Vec::new()),
        };
        let (handle, _) = node::start(parts).unwrap();
        let announce = Input::Announce { node: "test".to_owned(), epoch: Epoch(1) };
        handle.slice(vec![announce], NOON).await.unwrap();
        for &account in accounts {
            let open = Command::Open {
                user: UserId(account.0),
                tier: Tier::Paper,
                tolerance: Tolerance::Moderate,
                day_starts: Span::ZERO,
                deposit: Money::whole(1_000),
            };
            assert_eq!(handle.command(account, None, open).await, Ok(Answer::Done));
        }
        let desks = Arc::new(Door { handle, refusals: AtomicU32::new(0) });
        let (till, provider) = (Arc::<Drawer>::default(), Arc::<Provider>::default());
        let cashier = Cashier::new(Counter {
            desks: desks.clone(),
            till: till.clone(),
            payments: provider.clone(),
            clock: clock.clone(),
            issuer: "NIJA".to_owned(),
        });
        Self { clock, till, cashier, desks, provider }
    }

    pub(super) async fn round(&mut self) -> Result<(), Interrupted> {
        self.cashier.round().await
    }

    /// A later day than `NOON`.
    pub(super) async fn days(&self, days: i64) {
        let now = NOON.plus(Span(days * Span::DAY.0 + Span::seconds(1).0));
        self.clock.advance(now);
        let quiet = Input::Conditions(Conditions { at: now, ..Conditions::default() });
        self.desks.handle.slice(vec![quiet], self.clock.now()).await.unwrap();
    }

    pub(super) async fn ask(&self, account: AccountId, request: Request) {
        let command = Command::Subscription(request);
        let answer = self.desks.handle.command(account, None, command).await;
        assert_eq!(answer, Ok(Answer::Done));
    }

    pub(super) async fn subscribe(&self, account: AccountId, plan: Plan) {
        self.ask(account, Request::Subscribe(plan)).await;
    }

    /// Money for the open invoice that came by another way.
    pub(super) async fn pay(&self, account: AccountId, amount: &str, reference: &str) {
        let invoice = self.subscription(account).await.open().unwrap().invoice;
        let (amount, reference) = (amount.parse().unwrap(), reference.to_owned());
        self.ask(account, Request::Pay { invoice, amount, reference }).await;
    }

    pub(super) async fn refund(&self, account: AccountId, amount: &str) {
        let invoice = self.subscription(account).await.paid()[0].invoice;
        let (amount, why) = (amount.parse().unwrap(), "as agreed".to_owned());
        self.ask(account, Request::Refund { invoice, amount, why, ends: false }).await;
    }

    pub(super) async fn subscription(&self, account: AccountId) -> Subscription {
        match self.desks.handle.query(Query::Account(account)).await.unwrap() {
            View::Account(view) => view.subscription.unwrap(),
            other => panic!("{other:?}"),
        }
    }

    /// The payer's method is kept from now on.
    pub(super) fn on_file(&self, account: AccountId) {
        let payer = Payer { customer: "cus_1".to_owned(), method: "pm_1".to_owned() };
        self.till.0.lock().unwrap().payers.insert(account, payer);
    }

    /// The payer was sent to a checkout of the open invoice.
    pub(super) async fn checkout(&self, account: AccountId, reference: &str) {
        let invoice = self.subscription(account).await.open().unwrap().invoice;
        let reference = reference.to_owned();
        let page = OpenCheckout { reference, invoice, account, expires_at: None };
        self.till.remember_checkout(page).await.unwrap();
    }
}
