//! The last look before an entry leaves, whatever let it pass. It knows no gate and no limit of theirs: it counts.
//! An account may send so many within a second, strategies and copies for all accounts together so many, and strategies
//! so many in a row of which none was filled. Whoever sends more is stopped by a kill switch; exits are not counted.
//!
//! Counts are no part of the state: they begin anew at a restart, the switch does not.

use super::Desk;
use super::alarm::Alarm;
use super::event::Event;
use crate::risk::approval::Approved;
use crate::risk::kill::{Actor, Scope};
use crate::words::id::AccountNo;
use crate::words::order::{OrderState, Ticket, TimeInForce};
use crate::words::tier::{TierRules, TierTable};
use crate::words::time::Timestamp;

/// Entries that strategies may send for an account before one is filled.
pub const UNFILLED: u16 = 64;
/// Entries that may be sent for all accounts at once and within a second: so many for each, and a busy account's more.
const EACH_AT_ONCE: u32 = 16;
const EACH_A_SECOND: u32 = 10;

/// An allowance that comes back with time, in millionths of an entry.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Allowance {
    left: i64,
    at: Timestamp,
}

impl Allowance {
    /// Takes one of at most `most`, of which `rate` come back in a second. False when none is left.
    pub(super) fn take(&mut self, now: Timestamp, (rate, most): (u32, u32)) -> bool {
        let gone = now.since(self.at).0.max(0);
        let whole = i64::from(most) * 1_000_000;
        self.left = self.left.saturating_add(gone.saturating_mul(i64::from(rate))).min(whole);
        self.at = self.at.max(now);
        let passes = self.left >= 1_000_000;
        self.left -= if passes { 1_000_000 } else { 0 };
        passes
    }
}

/// Entries an account of a tier may send a second, and at once: twice what a user of the tier may, so that no
/// person and no strategy that behaves comes near.
fn bounds(rules: &TierRules) -> (u32, u32) {
    let (rate, burst) = (u32::from(rules.orders_per_second), u32::from(rules.order_burst));
    (2 * rate, rate + burst)
}

/// The same for all accounts of a desk.
fn bounds_of_all(tiers: &TierTable, accounts: usize) -> (u32, u32) {
    let accounts = u32::try_from(accounts).unwrap_or(u32::MAX);
    let busy = tiers.iter().map(bounds).fold((0, 0), |a, b| (a.0.max(b.0), a.1.max(b.1)));
    let rate = accounts.saturating_mul(EACH_A_SECOND).saturating_add(4 * busy.0);
    (rate, accounts.saturating_mul(EACH_AT_ONCE).saturating_add(4 * busy.1))
}

impl Desk {
    /// Lets an approved entry leave, or stops whoever sends without end.
    pub(super) fn release_entry(&mut self, no: AccountNo, approved: Approved) {
        match self.breach(no, approved.ticket()) {
            None => self.release(no, super::held::Act::Place(approved)),
            Some((scope, why)) => self.trip(approved.ticket(), scope, why),
        }
    }

    /// Who must be stopped before this entry, and why.
    fn breach(&mut self, no: AccountNo, ticket: &Ticket) -> Option<(Scope, &'static str)> {
        let account = self.state.root(self.state.account(no)?);
        let (scope, most) = (Scope::Account(account.id), bounds(self.tier(account)));
        let of_all = bounds_of_all(&self.rules.tiers, self.state.accounts.len());
        let clock = self.clock;
        let pulse = self.pulses.get_mut(no.0 as usize)?;
        if !pulse.entries.take(clock, most) {
            return Some((scope, "more entries within a second than any user may send"));
        }
        // A quote is meant to rest, and is taken back unfilled again and again.
        let takes = ticket.tif != TimeInForce::PostOnly;
        if takes && ticket.origin.signalled().is_some() {
            pulse.unfilled = pulse.unfilled.saturating_add(1);
            if pulse.unfilled > UNFILLED {
                return Some((scope, "strategies enter again and again and nothing is filled"));
            }
        }
        // People are each held to their own rate: many of them at once are a busy day, and no reason to stop it.
        let passes = ticket.origin.is_asked() || self.entries.take(clock, of_all);
        (!passes).then_some((Scope::Platform, "more entries within a second than accounts explain"))
    }

    /// The entry does not leave; the switch is pressed and a person called, once.
    fn trip(&mut self, ticket: &Ticket, scope: Scope, why: &'static str) {
        let order = ticket.id;
        let state = OrderState::Lapsed;
        self.emit(Event::Closed {
            order,
            state,
            why: format!("stopped before it was sent: {why}"),
        });
        if self.is_pressed(scope) {
            return;
        }
        let text = format!("{scope} was stopped: {why}");
        self.alarms.push(Alarm { kind: "runaway", text: text.clone() });
        if scope == Scope::Platform {
            self.tripped = Some(text.clone());
        }
        self.kill(scope, Actor::Platform, text, false);
    }

    /// Why all entries must stop in every partition, once, when this desk found so.
    pub fn take_tripped(&mut self) -> Option<String> {
        self.tripped.take()
    }

    /// Something was filled, or a person looked: what strategies send for the account is not in vain.
    pub(super) fn note_fill(&mut self, no: AccountNo) {
        if let Some(pulse) = self.pulses.get_mut(no.0 as usize) {
            pulse.unfilled = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_allowance_is_used_up_and_comes_back() {
        let mut allowance = Allowance::default();
        let mut take = |at: i64| allowance.take(Timestamp(at), (2, 3));
        let begin = 1_000_000_000;
        assert_eq!([begin; 4].map(&mut take), [true, true, true, false]);
        assert!(!take(begin + 499_999));
        assert!(take(begin + 500_000) && !take(begin + 500_001));
        assert!(!take(begin), "time that goes back brings nothing");
        assert_eq!([begin + 60_000_000; 4].map(&mut take), [true, true, true, false]);
    }
}
