//! The high-water mark of one fee account (an account, or the sleeve that copies one leader), and the
//! fees above it. Equity rises and falls by trading, the mark only by flows and crystallizations:
//! a deposit is never profit, a gain is billed once, a loss is carried until it is made good.

use super::fee::{Fee, Rates};
use crate::words::fixed::Round;
use crate::words::money::Money;
use minicbor::{Decode, Encode};

/// The mark and what happened to it on the current valuation day.
///
/// Flows of one day are netted: a deposit that follows a withdrawal first undoes it (the mark that left comes
/// back, the fee is given back), a withdrawal that follows a deposit first takes that back. Only what remains
/// is a flow. So a deposit and an equal withdrawal of one day leave the mark where it was, whatever was
/// traded in between.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Mark {
    #[n(0)]
    high: Money,
    /// Deposits less withdrawals of the day.
    #[n(1)]
    net: Money,
    /// How much of the mark has left with the day's net withdrawal.
    #[n(2)]
    released: Money,
    /// What was taken for the day's net withdrawal.
    #[n(3)]
    taken: Fee,
}

/// Each turn gives back at most half of the turn before, so no amount needs more.
const REFUND_TURNS: usize = 64;

impl Mark {
    /// The mark of an account without money.
    #[must_use]
    pub const fn new() -> Self {
        Self { high: Money::ZERO, net: Money::ZERO, released: Money::ZERO, taken: Fee::ZERO }
    }
    /// Where the mark stands, dollars. Below zero only after more was withdrawn than there was.
    #[must_use]
    pub const fn high(&self) -> Money {
        self.high
    }
    /// Profit that was not billed yet: equity above the mark.
    #[must_use]
    pub const fn gain(&self, equity: Money) -> Money {
        equity.saturating_sub(self.high.or_zero()).or_zero()
    }
    /// Carried loss: how far equity lies below the mark.
    #[must_use]
    pub const fn loss(&self, equity: Money) -> Money {
        self.high.saturating_sub(equity).or_zero()
    }
    /// The fee if it were crystallized now. To be shown, never to be booked.
    #[must_use]
    pub fn accrued(&self, equity: Money, rates: &Rates) -> Fee {
        rates.on(self.gain(equity))
    }

    /// A deposit (positive) or withdrawal (negative) of the gross `amount`; `before` is equity just before it.
    /// Returns the fee to book now, so that the day's fees together are those of its net withdrawal:
    ///
    /// * a withdrawal lowers equity by the amount; the owner is paid the amount less the fee. The fee is
    ///   negative where a loss of the same day makes good an earlier gain: then the owner is paid that too;
    /// * a deposit is never charged. What it undoes of the day's withdrawal is given back: the fee is negative
    ///   and goes *into the account*, which rises by the amount and by what is given back. What is given back
    ///   is a deposit like any other and is counted here already.
    ///
    /// `None`, and nothing changed, beyond the range.
    #[must_use]
    pub fn flow(&mut self, amount: Money, before: Money, rates: &Rates) -> Option<Fee> {
        let mut next = *self;
        if amount.is_negative() {
            let amount = Money::ZERO.checked_sub(amount)?;
            next.withdraw(amount, before)?;
            // One cent may flow while both payees' parts are full: what does not fit waits for the next flow.
            let fee = next.due(rates)?.checked_sub(next.taken)?.within(amount)?;
            next.taken = next.taken.checked_add(fee)?;
            *self = next;
            return Some(fee);
        }
        let mut fee = Fee::ZERO;
        let mut rest = amount;
        for _ in 0..REFUND_TURNS {
            next.deposit(rest)?;
            let taken = next.due(rates)?.min(next.taken);
            let turn = taken.checked_sub(next.taken)?;
            next.taken = taken;
            fee = fee.checked_add(turn)?;
            rest = turn.total().negated();
            if !rest.is_positive() {
                break;
            }
        }
        *self = next;
        Some(fee)
    }

    /// The valuation day is over: its flows stand and are netted no more.
    pub fn close_day(&mut self) {
        *self = Self { high: self.high, ..Self::new() };
    }

    /// Fixes the fee on the gain (end of month, full stop, change of tier or rates, closing) and closes the day.
    /// The fee leaves the account, and the mark is what remains. Without a gain nothing is due and nothing moves.
    #[must_use]
    pub fn crystallize(&mut self, equity: Money, rates: &Rates) -> Fee {
        self.close_day();
        let gain = self.gain(equity);
        if !gain.is_positive() {
            return Fee::ZERO;
        }
        let fee = rates.on(gain);
        self.high = equity.saturating_sub(fee.total());
        fee
    }

    /// For an account that may not be charged (paper, or an owner without the evidence that the policy asks for):
    /// the mark rises to equity, so that gains made before it may be charged are never billed. Closes the day.
    pub fn waive(&mut self, equity: Money) {
        self.close_day();
        self.high = self.high.max(equity);
    }

    /// Reverses a crystallization that `raised` the mark: its gain is open again. Its fee goes back into the
    /// account, as no flow. In the client's favor the mark stops at zero; the day's flows keep their fees.
    pub fn restore(&mut self, raised: Money) {
        self.high = self.high.saturating_sub(raised.or_zero()).or_zero().min(self.high);
    }

    /// Takes over a loss that was carried when the same leader was left: on a mark that is new.
    /// `None`, and nothing changed, beyond the range.
    #[must_use]
    pub fn carry(&mut self, loss: Money) -> Option<()> {
        self.high = self.high.checked_add(loss.or_zero())?;
        Some(())
    }

    fn deposit(&mut self, amount: Money) -> Option<()> {
        let outstanding = Money::ZERO.checked_sub(self.net)?.or_zero();
        let undone = amount.min(outstanding);
        let back = if undone == outstanding {
            self.released
        } else {
            self.released.share(undone.raw(), outstanding.raw(), Round::Up)?
        };
        let raise = back.checked_add(amount.checked_sub(undone)?)?;
        self.high = self.high.checked_add(raise)?;
        self.released = self.released.checked_sub(back)?;
        self.net = self.net.checked_add(amount)?;
        Some(())
    }

    fn withdraw(&mut self, amount: Money, before: Money) -> Option<()> {
        let undone = amount.min(self.net.or_zero());
        self.high = self.high.checked_sub(undone)?;
        self.net = self.net.checked_sub(amount)?;
        let (equity, rest) = (before.checked_sub(undone)?, amount.checked_sub(undone)?);

        // The share of equity that leaves takes the same share of the mark along. What is withdrawn
        // beyond equity is owed, which is no loss: there the mark moves one for one.
        let covered = rest.min(equity.or_zero());
        let mut kept = self.high;
        if covered.is_positive() && kept.is_positive() {
            let left = equity.checked_sub(covered)?;
            // A gain is billed late rather than early, a loss is carried rather than forgiven.
            let round = if equity > self.high { Round::Down } else { Round::Up };
            kept = self.high.share(left.raw(), equity.raw(), round)?;
        }
        kept = kept.checked_sub(rest.checked_sub(covered)?)?;
        self.released = self.released.checked_add(self.high.checked_sub(kept)?)?;
        self.high = kept;
        Some(())
    }

    /// What is due for the day's net withdrawal.
    fn due(&self, rates: &Rates) -> Option<Fee> {
        let withdrawn = Money::ZERO.checked_sub(self.net)?.or_zero();
        Some(rates.on(withdrawn.checked_sub(self.released.or_zero())?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::money::Pct;

    const PERFORMANCE: Rates = Rates { platform: Pct::whole(10), leader: Pct::ZERO };
    const COPY: Rates = Rates { platform: Pct::whole(2), leader: Pct::whole(5) };

    fn usd(text: &str) -> Money {
        text.parse().unwrap()
    }

    fn fee(platform: &str, leader: &str) -> Fee {
        Fee { platform: usd(platform), leader: usd(leader) }
    }

    /// A mark and the equity beside it.
    struct Book(Mark, Money, Rates);

    impl Book {
        fn open(first: &str, rates: Rates) -> Self {
            let mut book = Self(Mark::new(), Money::ZERO, rates);
            assert!(book.flow(first).is_zero());
            book
        }
        /// A day of its own with one flow.
        fn flow(&mut self, amount: &str) -> Fee {
            let fee = self.same_day(amount);
            self.0.close_day();
            fee
        }
        fn same_day(&mut self, amount: &str) -> Fee {
            let fee = self.0.flow(usd(amount), self.1, &self.2).unwrap();
            let given_back = if usd(amount).is_negative() { Money::ZERO } else { fee.total() };
            self.1 = self.1.saturating_add(usd(amount)).saturating_sub(given_back);
            fee
        }
        fn trade(&mut self, profit: &str) -> &mut Self {
            self.1 = self.1.saturating_add(usd(profit));
            self
        }
        fn crystallize(&mut self) -> Fee {
            let fee = self.0.crystallize(self.1, &self.2);
            self.1 = self.1.saturating_sub(fee.total());
            fee
        }
        fn stands(&self, equity: &str, high: &str) {
            assert_eq!((self.1, self.0.high()), (usd(equity), usd(high)));
        }
    }

    #[test]
    fn an_account_over_five_months() {
        let mut book = Book::open("1000", PERFORMANCE);
        assert_eq!(book.trade("200").crystallize(), fee("20", "0"));
        book.stands("1180", "1180");
        assert!(book.trade("-280").crystallize().is_zero());
        assert_eq!(book.0.loss(book.1), usd("280"));
        assert!(book.flow("500").is_zero(), "a deposit under water is no profit");
        book.stands("1400", "1680");
        assert!(book.trade("140").crystallize().is_zero());
        assert!(book.flow("-770").is_zero());
        book.stands("770", "840");
        assert_eq!(book.trade("100").crystallize(), fee("3", "0"));
        book.stands("867", "867");
        book.trade("133");
        assert_eq!(book.0.accrued(book.1, &PERFORMANCE), fee("13.3", "0"));
        assert_eq!(book.flow("-250"), fee("3.32", "0"));
        book.stands("750", "650.25");
        assert_eq!(book.0.gain(book.1), usd("99.75"));
        assert_eq!(book.trade("-40").crystallize(), fee("5.97", "0"));
        book.stands("704.03", "704.03");
    }

    #[test]
    fn a_rule_that_ignores_flows_would_bill_the_deposit() {
        let naive = PERFORMANCE.on(usd("1400").saturating_sub(usd("1180")));
        assert_eq!(naive, fee("22", "0"));
    }

    #[test]
    fn a_sleeve_that_is_stopped_in_two_steps() {
        let mut sleeve = Book::open("1000", COPY);
        assert_eq!(sleeve.trade("100").crystallize(), fee("2", "5"));
        sleeve.stands("1093", "1093");
        assert!(sleeve.trade("-193").crystallize().is_zero());
        assert!(sleeve.trade("50").flow("-380").is_zero());
        sleeve.stands("570", "655.8");
        assert_eq!(sleeve.trade("130").crystallize(), fee("0.88", "2.21"));
        sleeve.stands("696.91", "696.91");
        let mut at_once = Book(sleeve.0, sleeve.1, sleeve.2);
        assert_eq!(sleeve.trade("23.09").crystallize(), fee("0.46", "1.15"));
        assert!(sleeve.flow("-718.39").is_zero());
        sleeve.stands("0", "0");
        // Taking everything out comes to the same.
        assert_eq!(at_once.trade("23.09").flow("-720"), fee("0.46", "1.15"));
        at_once.stands("0", "0");
    }

    #[test]
    fn the_blueprints_examples() {
        let mut user = Book::open("10000", PERFORMANCE);
        assert_eq!(user.trade("1000").crystallize(), fee("100", "0"));
        let mut follower = Book::open("1000", COPY);
        assert_eq!(follower.trade("50").crystallize(), fee("1", "2.5"));
    }

    #[test]
    fn money_that_only_passes_through_does_not_shrink_a_loss() {
        let mut book = Book::open("1000", PERFORMANCE);
        book.trade("-280");
        assert!(book.same_day("720").is_zero() && book.same_day("-720").is_zero());
        book.stands("720", "1000");
    }

    #[test]
    fn what_a_deposit_undoes_is_given_back_into_the_account() {
        let mut book = Book::open("1000", PERFORMANCE);
        assert_eq!(book.trade("100").same_day("-550"), fee("5", "0"));
        book.stands("550", "500");
        // The owner was paid 545 and brings them again: nothing has happened.
        assert_eq!(book.same_day("545"), fee("-5", "0"));
        book.stands("1100", "1000");
        // 550 out, 550 in: the fee comes back on top, as money of the owner.
        assert_eq!(book.same_day("-550"), fee("5", "0"));
        assert_eq!(book.same_day("550"), fee("-5", "0"));
        book.stands("1105", "1005");
    }

    #[test]
    fn a_withdrawal_in_cents_saves_no_fee_and_is_never_charged_more_than_itself() {
        let mut book =
            Book::open("1000", Rates { platform: Pct::whole(10), leader: Pct::whole(10) });
        book.trade("1000");
        let mut paid = Fee::ZERO;
        for _ in 0..1000 {
            let now = book.same_day("-0.01");
            assert!(now.total() <= Money::CENT);
            paid = paid.checked_add(now).unwrap();
        }
        assert_eq!(paid, fee("0.5", "0.49"));
        assert_eq!(book.same_day("-0.01"), fee("0", "0.01"));
        // Both parts are full, one fits, and a deposit does not bring the other.
        assert!(book.same_day("-0.18").is_zero());
        assert_eq!(book.same_day("-0.0101"), fee("0.01", "0"));
        assert!(book.same_day("0.00000001").is_zero());
    }

    #[test]
    fn what_rounds_rounds_for_the_client() {
        let mut book = Book::open("1", PERFORMANCE);
        assert_eq!(book.trade("2").same_day("-1"), fee("0.06", "0"));
        book.stands("2", "0.66666666");
        assert!(book.same_day("0.00000001").is_zero());
        book.stands("2.00000001", "0.66666667");
        let mut book = Book::open("2", PERFORMANCE);
        book.trade("-0.5").same_day("-1");
        book.stands("0.5", "0.66666667");
    }

    #[test]
    fn who_may_not_be_charged_is_not_charged_later_either() {
        let mut book = Book::open("1000", PERFORMANCE);
        book.trade("300").0.waive(usd("1300"));
        assert!(book.crystallize().is_zero());
        assert_eq!(book.trade("10").crystallize(), fee("1", "0"));
        book.trade("-100").0.waive(usd("1209"));
        book.stands("1209", "1309");
    }

    #[test]
    fn a_crystallization_can_be_reversed_and_a_loss_carried_on() {
        let mut book = Book::open("1000", PERFORMANCE);
        let before = book.0.high();
        let paid = book.trade("200").crystallize();
        let raised = book.0.high().saturating_sub(before);
        book.0.restore(raised);
        book.trade(&paid.total().to_string());
        book.stands("1200", "1000");
        book.0.restore(usd("5000"));
        assert_eq!(book.0.high(), Money::ZERO);

        let mut again = Book::open("500", COPY);
        again.0.carry(usd("70")).unwrap();
        assert!(again.trade("70").crystallize().is_zero());
        assert_eq!(again.trade("20").crystallize(), fee("0.4", "1"));
    }

    #[test]
    fn the_edges_are_safe() {
        assert!(size_of::<Mark>() <= 48);
        let mut mark = Mark::new();
        assert!(mark.crystallize(usd("-5"), &PERFORMANCE).is_zero());
        assert_eq!(mark.flow(Money::from_raw(i64::MIN), Money::ZERO, &PERFORMANCE), None);
        assert_eq!(mark.flow(Money::MAX, Money::ZERO, &PERFORMANCE), Some(Fee::ZERO));
        assert_eq!(mark.flow(Money::CENT, Money::MAX, &PERFORMANCE), None);
        assert_eq!((mark.carry(Money::CENT), mark.high()), (None, Money::MAX));

        // More goes out than is there: what is owed is no loss, and paying it back no gain.
        let mut book = Book::open("100", PERFORMANCE);
        assert!(book.trade("-50").flow("-80").is_zero());
        book.stands("-30", "-30");
        assert!(book.flow("30").is_zero());
        book.stands("0", "0");
    }
}
