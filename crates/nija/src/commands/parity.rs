//! `nija parity`: a span of a paper run once more as a backtest over the same market, with the same accounts and
//! settings. Says decision by decision whether both agree, and lays the difference of the profits at causes, to the
//! cent. Reads a database beside its server, or a copy of it, and changes nothing.

mod page;
mod print;

use super::database::{Place, block};
use crate::config::Config;
use crate::{market, wire};
use anyhow::{Context, ensure};
use nija_core::words::id::{AccountId, InstrumentId};
use nija_core::words::instrument::Instrument;
use nija_core::words::time::{Span, Timestamp};
use nija_engine::feeds::chain::Numbers;
use nija_engine::feeds::recorded::{self, Once, Past};
use nija_engine::parity::Paper;
use nija_engine::parity::compare::Report;
use nija_engine::parity::rerun::World;
use nija_engine::parity::story::{Account, Who};
use nija_engine::trader::Trader;
use nija_market::analyst::Analyst;
use nija_store::sqlite::Mode;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

/// What to run again.
#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("market").args(["recording", "data", "demo_data"]))]
pub(crate) struct Options {
    #[command(flatten)]
    place: Place,
    /// The market as the server wrote it down [default: NIJA_RECORD].
    #[arg(long, value_name = "FOLDER")]
    recording: Option<PathBuf>,
    /// Bars laid out like data/demo instead: what the server replayed, or another source to hold it against.
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// The shipped history instead, for a database of `nija demo --exit-at-end`.
    #[arg(long)]
    demo_data: bool,
    /// The day to run again (UTC), for example 2026-11-28.
    #[arg(long, value_name = "DATE", value_parser = super::backtest::midnight)]
    #[arg(conflicts_with_all = ["from", "to"])]
    day: Option<Timestamp>,
    /// First day of a span [default: the journal's first].
    #[arg(long, value_name = "DATE", value_parser = super::backtest::midnight)]
    from: Option<Timestamp>,
    /// The day before which the span ends [default: after the journal's last].
    #[arg(long, value_name = "DATE", value_parser = super::backtest::midnight)]
    to: Option<Timestamp>,
    /// Print one JSON object instead of a table.
    #[arg(long)]
    json: bool,
    /// Write a report into this file: one page of HTML that needs nothing else.
    #[arg(long, value_name = "FILE.html")]
    report: Option<PathBuf>,
}

/// Where the market comes from.
enum Source {
    Recording(PathBuf),
    Folder(PathBuf),
    Demo,
}

/// A comparison with what names things.
struct Compared {
    report: Report,
    instruments: Vec<Instrument>,
    accounts: BTreeMap<AccountId, Who>,
    span: (Timestamp, Timestamp),
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let config = Config::read()?;
    let database = options.place.open(Mode::Reader)?;
    let rules = wire::rules(&config)?;
    let span = options.span();
    let source = options.source(&config)?;
    let catalog = crate::catalog::read(config.instruments.as_deref())?;
    let setup = market::setup(&config, &catalog)?;
    let instruments = catalog.instruments;
    let world = World {
        exchange: &|| market::exchange(&instruments, config.seed),
        trader: &|| Trader::new(Analyst::new(&setup)),
    };
    let (report, accounts) = block(async {
        let paper = Paper::read(&*database.journal(), &rules, span).await?;
        ensure!(!paper.story().accounts.is_empty(), "the journal has no account in that span");
        let pasts = [source.open(&instruments)?, source.open(&instruments)?];
        Ok((paper.compare(&world, pasts).await?, paper.story().accounts.clone()))
    })?;
    ensure!(
        report.steps > 0,
        "the market has nothing to say about that span; name another one, or another market"
    );
    let compared = Compared { report, instruments, accounts, span };
    if let Some(path) = &options.report {
        super::backtest::keep_page(path, &page::html(&compared))?;
    }
    let text = if options.json { print::json(&compared)? } else { print::table(&compared)? };
    Ok(std::io::stdout().lock().write_all(text.as_bytes())?)
}

impl Options {
    fn span(&self) -> (Timestamp, Timestamp) {
        match self.day {
            Some(day) => (day, day.plus(Span::DAY)),
            None => (self.from.unwrap_or(Timestamp::EPOCH), self.to.unwrap_or(Timestamp(i64::MAX))),
        }
    }

    fn source(&self, config: &Config) -> anyhow::Result<Source> {
        if self.demo_data {
            return Ok(Source::Demo);
        }
        if let Some(folder) = &self.data {
            return Ok(Source::Folder(folder.clone()));
        }
        let folder = self.recording.clone().or_else(|| config.record.clone());
        folder.map(Source::Recording).context(
            "there is no recording of the market: name one with --recording, bars with --data, or set \
             NIJA_RECORD before the next paper run",
        )
    }
}

impl Source {
    fn open(&self, instruments: &[Instrument]) -> anyhow::Result<Box<dyn Past>> {
        Ok(match self {
            Self::Recording(folder) => Box::new(recorded::open(folder)?),
            Self::Folder(folder) => {
                let numbers = Numbers::after([], InstrumentId(0));
                Box::new(Once::of(market::folder(folder, instruments, &numbers)?))
            }
            Self::Demo => Box::new(Once::of(market::history(instruments)?)),
        })
    }
}

impl Compared {
    fn symbol(&self, id: Option<InstrumentId>) -> String {
        let Some(id) = id else { return String::new() };
        let row = self.instruments.iter().find(|row| row.id == id);
        row.map_or_else(|| id.to_string(), |row| row.symbol.clone())
    }

    /// Its tier and the first digits of its id.
    fn account(&self, account: Account) -> String {
        let Account::Of(account) = account else { return "all".to_owned() };
        let who = self.accounts.get(&account).map_or("", |who| who.tier.name());
        let id: String = account.to_string().chars().take(8).collect();
        format!("{who} {id}")
    }
}
