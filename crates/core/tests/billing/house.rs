//! A house with one subscriber, for scripts and histories: it asks, applies, and keeps the books beside.

use nija_core::billing::invoice::{Invoice, InvoiceNo};
use nija_core::billing::movement::Movement;
use nija_core::billing::plans::{Cycle, DEFAULT_PLANS, Plan, Plans};
use nija_core::billing::subscription::request::{Refused, Request};
use nija_core::billing::subscription::step::Step;
use nija_core::billing::subscription::{Context, Subscription};
use nija_core::words::id::PartitionId;
use nija_core::words::money::Money;
use nija_core::words::tier::{DEFAULT_TABLE, Tier, TierTable};
use nija_core::words::time::{Span, Timestamp};
use std::sync::LazyLock;

pub(crate) struct House {
    pub plans: Plans,
    pub tiers: TierTable,
    pub subscription: Subscription,
    pub now: Timestamp,
    pub steps: Vec<Step>,
    pub books: Movement,
    pub payments: u32,
}

/// 31 January 2023, noon.
pub(crate) const START: Timestamp = Timestamp(1_675_166_400_000_000);

/// Read once, as reading takes longer than a life.
static TIERS: LazyLock<TierTable> = LazyLock::new(|| TierTable::parse(DEFAULT_TABLE).unwrap());

pub(crate) const fn plan(tier: Tier, cycle: Cycle) -> Plan {
    Plan { tier, cycle }
}

pub(crate) fn usd(text: &str) -> Money {
    text.parse().unwrap()
}

impl House {
    /// With lines of the table of billing replaced.
    pub(crate) fn with(changes: &[(&str, &str)]) -> Self {
        let replace = |table: String, (from, to): &(&str, &str)| {
            assert!(table.contains(from));
            table.replace(from, to)
        };
        let table = changes.iter().fold(DEFAULT_PLANS.to_owned(), replace);
        Self {
            plans: Plans::parse(&table).unwrap(),
            tiers: TIERS.clone(),
            subscription: Subscription::new(),
            now: START,
            steps: Vec::new(),
            books: Movement::default(),
            payments: 0,
        }
    }
    /// Without a trial.
    pub(crate) fn strict() -> Self {
        Self::with(&[("trial_days = 14", "trial_days = 0")])
    }
    pub(crate) fn context(&self) -> Context<'_> {
        Context {
            now: self.now,
            plans: &self.plans,
            tiers: &self.tiers,
            partition: PartitionId(3),
            invoices: self.steps.iter().filter_map(Step::issued).count() as u32,
            notes: self.steps.iter().filter_map(Step::noted).count() as u32,
        }
    }
    /// Applies steps; tells them.
    fn take(&mut self, steps: Vec<Step>) -> Vec<Step> {
        for step in &steps {
            self.subscription.apply(step).unwrap();
            let movement = step.movement();
            assert!(movement.balances(), "{step:?}");
            self.books = self.books.checked_add(movement).unwrap();
            self.steps.push(step.clone());
        }
        steps
    }
    pub(crate) fn ask(&mut self, request: &Request) -> Result<Vec<Step>, Refused> {
        let steps = self.subscription.decide(request, &self.context())?;
        Ok(self.take(steps))
    }
    pub(crate) fn wait(&mut self, span: Span) -> Vec<Step> {
        self.now = self.now.plus(span);
        let steps = self.subscription.due(&self.context());
        self.take(steps)
    }
    pub(crate) fn days(&mut self, days: u16) -> Vec<Step> {
        self.wait(Span::days(days))
    }
    /// Until the term or trial is over.
    pub(crate) fn end_of_term(&mut self) -> Vec<Step> {
        let until = self.subscription.until().unwrap();
        self.wait(until.since(self.now))
    }
    pub(crate) fn subscribe(&mut self, tier: Tier, cycle: Cycle) {
        self.ask(&Request::Subscribe(plan(tier, cycle))).unwrap();
    }
    pub(crate) fn change(&mut self, tier: Tier, cycle: Cycle) -> Result<Vec<Step>, Refused> {
        self.ask(&Request::Change(plan(tier, cycle)))
    }
    pub(crate) fn waiting(&self) -> InvoiceNo {
        self.subscription.open().unwrap().invoice
    }
    /// A payment of its own for the open invoice.
    pub(crate) fn pay(&mut self, amount: &str) -> Vec<Step> {
        let invoice = self.waiting();
        self.pay_for(invoice, usd(amount))
    }
    pub(crate) fn pay_for(&mut self, invoice: InvoiceNo, amount: Money) -> Vec<Step> {
        self.payments += 1;
        let reference = format!("payment {}", self.payments);
        self.ask(&Request::Pay { invoice, amount, reference }).unwrap()
    }
    /// Pays what the open invoice lacks.
    pub(crate) fn pay_all(&mut self) {
        let lacks = self.subscription.to_pay().unwrap();
        self.pay_for(self.waiting(), lacks);
    }
    /// The last invoice that was issued.
    pub(crate) fn invoice(&self) -> &Invoice {
        let invoice = |step: &'_ Step| matches!(step, Step::Invoiced { .. });
        match self.steps.iter().rfind(|step| invoice(step)) {
            Some(Step::Invoiced { invoice, .. }) => invoice,
            _ => panic!("no invoice"),
        }
    }
    /// Received, refunded, earned, deferred, tax, credit.
    pub(crate) fn stands(&self, books: [&str; 6]) {
        let b = self.books;
        let found = [b.received, b.refunded, b.earned, b.deferred, b.tax, b.credit];
        assert_eq!(found.map(|m| m.to_string()), books);
    }
}
