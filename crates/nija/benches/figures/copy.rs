//! Copying at scale: a master's purchase to a hundred thousand followers of mixed tiers and sizes. First the desks
//! and their journal alone, then the real rooms from the master's fill to the last follower's, beside users of the
//! highest tier. Copies stand in one lane and in an order that no tier buys: of P21 the first part is told instead.

mod crowd;
mod fairness;
mod outcomes;
mod street;

use crate::figure::{Better, Figure, Goal};
use crate::journal::database;
use crate::meter::{Process, timed};
use crate::scene::{BTC, block, wish};
use crate::{RUNS, Scale};
use anyhow::{Result, bail};
use crowd::Crowd;
use nija_core::commit::{Release, commit};
use nija_core::copy::lead::Lead;
use nija_core::copy::parcel::Content;
use nija_core::desk::answer::{Answer, Query, View};
use nija_core::desk::input::{Command, Input};
use nija_core::ports::{Clock, Journal};
use nija_core::words::id::{FillId, OrderId};
use nija_core::words::money::{Money, Price, Qty};
use nija_core::words::order::{Fill, Outcome, Report, Side};
use nija_engine::clock::Real;
use std::time::Instant;

/// What the desks and their journal alone took.
#[derive(Default)]
struct Judged {
    first: Vec<f64>,
    last: Vec<f64>,
    cpu: Vec<f64>,
    bytes: Vec<f64>,
    /// A price of what all of them hold.
    price: Vec<f64>,
}

/// The master buys and hears of its fill: the lead, durable.
async fn led(crowd: &mut Crowd, journal: &dyn Journal) -> Result<Lead> {
    let (leader, at) = (crowd.leader, Real.now());
    let place = Command::Place(wish(Side::Buy, 1_400));
    let (order, qty) = match crowd.desks.command(leader, None, place, at)? {
        Answer::Placed { order, qty, .. } => (order, qty),
        other => bail!("the master could not buy: {other:?}"),
    };
    let fill = Fill { id: FillId(1), qty, price: Price::whole(50_000), fee: Money::CENT };
    let report = Report { order, outcome: Outcome::Filled(fill), at };
    crowd.desks.take(Input::Report(report), at)?;
    commit(journal, crowd.desks.seal()).await?;
    match crowd.desks.query(&Query::Outbox(order.partition())) {
        View::Outbox(parcels) => match parcels.first().map(|parcel| parcel.content) {
            Some(Content::Lead(lead)) => Ok(lead),
            other => bail!("no lead in the outbox: {other:?}"),
        },
        other => bail!("no outbox: {other:?}"),
    }
}

/// One lead through all desks, each part durable before the next, nobody else there.
async fn judge(followers: u32, found: &mut Judged) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let store = database(folder.path())?;
    let journal = store.journal();
    let mut crowd = Crowd::gather(&*journal, followers, Real.now()).await?;
    let lead = led(&mut crowd, &*journal).await?;
    let process = Process::own();
    let (began, before) = (Instant::now(), process.cpu()?);
    let (mut first, mut bytes, mut copies) = (None, 0, Vec::new());
    loop {
        let answer = crowd.desks.take(Input::Lead(lead), Real.now())?;
        let held = crowd.desks.seal();
        bytes += held.iter().map(|held| held.batch().body.len()).sum::<usize>();
        let releases = commit(&*journal, held).await?;
        let tickets = releases.iter().filter_map(Release::ticket);
        copies.extend(tickets.map(|ticket| (ticket.id, ticket.qty)));
        first.get_or_insert_with(|| began.elapsed().as_secs_f64() * 1e3);
        match answer {
            Answer::Led { left: 0 } => break,
            Answer::Led { .. } => {}
            other => bail!("not heard: {other:?}"),
        }
    }
    found.last.push(began.elapsed().as_secs_f64() * 1e3);
    found.first.extend(first);
    found.cpu.push((process.cpu()? - before) * 1e6 / f64::from(followers));
    found.bytes.push(bytes as f64 / f64::from(followers));
    price_held(&mut crowd, &copies, found)
}

/// Fills all copies and tells the desks prices: each looks at everybody who holds something.
fn price_held(crowd: &mut Crowd, copies: &[(OrderId, Qty)], found: &mut Judged) -> Result<()> {
    let at = Real.now();
    for &(order, qty) in copies {
        let fill = Fill { id: FillId(1), qty, price: Price::whole(50_000), fee: Money::CENT };
        let report = Report { order, outcome: Outcome::Filled(fill), at };
        crowd.desks.take(Input::Report(report), at)?;
    }
    for dollars in [50_010, 49_990, 50_020] {
        let mark = Input::Mark { instrument: BTC, price: Price::whole(dollars) };
        let (took, done) = timed(|| crowd.desks.take(mark, at));
        done?;
        found.price.push(took.as_secs_f64() * 1e3);
    }
    Ok(())
}

pub(crate) fn copy(scale: &Scale) -> Result<Vec<Figure>> {
    let followers = scale.of(100_000);
    let (mut alone, mut shown) = (Judged::default(), Vec::new());
    for _ in 0..RUNS {
        block(judge(followers, &mut alone))??;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        shown.push(runtime.block_on(street::fan_out(followers))?);
    }
    let each = |what: fn(&street::Shown) -> f64| shown.iter().map(what).collect::<Vec<f64>>();
    let millis = |what: fn(&street::Shown) -> Result<f64>| {
        shown.iter().map(what).collect::<Result<Vec<f64>>>()
    };
    let figure = |name: &str, unit, values| Figure::new("copy", name, unit, values);
    let bar = |id, bar, moonshot| Goal::value(id, Better::Less, bar, moonshot);
    if let Some(one) = shown.first() {
        let all = &one.outcomes;
        eprintln!(
            "copy: of {followers} followers {} approved, {} refused, {} skipped; not filled: {:?}",
            all.approved, all.refused, all.skipped, all.ended
        );
    }
    for one in &shown {
        let (block, fair) = (one.outcomes.block(), one.outcomes.fairness());
        eprintln!(
            "copy: asked for {}, filled {} and not {} units of 10^-8; correlations in standard deviations: turn \
             with tier {:.2}, with joining {:.2}; price with tier {:.2}, with joining {:.2}",
            block.asked,
            block.filled,
            block.unfilled,
            fair.turn_by_tier,
            fair.turn_by_joining,
            fair.price_by_tier,
            fair.price_by_joining
        );
    }
    let of = format!("{followers} followers");
    Ok(vec![
        figure("accounts, sleeves and terms made durable", "s", each(|run| run.opened_in)),
        figure("desks alone: until the first part is durable", "ms", alone.first)
            .goal(bar("P21", 8.0, 4.0)),
        figure(&format!("desks alone: until all of {of} are durable"), "ms", alone.last),
        figure("desks alone: processor time a follower", "us", alone.cpu)
            .goal(bar("P20", 1.0, 0.32)),
        figure("journal bytes a follower", "B", alone.bytes),
        figure(&format!("a price of what the {of} hold"), "ms", alone.price),
        figure(
            &format!("master's fill to the last verdict, {of}"),
            "ms",
            millis(|run| run.outcomes.millis(run.outcomes.last))?,
        )
        .goal(bar("P20", 150.0, 65.0)),
        figure(
            "master's fill to the first verdicts",
            "ms",
            millis(|run| run.outcomes.millis(run.outcomes.first))?,
        ),
        figure(
            "master's fill to the last copy's fill",
            "ms",
            millis(|run| run.outcomes.millis(run.outcomes.last_fill))?,
        ),
        figure("processor time a follower, sent, filled and booked", "us", each(|run| run.cpu)),
        figure("orders at the gateway at most", "", each(|run| run.lanes as f64)),
        figure("a user's order, p99, while copies are made", "ms", each(|run| run.beside))
            .peer("nobody copies", &each(|run| run.alone)),
        figure("copies delay that p99 by", "ms", each(|run| run.beside - run.alone))
            .goal(bar("P22", 10.0, 2.0)),
    ])
}
