//! What time alone brings: the end of a trial, a month of service, renewal, reminders, lapse.

use super::draft::Draft;
use super::request::Refused;
use super::step::{Demand, Part, Step};
use super::term::Term;
use super::{Context, Open, Phase, Subscription};
use crate::billing::plans::{Plan, Plans};
use crate::words::time::{Span, Timestamp};

/// More than a subscription could have missed in years; what is left comes with the next call.
const TURNS: usize = 64;

/// The next thing that time brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    Settle,
    TrialEnds,
    /// The month of the term with this number begins.
    Month(u8),
    OfferEnds,
    TermEnds,
    /// The how manieth reminder is due.
    Reminder(u8),
    Lapse,
}

impl Subscription {
    /// When [`Subscription::due`] will have something to say if nothing else happens; `None` is never.
    #[must_use]
    pub fn wakes(&self, plans: &Plans) -> Option<Timestamp> {
        self.turn(plans).map(|(at, _)| at)
    }

    /// What happened because time passed, in order. To be applied one after the other.
    #[must_use]
    pub fn due(&self, context: &Context<'_>) -> Vec<Step> {
        let mut draft = Draft::of(self, context);
        // What does not fit the range is left for a person: nothing of it happened.
        match draft.catch_up() {
            Ok(()) => draft.steps,
            Err(_) => Vec::new(),
        }
    }

    fn turn(&self, plans: &Plans) -> Option<(Timestamp, Turn)> {
        if let Some(open) = self.open.filter(|open| open.total() <= self.credit) {
            return Some((open.due, Turn::Settle));
        }
        match (self.phase, self.open) {
            (Phase::Trial, _) => Some((self.trial_until?, Turn::TrialEnds)),
            (Phase::Waiting | Phase::PastDue, Some(open)) => Some(self.dunning(open, plans)),
            (Phase::Active, open) => {
                let term = self.term?;
                let month = (self.begun < term.months() && self.deferred().is_positive())
                    .then(|| (term.month(self.begun), Turn::Month(self.begun)));
                let offer =
                    open.map(|open| (open.due.plus(Span::days(plans.offer_days)), Turn::OfferEnds));
                // The earliest; of the same instant the first named.
                let all = [month, offer, Some((term.until(), Turn::TermEnds))];
                all.into_iter().flatten().min_by_key(|(at, _)| *at)
            }
            _ => None,
        }
    }

    /// What the next of `months` earns that have not begun.
    pub(super) fn parts(&self, months: u8) -> Vec<Part> {
        let parts = self.paid.iter().map(|paid| paid.month(months));
        parts.filter(|part| part.amount.is_positive()).collect()
    }

    fn dunning(&self, open: Open, plans: &Plans) -> (Timestamp, Turn) {
        let reminder = plans.reminder_days.get(usize::from(open.reminders)).copied();
        match reminder.filter(|&days| days < plans.grace_days) {
            Some(days) => {
                (open.due.plus(Span::days(days)), Turn::Reminder(open.reminders.saturating_add(1)))
            }
            None => (open.due.plus(Span::days(plans.grace_days)), Turn::Lapse),
        }
    }
}

impl Draft<'_> {
    /// Everything that time has brought.
    pub(super) fn catch_up(&mut self) -> Result<(), Refused> {
        for _ in 0..TURNS {
            match self.state.turn(self.context.plans) {
                Some((at, turn)) if at <= self.context.now => self.take(at, turn)?,
                _ => break,
            }
        }
        Ok(())
    }

    fn take(&mut self, at: Timestamp, turn: Turn) -> Result<(), Refused> {
        let open = self.state.open.map(|open| open.invoice).unwrap_or_default();
        match turn {
            Turn::Settle => self.settle(),
            Turn::TrialEnds => match self.state.renews {
                Some(plan) => self.renew(plan, Term::starting(at, plan.cycle.months())),
                None => self.end(at),
            },
            Turn::Month(month) => {
                let months = self.state.term.map_or(1, |term| term.months());
                let left = months.saturating_sub(month);
                self.push(Step::Earned { month, parts: self.state.parts(left), at })
            }
            Turn::OfferEnds => self.push(Step::Voided { invoice: open, at }),
            Turn::TermEnds => {
                if self.state.open.is_some() {
                    self.push(Step::Voided { invoice: open, at })?;
                }
                match (self.state.renews, self.state.term) {
                    (Some(plan), Some(term)) => {
                        self.renew(plan, term.following(plan.cycle.months()))
                    }
                    _ => self.end(at),
                }
            }
            Turn::Reminder(count) => self.push(Step::Reminded { invoice: open, count, at }),
            Turn::Lapse => self.push(Step::Lapsed { invoice: open, at }),
        }
    }

    /// Asks for the next term. Where the house was away for longer than the days of grace, it begins now:
    /// what was not served is not asked for.
    fn renew(&mut self, plan: Plan, next: Term) -> Result<(), Refused> {
        let Context { now, plans, .. } = self.context;
        let away = next.period().from.plus(Span::days(plans.grace_days)) <= now;
        let term = if away { Term::starting(now, plan.cycle.months()) } else { next };
        self.subscribe(plan, Some(term.period()), Demand::Renewal { plan, term })
    }
}
