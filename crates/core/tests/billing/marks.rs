//! The identities of the high-water mark on random histories: flows, trading within and between days,
//! crystallizations. The books are kept here in whole units of 10^-8, beside the mark and not by it.

use crate::histories;
use nija_core::billing::fee::{Fee, Rates};
use nija_core::billing::mark::Mark;
use nija_core::words::money::{Money, Pct};
use proptest::prelude::*;

const CENT: i128 = 1_000_000;
const PERCENT: i128 = 100_000_000;

/// One thing that happens to a fee account.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// Profit or loss, thousandths of equity.
    Trade(i16),
    /// Cents.
    Deposit(u32),
    /// Ten-thousandths of equity.
    Withdraw(u16),
    /// Everything.
    Empty,
    /// What was paid out on this day comes back, or what was paid in goes.
    Undo,
    NextDay,
    Crystallize,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (-400i16..500).prop_map(Step::Trade),
        3 => (1u32..50_000_000).prop_map(Step::Deposit),
        4 => (1u16..10_000).prop_map(Step::Withdraw),
        1 => Just(Step::Empty),
        1 => Just(Step::Undo),
        3 => Just(Step::NextDay),
        2 => Just(Step::Crystallize),
    ]
}

fn rates() -> impl Strategy<Value = Rates> {
    let pct = |raw| Pct::from_raw(raw);
    prop_oneof![
        Just(Rates { platform: Pct::whole(10), leader: Pct::ZERO }),
        Just(Rates { platform: Pct::whole(2), leader: Pct::whole(5) }),
        (0i64..2_500_000_000, 0i64..2_500_000_000)
            .prop_map(move |(p, l)| Rates { platform: pct(p), leader: pct(l) }),
    ]
}

/// A fee account with its equity, and what the identities speak of.
#[derive(Clone, Debug, PartialEq)]
struct Account {
    mark: Mark,
    equity: i128,
    rates: Rates,
    /// All fees, and how often one was worked out.
    fees: Fee,
    rounded: i128,
    profit: i128,
    /// Carried loss that left with withdrawals, of the days before and of this day so far
    /// (where gains left instead, it is negative).
    forgiven: i128,
    today: i128,
    /// The highest that profit and forgiven loss together ever were.
    summit: i128,
    /// The owner's own pocket, of this day.
    pocket: i128,
    undone: Option<i128>,
}

impl Account {
    fn new(rates: Rates) -> Self {
        Self {
            mark: Mark::new(),
            equity: 0,
            rates,
            fees: Fee::ZERO,
            rounded: 0,
            profit: 0,
            forgiven: 0,
            today: 0,
            summit: 0,
            pocket: 0,
            undone: Some(0),
        }
    }
    fn money(amount: i128) -> Money {
        Money::from_raw(i64::try_from(amount).unwrap())
    }
    fn excess(&self) -> i128 {
        self.equity - i128::from(self.mark.high().raw())
    }
    fn forgiven(&self) -> i128 {
        self.forgiven + self.today.max(0)
    }
    fn book(&mut self, fee: Fee) {
        self.rounded += 1;
        self.fees = self.fees.checked_add(fee).unwrap();
    }
    /// A gross flow, as a desk would book it.
    fn flow(&mut self, amount: i128) -> Fee {
        let before = self.excess();
        let fee = self.mark.flow(Self::money(amount), Self::money(self.equity), &self.rates);
        let fee = fee.unwrap();
        let total = i128::from(fee.total().raw());
        self.equity += amount - if amount < 0 { 0 } else { total };
        self.pocket += amount + if amount < 0 { total } else { 0 };
        self.today += self.excess() - before;
        self.book(fee);
        fee
    }
    fn close_day(&mut self) {
        self.forgiven = self.forgiven();
        self.today = 0;
        self.pocket = 0;
        self.undone = Some(i128::from(self.mark.high().raw()));
        self.mark.close_day();
    }
    fn trade(&mut self, profit: i128) {
        self.profit += profit;
        self.equity += profit;
    }
    fn crystallize(&mut self) -> Fee {
        let fee = self.mark.crystallize(Self::money(self.equity), &self.rates);
        self.close_day();
        self.equity -= i128::from(fee.total().raw());
        self.book(fee);
        fee
    }
    /// Does what the step says, and checks what the step alone must keep (I2, I3).
    fn take(&mut self, step: Step) -> Result<(), TestCaseError> {
        let (before, high) = (self.excess(), self.mark.high());
        match step {
            Step::Trade(thousandths) => self.trade(self.equity * i128::from(thousandths) / 1000),
            Step::Deposit(cents) => {
                let fee = self.flow(i128::from(cents) * CENT);
                prop_assert!(fee.platform <= Money::ZERO && fee.leader <= Money::ZERO);
            }
            Step::Withdraw(part) => {
                let amount = self.equity * i128::from(part) / 10_000 / CENT * CENT;
                self.withdraw(amount, before)?;
            }
            Step::Empty => self.withdraw(self.equity, before)?,
            Step::Undo => {
                let amount = -self.pocket;
                if amount < 0 && self.equity < -amount {
                    return Ok(());
                }
                self.flow(amount);
                prop_assert_eq!(Some(i128::from(self.mark.high().raw())), self.undone, "I2");
                prop_assert_eq!(self.today, 0, "I2: neither forgiven nor billed");
            }
            Step::NextDay => self.close_day(),
            Step::Crystallize => {
                let fee = self.crystallize();
                prop_assert!(before > 0 || (fee.is_zero() && self.mark.high() == high), "I3");
                prop_assert!(before <= 0 || self.excess() == 0);
            }
        }
        Ok(())
    }
    fn withdraw(&mut self, amount: i128, before: i128) -> Result<(), TestCaseError> {
        let (equity, undoes) = (self.equity, self.pocket > 0);
        let fee = self.flow(-amount);
        if before <= 0 {
            prop_assert!(fee.total() <= Money::ZERO, "I3");
        }
        prop_assert!(i128::from(fee.total().raw()) <= amount, "more than was paid out");
        if !undoes && equity > 0 {
            // The share of the gain or loss that stays is the share of equity that stays.
            // Less of a gain is billed and more of a loss is kept, by less than a unit.
            let off = self.excess() * equity - before * (equity - amount);
            prop_assert!(if before > 0 { off >= 0 } else { off <= 0 }, "{off} of {equity}");
            prop_assert!(off.abs() < equity, "{off} of {equity}");
        }
        Ok(())
    }
    /// I1 and I5, now.
    fn holds(&mut self) -> Result<(), TestCaseError> {
        self.summit = self.summit.max(self.profit + self.forgiven());
        let billed = self.profit + self.forgiven() - self.excess();
        for (fee, pct) in
            [(self.fees.platform, self.rates.platform), (self.fees.leader, self.rates.leader)]
        {
            let (fee, pct) = (i128::from(fee.raw()) * 100 * PERCENT, i128::from(pct.raw()));
            // Each fee is rounded down by less than a cent, each flow by less than a unit.
            let rounding = (self.rounded + 1) * CENT * 100 * PERCENT;
            prop_assert!(fee <= billed * pct, "I1: {fee} of {}", billed * pct);
            prop_assert!(fee > billed * pct - rounding, "I1: {fee} of {}", billed * pct);
            prop_assert!(fee <= self.summit * pct, "I5");
        }
        Ok(())
    }
}

/// Some history, and the account after it.
fn lived() -> impl Strategy<Value = (Vec<Step>, Rates)> {
    (prop::collection::vec(step(), 1..24), rates())
}

fn live(steps: &[Step], rates: Rates) -> Result<Account, TestCaseError> {
    let mut account = Account::new(rates);
    account.take(Step::Deposit(100_000))?;
    account.close_day();
    for &step in steps {
        if account.equity < 0 || account.equity > 1_000_000_000 * PERCENT {
            break;
        }
        account.take(step)?;
        account.holds()?;
    }
    Ok(account)
}

proptest! {
    #![proptest_config(histories(20_000))]

    /// I1, I2, I3 and I5 after every step, I8 at the end.
    #[test]
    fn fees_are_the_rate_of_what_was_gained((steps, rates) in lived()) {
        let account = live(&steps, rates)?;
        prop_assert_eq!(&live(&steps, rates)?, &account, "I8");
        let bytes = minicbor::to_vec(account.mark).unwrap();
        prop_assert_eq!(minicbor::decode::<Mark>(&bytes).unwrap(), account.mark, "I8");
    }

    /// I4: a flow in parts is the flow, to the cent of each payee; and days without flows change nothing.
    #[test]
    fn parts_come_to_the_whole(
        (steps, rates) in lived(), amount in -9_999i128..10_000, cuts in prop::collection::vec(1i128..100, 0..12),
    ) {
        let mut whole = live(&steps, rates)?;
        whole.close_day();
        let mut parts = whole.clone();
        parts.mark.close_day();
        let amount = whole.equity.max(0) * amount / 10_000;
        let all = cuts.iter().sum::<i128>() + 1;
        let mut rest = amount;
        for cut in &cuts {
            let part = amount * cut / all;
            rest -= part;
            parts.flow(part);
        }
        parts.flow(rest);
        whole.flow(amount);
        prop_assert_eq!(parts.equity, whole.equity);
        let drift = (parts.excess() - whole.excess()).abs();
        prop_assert!(drift <= cuts.len() as i128 + 1, "I4: {drift}");
        for (a, b) in [
            (parts.fees.platform, whole.fees.platform), (parts.fees.leader, whole.fees.leader),
        ] {
            prop_assert!(a.saturating_sub(b).abs() <= Money::CENT, "I4: {a} {b}");
        }
    }

    /// I2 by itself: whatever flows and trades on a day, once the owner's pocket is even the account is as if
    /// only the trading had happened, for this day's fees and for all to come.
    #[test]
    fn a_day_that_ends_even_was_no_flow(
        (steps, rates) in lived(),
        day in prop::collection::vec((-5_000i128..10_000, -300i128..300), 1..6),
        later in prop::collection::vec(step(), 0..6),
    ) {
        let mut busy = live(&steps, rates)?;
        busy.close_day();
        let mut calm = busy.clone();
        for (flow, trade) in day {
            busy.flow(busy.equity.max(0) * flow / 10_000 / CENT * CENT);
            let profit = busy.equity * trade / 1_000;
            busy.trade(profit);
            calm.trade(profit);
        }
        // Where trading lost what was paid in, the owner pays for it first.
        if busy.pocket > busy.equity {
            return Ok(());
        }
        busy.flow(-busy.pocket);
        busy.close_day();
        calm.close_day();
        prop_assert_eq!((busy.mark, busy.equity, busy.fees), (calm.mark, calm.equity, calm.fees));
        for step in later {
            busy.take(step)?;
            calm.take(step)?;
            prop_assert_eq!(busy.fees, calm.fees);
        }
    }

    /// Nothing that comes from outside the range of sense panics or takes more than there is.
    #[test]
    fn noise_is_safe(noise in prop::collection::vec((any::<i64>(), any::<i64>(), 0u8..6), 1..12), rates in rates()) {
        let mut mark = Mark::new();
        for (amount, equity, kind) in noise {
            let [amount, equity] = [amount, equity].map(Money::from_raw);
            let before = mark;
            match kind {
                0 => mark.waive(equity),
                1 => mark.restore(amount),
                2 => drop(mark.carry(amount)),
                3 => {
                    let fee = mark.crystallize(equity, &rates);
                    prop_assert!(fee.total() <= equity.or_zero());
                }
                _ => match mark.flow(amount, equity, &rates) {
                    None => prop_assert_eq!(mark, before),
                    Some(fee) if amount.is_negative() => {
                        prop_assert!(fee.total() <= amount.negated());
                    }
                    Some(fee) => prop_assert!(fee.total() <= Money::ZERO),
                },
            }
            prop_assert!(mark.accrued(equity, &rates).total() <= equity.or_zero());
        }
    }
}
