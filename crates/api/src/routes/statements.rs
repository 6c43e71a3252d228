//! Monthly statements of the caller: which there are, and each as JSON, HTML, PDF or CSV. They are made anew from the
//! ledger each time, off the threads that serve, and a few at once.

use crate::auth::{Principal, account};
use crate::date;
use crate::error::Problem;
use crate::page::{Listed, Params};
use crate::state::App;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use body::StatementBody;
use nija_core::desk::answer::AccountView;
use nija_core::ports::documents::section::Place;
use nija_core::ports::documents::statement::{Facts, Statement};
use nija_core::ports::documents::{Customer, DocumentError, Documents, Format, Period};
use nija_core::ports::views::month::{AccountMonth, TooMuch};
use nija_core::statement::{Terms, outside, section};
use nija_core::words::id::AccountId;
use nija_core::words::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

mod body;

/// Months that are listed: ten years.
const LISTED: usize = 120;
/// Said while nobody trades with money.
const SIMULATED: &str = "Simulated money: this account trades on the paper venue.";

/// A month of which there is a statement.
#[derive(Serialize, ToSchema)]
pub(crate) struct StatementMonth {
    /// Like `2026-01` (UTC).
    #[schema(example = "2026-01")]
    month: String,
    /// Is the month over? Of one that is not the statement goes as far as the ledger does.
    complete: bool,
    /// Where it is.
    url: String,
}

/// The months of which there are statements, newest first.
#[utoipa::path(
    get, path = "/api/v2/statements", tag = "ledger",
    responses((status = 200, body = Listed<StatementMonth>)),
)]
pub(crate) async fn months(
    State(app): State<App>,
    principal: Principal,
) -> Result<Json<Listed<StatementMonth>>, Problem> {
    let months = app.doors.views.months(&principal.scope).await?;
    let row = |month: i32, last: i32| {
        let word = date::month_word(month);
        StatementMonth {
            complete: month < last,
            url: format!("/api/v2/statements/{word}"),
            month: word,
        }
    };
    let months = months.into_iter().flat_map(|months| {
        let all = (months.first..=months.last).rev();
        all.map(move |month| row(month, months.last))
    });
    Ok(Json(Listed::whole(months.take(LISTED).collect())))
}

/// In which form.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// `json`, `html`, `pdf` or `csv`; `json` when absent.
    format: Option<String>,
}

/// The form that is asked for; none for JSON.
fn asked(form: &Wanted) -> Result<Option<Format>, Problem> {
    match form.format.as_deref() {
        None | Some("json") => Ok(None),
        Some("html") => Ok(Some(Format::Html)),
        Some("pdf") => Ok(Some(Format::Pdf)),
        Some("csv") => Ok(Some(Format::Csv)),
        Some(_) => Err(Problem::field("format", "must be json, html, pdf or csv")),
    }
}

/// A month's statement: flows, trades, profit realized and unrealized, fees by kind, the steps of the high-water
/// mark, returns, and what was open at the end. Copies of masters are sections of their own.
#[utoipa::path(
    get, path = "/api/v2/statements/{month}", tag = "ledger",
    params(("month" = String, Path, description = "Like 2026-01"), Wanted),
    responses(
        (
            status = 200,
            description = "In the form that was asked for",
            content(
                (StatementBody = "application/json"),
                (String = "text/html"),
                (Vec<u8> = "application/pdf"),
                (String = "text/csv"),
            ),
        ),
        (status = 404, description = "No statement of that month"),
        (status = 422, description = "The form is unknown, or too much happened in that month"),
    ),
)]
pub(crate) async fn show(
    State(app): State<App>,
    principal: Principal,
    Path(month): Path<String>,
    Params(form): Params<Wanted>,
) -> Result<Response, Problem> {
    const BUSY: Problem =
        Problem::unavailable("busy", "other statements are being made; ask again", 1);
    let month = date::month(&month).ok_or(Problem::not_found())?;
    let format = asked(&form)?;
    let held = Arc::clone(&app.statements).try_acquire_owned().map_err(|_| BUSY)?;
    let view = account(&app, principal.account()).await?;
    let leaders: Vec<AccountId> = view.sleeves.iter().map(|sleeve| sleeve.sleeve.leader).collect();
    let told = app.doors.views.month(&principal.scope, &leaders, month).await?;
    let told = told.map_err(|TooMuch| {
        let detail = "more happened in this month than a statement can list; page through \
            /api/v2/entries instead";
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "statement_too_long", detail)
    })?;
    if told.first().is_none_or(|first| first.id != principal.account()) {
        return Err(Problem::not_found());
    }
    let user = app.doors.control.user(principal.user()).await?.ok_or(Problem::not_found())?;
    let customer = Customer { user: user.id, email: user.email, address: Vec::new() };
    let making = Making { told, customer, view, app: Arc::clone(&app) };
    let made = tokio::task::spawn_blocking(move || {
        let made = making.make(format);
        drop(held);
        made
    });
    let made = made.await.map_err(|_| Problem::internal())?;
    made.map_err(|failure| {
        // Never a document that does not add up: a person has to look.
        tracing::error!(%failure, account = %principal.account(), "no statement");
        Problem::internal()
    })
}

/// What a statement is made of.
struct Making {
    told: Vec<AccountMonth>,
    customer: Customer,
    view: Box<AccountView>,
    app: App,
}

impl Making {
    fn make(self, format: Option<Format>) -> Result<Response, DocumentError> {
        let app = Arc::clone(&self.app);
        let (is_over, statement) = self.statement()?;
        let documents = &*app.doors.documents;
        let Some(format) = format else {
            return Ok(json(&statement, is_over, documents));
        };
        let document = documents.statement(&statement, format)?;
        let name = format!("attachment; filename=\"{}\"", document.file_name);
        let name = HeaderValue::from_str(&name)
            .map_err(|_| DocumentError::Unwritten("its name is no file's".to_owned()))?;
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static(document.media_type)),
            (header::CONTENT_DISPOSITION, name),
        ];
        Ok((headers, document.bytes).into_response())
    }

    /// The statement, and whether its month is over.
    fn statement(self) -> Result<(bool, Statement), DocumentError> {
        let Self { told, customer, view, app } = self;
        let main = view.id;
        let (mut sections, mut period, mut tier, mut is_over) =
            (Vec::new(), Period { from: Timestamp::EPOCH, to: Timestamp::EPOCH }, view.tier, true);
        for month in &told {
            let is_main = month.id == main;
            if is_main {
                (tier, is_over) = (month.tier, month.is_over);
                period = Period { from: month.from, to: month.to };
            }
            let idle = month.opening.is_empty() && month.closing.is_empty();
            if !is_main && idle && month.lines.is_empty() {
                continue;
            }
            sections.push(section(month, &terms(month, &view, &app))?);
        }
        // What is told of a month that goes on ends with the latest of its sections.
        period.to = told.iter().map(|month| month.to).max().unwrap_or(period.to);
        let facts = Facts {
            issuer: app.doors.issuer.clone(),
            customer,
            account: main,
            tier,
            period,
            sections,
            outside: told.iter().filter(|month| month.id == main).flat_map(outside).collect(),
            note: Some(SIMULATED.to_owned()),
        };
        Ok((is_over, Statement::new(facts)?))
    }
}

/// What a month alone does not tell: whose it is, and at which rates it is charged.
fn terms(month: &AccountMonth, view: &AccountView, app: &App) -> Terms {
    let plans = &app.doors.plans;
    let sleeve = view.sleeves.iter().find(|sleeve| sleeve.id == month.id);
    match sleeve {
        None => {
            Terms { place: Place::Account, charged: plans.performance(), accrues: view.fees.rates }
        }
        Some(sleeve) => Terms {
            place: Place::Sleeve { leader: sleeve.sleeve.leader.to_string() },
            charged: plans.copy(),
            accrues: sleeve.fees.rates,
        },
    }
}

fn json(statement: &Statement, is_over: bool, documents: &dyn Documents) -> Response {
    let returns = documents.returns(statement);
    Json(StatementBody::of(statement, is_over, returns)).into_response()
}
