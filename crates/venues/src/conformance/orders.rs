//! Placing and filling: what an order may and must lead to.

use super::bench::{Bench, START, is_cancelled, total, venue};
use super::{Fault, Verdict};
use nija_core::words::id::OrderId;
use nija_core::words::money::Price;
use nija_core::words::order::{Fill, OrderType, Outcome, Side, TimeInForce};

const BELOW: Price = Price::whole(95);
const ABOVE: Price = Price::whole(104);

pub(super) async fn acknowledged(bench: &mut Bench<'_>) -> Verdict {
    let limit = OrderType::Limit { limit: BELOW };
    let release = bench.working(Side::Buy, limit, TimeInForce::Gtc).await?;
    bench.untouched(release.order(), "though the market stands above its limit").await
}

pub(super) async fn market(bench: &mut Bench<'_>) -> Verdict {
    let order = bench.holding().await?;
    whole(bench, order)
}

/// Holds fills to the order they belong to.
fn whole(bench: &Bench<'_>, order: OrderId) -> Verdict {
    let fills = bench.fills(order);
    if total(&fills) != bench.qty() {
        return venue(format!("{} of {} were filled", total(&fills), bench.qty()));
    }
    if fills.iter().any(|f| !f.qty.is_positive() || !f.price.is_positive() || f.fee.is_negative()) {
        return venue("a fill without quantity or price, or with a fee below zero");
    }
    Ok(())
}

fn all(fills: &[Fill], fits: impl Fn(Price) -> bool) -> Verdict {
    match fills.iter().find(|fill| !fits(fill.price)) {
        None => Ok(()),
        Some(fill) => venue(format!("it traded at {}", fill.price)),
    }
}

pub(super) async fn buy_limit(bench: &mut Bench<'_>) -> Verdict {
    let limit = OrderType::Limit { limit: BELOW };
    let release = bench.working(Side::Buy, limit, TimeInForce::Gtc).await?;
    for price in [START, Price::whole(97), Price::whole(96)] {
        bench.price(price).await?;
        bench.untouched(release.order(), "above its limit").await?;
    }
    bench.price(Price::whole(90)).await?;
    let fills = bench.filled(release.order()).await?;
    whole(bench, release.order())?;
    all(&fills, |price| price <= BELOW)
}

pub(super) async fn sell_limit(bench: &mut Bench<'_>) -> Verdict {
    bench.holding().await?;
    let limit = OrderType::Limit { limit: ABOVE };
    let release = bench.working(Side::Sell, limit, TimeInForce::Gtc).await?;
    for price in [START, Price::whole(102), Price::whole(103)] {
        bench.price(price).await?;
        bench.untouched(release.order(), "below its limit").await?;
    }
    bench.price(Price::whole(109)).await?;
    let fills = bench.filled(release.order()).await?;
    whole(bench, release.order())?;
    all(&fills, |price| price >= ABOVE)
}

pub(super) async fn twice(bench: &mut Bench<'_>) -> Verdict {
    let release = bench.working(Side::Buy, OrderType::Market, TimeInForce::Gtc).await?;
    again(bench, &release).await?;
    bench.price(START).await?;
    bench.filled(release.order()).await?;
    again(bench, &release).await?;
    for price in [Price::whole(101), Price::whole(99)] {
        bench.price(price).await?;
        bench.quiet().await?;
    }
    whole(bench, release.order())
}

/// Submits once more; a venue may take a repeat in silence or refuse it.
async fn again(bench: &mut Bench<'_>, release: &nija_core::commit::Release) -> Verdict {
    // Either answer keeps the law; what counts is what is filled in the end.
    let _ = bench.submit(release).await?;
    bench.quiet().await
}

pub(super) async fn never_beyond(bench: &mut Bench<'_>) -> Verdict {
    let limit = OrderType::Limit { limit: BELOW };
    let release = bench.working(Side::Buy, limit, TimeInForce::Gtc).await?;
    for price in [94, 93, 92, 91, 94] {
        bench.price(Price::whole(price)).await?;
        bench.quiet().await?;
        if total(&bench.fills(release.order())) > bench.qty() {
            return venue("more was filled than was ordered");
        }
    }
    bench.filled(release.order()).await?;
    whole(bench, release.order())
}

pub(super) async fn in_order(bench: &mut Bench<'_>) -> Verdict {
    let release = bench.approve(Side::Buy, OrderType::Market, TimeInForce::Gtc).await?;
    let order = release.order();
    if let Err(why) = bench.submit(&release).await? {
        return venue(format!("a sound order was refused: {why}"));
    }
    // Nothing was listened to so far: acknowledgement and fills wait together.
    bench.price(START).await?;
    bench.filled(order).await?;
    bench.quiet().await?;
    let heard = bench.heard(order);
    if heard.first().map(|report| &report.outcome) != Some(&Outcome::Acknowledged) {
        return venue("something came before the acknowledgement");
    }
    if heard.windows(2).any(|pair| pair[0].at > pair[1].at) {
        return venue("a later report tells of an earlier time");
    }
    let ends = heard.iter().skip(1).all(|r| matches!(r.outcome, Outcome::Filled(_)));
    if ends { Ok(()) } else { venue("a filled order was reported to have ended otherwise") }
}

pub(super) async fn immediate(bench: &mut Bench<'_>) -> Verdict {
    for tif in [TimeInForce::Ioc, TimeInForce::Fok] {
        let release = bench.approve(Side::Buy, OrderType::Limit { limit: BELOW }, tif).await?;
        let order = release.order();
        // To refuse it at once is a way of not letting it rest.
        if bench.submit(&release).await?.is_err() {
            continue;
        }
        bench.price(START).await?;
        let over = |heard: &[nija_core::words::order::Report]| {
            is_cancelled(heard)
                || heard.iter().any(|r| matches!(r.outcome, Outcome::Rejected { .. }))
        };
        bench.until(order, "its end", over).await?;
        bench.price(Price::whole(90)).await?;
        bench.untouched(order, "after it had ended").await?;
        bench.price(START).await?;
    }
    Ok(())
}

/// Something the desk let pass that the venue has to refuse: by its answer, or by a report.
pub(super) async fn refused(
    bench: &mut Bench<'_>,
    release: &nija_core::commit::Release,
) -> Result<(), Fault> {
    let order = release.order();
    if bench.submit(release).await?.is_ok() {
        let no = |heard: &[nija_core::words::order::Report]| {
            heard.iter().any(|r| matches!(r.outcome, Outcome::Rejected { .. }))
        };
        bench.until(order, "its refusal", no).await?;
    }
    for price in [START, Price::whole(80), Price::whole(120)] {
        bench.price(price).await?;
        bench.untouched(order, "though it was refused").await?;
    }
    Ok(())
}
