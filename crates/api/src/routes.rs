//! One file a subject. A handler reads its request, asks a door, and writes the answer; it decides
//! nothing about money.

pub(crate) mod admin;
pub(crate) mod auth;
pub(crate) mod backtests;
pub(crate) mod batch;
pub(crate) mod copied;
pub(crate) mod copying;
pub(crate) mod costs;
pub(crate) mod decisions;
pub(crate) mod fees;
pub(crate) mod funds;
pub(crate) mod health;
pub(crate) mod house;
pub(crate) mod invoices;
pub(crate) mod kill;
pub(crate) mod ledger;
pub(crate) mod limits;
pub(crate) mod market;
pub(crate) mod masters;
pub(crate) mod order_request;
pub(crate) mod orders;
pub(crate) mod platform;
pub(crate) mod positions;
pub(crate) mod regimes;
pub(crate) mod registration;
pub(crate) mod revenue;
pub(crate) mod sessions;
pub(crate) mod signals;
pub(crate) mod standing;
pub(crate) mod statements;
pub(crate) mod subscription;
pub(crate) mod trading;
pub(crate) mod verdict;
pub(crate) mod webhook;

use crate::auth::Principal;
use crate::error::Problem;
use crate::state::App;
use axum::Json;
use nija_core::desk::answer::{Answer, MarketView, Query, View};
use nija_core::desk::input::{Command, Key};
use serde::Serialize;
use utoipa::ToSchema;

/// The answer to a change that is durable.
#[derive(Serialize, ToSchema)]
pub(crate) struct Done {
    /// Always true; what cannot be done is a problem document.
    pub(crate) success: bool,
    /// One sentence for people.
    pub(crate) message: &'static str,
}

/// A change of the caller's account that either is done or is not possible.
pub(crate) async fn change(
    app: &App,
    principal: &Principal,
    key: Option<Key>,
    command: Command,
    message: &'static str,
) -> Result<Json<Done>, Problem> {
    match app.doors.desks.command(principal.account(), key, command).await? {
        Answer::Done => Ok(Json(Done { success: true, message })),
        Answer::Declined(decline) => Err(decline.into()),
        _ => Err(Problem::internal()),
    }
}

/// The market as a desk sees it.
pub(crate) async fn market_view(app: &App) -> Result<Box<MarketView>, Problem> {
    match app.doors.desks.query(Query::Market).await? {
        View::Market(view) => Ok(view),
        View::Declined(decline) => Err(decline.into()),
        _ => Err(Problem::internal()),
    }
}
