//! Login, refresh, logout, change of password. Unknown users and wrong passwords get the same
//! answer after the same work.

use super::registration::{address, open_at_desk};
use crate::address::Origin;
use crate::auth::session::{self, ACCESS_LIFE, Pair};
use crate::auth::{Principal, account, password};
use crate::error::Problem;
use crate::field::Field;
use crate::json::{Perhaps, Valid};
use crate::state::App;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use nija_core::ports::control::{Role, User};
use nija_core::words::id::UserId;
use nija_core::words::money::Money;
use nija_core::words::tier::{Tier, Tolerance};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use utoipa::ToSchema;
use zeroize::Zeroizing;

const COOKIE: &str = "__Host-nija_rt";
const CSRF: HeaderName = HeaderName::from_static("x-nija-csrf");

/// Who wants in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Login {
    /// The address of the registration.
    #[serde(default)]
    #[schema(value_type = String, required = true, example = "user@example.com", max_length = 254)]
    email: Field<String>,
    /// The password.
    #[serde(default)]
    #[schema(value_type = String, required = true, example = "secure_password", format = Password)]
    password: Field<String>,
}

/// A refresh without the cookie.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Refresh {
    /// The last refresh token of the session.
    #[serde(default)]
    #[schema(
        value_type = String,
        required = true,
        example = "00000000000000000000000000000000\
                   0000000000000000000000000000000000000000000000000000000000000000",
    )]
    refresh_token: Field<String>,
}

/// A new password for an old one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordChange {
    /// The password until now.
    #[serde(default)]
    #[schema(value_type = String, required = true, example = "secure_password", format = Password)]
    old_password: Field<String>,
    /// 15 to 256 characters of any kind.
    #[serde(default)]
    #[schema(value_type = String, required = true, example = "seven garden chairs", format = Password)]
    #[serde(rename = "new_password")]
    password: Field<String>,
}

/// Tokens of a session.
#[derive(Serialize, ToSchema)]
pub(crate) struct TokenBody {
    /// For `Authorization: Bearer`.
    access_token: String,
    /// Always `bearer`.
    token_type: &'static str,
    /// Seconds until the access token ends.
    expires_in: u64,
    /// Single use, for `/api/v2/token/refresh`. Absent for callers that send `X-NIJA-CSRF: 1`:
    /// browsers have the cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    /// The user.
    user_id: String,
    /// The user's tier.
    tier: &'static str,
}

/// The answer that hands tokens out.
pub(super) type Tokens = (StatusCode, [(HeaderName, String); 1], Json<TokenBody>);

fn cookie(value: &str, age: i64) -> (HeaderName, String) {
    let cookie =
        format!("{COOKIE}={value}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age={age}");
    (header::SET_COOKIE, cookie)
}

/// Tokens in the body and in the cookie.
pub(super) fn tokens(
    status: StatusCode,
    headers: &HeaderMap,
    pair: Pair,
    user: UserId,
    tier: Tier,
) -> Tokens {
    let set = cookie(&pair.refresh, session::ABSOLUTE.as_millis() / 1_000);
    let body = TokenBody {
        access_token: pair.access,
        token_type: "bearer",
        expires_in: ACCESS_LIFE,
        refresh_token: (!headers.contains_key(CSRF)).then_some(pair.refresh),
        user_id: user.to_string(),
        tier: tier.name(),
    };
    (status, [set], Json(body))
}

/// Checks a password under the login limits; the one answer to every failure is 401.
async fn prove(
    app: &App,
    origin: Origin,
    email: &str,
    user: Option<&User>,
    secret: Zeroizing<String>,
) -> Result<(), Problem> {
    const WRONG: Problem = Problem::new(
        StatusCode::UNAUTHORIZED,
        "invalid_credentials",
        "address or password is wrong",
    );
    let told = |outcome: &'static str| {
        metrics::counter!("nija_logins_total", "outcome" => outcome).increment(1);
    };
    let now = || Instant::now().into_std();
    let attempt = app.throttle.attempt(email, origin, now()).map_err(|wait| {
        told("throttled");
        Problem::too_many(wait)
    })?;
    let stored = user.map(|user| user.password.clone());
    match app.hasher.verify(secret, stored, attempt.standing).await {
        Ok(true) => {
            app.throttle.succeeded(&attempt, now());
            told("passed");
            return Ok(());
        }
        Ok(false) => {}
        Err(problem) => {
            app.throttle.unjudged(&attempt);
            told("throttled");
            return Err(problem);
        }
    }
    told("failed");
    let actor = user.map(|user| user.id);
    app.audit(actor, "login_failed", origin.0.to_string(), String::new()).await?;
    Err(WRONG)
}

/// Begins a session.
#[utoipa::path(
    post, path = "/api/v2/login", tag = "authentication",
    request_body = Login,
    responses(
        (status = 200, body = TokenBody),
        (status = 401, description = "Address or password is wrong"),
    ),
)]
pub(crate) async fn login(
    State(app): State<App>,
    origin: Origin,
    headers: HeaderMap,
    Valid { body, .. }: Valid<Login>,
) -> Result<Tokens, Problem> {
    let email = address(&body.email.get("email")?)?;
    let secret = Zeroizing::new(body.password.get("password")?);
    let user = app.doors.control.user_by_email(&email).await?;
    prove(&app, origin, &email, user.as_ref(), secret.clone()).await?;
    let user = user.ok_or(Problem::internal())?;
    let tier = open_account(&app, &user).await?;
    if password::is_outdated(&user.password) {
        let stronger = app.hasher.hash(secret, app.random()?).await?;
        app.doors.control.set_password(user.id, stronger).await?;
    }
    let pair = session::begin(&app, &user).await?;
    app.audit(Some(user.id), "login", origin.0.to_string(), String::new()).await?;
    Ok(tokens(StatusCode::OK, &headers, pair, user.id, tier))
}

/// The tier of the user's account. A registration that broke off after its account was opened is
/// completed here.
async fn open_account(app: &App, user: &User) -> Result<Tier, Problem> {
    const INCOMPLETE: Problem = Problem::new(
        StatusCode::CONFLICT,
        "registration_incomplete",
        "the registration broke off; send it again with the same address and password",
    );
    match account(app, user.account).await {
        Ok(view) => {
            if !user.active {
                app.doors.control.activate(user.id).await?;
            }
            Ok(view.tier)
        }
        // An admin made by the command line has no account at a desk before the first login.
        Err(problem) if problem.code == "account_not_open" && user.role == Role::Admin => {
            let tier = Tier::Paper;
            open_at_desk(app, user, (tier, Tolerance::default(), Money::ZERO)).await?;
            Ok(tier)
        }
        Err(problem) if problem.code == "account_not_open" => Err(INCOMPLETE),
        Err(problem) => Err(problem),
    }
}

/// Exchanges the refresh token, from the body or the cookie, for the next pair. Each works once.
#[utoipa::path(
    post, path = "/api/v2/token/refresh", tag = "authentication",
    request_body = Option<Refresh>,
    responses(
        (status = 200, body = TokenBody),
        (status = 401, description = "The session is over"),
    ),
)]
pub(crate) async fn refresh(
    State(app): State<App>,
    headers: HeaderMap,
    Perhaps(body): Perhaps<Refresh>,
) -> Result<Tokens, Problem> {
    let token = match body {
        Some(body) => body.refresh_token.get("refresh_token")?,
        None => from_cookie(&app, &headers)?,
    };
    let (pair, session) = session::refresh(&app, &token).await?;
    let user = app.doors.control.user(session.user).await?.ok_or(Problem::unauthorized())?;
    let tier = account(&app, user.account).await?.tier;
    Ok(tokens(StatusCode::OK, &headers, pair, user.id, tier))
}

/// The refresh cookie counts only when our own page sent it.
fn from_cookie(app: &App, headers: &HeaderMap) -> Result<String, Problem> {
    const FOREIGN: Problem = Problem::new(
        StatusCode::FORBIDDEN,
        "csrf",
        "the refresh cookie needs an Origin of ours and the header X-NIJA-CSRF: 1",
    );
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|v| v.to_str().ok());
    let mut pairs = cookies.flat_map(|v| v.split(';')).filter_map(|p| p.trim().split_once('='));
    let (_, token) = pairs.find(|(name, _)| *name == COOKIE).ok_or(Problem::unauthorized())?;
    let text = |name: HeaderName| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or("");
    let (origin, host) = (text(header::ORIGIN), text(header::HOST));
    let own = app.settings.origins.iter().any(|own| own == origin)
        || origin.split_once("://").is_some_and(|(_, authority)| authority == host);
    if own && text(CSRF) == "1" { Ok(token.to_owned()) } else { Err(FOREIGN) }
}

/// Ends this session at once.
#[utoipa::path(post, path = "/api/v2/logout", tag = "authentication", responses((status = 204)))]
pub(crate) async fn logout(
    State(app): State<App>,
    principal: Principal,
) -> Result<(StatusCode, [(HeaderName, String); 1]), Problem> {
    session::end(&app, principal.user(), principal.session).await?;
    let subject = format!("{:032x}", principal.session);
    app.audit(Some(principal.user()), "session_ended", subject, "logout".to_owned()).await?;
    Ok((StatusCode::NO_CONTENT, [cookie("", 0)]))
}

/// Changes the password and ends all other sessions.
#[utoipa::path(
    post, path = "/api/v2/password", tag = "authentication",
    request_body = PasswordChange,
    responses((status = 204), (status = 403, description = "The old password is wrong")),
)]
pub(crate) async fn change_password(
    State(app): State<App>,
    principal: Principal,
    origin: Origin,
    Valid { body, .. }: Valid<PasswordChange>,
) -> Result<StatusCode, Problem> {
    let old = Zeroizing::new(body.old_password.get("old_password")?);
    let new = Zeroizing::new(body.password.get("new_password")?);
    let user = app.doors.control.user(principal.user()).await?.ok_or(Problem::unauthorized())?;
    password::check(&new, &user.email).map_err(|why| Problem::field("new_password", why.0))?;
    prove(&app, origin, &user.email, Some(&user), old).await.map_err(|problem| {
        // 401 would tell a client to refresh its token; the token is fine.
        let status = match problem.status {
            StatusCode::UNAUTHORIZED => StatusCode::FORBIDDEN,
            other => other,
        };
        Problem { status, ..problem }
    })?;
    let hash = app.hasher.hash(new, app.random()?).await?;
    app.doors.control.set_password(user.id, hash).await?;
    session::end_others(&app, user.id, principal.session).await?;
    app.audit(Some(user.id), "password_changed", user.id.to_string(), String::new()).await?;
    Ok(StatusCode::NO_CONTENT)
}
