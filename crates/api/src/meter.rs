//! Requests counted and timed by method, route and class of status. The figures of a route are registered when it
//! is first asked for, once, so that a request costs two additions.

use axum::http::{Method, StatusCode};
use metrics::{Counter, Histogram};
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

const METHODS: [&str; 6] = ["GET", "POST", "PUT", "PATCH", "DELETE", "other"];
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// The figures of one method at one route.
struct Meter {
    seconds: Histogram,
    classes: [Counter; CLASSES.len()],
}

impl Meter {
    fn of(method: &'static str, route: &str) -> Self {
        let labels = [("method", method.to_owned()), ("route", route.to_owned())];
        let seconds = metrics::histogram!("nija_http_request_seconds", &labels);
        let classes = CLASSES.map(|class| {
            let [method, route] = labels.clone();
            let labels = [method, route, ("status", class.to_owned())];
            metrics::counter!("nija_http_requests_total", &labels)
        });
        Self { seconds, classes }
    }

    fn record(&self, status: StatusCode, elapsed: Duration) {
        self.seconds.record(elapsed.as_secs_f64());
        if let Some(class) = self.classes.get(usize::from(status.as_u16() / 100).wrapping_sub(1)) {
            class.increment(1);
        }
    }
}

/// The figures of all routes. Routes come from our own router, so there are no more rows than it has.
#[derive(Default)]
pub(crate) struct Meters([RwLock<HashMap<String, Meter>>; METHODS.len()]);

impl Meters {
    /// Counts a request that was answered.
    pub(crate) fn record(&self, method: &Method, route: &str, status: StatusCode, took: Duration) {
        let other = METHODS.len() - 1;
        let at = METHODS.iter().position(|name| *name == method.as_str()).unwrap_or(other);
        let (name, rows) = (METHODS[at], &self.0[at]);
        if let Some(meter) = rows.read().unwrap_or_else(PoisonError::into_inner).get(route) {
            return meter.record(status, took);
        }
        let mut rows = rows.write().unwrap_or_else(PoisonError::into_inner);
        let meter = rows.entry(route.to_owned()).or_insert_with(|| Meter::of(name, route));
        meter.record(status, took);
    }
}
