//! Masters: who can be copied, on which record, and becoming one. A record is that since the master began; nobody
//! chooses its window. What names a person stays out, and what a master holds is for those who copy it.

use super::{Done, change};
use crate::auth::{Principal, account};
use crate::board::board;
use crate::error::Problem;
use crate::field::Field;
use crate::json::{Keyed, Valid};
use crate::page::{Listed, Params, page};
use crate::state::App;
use axum::Json;
use axum::extract::{Path, State};
use nija_core::copy::master::{DISCLOSURE, DISCLOSURE_TEXT, MasterChange};
use nija_core::copy::sleeve::Stage;
use nija_core::desk::answer::{Decline, FollowersView, MasterView, Query, View};
use nija_core::desk::input::Command;
use nija_core::ports::views::Row;
use nija_core::words::id::AccountId;
use nija_core::words::money::{Money, Pct, Price};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use utoipa::{IntoParams, ToSchema};

/// What masters are ordered by; whoever has no such figure comes last.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Sort {
    /// What followers won in percent, fees and slippage paid.
    #[default]
    FollowersReturn,
    /// Money that copies it now.
    Following,
    /// Days of record.
    Days,
    /// The calmest first.
    RiskScore,
}

impl Sort {
    /// The largest comes first.
    fn key(self, row: &MasterBody) -> Option<i64> {
        match self {
            Self::FollowersReturn => row.followers_return_pct.map(Pct::raw),
            Self::Following => Some(row.money_following.raw()),
            Self::Days => Some(row.days.into()),
            Self::RiskScore => row.risk_score.map(|score| -i64::from(score)),
        }
    }
}

/// Which masters, in which order.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// Only those with 30 days of record (true), or only those with less; all when absent.
    proven: Option<bool>,
    /// Those who have stopped leading, too? Without them a list shows survivors only.
    stopped: Option<bool>,
    /// `followers_return`, `following` or `days`, the largest first, or `risk_score`, the calmest
    /// first; `followers_return` when absent.
    #[param(inline)]
    sort: Option<Sort>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows at most, 1 to 200.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// A master by the record. Amounts are decimal strings.
#[derive(Serialize, ToSchema)]
pub(crate) struct MasterBody {
    /// Its account, which is also its name: `POST /api/v2/copy/{master}` copies it.
    id: String,
    /// When it became a master, RFC 3339.
    since: String,
    /// Can it be copied now?
    leads: bool,
    /// Has the operator vetted it?
    vetted: bool,
    /// Days of record.
    days: u32,
    /// From 1, calm, to 10, wild; null before 30 days of record.
    risk_score: Option<u8>,
    /// Deepest fall from a peak, percent.
    #[schema(value_type = String)]
    max_drawdown_pct: Pct,
    /// Deviation of daily returns over a year, percent.
    #[schema(value_type = String)]
    volatility_pct: Pct,
    /// Its own return since it became a master, percent.
    #[schema(value_type = String)]
    total_return_pct: Pct,
    /// Who copies it now.
    followers: u32,
    /// Who ever did.
    followers_ever: u32,
    /// Money that copies it now, at its worth, dollars.
    #[schema(value_type = String)]
    money_following: Money,
    /// Won or lost by all who ever followed, at the marks, after fees and slippage, dollars.
    #[schema(value_type = String)]
    followers_profit: Money,
    /// The same in percent of the money they put in; null before the first.
    #[schema(value_type = Option<String>)]
    followers_return_pct: Option<Pct>,
    /// How many of them have won, percent.
    #[schema(value_type = Option<String>)]
    followers_won_pct: Option<Pct>,
    /// What a copied purchase cost more than the master's price, dollars.
    #[schema(value_type = Option<String>)]
    average_slippage: Option<Money>,
    /// Purchases copied.
    copied: u64,
    /// Trades that led to no order of a follower, with the reason in the follower's decisions.
    skipped: u64,
    /// Copy fees it has earned, dollars.
    #[schema(value_type = String)]
    fees_earned: Money,
}

impl MasterBody {
    fn of(view: &MasterView, followers: &FollowersView) -> Self {
        let record = &view.master.record;
        Self {
            id: view.id.to_string(),
            since: view.master.since.to_string(),
            leads: view.master.leads,
            vetted: view.master.vetted,
            days: record.days,
            risk_score: record.risk_score(),
            max_drawdown_pct: record.max_drawdown(),
            volatility_pct: record.volatility(),
            total_return_pct: record.total_return(),
            followers: followers.active,
            followers_ever: followers.ever,
            money_following: followers.following,
            followers_profit: followers.profit,
            followers_return_pct: followers.return_pct(),
            followers_won_pct: followers.won_pct(),
            average_slippage: followers.average_slippage(),
            copied: followers.copied,
            skipped: followers.skipped,
            fees_earned: view.earned,
        }
    }
}

/// Masters that can be copied. The figures are at most 10 seconds old.
#[utoipa::path(
    get, path = "/api/v2/copy/masters", tag = "copying",
    params(Which),
    responses((status = 200, body = Listed<MasterBody>)),
)]
pub(crate) async fn list(
    State(app): State<App>,
    Params(which): Params<Which>,
) -> Result<Json<Listed<MasterBody>>, Problem> {
    let page = page(which.cursor.as_deref(), which.limit)?;
    let sort = which.sort.unwrap_or_default();
    let stopped = which.stopped.unwrap_or(false);
    let board = board(&app).await?;
    let asked = board.masters.iter().filter(|view| {
        let is_proven = view.master.record.risk_score().is_some();
        (stopped || view.master.leads) && which.proven.is_none_or(|proven| proven == is_proven)
    });
    let mut rows: Vec<MasterBody> =
        asked.map(|view| MasterBody::of(view, &board.followers(view.id))).collect();
    let key = |row: &MasterBody| Reverse(sort.key(row));
    rows.sort_by(|a, b| (key(a), &a.id).cmp(&(key(b), &b.id)));
    // The number of a row is its place, counted from the end as lists do.
    let rows = rows.into_iter().rev().zip(1..).map(|(row, number)| Row { number, row });
    let mut rows: Vec<Row<MasterBody>> = rows.collect();
    rows.retain(|row| page.before.is_none_or(|before| row.number < before));
    rows.reverse();
    rows.truncate(usize::try_from(page.limit).unwrap_or(usize::MAX));
    Ok(Json(Listed::of(rows, page)))
}

/// Something a master holds.
#[derive(Serialize, ToSchema)]
pub(crate) struct MasterHoldingBody {
    /// Symbol.
    symbol: String,
    /// Percent of the master's equity.
    #[schema(value_type = String)]
    share_pct: Pct,
    /// The last price.
    #[schema(value_type = String)]
    mark: Price,
}

/// A master, and what it holds for those who copy it.
#[derive(Serialize, ToSchema)]
pub(crate) struct MasterPage {
    #[serde(flatten)]
    master: MasterBody,
    /// What it holds; null unless you copy it, or are it.
    holdings: Option<Vec<MasterHoldingBody>>,
}

/// Reads the name of a master; what is none belongs to nobody.
pub(super) fn named(text: &str) -> Result<AccountId, Problem> {
    text.parse().map_err(|_| Problem::not_found())
}

/// A master as its own desk knows it now.
pub(super) async fn master(app: &App, id: AccountId) -> Result<Box<MasterView>, Problem> {
    match app.doors.desks.query(Query::Master(id)).await? {
        View::Master(view) => Ok(view),
        View::Declined(Decline::Copying(_)) => Err(Problem::not_found()),
        _ => Err(Problem::internal()),
    }
}

/// One master.
#[utoipa::path(
    get, path = "/api/v2/copy/masters/{id}", tag = "copying",
    params(("id" = String, Path, description = "The master, 32 hexadecimal digits")),
    responses((status = 200, body = MasterPage), (status = 404, description = "No such master")),
)]
pub(crate) async fn one(
    State(app): State<App>,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<Json<MasterPage>, Problem> {
    let id = named(&id)?;
    let view = master(&app, id).await?;
    let own = account(&app, principal.account()).await?;
    let mut sleeves = own.sleeves.iter().map(|view| &view.sleeve);
    let copies = sleeves.any(|of| of.leader == id && of.stage == Stage::Active);
    let holding = |&(instrument, share_pct, mark): &(_, Pct, Price)| MasterHoldingBody {
        symbol: app.doors.catalog.symbol(instrument),
        share_pct,
        mark,
    };
    let holdings =
        (copies || id == own.id).then(|| view.holds.iter().map(holding).collect::<Vec<_>>());
    let followers = board(&app).await?.followers(id);
    Ok(Json(MasterPage { master: MasterBody::of(&view, &followers), holdings }))
}

/// What a master has to accept.
#[derive(Serialize, ToSchema)]
pub(crate) struct DisclosureBody {
    /// Its version: what `accept_disclosure` has to say.
    version: u16,
    /// Its text.
    text: &'static str,
}

/// The fee disclosure in force.
#[utoipa::path(
    get, path = "/api/v2/copy/disclosure", tag = "copying",
    responses((status = 200, body = DisclosureBody)),
)]
pub(crate) async fn disclosure() -> Json<DisclosureBody> {
    Json(DisclosureBody { version: DISCLOSURE, text: DISCLOSURE_TEXT })
}

/// The wish to be a master.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MasterRequest {
    /// The version of the disclosure that was read and is accepted.
    #[serde(default)]
    #[schema(value_type = u16, required = true, example = 1)]
    accept_disclosure: Field<u16>,
}

/// Lets others copy the caller from now on. The record begins today.
#[utoipa::path(
    post, path = "/api/v2/copy/master", tag = "copying",
    request_body = MasterRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeats answer the same")),
    responses(
        (status = 200, body = Done),
        (status = 409, description = "It cannot lead now; the code says why"),
    ),
)]
pub(crate) async fn open(
    State(app): State<App>,
    principal: Principal,
    Valid { body, key }: Valid<MasterRequest>,
) -> Result<Json<Done>, Problem> {
    let version = body.accept_disclosure.get("accept_disclosure")?;
    let lead = Command::Lead(MasterChange::Opened(version));
    let done = change(&app, &principal, key, lead, "others can copy you from now").await?;
    let (subject, detail) = (principal.account().to_string(), format!("disclosure {version}"));
    app.audit(Some(principal.user()), "master_opened", subject, detail).await?;
    Ok(done)
}

/// Stops leading. Followers keep what they hold; the record stays.
#[utoipa::path(
    delete, path = "/api/v2/copy/master", tag = "copying",
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeats answer the same")),
    responses(
        (status = 200, body = Done),
        (status = 409, description = "The caller is no master"),
    ),
)]
pub(crate) async fn close(
    State(app): State<App>,
    principal: Principal,
    Keyed(key): Keyed,
) -> Result<Json<Done>, Problem> {
    let lead = Command::Lead(MasterChange::Closed);
    let done = change(&app, &principal, key, lead, "nothing of yours is copied any more").await?;
    let subject = principal.account().to_string();
    app.audit(Some(principal.user()), "master_closed", subject, String::new()).await?;
    Ok(done)
}
