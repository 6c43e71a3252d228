//! What a statement refuses, and what it makes of several sections.

use super::*;
use crate::ports::documents::section::{
    FeeKind, Holding, Income, IncomeKind, Place, Point, Trade, Worth,
};
use crate::words::money::{Price, Qty};
use crate::words::order::Side;
use proptest::prelude::*;

const fn day(n: i64) -> Timestamp {
    Timestamp(n * 86_400_000_000)
}

const fn usd(dollars: i32) -> Money {
    Money::whole(dollars)
}

const fn cash(dollars: i32) -> Worth {
    Worth { cash: usd(dollars), positions: Money::ZERO, unrealized: Money::ZERO }
}

fn flow(at: i64, kind: FlowKind, dollars: i32) -> Flow {
    Flow { at: day(at), kind, amount: usd(dollars) }
}

fn trade(at: i64, realized: i32, fee: i32) -> Trade {
    Trade {
        at: day(at),
        symbol: "BTC-USD".into(),
        side: Side::Sell,
        qty: Qty::whole(1),
        price: Price::whole(100),
        value: usd(100),
        fee: usd(fee),
        realized: usd(realized),
    }
}

fn empty(place: Place, opening: i32, closing: i32) -> Section {
    Section { place, opening: cash(opening), closing: cash(closing), ..Section::default() }
}

/// 1,000 + 200 deposit - 50 moved to a sleeve + 100 realized - 3 fee + 7 dividend + 30 unrealized = 1,284.
fn main_account() -> Section {
    Section {
        closing: Worth { cash: usd(954), positions: usd(330), unrealized: usd(30) },
        flows: vec![flow(9, FlowKind::Transfer, -50), flow(2, FlowKind::Deposit, 200)],
        trades: vec![trade(4, 100, 3)],
        income: vec![Income {
            at: day(5),
            kind: IncomeKind::Dividend,
            amount: usd(7),
            note: "AAPL".into(),
        }],
        points: vec![
            Point { at: day(5), equity: usd(1_304) },
            Point { at: day(10), equity: usd(1_284) },
        ],
        positions: vec![Holding {
            symbol: "AAPL".into(),
            qty: Qty::whole(3),
            cost: usd(300),
            mark: Price::whole(110),
            value: usd(330),
            unrealized: usd(30),
        }],
        ..empty(Place::Account, 1_000, 0)
    }
}

fn sleeve() -> Section {
    Section {
        flows: vec![flow(9, FlowKind::Transfer, 50)],
        ..empty(Place::Sleeve { leader: "Ada".into() }, 0, 50)
    }
}

fn facts(sections: Vec<Section>) -> Facts {
    Facts {
        issuer: Issuer::default(),
        customer: Customer::default(),
        account: AccountId(1),
        tier: Tier::Investor,
        period: Period { from: day(0), to: day(10) },
        sections,
        outside: Vec::new(),
        note: None,
    }
}

fn refusal(section: Section) -> String {
    Statement::new(facts(vec![section])).unwrap_err().to_string()
}

#[test]
fn a_statement_that_adds_up_is_made() {
    let statement = Statement::new(facts(vec![main_account(), sleeve()])).unwrap();
    let total = statement.total();
    assert_eq!((total.opening, total.closing, total.transfers), (usd(1_000), usd(1_334), usd(0)));
    assert_eq!((total.profit(), total.fees_taken()), (usd(134), usd(3)));
    let of_main = statement.sections().next().unwrap();
    assert_eq!(of_main.1.income[IncomeKind::Dividend as usize], usd(7));
    assert_eq!(of_main.0.flows[0].amount, usd(200), "lists are put in order of time");
}

#[test]
fn days_are_those_of_all_sections_and_transfers_stay_within() {
    let whole = Statement::new(facts(vec![main_account(), sleeve()])).unwrap();
    let days: Vec<_> = whole.days().iter().map(|day| (day.flow, day.equity)).collect();
    assert_eq!(days, [(usd(200), usd(1_304)), (usd(0), usd(1_334))]);
    let alone = Statement::new(facts(vec![main_account()])).unwrap();
    let flows: Vec<_> = alone.days().iter().map(|day| day.flow).collect();
    assert_eq!(flows, [usd(200), usd(-50)]);
    assert_eq!((whole.flows().len(), alone.flows().len()), (1, 2));
}

#[test]
fn what_does_not_add_up_is_refused_with_the_difference() {
    let mut off = main_account();
    off.closing.cash = usd(955);
    let told = refusal(off);
    let expected = "closing equity of \"Main account\": 1285 is stated, its parts give 1284, a difference of 1;";
    assert!(told.starts_with(expected), "{told}");
    let mut off = main_account();
    off.trades[0].fee = Money::STEP;
    assert!(refusal(off).contains("its parts give 1286.99999999, a difference of -2.99999999"));
    let mut off = main_account();
    off.positions.clear();
    assert!(refusal(off).starts_with("closing value of positions"));
    let mut off = main_account();
    off.positions[0].unrealized = usd(31);
    assert!(refusal(off).starts_with("closing unrealized profit"));
    let mut off = main_account();
    off.points[1].equity = usd(1_283);
    assert!(refusal(off).starts_with("equity of the last day"));
    let lost = Statement::new(facts(vec![main_account(), empty(Place::Account, 0, 0)]));
    assert!(lost.unwrap_err().to_string().starts_with("transfers between the sections: -50"));
}

#[test]
fn what_lies_outside_the_period_is_refused() {
    let mut late = main_account();
    late.flows[0].at = day(11);
    assert!(refusal(late).starts_with("a flow of 1970-01-12"));
    let mut twice = main_account();
    twice.points[0].at = day(10);
    assert!(refusal(twice).starts_with("a day's equity, out of order, of 1970-01-11"));
    let mut outside = facts(vec![main_account()]);
    outside.outside.push(Charge {
        at: day(-1),
        kind: FeeKind::Subscription,
        amount: usd(99),
        note: String::new(),
    });
    assert!(matches!(Statement::new(outside), Err(DocumentError::Outside { .. })));
}

#[test]
fn lists_and_sums_have_an_end() {
    let mut many = main_account();
    many.income = vec![many.income[0].clone(); crate::ports::documents::section::LINES_MAX + 1];
    assert!(refusal(many).starts_with("income: 100001 lines, at most 100000"));
    let many = vec![empty(Place::Account, 0, 0); SECTIONS_MAX + 1];
    assert!(matches!(Statement::new(facts(many)), Err(DocumentError::TooMany { .. })));
    let mut vast = main_account();
    vast.trades = vec![Trade { realized: Money::MAX, ..trade(1, 0, 0) }; 2];
    assert!(refusal(vast).starts_with("a sum of this document is out of range"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Whatever happened, the closing equity that follows from it is taken, and no other.
    #[test]
    fn the_identity_decides(
        opening in 0i64..1 << 50,
        flows in prop::collection::vec((0i64..10, -1i64 << 40..1 << 40), 0..8),
        trades in prop::collection::vec((0i64..10, -1i64 << 40..1 << 40, 0i64..1 << 30), 0..8),
        off in -5i64..5,
    ) {
        let mut section = empty(Place::Account, 0, 0);
        section.opening.cash = Money::from_raw(opening);
        let mut closing = opening;
        for (at, amount) in flows {
            let kind = if amount < 0 { FlowKind::Withdrawal } else { FlowKind::Deposit };
            section.flows.push(Flow { at: day(at), kind, amount: Money::from_raw(amount) });
            closing += amount;
        }
        for (at, realized, fee) in trades {
            let (realized, fee) = (Money::from_raw(realized), Money::from_raw(fee));
            section.trades.push(Trade { realized, fee, ..trade(at, 0, 0) });
            closing += realized.raw() - fee.raw();
        }
        section.closing.cash = Money::from_raw(closing + off);
        match Statement::new(facts(vec![section])) {
            Ok(made) => {
                prop_assert_eq!(off, 0);
                let all = made.total().opening.raw() + made.total().profit().raw()
                    + made.days().iter().map(|day| day.flow.raw()).sum::<i64>();
                prop_assert_eq!(all, made.total().closing.raw());
            }
            Err(DocumentError::Unequal { stated, computed, .. }) => {
                prop_assert_eq!(stated.raw() - computed.raw(), off);
                prop_assert_ne!(off, 0);
            }
            Err(other) => prop_assert!(false, "{other}"),
        }
    }
}
