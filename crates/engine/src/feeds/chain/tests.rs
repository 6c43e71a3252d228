//! Chains from hand-made files, from a recorded one, and modeled over hand-made closes.

use super::modeled::{Modeled, Settings};
use super::recorded::{self, Recorded};
use super::*;
use crate::feeds::{Error, Feed, Kind, MarketEvent, instant};
use crate::greeks::Board;
use nija_core::ports::greeks::Greeks;
use nija_core::words::money::Qty;
use nija_market::candle::Candle;
use nija_market::chain::{Chain, Chains, OptionQuote};
use nija_market::earnings::{News, Report, Slot};
use nija_market::engine::equity::{earnings_deviation, expected_move};
use nija_market::options::Contract;
use nija_market::rates::Rate;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::Write;
use std::path::PathBuf;

const SHARE: InstrumentId = InstrumentId(9);

fn nvda() -> Underlying {
    Underlying { instrument: SHARE, root: Root::of("NVDA").unwrap() }
}

const HEADER: &str = "quote_time,expiration,strike,right,bid,ask,last,underlying_price\n";

fn file(folder: &tempfile::TempDir, name: &str, rows: &str) -> PathBuf {
    let path = folder.path().join(name);
    let mut to = std::fs::File::create(&path).unwrap();
    to.write_all(format!("{HEADER}{rows}").as_bytes()).unwrap();
    path
}

fn numbers() -> Numbers {
    Numbers::after([], InstrumentId(0))
}

fn read(rows: &str, skip_bad: bool) -> Result<Vec<MarketEvent>, Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = file(&folder, "a.csv", rows);
    all(&mut recorded::open(&[path], nvda(), &numbers(), skip_bad)?)
}

fn all(feed: &mut dyn Feed) -> Result<Vec<MarketEvent>, Error> {
    let mut events = Vec::new();
    while let Some(at) = feed.peek_time()? {
        let event = feed.next()?.unwrap();
        assert_eq!(event.at, at);
        events.push(event);
    }
    Ok(events)
}

fn symbols(events: &[MarketEvent]) -> Vec<String> {
    let listed = events.iter().filter_map(|event| match event.kind {
        Kind::Listed(terms) => Some(terms.symbol()),
        _ => None,
    });
    listed.collect()
}

#[test]
fn near_and_short_contracts_are_listed_once_and_quoted_while_they_live() {
    let first = "2026-02-11T16:30:38Z,2026-03-20,190,C,7.1,7.3,,190.79\n\
                 2026-02-11T16:30:38Z,2026-03-20,120,C,70,73,,190.79\n\
                 2026-02-11T16:30:38Z,2026-04-17,190,C,10,11,,190.79\n\
                 2026-02-11T16:30:38Z,2026-02-13,190,P,,,2.5,190.79\n\
                 2026-02-11T16:30:38Z,2026-02-11,190,P,0.1,0.2,,190.79\n";
    let second = "2026-02-12,2026-03-20,190,C,0,0.05,,150\n2026-02-12,2026-03-20,150,P,5,5.2,,150\n\
                  2026-03-20,2026-03-20,190,C,1,2,,150\n2026-03-23,2026-03-20,190,C,1,2,,150\n";
    let folder = tempfile::tempdir().unwrap();
    let files = [file(&folder, "2.csv", second), file(&folder, "1.csv", first)];
    let numbers = numbers();
    let mut feed = recorded::open(&files, nvda(), &numbers, false).unwrap();
    let events = all(&mut feed).unwrap();
    assert_eq!(symbols(&events), ["NVDA260320C00190000", "NVDA260320P00150000"]);
    assert_eq!((feed.unquoted(), feed.summary().rows), (1, 9));
    let quotes: Vec<(u32, String, String, Qty)> = events
        .iter()
        .filter_map(|event| match event.kind {
            Kind::Quote { instrument, bid, ask, bid_qty, .. } => {
                Some((instrument.0 - FIRST, bid.to_string(), ask.to_string(), bid_qty))
            }
            _ => None,
        })
        .collect();
    let size = Qty::whole(10_000);
    let quote = |n, bid: &str, ask: &str, size| (n, bid.to_owned(), ask.to_owned(), size);
    let want = [
        quote(0, "7.1", "7.3", size),
        quote(0, "0", "0.05", Qty::ZERO),
        quote(1, "5", "5.2", size),
        quote(0, "1", "2", size),
    ];
    assert_eq!(quotes, want, "on the last day it is still quoted, and then no more");
    let pictures: Vec<(String, i32)> = events
        .iter()
        .filter_map(|event| match event.kind {
            Kind::Pictured { next_session, .. } => Some((event.at.to_string(), next_session)),
            _ => None,
        })
        .collect();
    let day = |at: &str| instant::read(at.as_bytes()).unwrap().day(Span::ZERO);
    let want = [
        ("2026-02-11T16:30:38Z", "2026-02-11T00:00:00Z"),
        ("2026-02-12T20:59:59.999999Z", "2026-02-13T00:00:00Z"),
        ("2026-03-20T19:59:59.999999Z", "2026-03-23T00:00:00Z"),
        ("2026-03-23T19:59:59.999999Z", "2026-03-24T00:00:00Z"),
    ];
    assert_eq!(pictures, want.map(|(at, next)| (at.to_owned(), day(next))));
}

#[test]
fn numbers_stay_with_their_contracts_and_are_never_given_again() {
    let listed = |numbers: &Numbers| {
        let mut listed = Listed::new(nvda(), numbers.clone());
        let mut list = |day, strike: i32| {
            listed.list(day, Right::Call, Price::whole(strike)).map(|terms| terms.instrument())
        };
        // 2026-02-13 and a Saturday.
        (list(20_497, 100), list(20_497, 110), list(20_498, 100))
    };
    let numbers = numbers();
    let (one, two, none) = listed(&numbers);
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!((one.id.0, two.id.0, none), (FIRST, FIRST + 1, None));
    assert_eq!(listed(&numbers).0, Some(one.clone()));
    // After a restart the desks say what they have listed; what they have forgotten left its number behind.
    let again = Numbers::after([&two], InstrumentId(FIRST + 1));
    assert_eq!(listed(&again).1, Some(two.clone()));
    assert_eq!(listed(&again).0.map(|row| row.id.0), Some(FIRST + 2));
    let last = Numbers::after([], InstrumentId(FIRST + 7));
    assert_eq!(listed(&last).0.map(|row| row.id.0), Some(FIRST + 8));
    numbers.forget(20_498);
    assert_eq!(listed(&numbers).0.map(|row| row.id.0), Some(FIRST + 2));
}

#[test]
fn faults_name_their_line_and_what_to_do() {
    let fault = |row: &str| read(row, false).unwrap_err().to_string();
    let good = "2026-02-11T16:30:38Z,2026-03-20,190,C,7.1,7.3,,190.79\n";
    for (row, want) in [
        ("yesterday,2026-03-20,190,C,1,2,,190\n", "line 2: `yesterday` is not a time"),
        ("2026-02-11T16:30:38Z,2026-03-20,190,CALL,1,2,,190\n", "right is `CALL`; write C or P"),
        ("2026-02-11T16:30:38Z,2026-03-20,0,C,1,2,,190\n", "strike is 0: prices must be above"),
        ("2026-02-11T16:30:38Z,2026-03-20,190,C,3,2,,190\n", "ask 2 is below bid 3"),
        ("2026-02-11T16:30:38Z,2026-03-20,190,C,-1,2,,190\n", "bid is -1"),
        ("2026-02-14,2026-03-20,190,C,1,2,,190\n", "the market has no session then"),
    ] {
        let told = fault(row);
        assert!(told.contains(want), "{told}");
    }
    let backwards = format!("{good}2026-02-10,2026-03-20,190,C,7.1,7.3,,190.79\n");
    assert!(fault(&backwards).contains("line 3: 2026-02-10T20:59:59.999999Z comes after"));
    let crossed = format!("{good}2026-02-11T16:30:38Z,2026-03-20,195,C,3,2,,190\n");
    assert_eq!(symbols(&read(&crossed, true).unwrap()).len(), 1, "left out, as asked");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("b.csv");
    std::fs::write(&path, "quote_time,strike\n").unwrap();
    let missing = recorded::open(&[path], nvda(), &numbers(), false).err().unwrap().to_string();
    assert!(missing.contains("there is no column `expiration`; the columns must be quote_time"));
}

#[test]
fn without_a_price_of_the_underlying_parity_says_it() {
    let rows = "2026-07-28T14:10:00Z,2026-08-07,380,C,12,12.4,,\n\
                2026-07-28T14:10:00Z,2026-08-07,380,P,10,10.4,,\n\
                2026-07-28T14:10:00Z,2026-08-07,400,C,4,4.2,,\n\
                2026-07-28T14:10:00Z,2026-08-07,400,P,22,22.2,,\n";
    let spot = |events: &[MarketEvent]| {
        events.iter().find_map(|event| match event.kind {
            Kind::Pictured { spot, .. } => Some(spot),
            _ => None,
        })
    };
    assert_eq!(spot(&read(rows, false).unwrap()), Some(Price::whole(382)));
    // One side alone says nothing, and nothing is said of it.
    let alone = "2026-07-28T14:10:00Z,2026-08-07,380,C,12,12.4,,\n";
    assert_eq!(read(alone, false).unwrap(), []);
}

/// The recorded chain of NVDA a fortnight before a report.
#[test]
fn a_real_chain_reads_within_its_limits() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/data/options/NVDA/2026-02-12T1758Z.csv.zst"
    );
    let mut feed: Recorded = recorded::open(&[path.into()], nvda(), &numbers(), false).unwrap();
    let events = all(&mut feed).unwrap();
    let listed = symbols(&events).len();
    assert!(feed.summary().rows == 3_881 && (150..=200).contains(&listed), "{listed}");
    assert_eq!(events.iter().filter(|e| matches!(e.kind, Kind::Quote { .. })).count(), listed);
    assert!(events.is_sorted_by_key(|event| (event.rank().0, event.rank().1)));
}

/// What two recorded chains say of the report behind them, as `docs/strategies.md` tells it.
#[test]
fn real_chains_imply_the_moves_that_are_documented() {
    let files =
        [("NVDA/2026-02-12T1758Z", 20_509, 0.0521), ("MSFT/2026-07-28T1410Z", 20_663, 0.0697)];
    for (name, report, wanted) in files {
        let shared = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/options/");
        let path = format!("{shared}{name}.csv.zst");
        let mut feed = recorded::open(&[path.into()], nvda(), &numbers(), false).unwrap();
        let mut chains = Chains::default();
        let mut chain = None;
        for event in all(&mut feed).unwrap() {
            match event.kind {
                Kind::Listed(terms) => chains.list(terms),
                Kind::Quote { instrument, bid, ask, .. } => {
                    chains.quote(instrument, (bid, ask), event.at);
                }
                Kind::Pictured { underlying, spot, next_session } => {
                    chain = Some(chains.picture((underlying, spot), next_session, event.at));
                }
                _ => {}
            }
        }
        let chain = chain.unwrap();
        let today = chain.at.day(Span::ZERO);
        let behind: BTreeSet<i32> =
            chain.quotes.iter().map(|q| q.expiry).filter(|day| *day > report).collect();
        let at_the_money = |expiry: i32| {
            let of_it = chain.quotes.iter().filter(|q| q.expiry == expiry);
            let off = |strike: f64| (strike - chain.spot).abs();
            let nearest = of_it.clone().min_by(|a, b| off(a.strike).total_cmp(&off(b.strike)));
            let strike = nearest.unwrap().strike;
            let both: Vec<f64> = of_it
                .filter(|q| q.strike == strike)
                .filter_map(|q| q.contract(chain.spot, today, 0.03).implied_volatility(q.mid()))
                .collect();
            assert_eq!(both.len(), 2);
            (f64::midpoint(both[0], both[1]), f64::from(expiry - today) / 365.0)
        };
        let mut behind = behind.into_iter().map(at_the_money);
        let (near, far) = (behind.next().unwrap(), behind.next().unwrap());
        let implied = expected_move(earnings_deviation(near, far).unwrap());
        assert!((implied - wanted).abs() < 5e-5, "{name}: {implied} from {near:?} and {far:?}");
    }
}

/// Daily candles of a share, one a session.
struct Closes(VecDeque<MarketEvent>);

impl Feed for Closes {
    fn next(&mut self) -> Result<Option<MarketEvent>, Error> {
        Ok(self.0.pop_front())
    }
    fn peek_time(&mut self) -> Result<Option<Timestamp>, Error> {
        Ok(self.0.front().map(|event| event.at))
    }
}

/// So many sessions of a share that moves one percent a day and five more at its reports, once in 63 sessions.
fn modeled(sessions: usize, reports: usize) -> Vec<MarketEvent> {
    modeled_at(Vec::new(), sessions, reports)
}

/// The same, priced at these rates.
fn modeled_at(rates: Vec<Rate>, sessions: usize, reports: usize) -> Vec<MarketEvent> {
    let mut day = 17_533; // 2018-01-02
    let (mut events, mut close, mut days) = (VecDeque::new(), 100.0, Vec::new());
    while days.len() < sessions + 5 {
        if let Some(session) = session_of(Hours::Nyse, day) {
            let n = days.len();
            close *= if n % 2 == 0 { 1.01 } else { 1.0 / 1.01 };
            close *= if n % 63 == 62 { 1.05 } else { 1.0 };
            let price = Price::from_raw((close * 1e8) as i64);
            let (open, high, low, close) = (price, price, price, price);
            let (instrument, open_at, close_at) = (SHARE, session.open_at, session.close_at);
            let volume = 1.0;
            let candle = Candle { instrument, open_at, close_at, open, high, low, close, volume };
            if n < sessions {
                events.push_back(MarketEvent { at: close_at, kind: Kind::BarClosed(candle) });
            }
            days.push(day);
        }
        day += 1;
    }
    // The jump comes on the day behind the report.
    let report = |period: usize| {
        let day = days.get(period * 63 + 61).copied()?;
        let known_at = Timestamp::of_day(day - 14, Span::ZERO);
        let news = News::Planned { day, slot: Some(Slot::After) };
        Some(Report { instrument: SHARE, period: period as i32, known_at, news })
    };
    let calendar: Vec<Report> = (0..4).filter_map(report).collect();
    let settings = Settings { spread: 0.02, jump: 0.8, reports, rate: 0.03 };
    let feed = Modeled::new(Closes(events), settings, &[nvda()], calendar, &numbers());
    all(&mut feed.at_rates(rates)).unwrap()
}

/// What each chain of a run is worth, calls less puts, in thousandths of a dollar; a rate lifts it.
fn forwards(events: &[MarketEvent]) -> Vec<(Timestamp, i64)> {
    let (mut rights, mut sum, mut told) = (BTreeMap::new(), 0, Vec::new());
    for event in events {
        match event.kind {
            Kind::Listed(terms) => {
                rights.insert(terms.id, terms.right);
            }
            Kind::Quote { instrument, ask, .. } => {
                let is_call = rights[&instrument] == Right::Call;
                sum += ask.raw() / 100_000 * if is_call { 1 } else { -1 };
            }
            Kind::Pictured { .. } => told.push((event.at, std::mem::take(&mut sum))),
            _ => {}
        }
    }
    told
}

#[test]
fn an_option_is_priced_at_the_rate_of_its_day() {
    let plain = forwards(&modeled(40, 8));
    let (rises, last) = (plain[10].0, plain.len() - 1);
    let rate = |known_at, yearly| Rate { known_at, yearly };
    let same = forwards(&modeled_at(vec![rate(Timestamp::EPOCH, 0.03)], 40, 8));
    assert_eq!(plain, same);
    for known_at in [rises, Timestamp(rises.0 - 1)] {
        let risen = forwards(&modeled_at(vec![rate(known_at, 0.3)], 40, 8));
        assert_eq!(risen[..10], plain[..10], "nobody knew it");
        let higher = |n: usize| risen[n].1 > plain[n].1 + 1_000;
        assert!((10..=last).all(higher), "{risen:?} {plain:?}");
    }
    let late = forwards(&modeled_at(vec![rate(rises.plus(Span(1)), 0.3)], 40, 8));
    assert_eq!(late[..11], plain[..11], "it was known an instant too late for that close");
    assert!(late[11].1 > plain[11].1);
}

/// The greeks of a chain, by the rate that it knows.
#[test]
fn a_board_reckons_with_the_rate_that_a_chain_knows() {
    let quote = |right, n| {
        let contract = Contract {
            right,
            spot: 100.0,
            strike: 100.0,
            years: 50.0 / 365.0,
            rate: 0.2,
            dividend: 0.0,
        };
        let (bid, contract) = (contract.price(0.3), InstrumentId(n));
        OptionQuote { contract, expiry: 50, strike: 100.0, right, bid, ask: bid }
    };
    let quotes = vec![quote(Right::Call, 1), quote(Right::Put, 2)];
    let at = Timestamp::EPOCH;
    let volatilities = |rate| {
        let board = Board::new(0.03);
        let quotes = quotes.clone();
        board.take(&Chain { instrument: SHARE, at, spot: 100.0, next_session: 1, rate, quotes });
        [1, 2].map(|n| board.of(InstrumentId(n)).unwrap().volatility.raw() as f64 / 1e10)
    };
    let near = |found: [f64; 2]| found.iter().all(|found| (found - 0.3).abs() < 1e-6);
    assert!(near(volatilities(Some(0.2))), "{:?}", volatilities(Some(0.2)));
    let [call, put] = volatilities(None);
    assert!(call > 0.35 && put < 0.25, "{call} {put}: at three percent they contradict each other");
}

#[test]
fn a_modeled_chain_is_priced_at_what_the_share_did() {
    let events = modeled(30, 8);
    assert!(events.is_sorted_by_key(|event| event.at));
    let pictured = |e: &&MarketEvent| matches!(e.kind, Kind::Pictured { .. });
    assert_eq!(events.iter().filter(pictured).count(), 30 - 20, "twenty moves are needed");
    let mut chains = Chains::default();
    let mut seen = 0;
    for event in &events {
        match event.kind {
            Kind::Listed(terms) => chains.list(terms),
            Kind::Quote { instrument, bid, ask, .. } => {
                assert!(ask > bid);
                chains.quote(instrument, (bid, ask), event.at);
            }
            Kind::Pictured { underlying, spot, next_session } => {
                let chain = chains.picture((underlying, spot), next_session, event.at);
                for (_, volatility, _) in chain.greeks(0.03) {
                    // One percent a day is 15.8 % a year; cents blur the cheapest.
                    assert!((volatility - 0.158).abs() < 0.02, "{volatility}");
                    seen += 1;
                }
            }
            _ => {}
        }
    }
    assert!(seen > 60, "{seen}");
}

#[test]
fn an_announced_report_lies_in_the_price_of_what_outlives_it() {
    let worth = |reports| {
        // Three sessions before the fourth report.
        let events = modeled(3 * 63 + 59, reports);
        let last = events.iter().rev().find_map(|event| match event.kind {
            Kind::Pictured { .. } => Some(event.at),
            _ => None,
        });
        let of_last = events.iter().filter(|event| Some(event.at) == last);
        of_last.fold(0, |sum, event| match event.kind {
            Kind::Quote { ask, .. } => sum + ask.raw(),
            _ => sum,
        })
    };
    // Three reports are known: they say what is usual where three are enough.
    assert!(worth(3) > worth(4) + worth(4) / 10, "{} and {}", worth(3), worth(4));
}
