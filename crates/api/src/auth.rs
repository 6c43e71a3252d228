//! Who is asking: decided once, at the edge, from a token and the session behind it. This is the
//! only file that makes a `Scope`. Roles come from the store, never from the token.

use crate::address::Origin;
use crate::error::Problem;
use crate::state::App;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use nija_core::desk::answer::{AccountView, Query, View};
use nija_core::ports::control::{Role, User};
use nija_core::ports::views::Scope;
use nija_core::ports::views::house::HouseScope;
use nija_core::words::id::{AccountId, UserId};
use nija_core::words::tier::Tier;

pub(crate) mod blocklist;
pub(crate) mod password;
pub(crate) mod session;
pub(crate) mod throttle;
pub(crate) mod token;

const NOT_AN_ADMIN: Problem = Problem::new(
    StatusCode::FORBIDDEN,
    "forbidden",
    "only an administrator of the platform may do this",
);

/// Somebody who has proven who they are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Principal {
    pub(crate) scope: Scope,
    pub(crate) role: Role,
    pub(crate) session: u128,
    /// The tier of the account, once the desk was asked within the last seconds.
    pub(crate) tier: Option<Tier>,
}

impl Principal {
    pub(crate) fn new(user: &User, session: u128) -> Self {
        Self { scope: Scope::of(user.id, user.account), role: user.role, session, tier: None }
    }
    pub(crate) const fn user(&self) -> UserId {
        self.scope.user()
    }
    pub(crate) const fn account(&self) -> AccountId {
        self.scope.account()
    }
}

impl FromRequestParts<App> for Principal {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().copied().ok_or(Problem::unauthorized())
    }
}

/// An administrator, with the right to read the house's books.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Admin(pub(crate) HouseScope);

impl FromRequestParts<App> for Admin {
    type Rejection = Problem;
    /// The guard of the admin router stands before; a handler that stands elsewhere by mistake finds nobody.
    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        let principal = parts.extensions.get::<Principal>().ok_or(Problem::unauthorized())?;
        match principal.role {
            Role::Admin => Ok(Self(HouseScope::of_admin(principal.user()))),
            Role::User => Err(NOT_AN_ADMIN),
        }
    }
}

impl FromRequestParts<App> for Origin {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().copied().ok_or(Problem::internal())
    }
}

/// The bearer token of exactly one `Authorization` header.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let text = values.next()?.to_str().ok()?;
    let (scheme, token) = text.split_once(' ')?;
    let single = values.next().is_none() && scheme.eq_ignore_ascii_case("bearer");
    single.then_some(token)
}

async fn principal(app: &App, headers: &HeaderMap) -> Result<Principal, Problem> {
    let claims = bearer(headers)
        .and_then(|token| app.tokens.verify(token, app.now()))
        .ok_or(Problem::unauthorized())?;
    let principal = session::principal(app, claims.session).await?;
    if principal.user() == claims.user { Ok(principal) } else { Err(Problem::unauthorized()) }
}

/// Lets only known users pass. Failures are paid for by the address, reads by the user; orders have
/// their own budgets, which their handlers ask.
pub(crate) async fn guard(
    State(app): State<App>,
    origin: Origin,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let principal = match principal(&app, request.headers()).await {
        Ok(principal) => principal,
        Err(problem) if problem.status == StatusCode::UNAUTHORIZED => {
            app.rates.anonymous(origin)?;
            return Err(problem);
        }
        Err(problem) => return Err(problem),
    };
    if !is_trading(request.method(), request.uri().path()) {
        app.rates.read(principal.user())?;
    }
    request.extensions_mut().insert(principal);
    Ok(next.run(request).await)
}

/// Calls that answer to the order and exit budgets instead of the read budget.
fn is_trading(method: &Method, path: &str) -> bool {
    let Some(rest) = path.strip_prefix("/api/v2/") else {
        return false;
    };
    match *method {
        Method::POST => matches!(rest, "trade" | "signals" | "orders/batch" | "kill"),
        Method::DELETE => {
            let exits = ["orders/", "positions/", "copy/"];
            exits.iter().any(|of| rest.starts_with(of)) && rest != "copy/master"
        }
        _ => false,
    }
}

/// Stands before every address of the admin router, after `guard`.
pub(crate) async fn admins_only(
    State(app): State<App>,
    principal: Principal,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    match principal.role {
        Role::Admin => {
            app.rates.admin(principal.user())?;
            Ok(next.run(request).await)
        }
        Role::User => Err(NOT_AN_ADMIN),
    }
}

/// Before addresses that anyone may ask: the budget of the address.
pub(crate) async fn strangers(
    State(app): State<App>,
    origin: Origin,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    app.rates.anonymous(origin)?;
    Ok(next.run(request).await)
}

/// Before the address of the payment provider: a budget of its own.
pub(crate) async fn webhooks(
    State(app): State<App>,
    origin: Origin,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    app.rates.webhook(origin)?;
    Ok(next.run(request).await)
}

/// The account behind an id, as its desk knows it.
pub(crate) async fn account(app: &App, id: AccountId) -> Result<Box<AccountView>, Problem> {
    match app.doors.desks.query(Query::Account(id)).await? {
        View::Account(view) => Ok(view),
        View::Declined(decline) => Err(decline.into()),
        _ => Err(Problem::internal()),
    }
}

/// The tier of the caller's account: asked of the desk once per cached session, then remembered.
pub(crate) async fn tier(app: &App, principal: &Principal) -> Result<Tier, Problem> {
    if let Some(tier) = principal.tier {
        return Ok(tier);
    }
    let tier = account(app, principal.account()).await?.tier;
    app.sessions.remember_tier(principal.session, tier);
    Ok(tier)
}
