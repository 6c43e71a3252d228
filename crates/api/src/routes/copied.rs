//! What happened in a copy: its orders, fills, decisions, ledger lines, equity and fees. They are read under a scope
//! that is derived from the caller's own, so that no name opens somebody else's.

use super::decisions::{self, DecisionBody};
use super::fees::{self, FeeBody};
use super::ledger::{self, EntryBody, EquityBody};
use super::masters::named;
use super::orders::{self, FillBody, OrderBody};
use crate::auth::Principal;
use crate::error::Problem;
use crate::page::{Listed, Paging, Params};
use crate::state::App;
use axum::Json;
use axum::extract::{Path, State};
use nija_core::desk::answer::{Decline, Query, View};
use nija_core::ports::views::Scope;

/// The scope of the caller's copy of a master, if there is or was one.
async fn scope(app: &App, principal: &Principal, master: &str) -> Result<Scope, Problem> {
    let scope = principal.scope.sleeve(named(master)?);
    match app.doors.desks.query(Query::Account(scope.account())).await? {
        View::Account(_) => Ok(scope),
        View::Declined(_) => Err(Decline::NotCopied.into()),
        _ => Err(Problem::internal()),
    }
}

macro_rules! lists {
    ($($(#[$doc:meta])* $name:ident($path:literal, $params:ty, $row:ty) = $list:path;)*) => {$(
        $(#[$doc])*
        #[utoipa::path(
            get, path = $path, tag = "copying",
            params(("master" = String, Path, description = "The master, 32 hexadecimal digits"), $params),
            responses(
                (status = 200, body = Listed<$row>),
                (status = 404, description = "You never copied this master"),
            ),
        )]
        pub(crate) async fn $name(
            State(app): State<App>,
            principal: Principal,
            Path(master): Path<String>,
            Params(which): Params<$params>,
        ) -> Result<Json<Listed<$row>>, Problem> {
            let scope = scope(&app, &principal, &master).await?;
            $list(&app, &scope, &which).await
        }
    )*};
}

lists! {
    /// Orders of a copy, newest first.
    orders("/api/v2/copy/{master}/orders", orders::Which, OrderBody) = orders::listed;
    /// Fills of a copy, newest first.
    fills("/api/v2/copy/{master}/fills", Paging, FillBody) = orders::filled;
    /// Decisions about a copy, newest first: what was copied, and why the rest was not.
    decisions("/api/v2/copy/{master}/decisions", decisions::Which, DecisionBody) = decisions::listed;
    /// Ledger lines of a copy, newest first.
    entries("/api/v2/copy/{master}/entries", Paging, EntryBody) = ledger::lines;
    /// The equity curve of a copy, newest first.
    equity("/api/v2/copy/{master}/equity", Paging, EquityBody) = ledger::curve;
    /// Moves of the high-water mark of a copy and the fees due with them, newest first.
    fees("/api/v2/copy/{master}/fees", Paging, FeeBody) = fees::listed;
}
