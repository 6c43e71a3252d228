//! A request taken apart, and what Stripe demands of every one.

use crate::KEY;
use axum::extract::Query;
use axum::http::{HeaderMap, Method, Uri};
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    /// Between slashes, without `v1`.
    pub path: Vec<String>,
    /// Of the query or of the form.
    pub pairs: BTreeMap<String, String>,
    pub key: Option<String>,
    pub headers: HeaderMap,
}

impl Request {
    pub(crate) fn of(method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Self {
        let text = match *method {
            Method::POST => std::str::from_utf8(body).unwrap(),
            _ => uri.query().unwrap_or_default(),
        };
        let pairs =
            Query::<Vec<(String, String)>>::try_from_uri(&format!("/?{text}").parse().unwrap());
        let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        Self {
            method: method.to_string(),
            path: uri.path().split('/').skip(2).map(str::to_owned).collect(),
            pairs: pairs.unwrap().0.into_iter().collect(),
            key: header("idempotency-key"),
            headers: headers.clone(),
        }
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs.get(name).map(String::as_str)
    }

    /// What Stripe holds every request to.
    pub(crate) fn admitted(&self) -> Result<(), (u16, Value)> {
        if self.header("authorization") != format!("Bearer {KEY}") {
            let message = format!("Invalid API Key provided: {}", self.header("authorization"));
            let error = json!({"type": "invalid_request_error", "message": message});
            return Err((401, json!({"error": error})));
        }
        assert_eq!(self.header("stripe-version"), "2025-09-30.clover");
        if self.method == "POST" && !self.pairs.is_empty() {
            assert_eq!(self.header("content-type"), "application/x-www-form-urlencoded");
        }
        if self.key.as_ref().is_some_and(|key| key.len() > 255) {
            return Err(refused("idempotency_key_too_long", "Idempotency-Key"));
        }
        Ok(())
    }

    /// Equal for requests that ask the same.
    pub(crate) fn fingerprint(&self) -> String {
        format!("{:?} {:?}", self.path, self.pairs)
    }

    /// Refuses parameters that are not among these.
    pub(crate) fn only(&self, known: &[&str]) -> Result<(), (u16, Value)> {
        let metadata =
            |name: &str| name.split_once('[').is_some_and(|(head, _)| head == "metadata");
        let stranger = self.pairs.keys().find(|name| {
            let inner = name.strip_prefix("payment_intent_data[metadata]");
            !metadata(name) && inner.is_none() && !known.contains(&name.as_str())
        });
        stranger.map_or(Ok(()), |name| Err(refused("parameter_unknown", name)))
    }

    /// The pairs under `name[...]`, as an object.
    pub(crate) fn under(&self, name: &str) -> Value {
        let inside = self.pairs.iter().filter_map(|(key, value)| {
            let key = key.strip_prefix(name)?.strip_prefix('[')?.strip_suffix(']')?;
            (!key.contains('[')).then(|| (key.to_owned(), json!(value)))
        });
        Value::Object(inside.collect())
    }
}

pub(crate) fn refused(code: &str, param: &str) -> (u16, Value) {
    let message = format!("{code}: {param}");
    let kind = "invalid_request_error";
    let status = if code == "resource_missing" { 404 } else { 400 };
    (status, json!({"error": {"type": kind, "code": code, "param": param, "message": message}}))
}
