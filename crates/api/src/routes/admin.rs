//! Administrators: switches of the platform, tiers of users, the audit log. Every act is written to
//! the audit log before it takes effect; an act that cannot be written is not done.

pub(crate) mod accounts;
pub(crate) mod invoices;
pub(crate) mod payouts;

use super::Done;
use crate::auth::Principal;
use crate::error::Problem;
use crate::field::{Edit, Field, Sentence};
use crate::json::Valid;
use crate::page::{Listed, Paging, Params};
use crate::state::App;
use axum::Json;
use axum::extract::{Path, State};
use nija_core::desk::answer::{Answer, Decline};
use nija_core::desk::event::{Grant, Setting};
use nija_core::desk::input::Command;
use nija_core::ports::control::{Audit, Role, User};
use nija_core::risk::kill::{Actor, Scope};
use nija_core::words::id::UserId;
use nija_core::words::instrument::{AssetClass, VenueName};
use nija_core::words::signal::StrategyName;
use nija_core::words::tier::Tier;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// What to stop or release, and why.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SwitchRequest {
    /// `platform`, `venue`, `class`, `symbol`, `strategy` or `account`.
    #[serde(default)]
    #[schema(value_type = String, required = true, example = "platform")]
    scope: Field<String>,
    /// Which one: a venue, a class, a ticker, a strategy's name (`own` for the models of all owners) or
    /// an account id. Absent for `platform`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    of: Field<Option<String>>,
    /// Why, 3 to 200 characters; it is kept.
    #[serde(default)]
    #[schema(
        value_type = String,
        required = true,
        example = "a drill",
        min_length = 3,
        max_length = 200
    )]
    reason: Field<Sentence>,
    /// Sell what is held, too? Read when a switch is pressed.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    flatten: Field<Option<bool>>,
}

struct Switch {
    scope: Scope,
    reason: String,
    flatten: bool,
}

impl SwitchRequest {
    fn read(self, app: &App) -> Result<Switch, Problem> {
        let word = self.scope.get("scope")?;
        let of = self.of.get("of")?;
        Ok(Switch {
            scope: scope(app, &word, of.as_deref())?,
            reason: self.reason.get("reason")?.0,
            flatten: self.flatten.get("flatten")?.unwrap_or(false),
        })
    }
}

fn scope(app: &App, word: &str, of: Option<&str>) -> Result<Scope, Problem> {
    const UNKNOWN: Problem = Problem::field("of", "names nothing of that scope");
    let which = of.ok_or(Problem::field("of", "is required by this scope"));
    match word {
        "platform" if of.is_none() => Ok(Scope::Platform),
        "platform" => Err(Problem::field("of", "is not used by this scope")),
        "venue" => {
            let venue = VenueName::Paper;
            if which? == venue.name() { Ok(Scope::Venue(venue)) } else { Err(UNKNOWN) }
        }
        "class" => {
            let name = which?;
            let class = AssetClass::ALL.into_iter().find(|class| class.name() == name);
            class.map(Scope::Class).ok_or(UNKNOWN)
        }
        "symbol" => {
            let row = app.doors.catalog.by_symbol(which?);
            row.map(|row| Scope::Symbol(row.id)).ok_or(UNKNOWN)
        }
        "strategy" => StrategyName::named(which?).map(Scope::Strategy).ok_or(UNKNOWN),
        "account" => which?.parse().map(Scope::Account).map_err(|_| UNKNOWN),
        _ => {
            let why = "must be platform, venue, class, symbol, strategy or account";
            Err(Problem::field("scope", why))
        }
    }
}

fn done(answer: Answer, message: &'static str) -> Result<Json<Done>, Problem> {
    match answer {
        Answer::Done => Ok(Json(Done { success: true, message })),
        Answer::Declined(Decline::UnknownAccount) => Err(Problem::not_found()),
        Answer::Declined(decline) => Err(decline.into()),
        _ => Err(Problem::internal()),
    }
}

/// Presses a kill switch.
#[utoipa::path(
    post, path = "/api/v2/admin/kill", tag = "admin",
    request_body = SwitchRequest,
    params(
        (
            "Idempotency-Key" = Option<String>,
            Header,
            description = "Repeats about one account answer the same",
        ),
    ),
    responses((status = 200, body = Done)),
)]
pub(crate) async fn kill(
    State(app): State<App>,
    principal: Principal,
    Valid { body, key }: Valid<SwitchRequest>,
) -> Result<Json<Done>, Problem> {
    let Switch { scope, reason, flatten } = body.read(&app)?;
    let by = Actor::User(principal.user());
    app.audit(Some(principal.user()), "kill_pressed", scope.to_string(), reason.clone()).await?;
    let desks = &app.doors.desks;
    let answer = match scope {
        Scope::Account(id) => desks.command(id, key, Command::Kill { by, reason, flatten }).await?,
        scope => desks.kill(scope, by, reason, flatten).await.map(|()| Answer::Done)?,
    };
    done(answer, "entries are stopped")
}

/// Releases a kill switch.
#[utoipa::path(
    post, path = "/api/v2/admin/rearm", tag = "admin",
    request_body = SwitchRequest,
    params(
        (
            "Idempotency-Key" = Option<String>,
            Header,
            description = "Repeats about one account answer the same",
        ),
    ),
    responses((status = 200, body = Done)),
)]
pub(crate) async fn rearm(
    State(app): State<App>,
    principal: Principal,
    Valid { body, key }: Valid<SwitchRequest>,
) -> Result<Json<Done>, Problem> {
    let Switch { scope, reason, .. } = body.read(&app)?;
    let by = Actor::User(principal.user());
    app.audit(Some(principal.user()), "kill_released", scope.to_string(), reason.clone()).await?;
    let desks = &app.doors.desks;
    let answer = match scope {
        Scope::Account(id) => desks.command(id, key, Command::Rearm { by, reason }).await?,
        scope => desks.rearm(scope, by, reason).await.map(|()| Answer::Done)?,
    };
    done(answer, "entries pass again")
}

/// A tier for a user.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TierRequest {
    /// The tier that holds from now on, whatever is subscribed to; null lets the subscription decide again.
    #[serde(default)]
    #[schema(value_type = Option<String>, required = true, example = "INCOME")]
    tier: Field<Edit<Tier>>,
    /// Why, 3 to 200 characters; the user sees it, too.
    #[serde(default)]
    #[schema(
        value_type = String,
        required = true,
        example = "a guest of the house",
        min_length = 3,
        max_length = 200
    )]
    reason: Field<Sentence>,
}

/// Grants a user a tier, or takes a granted one back. It holds over every step of the subscription, which goes on
/// beside it: an invoice that waits is still to be paid.
#[utoipa::path(
    put, path = "/api/v2/admin/users/{id}/tier", tag = "admin",
    request_body = TierRequest,
    params(
        ("id" = String, Path, description = "The user, 32 hexadecimal digits"),
        (
            "Idempotency-Key" = Option<String>,
            Header,
            description = "Repeats about one account answer the same",
        ),
    ),
    responses((status = 200, body = Done), (status = 404, description = "No such user")),
)]
pub(crate) async fn set_tier(
    State(app): State<App>,
    principal: Principal,
    Path(id): Path<String>,
    Valid { body, key }: Valid<TierRequest>,
) -> Result<Json<Done>, Problem> {
    let id: UserId = id.parse().map_err(|_| Problem::not_found())?;
    let Edit::To(tier) = body.tier.get("tier")? else {
        return Err(Problem::field("tier", "is required; null takes a granted tier back"));
    };
    let reason = body.reason.get("reason")?.0;
    let user = app.doors.control.user(id).await?.ok_or(Problem::not_found())?;
    let (action, message) = match tier {
        Some(_) => ("tier_granted", "the tier holds until it is taken back"),
        None => ("tier_taken_back", "the subscription decides again"),
    };
    let detail = tier.map_or_else(|| reason.clone(), |tier| format!("{}: {reason}", tier.name()));
    app.audit(Some(principal.user()), action, id.to_string(), detail).await?;
    let set = Command::Set(Setting::Granted(tier.map(|tier| Grant { tier, reason })));
    let answer = app.doors.desks.command(user.account, key, set).await?;
    app.sessions.forget_user(id);
    done(answer, message)
}

/// Users, a page at a time.
#[derive(Serialize, ToSchema)]
pub(crate) struct UsersBody {
    /// Registered users, on all pages.
    count: u64,
    #[serde(flatten)]
    page: Listed<UserBody>,
}

/// A user. Never a password.
#[derive(Serialize, ToSchema)]
pub(crate) struct UserBody {
    /// Id.
    id: String,
    /// Address.
    email: String,
    /// `user` or `admin`.
    role: &'static str,
    /// The user's account at the desks.
    account: String,
    /// Since when, RFC 3339.
    created_at: String,
    /// Is the account open?
    active: bool,
}

impl From<User> for UserBody {
    fn from(user: User) -> Self {
        Self {
            id: user.id.to_string(),
            email: user.email,
            role: match user.role {
                Role::User => "user",
                Role::Admin => "admin",
            },
            account: user.account.to_string(),
            created_at: user.created_at.to_string(),
            active: user.active,
        }
    }
}

/// Users, newest first, and how many there are.
#[utoipa::path(
    get, path = "/api/v2/admin/users", tag = "admin",
    params(Paging),
    responses((status = 200, body = UsersBody)),
)]
pub(crate) async fn users(
    State(app): State<App>,
    principal: Principal,
    Params(paging): Params<Paging>,
) -> Result<Json<UsersBody>, Problem> {
    let page = paging.page()?;
    let me = Some(principal.user());
    app.audit(me, "users_read", "users".to_owned(), String::new()).await?;
    let control = &app.doors.control;
    let (count, rows) = (control.count_users().await?, control.users(page).await?);
    Ok(Json(UsersBody { count, page: Listed::of(rows, page) }))
}

/// How much of the log.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Newest {
    /// Lines at most, 1 to 500; 100 when absent.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// A line of the audit log.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditBody {
    /// When, RFC 3339.
    at: String,
    /// Who did it, where known.
    actor: Option<String>,
    /// What.
    action: String,
    /// About whom or what.
    subject: String,
    /// More.
    detail: String,
}

impl From<Audit> for AuditBody {
    fn from(line: Audit) -> Self {
        Self {
            at: line.at.to_string(),
            actor: line.actor.map(|id| id.to_string()),
            action: line.action,
            subject: line.subject,
            detail: line.detail,
        }
    }
}

/// The newest lines of the audit log.
#[utoipa::path(
    get, path = "/api/v2/admin/audit", tag = "admin",
    params(Newest),
    responses((status = 200, body = Listed<AuditBody>)),
)]
pub(crate) async fn audit(
    State(app): State<App>,
    principal: Principal,
    Params(newest): Params<Newest>,
) -> Result<Json<Listed<AuditBody>>, Problem> {
    let limit = newest.limit.unwrap_or(100);
    if !(1..=500).contains(&limit) {
        return Err(Problem::field("limit", "must be 1 to 500"));
    }
    let me = Some(principal.user());
    app.audit(me, "audit_read", "audit_log".to_owned(), String::new()).await?;
    let lines = app.doors.control.audit_log(limit).await?;
    Ok(Json(Listed::whole(lines.into_iter().map(Into::into).collect())))
}
