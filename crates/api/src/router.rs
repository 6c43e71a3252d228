//! Which address is served by what, behind which guard. Four groups, and nothing outside them but
//! the documentation: deny is the default, because a handler gets its caller only from the guard.

use crate::auth;
use crate::doors::Doors;
use crate::error::Problem;
use crate::frame;
use crate::headers::DOCS_POLICY;
use crate::openapi::openapi;
use crate::routes::{
    admin, auth as login, backtests, batch, copied, copying, costs, decisions, fees, funds, health,
    house, invoices, kill, ledger, limits, market, masters, orders, platform, positions, regimes,
    registration, revenue, sessions, signals, standing, statements, subscription, trading, webhook,
};
use crate::settings::Settings;
use crate::state::{App, SetupError, Shared};
use axum::Router;
use axum::body::Bytes;
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use utoipa_swagger_ui::{Config, SwaggerUi};

/// Where the description of the API is.
const DESCRIPTION: &str = "/api/openapi.json";

/// For anyone, and without limits of its own: health checks must not starve.
pub(crate) fn open() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(health::health))
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
        .routes(routes!(health::startup))
}

/// For anyone, within the budget of the address.
pub(crate) fn strangers() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(registration::register))
        .routes(routes!(login::login))
        .routes(routes!(login::refresh))
        .routes(routes!(health::metrics))
        .routes(routes!(subscription::plans))
        .routes(routes!(regimes::scorecard))
}

/// For users who have proven who they are.
pub(crate) fn members() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(login::logout))
        .routes(routes!(login::change_password))
        .routes(routes!(sessions::me))
        .routes(routes!(sessions::list))
        .routes(routes!(sessions::end))
        .routes(routes!(standing::allocation))
        .routes(routes!(standing::status))
        .routes(routes!(trading::place))
        .routes(routes!(trading::preview))
        .routes(routes!(batch::place))
        .routes(routes!(signals::hear))
        .routes(routes!(orders::list))
        .routes(routes!(orders::one, orders::cancel))
        .routes(routes!(orders::fills))
        .routes(routes!(positions::list))
        .routes(routes!(positions::close))
        .routes(routes!(ledger::equity))
        .routes(routes!(ledger::entries))
        .routes(routes!(costs::show))
        .routes(routes!(statements::months))
        .routes(routes!(statements::show))
        .routes(routes!(decisions::list))
        .routes(routes!(limits::show, limits::replace))
        .routes(routes!(limits::tolerance))
        .routes(routes!(limits::autopilot))
        .routes(routes!(funds::deposit))
        .routes(routes!(funds::withdraw))
        .routes(routes!(kill::press))
        .routes(routes!(kill::rearm))
        .routes(routes!(market::show))
        .routes(routes!(backtests::run))
        .routes(routes!(platform::execution))
        .routes(routes!(fees::show))
        .routes(routes!(fees::history))
        .routes(routes!(
            subscription::show,
            subscription::subscribe,
            subscription::change_plan,
            subscription::cancel
        ))
        .routes(routes!(subscription::reactivate))
        .routes(routes!(subscription::forget_method))
        .routes(routes!(invoices::list))
        .routes(routes!(invoices::one))
        .routes(routes!(invoices::checkout))
        .merge(followers())
}

/// For those who copy, and those who are copied.
fn followers() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(masters::list))
        .routes(routes!(masters::one))
        .routes(routes!(masters::disclosure))
        .routes(routes!(masters::open, masters::close))
        .routes(routes!(copying::list))
        .routes(routes!(copying::one, copying::start, copying::change_terms, copying::stop))
        .routes(routes!(copying::fund))
        .routes(routes!(copying::close))
        .routes(routes!(copied::orders))
        .routes(routes!(copied::fills))
        .routes(routes!(copied::decisions))
        .routes(routes!(copied::entries))
        .routes(routes!(copied::equity))
        .routes(routes!(copied::fees))
}

/// For administrators.
pub(crate) fn admins() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(revenue::show))
        .routes(routes!(house::entries))
        .routes(routes!(house::trial_balance))
        .routes(routes!(admin::kill))
        .routes(routes!(admin::rearm))
        .routes(routes!(admin::set_tier))
        .routes(routes!(admin::users))
        .routes(routes!(admin::audit))
        .routes(routes!(admin::accounts::adjust))
        .routes(routes!(admin::accounts::refund_fee))
        .routes(routes!(admin::accounts::qualify))
        .routes(routes!(admin::accounts::vet))
        .routes(routes!(admin::invoices::open))
        .routes(routes!(admin::invoices::paid))
        .routes(routes!(admin::invoices::void))
        .routes(routes!(admin::invoices::refund))
        .routes(routes!(admin::invoices::pay_out))
        .routes(routes!(admin::payouts::list))
        .routes(routes!(admin::payouts::paid))
}

/// For the payment provider alone: a signature is the proof.
pub(crate) fn providers() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(webhook::take))
}

/// The description and its pages. The text is kept, not the tree that it was written from, which is ten times as large.
fn docs() -> Result<Router<App>, SetupError> {
    let text = Bytes::from(openapi().to_json()?);
    let describe = get(|| async move { ([(header::CONTENT_TYPE, "application/json")], text) });
    let config = Config::new([DESCRIPTION]).validator_url("none");
    let pages = SwaggerUi::new("/api/docs").config(config);
    let policy = |request: Request, next: Next| async move {
        let mut response: Response = next.run(request).await;
        let policy = HeaderValue::from_static(DOCS_POLICY);
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
        response
    };
    Ok(Router::from(pages).route(DESCRIPTION, describe).layer(from_fn(policy)))
}

/// Builds the whole API.
///
/// # Errors
/// See [`SetupError`]: a weak secret, no randomness, no cryptography or no description. Nothing may be served then.
pub fn router(doors: Doors, settings: Settings) -> Result<Router, SetupError> {
    let app = Shared::new(doors, settings)?;
    let guard = from_fn_with_state(app.clone(), auth::guard);
    let admins_only = from_fn_with_state(app.clone(), auth::admins_only);
    let budget = from_fn_with_state(app.clone(), auth::strangers);
    let members = Router::from(members()).route_layer(guard.clone());
    let admins = Router::from(admins()).route_layer(admins_only).route_layer(guard);
    let strangers = Router::from(strangers()).merge(docs()?).route_layer(budget);
    let signed = from_fn_with_state(app.clone(), auth::webhooks);
    let providers = Router::from(providers()).route_layer(signed);
    Ok(Router::from(open())
        .merge(providers)
        .merge(strangers)
        .merge(members)
        .merge(admins)
        .fallback(|| async { Problem::not_found() })
        .layer(from_fn_with_state(app.clone(), frame::frame))
        .with_state(app))
}
