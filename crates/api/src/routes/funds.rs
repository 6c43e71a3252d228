//! Paper money in and out of the caller's account.

use super::{Done, change};
use crate::auth::Principal;
use crate::error::Problem;
use crate::field::Field;
use crate::json::Valid;
use crate::number::Decimal;
use crate::state::App;
use axum::Json;
use axum::extract::State;
use nija_core::desk::answer::Answer;
use nija_core::desk::event::PaidOut;
use nija_core::desk::input::Command;
use nija_core::words::money::Money;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An amount of paper money.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Transfer {
    /// Dollars, above zero.
    #[serde(default)]
    #[schema(value_type = Decimal, required = true, example = 100.0)]
    amount: Field<Money>,
}

impl Transfer {
    fn amount(self, app: &App) -> Result<Money, Problem> {
        let amount = self.amount.get("amount")?;
        if amount > app.settings.paper.largest_transfer {
            return Err(Problem::field("amount", "is more than this platform moves at once"));
        }
        Ok(amount)
    }
}

/// Pays paper money in.
#[utoipa::path(
    post, path = "/api/v2/deposits", tag = "account",
    request_body = Transfer,
    params(
        (
            "Idempotency-Key" = Option<String>,
            Header,
            description = "Repeats answer the same and pay nothing",
        ),
    ),
    responses((status = 200, body = Done)),
)]
pub(crate) async fn deposit(
    State(app): State<App>,
    principal: Principal,
    Valid { body, key }: Valid<Transfer>,
) -> Result<Json<Done>, Problem> {
    let amount = body.amount(&app)?;
    change(&app, &principal, key, Command::Transfer(amount), "paid in").await
}

/// What was paid out. Amounts are decimal strings.
#[derive(Serialize, ToSchema)]
pub(crate) struct PaidOutBody {
    /// Always true; what cannot be done is a problem document.
    success: bool,
    /// One sentence for people.
    message: &'static str,
    /// What left the account: the amount that was asked for, less the fee, dollars.
    #[schema(value_type = String)]
    paid_out: Money,
    /// The performance fee that was due on the share of the profit that left, dollars.
    #[schema(value_type = String)]
    performance_fee: Money,
    /// Cash that is left, reservations included, dollars.
    #[schema(value_type = String)]
    cash: Money,
}

/// Pays paper money out, as far as cash is free. The fee that is due on the share of the profit that leaves is taken
/// from what is paid out; `GET /api/v2/fees/history` has how it was reckoned.
#[utoipa::path(
    post, path = "/api/v2/withdrawals", tag = "account",
    request_body = Transfer,
    params(
        (
            "Idempotency-Key" = Option<String>,
            Header,
            description = "Repeats answer the same and pay nothing",
        ),
    ),
    responses(
        (status = 200, body = PaidOutBody),
        (status = 422, description = "Not so much is free"),
    ),
)]
pub(crate) async fn withdraw(
    State(app): State<App>,
    principal: Principal,
    Valid { body, key }: Valid<Transfer>,
) -> Result<Json<PaidOutBody>, Problem> {
    let pay_out = Command::Transfer(body.amount(&app)?.negated());
    match app.doors.desks.command(principal.account(), key, pay_out).await? {
        Answer::PaidOut(PaidOut { paid, fee, cash }) => Ok(Json(PaidOutBody {
            success: true,
            message: if fee.is_zero() { "paid out" } else { "paid out, less the fee due with it" },
            paid_out: paid,
            performance_fee: fee,
            cash,
        })),
        Answer::Declined(decline) => Err(decline.into()),
        _ => Err(Problem::internal()),
    }
}
