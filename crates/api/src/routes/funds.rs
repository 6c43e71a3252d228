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
use nija_core::desk::input::Command;
use nija_core::words::money::Money;
use serde::Deserialize;
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

/// Pays paper money out, as far as cash is free. The fee that is due on the share of the profit that leaves is taken
/// from what is paid out; `GET /api/v2/fees/history` has both.
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
    responses((status = 200, body = Done), (status = 422, description = "Not so much is free")),
)]
pub(crate) async fn withdraw(
    State(app): State<App>,
    principal: Principal,
    Valid { body, key }: Valid<Transfer>,
) -> Result<Json<Done>, Problem> {
    let amount = body.amount(&app)?;
    change(&app, &principal, key, Command::Transfer(amount.negated()), "paid out").await
}
