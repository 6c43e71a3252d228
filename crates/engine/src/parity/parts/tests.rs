//! Each cause takes what it made, and whatever happened, the parts sum to the gap.

use super::*;
use nija_core::words::id::{AccountId, AccountNo, FillId, InstrumentId, OrderId};
use nija_core::words::instrument::VenueName;
use nija_core::words::order::{Fill, OrderType, Origin, Purpose, Ticket, TimeInForce};
use proptest::prelude::*;

fn order(buys: bool, qty: i64, fills: &[(i64, i64, i64, i64)]) -> Order {
    let (side, purpose) =
        if buys { (Side::Buy, Purpose::Entry) } else { (Side::Sell, Purpose::Exit) };
    let ticket = Ticket {
        id: OrderId(1),
        account: AccountNo(0),
        instrument: InstrumentId(1),
        side,
        qty: Qty::from_raw(qty),
        order_type: OrderType::Market,
        tif: TimeInForce::Gtc,
        origin: Origin::User,
        purpose,
        reserved: Money::ZERO,
        at: Timestamp(0),
        venue: VenueName::Paper,
        protect: None,
        pair: None,
        swap: None,
    };
    let fill = |&(at, qty, price, fee): &(i64, i64, i64, i64)| {
        let (qty, price, fee) = (Qty::from_raw(qty), Price::from_raw(price), Money::from_raw(fee));
        (Timestamp(at), Fill { id: FillId(0), qty, price, fee })
    };
    let fills = fills.iter().map(fill).collect();
    let account = AccountId(0);
    Order { account, ticket, there: None, fills, ended: None, carried: false }
}

/// A market whose price is a line.
fn line(from: i64, slope: i64) -> impl Fn(Timestamp) -> Option<Price> {
    move |at| Some(Price::from_raw(from + slope * at.0))
}

fn judged(paper: &Order, rerun: &Order, markets: [(i64, i64); 2]) -> (Parts, i128) {
    let [of_paper, of_rerun] = markets.map(|(from, slope)| line(from, slope));
    let judge = Judge {
        paper: &of_paper,
        rerun: &of_rerun,
        last: Price::whole(120),
        multiplier: 1,
        sized: Cause::Decision,
        short: Cause::Partial,
        waited: Cause::Latency,
    };
    (judge.parts(paper, rerun), earned(paper, judge.last, 1) - earned(rerun, judge.last, 1))
}

const P100: i64 = 10_000_000_000;
const UNIT: i64 = 100_000_000;
const CALM: [(i64, i64); 2] = [(P100, 0); 2];

/// Paper run, re-run, markets, cause, and dollars at it.
type Case = (Order, Order, [(i64, i64); 2], Cause, i128);

#[test]
fn each_cause_takes_what_it_made() {
    let cases: [Case; 6] = [
        // The market rose by a dollar for each instant that the purchase came late.
        (
            order(true, UNIT, &[(3, UNIT, P100 + 3 * UNIT, 0)]),
            order(true, UNIT, &[(1, UNIT, P100 + UNIT, 0)]),
            [(P100, UNIT); 2],
            Cause::Latency,
            -2,
        ),
        (
            order(true, UNIT, &[(1, UNIT, P100, 5 * UNIT)]),
            order(true, UNIT, &[(1, UNIT, P100, 2 * UNIT)]),
            CALM,
            Cause::Fee,
            -3,
        ),
        (
            order(false, UNIT, &[(1, UNIT, P100 - 4 * UNIT, 0)]),
            order(false, UNIT, &[(1, UNIT, P100 - UNIT, 0)]),
            CALM,
            Cause::Spread,
            -3,
        ),
        // Half of a purchase that is worth 20 more in the end was not filled.
        (
            order(true, 2 * UNIT, &[(1, UNIT, P100, UNIT)]),
            order(true, 2 * UNIT, &[(1, 2 * UNIT, P100, 2 * UNIT)]),
            CALM,
            Cause::Partial,
            -19,
        ),
        // The second half came later, two dollars higher.
        (
            order(true, 2 * UNIT, &[(1, UNIT, P100 + UNIT, 0), (3, UNIT, P100 + 3 * UNIT, 0)]),
            order(true, 2 * UNIT, &[(1, 2 * UNIT, P100 + UNIT, 0)]),
            [(P100, UNIT); 2],
            Cause::Partial,
            -2,
        ),
        (
            order(true, UNIT, &[(1, UNIT, P100, 0)]),
            order(true, UNIT, &[(1, UNIT, P100 - UNIT, 0)]),
            [(P100, 0), (P100 - UNIT, 0)],
            Cause::Data,
            -1,
        ),
    ];
    for (paper, rerun, markets, cause, dollars) in cases {
        let (parts, gap) = judged(&paper, &rerun, markets);
        assert_eq!((parts.of(cause), parts.sum()), (dollars * DOLLAR, gap), "{cause:?} {parts:?}");
        assert_eq!(parts.largest(), Some(cause));
    }
}

#[test]
fn another_size_is_not_a_partial_fill() {
    let paper = order(true, 3 * UNIT, &[(1, 2 * UNIT, P100, 0)]);
    let rerun = order(true, UNIT, &[]);
    let (parts, gap) = judged(&paper, &rerun, CALM);
    assert_eq!((parts.of(Cause::Decision), parts.sum()), (40 * DOLLAR, gap));
    let rerun = order(true, 2 * UNIT, &[]);
    let (parts, _) = judged(&paper, &rerun, CALM);
    assert_eq!(
        [Cause::Decision, Cause::Partial].map(|cause| parts.of(cause)),
        [20 * DOLLAR, 20 * DOLLAR]
    );
}

fn fills() -> impl Strategy<Value = Vec<(i64, i64, i64, i64)>> {
    let fill = (0i64..1_000, 1i64..5_000_000_000, 1i64..90_000_000_000, 0i64..1_000_000_000);
    prop::collection::vec(fill, 0..5).prop_map(|mut fills| {
        fills.sort_unstable();
        fills
    })
}

proptest! {
    #[test]
    fn the_parts_sum_to_the_gap_to_the_unit_and_to_the_cent(
        here in fills(), there in fills(), buys: bool, ordered in (1i64..20_000_000_000, 1i64..20_000_000_000),
        markets in (1i64..90_000_000_000, -80_000_000i64..80_000_000, 1i64..90_000_000_000),
    ) {
        let (paper, rerun) = (order(buys, ordered.0, &here), order(buys, ordered.1, &there));
        let (parts, gap) = judged(&paper, &rerun, [(markets.0, markets.1), (markets.2, 0)]);
        prop_assert_eq!(parts.sum(), gap);
        let cents = parts.cents();
        let sum = cents.iter().fold(Money::ZERO, |sum, part| sum.saturating_add(*part));
        prop_assert_eq!(sum, to_cents(gap));
        for (part, exact) in cents.iter().zip(parts.0) {
            prop_assert!((i128::from(part.raw()) * STEP - exact).abs() < CENT);
        }
    }
}
