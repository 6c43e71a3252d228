//! Signals of an owner's own model: they come over the API, the owner's account alone hears them, and from there on
//! they are signals like any other. Who may enter nothing more still gets out of what the model bought.

use super::Desk;
use super::answer::{Answer, Decline};
use super::event::{Event, Skip};
use super::exits::AT_ONCE;
use super::input::OwnSignal;
use crate::positions::QueuedExit;
use crate::words::id::{AccountNo, InstrumentId, SignalId};
use crate::words::money::{Price, Qty};
use crate::words::order::{Origin, Side};
use crate::words::score::Strength;
use crate::words::signal::{Action, Signal, StrategyName};

impl Desk {
    /// Writes the signal down, then does what it wants or says why not.
    pub(super) fn hear_own(&mut self, no: AccountNo, own: OwnSignal) -> Answer {
        let OwnSignal { instrument, action, grounds } = own;
        let mark = self.state.listings.get(&instrument).and_then(|listing| listing.mark);
        let signal = Signal {
            id: SignalId(self.state.last_signal.0.saturating_add(1)),
            strategy: StrategyName::Own,
            // Which model it is stands in the grounds.
            version: 0,
            instrument,
            action,
            mark: mark.unwrap_or(Price::ZERO),
            at: self.clock,
            insight: None,
        };
        if let Err(decline) = self.check_own(no, &signal) {
            return Answer::Declined(decline);
        }
        self.emit(Event::Signaled { account: no, signal, grounds });
        let follows = self.state.account(no).is_some_and(|account| account.autopilot);
        let answer = match action {
            Action::Enter { .. } | Action::Short { .. } if !follows => {
                Some(self.skip(no, &signal, Skip::AutopilotOff))
            }
            Action::Enter { strength, stop } => {
                Some(self.enter_by(no, &signal, Side::Buy, (strength, stop)))
            }
            Action::Short { strength, stop } => {
                Some(self.enter_by(no, &signal, Side::Sell, (strength, stop)))
            }
            Action::Trim { strength } => self.hear_trim(no, &signal, strength),
            _ if self.has_own(no, instrument) => self.hear_exit(no, &signal),
            _ => None,
        };
        answer.unwrap_or_else(|| self.skip(no, &signal, Skip::NothingToClose))
    }

    /// May this account say so, and does it make sense? What does not changes nothing.
    fn check_own(&self, no: AccountNo, signal: &Signal) -> Result<(), Decline> {
        let account = self.state.account(no).ok_or(Decline::UnknownAccount)?;
        let (tier, holds) = (account.tier, self.tier(account).pool.holds(signal.strategy));
        let leaves = signal.action.reduces() && self.has_own(no, signal.instrument);
        if account.sleeve.is_some() || !(holds || leaves) {
            return Err(Decline::NotInPool { tier });
        }
        if !self.state.listings.contains_key(&signal.instrument) {
            return Err(Decline::UnknownInstrument);
        }
        let invalid = |field, why| Err(Decline::Invalid { field, why });
        let (side, strength, stop) = match signal.action {
            Action::Enter { strength, stop } => (Side::Buy, strength, stop),
            Action::Short { strength, stop } => (Side::Sell, strength, stop),
            Action::Exit | Action::Trim { .. } => return Ok(()),
            _ => return invalid("action", "must be enter, short, trim or exit"),
        };
        if strength == Strength::parts(0) {
            return invalid("strength", "must be above 0 to enter");
        }
        // Without a price a gate refuses the entry, and says so.
        let rests = |stop| self.stop_of(signal, side, stop).is_some();
        match stop {
            Some(stop) if signal.mark.is_positive() && !rests(stop) => invalid(
                "stop_price",
                "must lie below the last price to enter, and above it to be short",
            ),
            _ => Ok(()),
        }
    }

    /// Does the model hold something of this that is not on its way out, or is it about to?
    fn has_own(&self, no: AccountNo, instrument: InstrumentId) -> bool {
        let (strategy, signal) = (StrategyName::Own, SignalId(0));
        let origin = Origin::Strategy { strategy, signal, version: None };
        let (order_type, tif) = AT_ONCE;
        let exit = QueuedExit { qty: Qty::ZERO, origin, order_type, tif };
        self.state.unsold(no, instrument, &exit).is_positive()
            || self.state.coming(no, instrument, origin).is_positive()
    }
}
