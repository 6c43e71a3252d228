//! A provider that keeps what it took under invoice and attempt, and what it gave back under its key. It can lose its
//! answer, or say no.

use nija_core::ports::Doing;
use nija_core::ports::payments::{
    Charge, Checkout, Collected, Payment, PaymentError, Payments, Refund, Refunded, Standing, Told,
    WebhookError, Withdrawn,
};
use nija_core::words::money::Money;
use nija_core::words::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Mutex, MutexGuard};

/// What the next question of a kind leads to; without one, everything works.
pub(super) enum Says {
    Paid(Result<(), PaymentError>),
    Declined,
    NeedsPayer,
    Withdrawn(Result<(), PaymentError>),
    Returned(Result<(), PaymentError>),
}

#[derive(Default)]
struct Books {
    script: VecDeque<Says>,
    asked: Vec<(u8, Money)>,
    taken: BTreeMap<(String, u8), Payment>,
    returned: BTreeMap<String, Money>,
    withdrawn: Vec<String>,
    finished: BTreeSet<String>,
    looked_up: usize,
}

#[derive(Default)]
pub(super) struct Provider(Mutex<Books>);

impl Provider {
    fn books(&self) -> MutexGuard<'_, Books> {
        self.0.lock().unwrap()
    }
    pub(super) fn says(&self, script: impl IntoIterator<Item = Says>) {
        self.books().script.extend(script);
    }
    /// Attempts and amounts it was asked to charge.
    pub(super) fn asked(&self) -> Vec<(u8, Money)> {
        self.books().asked.clone()
    }
    pub(super) fn charged(&self) -> Money {
        self.books().taken.values().map(|it| it.amount).fold(Money::ZERO, Money::saturating_add)
    }
    pub(super) fn returned(&self) -> Money {
        self.books().returned.values().copied().fold(Money::ZERO, Money::saturating_add)
    }
    pub(super) fn withdrawn(&self) -> Vec<String> {
        self.books().withdrawn.clone()
    }
    pub(super) fn looked_up(&self) -> usize {
        self.books().looked_up
    }
    /// The payer finishes a checkout.
    pub(super) fn finish(&self, checkout: &str) {
        self.books().finished.insert(checkout.to_owned());
    }
}

impl Books {
    /// The next word of the script, where it is about this kind of question.
    fn next(&mut self, is: fn(&Says) -> bool) -> Option<Says> {
        self.script.front().is_some_and(is).then(|| self.script.pop_front())?
    }

    fn collect(&mut self, charge: &Charge, attempt: u8) -> Result<Collected, PaymentError> {
        self.asked.push((attempt, charge.amount));
        let is = |says: &Says| matches!(says, Says::Paid(_) | Says::Declined | Says::NeedsPayer);
        let fate = match self.next(is) {
            Some(Says::Declined) => {
                return Ok(Collected::Declined { why: "no money on it".to_owned() });
            }
            Some(Says::NeedsPayer) => return Ok(Collected::NeedsPayer),
            Some(Says::Paid(Err(PaymentError::Throttled))) => return Err(PaymentError::Throttled),
            Some(Says::Paid(fate)) => fate,
            _ => Ok(()),
        };
        let reference = format!("pi_{}_{attempt}", charge.invoice);
        let (invoice, payer) = (charge.invoice.clone(), charge.payer.clone());
        let (account, amount, standing) = (charge.account, charge.amount, Standing::Paid);
        let payment = Payment { invoice, account, amount, reference, payer, standing };
        let taken = self.taken.entry((charge.invoice.clone(), attempt)).or_insert(payment);
        fate.map(|()| Collected::Paid { reference: taken.reference.clone() })
    }

    fn refund(&mut self, refund: &Refund) -> Result<Refunded, PaymentError> {
        let fate = match self.next(|says| matches!(says, Says::Returned(_))) {
            Some(Says::Returned(fate)) => fate,
            _ => Ok(()),
        };
        self.returned.insert(refund.key.clone(), refund.amount);
        fate.map(|()| Refunded::Pending { reference: format!("re_{}", refund.key) })
    }

    fn withdraw(&mut self, checkout: &str) -> Result<Withdrawn, PaymentError> {
        self.withdrawn.push(checkout.to_owned());
        match self.next(|says| matches!(says, Says::Withdrawn(_))) {
            Some(Says::Withdrawn(Err(why))) => Err(why),
            _ if self.finished.contains(checkout) => Ok(Withdrawn::Finished),
            _ => Ok(Withdrawn::Closed),
        }
    }

    fn payment(&mut self, reference: &str) -> Option<Payment> {
        self.looked_up += 1;
        self.taken.values().find(|taken| taken.reference == reference).cloned()
    }
}

fn ready<T: Send + 'static>(answer: T) -> Doing<'static, T> {
    Box::pin(std::future::ready(answer))
}

impl Payments for Provider {
    fn name(&self) -> &'static str {
        "scripted"
    }
    fn collects(&self) -> bool {
        true
    }
    fn minimum(&self) -> Money {
        Money::CENT
    }
    fn checkout<'a>(&'a self, _: &'a Charge) -> Doing<'a, Result<Checkout, PaymentError>> {
        ready(Err(PaymentError::Unreachable))
    }
    fn withdraw<'a>(&'a self, checkout: &'a str) -> Doing<'a, Result<Withdrawn, PaymentError>> {
        ready(self.books().withdraw(checkout))
    }
    fn collect<'a>(
        &'a self,
        charge: &'a Charge,
        attempt: u8,
    ) -> Doing<'a, Result<Collected, PaymentError>> {
        ready(self.books().collect(charge, attempt))
    }
    fn refund<'a>(&'a self, refund: &'a Refund) -> Doing<'a, Result<Refunded, PaymentError>> {
        ready(self.books().refund(refund))
    }
    fn payment<'a>(
        &'a self,
        reference: &'a str,
    ) -> Doing<'a, Result<Option<Payment>, PaymentError>> {
        ready(Ok(self.books().payment(reference)))
    }
    fn of_charge<'a>(&'a self, _: &'a Charge) -> Doing<'a, Result<Vec<Payment>, PaymentError>> {
        ready(Ok(Vec::new()))
    }
    fn webhook(&self, _: &[(&str, &[u8])], _: &[u8], _: Timestamp) -> Result<Told, WebhookError> {
        Err(WebhookError::NotOffered)
    }
}
