//! What administrators do about invoices: which are open, marking one as paid, withdrawing and refunding one, paying
//! credit out. Money that goes back is promised here; the cashier gives it back at the provider, or an admin by
//! transfer.

use super::done;
use crate::auth::Principal;
use crate::error::Problem;
use crate::field::{Field, Sentence};
use crate::json::{Keyed, Valid};
use crate::number::Decimal;
use crate::page::{Listed, Params};
use crate::routes::Done;
use crate::state::App;
use axum::Json;
use axum::extract::{Path, State};
use nija_core::billing::invoice::InvoiceNo;
use nija_core::billing::subscription::Phase;
use nija_core::billing::subscription::request::{Refused, Request};
use nija_core::desk::answer::{BillView, Decline, Query, View};
use nija_core::desk::input::{Command, Key};
use nija_core::words::id::{PartitionId, UserId};
use nija_core::words::money::Money;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Which invoices.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// `open`, which is also meant when absent.
    state: Option<String>,
}

/// An open invoice. Amounts are decimal strings.
#[derive(Serialize, ToSchema)]
pub(crate) struct OpenBody {
    /// Its number.
    number: String,
    /// Whose.
    user: String,
    /// Of which account.
    account: String,
    /// How the subscription stands.
    #[schema(value_type = String)]
    phase: Phase,
    /// The plan.
    plan: String,
    /// What it still lacks, dollars.
    #[schema(value_type = String)]
    to_pay: Money,
    /// When it was to be paid, RFC 3339.
    due: String,
    /// How often its owner was reminded.
    reminders: u8,
    /// How often a payment failed.
    failures: u8,
}

impl OpenBody {
    fn of(bill: &BillView) -> Option<Self> {
        let of = &bill.subscription;
        let open = of.open()?;
        Some(Self {
            number: open.invoice.to_string(),
            user: bill.user.to_string(),
            account: bill.account.to_string(),
            phase: of.phase(),
            plan: of.plan().to_string(),
            to_pay: of.to_pay().unwrap_or_default(),
            due: open.due.to_string(),
            reminders: open.reminders,
            failures: open.failures,
        })
    }
}

async fn bills(app: &App, query: Query) -> Result<Option<Vec<BillView>>, Problem> {
    match app.doors.desks.query(query).await? {
        View::Bills(bills) => Ok(Some(bills)),
        View::Declined(Decline::UnknownPartition) => Ok(None),
        _ => Err(Problem::internal()),
    }
}

/// Everything that waits for money to come or to go back, one partition after the other.
pub(super) async fn bills_of_all(app: &App) -> Result<Vec<BillView>, Problem> {
    let mut all = Vec::new();
    for partition in (0..=u16::MAX).map(PartitionId) {
        let Some(bills) = bills(app, Query::Bills(partition)).await? else { break };
        all.extend(bills);
    }
    Ok(all)
}

/// The open invoices of all users, those due longest first.
#[utoipa::path(
    get, path = "/api/v2/admin/invoices", tag = "admin",
    params(Which),
    responses((status = 200, body = Listed<OpenBody>)),
)]
pub(crate) async fn open(
    State(app): State<App>,
    principal: Principal,
    Params(wanted): Params<Which>,
) -> Result<Json<Listed<OpenBody>>, Problem> {
    if wanted.state.is_some_and(|state| state != "open") {
        return Err(Problem::field("state", "must be open"));
    }
    let me = Some(principal.user());
    app.audit(me, "invoices_read", "invoices".to_owned(), String::new()).await?;
    let mut all = bills_of_all(&app).await?;
    all.sort_by_key(|bill| bill.subscription.open().map(|open| open.due));
    Ok(Json(Listed::whole(all.iter().filter_map(OpenBody::of).collect())))
}

/// An act about an invoice: whose it is, and what to do.
async fn act(
    app: &App,
    principal: &Principal,
    (bill, key): (&BillView, Option<Key>),
    (action, subject, detail): (&str, String, String),
    request: Request,
) -> Result<Json<Done>, Problem> {
    app.audit(Some(principal.user()), action, subject, detail).await?;
    let command = Command::Subscription(request);
    let answer = app.doors.desks.command(bill.account, key, command).await?;
    app.sessions.forget_user(bill.user);
    done(answer, "booked")
}

async fn find(app: &App, number: &str) -> Result<(InvoiceNo, BillView), Problem> {
    let number: InvoiceNo = number.parse().map_err(|_| Problem::not_found())?;
    let bills = bills(app, Query::Bill(number)).await?.unwrap_or_default();
    Ok((number, bills.into_iter().next().ok_or(Problem::not_found())?))
}

/// A payment that was seen.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PaidRequest {
    /// Name of the payment, 3 to 200 characters: the same one twice is one payment.
    #[serde(default)]
    #[schema(
        value_type = String,
        required = true,
        example = "bank statement 7, line 3",
        min_length = 3,
        max_length = 200
    )]
    reference: Field<Sentence>,
    /// Dollars, whole cents; what the invoice lacks when absent.
    #[serde(default)]
    #[schema(value_type = Option<Decimal>)]
    amount: Field<Option<Money>>,
}

/// Marks an invoice as paid: money came in by transfer. More or less than it asks for is credit of its owner.
#[utoipa::path(
    post, path = "/api/v2/admin/invoices/{number}/paid", tag = "admin",
    request_body = PaidRequest,
    params(
        ("number" = String, Path, description = "Like NIJA-0003-000017"),
        ("Idempotency-Key" = Option<String>, Header, description = "Repeats book nothing"),
    ),
    responses(
        (status = 200, body = Done),
        (status = 404, description = "No such invoice"),
        (status = 409, description = "It is not open"),
    ),
)]
pub(crate) async fn paid(
    State(app): State<App>,
    principal: Principal,
    Path(number): Path<String>,
    Valid { body, key }: Valid<PaidRequest>,
) -> Result<Json<Done>, Problem> {
    let (reference, amount) = (body.reference.get("reference")?.0, body.amount.get("amount")?);
    let (invoice, bill) = find(&app, &number).await?;
    let of = &bill.subscription;
    if of.knows(&reference) {
        return Ok(Json(Done { success: true, message: "booked" }));
    }
    let lacks = of.to_pay().filter(|_| of.open().is_some_and(|open| open.invoice == invoice));
    let not_open = Problem::from(Refused::NotOpen(invoice));
    let amount = amount.or(lacks).ok_or(not_open)?;
    let words = ("invoice_paid", number, format!("${amount} by {reference}"));
    let pay = Request::Pay { invoice, amount, reference };
    act(&app, &principal, (&bill, key), words, pay).await
}

/// Withdraws an open invoice. Where it is a term's, service is over.
#[utoipa::path(
    post, path = "/api/v2/admin/invoices/{number}/void", tag = "admin",
    params(
        ("number" = String, Path, description = "Like NIJA-0003-000017"),
        ("Idempotency-Key" = Option<String>, Header, description = "Repeats answer the same"),
    ),
    responses(
        (status = 200, body = Done),
        (status = 404, description = "No such invoice"),
        (status = 409, description = "It is not open"),
    ),
)]
pub(crate) async fn void(
    State(app): State<App>,
    principal: Principal,
    Path(number): Path<String>,
    Keyed(key): Keyed,
) -> Result<Json<Done>, Problem> {
    let (invoice, bill) = find(&app, &number).await?;
    let words = ("invoice_voided", number, String::new());
    act(&app, &principal, (&bill, key), words, Request::Void(invoice)).await
}

/// Money that goes back.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefundInvoiceRequest {
    /// Dollars, tax included, whole cents.
    #[serde(default)]
    #[schema(value_type = Decimal, required = true, example = 9.9)]
    amount: Field<Money>,
    /// Why, 3 to 200 characters; the credit note says it.
    #[serde(default)]
    #[schema(
        value_type = String,
        required = true,
        example = "a promise that was not kept",
        min_length = 3,
        max_length = 200
    )]
    reason: Field<Sentence>,
    /// End service now? Not when absent.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    end: Field<Option<bool>>,
}

/// Books a refund of a paid invoice, with a credit note, and promises the money: the payment provider gives it back,
/// or an admin does by transfer. GET /api/v2/admin/payouts lists what waits.
#[utoipa::path(
    post, path = "/api/v2/admin/invoices/{number}/refund", tag = "admin",
    request_body = RefundInvoiceRequest,
    params(
        ("number" = String, Path, description = "Like NIJA-0003-000017"),
        ("Idempotency-Key" = Option<String>, Header, description = "Repeats book nothing"),
    ),
    responses(
        (status = 200, body = Done),
        (status = 404, description = "No such invoice"),
        (status = 409, description = "Not so much of it was paid"),
    ),
)]
pub(crate) async fn refund(
    State(app): State<App>,
    principal: Principal,
    Path(number): Path<String>,
    Valid { body, key }: Valid<RefundInvoiceRequest>,
) -> Result<Json<Done>, Problem> {
    let (amount, why) = (body.amount.get("amount")?, body.reason.get("reason")?.0);
    let ends = body.end.get("end")?.unwrap_or(false);
    let (invoice, bill) = find(&app, &number).await?;
    let words = ("invoice_refunded", number, format!("${amount}: {why}"));
    let refund = Request::Refund { invoice, amount, why, ends };
    act(&app, &principal, (&bill, key), words, refund).await
}

/// Credit that is paid out.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PayOutRequest {
    /// Dollars, whole cents.
    #[serde(default)]
    #[schema(value_type = Decimal, required = true, example = 9.9)]
    amount: Field<Money>,
    /// Why, 3 to 200 characters; it is kept.
    #[serde(default)]
    #[schema(
        value_type = String,
        required = true,
        example = "the owner asked for it",
        min_length = 3,
        max_length = 200
    )]
    reason: Field<Sentence>,
}

/// Books that credit of a user is paid out in cash, and promises it: an admin transfers it.
/// GET /api/v2/admin/payouts lists what waits.
#[utoipa::path(
    post, path = "/api/v2/admin/users/{id}/subscription/payout", tag = "admin",
    request_body = PayOutRequest,
    params(
        ("id" = String, Path, description = "The user, 32 hexadecimal digits"),
        ("Idempotency-Key" = Option<String>, Header, description = "Repeats book nothing"),
    ),
    responses(
        (status = 200, body = Done),
        (status = 404, description = "No such user"),
        (status = 409, description = "Not so much is owed"),
    ),
)]
pub(crate) async fn pay_out(
    State(app): State<App>,
    principal: Principal,
    Path(id): Path<String>,
    Valid { body, key }: Valid<PayOutRequest>,
) -> Result<Json<Done>, Problem> {
    let user: UserId = id.parse().map_err(|_| Problem::not_found())?;
    let (amount, why) = (body.amount.get("amount")?, body.reason.get("reason")?.0);
    let account = app.doors.control.user(user).await?.ok_or(Problem::not_found())?.account;
    let detail = format!("${amount}: {why}");
    app.audit(Some(principal.user()), "credit_paid_out", id, detail).await?;
    let command = Command::Subscription(Request::PayOut { amount, why });
    done(app.doors.desks.command(account, key, command).await?, "booked")
}
