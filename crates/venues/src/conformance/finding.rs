//! What a venue still knows of an order when it is asked by our id: recovery lives on this.

use super::Verdict;
use super::bench::{Bench, START, fills, venue};
use nija_core::ports::Found;
use nija_core::words::id::OrderId;
use nija_core::words::money::Price;
use nija_core::words::order::{OrderType, Outcome, Side, TimeInForce};

pub(super) async fn known_and_never(bench: &mut Bench<'_>) -> Verdict {
    let resting = OrderType::Limit { limit: Price::whole(95) };
    let kept = bench.approve(Side::Buy, resting, TimeInForce::Gtc).await?;
    let far = OrderId::new(kept.order().partition(), 0xffff_ffff_ffff);
    for order in [kept.order(), far] {
        if bench.find(order).await? != Found::Never {
            return venue(format!("it knows order {order}, which it never got"));
        }
    }
    let taken = bench.working(Side::Buy, resting, TimeInForce::Gtc).await?.order();
    match bench.find(taken).await? {
        Found::Never => venue(format!("it does not know order {taken}, which it acknowledged")),
        Found::Known(story) if story.iter().any(|r| r.outcome == Outcome::Acknowledged) => Ok(()),
        Found::Known(story) => venue(format!("its story lacks the acknowledgement: {story:?}")),
    }
}

pub(super) async fn fills_again(bench: &mut Bench<'_>) -> Verdict {
    let order = bench.holding().await?;
    bench.price(START).await?;
    bench.quiet().await?;
    let reported = bench.fills(order);
    for _ in 0..2 {
        let Found::Known(story) = bench.find(order).await? else {
            return venue("a filled order is forgotten");
        };
        if story.iter().any(|report| report.order != order) {
            return venue("the story tells of another order");
        }
        if fills(&story) != reported {
            return venue("the fills told again differ from those that were reported");
        }
    }
    Ok(())
}
