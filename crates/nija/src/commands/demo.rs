//! `nija demo`: the shipped history of 2017 to 2020, traded for one account per tier by the same platform that
//! serves; the API is open meanwhile, and when the history ends generated prices go on.

mod days;
mod income;
mod operator;
mod people;
mod tally;

use crate::config::Config;
use crate::watch::Watch;
use crate::wire::Platform;
use crate::{front, market, wire};
use anyhow::{Context, ensure};
use days::Days;
use nija_core::desk::answer::{Query, View};
use nija_core::ports::{Clock, Desks};
use nija_core::words::time::Timestamp;
use nija_engine::clock::Simulated;
use nija_engine::driver::{Driver, Pace, Rooms};
use nija_engine::feeds::Feed;
use nija_engine::feeds::recorder::Recording;
use operator::Operator;
use people::People;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
use tally::Tally;
use tokio::sync::watch;

/// How often the summary looks at the clock.
const LOOK: Duration = Duration::from_millis(100);

/// How fast the history passes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Speed {
    /// Simulated days a second.
    Days(f64),
    /// As fast as the desks go.
    Max,
}

impl FromStr for Speed {
    type Err = anyhow::Error;
    fn from_str(text: &str) -> anyhow::Result<Self> {
        if text == "max" {
            return Ok(Self::Max);
        }
        let days: f64 = text.parse().context("write `max` or simulated days a second")?;
        ensure!(days.is_finite() && (0.01..=1_000.0).contains(&days), "between 0.01 and 1000");
        Ok(Self::Days(days))
    }
}

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Simulated days a second from --slow-from on, or `max`.
    #[arg(long, default_value = "1")]
    speed: Speed,
    /// The day (YYYY-MM-DD) up to which the history passes as fast as it can.
    #[arg(long, default_value = "2020-02-10")]
    slow_from: jiff::civil::Date,
    /// Leave when the history ends instead of going on with generated prices.
    #[arg(long)]
    exit_at_end: bool,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let mut config = Config::read()?;
    // The screen belongs to the summary; what the API answers is not news here.
    front::log("warn,nija_api=off", false)?;
    let folder = Temporary::unless(config.database_named)?;
    if let Some(folder) = &folder {
        config.database = folder.0.join("demo.db");
    }
    config.partitions = 2;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(play(options, &config))
}

/// A folder that is gone when the demo is.
struct Temporary(PathBuf);

impl Temporary {
    fn unless(named: bool) -> anyhow::Result<Option<Self>> {
        if named {
            return Ok(None);
        }
        let path = std::env::temp_dir().join(format!("nija-demo-{}", std::process::id()));
        std::fs::create_dir_all(&path)
            .with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Some(Self(path)))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // What cannot be removed is a temporary file all the same.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

async fn play(options: &Options, config: &Config) -> anyhow::Result<()> {
    let listener = front::listen(config).await?;
    let address = listener.local_addr()?;
    let clock = Arc::new(Simulated::default());
    let catalog = crate::catalog::read(config.instruments.as_deref())?;
    let mut history = market::history(&catalog.instruments)?;
    let first = history.peek_time()?.context("the shipped history is empty")?;
    clock.advance(first);
    let metrics = crate::watch::install()?;
    let mut platform = wire::start(config, Arc::clone(&clock) as Arc<dyn Clock>).await?;
    ensure!(
        market_time(&platform).await? <= first,
        "the database holds a run already; name a new file in DATABASE_URL"
    );

    let people = people::admit(&platform).await?;
    let doors = front::doors(config, &platform, metrics.clone())?;
    let watching = tokio::spawn(Watch::of(&platform, metrics, config.database.clone()).run());
    let readiness = Arc::clone(&doors.readiness);
    let router = nija_api::router(doors, front::settings(config, true)?)?;
    let (stop, stopped) = watch::channel(false);
    let mut until = stopped.clone();
    let shutdown = async move {
        let _ = until.wait_for(|stop| *stop).await;
    };
    let limits = front::limits(config);
    let server = tokio::spawn(nija_api::serve(listener, router, limits, shutdown));
    readiness.set_started();
    readiness.set_serving(true);
    welcome(address, &people);

    let operator = Operator::of(&people, platform.handle.clone(), config.partitions);
    let mut market = drive((options, config), &platform, (&clock, operator), history, stopped)?;
    let mut tally = Tally::new(platform.database.journal(), &people, &platform.catalog.instruments);
    let mut told = Timestamp::EPOCH;
    loop {
        tokio::select! {
            () = front::told_to_stop() => break,
            ended = &mut market => { ended.context("the market's task is gone")??; break }
            ended = &mut platform.ended => { ended.context("the desks are gone")??; break }
            () = tokio::time::sleep(LOOK) => {}
        }
        told = tell(&platform, &mut tally, options, told).await?;
    }
    tally.read().await?;
    println!("{}", tally.closing(&platform.handle, config.partitions).await?);
    readiness.set_serving(false);
    // A closed channel means that everyone has stopped already.
    let _ = stop.send(true);
    server.await.context("the server's task is gone")??;
    if !market.is_finished() {
        market.await.context("the market's task is gone")??;
    }
    watching.abort();
    let _ = watching.await;
    // The last connection to leave brings the journal's log into its file: that is the platform's.
    drop(tally);
    platform.stop().await
}

fn welcome(address: std::net::SocketAddr, people: &People) {
    println!(
        "NIJA demo: real prices from January 2017 to 1 April 2020, one account per tier, on its own."
    );
    println!("  API   http://{address}/api/docs   health http://{address}/health");
    println!("  login {{tier}}@demo.nija or admin@demo.nija, password {}", people.password);
    println!("  or register your own: POST http://{address}/api/v2/register\n");
}

/// Starts the market: the history, then generated prices unless told to leave.
fn drive(
    (options, config): (&Options, &Config),
    platform: &Platform,
    (clock, operator): (&Arc<Simulated>, Operator),
    history: nija_engine::feeds::merge::Merge,
    mut stop: watch::Receiver<bool>,
) -> anyhow::Result<tokio::task::JoinHandle<anyhow::Result<()>>> {
    let slow_from = options.slow_from.to_zoned(jiff::tz::TimeZone::UTC)?.timestamp();
    let slow_from = Timestamp(slow_from.as_microsecond());
    let day = match options.speed {
        Speed::Max => None,
        Speed::Days(days) => Some(Duration::from_secs_f64(1.0 / days)),
    };
    let day = Box::new(move |at: Timestamp| if at < slow_from { None } else { day });
    let pace = Pace::Simulated { clock: Arc::clone(clock), day };
    let rooms = Rooms {
        handle: platform.handle.clone(),
        gateway: Arc::clone(&platform.gateway),
        venue: Arc::clone(&platform.venue),
        parcels: Arc::clone(&platform.parcels),
    };
    let rows = platform.catalog.instruments.clone();
    let mut driver = Driver::new(rooms, market::trader(config, &platform.catalog)?, pace);
    let exit_at_end = options.exit_at_end;
    let recorder = market::recorder(config, Timestamp::EPOCH)?;
    Ok(tokio::spawn(async move {
        let feed: Box<dyn Feed> = if exit_at_end {
            Box::new(history)
        } else {
            Box::new(market::Continued::new(history, rows, 2020))
        };
        let mut days = Days::of(Box::new(Recording::new(feed, recorder)));
        while !*stop.borrow() && days.begin()? {
            operator.look_in().await?;
            driver.run(&mut days, &mut stop).await?;
        }
        Ok(())
    }))
}

async fn market_time(platform: &Platform) -> anyhow::Result<Timestamp> {
    match platform.handle.query(Query::Market).await? {
        View::Market(market) => Ok(market.now),
        _ => Ok(Timestamp::EPOCH),
    }
}

/// Prints the summary once a simulated month, and once a day where the demo goes slowly.
async fn tell(
    platform: &Platform,
    tally: &mut Tally,
    options: &Options,
    told: Timestamp,
) -> anyhow::Result<Timestamp> {
    let now = platform.clock.now();
    let slow = now.to_string().as_str() >= options.slow_from.to_string().as_str();
    let places = if slow { 10 } else { 7 };
    let stamp = |at: Timestamp| at.to_string().chars().take(places).collect::<String>();
    if stamp(now) == stamp(told) {
        return Ok(told);
    }
    tally.read().await?;
    println!("{}", tally.table(&platform.handle).await?);
    Ok(now)
}
