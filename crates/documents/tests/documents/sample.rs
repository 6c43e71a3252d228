//! Documents to look at and to test with. The statement of five months is worked example A of the fee rules:
//! two deposits, two withdrawals, five month ends, 32.29 of fees on profit.

use nija_core::ports::documents::high_water::{Cause, HighWater, Settled, Step, StepFee};
use nija_core::ports::documents::invoice::{
    InvoiceDocument, InvoiceKind, InvoiceLine, InvoiceState, Tax,
};
use nija_core::ports::documents::section::{
    Charge, FeeKind, Flow, FlowKind, Holding, Income, IncomeKind, Place, Point, Section, Trade,
    Worth,
};
use nija_core::ports::documents::statement::Facts;
use nija_core::ports::documents::{Customer, Issuer, Period};
use nija_core::words::id::{AccountId, UserId};
use nija_core::words::money::{Money, Pct, Qty};
use nija_core::words::order::Side;
use nija_core::words::tier::Tier;
use nija_core::words::time::Timestamp;

const DAY: i64 = 86_400_000_000;
/// 2026-01-01 in days.
const YEAR: i64 = 20_454;

/// An instant of 2026: so many days and hours after its beginning.
pub(crate) fn at(day: i64, hour: i64) -> Timestamp {
    Timestamp((YEAR + day) * DAY + hour * DAY / 24)
}

pub(crate) fn usd(text: &str) -> Money {
    text.parse().unwrap()
}

pub(crate) fn cash(text: &str) -> Worth {
    Worth { cash: usd(text), ..Worth::default() }
}

pub(crate) fn issuer() -> Issuer {
    Issuer {
        name: "Northgate Trading Ltd".into(),
        address: vec!["12 Harbour Row".into(), "Dublin D01 X4X0".into(), "Ireland".into()],
        tax_id: Some("IE1234567X".into()),
        contact: Some("billing@northgate.example".into()),
    }
}

pub(crate) fn customer() -> Customer {
    Customer {
        user: UserId(0x5f1d_77aa_0102_0304_0506_0708_090a_0b0c),
        email: "zoe.lindqvist@example.com".into(),
        address: vec!["Zoë Lindqvist".into(), "Storgatan 4, Malmö".into()],
    }
}

pub(crate) fn section(place: Place, opening: Worth, closing: Worth) -> Section {
    Section { place, opening, closing, ..Section::default() }
}

pub(crate) fn facts(period: Period, sections: Vec<Section>) -> Facts {
    Facts {
        issuer: issuer(),
        customer: customer(),
        account: AccountId(0x1a2b_3c4d_5e6f_7081_92a3_b4c5_d6e7_f809),
        tier: Tier::Investor,
        period,
        sections,
        outside: Vec::new(),
        note: None,
    }
}

pub(crate) fn flow(at: Timestamp, kind: FlowKind, amount: &str) -> Flow {
    Flow { at, kind, amount: usd(amount) }
}

pub(crate) fn sale(at: Timestamp, symbol: &str, value: &str, realized: &str) -> Trade {
    Trade {
        at,
        symbol: symbol.into(),
        side: Side::Sell,
        qty: Qty::whole(1),
        price: value.parse().unwrap(),
        value: usd(value),
        fee: Money::ZERO,
        realized: usd(realized),
    }
}

fn fee(kind: FeeKind, rate: i32, amount: &str) -> StepFee {
    StepFee { kind, rate: Pct::whole(rate), amount: usd(amount), settled: Settled::FromAccount }
}

/// A step; `figures` are equity, flow, mark, profit above it, mark after.
fn step(at: Timestamp, cause: Cause, figures: [&str; 5], fees: Vec<StepFee>) -> Step {
    let [equity, flow, mark, gain, mark_after] = figures.map(usd);
    Step { at, cause, equity, flow, mark, gain, fees, mark_after }
}

/// Worked example A: platform fee 10 %, due monthly.
pub(crate) fn example_a() -> Facts {
    let performance = |amount| vec![fee(FeeKind::Performance, 10, amount)];
    let (month_1, month_3, month_4, month_5) = (at(30, 23), at(89, 23), at(119, 23), at(150, 23));
    let steps = vec![
        step(at(0, 9), Cause::Deposit, ["0", "1000", "0", "0", "1000"], vec![]),
        step(
            month_1,
            Cause::Crystallization,
            ["1200", "0", "1000", "200", "1180"],
            performance("20"),
        ),
        step(at(59, 10), Cause::Deposit, ["900", "500", "1180", "0", "1680"], vec![]),
        step(at(90, 10), Cause::Withdrawal, ["1540", "-770", "1680", "0", "840"], vec![]),
        step(month_4, Cause::Crystallization, ["870", "0", "840", "30", "867"], performance("3")),
        step(
            at(140, 10),
            Cause::Withdrawal,
            ["1000", "-250", "867", "33.25", "650.25"],
            performance("3.32"),
        ),
        step(
            month_5,
            Cause::Crystallization,
            ["710", "0", "650.25", "59.75", "704.03"],
            performance("5.97"),
        ),
    ];
    let mut account = section(Place::Account, cash("0"), cash("704.03"));
    account.high_water = Some(HighWater { steps, ..HighWater::default() });
    account.flows = vec![
        flow(at(0, 9), FlowKind::Deposit, "1000"),
        flow(at(59, 10), FlowKind::Deposit, "500"),
        flow(at(90, 10), FlowKind::Withdrawal, "-770"),
        flow(at(140, 10), FlowKind::Withdrawal, "-246.68"),
    ];
    account.trades = vec![
        sale(at(20, 15), "BTC-USD", "1200", "200"),
        sale(at(50, 15), "ETH-USD", "700", "-280"),
        sale(at(80, 15), "AAPL", "940", "140"),
        sale(at(110, 15), "BTC-USD", "870", "100"),
        sale(at(135, 15), "MSFT", "433", "133"),
        sale(at(145, 15), "AAPL", "210", "-40"),
    ];
    account.points = [
        (at(0, 24), "1000"),
        (at(20, 24), "1200"),
        (at(30, 24), "1180"),
        (at(50, 24), "900"),
        (at(59, 24), "1400"),
        (at(80, 24), "1540"),
        (month_3, "1540"),
        (at(90, 24), "770"),
        (at(110, 24), "870"),
        (at(119, 24), "867"),
        (at(135, 24), "1000"),
        (at(140, 24), "750"),
        (at(145, 24), "710"),
        (at(150, 24), "704.03"),
    ]
    .map(|(at, equity)| Point { at, equity: usd(equity) })
    .into();
    facts(Period { from: at(0, 0), to: at(151, 0) }, vec![account])
}

/// A busy month: an account with positions, and a sleeve with the fees of worked example B's last month.
pub(crate) fn family() -> Facts {
    let mut account = section(
        Place::Account,
        Worth { cash: usd("4000"), positions: usd("1230.5"), unrealized: usd("30.5") },
        Worth::default(),
    );
    account.flows = vec![
        flow(at(33, 11), FlowKind::Deposit, "500"),
        flow(at(34, 9), FlowKind::Transfer, "-570"),
        flow(at(57, 9), FlowKind::Transfer, "718.39"),
    ];
    account.trades = (0..90).map(busy_trade).collect();
    account.income = vec![
        Income {
            at: at(40, 20),
            kind: IncomeKind::Dividend,
            amount: usd("3.12"),
            note: "AAPL".into(),
        },
        Income {
            at: at(48, 0),
            kind: IncomeKind::Funding,
            amount: usd("-0.84310276"),
            note: "BTC-PERP".into(),
        },
    ];
    account.positions = vec![
        holding("AAPL", "4", "760.4", "201.15", "804.6", "44.2"),
        holding("BTC-USD", "0.00731", "441.10", "64210.55", "469.3791205", "28.2791205"),
    ];
    settle(&mut account);
    let sum = account.closing.cash.saturating_add(account.closing.positions);
    account.points = curve(&account, sum);
    account.high_water = Some(HighWater {
        opening: usd("5400"),
        steps: vec![
            step(at(33, 11), Cause::Deposit, ["5230.5", "500", "5400", "0", "5900"], vec![]),
            step(at(34, 9), Cause::Withdrawal, ["5700", "-570", "5900", "0", "5310"], vec![]),
            step(at(57, 9), Cause::Deposit, ["5182.4", "718.39", "5310", "0", "6028.39"], vec![]),
        ],
        accrued: Money::ZERO,
    });
    let mut facts = facts(Period { from: at(31, 0), to: at(59, 0) }, vec![account, sleeve()]);
    facts.outside = vec![Charge {
        at: at(31, 6),
        kind: FeeKind::Subscription,
        amount: usd("99"),
        note: "Invoice NIJA-2026-000123, INVESTOR, monthly".into(),
    }];
    facts.note = Some("Simulated money. Nothing in this statement is advice.".into());
    facts
}

fn sleeve() -> Section {
    let both = |leader, platform| {
        vec![fee(FeeKind::CopyLeader, 5, leader), fee(FeeKind::CopyPlatform, 2, platform)]
    };
    let place = Place::Sleeve { leader: "Ada Quant & Søn".into() };
    let mut sleeve = section(place, cash("0"), cash("0"));
    sleeve.flows = vec![
        flow(at(34, 9), FlowKind::Transfer, "570"),
        flow(at(57, 9), FlowKind::Transfer, "-718.39"),
    ];
    sleeve.trades = vec![
        sale(at(44, 15), "ETH-USD", "240", "130"),
        sale(at(56, 15), "ETH-USD", "133.09", "23.09"),
    ];
    sleeve.points = [
        (at(35, 0), "570"),
        (at(45, 0), "700"),
        (at(52, 0), "696.91"),
        (at(57, 0), "720"),
        (at(58, 0), "0"),
    ]
    .map(|(at, equity)| Point { at, equity: usd(equity) })
    .into();
    sleeve.high_water = Some(HighWater {
        opening: usd("85.8"),
        steps: vec![
            step(at(34, 9), Cause::Deposit, ["0", "570", "85.8", "0", "655.8"], vec![]),
            step(
                at(51, 23),
                Cause::Crystallization,
                ["700", "0", "655.8", "44.2", "696.91"],
                both("2.21", "0.88"),
            ),
            step(
                at(57, 9),
                Cause::Withdrawal,
                ["720", "-720", "696.91", "23.09", "0"],
                both("1.15", "0.46"),
            ),
        ],
        accrued: Money::ZERO,
    });
    sleeve
}

fn holding(
    symbol: &str,
    qty: &str,
    cost: &str,
    mark: &str,
    value: &str,
    unrealized: &str,
) -> Holding {
    Holding {
        symbol: symbol.into(),
        qty: qty.parse().unwrap(),
        cost: usd(cost),
        mark: mark.parse().unwrap(),
        value: usd(value),
        unrealized: usd(unrealized),
    }
}

fn busy_trade(n: i64) -> Trade {
    let raw = |units: i64| Money::from_raw(units);
    let sells = n % 2 == 1;
    let value = 25_000_000_000 + (n * 7_919 % 97) * 130_000_001;
    Trade {
        at: Timestamp(at(32 + n / 4, 9 + n % 4 * 3).0 + n * 61_000_000),
        symbol: ["BTC-USD", "AAPL", "ETH-USD", "SPY"][(n % 4) as usize].into(),
        side: if sells { Side::Sell } else { Side::Buy },
        qty: Qty::from_raw(value / 640),
        price: "640".parse().unwrap(),
        value: raw(value),
        fee: raw(value / 1_000 / 1_000_000 * 1_000_000),
        realized: if sells { raw(((n * 31) % 17 - 8) * 41_000_000) } else { Money::ZERO },
    }
}

/// Gives a section the closing worth that follows from what happened in it.
fn settle(section: &mut Section) {
    let add = |all: Money, one: Money| all.checked_add(one).unwrap();
    let positions = section.positions.iter().map(|held| held.value).fold(Money::ZERO, add);
    let unrealized = section.positions.iter().map(|held| held.unrealized).fold(Money::ZERO, add);
    let mut equity = add(section.opening.cash, section.opening.positions);
    equity = section.flows.iter().map(|flow| flow.amount).fold(equity, add);
    equity = section.income.iter().map(|income| income.amount).fold(equity, add);
    equity = section.trades.iter().map(|trade| trade.realized).fold(equity, add);
    equity = section.trades.iter().map(|trade| trade.fee.negated()).fold(equity, add);
    equity = add(add(equity, unrealized), section.opening.unrealized.negated());
    section.closing = Worth { cash: equity.checked_sub(positions).unwrap(), positions, unrealized };
}

/// Days that lead from the opening to the closing equity, with the flows where they happened.
fn curve(section: &Section, closing: Money) -> Vec<Point> {
    let mut equity = section.opening.cash.saturating_add(section.opening.positions);
    let day = |day: i64| {
        let (begins, ends) = (at(day, 0), at(day + 1, 0));
        for flow in section.flows.iter().filter(|flow| begins <= flow.at && flow.at < ends) {
            equity = equity.saturating_add(flow.amount);
        }
        let noise = Money::from_raw((day * 37 % 23 - 11) * 300_000_000);
        Point { at: ends, equity: if day == 58 { closing } else { equity.saturating_add(noise) } }
    };
    (31..59).map(day).collect()
}

/// An invoice with everything on it.
pub(crate) fn invoice() -> InvoiceDocument {
    let month = Period { from: at(31, 0), to: at(59, 0) };
    let line = |description: &str, period, quantity, amount| InvoiceLine {
        description: description.into(),
        period,
        quantity,
        amount: usd(amount),
    };
    InvoiceDocument {
        kind: InvoiceKind::Invoice,
        number: "NIJA-2026-000123".into(),
        issued: at(31, 6),
        due: Some(at(45, 0)),
        paid: None,
        issuer: issuer(),
        customer: customer(),
        lines: vec![
            line("INVESTOR, monthly", Some(month), Some(Qty::whole(1)), "99"),
            line(
                "Unused days of SAVER after the change of plan on 2026-01-20",
                None,
                None,
                "-18.97",
            ),
        ],
        subtotal: usd("80.03"),
        credit_used: usd("10"),
        tax: Some(Tax { name: "VAT".into(), percent: Pct::whole(23), amount: usd("16.11") }),
        total: usd("86.14"),
        amount_due: usd("86.14"),
        state: InvoiceState::Open,
        note: Some("Please name the number of the invoice when you pay.".into()),
    }
}

/// Half of it given back.
pub(crate) fn credit_note() -> InvoiceDocument {
    InvoiceDocument {
        kind: InvoiceKind::CreditNote { corrects: "NIJA-2026-000123".into() },
        number: "NIJA-2026-CN-000007".into(),
        issued: at(40, 6),
        due: None,
        lines: vec![InvoiceLine {
            description: "INVESTOR, monthly: half of the month given back".into(),
            period: Some(Period { from: at(45, 0), to: at(59, 0) }),
            quantity: None,
            amount: usd("49.5"),
        }],
        subtotal: usd("49.5"),
        credit_used: Money::ZERO,
        tax: Some(Tax { name: "VAT".into(), percent: Pct::whole(23), amount: usd("11.38") }),
        total: usd("60.88"),
        amount_due: Money::ZERO,
        state: InvoiceState::Paid,
        ..invoice()
    }
}
