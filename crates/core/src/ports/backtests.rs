//! Backtests for users: a strategy over bars that came along, or over the history that is shipped, beside everything
//! else that runs and never in its way.

use super::Doing;
use crate::words::money::{Money, Pct};
use crate::words::tier::{Tier, Tolerance};

/// Bars of one or some instruments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bars {
    /// What they are about, at least one: 1 to 20 letters, digits, points and hyphens each.
    pub symbols: Vec<String>,
    /// How long they are, like `1d`; read off them when absent.
    pub timeframe: Option<String>,
    /// When it trades, `always` or `nyse`, where the catalog does not say.
    pub hours: Option<String>,
    /// A table as the command takes it; of several symbols with a column `symbol`.
    pub csv: Vec<u8>,
}

/// What is to be run. Texts are held to plain characters by whoever asks; what they mean is judged here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Whose signals are heard; all of the platform's where none is named.
    pub strategies: Vec<String>,
    /// Their parameters.
    pub parameters: Vec<(String, String)>,
    /// Over what; the shipped history where none came.
    pub bars: Option<Bars>,
    /// Dollars at the beginning.
    pub cash: Option<Money>,
    /// Fee as a fraction of the value, instead of the fees of each class.
    pub commission: Option<Pct>,
    /// Of which tiers the accounts are, one each; one of the usual where none is named.
    pub tiers: Vec<Tier>,
    /// Its appetite for risk.
    pub tolerance: Option<Tolerance>,
    /// First day of trading, like `2019-01-01`.
    pub from: Option<String>,
    /// The day on which it is over.
    pub to: Option<String>,
    /// A page of HTML instead of JSON?
    pub page: bool,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finished {
    /// The report, in JSON or HTML.
    Report(Vec<u8>),
    /// Not run, or not to its end: what is wrong with the plan or its bars, in words for the user.
    Refused(String),
}

/// Why no backtest was run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BacktestError {
    /// Others are running.
    #[error("other backtests are running; ask again")]
    Busy,
    /// It ran for longer than a request may.
    #[error("it takes too long; send fewer bars, or run it with `nija backtest`")]
    TooLong,
    /// It could not be run at all.
    #[error("backtests cannot be run here: {0}")]
    Unavailable(&'static str),
}

/// Runs backtests.
pub trait Backtests: Send + Sync {
    /// Runs one to its end. Dropping the future ends it.
    fn run(&self, plan: Plan) -> Doing<'_, Result<Finished, BacktestError>>;
}
