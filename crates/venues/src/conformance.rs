//! What every venue must do, as numbered cases that anyone can run against theirs.
//!
//! Orders reach the venue the only way there is: a desk approves them, a journal takes the batch, `commit`
//! gives the release. Restarts are absent: what a venue remembers over one is the recovery's business.

mod bench;
mod cancels;
mod contracts;
mod finding;
mod kept;
mod orders;
mod refusals;
mod stops;

use bench::Bench;
use nija_core::ports::{Doing, Venue};
use nija_core::words::id::{InstrumentId, PartitionId};
use nija_core::words::instrument::Instrument;
use nija_core::words::money::Price;
use std::time::Duration;

/// A venue under test, with a market that the suite may move.
pub trait Ground: Send + Sync {
    /// The venue.
    fn venue(&self) -> &dyn Venue;
    /// What is traded in the suite, as the venue lists it: open now, around $100, with a tick and a lot that the
    /// venue insists on (both above 10^-8), and of a kind that trades around the clock.
    fn instrument(&self) -> Instrument;
    /// A contract that the venue lets be sold short, with the same market; none where it has none, and then the
    /// cases about contracts say nothing.
    fn contract(&self) -> Option<Instrument> {
        None
    }
    /// Moves the market of an instrument so that it trades at this price. What an order does because of it may
    /// be reported later, but within [`Ground::patience`].
    fn price(&self, instrument: InstrumentId, price: Price) -> Doing<'_, ()>;
    /// Whose order ids are used. A venue that remembers orders for long gets another one each run.
    fn partition(&self) -> PartitionId {
        PartitionId(0)
    }
    /// Longest wait for something that must happen.
    fn patience(&self) -> Duration {
        Duration::from_secs(10)
    }
    /// How long nothing must have been reported before it is said that nothing happens.
    fn quiet(&self) -> Duration {
        Duration::from_millis(20)
    }
}

/// Why a case does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The venue did what no venue may do, or did not do what it must.
    #[error("{0}")]
    Venue(String),
    /// The suite's own desk or journal did not do its part: what is wrong is the [`Ground`], or the suite.
    #[error("the suite could not get that far: {0}")]
    Suite(String),
}

type Verdict = Result<(), Fault>;

/// How one case went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Its number, for example `V-01`.
    pub number: &'static str,
    /// What every venue promises by it.
    pub law: &'static str,
    /// Did it?
    pub verdict: Result<(), Fault>,
}

macro_rules! cases {
    ($($number:literal $law:literal $room:ident::$case:ident;)*) => {
        /// Numbers and laws of all cases, in the order in which they run. A number keeps its meaning for ever.
        pub const CASES: &[(&str, &str)] = &[$(($number, $law)),*];

        /// Runs all cases against one venue, each with an account of its own.
        ///
        /// # Errors
        /// [`Fault::Suite`] when the ground is none that the cases can be run on.
        pub async fn run(ground: &dyn Ground) -> Result<Vec<Outcome>, Fault> {
            let mut bench = Bench::new(ground)?;
            let mut outcomes = Vec::with_capacity(CASES.len());
            $(
                let verdict = match bench.begin().await {
                    Ok(()) => $room::$case(&mut bench).await,
                    Err(fault) => Err(fault),
                };
                outcomes.push(Outcome { number: $number, law: $law, verdict });
            )*
            Ok(outcomes)
        }
    };
}

cases! {
    "V-01" "an order that was placed is acknowledged" orders::acknowledged;
    "V-02" "a market order fills whole once there is a price" orders::market;
    "V-03" "a buy limit never pays more than its limit" orders::buy_limit;
    "V-04" "a sell limit never gets less than its limit" orders::sell_limit;
    "V-05" "the same id again is no second order" orders::twice;
    "V-06" "a cancel of a working order is reported, and the order never trades again" cancels::working;
    "V-07" "a cancel that comes after the fill changes nothing" cancels::late;
    "V-08" "a cancel that is sent twice cancels once" cancels::twice;
    "V-09" "a cancel of an id the venue never saw is rejected" cancels::unknown;
    "V-10" "a cancel of one order leaves the others alone" cancels::other;
    "V-11" "`find` knows what the venue took, and says never of all else" finding::known_and_never;
    "V-12" "`find` tells fills again after they were reported" finding::fills_again;
    "V-13" "a price off the tick is refused aloud" refusals::off_tick;
    "V-14" "a quantity off the lot is refused aloud" refusals::odd_lot;
    "V-15" "a price of next to nothing is refused aloud" refusals::no_price;
    "V-16" "an instrument the venue does not list is refused aloud" refusals::unlisted;
    "V-17" "a sell stop waits until the price has fallen to it" stops::sell;
    "V-18" "a buy stop waits until the price has risen to it" stops::buy;
    "V-19" "a stop that became a limit keeps to the limit" stops::limited;
    "V-20" "fills add up to the order and never beyond" orders::never_beyond;
    "V-21" "reports of an order come in the order in which things happened" orders::in_order;
    "V-22" "an order that must trade at once never rests" orders::immediate;
    "V-23" "a contract is sold short and bought back" contracts::short;
    "V-24" "a buy stop over a short contract waits until the price has risen to it" contracts::stop_above;
}

/// Runs all cases and gives the first that does not hold.
///
/// # Errors
/// Its number, its law and what went wrong, in one sentence.
pub async fn hold(ground: &dyn Ground) -> Result<(), String> {
    let outcomes = run(ground).await.map_err(|why| why.to_string())?;
    let broken =
        outcomes.into_iter().find_map(|o| o.verdict.err().map(|why| (o.number, o.law, why)));
    match broken {
        None => Ok(()),
        Some((number, law, why)) => Err(format!("{number} ({law}): {why}")),
    }
}
