//! The manners of other engines by hand.

use super::*;

fn odd(terms: Terms, manner: Manner) -> Plan {
    Plan { manner, ..plan(terms, Size::Units(Qty::whole(1))) }
}

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

/// Bought at the close of 110 for 1.10, turned at that of 130 for 2 x 1.30: 1000 + 20 - 1.10 - 2.60, and 30 short.
#[test]
fn a_wish_is_filled_at_its_own_close() {
    let candles = dollars(&[(99, 110), (100, 120), (120, 130), (105, 100)]);
    let wishes = vec![Some(Stand::Long), None, Some(Stand::Short), None];
    let manner = Manner { moment: Moment::SignalClose, ..Manner::default() };
    let read = run(odd(commission("1"), manner), wishes, &candles);
    let [trade] = read.record.trades[..] else { panic!("{:?}", read.record.trades) };
    assert_eq!((trade.opened_at, trade.entry), (candles[0].close_at, Price::whole(110)));
    assert_eq!(trade.exit, Some((candles[2].close_at, Price::whole(130))));
    assert_eq!(read.equity, Some(money("1046.3")));
    // The day of a fill ends after it.
    assert_eq!(read.record.days[0].equity, 998.9);
    assert_eq!(read.record.bars_in, 4);
}

#[test]
fn who_owns_nothing_is_closed_at_that_close() {
    let candles = dollars(&[(100, 100), (100, 2_000), (2_000, 90)]);
    let manner = Manner { moment: Moment::SignalClose, ..Manner::default() };
    let wishes = vec![Some(Stand::Short), None, Some(Stand::Long)];
    let read = run(odd(commission("0"), manner), wishes, &candles);
    assert_eq!((read.equity, read.ruined), (Some(money("-900")), Some(candles[1].close_at)));
    assert_eq!(read.record.trades[0].exit, Some((candles[1].close_at, Price::whole(2_000))));
}

/// 0.25 % of 10 is 2.5 cents, which is 3; of 18 twice it is 9, not 4.5 twice; of 14 it is 3.5, which is 4.
#[test]
fn an_order_pays_whole_cents() {
    let candles = dollars(&[(10, 10), (10, 10), (18, 18), (14, 14)]);
    let manner = Manner { charge: Charge::Cents, ..Manner::default() };
    let wishes = vec![Some(Stand::Long), Some(Stand::Short), Some(Stand::Flat), None];
    let read = run(odd(commission("0.25"), manner), wishes, &candles);
    let fees: Vec<Money> = read.record.trades.iter().map(|trade| trade.fees).collect();
    assert_eq!(fees, [money("0.08"), money("0.08")]);
    assert_eq!((read.portfolio.fees(), read.equity), (money("0.16"), Some(money("1011.84"))));
    let exact = run(odd(commission("0.25"), Manner::default()), vec![Some(Stand::Long)], &candles);
    assert_eq!(exact.portfolio.fees(), money("0.025"));
}

/// 1 % dearer in and nothing out: $1,000 buy 9 at 101 (909), left at 120; $1,171 owe 11 at 99, 12 would be 1,188.
#[test]
fn a_commission_moves_the_price_of_entries() {
    let candles = dollars(&[(99, 99), (100, 110), (120, 130), (100, 100), (100, 90)]);
    let wishes = vec![Some(Stand::Long), Some(Stand::Flat), Some(Stand::Short), None, None];
    let manner = Manner { charge: Charge::EntryPrice("1".parse().unwrap()), ..Manner::default() };
    let plan = Plan { manner, ..plan(commission("0"), Size::All) };
    let read = run(plan, wishes, &candles);
    let [trade] = read.record.trades[..] else { panic!("{:?}", read.record.trades) };
    assert_eq!(
        (trade.qty, trade.entry, trade.profit),
        (Qty::whole(9), Price::whole(101), Money::whole(171))
    );
    let open = read.record.open.unwrap();
    assert_eq!((open.qty, open.entry), (Qty::whole(11), Price::whole(99)));
    assert_eq!(
        (read.portfolio.fees(), read.portfolio.friction()),
        (Money::ZERO, Money::whole(9 + 11))
    );
    assert_eq!(read.equity, Some(Money::whole(1_171 + 99)));
    assert_eq!(read.record.peak(), 1_270.0);
}

/// $1,000 buy 9 at 100 (fee 9); at 120 they are left (fee 10.80) and $1,160.20 buy 9 anew (fee 10.80).
#[test]
fn a_repeated_wish_takes_the_position_anew() {
    let candles = dollars(&[(99, 99), (100, 110), (120, 130), (100, 100)]);
    let wishes = vec![Some(Stand::Long), Some(Stand::Long), None];
    let manner = Manner { repeat: Repeat::Reopen, ..Manner::default() };
    let read = run(Plan { manner, ..plan(commission("1"), Size::All) }, wishes, &candles);
    let [trade] = read.record.trades[..] else { panic!("{:?}", read.record.trades) };
    assert_eq!((trade.profit, read.record.open.unwrap().qty), (money("160.2"), Qty::whole(9)));
    assert_eq!(read.portfolio.fees(), money("30.6"));
    // Out and in are two orders: 1.5 cents and 1.5 cents are 4, not 3.
    let manner = Manner { charge: Charge::Cents, ..manner };
    let candles = dollars(&[(6, 6), (6, 6), (6, 6)]);
    let wishes = vec![Some(Stand::Long), Some(Stand::Long), None];
    let read = run(odd(commission("0.25"), manner), wishes, &candles);
    assert_eq!(read.portfolio.fees(), money("0.06"));
    let wishes = vec![Some(Stand::Flat), Some(Stand::Flat), None];
    let read = run(odd(commission("0.25"), manner), wishes, &candles);
    assert_eq!((read.portfolio.traded(), read.record.closed), (Money::ZERO, 0));
}
