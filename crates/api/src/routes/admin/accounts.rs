//! What administrators do about one account: book a dividend, funding or a correction, give a fee back, record that
//! the owner may be charged, vet a master. An account is a user's or the sleeve of a copy.

use super::done;
use crate::auth::Principal;
use crate::error::Problem;
use crate::field::{Edit, Field, Sentence};
use crate::json::Valid;
use crate::number::{Signed, SignedDecimal};
use crate::routes::Done;
use crate::state::App;
use axum::Json;
use axum::extract::{Path, State};
use nija_core::copy::master::MasterChange;
use nija_core::desk::event::{Adjustment, Setting};
use nija_core::desk::input::{Command, Key};
use nija_core::words::id::AccountId;
use serde::Deserialize;
use utoipa::ToSchema;

/// An act about an account, for the audit log and for its desk.
struct Act {
    action: &'static str,
    detail: String,
    command: Command,
    message: &'static str,
}

async fn perform(
    app: &App,
    principal: &Principal,
    (account, key): (String, Option<Key>),
    act: Act,
) -> Result<Json<Done>, Problem> {
    let id: AccountId = account.parse().map_err(|_| Problem::not_found())?;
    app.audit(Some(principal.user()), act.action, account, act.detail).await?;
    done(app.doors.desks.command(id, key, act.command).await?, act.message)
}

/// Money that is neither trade, fee nor the owner's.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AdjustRequest {
    /// `dividend`, `funding` or `correction`.
    #[serde(default)]
    #[schema(value_type = String, required = true, example = "dividend")]
    kind: Field<Adjustment>,
    /// Dollars; below 0 they are taken.
    #[serde(default)]
    #[schema(value_type = SignedDecimal, required = true, example = 1.5)]
    amount: Field<Signed>,
    /// What it is for, 3 to 200 characters; it is kept.
    #[serde(default)]
    #[schema(
        value_type = String,
        required = true,
        example = "a dividend",
        min_length = 3,
        max_length = 200
    )]
    why: Field<Sentence>,
}

/// Books a dividend, funding or a correction. It counts as profit or loss, not as a deposit.
#[utoipa::path(
    post, path = "/api/v2/admin/accounts/{id}/adjust", tag = "admin",
    request_body = AdjustRequest,
    params(
        ("id" = String, Path, description = "The account, 32 hexadecimal digits"),
        ("Idempotency-Key" = Option<String>, Header, description = "Repeats book nothing"),
    ),
    responses((status = 200, body = Done), (status = 404, description = "No such account")),
)]
pub(crate) async fn adjust(
    State(app): State<App>,
    principal: Principal,
    Path(id): Path<String>,
    Valid { body, key }: Valid<AdjustRequest>,
) -> Result<Json<Done>, Problem> {
    let (kind, amount) = (body.kind.get("kind")?, body.amount.get("amount")?.0);
    let why = body.why.get("why")?.0;
    let act = Act {
        action: "account_adjusted",
        detail: format!("{} of ${amount}: {why}", kind.name()),
        command: Command::Adjust { kind, amount, why },
        message: "booked",
    };
    perform(&app, &principal, (id, key), act).await
}

/// Why a fee is given back.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefundRequest {
    /// Why, 3 to 200 characters; it is kept in the audit log.
    #[serde(default)]
    #[schema(
        value_type = String,
        required = true,
        example = "a wrong price",
        min_length = 3,
        max_length = 200
    )]
    reason: Field<Sentence>,
}

/// Gives the last fixed fee of an account back. The mark goes back with it, so that the gain is open again.
#[utoipa::path(
    post, path = "/api/v2/admin/accounts/{id}/refund-fee", tag = "admin",
    request_body = RefundRequest,
    params(
        ("id" = String, Path, description = "The account, 32 hexadecimal digits"),
        ("Idempotency-Key" = Option<String>, Header, description = "Repeats give nothing back"),
    ),
    responses(
        (status = 200, body = Done),
        (status = 404, description = "No such account"),
        (status = 409, description = "No fee could be given back"),
    ),
)]
pub(crate) async fn refund_fee(
    State(app): State<App>,
    principal: Principal,
    Path(id): Path<String>,
    Valid { body, key }: Valid<RefundRequest>,
) -> Result<Json<Done>, Problem> {
    let act = Act {
        action: "fee_refunded",
        detail: body.reason.get("reason")?.0,
        command: Command::RefundFee,
        message: "the fee is given back",
    };
    perform(&app, &principal, (id, key), act).await
}

/// What shows that an owner may be charged.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct QualifyRequest {
    /// The evidence, 3 to 200 characters; null takes it back.
    #[serde(default)]
    #[schema(
        value_type = Option<String>,
        required = true,
        example = "statement of net worth, seen",
        min_length = 3,
        max_length = 200
    )]
    evidence: Field<Edit<Sentence>>,
}

/// Records the evidence that the owner of an account may be charged fees on profits, or takes it back. What was won
/// before is not charged later.
#[utoipa::path(
    post, path = "/api/v2/admin/accounts/{id}/qualify", tag = "admin",
    request_body = QualifyRequest,
    params(
        ("id" = String, Path, description = "The account, 32 hexadecimal digits"),
        ("Idempotency-Key" = Option<String>, Header, description = "Repeats answer the same"),
    ),
    responses((status = 200, body = Done), (status = 404, description = "No such account")),
)]
pub(crate) async fn qualify(
    State(app): State<App>,
    principal: Principal,
    Path(id): Path<String>,
    Valid { body, key }: Valid<QualifyRequest>,
) -> Result<Json<Done>, Problem> {
    let Edit::To(evidence) = body.evidence.get("evidence")? else {
        return Err(Problem::field("evidence", "is required; null takes it back"));
    };
    let (message, evidence) = match evidence {
        Some(Sentence(evidence)) => ("the evidence is on record", evidence),
        None => ("the evidence is taken back", String::new()),
    };
    let act = Act {
        action: "owner_qualified",
        detail: evidence.clone(),
        command: Command::Set(Setting::Qualified(evidence)),
        message,
    };
    perform(&app, &principal, (id, key), act).await
}

/// The operator's word about a master.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VetRequest {
    /// Is it vetted from now on?
    #[serde(default)]
    #[schema(value_type = bool, required = true, example = true)]
    vetted: Field<bool>,
    /// Why, 3 to 200 characters; it is kept in the audit log.
    #[serde(default)]
    #[schema(
        value_type = String,
        required = true,
        example = "identity and record seen",
        min_length = 3,
        max_length = 200
    )]
    reason: Field<Sentence>,
}

/// Vets a master, or takes that back. Only vetted masters of low risk are copied by the pool "Safe copy".
#[utoipa::path(
    post, path = "/api/v2/admin/masters/{id}/vet", tag = "admin",
    request_body = VetRequest,
    params(
        ("id" = String, Path, description = "The master, 32 hexadecimal digits"),
        ("Idempotency-Key" = Option<String>, Header, description = "Repeats answer the same"),
    ),
    responses(
        (status = 200, body = Done),
        (status = 404, description = "No such account"),
        (status = 409, description = "It never was a master"),
    ),
)]
pub(crate) async fn vet(
    State(app): State<App>,
    principal: Principal,
    Path(id): Path<String>,
    Valid { body, key }: Valid<VetRequest>,
) -> Result<Json<Done>, Problem> {
    let (vetted, reason) = (body.vetted.get("vetted")?, body.reason.get("reason")?.0);
    let act = Act {
        action: "master_vetted",
        detail: format!("{vetted}: {reason}"),
        command: Command::Lead(MasterChange::Vetted(vetted)),
        message: "it is kept",
    };
    perform(&app, &principal, (id, key), act).await
}
