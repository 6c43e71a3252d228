//! One call to Stripe: sent, waited for, repeated where that is safe, and judged.
//!
//! A post may be repeated because its key, or its nature, makes a repetition harmless. What cannot be known is
//! told as unknown. Bodies are bounded, redirects and proxies are not followed.

use super::form::Form;
use super::objects::{Complaint, Refusal};
use super::secret::Secret;
use super::settings::{Patience, SettingsError};
use nija_core::ports::payments::PaymentError;
use reqwest::{Method, Response, Url};
use serde::de::DeserializeOwned;
use std::time::Duration;

/// The version of Stripe's API whose documents this room was written by.
const VERSION: &str = "2025-09-30.clover";
/// The longest answer that is read, in bytes: a list of a hundred payments is far below.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;
/// Connections kept open while nothing is to do.
const IDLE_MAX: usize = 2;
/// How long they are kept.
const IDLE_FOR: Duration = Duration::from_secs(30);

/// Speaks to Stripe with one account's key.
pub(super) struct Client {
    http: reqwest::Client,
    base: Url,
    key: Secret,
    patience: Patience,
}

/// What came back.
pub(super) struct Answer<T> {
    pub(super) object: T,
    /// Is it the answer to an earlier request with the same key?
    pub(super) replayed: bool,
}

/// Why nothing came back that could be used.
#[derive(Debug)]
pub(super) enum Fault {
    /// Stripe said no, and why.
    Refused(Box<Refusal>),
    /// Stripe failed at an earlier request with the same key, and only repeats that.
    Stuck,
    /// Everything else.
    Failed(PaymentError),
}

impl Fault {
    /// Is it only what an earlier request with the same key came to?
    pub(super) fn is_repeated(&self) -> bool {
        match self {
            Self::Refused(refusal) => refusal.replayed,
            Self::Stuck => true,
            Self::Failed(_) => false,
        }
    }
}

impl From<Fault> for PaymentError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Refused(refusal) => Self::Rejected(refusal.reason()),
            Fault::Stuck => Self::Unknown,
            Fault::Failed(error) => error,
        }
    }
}

/// A request to be sent, perhaps several times.
struct Call<'a> {
    method: Method,
    url: Url,
    form: Option<&'a Form>,
    key: Option<&'a str>,
}

/// What one sending led to.
enum Sent {
    Answered {
        body: Vec<u8>,
        replayed: bool,
    },
    Refused(u16, Box<Refusal>),
    Throttled,
    /// It did not leave this machine.
    Unreachable,
    /// Nobody knows what became of it.
    Lost,
    /// Nobody knows, and this key will tell no more.
    Stuck,
}

impl Client {
    pub(super) fn new(base: Url, key: Secret, patience: Patience) -> Result<Self, SettingsError> {
        let http = reqwest::Client::builder()
            .user_agent(concat!("nija/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(patience.connect)
            .timeout(patience.answer)
            .pool_max_idle_per_host(IDLE_MAX)
            .pool_idle_timeout(IDLE_FOR)
            .build()
            .map_err(|error| SettingsError::NoClient(error.to_string()))?;
        Ok(Self { http, base, key, patience })
    }

    /// Reads an object.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<T, Fault> {
        let mut url = self.url(path)?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let call = Call { method: Method::GET, url, form: None, key: None };
        Ok(self.call(&call).await?.object)
    }

    /// Does something, once for each key. Without a key it must be harmless to do twice.
    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        path: &[&str],
        form: &Form,
        key: Option<&str>,
    ) -> Result<Answer<T>, Fault> {
        let call = Call { method: Method::POST, url: self.url(path)?, form: Some(form), key };
        self.call(&call).await
    }

    /// The address of an object; its name cannot leave its place in the path.
    fn url(&self, path: &[&str]) -> Result<Url, Fault> {
        let mut url = self.base.clone();
        match url.path_segments_mut() {
            Ok(mut segments) => segments.pop_if_empty().push("v1").extend(path),
            Err(()) => return Err(Fault::Failed(PaymentError::Unreachable)),
        };
        Ok(url)
    }

    async fn call<T: DeserializeOwned>(&self, call: &Call<'_>) -> Result<Answer<T>, Fault> {
        let posts = call.method == Method::POST;
        let mut doubt = false;
        let mut pause = self.patience.pause;
        let mut tries = self.patience.tries;
        loop {
            tries = tries.saturating_sub(1);
            let (sent, advice) = self.send(call).await;
            doubt |= posts && matches!(sent, Sent::Lost | Sent::Stuck);
            let passing = matches!(sent, Sent::Throttled | Sent::Unreachable | Sent::Lost);
            if tries == 0 || !advice.unwrap_or(passing) || matches!(sent, Sent::Answered { .. }) {
                return judge(sent, doubt);
            }
            tokio::time::sleep(pause).await;
            pause = pause.saturating_mul(2);
        }
    }

    /// Sends once. Stripe may advise for or against sending again.
    async fn send(&self, call: &Call<'_>) -> (Sent, Option<bool>) {
        let mut request = self
            .http
            .request(call.method.clone(), call.url.clone())
            .bearer_auth(self.key.reveal())
            .header("Stripe-Version", VERSION);
        if let Some(form) = call.form {
            request = request.form(form.pairs());
        }
        if let Some(key) = call.key {
            request = request.header("Idempotency-Key", key);
        }
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) if error.is_connect() => return (Sent::Unreachable, None),
            Err(_) => return (Sent::Lost, None),
        };
        let said =
            |name: &str| response.headers().get(name).map(|value| value.as_bytes() == b"true");
        let advice = said("Stripe-Should-Retry");
        let replayed = said("Idempotent-Replayed").unwrap_or(false);
        let status = response.status().as_u16();
        let Some(body) = bounded(response).await else {
            return (Sent::Lost, advice);
        };
        let sent = match status {
            200..=299 => Sent::Answered { body, replayed },
            429 => Sent::Throttled,
            // Conflict: a request with this key is still under way.
            408 | 409 => Sent::Lost,
            500.. if replayed => Sent::Stuck,
            500.. => Sent::Lost,
            _ => Sent::Refused(status, Box::new(refusal(status, &body, replayed))),
        };
        (sent, advice)
    }
}

/// What a call led to, after the last sending. In doubt is whoever got no answer to a post at any time.
fn judge<T: DeserializeOwned>(sent: Sent, doubt: bool) -> Result<Answer<T>, Fault> {
    let error = match sent {
        Sent::Answered { body, replayed } => match serde_json::from_slice(&body) {
            Ok(object) => return Ok(Answer { object, replayed }),
            Err(_) => PaymentError::Unknown,
        },
        // Refused at the door, before the key was looked at: says nothing about what was sent before.
        Sent::Refused(401 | 403, _) if doubt => PaymentError::Unknown,
        Sent::Refused(_, refusal) => return Err(Fault::Refused(refusal)),
        Sent::Stuck => return Err(Fault::Stuck),
        _ if doubt => PaymentError::Unknown,
        Sent::Throttled => PaymentError::Throttled,
        Sent::Unreachable | Sent::Lost => PaymentError::Unreachable,
    };
    Err(Fault::Failed(error))
}

/// The whole body, unless it is too long or breaks off.
async fn bounded(mut response: Response) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.ok()? {
        if body.len() + chunk.len() > ANSWER_BYTES_MAX {
            return None;
        }
        body.extend_from_slice(&chunk);
    }
    Some(body)
}

fn refusal(status: u16, body: &[u8], replayed: bool) -> Refusal {
    let said = serde_json::from_slice(body).map(|complaint: Complaint| complaint.error);
    let mut refusal = said.unwrap_or_default();
    refusal.replayed = replayed;
    refusal.message = match (status, refusal.message) {
        // What is said about a key may show a part of it.
        (401 | 403, _) => Some("Stripe does not accept the secret key; check it".to_owned()),
        (_, Some(message)) => Some(message),
        (_, None) => Some(format!("Stripe answered with status {status}")),
    };
    refusal
}
