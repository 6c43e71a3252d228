//! Samples of every event, and of every alternative of everything that travels in one. A new alternative without
//! a sample does not compile.

use super::learned::insights;
use nija_core::allocation::{Split, allocate};
use nija_core::desk::discrepancy::Mismatch;
use nija_core::desk::event::{
    Event, Evidence, Grant, Half, OwnLimits, PaidOut, Remembered, Setting, Size, Skip, Wish,
};
use nija_core::ledger::chart::Book;
use nija_core::ledger::entry::{Entry, Leg};
use nija_core::positions::QueuedExit;
use nija_core::risk::kill::{Actor, Scope};
use nija_core::risk::refusal::{Change, Code, Level, Measure, Refusal};
use nija_core::words::conditions::{Conditions, Regime};
use nija_core::words::id::{
    AccountId, AccountNo, Epoch, FillId, InstrumentId, OrderId, SignalId, UserId,
};
use nija_core::words::instrument::{AssetClass, Hours, VenueName};
use nija_core::words::money::{Money, Pct, Price, Qty};
use nija_core::words::order::{
    Fill, OrderState, OrderType, Origin, Purpose, Side, Swap, Ticket, TimeInForce,
};
use nija_core::words::score::Score;
use nija_core::words::signal::StrategyName;
use nija_core::words::tier::{DEFAULT_TABLE, Tier, TierTable, Tolerance};
use nija_core::words::time::{Span, Timestamp};

/// One sample for each alternative; the match holds the list to the type.
macro_rules! every {
    ($type:ty: $($pattern:pat => $sample:expr,)*) => {{
        let closed = |value: &$type| match value { $($pattern => (),)* };
        let samples: Vec<$type> = vec![$($sample),*];
        samples.iter().for_each(closed);
        samples
    }};
}

mod billing;
mod market;
mod signals;
mod subscription;

use market::{instruments, readings};
use signals::{own_signals, signals, skips};

const AT: Timestamp = Timestamp(1_749_470_400_000_000);
const NO: AccountNo = AccountNo(3);
const OF: InstrumentId = InstrumentId(41);
const OTHER: InstrumentId = InstrumentId(0x1000_0001);
const ORDER: OrderId = OrderId(0x0005_0000_0000_0007);

fn money(text: &str) -> Money {
    text.parse().unwrap_or_default()
}

/// The number under which an event travels.
pub(crate) fn number(event: &Event) -> u32 {
    match event {
        Event::Clock { .. } => 0,
        Event::Announced { .. } => 1,
        Event::Listed { .. } => 2,
        Event::SessionChanged { .. } => 3,
        Event::Marked { .. } => 4,
        Event::ConditionsRead { .. } => 5,
        Event::VenueChanged { .. } => 6,
        Event::AccountOpened { .. } => 7,
        Event::Transferred { .. } => 8,
        Event::SettingsChanged { .. } => 9,
        Event::Reallocated { .. } => 10,
        Event::Approved { .. } => 11,
        Event::Refused { .. } => 12,
        Event::Skipped { .. } => 13,
        Event::Acknowledged { .. } => 14,
        Event::Filled { .. } => 15,
        Event::Closed { .. } => 16,
        Event::CancelRequested { .. } => 17,
        Event::ExitQueued { .. } => 18,
        Event::Killed { .. } => 19,
        Event::Rearmed { .. } => 20,
        Event::Halted { .. } => 21,
        Event::Remembered { .. } => 22,
        Event::DayClosed { .. } => 23,
        Event::Discrepancy { .. } => 24,
        Event::Billed { .. } => 25,
        Event::Adjusted { .. } => 26,
        Event::Collected { .. } => 27,
        Event::MonthClosed { .. } => 28,
        Event::MasterChanged { .. } => 29,
        Event::Followed { .. } => 30,
        Event::CopyChanged { .. } => 31,
        Event::Moved { .. } => 32,
        Event::Sent { .. } => 33,
        Event::Delivered { .. } => 34,
        Event::LeadHeard { .. } => 35,
        Event::CopySkipped { .. } => 36,
        Event::Credited { .. } => 37,
        Event::Subscribed { .. } => 38,
        Event::Settled { .. } => 39,
        Event::Delisted { .. } => 40,
        Event::Signaled { .. } => 41,
        Event::Swapped { .. } => 42,
    }
}

fn venues() -> Vec<VenueName> {
    every!(VenueName: VenueName::Paper => VenueName::Paper,)
}

fn classes() -> Vec<AssetClass> {
    every!(AssetClass:
        AssetClass::Crypto => AssetClass::Crypto,
        AssetClass::Equity => AssetClass::Equity,
        AssetClass::Derivatives => AssetClass::Derivatives,
    )
}

fn scopes() -> Vec<Scope> {
    every!(Scope:
        Scope::Platform => Scope::Platform,
        Scope::Venue(_) => Scope::Venue(VenueName::Paper),
        Scope::Class(_) => Scope::Class(AssetClass::Crypto),
        Scope::Symbol(_) => Scope::Symbol(OF),
        Scope::Strategy(_) => Scope::Strategy(StrategyName::MacroTrend),
        Scope::Account(_) => Scope::Account(AccountId(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef)),
    )
}

fn actors() -> Vec<Actor> {
    every!(Actor: Actor::Platform => Actor::Platform, Actor::User(_) => Actor::User(UserId(77)),)
}

fn order_types() -> Vec<OrderType> {
    let (stop, limit) = (Price::whole(90), Price::whole(91));
    every!(OrderType:
        OrderType::Market => OrderType::Market,
        OrderType::Limit { .. } => OrderType::Limit { limit },
        OrderType::Stop { .. } => OrderType::Stop { stop },
        OrderType::StopLimit { .. } => OrderType::StopLimit { stop, limit },
    )
}

fn times_in_force() -> Vec<TimeInForce> {
    every!(TimeInForce:
        TimeInForce::Day => TimeInForce::Day,
        TimeInForce::Gtc => TimeInForce::Gtc,
        TimeInForce::Ioc => TimeInForce::Ioc,
        TimeInForce::Fok => TimeInForce::Fok,
        TimeInForce::PostOnly => TimeInForce::PostOnly,
    )
}

fn origins() -> Vec<Origin> {
    let strategy = StrategyName::EtfRotation;
    let (signal, version) = (SignalId(12), None);
    let mut origins = every!(Origin:
        Origin::User => Origin::User,
        Origin::Strategy { .. } => Origin::Strategy { strategy, signal, version },
        Origin::Protection { .. } => Origin::Protection { strategy },
        Origin::KillSwitch => Origin::KillSwitch,
        Origin::Copy { .. } => Origin::Copy { lead: 31, price: Price::whole(50) },
        Origin::Roll { .. } => Origin::Roll { strategy, signal, from: OF, version },
    );
    let version = Some(300);
    origins.push(Origin::Strategy { strategy, signal, version });
    origins.push(Origin::Roll { strategy, signal, from: OF, version });
    origins
}

fn levels() -> Vec<Level> {
    every!(Level:
        Level::Safe => Level::Safe,
        Level::Warning => Level::Warning,
        Level::Danger => Level::Danger,
        Level::Critical => Level::Critical,
    )
}

fn measures() -> Vec<Measure> {
    every!(Measure:
        Measure::Dollars(_) => Measure::Dollars(money("-12.5")),
        Measure::Percent(_) => Measure::Percent(Pct::whole(10)),
        Measure::Count(_) => Measure::Count(4),
        Measure::Score(_) => Measure::Score(Score::points(95)),
        Measure::Price(_) => Measure::Price(Price::whole(211)),
        Measure::Quantity(_) => Measure::Quantity(Qty::STEP),
        Measure::Micros(_) => Measure::Micros(Span::seconds(61)),
        Measure::Instant(_) => Measure::Instant(AT),
        Measure::Absent => Measure::Absent,
    )
}

fn changes() -> Vec<Change> {
    every!(Change:
        Change::SizeAtMost(_) => Change::SizeAtMost(Money::whole(100)),
        Change::SizeAtLeast(_) => Change::SizeAtLeast(Money::whole(20)),
        Change::Deposit(_) => Change::Deposit(money("0.00000001")),
        Change::ClosePositions(_) => Change::ClosePositions(1),
        Change::VolatilityAtMost(_) => Change::VolatilityAtMost(Score::points(80)),
        Change::After(_) => Change::After(AT),
        Change::LimitAtMost(_) => Change::LimitAtMost(Price::whole(210)),
        Change::Rearm(_) => Change::Rearm(Scope::Platform),
        Change::MarkNoOlderThan(_) => Change::MarkNoOlderThan(Span::seconds(60)),
        Change::QuantityAtMost(_) => Change::QuantityAtMost(Qty::whole(2)),
        Change::Upgrade => Change::Upgrade,
        Change::AllowSymbol => Change::AllowSymbol,
        Change::VenueUp => Change::VenueUp,
        Change::VolatilityKnown => Change::VolatilityKnown,
        Change::OtherInstrument => Change::OtherInstrument,
        Change::MayWait => Change::MayWait,
        Change::CloseOrders(_) => Change::CloseOrders(2),
        Change::LimitAtLeast(_) => Change::LimitAtLeast(Price::whole(190)),
        Change::CloseOpposite(_) => Change::CloseOpposite(1),
    )
}

fn refusals() -> Vec<Refusal> {
    let refusal = |code, measured, limit, changes| Refusal {
        code,
        measured,
        limit,
        age: Span::millis(250),
        changes,
    };
    let (measures, all) = (measures(), changes());
    let measure = |n: usize| measures[n % measures.len()];
    let codes = Code::ALL.iter().enumerate();
    let mut refusals: Vec<Refusal> = codes
        .map(|(n, &code)| refusal(code, measure(n), measure(n + 1), vec![all[n % all.len()]]))
        .collect();
    refusals.push(refusal(Code::KillSwitch, Measure::Absent, Measure::Absent, all));
    refusals.extend(scopes().into_iter().map(|scope| {
        refusal(Code::Drawdown, Measure::Absent, Measure::Absent, vec![Change::Rearm(scope)])
    }));
    refusals
}

fn settings() -> Vec<Setting> {
    let mut settings = every!(Setting:
        Setting::Tier(_) => Setting::Tier(Tier::Starter),
        Setting::Tolerance(_) => Setting::Tolerance(Tolerance::Moderate),
        Setting::OwnLimits(_) => Setting::OwnLimits(OwnLimits::default()),
        Setting::Autopilot(_) => Setting::Autopilot(false),
        Setting::Qualified(_) => Setting::Qualified("net worth statement".to_owned()),
        Setting::Granted(_) => Setting::Granted(None),
    );
    settings.push(Setting::OwnLimits(OwnLimits {
        max_position_pct: Some(Pct::whole(5)),
        max_daily_loss_pct: Some(Pct::whole(2)),
        max_drawdown_pct: Some(Pct::whole(9)),
        max_open_positions: Some(2),
        volatility_limit: Some(Score::points(60)),
        max_trade: Some(Money::whole(75)),
        symbols: Some(vec![OF, InstrumentId(42)]),
    }));
    let reason = "a guest of the house".to_owned();
    settings.push(Setting::Granted(Some(Grant { tier: Tier::Income, reason })));
    settings.extend(Tier::ALL.map(Setting::Tier));
    settings.extend(tolerances().into_iter().map(Setting::Tolerance));
    settings
}

fn tolerances() -> Vec<Tolerance> {
    every!(Tolerance:
        Tolerance::Conservative => Tolerance::Conservative,
        Tolerance::Moderate => Tolerance::Moderate,
        Tolerance::Aggressive => Tolerance::Aggressive,
    )
}

fn splits() -> Vec<(Split, Option<Regime>)> {
    let Ok(table) = TierTable::parse(DEFAULT_TABLE) else {
        return Vec::new();
    };
    let regimes = Regime::ALL.map(Some).into_iter().chain([None]);
    regimes
        .map(|regime| {
            let conditions = Conditions { regime, ..Conditions::default() };
            let rules = table.rules(Tier::Baller);
            (allocate(Some(&conditions), rules, Tolerance::Moderate).0, regime)
        })
        .collect()
}

fn ticket() -> Ticket {
    Ticket {
        id: ORDER,
        account: NO,
        instrument: OF,
        side: Side::Buy,
        qty: Qty::whole(2),
        order_type: OrderType::Market,
        tif: TimeInForce::Gtc,
        origin: Origin::User,
        purpose: Purpose::Entry,
        reserved: money("101.01"),
        at: AT,
        venue: VenueName::Paper,
        protect: None,
        pair: None,
        swap: None,
    }
}

fn tickets() -> Vec<Ticket> {
    let exit =
        Ticket { side: Side::Sell, purpose: Purpose::Exit, reserved: Money::ZERO, ..ticket() };
    let protected = Ticket { protect: Some(Price::whole(45)), ..ticket() };
    let leg = Ticket { pair: Some(OTHER), ..ticket() };
    let swap = Ticket { swap: Some(Swap { gives: OTHER, gets: OF }), ..ticket() };
    let mut tickets = vec![ticket(), exit, protected, leg, swap];
    tickets.extend(order_types().into_iter().map(|order_type| Ticket { order_type, ..ticket() }));
    tickets.extend(times_in_force().into_iter().map(|tif| Ticket { tif, ..ticket() }));
    tickets.extend(origins().into_iter().map(|origin| Ticket { origin, ..ticket() }));
    tickets.extend(venues().into_iter().map(|venue| Ticket { venue, ..ticket() }));
    tickets
}

fn evidence(level: Level) -> Evidence {
    Evidence {
        mark: money_price(),
        mark_age: Span::millis(40),
        equity: Money::whole(1_000),
        volatility: Some(Score::points(45)),
        regime: Some(Regime::Ranging),
        level,
        insight: None,
    }
}

fn money_price() -> Price {
    Price::from_raw(5_012_345_678)
}

fn wishes() -> Vec<Wish> {
    let sizes = every!(Size:
        Size::Dollars(_) => Size::Dollars(Money::whole(50)),
        Size::Units(_) => Size::Units(Qty::whole(3)),
        Size::All => Size::All,
    );
    let sides = every!(Side: Side::Buy => Side::Buy, Side::Sell => Side::Sell,);
    let purposes =
        every!(Purpose: Purpose::Entry => Purpose::Entry, Purpose::Exit => Purpose::Exit,);
    let pairs = sides.into_iter().flat_map(|side| sizes.iter().map(move |&size| (side, size)));
    debug_assert_eq!(purposes.len(), 2);
    pairs
        .map(|(side, size)| Wish {
            instrument: OF,
            side,
            size,
            order_type: OrderType::Market,
            tif: TimeInForce::Day,
            origin: Origin::User,
        })
        .collect()
}

fn states() -> Vec<OrderState> {
    every!(OrderState:
        OrderState::Approved => OrderState::Approved,
        OrderState::Working => OrderState::Working,
        OrderState::PartlyFilled => OrderState::PartlyFilled,
        OrderState::Filled => OrderState::Filled,
        OrderState::Cancelled => OrderState::Cancelled,
        OrderState::Rejected => OrderState::Rejected,
        OrderState::Lapsed => OrderState::Lapsed,
    )
}

fn outcomes() -> Vec<Remembered> {
    let order =
        |purpose, level| Remembered::Order { order: ORDER, purpose, qty: Qty::whole(1), level };
    let mut outcomes = every!(Remembered:
        Remembered::Order { .. } => order(Purpose::Entry, Level::Safe),
        Remembered::Refusal(_) => Remembered::Refusal(refusals().swap_remove(0)),
        Remembered::Done => Remembered::Done,
        Remembered::Queued => Remembered::Queued,
        Remembered::PaidOut(_) => Remembered::PaidOut(PaidOut {
            paid: Money::whole(246),
            fee: Money::whole(4),
            cash: Money::whole(750),
        }),
        Remembered::Skipped(_) => Remembered::Skipped(Skip::BudgetSpent),
    );
    outcomes.extend(skips().into_iter().map(Remembered::Skipped));
    outcomes.extend(levels().into_iter().map(|level| order(Purpose::Exit, level)));
    outcomes
}

fn entries() -> Vec<Entry> {
    let (a, b, fee) = (money("100.5"), money("90.25"), money("0.1"));
    let all = Book::ALL.iter().map(|&book| Leg { account: NO, book, amount: money("1") });
    let rest = Leg { account: AccountNo(4), book: Book::Cash, amount: money("-22") };
    let every = Entry::new(all.chain([rest]));
    [Entry::transfer(NO, a), Entry::bought(NO, a, fee), Entry::sold(NO, a, b, fee), every]
        .into_iter()
        .flatten()
        .collect()
}

fn settlements() -> Vec<Event> {
    let settled = |qty: Qty, last, gain| {
        let entry = Entry::agreed(NO, money("-12.5"), money(gain), Money::ZERO).ok()?;
        let price = Price::whole(5_000);
        Some(Event::Settled { account: NO, instrument: OF, price, qty, last, entry })
    };
    let day = settled(Qty::whole(2), false, "-12.5");
    day.into_iter().chain(settled(Qty::whole(-2), true, "30")).collect()
}

/// All samples, in the order of the numbers.
pub(crate) fn events() -> Vec<Event> {
    let mut events = vec![
        Event::Clock { at: AT },
        Event::Clock { at: Timestamp(-1) },
        Event::Announced { node: "node-a".to_owned(), epoch: Epoch(7) },
    ];
    events.extend(instruments().into_iter().map(|instrument| Event::Listed { instrument }));
    for (hours, open, until) in [(Hours::Always, true, None), (Hours::Nyse, false, Some(AT))] {
        events.push(Event::SessionChanged { hours, open, until });
    }
    events.push(Event::Marked { instrument: OF, price: money_price() });
    events.extend(readings().into_iter().map(|conditions| Event::ConditionsRead { conditions }));
    events.extend(venues().into_iter().map(|venue| Event::VenueChanged { venue, up: false }));
    events.extend(account_events());
    events.extend(order_events());
    events.extend(switch_events());
    for code in [Code::DailyLoss, Code::Drawdown] {
        let (measured, limit) =
            (Measure::Percent(Pct::whole(11)), Measure::Percent(Pct::whole(10)));
        events.push(Event::Halted { account: NO, code, measured, limit });
    }
    events.extend(outcomes().into_iter().map(|outcome| Event::Remembered {
        account: NO,
        key: u64::MAX,
        request: 5,
        outcome,
    }));
    let (equity, cash) = (money("1000.1"), money("-3"));
    events.push(Event::DayClosed { account: NO, day: 20_248, equity, cash });
    events.extend(mismatches().into_iter().map(|(what, account)| Event::Discrepancy {
        order: ORDER,
        account,
        fill: fill(),
        what,
    }));
    events.extend(billing::events());
    events.extend(settlements());
    events.extend(subscription::events());
    events.sort_by_key(number);
    events
}

fn mismatches() -> Vec<(Mismatch, Option<AccountNo>)> {
    let all = every!(Mismatch:
        Mismatch::UnknownOrder => Mismatch::UnknownOrder,
        Mismatch::UnusableQuantity => Mismatch::UnusableQuantity,
        Mismatch::UnusablePrice => Mismatch::UnusablePrice,
        Mismatch::OutOfRange => Mismatch::OutOfRange,
        Mismatch::Oversold => Mismatch::Oversold,
        Mismatch::Overfilled => Mismatch::Overfilled,
        Mismatch::BeyondLimit => Mismatch::BeyondLimit,
        Mismatch::OffTick => Mismatch::OffTick,
    );
    let whose = |what| (what, (what != Mismatch::UnknownOrder).then_some(NO));
    all.into_iter().map(whose).collect()
}

fn fill() -> Fill {
    Fill { id: FillId(8), qty: Qty::STEP, price: Price::whole(50), fee: money("-0.01") }
}

fn switch_events() -> Vec<Event> {
    let mut events = Vec::new();
    for scope in scopes() {
        let (by, reason) = (Actor::User(UserId(77)), "seen to".to_owned());
        events.push(Event::Killed { scope, by: by.clone(), reason: reason.clone() });
        events.push(Event::Rearmed { scope, by, reason });
    }
    for by in actors() {
        let (scope, reason) = (Scope::Platform, "as planned".to_owned());
        events.push(Event::Killed { scope, by: by.clone(), reason: reason.clone() });
        events.push(Event::Rearmed { scope, by, reason });
    }
    events
}

fn account_events() -> Vec<Event> {
    let mut events: Vec<Event> = tolerances()
        .into_iter()
        .zip(Tier::ALL)
        .map(|(tolerance, tier)| Event::AccountOpened {
            id: AccountId(5),
            no: NO,
            user: UserId(6),
            tier,
            tolerance,
            day_starts: Span::seconds(3_600),
        })
        .collect();
    let amount = money("100.5");
    events.extend(entries().into_iter().map(|entry| Event::Transferred {
        account: NO,
        amount,
        entry,
    }));
    events.extend(
        settings().into_iter().map(|change| Event::SettingsChanged { account: NO, change }),
    );
    events.extend(splits().into_iter().map(|(split, regime)| Event::Reallocated {
        account: NO,
        split,
        regime,
    }));
    events
}

fn order_events() -> Vec<Event> {
    let mut events: Vec<Event> = tickets()
        .into_iter()
        .map(|ticket| Event::Approved { ticket, evidence: evidence(Level::Safe) })
        .collect();
    events.extend(
        levels()
            .into_iter()
            .map(|level| Event::Approved { ticket: ticket(), evidence: evidence(level) }),
    );
    let nothing = Evidence { volatility: None, regime: None, ..evidence(Level::Safe) };
    events.push(Event::Approved { ticket: ticket(), evidence: nothing });
    let (wishes, refusals) = (wishes(), refusals());
    for (n, refusal) in refusals.into_iter().enumerate() {
        let wish = wishes[n % wishes.len()];
        events.push(Event::Refused {
            account: NO,
            wish,
            refusal,
            insight: insights().get(n).copied(),
        });
    }
    let learned = |insight| Evidence { insight: Some(insight), ..evidence(Level::Safe) };
    let learned = insights().into_iter().map(learned);
    events.extend(learned.map(|evidence| Event::Approved { ticket: ticket(), evidence }));
    for (n, signal) in signals().into_iter().enumerate() {
        let why = skips()[n % skips().len()];
        events.push(Event::Skipped { account: NO, signal, why });
    }
    events.extend(own_signals());
    events.push(Event::Acknowledged { order: ORDER });
    events.extend(entries().into_iter().map(|entry| Event::Filled {
        order: ORDER,
        fill: fill(),
        entry,
    }));
    events.extend(states().into_iter().map(|state| Event::Closed {
        order: ORDER,
        state,
        why: "its lane is full".to_owned(),
    }));
    events.push(Event::CancelRequested { order: ORDER });
    events.extend(origins().into_iter().map(|origin| Event::ExitQueued {
        account: NO,
        instrument: OF,
        exit: QueuedExit {
            qty: Qty::whole(4),
            origin,
            order_type: OrderType::Market,
            tif: TimeInForce::Gtc,
        },
    }));
    events.push(Event::Delisted { instrument: OTHER });
    events.extend(swaps());
    events
}

/// Both halves of a fill, of a strategy's order and of one without.
fn swaps() -> Vec<Event> {
    let worth = money("100.5");
    let half = |instrument, side, strategy, entry| Event::Swapped {
        account: NO,
        half: Half { order: ORDER, instrument, side, qty: Qty::whole(2), worth, strategy },
        entry,
    };
    let sold = Entry::sold(NO, worth, Money::whole(90), Money::ZERO).unwrap();
    let bought = Entry::bought(NO, worth, Money::CENT).unwrap();
    let strategy = Some(StrategyName::CryptoArbitrage);
    vec![half(OTHER, Side::Sell, strategy, sold), half(OF, Side::Buy, None, bought)]
}
