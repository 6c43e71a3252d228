//! What a venue has to refuse aloud. The desk would not send such orders: it is given a finer catalog here.
//!
//! A price of zero or below is absent: no desk approves one, whatever its catalog says.

use super::Verdict;
use super::bench::Bench;
use super::orders::refused;
use nija_core::words::id::InstrumentId;
use nija_core::words::instrument::Instrument;
use nija_core::words::money::{Price, Qty};
use nija_core::words::order::{OrderType, Side, TimeInForce};

/// The venue's row with the finest steps there are.
fn finest(row: &Instrument) -> Instrument {
    Instrument { tick: Price::from_raw(1), lot: Qty::from_raw(1), ..row.clone() }
}

pub(super) async fn off_tick(bench: &mut Bench<'_>) -> Verdict {
    bench.holding().await?;
    let (row, half) = (bench.row.clone(), Price::from_raw(bench.row.tick.raw() / 2));
    let (below, above) =
        (Price::whole(95).saturating_add(half), Price::whole(104).saturating_add(half));
    bench.list(finest(&row)).await?;
    let terms = [
        (Side::Buy, OrderType::Limit { limit: below }),
        (Side::Sell, OrderType::Limit { limit: above }),
        (Side::Sell, OrderType::Stop { stop: below }),
        (Side::Buy, OrderType::StopLimit { stop: Price::whole(104), limit: above }),
    ];
    for (side, order_type) in terms {
        bench.mark(&row, super::bench::START).await?;
        let qty = bench.qty();
        let of = (side, order_type, TimeInForce::Gtc);
        let release = bench.approve_of(&row, qty, of).await?;
        refused(bench, &release).await?;
    }
    Ok(())
}

pub(super) async fn odd_lot(bench: &mut Bench<'_>) -> Verdict {
    let row = bench.row.clone();
    bench.list(finest(&row)).await?;
    let odd = bench.qty().saturating_add(Qty::from_raw(row.lot.raw() / 2));
    let of = (Side::Buy, OrderType::Market, TimeInForce::Gtc);
    let release = bench.approve_of(&row, odd, of).await?;
    refused(bench, &release).await
}

pub(super) async fn no_price(bench: &mut Bench<'_>) -> Verdict {
    bench.holding().await?;
    let row = bench.row.clone();
    bench.list(finest(&row)).await?;
    let nothing = Price::from_raw(1);
    for order_type in [OrderType::Limit { limit: nothing }, OrderType::Stop { stop: nothing }] {
        let of = (Side::Sell, order_type, TimeInForce::Gtc);
        let release = bench.approve_of(&row, bench.qty(), of).await?;
        refused(bench, &release).await?;
    }
    Ok(())
}

pub(super) async fn unlisted(bench: &mut Bench<'_>) -> Verdict {
    let row = Instrument {
        id: InstrumentId(u32::MAX),
        symbol: "NOT-LISTED".to_owned(),
        ..bench.row.clone()
    };
    bench.list(row.clone()).await?;
    bench.mark(&row, super::bench::START).await?;
    let of = (Side::Buy, OrderType::Market, TimeInForce::Gtc);
    let release = bench.approve_of(&row, bench.qty(), of).await?;
    refused(bench, &release).await
}
