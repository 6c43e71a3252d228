//! Fees on profits at the desk: the worked examples to the cent, months that are billed once, money that is no profit.

use crate::world::{AAPL, NOON, World, rules};
use nija_core::billing::plans::FeePolicy;
use nija_core::billing::revenue::Stream;
use nija_core::desk::answer::{AccountView, Answer, Decline, HouseView, Query, View};
use nija_core::desk::event::{Adjustment, Event, PaidOut, Setting, Size};
use nija_core::desk::input::Command;
use nija_core::desk::{Desk, Rules};
use nija_core::ledger::chart::Book;
use nija_core::words::id::{AccountId, PartitionId};
use nija_core::words::money::Money;
use nija_core::words::tier::Tier;
use nija_core::words::time::{Span, Timestamp};
use std::sync::Arc;

pub(crate) fn usd(text: &str) -> Money {
    text.parse().unwrap()
}

pub(crate) fn house(world: &World) -> HouseView {
    match world.desk.query(&Query::House(PartitionId(5))) {
        View::House(house) => *house,
        other => panic!("{other:?}"),
    }
}

impl World {
    /// Profit or loss, as if of trading.
    pub(crate) fn profit(&mut self, account: AccountId, amount: &str) {
        let (kind, why) = (Adjustment::Correction, "a test".to_owned());
        let adjust = Command::Adjust { kind, amount: usd(amount), why };
        assert_eq!(self.command(account, adjust), Answer::Done);
    }

    pub(crate) fn pay(&mut self, account: AccountId, amount: &str) -> Answer {
        self.command(account, Command::Transfer(usd(amount)))
    }

    /// The first instant of the next month; what is due is charged.
    pub(crate) fn next_month(&mut self) {
        self.now = Timestamp::of_month(self.now.month() + 1);
        self.mark(AAPL, "200");
    }

    pub(crate) fn next_day(&mut self) {
        self.wait(Span::DAY);
        self.mark(AAPL, "200");
    }

    fn stands(&self, account: AccountId, equity: &str, high: &str) -> AccountView {
        let view = self.view(account);
        assert_eq!((view.own_equity, view.fees.high), (usd(equity), Some(usd(high))));
        view
    }

    fn earned(&self, stream: Stream) -> Money {
        let revenue = house(self).revenue.into_iter().filter(|earned| earned.stream == stream);
        revenue.fold(Money::ZERO, |sum, earned| sum.saturating_add(earned.amount))
    }

    fn with(rules: Rules) -> Self {
        let mut world = Self::empty();
        world.desk = Desk::new(PartitionId(5), Arc::new(rules));
        world
    }
}

#[test]
fn the_worked_example_of_five_months() {
    let mut world = World::calm();
    let account = world.open(1, Tier::Income, 1_000);
    world.profit(account, "200");
    assert_eq!(world.view(account).fees.accrued.platform, usd("20"), "shown, not booked");
    assert_eq!(world.earned(Stream::PerformanceFee), Money::ZERO);
    world.next_month();
    world.stands(account, "1180", "1180");
    world.profit(account, "-280");
    world.next_month();
    world.stands(account, "900", "1180");
    world.pay(account, "500");
    world.stands(account, "1400", "1680");
    assert_eq!(world.earned(Stream::PerformanceFee), usd("20"), "a deposit is never profit");
    world.profit(account, "140");
    world.next_month();
    world.stands(account, "1540", "1680");
    world.pay(account, "-770");
    world.stands(account, "770", "840");
    world.profit(account, "100");
    world.next_month();
    world.stands(account, "867", "867");
    world.profit(account, "133");
    world.next_day();
    let before = world.view(account).books.balance(Book::Capital);
    let out = world.pay(account, "-250");
    let told = PaidOut { paid: usd("246.68"), fee: usd("3.32"), cash: usd("750") };
    assert_eq!(out, Answer::PaidOut(told));
    let view = world.stands(account, "750", "650.25");
    let paid = view.books.balance(Book::Capital).checked_sub(before);
    assert_eq!(paid, Some(usd("246.68")), "the fee is taken from what is paid out");
    world.profit(account, "-40");
    world.next_month();
    world.stands(account, "704.03", "704.03");
    assert_eq!(world.earned(Stream::PerformanceFee), usd("32.29"));
    assert_eq!(world.view(account).books.balance(Book::PerformanceFees), usd("32.29"));
    assert_eq!(world.desk.trial_balance(), 0);
}

#[test]
fn a_withdrawal_tells_the_same_under_its_key_and_pays_once() {
    let mut world = World::calm();
    let account = world.open(1, Tier::Income, 1_000);
    // Of one day's flows only the net one is charged.
    world.next_day();
    world.profit(account, "100");
    let out = || Command::Transfer(usd("-550"));
    let told = PaidOut { paid: usd("545"), fee: usd("5"), cash: usd("550") };
    for _ in 0..2 {
        assert_eq!(world.keyed(account, "out", out()), Answer::PaidOut(told));
    }
    assert_eq!(world.view(account).cash, usd("550"));
}

#[test]
fn a_user_wins_a_thousand_and_the_platform_earns_a_hundred() {
    let mut world = World::calm();
    let account = world.open(1, Tier::Investor, 5_000);
    world.profit(account, "1000");
    world.next_month();
    assert_eq!(world.earned(Stream::PerformanceFee), usd("100"));
    let house = house(&world);
    assert_eq!(house.books.balance(Book::Bank), usd("100"));
    assert!(house.revenue.iter().all(|earned| earned.tier == Tier::Investor));
    let level = world.view(account).level.name();
    assert_eq!(level, "safe", "a fee is no loss that a guard counts");
}

#[test]
fn a_deposit_and_an_equal_withdrawal_of_one_day_change_nothing() {
    for flows in [["300", "-300"], ["-300", "300"]] {
        let (mut world, mut twin) = (World::calm(), World::calm());
        let account = world.open(1, Tier::Investor, 1_000);
        assert_eq!(twin.open(1, Tier::Investor, 1_000), account);
        for world in [&mut world, &mut twin] {
            world.profit(account, "100");
            world.next_day();
        }
        for flow in flows {
            world.pay(account, flow);
        }
        for world in [&mut world, &mut twin] {
            world.profit(account, "50");
            world.next_month();
        }
        assert_eq!(world.earned(Stream::PerformanceFee), twin.earned(Stream::PerformanceFee));
        // A fee that was given back is the client's own money: it stands in equity and mark alike.
        for world in [&mut world, &mut twin] {
            world.profit(account, "-20");
        }
        let fees = [&world, &twin]
            .map(|world| (world.view(account).fees.gain, world.view(account).fees.loss));
        assert_eq!(fees[0], fees[1], "{flows:?}");
    }
}

#[test]
fn a_month_is_billed_once_also_after_a_replay() {
    let mut world = World::calm();
    let account = world.open(1, Tier::Investor, 1_000);
    world.profit(account, "100");
    world.next_month();
    let mut again = Desk::new(PartitionId(5), rules());
    world.batches.iter().for_each(|batch| again.replay(batch).unwrap());
    assert_eq!(again.state_hash(), world.desk.state_hash());
    world.desk = again;
    world.wait(Span::seconds(1));
    world.mark(AAPL, "200");
    world.next_day();
    assert_eq!(world.earned(Stream::PerformanceFee), usd("10"));
    let snapshot = world.desk.snapshot().unwrap();
    let restored = Desk::restore(&snapshot, rules()).unwrap();
    assert_eq!(restored.state_hash(), world.desk.state_hash());
    world.desk = restored;
    world.next_day();
    assert_eq!(world.earned(Stream::PerformanceFee), usd("10"));
}

#[test]
fn months_without_an_input_are_billed_together() {
    let mut world = World::calm();
    let account = world.open(1, Tier::Investor, 1_000);
    world.profit(account, "100");
    world.now = Timestamp::of_month(NOON.month() + 3);
    world.mark(AAPL, "200");
    world.stands(account, "1090", "1090");
}

#[test]
fn simulated_money_and_unqualified_owners_pay_nothing_and_what_they_won_stays_free() {
    let mut rules = Rules::clone(&rules());
    rules.plans.fee_policy = FeePolicy::QualifiedOnly;
    let mut world = World::with(rules);
    let paper = world.open(1, Tier::Paper, 1_000);
    let owner = world.open(2, Tier::Investor, 1_000);
    for account in [paper, owner] {
        world.profit(account, "100");
        assert!(world.view(account).fees.accrued.is_zero());
    }
    world.command(owner, Setting::Qualified("statement of net worth, 2025".to_owned()).into());
    assert_eq!(world.view(owner).fees.gain, Money::ZERO, "won before: free");
    world.profit(owner, "50");
    world.now = Timestamp::of_month(world.now.month() + 1);
    world.pay(paper, "1");
    assert_eq!(world.earned(Stream::PerformanceFee), usd("5"));
    assert_eq!(world.view(paper).books.balance(Book::PerformanceFees), Money::ZERO);
    world.command(owner, Setting::Qualified(String::new()).into());
    assert_eq!(world.view(owner).fees.qualified, None);
}

#[test]
fn a_lower_tier_charges_what_was_won_on_the_higher_one() {
    let mut world = World::calm();
    let account = world.open(1, Tier::Income, 5_000);
    world.profit(account, "100");
    world.command(account, Setting::Tier(Tier::Baller).into());
    assert_eq!(world.earned(Stream::PerformanceFee), Money::ZERO, "a higher one does not");
    world.command(account, Setting::Tier(Tier::Paper).into());
    assert_eq!(world.earned(Stream::PerformanceFee), usd("10"));
    let earned = house(&world).revenue;
    assert_eq!(earned.first().map(|earned| earned.tier), Some(Tier::Baller));
}

#[test]
fn a_fee_without_cash_is_owed_and_taken_when_there_is_some() {
    let mut world = World::calm();
    let account = world.open(1, Tier::Baller, 3_400);
    world.buy(account, AAPL, 100);
    world.fill_rest(world.last(), "200");
    let cash = world.view(account).cash;
    world.pay(account, &cash.checked_sub(usd("1")).unwrap().negated().to_string());
    world.mark(AAPL, "400");
    world.now = Timestamp::of_month(world.now.month() + 1);
    world.mark(AAPL, "400");
    let view = world.view(account);
    let (owed, equity) = (view.fees.owed, view.own_equity);
    assert!(owed.is_positive() && view.cash.is_zero(), "{owed} {}", view.cash);
    assert_eq!(equity, usd("200").checked_sub(owed).unwrap(), "nothing was sold for it");
    assert_eq!(house(&world).books.balance(Book::Receivable), owed);
    world.pay(account, "50");
    world.pay(account, "-1");
    let view = world.view(account);
    assert_eq!((view.fees.owed, house(&world).books.balance(Book::Receivable)), Default::default());
    assert_eq!(view.own_equity, equity.checked_add(usd("49")).unwrap());
    assert_eq!(world.desk.trial_balance(), 0);
}

#[test]
fn the_last_fee_can_be_given_back_once_and_its_gain_is_open_again() {
    let mut world = World::calm();
    let account = world.open(1, Tier::Investor, 1_000);
    let nothing = Answer::Declined(Decline::NoFee);
    assert_eq!(world.command(account, Command::RefundFee), nothing);
    world.profit(account, "200");
    world.next_month();
    assert_eq!(world.command(account, Command::RefundFee), Answer::Done);
    assert_eq!(world.command(account, Command::RefundFee), nothing);
    world.stands(account, "1200", "1000");
    assert_eq!(world.earned(Stream::PerformanceFee), Money::ZERO);
    world.profit(account, "-50");
    world.next_month();
    world.stands(account, "1135", "1135");
    assert_eq!(world.desk.trial_balance(), 0);
}

#[test]
fn dividends_and_corrections_are_booked_with_their_cause() {
    let mut world = World::calm();
    let account = world.open(1, Tier::Investor, 1_000);
    for (kind, amount) in [
        (Adjustment::Dividend, "3.5"),
        (Adjustment::Funding, "-1.25"),
        (Adjustment::Correction, "2"),
    ] {
        let why = format!("{} of a test", kind.name());
        let answer = world.command(account, Command::Adjust { kind, amount: usd(amount), why });
        assert_eq!(answer, Answer::Done);
        assert_eq!(world.view(account).books.balance(kind.book()), usd(amount).negated());
    }
    world.stands(account, "1004.25", "1000");
    let (kind, amount) = (Adjustment::Correction, usd("1"));
    let mute = world.command(account, Command::Adjust { kind, amount, why: " ".to_owned() });
    assert!(matches!(mute, Answer::Declined(Decline::Invalid { field: "why", .. })));
}

#[test]
fn an_account_older_than_marks_begins_where_it_stands() {
    let mut world = World::calm();
    let account = world.open(1, Tier::Investor, 1_000);
    world.profit(account, "100");
    // The same journal as it was written before there were marks.
    let mut old = Desk::new(PartitionId(5), rules());
    let events: Vec<Event> = world.batches.iter().flat_map(|b| b.events().unwrap()).collect();
    let kept = events
        .iter()
        .filter(|event| !matches!(event, Event::Billed { .. } | Event::MonthClosed { .. }));
    let (mut body, mut count) = (Vec::new(), 0);
    for event in kept {
        minicbor::encode(event, &mut body).unwrap();
        count += 1;
    }
    let (head, epoch) = (nija_core::journal::Head::default(), nija_core::words::id::Epoch(0));
    let contents = (count, body);
    let batch = nija_core::journal::Batch::chained(PartitionId(5), epoch, NOON, &head, contents);
    old.replay(&batch).unwrap();
    world.desk = old;
    world.next_month();
    world.next_month();
    assert_eq!(world.view(account).fees.high, Some(usd("1100")));
    assert_eq!(world.earned(Stream::PerformanceFee), Money::ZERO, "what was won before is free");
}

#[test]
fn a_sale_of_everything_is_not_in_the_way_of_a_fee() {
    let mut world = World::calm();
    let account = world.open(1, Tier::Investor, 1_000);
    world.buy(account, AAPL, 100);
    world.fill_rest(world.last(), "200");
    world.mark(AAPL, "300");
    world.sell(account, AAPL, Size::All);
    world.fill_rest(world.last(), "300");
    // Days on which nothing happens do not hide the gain from the month's end.
    for _ in 0..3 {
        world.next_day();
    }
    let gain = world.view(account).fees.gain;
    assert!(gain.is_positive());
    world.next_month();
    let fee = world.earned(Stream::PerformanceFee);
    assert!(fee.is_positive() && fee < gain, "{fee} of {gain}");
}
