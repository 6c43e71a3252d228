//! The public scorecard: asked for too early, in both forms, and where it could not be made.

use crate::world::{call, world};
use axum::http::{StatusCode, header};
use nija_api::Scorecard;
use serde_json::json;

const PATH: &str = "/api/v2/regimes/scorecard";

fn card() -> Scorecard {
    Scorecard::new(r#"{"sessions": 3}"#.to_owned(), "<!doctype html>".to_owned())
}

#[tokio::test]
async fn it_is_handed_out_to_anyone_once_it_is_there() {
    let world = world();
    let early = call("GET", PATH).send(&world).await;
    assert_eq!(
        (early.status, early.code().as_str()),
        (StatusCode::SERVICE_UNAVAILABLE, "scorecard_pending")
    );
    assert!(world.scorecard.set(Some(card())).is_ok());

    for path in [PATH.to_owned(), format!("{PATH}?format=json")] {
        let told = call("GET", path).send(&world).await;
        assert_eq!((told.status, told.json()), (StatusCode::OK, json!({"sessions": 3})));
        assert_eq!(told.headers[header::CONTENT_TYPE], "application/json");
    }
    let page = call("GET", format!("{PATH}?format=html")).send(&world).await;
    assert_eq!((page.status, page.text.as_str()), (StatusCode::OK, "<!doctype html>"));
    assert_eq!(page.headers[header::CONTENT_TYPE], "text/html; charset=utf-8");
    let policy = page.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("script"), "{policy}");

    for (query, status) in
        [("format=pdf", 422), ("tier=ELITE", 400), ("format=json&format=html", 400)]
    {
        let refused = call("GET", format!("{PATH}?{query}")).send(&world).await;
        assert_eq!(refused.status.as_u16(), status, "{query}");
    }
}

#[tokio::test]
async fn where_it_could_not_be_made_nobody_is_asked_to_wait() {
    let world = world();
    assert!(world.scorecard.set(None).is_ok());
    let told = call("GET", PATH).send(&world).await;
    assert_eq!((told.status.as_u16(), told.code().as_str()), (500, "internal"));
}
