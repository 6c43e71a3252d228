//! Subscriptions at the desk: the tier that is served follows each step at once, the house's books every cent, and
//! nothing that is held is ever trapped.

use crate::billing::{house, usd};
use crate::world::{AAPL, World, rules};
use nija_core::billing::plans::{Cycle, Plan};
use nija_core::billing::revenue::Stream;
use nija_core::billing::subscription::request::{Refused, Request};
use nija_core::billing::subscription::{Phase, Subscription};
use nija_core::desk::Desk;
use nija_core::desk::answer::{Answer, Decline};
use nija_core::desk::event::{Grant, Setting, Size};
use nija_core::desk::input::Command;
use nija_core::ledger::chart::Book;
use nija_core::words::id::{AccountId, PartitionId};
use nija_core::words::money::Qty;
use nija_core::words::tier::Tier;
use nija_core::words::time::{Span, Timestamp};

const fn plan(tier: Tier, cycle: Cycle) -> Plan {
    Plan { tier, cycle }
}

impl World {
    fn ask(&mut self, account: AccountId, request: Request) -> Answer {
        self.command(account, Command::Subscription(request))
    }

    fn subscription(&self, account: AccountId) -> Subscription {
        self.view(account).subscription.unwrap()
    }

    /// Pays what the open invoice lacks.
    fn pay_invoice(&mut self, account: AccountId, reference: &str) {
        let subscription = self.subscription(account);
        let invoice = subscription.open().unwrap().invoice;
        let amount = subscription.to_pay().unwrap();
        let pay = Request::Pay { invoice, amount, reference: reference.to_owned() };
        assert_eq!(self.ask(account, pay), Answer::Done);
    }

    /// The market moves on by a day, so many times.
    fn days(&mut self, count: i64) {
        for _ in 0..count {
            self.wait(Span::DAY);
            self.mark(AAPL, "200");
        }
    }
}

#[test]
fn a_trial_ends_in_an_invoice_and_a_payment_in_revenue() {
    let mut world = World::calm();
    let account = world.open(1, Tier::Paper, 1_000);
    let start = Request::Subscribe(plan(Tier::Investor, Cycle::Monthly));
    assert_eq!(world.ask(account, start), Answer::Done);
    assert_eq!(world.view(account).tier, Tier::Investor, "served at once");
    assert!(house(&world).revenue.is_empty(), "nothing is revenue before it is paid");
    world.days(14);
    let subscription = world.subscription(account);
    assert_eq!(subscription.phase(), Phase::PastDue);
    assert_eq!(subscription.to_pay(), Some(usd("99")));
    assert!(house(&world).revenue.is_empty());
    world.pay_invoice(account, "first");
    let books = house(&world).books;
    assert_eq!(books.balance(Book::Bank), usd("99"));
    assert_eq!(books.balance(Book::SubscriptionRevenue), usd("-99"));
    let earned = house(&world).revenue;
    assert_eq!(earned.len(), 1);
    assert_eq!((earned[0].stream, earned[0].tier), (Stream::Subscription, Tier::Investor));
    assert_eq!(world.subscription(account).month(), usd("99"));
    assert_eq!(world.desk.trial_balance(), 0);
}

#[test]
fn an_annual_plan_is_deferred_and_earned_month_by_month() {
    let mut world = World::calm();
    let account = world.open(1, Tier::Paper, 1_000);
    world.ask(account, Request::Subscribe(plan(Tier::Income, Cycle::Annual)));
    world.days(14);
    world.pay_invoice(account, "a year");
    // 12 x 249 less the coupon of 20 %.
    let price = usd("2390.4");
    let deferred = |world: &World| house(world).books.balance(Book::Deferred).negated();
    assert_eq!(deferred(&world), price.checked_sub(usd("199.2")).unwrap());
    world.days(31);
    assert_eq!(deferred(&world), price.checked_sub(usd("398.4")).unwrap());
    world.days(340);
    assert_eq!(deferred(&world), usd("0"));
    assert_eq!(house(&world).books.balance(Book::SubscriptionRevenue), price.negated());
}

#[test]
fn whoever_does_not_pay_is_on_paper_and_can_still_sell() {
    let mut world = World::calm();
    let account = world.open(1, Tier::Paper, 5_000);
    world.ask(account, Request::Subscribe(plan(Tier::Income, Cycle::Monthly)));
    world.buy(account, AAPL, 100);
    world.fill_rest(world.last(), "200");
    world.profit(account, "100");
    world.days(29);
    assert_eq!(world.subscription(account).phase(), Phase::Lapsed);
    assert_eq!(world.view(account).tier, Tier::Paper);
    assert!(house(&world).books.balance(Book::PerformanceRevenue).is_negative(), "won on Income");
    assert!(matches!(world.sell(account, AAPL, Size::All), Answer::Placed { .. }));
    world.fill_rest(world.last(), "200");
    assert_eq!(world.held(account, AAPL), Qty::ZERO);
    // Back again: without a second trial, so served once it is paid.
    world.ask(account, Request::Reactivate);
    assert_eq!(world.view(account).tier, Tier::Paper);
    world.pay_invoice(account, "back");
    assert_eq!(world.view(account).tier, Tier::Income);
}

#[test]
fn a_higher_tier_is_served_when_its_difference_is_paid_a_lower_one_at_once() {
    let mut world = World::calm();
    let account = world.open(1, Tier::Paper, 5_000);
    world.ask(account, Request::Subscribe(plan(Tier::Investor, Cycle::Monthly)));
    world.days(14);
    world.pay_invoice(account, "first");
    world.days(10);
    world.ask(account, Request::Change(plan(Tier::Income, Cycle::Monthly)));
    assert_eq!(world.view(account).tier, Tier::Investor);
    let to_pay = world.subscription(account).to_pay().unwrap();
    assert!(to_pay > usd("90") && to_pay < usd("150"), "{to_pay}");
    world.pay_invoice(account, "more");
    assert_eq!(world.view(account).tier, Tier::Income);
    world.ask(account, Request::Change(plan(Tier::Starter, Cycle::Monthly)));
    assert_eq!(world.view(account).tier, Tier::Starter);
    let credit = world.subscription(account).credit();
    assert!(credit.is_positive());
    assert_eq!(house(&world).books.balance(Book::Credit), credit.negated());
    assert_eq!(world.desk.trial_balance(), 0);
}

#[test]
fn a_granted_tier_holds_over_the_subscription_until_it_is_taken_back() {
    let mut world = World::calm();
    let account = world.open(1, Tier::Paper, 50_000);
    world.ask(account, Request::Subscribe(plan(Tier::Income, Cycle::Monthly)));
    let grant = |tier, reason: &str| {
        Command::Set(Setting::Granted(Some(Grant { tier, reason: reason.to_owned() })))
    };
    let silent = world.command(account, grant(Tier::Baller, " "));
    assert!(matches!(silent, Answer::Declined(Decline::Invalid { field: "reason", .. })));
    assert_eq!(world.command(account, grant(Tier::Baller, "a guest")), Answer::Done);
    let view = world.view(account);
    assert_eq!((view.tier, view.granted.unwrap().reason.as_str()), (Tier::Baller, "a guest"));
    world.profit(account, "100");
    // Trial, invoice, reminders and lapse pass by; none of it moves the tier, and no fee falls due with it.
    world.days(29);
    assert_eq!(world.subscription(account).phase(), Phase::Lapsed);
    assert_eq!(world.view(account).tier, Tier::Baller);
    let mut again = Desk::new(PartitionId(5), rules());
    world.batches.iter().for_each(|batch| again.replay(batch).unwrap());
    assert_eq!(again.state_hash(), world.desk.state_hash());
    let back = || Command::Set(Setting::Granted(None));
    assert_eq!(world.command(account, back()), Answer::Done);
    assert_eq!(world.view(account).tier, Tier::Paper, "nothing is subscribed to any more");
    assert!(world.view(account).granted.is_none());
    assert_eq!(world.command(account, back()), Answer::Done, "twice is once");
    world.ask(account, Request::Reactivate);
    world.pay_invoice(account, "back");
    assert_eq!(world.view(account).tier, Tier::Income, "the subscription decides again");
    // A grant below what is subscribed to holds as well.
    world.command(account, grant(Tier::Starter, "asked for it"));
    assert_eq!(world.view(account).tier, Tier::Starter);
    world.command(account, back());
    assert_eq!(world.view(account).tier, Tier::Income);
    assert_eq!(world.desk.trial_balance(), 0);
}

#[test]
fn what_recurs_is_counted_with_each_step() {
    let mut world = World::calm();
    let [stays, leaves] = [1, 2].map(|id| world.open(id, Tier::Paper, 5_000));
    for (account, tier) in [(stays, Tier::Investor), (leaves, Tier::Starter)] {
        world.ask(account, Request::Subscribe(plan(tier, Cycle::Monthly)));
    }
    let subscribed = house(&world).subscribed;
    assert!(subscribed.iter().all(|of| (of.paying, of.free) == (0, 1)), "trials recur to nothing");
    world.days(14);
    world.pay_invoice(stays, "one");
    world.pay_invoice(leaves, "two");
    let (first, house_then) = (world.now.month(), house(&world));
    assert_eq!((house_then.recurring.now(), house_then.recurring.count()), (usd("118"), 2));
    assert_eq!(house_then.recurring.month(first).gained, usd("118"));
    world.ask(leaves, Request::Cancel);
    world.days(11);
    world.ask(stays, Request::Change(plan(Tier::Income, Cycle::Monthly)));
    world.pay_invoice(stays, "more");
    world.days(25);
    let house = house(&world);
    let second = house.recurring.month(first + 1);
    assert_eq!((second.opening, second.opening_count), (usd("118"), 2));
    assert_eq!((second.expansion, second.churned), (usd("150"), usd("19")));
    assert_eq!((second.churned_count, second.retained()), (1, usd("249")));
    let of: Vec<_> = house.subscribed.iter().map(|of| (of.tier, of.paying, of.worth)).collect();
    assert_eq!(of, [(Tier::Income, 1, usd("249"))]);
}

#[test]
fn a_payment_that_is_told_twice_counts_once_and_one_too_many_is_owed() {
    let mut world = World::calm();
    let account = world.open(1, Tier::Paper, 1_000);
    world.ask(account, Request::Subscribe(plan(Tier::Starter, Cycle::Monthly)));
    world.days(14);
    let invoice = world.subscription(account).open().unwrap().invoice;
    let pay = |reference: &str| {
        let (amount, reference) = (usd("19"), reference.to_owned());
        Request::Pay { invoice, amount, reference }
    };
    for reference in ["one", "one", "one"] {
        assert_eq!(world.ask(account, pay(reference)), Answer::Done);
    }
    assert_eq!(house(&world).books.balance(Book::Bank), usd("19"));
    world.ask(account, pay("another"));
    assert_eq!(house(&world).books.balance(Book::Credit), usd("-19"));
    assert_eq!(house(&world).books.balance(Book::SubscriptionRevenue), usd("-19"));
    let again = world.ask(account, Request::Subscribe(plan(Tier::Saver, Cycle::Monthly)));
    assert_eq!(again, Answer::Declined(Decline::Subscription(Refused::Running)));
}

#[test]
fn what_time_brought_is_journalled_once() {
    let mut world = World::calm();
    let account = world.open(1, Tier::Paper, 1_000);
    world.ask(account, Request::Subscribe(plan(Tier::Starter, Cycle::Monthly)));
    world.days(20);
    let mut again = Desk::new(PartitionId(5), rules());
    world.batches.iter().for_each(|batch| again.replay(batch).unwrap());
    assert_eq!(again.state_hash(), world.desk.state_hash());
    let snapshot = world.desk.snapshot().unwrap();
    assert_eq!(Desk::restore(&snapshot, rules()).unwrap().state_hash(), world.desk.state_hash());
    let before = world.subscription(account);
    world.desk = again;
    world.mark(AAPL, "201");
    assert_eq!(world.subscription(account), before);
}

#[test]
fn a_clock_that_jumps_over_months_asks_once() {
    let mut world = World::calm();
    let account = world.open(1, Tier::Paper, 1_000);
    world.ask(account, Request::Subscribe(plan(Tier::Starter, Cycle::Monthly)));
    world.now = Timestamp::of_month(world.now.month() + 7);
    world.mark(AAPL, "200");
    assert_eq!(world.subscription(account).to_pay(), Some(usd("19")));
}
