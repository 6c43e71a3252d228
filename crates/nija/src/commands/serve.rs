//! `nija serve`: the platform as a service, configured by the environment.

use crate::config::{self, Config, Feed};
use crate::watch::Watch;
use crate::wire::Platform;
use crate::{check, front, market, wire};
use anyhow::{Context, anyhow, bail};
use nija_api::Catalog;
use nija_core::desk::answer::{Query, View};
use nija_core::desk::input::Input;
use nija_core::ports::{Clock, Desks};
use nija_core::words::fixed::{Round, mul_div};
use nija_core::words::id::InstrumentId;
use nija_core::words::money::{Pct, Price, Qty};
use nija_core::words::time::{Span, Timestamp};
use nija_engine::calendar::is_open;
use nija_engine::clock::{Real, Simulated};
use nija_engine::driver::{Driver, Pace, Rooms};
use nija_engine::feeds::Feed as _;
use nija_engine::feeds::intrabar::{Quoted, Terms};
use nija_engine::feeds::recorder::Recording;
use nija_engine::node::Ended;
use nija_engine::trader::Trader;
use nija_market::candle::Timeframe;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::{oneshot::error::RecvError, watch};
use tokio::time::timeout;

/// Days of generated history that the analyst reads before it says anything.
const WARM_UP: i64 = 420;

/// How long the desks may take to say how they ended.
const SETTLE: Duration = Duration::from_secs(1);

pub(crate) fn run() -> anyhow::Result<()> {
    let (config, report) = check::look(&config::variables()?, Real.now());
    if report.is_refused() {
        bail!("not served; `nija check-config` shows what is in force:{}", report.refusals());
    }
    front::no_core_dumps()?;
    front::log(&config.log, true)?;
    for finding in &report.findings {
        tracing::warn!(%finding, "configuration");
    }
    let settings = front::settings(&config, false)?;
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        configuration = report.summary(),
        "starting"
    );
    runtime()?.block_on(async {
        let listener = front::listen(&config).await?;
        let metrics = crate::watch::install()?;
        let (clock, pace): (Arc<dyn Clock>, Pace) = match &config.feed {
            Feed::Generator => (Arc::new(Real), Pace::Real(Arc::new(Real))),
            Feed::Replay(_) => {
                let clock = Arc::new(Simulated::default());
                let day = Some(config.replay_day);
                let day = Box::new(move |_| day);
                (Arc::clone(&clock) as Arc<dyn Clock>, Pace::Simulated { clock, day })
            }
        };
        let mut platform = wire::start(&config, clock).await?;
        let doors = front::doors(&config, &platform, metrics.clone())?;
        let readiness = Arc::clone(&doors.readiness);
        let catalog = Arc::clone(&doors.catalog);
        let router = nija_api::router(doors, settings)?;

        let (stop, stopped) = watch::channel(false);
        let watching = tokio::spawn(Watch::of(&platform, metrics, config.database.clone()).run());
        let mut market = begin(&config, &platform, (pace, catalog), stopped.clone()).await?;
        readiness.set_started();
        readiness.set_serving(true);
        tracing::info!(address = %listener.local_addr()?, "serving");

        let mut until = stopped;
        let shutdown = async move {
            let _ = until.wait_for(|stop| *stop).await;
        };
        let server =
            tokio::spawn(nija_api::serve(listener, router, front::limits(&config), shutdown));
        let failed = tokio::select! {
            () = front::told_to_stop() => None,
            ended = &mut platform.ended => Some(cause(ended)),
            why = platform.database.in_doubt() => Some(anyhow!(why)),
            ended = &mut market => Some(match timeout(SETTLE, &mut platform.ended).await {
                // The market ends with the desks: theirs is the reason.
                Ok(desks) => cause(desks),
                Err(_) => match ended {
                    Ok(Err(why)) => why.context("the market ended"),
                    Ok(Ok(())) | Err(_) => anyhow!("the market ended before it was told to"),
                },
            }),
        };
        readiness.set_serving(false);
        // A closed channel means that everyone has stopped already.
        let _ = stop.send(true);
        server.await.context("the server's task is gone")??;
        // The last connection to leave brings the journal's log into its file: that is the platform's.
        watching.abort();
        let _ = watching.await;
        if let Some(why) = failed {
            // The first failure is the one to mend; what others make of it says nothing more.
            return Err(why);
        }
        market.await.context("the market's task is gone")??;
        platform.stop().await?;
        tracing::info!("stopped; everything acknowledged is durable");
        Ok(())
    })
}

/// Why the desks ended although nobody had told them to.
fn cause(ended: Result<Result<(), Ended>, RecvError>) -> anyhow::Error {
    match ended {
        Ok(Err(why)) => why.into(),
        Ok(Ok(())) | Err(_) => anyhow!("the desks ended before they were told to"),
    }
}

/// One worker a core. The workers begin first; every thread after them draws a document.
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let begun = AtomicUsize::new(0);
    let name = move || match begun.fetch_add(1, Ordering::Relaxed) {
        n if n < workers => "async".to_owned(),
        _ => "blocking".to_owned(),
    };
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(workers).thread_name_fn(name).enable_all().build()
}

type Running = tokio::task::JoinHandle<anyhow::Result<()>>;

/// Starts the market that was configured.
async fn begin(
    config: &Config,
    platform: &Platform,
    (pace, catalog): (Pace, Arc<Catalog>),
    mut stop: watch::Receiver<bool>,
) -> anyhow::Result<Running> {
    let rooms = Rooms {
        handle: platform.handle.clone(),
        gateway: Arc::clone(&platform.gateway),
        venue: Arc::clone(&platform.venue),
        parcels: Arc::clone(&platform.parcels),
    };
    let trader = market::trader(config, &platform.catalog)?;
    let mut trader = trader.writing(Arc::clone(&platform.contracts.greeks));
    match &config.feed {
        Feed::Generator => {
            let mut feed = generated(config, platform, &mut trader).await?;
            let mut driver = Driver::new(rooms, trader, pace);
            Ok(tokio::spawn(async move { Ok(driver.run(&mut feed, &mut stop).await?) }))
        }
        Feed::Replay(folder) => {
            let (rows, numbers) = (&platform.catalog.instruments, &platform.contracts.numbers);
            let feed = market::folder(Path::new(folder), rows, numbers)?;
            let mut feed = Recording::new(feed, market::recorder(config, Timestamp::EPOCH)?);
            let listed = Box::new(move |row| catalog.add(row));
            let mut driver = Driver::new(rooms, trader, pace).telling(listed);
            Ok(tokio::spawn(async move {
                driver.run(&mut feed, &mut stop).await?;
                tracing::info!("the recorded market is at its end; prices stand still");
                Ok(driver.idle(&mut stop).await?)
            }))
        }
    }
}

/// Generated one-minute bars with a quote every second, going on from the desks' last prices. The analyst first
/// reads a generated history that ends at those prices, so that regime and volatility are known at once.
async fn generated(
    config: &Config,
    platform: &Platform,
    trader: &mut Trader,
) -> anyhow::Result<Recording<Quoted<nija_engine::feeds::merge::Merge>>> {
    let rows = &platform.catalog.instruments;
    let now = platform.clock.now();
    let midnight = Timestamp(now.0 - now.0.rem_euclid(Span::DAY.0));
    let from = midnight.plus(Span(-WARM_UP * Span::DAY.0));
    let history = (Timeframe::Day1, from, Some(midnight));

    let mut start = market::beginnings(rows)?;
    let ended = last_prices(&start, market::generated(rows, &start, history, config.seed)?)?;
    let marks = marks(platform).await?;
    for (id, price) in &mut start {
        if let (Some(mark), Some(end)) = (marks.get(id), ended.get(id)) {
            let scaled = mul_div(price.raw(), mark.raw(), end.raw().max(1), Round::HalfEven);
            *price = scaled.map_or(*price, Price::from_raw).max(Price::STEP);
        }
    }
    let recorder = market::recorder(config, now)?;
    let mut feed = Recording::new(market::generated(rows, &start, history, config.seed)?, recorder);
    let mut conditions = None;
    while let Some(event) = feed.next()? {
        trader.step(&[event], |input| {
            if let Input::Conditions(read) = input {
                conditions = Some(read);
            }
        });
    }
    let last = last_prices(&start, market::generated(rows, &start, history, config.seed)?)?;
    let mut recorder = feed.stop();
    for row in rows.iter().filter(|row| row.is_tradable()) {
        if let (Some(recorder), Some(price)) = (&mut recorder, last.get(&row.id)) {
            recorder.know(row.id, *price)?;
        }
    }
    // Prices of markets that are closed now: an order may wait for their opening.
    let unknown = rows.iter().filter(|row| row.is_tradable() && !marks.contains_key(&row.id));
    let first = unknown.filter_map(|row| {
        let (instrument, price) = (row.id, *last.get(&row.id)?);
        Some(Input::Mark { instrument, price })
    });
    for row in rows.iter().filter(|row| !is_open(row.hours, now)) {
        last.get(&row.id).into_iter().for_each(|price| platform.venue.know(row.id, *price));
    }
    let known: Vec<Input> = conditions.map(Input::Conditions).into_iter().chain(first).collect();
    if !known.is_empty() {
        platform.handle.slice(known, now).await?;
    }

    // A seed of its own for each start: the same minutes never come twice.
    let seed = config.seed ^ now.0.unsigned_abs();
    // The minute at hand is opened too, or nothing would have a price until the next one begins.
    let minute = Timeframe::Minutes1.start_of(now);
    let live = market::generated(rows, &last, (Timeframe::Minutes1, minute, None), seed)?;
    let half_spread = Pct::from_raw(2_000_000);
    let (every, depth) = (config.quote_every, Qty::whole(1_000_000));
    let terms = Terms { from: now, every, half_spread, depth };
    let tradable = rows.iter().filter(|row| row.is_tradable());
    let quoted = Quoted::new(live, terms, tradable.map(|row| (row.id, row.tick)).collect());
    Ok(Recording::new(quoted, recorder))
}

/// The last close of each instrument of a feed; where it began when there is none.
fn last_prices(
    start: &BTreeMap<InstrumentId, Price>,
    mut feed: nija_engine::feeds::merge::Merge,
) -> anyhow::Result<BTreeMap<InstrumentId, Price>> {
    let mut last = start.clone();
    while let Some(event) = feed.next()? {
        if let nija_engine::feeds::Kind::BarClosed(candle) = event.kind {
            last.insert(candle.instrument, candle.close);
        }
    }
    Ok(last)
}

/// The prices that the desks know from before.
async fn marks(platform: &Platform) -> anyhow::Result<BTreeMap<InstrumentId, Price>> {
    let View::Market(market) = platform.handle.query(Query::Market).await? else {
        return Ok(BTreeMap::new());
    };
    let known = market.instruments.iter().filter(|row| row.instrument.is_tradable());
    Ok(known.filter_map(|row| Some((row.instrument.id, row.mark?))).collect())
}
