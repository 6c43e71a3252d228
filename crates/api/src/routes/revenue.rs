//! What the platform earns, for administrators: sums of the house's ledger lines and nothing else.

use super::house::{Houses, houses, in_house};
use crate::auth::Admin;
use crate::date;
use crate::error::Problem;
use crate::number::{Plain, exact};
use crate::page::Params;
use crate::state::App;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use nija_core::billing::revenue::{Earned, Stream};
use nija_core::desk::answer::HouseView;
use nija_core::ledger::chart::Book;
use nija_core::words::id::PartitionId;
use nija_core::words::money::Money;
use nija_core::words::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use subscriptions::SubscriptionsBody;
use utoipa::{IntoParams, ToSchema};

mod subscriptions;

/// Days of the figure that looks back.
const RECENT: i32 = 30;
/// Days of the table when no others are asked for.
const TABLE: i32 = 366;
/// Said of fees on profits while nobody trades with money.
const SIMULATED: &str =
    "every account trades simulated money on the paper venue: fees on profits are simulated, too";

/// In which form, and for which days.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// `json` or `csv` (RFC 4180): one line a day, tier, stream and partition.
    format: Option<String>,
    /// First day of the table (UTC), like `2026-01-31`; a year back when absent. Of the form `csv` only.
    from: Option<String>,
    /// Last day of the table (UTC); today when absent. Of the form `csv` only.
    to: Option<String>,
}

/// Dollars by stream.
#[derive(Serialize, ToSchema)]
pub(crate) struct Streams {
    /// Subscriptions.
    #[schema(value_type = f64)]
    subscription: Plain,
    /// Performance fees.
    #[schema(value_type = f64)]
    performance_fee: Plain,
    /// Copy-trading fees, the platform's part.
    #[schema(value_type = f64)]
    copy_trading_fee: Plain,
}

/// What the platform earned, dollars.
#[derive(Serialize, ToSchema)]
pub(crate) struct RevenueBody {
    /// All streams, all time.
    #[schema(value_type = f64)]
    total_revenue: Plain,
    /// Monthly recurring revenue.
    #[schema(value_type = f64)]
    mrr: Plain,
    /// Twelve times that.
    #[schema(value_type = f64)]
    arr: Plain,
    /// By stream.
    revenue_by_type: Streams,
    /// All streams, last 30 days, today included.
    #[schema(value_type = f64)]
    revenue_last_30_days: Plain,
    /// By the tier that whoever paid had then.
    by_tier: Vec<Slice>,
    /// By calendar month (UTC), oldest first.
    by_month: Vec<Slice>,
    /// What recurs, and how it moved.
    subscriptions: SubscriptionsBody,
    /// What of it is not money.
    simulated: Simulated,
    /// Paid and not served yet.
    deferred_revenue: String,
    /// What clients have paid beyond their invoices.
    credits_owed: String,
    /// Tax to be passed on.
    tax_held: String,
    /// Fees charged and not taken yet.
    receivable: String,
    /// On its way between partitions: 0 at rest.
    clearing: String,
    /// Time of the latest desk, RFC 3339.
    as_of: String,
    /// Where the lines are that these figures are sums of.
    entries: &'static str,
}

/// A part of revenue; decimal strings.
#[derive(Serialize, ToSchema)]
pub(crate) struct Slice {
    /// Which: a tier or a month.
    of: String,
    /// Subscriptions.
    subscription: String,
    /// Performance fees.
    performance_fee: String,
    /// Copy-trading fees, the platform's part.
    copy_trading_fee: String,
    /// All of them.
    total: String,
}

/// What of revenue comes from simulated money; decimal strings.
#[derive(Serialize, ToSchema)]
pub(crate) struct Simulated {
    /// Performance fees.
    performance_fee: String,
    /// Copy-trading fees.
    copy_trading_fee: String,
    /// Why.
    note: &'static str,
}

/// Sums by stream, units of 10^-8.
#[derive(Clone, Copy, Default)]
struct Sums([i128; Stream::ALL.len()]);

impl Sums {
    fn add(&mut self, earned: &Earned) {
        self.0[earned.stream as usize] += i128::from(earned.amount.raw());
    }
    const fn of(&self, stream: Stream) -> i128 {
        self.0[stream as usize]
    }
    fn total(&self) -> i128 {
        self.0.iter().sum()
    }
    fn slice(&self, of: String) -> Slice {
        let text = |stream| exact(self.of(stream));
        Slice {
            of,
            subscription: text(Stream::Subscription),
            performance_fee: text(Stream::PerformanceFee),
            copy_trading_fee: text(Stream::CopyTradingFee),
            total: exact(self.total()),
        }
    }
}

/// An amount as a JSON number.
fn plain(raw: i128) -> Result<Plain, Problem> {
    let raw = i64::try_from(raw).map_err(|_| Problem::internal())?;
    Ok(Money::from_raw(raw).into())
}

/// The latest time of all desks.
fn now(views: &Houses) -> Timestamp {
    views.iter().map(|(_, view)| view.now).max().unwrap_or(Timestamp::EPOCH)
}

/// What the platform earned, from the ledger. Administrators only.
#[utoipa::path(
    get, path = "/api/v2/revenue", tag = "platform",
    params(Wanted),
    responses((
        status = 200,
        description = "As it was asked for",
        content((RevenueBody = "application/json"), (String = "text/csv")),
    )),
)]
pub(crate) async fn show(
    State(app): State<App>,
    _: Admin,
    Params(form): Params<Wanted>,
) -> Result<Response, Problem> {
    let from = date::asked_day("from", form.from.as_deref())?;
    let to = date::asked_day("to", form.to.as_deref())?;
    let csv = match form.format.as_deref() {
        None | Some("json") => false,
        Some("csv") => true,
        Some(_) => return Err(Problem::field("format", "must be json or csv")),
    };
    let views = houses(&app).await?;
    if csv {
        let to = to.unwrap_or_else(|| now(&views).day(Span::ZERO));
        let from = from.unwrap_or(to.saturating_sub(TABLE - 1));
        return Ok(table(&views, from, to));
    }
    Ok(Json(body(&views)?).into_response())
}

fn body(views: &Houses) -> Result<RevenueBody, Problem> {
    let now = now(views);
    let recent = now.day(Span::ZERO).saturating_sub(RECENT);
    let (mut all, mut last_days) = (Sums::default(), Sums::default());
    let (mut tiers, mut months) = (BTreeMap::new(), BTreeMap::new());
    for earned in views.iter().flat_map(|(_, view)| &view.revenue) {
        all.add(earned);
        if earned.day > recent {
            last_days.add(earned);
        }
        tiers.entry(earned.tier).or_insert_with(Sums::default).add(earned);
        let month = Timestamp::of_day(earned.day, Span::ZERO).month();
        months.entry(month).or_insert_with(Sums::default).add(earned);
    }
    let mrr = subscriptions::recurring(views);
    let owed = |book| exact(-in_house(views, book));
    Ok(RevenueBody {
        total_revenue: plain(all.total())?,
        mrr: plain(mrr)?,
        arr: plain(mrr * 12)?,
        revenue_by_type: Streams {
            subscription: plain(all.of(Stream::Subscription))?,
            performance_fee: plain(all.of(Stream::PerformanceFee))?,
            copy_trading_fee: plain(all.of(Stream::CopyTradingFee))?,
        },
        revenue_last_30_days: plain(last_days.total())?,
        by_tier: tiers.into_iter().map(|(tier, sums)| sums.slice(tier.name().to_owned())).collect(),
        by_month: months
            .into_iter()
            .map(|(month, sums)| sums.slice(date::month_word(month)))
            .collect(),
        subscriptions: subscriptions::body(views, now),
        simulated: Simulated {
            performance_fee: exact(all.of(Stream::PerformanceFee)),
            copy_trading_fee: exact(all.of(Stream::CopyTradingFee)),
            note: SIMULATED,
        },
        deferred_revenue: owed(Book::Deferred),
        credits_owed: owed(Book::Credit),
        tax_held: owed(Book::Tax),
        receivable: exact(in_house(views, Book::Receivable)),
        clearing: owed(Book::Clearing),
        as_of: now.to_string(),
        entries: "/api/v2/admin/ledger/entries",
    })
}

/// The book that holds a stream's income.
fn book_of(stream: Stream) -> Option<Book> {
    Book::ALL.into_iter().find(|book| Stream::of(*book) == Some(stream))
}

/// One line a day, tier, stream and partition, with the address of its ledger lines. No cell needs quotes.
fn table(views: &Houses, from: i32, to: i32) -> Response {
    let mut text = String::from("day,tier,stream,partition,amount,entries\r\n");
    let of = |(partition, view): &'_ (PartitionId, Box<HouseView>)| {
        let partition = *partition;
        view.revenue.iter().map(move |earned| (partition, *earned)).collect::<Vec<_>>()
    };
    let mut rows: Vec<(PartitionId, Earned)> = views.iter().flat_map(of).collect();
    rows.retain(|(_, earned)| (from..=to).contains(&earned.day));
    rows.sort_by_key(|(partition, earned)| (earned.day, earned.tier, earned.stream, *partition));
    for (partition, earned) in rows {
        let day = date::day_word(earned.day);
        let (tier, stream) = (earned.tier.name(), earned.stream.name());
        let book = book_of(earned.stream).map_or("", Book::name);
        // Writing to memory cannot fail.
        let _ = write!(
            text,
            "{day},{tier},{stream},{partition},{},/api/v2/admin/ledger/entries?book={book}\
             &day={day}&partition={partition}\r\n",
            earned.amount,
        );
    }
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8; header=present")),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::from_static("attachment; filename=\"nija-revenue.csv\""),
        ),
    ];
    (headers, text).into_response()
}
