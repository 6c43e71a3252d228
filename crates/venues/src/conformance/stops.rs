//! Stops: asleep until the market comes to them.

use super::Verdict;
use super::bench::{Bench, START, venue};
use nija_core::words::money::Price;
use nija_core::words::order::{OrderType, Side, TimeInForce};

pub(super) async fn sell(bench: &mut Bench<'_>) -> Verdict {
    bench.holding().await?;
    let stop = OrderType::Stop { stop: Price::whole(95) };
    let release = bench.working(Side::Sell, stop, TimeInForce::Gtc).await?;
    for price in [START, Price::whole(105), Price::whole(96)] {
        bench.price(price).await?;
        bench.untouched(release.order(), "above its trigger").await?;
    }
    bench.price(Price::whole(94)).await?;
    bench.filled(release.order()).await.map(drop)
}

pub(super) async fn buy(bench: &mut Bench<'_>) -> Verdict {
    let stop = OrderType::Stop { stop: Price::whole(103) };
    let release = bench.working(Side::Buy, stop, TimeInForce::Gtc).await?;
    for price in [START, Price::whole(97), Price::whole(102)] {
        bench.price(price).await?;
        bench.untouched(release.order(), "below its trigger").await?;
    }
    bench.price(Price::whole(104)).await?;
    bench.filled(release.order()).await.map(drop)
}

pub(super) async fn limited(bench: &mut Bench<'_>) -> Verdict {
    bench.holding().await?;
    let (stop, limit) = (Price::whole(95), Price::whole(94));
    let both = OrderType::StopLimit { stop, limit };
    let release = bench.working(Side::Sell, both, TimeInForce::Gtc).await?;
    bench.price(Price::whole(97)).await?;
    bench.untouched(release.order(), "above its trigger").await?;
    // The market falls through both: it is awake now, and the limit holds.
    bench.price(Price::whole(90)).await?;
    bench.untouched(release.order(), "below its limit").await?;
    bench.price(Price::whole(98)).await?;
    let fills = bench.filled(release.order()).await?;
    match fills.iter().find(|fill| fill.price < limit) {
        None => Ok(()),
        Some(fill) => venue(format!("it traded at {}, below its limit", fill.price)),
    }
}
