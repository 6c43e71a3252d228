//! Both returns against figures computed by hand, and what must hold for any history.

use crate::golden::statement;
use crate::sample::{at, cash, example_a, facts, section};
use nija_core::ports::documents::section::{Flow, FlowKind, Place, Point, Trade};
use nija_core::ports::documents::statement::Statement;
use nija_core::ports::documents::{Documents, Period, Returns};
use nija_core::words::money::{Money, Price, Qty};
use nija_core::words::order::Side;
use nija_core::words::time::Timestamp;
use nija_documents::Press;
use proptest::prelude::*;

/// Money in cents: what was there, flows with their day, equity at the end of each day from the first on.
struct History {
    opening: i64,
    flows: Vec<(i64, i64)>,
    days: Vec<i64>,
}

const fn cents(n: i64) -> Money {
    Money::from_raw(n * Money::CENT.raw())
}

impl History {
    fn closing(&self) -> i64 {
        self.days.last().copied().unwrap_or(self.opening)
    }

    /// A flow of day `n` comes at its beginning.
    fn flow_at(day: i64) -> Timestamp {
        Timestamp(at(day, 0).0 + i64::from(day > 0))
    }

    fn statement(&self) -> Statement {
        let mut account = section(Place::Account, cash("0"), cash("0"));
        account.opening.cash = cents(self.opening);
        account.closing.cash = cents(self.closing());
        let mut earned = self.closing() - self.opening;
        for (day, amount) in &self.flows {
            let kind = if *amount < 0 { FlowKind::Withdrawal } else { FlowKind::Deposit };
            account.flows.push(Flow { at: Self::flow_at(*day), kind, amount: cents(*amount) });
            earned -= amount;
        }
        account.trades.push(Trade {
            at: at(0, 1),
            symbol: "SPY".into(),
            side: Side::Sell,
            qty: Qty::whole(1),
            price: Price::whole(1),
            value: cents(1),
            fee: Money::ZERO,
            realized: cents(earned),
        });
        let ends = (1..).map(|day| at(day, 0));
        account.points =
            ends.zip(&self.days).map(|(at, n)| Point { at, equity: cents(*n) }).collect();
        let to = at(self.days.len() as i64, 0);
        statement(facts(Period { from: at(0, 0), to }, vec![account]))
    }

    fn returns(&self) -> Returns {
        Press::new().unwrap().returns(&self.statement())
    }

    /// The textbook's first approximation of the money-weighted return, in percent.
    fn modified_dietz(&self) -> f64 {
        let days = self.days.len() as f64;
        let flows: i64 = self.flows.iter().map(|(_, amount)| amount).sum();
        let weighted: f64 =
            self.flows.iter().map(|(day, n)| *n as f64 * (days - *day as f64) / days).sum();
        let earned = self.closing() - self.opening - flows;
        100.0 * earned as f64 / (self.opening as f64 + weighted)
    }
}

fn pct(text: &str) -> Option<nija_core::words::money::Pct> {
    Some(text.parse().unwrap())
}

fn float(pct: Option<nija_core::words::money::Pct>) -> f64 {
    pct.unwrap().raw() as f64 / 1e8
}

#[test]
fn the_time_weighted_return_links_days() {
    // 1,000 -> 1,100; 500 come; 1,600 -> 1,500: 1.1 x 0.9375 = 1.03125.
    let history =
        History { opening: 100_000, flows: vec![(1, 50_000)], days: vec![110_000, 150_000] };
    assert_eq!(history.returns().time_weighted, pct("3.125"));
    // 1,000 -> 900, of which 300 go on the second day at its end: (660 + 300) / 900 = 1.0666...
    let history =
        History { opening: 100_000, flows: vec![(1, -30_000)], days: vec![90_000, 66_000] };
    assert_eq!(history.returns().time_weighted, pct("-4"));
    // In and out on one day is no flow.
    let history = History {
        opening: 100_000,
        flows: vec![(1, 90_000), (1, -90_000)],
        days: vec![110_000, 121_000],
    };
    assert_eq!(history.returns().time_weighted, pct("21"));
}

#[test]
fn the_money_weighted_return_is_the_rate_that_explains_the_flows() {
    // 1,000 g + 1,000 g^(1/2) = 2,200, so g^(1/2) = (-1 + sqrt(9.8)) / 2.
    let history =
        History { opening: 100_000, flows: vec![(1, 100_000)], days: vec![100_000, 220_000] };
    assert_eq!(history.returns().money_weighted, pct("13.4752"));
    // 1,000 g - 1,100 = 0: all of it went half way through, so the time ends there.
    let history = History { opening: 100_000, flows: vec![(1, -110_000)], days: vec![110_000, 0] };
    assert_eq!(history.returns().money_weighted, pct("10"));
    // Nothing was there before the deposit, so the time begins with it.
    let history = History { opening: 0, flows: vec![(1, 100_000)], days: vec![0, 130_000] };
    assert_eq!(history.returns(), Returns { time_weighted: pct("30"), money_weighted: pct("30") });
}

#[test]
fn what_has_no_rate_gets_none_and_of_several_the_nearest_counts() {
    // 1,000 g - 2,300 g^(1/2) + 1,320 = 0 has the roots 1.21 and 1.44.
    let history = History {
        opening: 100_000,
        flows: vec![(2, -230_000), (4, 132_000)],
        days: vec![300_000, 300_000, 10_000, 10_000, 0],
    };
    assert_eq!(history.returns().money_weighted, pct("21"));
    let gift = History { opening: 0, flows: vec![(0, -10_000)], days: vec![5_000] };
    assert_eq!(gift.returns(), Returns { time_weighted: None, money_weighted: None });
    let debt = History { opening: 100_000, flows: vec![], days: vec![-10_000, 50_000] };
    assert_eq!(debt.returns().time_weighted, None);
    let lost = History { opening: 100_000, flows: vec![(1, 5_000)], days: vec![70_000, 0] };
    assert_eq!(lost.returns(), Returns { time_weighted: pct("-100"), money_weighted: pct("-100") });
    let empty = History { opening: 0, flows: vec![], days: vec![0] };
    assert_eq!(empty.returns(), Returns { time_weighted: pct("0"), money_weighted: pct("0") });
}

#[test]
fn worked_example_a_earned_this() {
    // 1.18 x 900/1,180 x 1,540/1,400 x 870/770 x 867/870 x 1,000/867 x (750 + 246.68)/1,000 x 704.03/750,
    // where the fee of the withdrawal is a cost of its day.
    let earned = Press::new().unwrap().returns(&statement(example_a()));
    let by_hand = 1.2
        * (1180.0 / 1200.0)
        * (900.0 / 1180.0)
        * (1540.0 / 1400.0)
        * (870.0 / 770.0)
        * (867.0 / 870.0)
        * (1000.0 / 867.0)
        * 0.99668
        * (710.0 / 750.0)
        * (704.03 / 710.0);
    assert!((float(earned.time_weighted) - 100.0 * (by_hand - 1.0)).abs() < 1e-4);
    assert!((float(earned.money_weighted) - 22.63).abs() < 5.0, "{earned:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn without_flows_both_are_the_change_of_equity(
        opening in 1_000i64..100_000_000,
        days in prop::collection::vec(1_000i64..100_000_000, 1..40),
    ) {
        let history = History { opening, flows: vec![], days };
        let change = 100.0 * (history.closing() as f64 / opening as f64 - 1.0);
        let earned = history.returns();
        let near = 1e-4 + change.abs() * 1e-9;
        prop_assert!((float(earned.time_weighted) - change).abs() < near);
        prop_assert!((float(earned.money_weighted) - change).abs() < near);
    }

    #[test]
    fn ten_times_the_money_earns_the_same(
        opening in 1_000i64..10_000_000,
        flows in prop::collection::vec((0i64..10, -900i64..1_000_000), 0..6),
        days in prop::collection::vec(1_000i64..10_000_000, 10),
    ) {
        let large = History {
            opening: opening * 10,
            flows: flows.iter().map(|(day, amount)| (*day, amount * 10)).collect(),
            days: days.iter().map(|equity| equity * 10).collect(),
        };
        let (small, large) = (History { opening, flows, days }.returns(), large.returns());
        for (one, ten) in [
            (small.time_weighted, large.time_weighted),
            (small.money_weighted, large.money_weighted),
        ] {
            prop_assert_eq!(one.is_some(), ten.is_some());
            if one.is_some() {
                let (one, ten) = (float(one), float(ten));
                prop_assert!((one - ten).abs() < 2e-4 + one.abs() * 1e-9, "{} {}", one, ten);
            }
        }
    }

    #[test]
    fn the_rate_solves_its_equation_and_is_near_the_textbook(
        opening in 1_000_000i64..2_000_000,
        flows in prop::collection::vec((0i64..10, -40_000i64..40_000), 0..5),
        earned in -20_000i64..20_000,
    ) {
        let closing = opening + earned + flows.iter().map(|(_, amount)| amount).sum::<i64>();
        let history = History { opening, flows, days: vec![closing; 10] };
        let rate = float(history.returns().money_weighted);
        let growth = 1.0 + rate / 100.0;
        let grown: f64 = history
            .flows
            .iter()
            .map(|(day, amount)| *amount as f64 * growth.powf((10 - day) as f64 / 10.0))
            .sum();
        let left = opening as f64 * growth + grown - closing as f64;
        prop_assert!(left.abs() < 5.0, "{} cents unexplained", left);
        prop_assert!((rate - history.modified_dietz()).abs() < 0.02);
    }
}
