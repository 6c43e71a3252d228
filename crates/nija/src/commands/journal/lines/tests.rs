//! Every kind of event, in the words people read.

mod billing;

use super::*;
use nija_core::allocation::allocate;
use nija_core::desk::event::{Evidence, Half, OwnLimits, Remembered, Setting, Size, Skip, Wish};
use nija_core::ledger::entry::Entry;
use nija_core::positions::QueuedExit;
use nija_core::risk::kill::{Actor, Scope};
use nija_core::risk::refusal::{Change, Code, Level, Measure, Refusal};
use nija_core::words::conditions::Conditions;
use nija_core::words::id::{
    AccountId, AccountNo, Epoch, FillId, InstrumentId, OrderId, SignalId, UserId,
};
use nija_core::words::instrument::{Hours, Instrument, Kind, VenueName};
use nija_core::words::money::{Pct, Price, Qty};
use nija_core::words::order::{Fill, OrderState, OrderType, Origin, Side, Ticket, TimeInForce};
use nija_core::words::score::{Score, Strength};
use nija_core::words::signal::{Action, Signal, StrategyName};
use nija_core::words::tier::{DEFAULT_TABLE, Tier, TierTable, Tolerance};
use nija_core::words::time::{Span, Timestamp};

const NO: AccountNo = AccountNo(0);
const BITCOIN: InstrumentId = InstrumentId(1);
const ORDER: OrderId = OrderId(7);
const STRATEGY: StrategyName = StrategyName::CryptoTrendRiding;

fn listed() -> Event {
    Event::Listed {
        instrument: Instrument {
            id: BITCOIN,
            symbol: "BTC-USD".to_owned(),
            class: AssetClass::Crypto,
            kind: Kind::Spot,
            hours: Hours::Always,
            tick: Price::STEP,
            lot: Qty::STEP,
            stale_after: Span::DAY,
            venue: VenueName::Paper,
        },
    }
}

fn opened() -> Event {
    Event::AccountOpened {
        id: AccountId(0xabcd_ef01 << 96),
        no: NO,
        user: UserId(5),
        tier: Tier::Investor,
        tolerance: Tolerance::Moderate,
        day_starts: Span::ZERO,
    }
}

fn approved() -> Event {
    let ticket = Ticket {
        id: ORDER,
        account: NO,
        instrument: BITCOIN,
        side: Side::Sell,
        qty: Qty::whole(2),
        order_type: OrderType::Stop { stop: Price::whole(9) },
        tif: TimeInForce::Gtc,
        origin: Origin::Protection { strategy: STRATEGY },
        purpose: Purpose::Exit,
        reserved: Money::ZERO,
        at: Timestamp(0),
        venue: VenueName::Paper,
        protect: None,
        pair: None,
        swap: None,
    };
    let evidence = Evidence {
        mark: Price::whole(10),
        mark_age: Span::ZERO,
        equity: Money::whole(1_000),
        volatility: None,
        regime: None,
        level: Level::Safe,
        insight: None,
    };
    Event::Approved { ticket, evidence }
}

/// Names of a journal in which an account, an instrument and an order stand.
fn names() -> Names {
    let mut names = Names::default();
    [listed(), opened(), approved()].iter().for_each(|event| names.learn(event));
    names
}

fn wished() -> Wish {
    Wish {
        instrument: BITCOIN,
        side: Side::Buy,
        size: Size::Dollars(Money::whole(300)),
        order_type: OrderType::Limit { limit: Price::whole(10) },
        tif: TimeInForce::Day,
        origin: Origin::User,
    }
}

fn refusal() -> Refusal {
    Refusal {
        code: Code::PositionLimit,
        measured: Measure::Percent(Pct::whole(30)),
        limit: Measure::Percent(Pct::whole(10)),
        age: Span::ZERO,
        changes: vec![Change::SizeAtMost(Money::whole(100))],
    }
}

fn setting_events() -> Vec<(Event, &'static str)> {
    let own = OwnLimits {
        max_trade: Some(Money::whole(50)),
        symbols: Some(vec![BITCOIN]),
        ..OwnLimits::default()
    };
    let changed = |change| Event::SettingsChanged { account: NO, change };
    vec![
        (changed(Setting::Tier(Tier::Income)), "account abcdef01 moved to INCOME"),
        (changed(Setting::Tolerance(Tolerance::Aggressive)), "account abcdef01 is aggressive now"),
        (changed(Setting::Autopilot(true)), "account abcdef01 lets strategies trade"),
        (changed(Setting::Autopilot(false)), "account abcdef01 stopped strategies from trading"),
        (
            changed(Setting::OwnLimits(own)),
            "account abcdef01 set its own limits: trade $50, only BTC-USD",
        ),
    ]
}

fn account_events() -> Vec<(Event, &'static str)> {
    let table = TierTable::parse(DEFAULT_TABLE).unwrap();
    let (split, _) = allocate(None, table.rules(Tier::Investor), Tolerance::Moderate);
    let paid = |dollars| Event::Transferred {
        account: NO,
        amount: Money::whole(dollars),
        entry: Entry::transfer(NO, Money::whole(dollars)).unwrap(),
    };
    let [measured, limit] = [11, 10].map(|n| Measure::Percent(Pct::whole(n)));
    let outcome = Remembered::Refusal(refusal());
    let (equity, cash) = (Money::whole(9), Money::whole(-1));
    vec![
        (opened(), "account abcdef01 opened on INVESTOR, moderate"),
        (paid(1_000), "account abcdef01 paid in $1000"),
        (paid(-5), "account abcdef01 was paid out $5"),
        (
            Event::Reallocated { account: NO, split, regime: None },
            "account abcdef01 is split into crypto 60%, equity 40%, derivatives 0%, \
             cash 0% (no regime known)",
        ),
        (
            Event::Halted { account: NO, code: Code::DailyLoss, measured, limit },
            "account abcdef01 halted its entries (DAILY_LOSS): 11.00% against 10.00%",
        ),
        (
            Event::Remembered { account: NO, key: 1, request: 2, outcome },
            "account abcdef01 used a key: refused (POSITION_LIMIT)",
        ),
        (
            Event::DayClosed { account: NO, day: 1, equity, cash },
            "account abcdef01 closed 1970-01-01 with equity $9.00 and cash -$1.00",
        ),
    ]
}

fn decision_events() -> Vec<(Event, &'static str)> {
    let action = Action::Enter { strength: Strength::FULL, stop: None };
    let (id, version, mark, at) = (SignalId(1), 1, Price::whole(10), Timestamp(0));
    let signal = Signal {
        id,
        strategy: STRATEGY,
        version,
        instrument: BITCOIN,
        action,
        mark,
        at,
        insight: None,
    };
    let own = Signal { strategy: StrategyName::Own, ..signal };
    let grounds = Grounds {
        model: "ridge-7".to_owned(),
        confidence: Some(Score::points(81)),
        reason: Some("breadth turned".to_owned()),
    };
    let (qty, origin, tif) = (Qty::whole(2), Origin::User, TimeInForce::Gtc);
    let exit = QueuedExit { qty, origin, order_type: OrderType::Market, tif };
    vec![
        (
            approved(),
            "account abcdef01 approved order 0000000000000007 (sell 2 BTC-USD stop $9 gtc) of \
             crypto_trend_riding's protection, at $10, exit, safe",
        ),
        (
            Event::Refused { account: NO, wish: wished(), refusal: refusal(), insight: None },
            "account abcdef01 did not get buy $300 of BTC-USD limit $10 day of the user: Capital \
             Guard refused (POSITION_LIMIT): 30.00% against 10.00%; \
             would pass with a size of at most $100",
        ),
        (
            Event::Skipped { account: NO, signal, why: Skip::BudgetSpent },
            "account abcdef01 skipped the entry of crypto_trend_riding into BTC-USD at $10: \
             the budget of this class is already invested",
        ),
        (
            Event::Signaled { account: NO, signal: own, grounds },
            "account abcdef01 hears the entry of own into BTC-USD at $10, by its model ridge-7, \
             confidence 81.00: breadth turned",
        ),
        (
            Event::ExitQueued { account: NO, instrument: BITCOIN, exit },
            "account abcdef01 waits to close 2 BTC-USD until its protective stops are taken back",
        ),
    ]
}

fn settled(qty: Qty, gain: &str, last: bool) -> Event {
    let gain = gain.parse().unwrap();
    let entry = Entry::agreed(NO, gain, gain, Money::ZERO).unwrap();
    Event::Settled { account: NO, instrument: BITCOIN, price: Price::whole(10), qty, last, entry }
}

fn swapped(side: Side) -> Event {
    let (account, order, instrument, qty) = (NO, ORDER, BITCOIN, Qty::whole(2));
    let (worth, strategy) = (Money::whole(16), Some(STRATEGY));
    let entry = match side {
        Side::Sell => Entry::sold(NO, worth, Money::whole(20), Money::ZERO).unwrap(),
        Side::Buy => Entry::bought(NO, worth, Money::CENT).unwrap(),
    };
    Event::Swapped { account, half: Half { order, instrument, side, qty, worth, strategy }, entry }
}

fn order_events() -> Vec<(Event, &'static str)> {
    let (id, qty, price) = (FillId(1), Qty::whole(2), Price::whole(8));
    let fill = Fill { id, qty, price, fee: Money::CENT };
    let entry = Entry::sold(NO, Money::whole(16), Money::whole(20), Money::CENT).unwrap();
    let (state, why) = (OrderState::Lapsed, "its lane is full".to_owned());
    let what = nija_core::desk::discrepancy::Mismatch::UnknownOrder;
    vec![
        (
            Event::Acknowledged { order: ORDER },
            "order 0000000000000007 (sell 2 BTC-USD stop $9 gtc) is at the venue",
        ),
        (
            Event::Filled { order: ORDER, fill, entry },
            "order 0000000000000007 (sell 2 BTC-USD stop $9 gtc) traded 2 at $8, fee $0.01, \
             realized -$4",
        ),
        (
            Event::Closed { order: ORDER, state, why },
            "order 0000000000000007 (sell 2 BTC-USD stop $9 gtc) is lapsed: its lane is full",
        ),
        (
            Event::Discrepancy { order: OrderId(9), account: None, fill, what },
            "the venue says order 0000000000000009 traded 2 at $8: the order is not known here; \
             nothing was booked",
        ),
        (
            settled(Qty::whole(-2), "-4.5", false),
            "account abcdef01 settled -2 BTC-USD at $10 for the day, realized -$4.5",
        ),
        (
            settled(Qty::whole(2), "3", true),
            "account abcdef01 settled 2 BTC-USD at $10 for the last time, realized $3",
        ),
        (
            swapped(Side::Sell),
            "order 0000000000000007 (sell 2 BTC-USD stop $9 gtc) gave 2 BTC-USD worth $16, \
             realized -$4",
        ),
        (
            swapped(Side::Buy),
            "order 0000000000000007 (sell 2 BTC-USD stop $9 gtc) got 2 BTC-USD worth $16",
        ),
        (Event::Delisted { instrument: BITCOIN }, "BTC-USD has left the catalog"),
        (
            Event::CancelRequested { order: OrderId(8) },
            "order 0000000000000008 is to be taken back",
        ),
    ]
}

fn market_events() -> Vec<(Event, &'static str)> {
    let conditions = Conditions {
        regime: Some(Regime::Ranging),
        confidence: Score::points(60),
        crypto_volatility: Some(Score::points(55)),
        momentum: -1_234,
        crypto_black_swan: true,
        ..Conditions::default()
    };
    let (by, reason) = (Actor::Platform, "black swan".to_owned());
    let calm = "calm again".to_owned();
    vec![
        (Event::Clock { at: Timestamp(1) }, "time moves on"),
        (
            Event::Announced { node: "embedded".to_owned(), epoch: Epoch(3) },
            "node embedded took over, epoch 3",
        ),
        (listed(), "BTC-USD is listed (crypto, the market around the clock)"),
        (
            Event::SessionChanged { hours: Hours::Nyse, open: true, until: Some(Timestamp(0)) },
            "New York is open until 1970-01-01T00:00:00Z",
        ),
        (Event::Marked { instrument: BITCOIN, price: Price::whole(10) }, "BTC-USD is at $10"),
        (
            Event::ConditionsRead { conditions },
            "the market is ranging: confidence 60.00, volatility of crypto 55.00 and of equity \
             unknown, momentum -12.34, black swan in crypto",
        ),
        (Event::VenueChanged { venue: VenueName::Paper, up: false }, "venue paper does not answer"),
        (
            Event::Killed { scope: Scope::Symbol(BITCOIN), by, reason },
            "kill switch of BTC-USD pressed by the platform: black swan",
        ),
        (
            Event::Rearmed { scope: Scope::Platform, by: Actor::User(UserId(5)), reason: calm },
            "kill switch of the platform released by user 00000000000000000000000000000005: \
             calm again",
        ),
    ]
}

#[test]
fn every_kind_of_event_is_told_in_words() {
    let names = names();
    let mut all = vec![setting_events(), account_events(), decision_events(), order_events()];
    all.extend([market_events(), billing::billing_events(), billing::copying_events()]);
    let mut told = Vec::new();
    for (event, wanted) in all.into_iter().flatten() {
        assert_eq!(words(&event, &names), wanted);
        told.push(kind(&event));
    }
    for kind in KINDS {
        assert!(told.contains(&kind), "{kind} is not tested");
    }
}

#[test]
fn the_prices_of_a_pair_are_no_dollars() {
    let mut names = names();
    let Event::Listed { mut instrument } = listed() else { panic!() };
    let kind = Kind::Pair { base: BITCOIN, quote: InstrumentId(2) };
    (instrument.id, instrument.symbol, instrument.kind) = (InstrumentId(3), "BTC-X".into(), kind);
    names.learn(&Event::Listed { instrument });
    let marked = Event::Marked { instrument: InstrumentId(3), price: Price::whole(10) };
    assert_eq!(words(&marked, &names), "BTC-X is at 10");
    let wish = Wish { instrument: InstrumentId(3), ..wished() };
    let refused = Event::Refused { account: NO, wish, refusal: refusal(), insight: None };
    assert!(words(&refused, &names).contains("buy $300 of BTC-X limit 10 day of the user"));
}

#[test]
fn a_switch_of_the_regime_is_told_as_one() {
    let mut names = names();
    let mut told = |regime| {
        let confidence = Score::points(60);
        let conditions = Conditions { regime, confidence, ..Conditions::default() };
        let event = Event::ConditionsRead { conditions };
        names.learn(&event);
        let told = words(&event, &names);
        told.split(", volatility").next().unwrap().to_owned()
    };
    assert_eq!(told(Some(Regime::Ranging)), "the market is ranging: confidence 60.00");
    assert_eq!(told(Some(Regime::Ranging)), "the market is ranging: confidence 60.00");
    assert_eq!(
        told(Some(Regime::RiskOff)),
        "the market turned from ranging to risk_off: confidence 60.00"
    );
    assert_eq!(told(Some(Regime::RiskOff)), "the market is risk_off: confidence 60.00");
}

#[test]
fn an_order_is_forgotten_when_it_ends_and_its_account_known_until_then() {
    let mut names = names();
    let fill = |qty| Event::Filled {
        order: ORDER,
        fill: Fill {
            id: FillId(1),
            qty: Qty::whole(qty),
            price: Price::whole(8),
            fee: Money::ZERO,
        },
        entry: Entry::new([]).unwrap(),
    };
    names.forget(&fill(1));
    assert_eq!(names.account_of(&fill(1)), Some(AccountId(0xabcd_ef01 << 96)));
    names.forget(&fill(1));
    assert_eq!(names.account_of(&fill(1)), None);
}
