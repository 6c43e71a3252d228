//! Registration: a user record, an open account at its desk, and then the user counts as active.
//! Each step may be repeated, so a registration that broke off is completed by sending it again.

use super::auth::{TokenBody, Tokens, tokens};
use crate::address::Origin;
use crate::auth::throttle::Standing;
use crate::auth::{account, password, session};
use crate::error::Problem;
use crate::field::Field;
use crate::json::Valid;
use crate::number::{Capital, Decimal};
use crate::state::App;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use nija_core::billing::plans::{Cycle, Plan};
use nija_core::billing::subscription::request::{Refused, Request};
use nija_core::desk::answer::{Answer, Decline};
use nija_core::desk::input::Command;
use nija_core::ports::control::{ControlError, Role, User};
use nija_core::words::id::{AccountId, UserId};
use nija_core::words::money::Money;
use nija_core::words::tier::{Tier, Tolerance};
use nija_core::words::time::Span;
use serde::Deserialize;
use utoipa::ToSchema;
use zeroize::Zeroizing;

/// A new user.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Registration {
    /// Address to log in with.
    #[serde(default)]
    #[schema(value_type = String, required = true, example = "user@example.com", max_length = 254)]
    email: Field<String>,
    /// 15 to 256 characters of any kind.
    #[serde(default)]
    #[schema(value_type = String, required = true, example = "secure_password", format = Password)]
    password: Field<String>,
    /// STARTER, SAVER, INVESTOR, INCOME, LIVABLE, BALLER or PAPER.
    #[serde(default)]
    #[schema(value_type = String, required = true, example = "INVESTOR")]
    tier: Field<Tier>,
    /// Dollars of paper money to begin with, 0 to 1e9.
    #[serde(default)]
    #[schema(value_type = Decimal, required = true, example = 1000.0)]
    initial_capital: Field<Capital>,
    /// `conservative`, `moderate` (when absent) or `aggressive`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    risk_tolerance: Field<Option<Tolerance>>,
}

/// An address in lower case, as logins look for it; none for what does not have the shape of one.
#[must_use]
pub fn email_address(text: &str) -> Option<String> {
    let email = text.to_lowercase();
    let (local, domain) = email.split_once('@')?;
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && !"@<>()[]\\,;:\"".contains(c);
    let label = |l: &str| {
        !l.is_empty() && l.chars().all(|c| c.is_alphanumeric() || c == '-') && !l.starts_with('-')
    };
    let fits = email.len() <= 254
        && (1..=64).contains(&local.len())
        && local.chars().all(plain)
        && domain.contains('.')
        && domain.split('.').all(label);
    fits.then_some(email)
}

/// An address that a request may name.
pub(super) fn address(email: &str) -> Result<String, Problem> {
    let wrong = Problem::field("email", "must be an address like user@example.com");
    email_address(email).ok_or(wrong)
}

/// Opens an account: a user, a trading account with paper money, and a first session.
///
/// A registration that broke off half way is completed by sending it again.
#[utoipa::path(
    post, path = "/api/v2/register", tag = "authentication",
    request_body = Registration,
    responses(
        (status = 201, body = TokenBody),
        (status = 409, description = "The address is taken"),
    ),
)]
pub(crate) async fn register(
    State(app): State<App>,
    origin: Origin,
    headers: HeaderMap,
    Valid { body, .. }: Valid<Registration>,
) -> Result<Tokens, Problem> {
    app.rates.registration(origin)?;
    let email = address(&body.email.get("email")?)?;
    let secret = Zeroizing::new(body.password.get("password")?);
    let tier = body.tier.get("tier")?;
    let capital = body.initial_capital.get("initial_capital")?.0;
    let tolerance = body.risk_tolerance.get("risk_tolerance")?.unwrap_or_default();
    if capital > app.settings.paper.largest_transfer {
        return Err(Problem::field("initial_capital", "is more than this platform hands out"));
    }
    password::check(&secret, &email).map_err(|why| Problem::field("password", why.0))?;

    let user = match app.doors.control.user_by_email(&email).await? {
        Some(user) => resume(&app, user, secret).await?,
        None => add(&app, email, secret).await?,
    };
    open_at_desk(&app, &user, (tier, tolerance, capital)).await?;
    let tier = account(&app, user.account).await?.tier;
    let pair = session::begin(&app, &user).await?;
    app.audit(Some(user.id), "registered", user.id.to_string(), tier.name().to_owned()).await?;
    Ok(tokens(StatusCode::CREATED, &headers, pair, user.id, tier))
}

/// Opens the user's trading account, which may be open already, and marks the user as active.
pub(super) async fn open_at_desk(
    app: &App,
    user: &User,
    (tier, tolerance, deposit): (Tier, Tolerance, Money),
) -> Result<(), Problem> {
    let day_starts = Span::ZERO;
    let open = Command::Open { user: user.id, tier: Tier::Paper, tolerance, day_starts, deposit };
    match app.doors.desks.command(user.account, None, open).await? {
        Answer::Done | Answer::Declined(Decline::AccountExists) => {}
        Answer::Declined(decline) => return Err(decline.into()),
        _ => return Err(Problem::internal()),
    }
    // A crash in between leaves an account on PAPER; the registration that comes again goes on here.
    if tier != Tier::Paper {
        let plan = Plan { tier, cycle: Cycle::Monthly };
        let subscribe = Command::Subscription(Request::Subscribe(plan));
        match app.doors.desks.command(user.account, None, subscribe).await? {
            Answer::Done | Answer::Declined(Decline::Subscription(Refused::Running)) => {}
            Answer::Declined(decline) => return Err(decline.into()),
            _ => return Err(Problem::internal()),
        }
    }
    Ok(app.doors.control.activate(user.id).await?)
}

async fn add(app: &App, email: String, secret: Zeroizing<String>) -> Result<User, Problem> {
    let password = app.hasher.hash(secret, app.random()?).await?;
    let user = User {
        id: UserId(u128::from_be_bytes(app.random()?)),
        email,
        password,
        role: Role::User,
        account: AccountId(u128::from_be_bytes(app.random()?)),
        created_at: app.now(),
        active: false,
    };
    app.doors.control.add_user(user.clone()).await?;
    Ok(user)
}

/// A registration that broke off goes on when its password comes again; whatever else is taken.
async fn resume(app: &App, user: User, secret: Zeroizing<String>) -> Result<User, Problem> {
    let same = app.hasher.verify(secret, Some(user.password.clone()), Standing::Clean).await?;
    if same && !user.active { Ok(user) } else { Err(ControlError::EmailTaken.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_held_to_their_shape() {
        assert_eq!(address("User@Example.com"), Ok("user@example.com".to_owned()));
        for wrong in [
            "", "a", "a@b", "@b.c", "a@", "a b@c.d", "a@b..c", "a@@b.c", "a@-b.c", "<a>@b.c",
            "a\n@b.c",
        ] {
            assert!(address(wrong).is_err(), "{wrong}");
        }
    }
}
