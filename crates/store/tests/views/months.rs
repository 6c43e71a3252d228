//! Months of accounts: how they stood at both ends, what happened between, and that a statement made of them adds
//! up to the last digit, whatever happened.

use crate::street::{COIN, FUTURE, HERE, PAIR, START, Street, charged, scope_of, usd};
use nija_core::billing::fee::Rates;
use nija_core::billing::plans::{DEFAULT_PLANS, Plans};
use nija_core::desk::answer::Answer;
use nija_core::desk::event::Size;
use nija_core::desk::input::{Command, CopyAct, Input};
use nija_core::ledger::chart::Book;
use nija_core::ports::documents::section::{Place, Section};
use nija_core::ports::documents::statement::{Facts, Statement};
use nija_core::ports::documents::{Customer, Issuer, Period};
use nija_core::ports::views::house::{HouseFilter, HouseScope};
use nija_core::ports::views::month::AccountMonth;
use nija_core::ports::views::{Page, Projection as _, Scope, Views as _};
use nija_core::statement::{Terms, section};
use nija_core::words::id::{AccountId, SignalId, UserId};
use nija_core::words::money::{Money, Price, Qty};
use nija_core::words::order::Side;
use nija_core::words::signal::{Action, Loop, Signal, StrategyName};
use nija_core::words::tier::Tier;
use nija_core::words::time::{Span, Timestamp};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

const WHOLE: Page = Page { before: None, limit: 1_000 };

/// The months of an account and of its copies.
async fn told(street: &Street, account: AccountId, month: i32) -> Vec<AccountMonth> {
    let view = street.view(account);
    let leaders: Vec<_> = view.sleeves.iter().map(|sleeve| sleeve.sleeve.leader).collect();
    let views = &street.world.views;
    views.month(&scope_of(account), &leaders, month).await.unwrap().unwrap()
}

fn sections(street: &Street, account: AccountId, months: &[AccountMonth]) -> Vec<Section> {
    let plans = Plans::parse(DEFAULT_PLANS).unwrap();
    let made = months.iter().map(|month| {
        let place = match month.id == account {
            true => Place::Account,
            false => Place::Sleeve { leader: "a master".to_owned() },
        };
        let charged = match place {
            Place::Account => plans.performance(),
            Place::Sleeve { .. } => plans.copy(),
        };
        let accrues = if street.view(account).tier == Tier::Paper { Rates::NONE } else { charged };
        section(month, &Terms { place, charged, accrues }).unwrap()
    });
    made.collect()
}

async fn statement(street: &Street, account: AccountId, month: i32) -> Statement {
    let months = told(street, account, month).await;
    let to = months.iter().map(|month| month.to).max().unwrap();
    let facts = Facts {
        issuer: Issuer::default(),
        customer: Customer::default(),
        account,
        tier: months[0].tier,
        period: Period { from: months[0].from, to },
        sections: sections(street, account, &months),
        outside: Vec::new(),
        note: None,
    };
    Statement::new(facts).unwrap()
}

#[tokio::test]
async fn m_01_worked_example_a_can_be_recomputed_from_its_statements() {
    let mut street = Street::open().await;
    let account = street.customer(1, Tier::Investor, 1_000).await;
    street.profit(account, "200").await;
    street.next_month().await;
    street.profit(account, "-280").await;
    street.next_month().await;
    street.pay(account, "500").await;
    street.now = street.now.plus(Span::DAY);
    street.profit(account, "140").await;
    street.next_month().await;
    street.pay(account, "-770").await;
    street.now = street.now.plus(Span::DAY);
    street.profit(account, "100").await;
    street.next_month().await;
    street.profit(account, "133").await;
    street.pay(account, "-250").await;
    street.now = street.now.plus(Span::DAY);
    street.profit(account, "-40").await;
    street.next_month().await;

    let first = START.month();
    let mut found = Vec::new();
    for month in first..first + 5 {
        let statement = statement(&street, account, month).await;
        let (total, facts) = (statement.total(), statement.facts());
        let mark = facts.sections[0].high_water.as_ref().unwrap();
        let figures = [total.opening, total.closing, total.fees_taken(), mark.closing()];
        found.push(figures.map(|figure| figure.to_string()).join(" "));
        assert_eq!(facts.period.to, Timestamp::of_month(month + 1));
    }
    assert_eq!(
        found,
        [
            "0 1180 20 1180",
            "1180 900 0 1180",
            "900 1540 0 1680",
            "1540 867 3 867",
            "867 704.03 9.29 704.03",
        ]
    );
    assert_eq!(street.house().books.balance(Book::PerformanceRevenue), usd("-32.29"));
    let views = &street.world.views;
    let months = views.months(&scope_of(account)).await.unwrap().unwrap();
    assert_eq!((months.first, months.last), (first, first + 5));
    let balances = views.balances(&scope_of(account), &[], first).await.unwrap();
    let fees: Vec<_> = balances
        .iter()
        .map(|(_, books)| books.balance(Book::PerformanceFees).to_string())
        .collect();
    assert_eq!(fees, ["20", "20", "20", "23", "32.29", "32.29"]);
}

#[tokio::test]
async fn m_02_open_positions_are_those_of_the_end_and_at_its_prices() {
    let mut street = Street::open().await;
    let account = street.customer(1, Tier::Baller, 100_000).await;
    street.order(account, (Side::Buy, COIN), Size::Dollars(Money::whole(1_000))).await;
    street.order(account, (Side::Buy, FUTURE), Size::Dollars(Money::whole(500))).await;
    street.mark(COIN, "110").await;
    let ended = START.month();
    street.now = Timestamp::of_month(ended + 1).plus(Span(-1));
    street.mark(FUTURE, "60").await;
    let equity = street.view(account).own_equity;
    street.next_month().await;
    let fee = equity.saturating_sub(street.view(account).own_equity);
    street.mark(COIN, "90").await;
    street.order(account, (Side::Sell, COIN), Size::All).await;

    let told = statement(&street, account, ended).await;
    let held = &told.facts().sections[0].positions;
    let shown: Vec<_> = held
        .iter()
        .map(|held| format!("{} {} {} {}", held.symbol, held.qty, held.mark, held.value))
        .collect();
    assert_eq!(shown, ["BTC-USD 10 110 1100", "ES 2 60 100"]);
    assert!(fee.is_positive());
    assert_eq!(told.total().closing, equity.saturating_sub(fee));
    let running = statement(&street, account, ended + 1).await;
    assert_eq!(running.total().opening, told.total().closing);
    assert_eq!(running.total().closing, street.view(account).own_equity);
    let view = street.view(account);
    assert_eq!(running.facts().sections[0].positions.len(), view.positions.len());
}

#[tokio::test]
async fn a_short_contract_is_told_to_the_cent_over_two_months() {
    let mut street = Street::open().await;
    let account = street.customer(1, Tier::Baller, 100_000).await;
    street.order(account, (Side::Sell, FUTURE), Size::Dollars(Money::whole(1_000))).await;
    street.mark(FUTURE, "45").await;
    let ended = START.month();
    street.next_month().await;
    street.now = street.now.plus(Span::seconds(6 * 3_600));
    street.mark(FUTURE, "48").await;
    street.order(account, (Side::Buy, FUTURE), Size::Dollars(Money::whole(240))).await;

    let told = statement(&street, account, ended).await;
    let section = &told.facts().sections[0];
    let held = &section.positions[0];
    assert_eq!((held.qty, held.cost, held.value), (Qty::whole(-4), Money::ZERO, Money::ZERO));
    assert_eq!(
        section.trades.iter().map(|trade| trade.value.raw()).sum::<i64>(),
        usd("1000").raw()
    );
    // Its last day was settled at 45 before the month was closed.
    let settled: Vec<_> = section.income.iter().map(|income| income.amount).collect();
    assert_eq!(settled, [Money::whole(100)]);
    let running = statement(&street, account, ended + 1).await;
    let section = &running.facts().sections[0];
    assert!(section.income.is_empty());
    let bought = &section.trades;
    assert_eq!(bought.iter().map(|trade| trade.value.raw()).sum::<i64>(), usd("240").raw());
    assert_eq!(bought.iter().map(|trade| trade.realized.raw()).sum::<i64>(), usd("-15").raw());
    let held = &section.positions[0];
    assert_eq!((held.qty, held.value), (Qty::whole(-3), Money::whole(-45)));
    assert_eq!(running.total().opening, told.total().closing);
    assert_eq!(running.total().closing, street.view(account).own_equity);
    let page = Page { before: None, limit: 1 };
    let fills = street.world.views.fills(&scope_of(account), page).await.unwrap();
    let lost = fills[0].row.realized.as_deref();
    assert!(lost.is_some_and(|lost| lost.starts_with("-10.")), "two thirds of it: {lost:?}");
}

#[tokio::test]
async fn a_swap_is_told_as_what_was_given_and_what_came() {
    let mut street = Street::open().await;
    street.list_pair().await;
    let account = street.customer(1, Tier::Baller, 100_000).await;
    let ended = START.month();
    // Two coins that are missing, and a loop, in two parts each.
    for _ in 0..3 {
        let around = Loop {
            side: Side::Buy,
            limit: "0.1".parse().unwrap(),
            buy_limit: Price::whole(100),
            sell_limit: Price::whole(10),
            base: Qty::whole(30),
            quote: Qty::whole(3),
        };
        let signal = Signal {
            id: SignalId(street.batches.len() as u64),
            strategy: StrategyName::CryptoArbitrage,
            version: 1,
            instrument: PAIR,
            action: Action::Loop(around),
            mark: around.limit,
            at: street.now,
            insight: None,
        };
        street.take(Input::Signal(signal)).await;
        street.fill_all().await;
        // What is given had cost less.
        street.mark(COIN, "101").await;
    }
    let told = statement(&street, account, ended).await;
    let section = &told.facts().sections[0];
    let trades: Vec<String> = section
        .trades
        .iter()
        .map(|t| format!("{} {:?} {} {} {}", t.symbol, t.side, t.qty, t.price, t.value))
        .collect();
    // The pair's first part: a bitcoin for ten, at 101.
    let halves = ["BTC-USD Sell 1 101 101", "ETH-USD Buy 10 10.1 101"];
    assert!(halves.iter().all(|half| trades.iter().any(|trade| trade == half)), "{trades:#?}");
    assert!(trades.iter().all(|trade| !trade.starts_with("ETH-BTC")));
    let held: Vec<&str> = section.positions.iter().map(|held| held.symbol.as_str()).collect();
    assert_eq!(held, ["BTC-USD", "ETH-USD"]);
    assert_eq!(told.total().closing, street.view(account).own_equity);
    let views = &street.world.views;
    let fills = views.fills(&scope_of(account), WHOLE).await.unwrap();
    let pair = fills.iter().find(|fill| fill.row.symbol == "ETH-BTC").unwrap();
    assert_eq!((pair.row.price.as_str(), pair.row.realized.as_deref()), ("0.1", None));
    let entries = views.entries(&scope_of(account), WHOLE).await.unwrap();
    let swaps = entries.iter().filter(|entry| entry.row.cause == "swap").count();
    // Of two fills each: the sale's three lines, with a gain, and the purchase's three.
    assert_eq!(swaps, 2 * (3 + 3));
}

#[tokio::test]
async fn m_03_a_month_is_its_owners_and_is_there_only_when_it_was() {
    let mut street = Street::open().await;
    let account = street.customer(1, Tier::Investor, 1_000).await;
    street.next_month().await;
    street.next_month().await;
    let views = &street.world.views;
    let month = START.month();
    for other in [month - 1, month + 3, i32::MAX, i32::MIN] {
        assert!(views.month(&scope_of(account), &[], other).await.unwrap().unwrap().is_empty());
    }
    let stranger = Scope::of(UserId(9), account);
    assert!(views.month(&stranger, &[], month).await.unwrap().unwrap().is_empty());
    assert_eq!(views.months(&stranger).await.unwrap(), None);
    // A month in which nothing happened is told, too.
    let quiet = statement(&street, account, month + 1).await;
    assert_eq!((quiet.total().opening, quiet.total().closing), (usd("1000"), usd("1000")));
}

#[tokio::test]
async fn m_04_every_figure_of_revenue_is_a_sum_of_the_houses_lines() {
    let mut street = Street::open().await;
    let mut accounts = Vec::new();
    for id in 1..=3 {
        accounts.push(street.customer(id, Tier::Investor, 3_000).await);
    }
    // Enough lines that a day is found by halving.
    for day in 0..60 {
        for account in &accounts {
            street.profit(*account, "70.07").await;
            street.pay(*account, "-33").await;
        }
        street.now = street.now.plus(Span::DAY);
        street.mark(COIN, if day % 2 == 0 { "101" } else { "99" }).await;
    }
    let (views, scope) = (&street.world.views, HouseScope::of_admin(UserId(7)));
    let house = street.house();
    let days: std::collections::BTreeSet<i32> =
        house.revenue.iter().map(|earned| earned.day).collect();
    assert_eq!(days.len(), 59, "on the first day the withdrawal takes back what was paid in");
    for day in days {
        let of_day = house.revenue.iter().filter(|earned| earned.day == day);
        let earned = of_day.fold(Money::ZERO, |sum, earned| sum.saturating_add(earned.amount));
        let filter =
            HouseFilter { book: Some(Book::PerformanceRevenue), day: Some(day), page: WHOLE };
        let found = views.house_entries(&scope, HERE, filter).await.unwrap();
        let mut sum = Money::ZERO;
        for row in &found.rows {
            sum = sum.saturating_sub(usd(&row.row.line.amount));
            let owner = row.row.user.as_deref().unwrap();
            assert!(accounts.iter().any(|id| UserId(id.0).to_string() == owner), "{owner}");
        }
        assert_eq!((sum, found.next), (earned, None), "day {day}");
    }
    // Page by page it is the same as at once.
    let filter = |page| HouseFilter { page, ..HouseFilter::default() };
    let whole = views.house_entries(&scope, HERE, filter(WHOLE)).await.unwrap().rows;
    let (mut paged, mut before) = (Vec::new(), None);
    loop {
        let page = Page { before, limit: 7 };
        let part = views.house_entries(&scope, HERE, filter(page)).await.unwrap();
        paged.extend(part.rows);
        before = part.next;
        if before.is_none() {
            break;
        }
    }
    assert_eq!(paged, whole);
    let bank = whole.iter().filter(|row| row.row.line.book == "bank");
    let bank = bank.fold(Money::ZERO, |sum, row| sum.saturating_add(usd(&row.row.line.amount)));
    assert_eq!(bank, house.books.balance(Book::Bank));
}

#[tokio::test]
async fn m_07_flows_of_one_day_are_told_together() {
    let mut street = Street::open().await;
    let account = street.customer(1, Tier::Investor, 1_000).await;
    street.now = street.now.plus(Span::DAY);
    street.mark(COIN, "101").await;
    street.profit(account, "100").await;
    // Each alone would pay nothing: a tenth of nine cents is less than one. Paid in again, it comes back.
    for amount in ["-1", "-1", "2"] {
        let answer = street.pay(account, amount).await;
        assert!(matches!(answer, Answer::Done | Answer::PaidOut(_)), "{answer:?}");
    }
    let told = statement(&street, account, START.month()).await;
    let steps = &told.facts().sections[0].high_water.as_ref().unwrap().steps;
    let shown: Vec<_> = steps[1..]
        .iter()
        .map(|step| format!("{:?} {} {}", step.cause, step.flow, step.fee()))
        .collect();
    assert_eq!(shown, ["Withdrawal -1 0", "Netted -1 0.01", "Netted 2 -0.01"]);
    assert_eq!(steps[3].equity_after(), street.view(account).own_equity);
    // A cent less was paid out than came back, and that cent is given back, too.
    assert_eq!(told.total().closing, usd("1100.01"));
}

/// Something that happens.
#[derive(Clone, Debug)]
enum Step {
    Trade(bool, u8, u16),
    Price(u8, u16),
    Pay(i32),
    Profit(i32),
    Fund(i16),
    Follow(u16),
    Stop,
    Lead(u16),
    Tier(bool),
    Refund,
    Wait(u8),
    Month,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (any::<bool>(), 0u8..2, 100u16..4_000).prop_map(|(b, i, d)| Step::Trade(b, i, d)),
        4 => (0u8..2, 50u16..150).prop_map(|(of, price)| Step::Price(of, price)),
        3 => (-300_000i32..300_000).prop_map(Step::Pay),
        2 => (-50_000i32..100_000).prop_map(Step::Profit),
        2 => (-2_000i16..2_000).prop_map(Step::Fund),
        2 => (100u16..3_000).prop_map(Step::Follow),
        1 => Just(Step::Stop),
        3 => (100u16..4_000).prop_map(Step::Lead),
        1 => any::<bool>().prop_map(Step::Tier),
        1 => Just(Step::Refund),
        3 => (1u8..40).prop_map(Step::Wait),
        2 => Just(Step::Month),
    ]
}

fn cents(cents: i32) -> Money {
    Money::from_raw(i64::from(cents) * Money::CENT.raw())
}

async fn happen(street: &mut Street, (account, leader): (AccountId, AccountId), step: Step) {
    let of = |n: u8| if n == 0 { COIN } else { FUTURE };
    match step {
        Step::Trade(true, n, dollars) => {
            let size = Size::Dollars(Money::whole(dollars.into()));
            street.order(account, (Side::Buy, of(n)), size).await;
        }
        Step::Trade(false, n, dollars) => {
            let size = match dollars % 3 {
                0 => Size::All,
                _ => Size::Dollars(Money::whole(i32::from(dollars) / 2)),
            };
            street.order(account, (Side::Sell, of(n)), size).await;
        }
        Step::Price(n, price) => street.mark(of(n), &price.to_string()).await,
        Step::Pay(amount) => drop(street.pay(account, &cents(amount).to_string()).await),
        Step::Profit(amount) if amount != 0 => {
            street.profit(account, &cents(amount).to_string()).await;
        }
        Step::Fund(amount) => {
            let fund = CopyAct::Fund(Money::whole(amount.into()));
            street.copy(account, leader, fund).await;
        }
        Step::Follow(dollars) => {
            street.follow(account, leader, Money::whole(dollars.into())).await;
        }
        Step::Stop => drop(street.copy(account, leader, CopyAct::Stop).await),
        Step::Lead(dollars) => {
            let (side, size) = match dollars % 4 {
                0 => (Side::Sell, Size::All),
                _ => (Side::Buy, Size::Dollars(Money::whole(dollars.into()))),
            };
            street.order(leader, (side, COIN), size).await;
        }
        Step::Tier(up) => {
            let tier = if up { Tier::Baller } else { Tier::Livable };
            let set = nija_core::desk::event::Setting::Tier(tier);
            street.command(account, Command::Set(set)).await;
        }
        Step::Refund => drop(street.command(account, Command::RefundFee).await),
        Step::Wait(hours) => street.now = street.now.plus(Span::seconds(i64::from(hours) * 3_600)),
        Step::Month => street.next_month().await,
        Step::Profit(_) => {}
    }
    street.fill_all().await;
    street.carry().await;
    street.fill_all().await;
    street.carry().await;
}

async fn holds(steps: Vec<Step>) {
    let mut street = Street::open().await;
    let leader = street.customer(1, Tier::Baller, 50_000).await;
    street.lead(leader).await;
    let account = street.customer(2, Tier::Baller, 20_000).await;
    // How the desk saw each month end: equity of the whole family.
    let mut ends = Vec::new();
    for step in steps {
        let before = street.now.month();
        happen(&mut street, (account, leader), step).await;
        if street.now.month() > before {
            ends.push(before);
        }
    }
    let last = street.now.month();
    for who in [account, leader] {
        let mut closing: Option<Money> = None;
        let mut fees = Money::ZERO;
        for month in START.month()..=last {
            let told = statement(&street, who, month).await;
            if let Some(closing) = closing {
                assert_eq!(told.total().opening, closing, "a month goes on where the last ended");
            }
            closing = Some(told.total().closing);
            for month in self::told(&street, who, month).await {
                let charged = month.lines.iter().map(|line| charged(&line.event));
                fees = charged.fold(fees, Money::saturating_add);
            }
        }
        let view = street.view(who);
        assert_eq!(closing, Some(view.equity), "the last one ends where the desk stands");
        let sleeves = view.sleeves.iter().map(|sleeve| sleeve.fees_paid);
        let paid = view.books.balance(Book::PerformanceFees);
        assert_eq!(fees, sleeves.fold(paid, Money::saturating_add), "no fee is left out");
    }
    assert_eq!(street.desk.trial_balance(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 24,
        rng_seed: RngSeed::Fixed(0x0505),
        ..ProptestConfig::default()
    })]
    #[test]
    fn m_05_statements_add_up_whatever_happened(steps in proptest::collection::vec(step(), 5..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(holds(steps));
    }
}

#[tokio::test]
async fn m_06_views_made_anew_tell_the_same_months() {
    let mut street = Street::open().await;
    let account = street.customer(1, Tier::Baller, 10_000).await;
    street.order(account, (Side::Buy, COIN), Size::Dollars(Money::whole(300))).await;
    street.next_month().await;
    let paid = street.pay(account, "-12.34").await;
    assert!(matches!(paid, Answer::PaidOut(of) if of.fee.is_zero()), "{paid:?}");
    let all = async |street: &Street| {
        let mut all = String::new();
        for month in START.month()..=street.now.month() {
            all.push_str(&format!("{:?}", told(street, account, month).await));
        }
        all
    };
    let before = all(&street).await;
    assert!(before.contains("Filled"), "{before}");
    let projection = &street.world.projection;
    projection.reset().await.unwrap();
    // All in one pass, where each was one before.
    projection.project(street.batches.clone()).await.unwrap();
    assert_eq!(all(&street).await, before);
}
