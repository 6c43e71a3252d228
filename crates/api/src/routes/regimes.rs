//! The scorecard of the regimes, for anyone: what following them earned, beside what needs none. It is worked out
//! once, before anybody asks; what is answered here is only handed out.

use crate::error::Problem;
use crate::headers::PAGE_POLICY;
use crate::page::Params;
use crate::state::App;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::IntoParams;

/// In which form.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// `json`, which is also meant when absent, or `html` for a page with tables.
    format: Option<String>,
}

/// What the regimes earned in public: the split of tier INVESTOR, turned as the regimes turned, net of costs and point
/// in time over the shipped history of 2017 to 2020, against the same split kept all the time, 60/40, and the index
/// held. In all, and in the sessions of each regime; it is what `nija regimes --demo-data` prints. Fractions, not
/// percent.
#[utoipa::path(
    get, path = "/api/v2/regimes/scorecard", tag = "market",
    params(Wanted),
    responses(
        (
            status = 200,
            description = "The scorecard of `nija regimes --format json`, or a page with its tables",
            content((serde_json::Value = "application/json"), (String = "text/html")),
        ),
        (status = 503, description = "It is being worked out; see Retry-After"),
    ),
)]
pub(crate) async fn scorecard(
    State(app): State<App>,
    Params(wanted): Params<Wanted>,
) -> Result<Response, Problem> {
    const PENDING: Problem =
        Problem::unavailable("scorecard_pending", "it is being worked out; ask again", 2);
    let is_page = match wanted.format.as_deref() {
        None | Some("json") => false,
        Some("html") => true,
        Some(_) => return Err(Problem::field("format", "must be json or html")),
    };
    let card = app.doors.scorecard.get().ok_or(PENDING)?;
    let card = card.as_ref().ok_or(Problem::internal())?;
    if is_page {
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
            (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY)),
        ];
        return Ok((headers, card.page.clone()).into_response());
    }
    let json = HeaderValue::from_static("application/json");
    Ok(([(header::CONTENT_TYPE, json)], card.json.clone()).into_response())
}
