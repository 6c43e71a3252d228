//! Samples of what the market brings: catalog rows and readings.

use super::{AT, OF, classes};
use nija_core::words::conditions::{Conditions, Regime};
use nija_core::words::id::InstrumentId;
use nija_core::words::instrument::{AssetClass, Hours, Instrument, Kind, Right, VenueName};
use nija_core::words::money::{Pct, Price, Qty};
use nija_core::words::score::Score;
use nija_core::words::time::Span;

fn kinds() -> Vec<Kind> {
    let option = |right| Kind::Option {
        underlying: InstrumentId(9),
        right,
        strike: Price::whole(150),
        multiplier: 100,
        expiry: AT,
    };
    let mut kinds = every!(Kind:
        Kind::Spot => Kind::Spot,
        Kind::Share => Kind::Share,
        Kind::Fund => Kind::Fund,
        Kind::Index => Kind::Index,
        Kind::Future { .. } => Kind::Future { multiplier: 5, expiry: AT, maintenance: None },
        Kind::Option { .. } => option(Right::Call),
        Kind::Pair { .. } => Kind::Pair { base: InstrumentId(9), quote: InstrumentId(2) },
    );
    let rights = every!(Right: Right::Call => Right::Call, Right::Put => Right::Put,);
    kinds.extend(rights.into_iter().map(option));
    let maintenance = Some(Pct::whole(5));
    kinds.push(Kind::Future { multiplier: 5, expiry: AT, maintenance });
    kinds
}

fn hours() -> Vec<Hours> {
    every!(Hours:
        Hours::Always => Hours::Always,
        Hours::Nyse => Hours::Nyse,
        Hours::Cme => Hours::Cme,
    )
}

pub(super) fn instruments() -> Vec<Instrument> {
    let instrument = |class, kind, hours| Instrument {
        id: OF,
        symbol: "BTC-USD".to_owned(),
        class,
        kind,
        hours,
        tick: Price::from_raw(1_000_000),
        lot: Qty::STEP,
        stale_after: Span::seconds(60),
        venue: VenueName::Paper,
    };
    let class = AssetClass::Derivatives;
    let mut rows: Vec<Instrument> =
        kinds().into_iter().map(|kind| instrument(class, kind, Hours::Nyse)).collect();
    rows.extend(classes().into_iter().map(|class| instrument(class, Kind::Spot, Hours::Always)));
    rows.extend(hours().into_iter().map(|hours| instrument(class, Kind::Spot, hours)));
    rows
}

pub(super) fn readings() -> Vec<Conditions> {
    let full = Conditions {
        at: AT,
        regime: Some(Regime::HighVolatility),
        confidence: Score::points(80),
        crypto_volatility: Some(Score::points(60)),
        equity_volatility: Some(Score::hundredths(4_567)),
        crypto_leads: true,
        liquidity: Some(Score::points(90)),
        momentum: -2_500,
        crypto_black_swan: true,
        equity_black_swan: true,
    };
    let regimes =
        Regime::ALL.map(|regime| Conditions { regime: Some(regime), ..Conditions::default() });
    [full, Conditions::default()].into_iter().chain(regimes).collect()
}
