//! Contracts: sold before they are bought, where a venue has any.

use super::bench::{Bench, START, suite};
use super::{Verdict, stops};
use nija_core::words::order::{OrderType, Purpose, Side, TimeInForce};

pub(super) async fn short(bench: &mut Bench<'_>) -> Verdict {
    if !bench.turn_to_contract().await? {
        return Ok(());
    }
    for side in [Side::Sell, Side::Buy] {
        let release = bench.working(side, OrderType::Market, TimeInForce::Gtc).await?;
        let opens = side == Side::Sell;
        if release.ticket().is_some_and(|t| (t.purpose == Purpose::Entry) != opens) {
            return suite("the desk took a short sale for an exit, or its end for an entry");
        }
        bench.price(START).await?;
        bench.filled(release.order()).await?;
    }
    Ok(())
}

pub(super) async fn stop_above(bench: &mut Bench<'_>) -> Verdict {
    if !bench.turn_to_contract().await? {
        return Ok(());
    }
    let release = bench.working(Side::Sell, OrderType::Market, TimeInForce::Gtc).await?;
    bench.price(START).await?;
    bench.filled(release.order()).await?;
    stops::buy(bench).await
}
