//! Backtests over bars that the caller sends, or over the history that is shipped. Nothing of it touches an account.

use crate::auth::Principal;
use crate::error::{Problem, Reason};
use crate::json::read;
use crate::page::Params;
use crate::state::App;
use axum::body::Body;
use axum::extract::{Request as HttpRequest, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use nija_core::ports::backtests::{BacktestError, Bars, Finished, Plan};
use nija_core::words::signal::StrategyName;
use nija_core::words::tier::{Tier, Tolerance};
use serde::Deserialize;
use utoipa::IntoParams;

/// The strategy that trades on its own, without account rules.
const TEACHING: &str = "sma-cross";
/// Largest table of bars, in bytes.
const CSV_MAX: usize = 8 * 1024 * 1024;
const NOT_RUN: Problem = Problem::new(
    StatusCode::UNPROCESSABLE_ENTITY,
    "backtest_not_run",
    "the plan or its bars cannot be run; `reason` says why",
);
/// Most strategies and parameters of one run.
const LIST_MAX: usize = 20;

/// What to run.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// `sma-cross`, or strategies of the platform, separated by commas; all of the platform's when absent.
    #[param(example = "sma-cross")]
    strategy: Option<String>,
    /// Parameters of the strategy, like `fast=10,slow=20`.
    #[param(example = "fast=10,slow=20")]
    params: Option<String>,
    /// `demo` for the shipped history of 2017 to 2020 in place of bars that are sent.
    data: Option<String>,
    /// What the bars are about, like GOOG; several are separated by commas, and the bars have a column `symbol` then.
    #[param(example = "GOOG")]
    symbol: Option<String>,
    /// How long bars are: 1m, 5m, 15m, 1h or 1d; read off them when absent.
    timeframe: Option<String>,
    /// When the symbol trades, where the catalog does not list it: `always` or `nyse`.
    hours: Option<String>,
    /// Dollars at the beginning; 10000 when absent.
    cash: Option<String>,
    /// Fee as a fraction of the value, like 0.002; the fees of each class when absent.
    commission: Option<String>,
    /// Tier of the account, or `all` for one account of each; INVESTOR when absent. Not used by sma-cross.
    tier: Option<String>,
    /// `conservative`, `moderate` or `aggressive`; `moderate` when absent.
    tolerance: Option<String>,
    /// First day of trading, like 2019-01-01.
    from: Option<String>,
    /// The day on which trading is over.
    to: Option<String>,
    /// `json`, which is also meant when absent, or `html` for a page with drawings.
    format: Option<String>,
}

impl Asked {
    /// The plan, before its bars have come.
    fn plan(self) -> Result<Plan, Problem> {
        let wrong = |name: &'static str, why: &'static str| Problem::field(name, why);
        let strategies = list(self.strategy.as_deref(), "strategy", |c| c.is_ascii_alphanumeric())?;
        let known = |name: &String| {
            name == TEACHING || StrategyName::ALL.iter().any(|strategy| strategy.name() == name)
        };
        if !strategies.iter().all(known) {
            return Err(wrong("strategy", "must be sma-cross, or strategies of the platform"));
        }
        let parameters = list(self.params.as_deref(), "params", |c| {
            c.is_ascii_alphanumeric() || matches!(c, '=' | '.')
        })?;
        let pair = |text: String| {
            let (name, value) = text.split_once('=')?;
            Some((name.to_owned(), value.to_owned()))
        };
        let parameters = parameters.into_iter().map(pair).collect::<Option<Vec<_>>>();
        let tolerance = match self.tolerance.as_deref() {
            None => None,
            Some("conservative") => Some(Tolerance::Conservative),
            Some("moderate") => Some(Tolerance::Moderate),
            Some("aggressive") => Some(Tolerance::Aggressive),
            Some(_) => {
                return Err(wrong("tolerance", "must be conservative, moderate or aggressive"));
            }
        };
        let word = |name: &'static str, text: Option<String>, known: &[&str]| match text {
            Some(text) if !known.contains(&text.as_str()) => {
                Err(wrong(name, "is none of the words that are known here"))
            }
            text => Ok(text),
        };
        crate::date::asked_day("from", self.from.as_deref())?;
        crate::date::asked_day("to", self.to.as_deref())?;
        let format = word("format", self.format, &["json", "html"])?;
        let data = word("data", self.data, &["demo"])?;
        if data.is_some() == self.symbol.is_some() {
            return Err(wrong("symbol", "name what the bars are about, or take data=demo"));
        }
        let bars = self.symbol.map(|symbols| {
            let symbols = symbols_of(&symbols)?;
            let timeframe = word("timeframe", self.timeframe, &["1m", "5m", "15m", "1h", "1d"])?;
            let hours = word("hours", self.hours, &["always", "nyse"])?;
            Ok::<_, Problem>(Bars { symbols, timeframe, hours, csv: Vec::new() })
        });
        let number = |text: &str| text.parse().ok();
        Ok(Plan {
            strategies,
            parameters: parameters.ok_or(wrong("params", "must be NAME=VALUE,NAME=VALUE"))?,
            bars: bars.transpose()?,
            cash: of("cash", self.cash.as_deref(), "must be dollars above 0", number)?,
            commission: of(
                "commission",
                self.commission.as_deref(),
                "must be a fraction",
                |text| text.parse().ok(),
            )?,
            tiers: of("tier", self.tier.as_deref(), "is `all` or one of the tiers", |text| {
                match text {
                    "all" => Some(Tier::ALL.to_vec()),
                    text => text.parse().ok().map(|tier| vec![tier]),
                }
            })?
            .unwrap_or_default(),
            tolerance,
            from: self.from,
            to: self.to,
            page: format.as_deref() == Some("html"),
        })
    }
}

/// What bars are about.
fn symbols_of(text: &str) -> Result<Vec<String>, Problem> {
    let symbols: Vec<String> = text.split(',').map(str::to_owned).collect();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    let fits = |symbol: &String| {
        let begins = symbol.starts_with(|c: char| c.is_ascii_alphanumeric());
        begins && symbol.len() <= 20 && symbol.chars().all(plain)
    };
    let no = |why| Err(Problem::field("symbol", why));
    if symbols.len() > LIST_MAX || !symbols.iter().all(fits) {
        return no("must be at most 20, each of 1 to 20 letters, digits, points and hyphens");
    }
    if symbols.len() > 1 && symbols.iter().any(|symbol| symbol.contains('.')) {
        return no("with a point in it must come alone");
    }
    let twice = |(at, symbol)| symbols.iter().take(at).any(|before| before == symbol);
    if symbols.iter().enumerate().any(twice) {
        return no("must name each once");
    }
    Ok(symbols)
}

/// Reads a parameter where it is there.
fn of<T>(
    name: &'static str,
    text: Option<&str>,
    why: &'static str,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, Problem> {
    text.map(|text| read(text).ok_or(Problem::field(name, why))).transpose()
}

/// A list of plain words.
fn list(
    text: Option<&str>,
    name: &'static str,
    plain: fn(char) -> bool,
) -> Result<Vec<String>, Problem> {
    let words: Vec<&str> = text.map(|text| text.split(',').collect()).unwrap_or_default();
    let fits = |word: &&str| {
        let begins = word.starts_with(|c: char| c.is_ascii_alphanumeric());
        begins && word.len() <= 80 && word.chars().all(|c| plain(c) || matches!(c, '_' | '-'))
    };
    if words.len() > LIST_MAX || !words.iter().all(fits) {
        return Err(Problem::field(name, "must be at most 20 plain words, separated by commas"));
    }
    Ok(words.into_iter().map(str::to_owned).collect())
}

impl From<BacktestError> for Problem {
    fn from(error: BacktestError) -> Self {
        match error {
            BacktestError::Busy => {
                Self::unavailable("busy", "other backtests are running; ask again", 5)
            }
            BacktestError::TooLong => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "backtest_too_long",
                "it takes too long; send fewer bars, or run it with `nija backtest`",
            ),
            BacktestError::Unavailable(why) => {
                tracing::error!(why, "no backtest could be run");
                Self::internal()
            }
        }
    }
}

/// Runs a backtest and answers with its report. Signals of a close are filled at the next open, costs are on; the same
/// request gives the same report. Of a plan or a table that cannot be run,
/// the problem's `reason` says what is wrong and, where it lies in the table, in which line.
#[utoipa::path(
    post, path = "/api/v2/backtests", tag = "market",
    params(Asked),
    request_body(
        content = String,
        content_type = "text/csv",
        description = "Bars: timestamp,open,high,low,close,volume, and symbol where there are several; at most 8 MiB. \
            Empty with data=demo",
    ),
    responses(
        (
            status = 200,
            description = "The report of `nija backtest --format json`, or a page with drawings",
            content((serde_json::Value = "application/json"), (String = "text/html")),
        ),
        (status = 422, description = "A parameter or the bars cannot be used, or it takes too long"),
    ),
)]
pub(crate) async fn run(
    State(app): State<App>,
    principal: Principal,
    Params(asked): Params<Asked>,
    request: HttpRequest,
) -> Result<Response, Problem> {
    let mut plan = asked.plan()?;
    let (parts, body) = request.into_parts();
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let csv = bars(&app, kind, body).await?;
    match &mut plan.bars {
        Some(bars) if !csv.is_empty() => bars.csv = csv,
        Some(_) => return Err(Problem::field("body", "must hold the bars of the symbol")),
        None if csv.is_empty() => {}
        None => return Err(Problem::field("body", "must be empty with data=demo")),
    }
    let page = plan.page;
    tracing::info!(user = %principal.user(), strategies = ?plan.strategies, "backtest");
    let report = match app.doors.backtests.run(plan).await? {
        Finished::Refused(reason) => {
            let mut refused = NOT_RUN.into_response();
            refused.extensions_mut().insert(Reason(reason));
            return Ok(refused);
        }
        Finished::Report(report) => report,
    };
    if page {
        let html = HeaderValue::from_static("text/html; charset=utf-8");
        let saved = HeaderValue::from_static("attachment; filename=\"backtest.html\"");
        let headers = [(header::CONTENT_TYPE, html), (header::CONTENT_DISPOSITION, saved)];
        return Ok((headers, report).into_response());
    }
    // As the program printed it: nothing is read and written again.
    let json = HeaderValue::from_static("application/json");
    Ok(([(header::CONTENT_TYPE, json)], report).into_response())
}

/// The table that came along.
async fn bars(app: &App, kind: Option<&str>, body: Body) -> Result<Vec<u8>, Problem> {
    let bytes = read(body, app, CSV_MAX).await?;
    let csv =
        kind.is_some_and(|kind| kind.split(';').next().is_some_and(|it| it.trim() == "text/csv"));
    if !bytes.is_empty() && !csv {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "send bars as text/csv",
        ));
    }
    Ok(bytes.to_vec())
}
