//! What can go wrong between a request and its answer.

use axum::body::Body;
use axum::http::Response;
use serde_json::{Value, json};

#[derive(Clone, Debug)]
pub enum Trouble {
    None,
    /// Too many requests; nothing is done.
    Throttled,
    /// Not served now; nothing is done, nothing is kept under the key.
    Unavailable,
    /// An error of the server, kept under the key; what was asked may be done.
    Fails {
        done: bool,
    },
    /// No answer; nothing is done.
    Silent,
    /// No answer, and yet it is done.
    SilentlyDone,
    /// Another request with the key is under way.
    InUse,
    /// Done, and answered with something that is no object.
    Garbled,
    /// Done, and answered with more than anybody reads.
    Endless,
    /// Another place is named.
    Moved,
    /// An answer of this status, with advice whether to try again.
    Advised(u16, &'static str),
}

impl Trouble {
    /// What is answered in place of doing anything.
    pub(crate) fn before(&self) -> Option<Option<Response<Body>>> {
        let error = |status, kind| Some(Some(object(status, &json!({"error": {"type": kind}}))));
        match self {
            Self::Throttled => error(429, "rate_limit"),
            Self::Unavailable => error(503, "api_error"),
            Self::InUse => error(409, "idempotency_error"),
            Self::Silent => Some(None),
            Self::Moved => Some(Some(
                Response::builder()
                    .status(302)
                    .header("location", "http://127.0.0.1:9/")
                    .body(Body::empty())
                    .unwrap(),
            )),
            Self::Advised(status, advice) => {
                let mut response = object(*status, &json!({"error": {"type": "api_error"}}));
                response.headers_mut().insert("stripe-should-retry", advice.parse().unwrap());
                Some(Some(response))
            }
            _ => None,
        }
    }

    /// What is answered after doing it.
    pub(crate) fn after(&self, status: u16, body: Value, replayed: bool) -> Option<Response<Body>> {
        match self {
            Self::SilentlyDone => None,
            Self::Garbled => Some(Response::new(Body::from("<html>hello</html>"))),
            Self::Endless => Some(Response::new(Body::from(vec![b' '; 2 << 20]))),
            _ => {
                let mut response = object(status, &body);
                if replayed {
                    let yes = "true".parse().unwrap();
                    response.headers_mut().insert("idempotent-replayed", yes);
                }
                Some(response)
            }
        }
    }
}

fn object(status: u16, body: &Value) -> Response<Body> {
    Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .unwrap()
}
