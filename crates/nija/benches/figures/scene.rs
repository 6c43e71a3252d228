//! What the benches trade in: one market, rules with the order rate lifted, desks full of accounts.
//! The order rate is a limit on people, not a cost; everything else is as shipped.

use anyhow::{Result, ensure};
use nija_core::billing::plans::{DEFAULT_PLANS, Plans};
use nija_core::desk::Rules;
use nija_core::desk::answer::Answer;
use nija_core::desk::event::{Size, Wish};
use nija_core::desk::input::{Command, Input};
use nija_core::words::conditions::{Conditions, Regime};
use nija_core::words::id::{AccountId, Epoch, InstrumentId, UserId};
use nija_core::words::instrument::{AssetClass, Hours, Instrument, Kind, VenueName};
use nija_core::words::money::{Money, Price, Qty};
use nija_core::words::order::{OrderType, Origin, Side, TimeInForce};
use nija_core::words::score::Score;
use nija_core::words::tier::{DEFAULT_TABLE, Tier, TierTable, Tolerance};
use nija_core::words::time::{Span, Timestamp};
use nija_engine::feeds::{Kind as Said, MarketEvent};
use nija_engine::partitions::Partitions;
use nija_store::memory;
use std::sync::Arc;

pub(crate) const BTC: InstrumentId = InstrumentId(1);
/// A Monday at noon, UTC.
pub(crate) const NOON: Timestamp = Timestamp(1_749_470_400_000_000);
/// Partitions of a server as shipped.
pub(crate) const PARTITIONS: u16 = 8;

/// The shipped tier table with an order rate that nobody reaches, and no volatility too high.
pub(crate) fn lifted_table() -> String {
    let lift = |line: &str| match line.split_once(" = ") {
        Some((name @ ("orders_per_second" | "order_burst"), _)) => format!("{name} = 65535\n"),
        Some((name @ "volatility_limit", _)) => format!("{name} = 9500\n"),
        _ => format!("{line}\n"),
    };
    DEFAULT_TABLE.lines().map(lift).collect()
}

pub(crate) fn rules() -> Result<Arc<Rules>> {
    let tiers = TierTable::parse(&lifted_table())?;
    let plans = Plans::parse(DEFAULT_PLANS)?;
    Ok(Arc::new(Rules::new(tiers, plans, Money::whole(10))))
}

/// Bitcoin, as the shipped catalog has it.
pub(crate) fn bitcoin() -> Instrument {
    Instrument {
        id: BTC,
        symbol: "BTC-USD".to_owned(),
        class: AssetClass::Crypto,
        kind: Kind::Spot,
        hours: Hours::Always,
        tick: Price::from_raw(1_000_000),
        lot: Qty::from_raw(1),
        stale_after: Span::seconds(26 * 3_600),
        venue: VenueName::Paper,
    }
}

/// A quote one millisecond after `at`.
pub(crate) fn quote(at: Timestamp) -> MarketEvent {
    let kind = Said::Quote {
        instrument: BTC,
        bid: Price::whole(49_999),
        ask: Price::whole(50_001),
        bid_qty: Qty::whole(1_000_000),
        ask_qty: Qty::whole(1_000_000),
    };
    MarketEvent { at: at.plus(Span::millis(1)), kind }
}

/// A market order of the user.
pub(crate) const fn wish(side: Side, dollars: i32) -> Wish {
    Wish {
        instrument: BTC,
        side,
        size: Size::Dollars(Money::whole(dollars)),
        order_type: OrderType::Market,
        tif: TimeInForce::Gtc,
        origin: Origin::User,
    }
}

/// Opens an account.
pub(crate) const fn open(id: u128, tier: Tier) -> Command {
    Command::Open {
        user: UserId(id),
        tier,
        tolerance: Tolerance::Moderate,
        day_starts: Span::ZERO,
        deposit: Money::whole(1_000_000),
    }
}

/// A calm market.
pub(crate) fn calm() -> Conditions {
    Conditions {
        at: NOON,
        regime: Some(Regime::Ranging),
        crypto_volatility: Some(Score::points(45)),
        equity_volatility: Some(Score::points(45)),
        ..Conditions::default()
    }
}

/// Desks with a market at its price in calm conditions.
pub(crate) fn desks(partitions: u16) -> Result<Partitions> {
    desks_at(partitions, NOON)
}

/// The same at another time.
pub(crate) fn desks_at(partitions: u16, at: Timestamp) -> Result<Partitions> {
    let mut desks = Partitions::new(partitions, &rules()?);
    for input in [
        Input::Announce { node: "bench".to_owned(), epoch: Epoch(1) },
        Input::List(bitcoin()),
        Input::Mark { instrument: BTC, price: Price::whole(50_000) },
        Input::Conditions(Conditions { at, ..calm() }),
    ] {
        desks.take(input, at)?;
    }
    Ok(desks)
}

/// Opens accounts of the highest tier and gives their ids. What happens is not sealed.
pub(crate) fn populate(desks: &mut Partitions, accounts: u32) -> Result<Vec<AccountId>> {
    let mut chance = super::meter::Chance::new(7);
    let mut ids = Vec::with_capacity(accounts as usize);
    for n in 0..u128::from(accounts) {
        let id = ((chance.below(usize::MAX) as u128) << 64) | n;
        let answer = desks.command(AccountId(id), None, open(id, Tier::Baller), NOON)?;
        ensure!(answer == Answer::Done, "not opened: {answer:?}");
        ids.push(AccountId(id));
    }
    Ok(ids)
}

/// Runs what only waits for memory.
pub(crate) fn block<T>(doing: impl Future<Output = T>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(doing))
}

pub(crate) fn memory_journal() -> Arc<memory::Journal> {
    Arc::new(memory::Journal::default())
}
