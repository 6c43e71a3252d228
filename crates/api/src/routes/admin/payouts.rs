//! Cash that was promised back and waits: what the payment provider cannot give back, an admin transfers and says so.

use super::done;
use super::invoices::bills_of_all;
use crate::auth::Principal;
use crate::error::Problem;
use crate::field::{Field, Sentence};
use crate::json::Valid;
use crate::page::Listed;
use crate::routes::Done;
use crate::state::App;
use axum::Json;
use axum::extract::{Path, State};
use nija_core::billing::subscription::payout::Payout;
use nija_core::billing::subscription::request::Request;
use nija_core::desk::answer::BillView;
use nija_core::desk::input::Command;
use nija_core::words::id::UserId;
use nija_core::words::money::Money;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Cash that waits to be paid back. Amounts are decimal strings.
#[derive(Serialize, ToSchema)]
pub(crate) struct PayoutBody {
    /// Whose.
    user: String,
    /// Of which account.
    account: String,
    /// Its number among those of the user.
    number: u16,
    /// The paid invoice it is taken back of; null where credit is paid out.
    invoice: Option<String>,
    /// Dollars.
    #[schema(value_type = String)]
    amount: Money,
    /// Since when, RFC 3339.
    since: String,
}

impl PayoutBody {
    fn of(bill: &BillView, payout: &Payout) -> Self {
        Self {
            user: bill.user.to_string(),
            account: bill.account.to_string(),
            number: payout.number,
            invoice: payout.invoice.map(|invoice| invoice.to_string()),
            amount: payout.amount,
            since: payout.at.to_string(),
        }
    }
}

/// Promised cash of all users, what waits longest first. What the payment provider can give back leaves the list by
/// itself within seconds.
#[utoipa::path(
    get, path = "/api/v2/admin/payouts", tag = "admin",
    responses((status = 200, body = Listed<PayoutBody>)),
)]
pub(crate) async fn list(
    State(app): State<App>,
    principal: Principal,
) -> Result<Json<Listed<PayoutBody>>, Problem> {
    let me = Some(principal.user());
    app.audit(me, "payouts_read", "payouts".to_owned(), String::new()).await?;
    let bills = bills_of_all(&app).await?;
    let of = |bill| move |payout| (bill, payout);
    let mut all: Vec<(&BillView, &Payout)> =
        bills.iter().flat_map(|bill| bill.subscription.payouts().iter().map(of(bill))).collect();
    all.sort_by_key(|(_, payout)| payout.at);
    Ok(Json(Listed::whole(all.into_iter().map(|(bill, of)| PayoutBody::of(bill, of)).collect())))
}

/// A transfer that was made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PaidBackRequest {
    /// Name of the transfer, 3 to 200 characters; it is kept.
    #[serde(default)]
    #[schema(
        value_type = String,
        required = true,
        example = "bank statement 9, line 1",
        min_length = 3,
        max_length = 200
    )]
    reference: Field<Sentence>,
}

/// Says that promised cash was transferred. The books had it when it was promised.
#[utoipa::path(
    post, path = "/api/v2/admin/users/{id}/payouts/{number}/paid", tag = "admin",
    request_body = PaidBackRequest,
    params(
        ("id" = String, Path, description = "The user, 32 hexadecimal digits"),
        ("number" = u16, Path, description = "Number of the payout"),
        ("Idempotency-Key" = Option<String>, Header, description = "Repeats change nothing"),
    ),
    responses(
        (status = 200, body = Done),
        (status = 404, description = "No such user"),
        (status = 409, description = "There never was such a payout"),
    ),
)]
pub(crate) async fn paid(
    State(app): State<App>,
    principal: Principal,
    Path((id, number)): Path<(String, String)>,
    Valid { body, key }: Valid<PaidBackRequest>,
) -> Result<Json<Done>, Problem> {
    let reference = body.reference.get("reference")?.0;
    let user: UserId = id.parse().map_err(|_| Problem::not_found())?;
    let payout: u16 = number.parse().map_err(|_| Problem::not_found())?;
    let account = app.doors.control.user(user).await?.ok_or(Problem::not_found())?.account;
    let detail = format!("payout {payout} by {reference}");
    app.audit(Some(principal.user()), "payout_made", id, detail).await?;
    let command = Command::Subscription(Request::PaidBack { payout, reference });
    done(app.doors.desks.command(account, key, command).await?, "noted")
}
