//! Taking orders back: in time, too late, twice, and what was never there.

use super::Verdict;
use super::bench::{Bench, START, is_cancelled, total, venue};
use nija_core::ports::Found;
use nija_core::words::money::Price;
use nija_core::words::order::{OrderType, Side, TimeInForce};

const RESTING: OrderType = OrderType::Limit { limit: Price::whole(95) };

pub(super) async fn working(bench: &mut Bench<'_>) -> Verdict {
    let order = bench.working(Side::Buy, RESTING, TimeInForce::Gtc).await?.order();
    let cancel = bench.revoke(order).await?;
    if let Err(why) = bench.submit(&cancel).await? {
        return venue(format!("the cancel was refused: {why}"));
    }
    // Where a cancel takes its time, the market moves on meanwhile.
    bench.price(START).await?;
    bench.until(order, "the word that it is cancelled", is_cancelled).await?;
    bench.price(Price::whole(90)).await?;
    bench.untouched(order, "after it was cancelled").await
}

pub(super) async fn late(bench: &mut Bench<'_>) -> Verdict {
    let order = bench.working(Side::Buy, OrderType::Market, TimeInForce::Gtc).await?.order();
    let cancel = bench.revoke(order).await?;
    bench.price(START).await?;
    bench.filled(order).await?;
    // It may be refused or taken without effect.
    let _ = bench.submit(&cancel).await?;
    bench.price(Price::whole(99)).await?;
    bench.quiet().await?;
    if is_cancelled(bench.heard(order)) {
        return venue("a filled order was reported as cancelled");
    }
    if total(&bench.fills(order)) != bench.qty() {
        return venue("the fills are others than before the cancel");
    }
    Ok(())
}

pub(super) async fn twice(bench: &mut Bench<'_>) -> Verdict {
    let order = bench.working(Side::Buy, RESTING, TimeInForce::Gtc).await?.order();
    let cancel = bench.revoke(order).await?;
    if let Err(why) = bench.submit(&cancel).await? {
        return venue(format!("the cancel was refused: {why}"));
    }
    bench.price(START).await?;
    bench.until(order, "the word that it is cancelled", is_cancelled).await?;
    // The second may be refused or answered with what is known.
    let _ = bench.submit(&cancel).await?;
    bench.price(Price::whole(90)).await?;
    bench.untouched(order, "after it was cancelled").await?;
    let Found::Known(story) = bench.find(order).await? else {
        return Ok(());
    };
    let ends = story.iter().filter(|report| is_cancelled(std::slice::from_ref(report))).count();
    if ends == 1 { Ok(()) } else { venue(format!("its story ends {ends} times")) }
}

pub(super) async fn unknown(bench: &mut Bench<'_>) -> Verdict {
    // Approved and never sent: the desk may cancel it, the venue cannot know it.
    let kept = bench.approve(Side::Buy, RESTING, TimeInForce::Gtc).await?;
    let cancel = bench.revoke(kept.order()).await?;
    if bench.submit(&cancel).await?.is_ok() {
        return venue("it took the cancel of an order that it never saw");
    }
    bench.quiet().await?;
    if bench.heard(kept.order()).is_empty() {
        Ok(())
    } else {
        venue("it reports on an order that it never saw")
    }
}

pub(super) async fn other(bench: &mut Bench<'_>) -> Verdict {
    let first = bench.working(Side::Buy, RESTING, TimeInForce::Gtc).await?.order();
    let second = bench.working(Side::Buy, RESTING, TimeInForce::Gtc).await?.order();
    let cancel = bench.revoke(first).await?;
    if let Err(why) = bench.submit(&cancel).await? {
        return venue(format!("the cancel was refused: {why}"));
    }
    bench.price(START).await?;
    bench.until(first, "the word that it is cancelled", is_cancelled).await?;
    bench.price(Price::whole(90)).await?;
    bench.filled(second).await?;
    if is_cancelled(bench.heard(second)) {
        return venue("the other order was cancelled, too");
    }
    bench.untouched(first, "after it was cancelled").await
}
