//! A user who does one thing at a time and looks at the answer: what must work on a full disk, and what must not.

use crate::faults::trial::chance::secret;
use crate::faults::trial::http::{Connection, Reply, Request};
use crate::faults::trial::pass;
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;

/// Tries of a request that the rate limit turns away.
const TRIES: u32 = 200;
const PAUSE: Duration = Duration::from_millis(50);

/// A user with a token.
pub(super) struct Hand {
    address: SocketAddr,
    email: String,
    password: String,
    token: String,
    /// Orders that were acknowledged.
    pub(super) orders: Vec<String>,
    /// Resting orders, oldest first.
    pub(super) resting: Vec<String>,
}

impl Hand {
    pub(super) fn register(name: &str, address: SocketAddr) -> Result<Self> {
        let (email, password) = (format!("{name}@example.com"), secret()?);
        let body = json!({
            "email": email, "password": password, "tier": "BALLER", "initial_capital": 1_000_000,
        });
        let mut hand = Self {
            address,
            email,
            password,
            token: String::new(),
            orders: Vec::new(),
            resting: Vec::new(),
        };
        let reply = hand.ask("POST", "/api/v2/register", Some(body))?;
        hand.token = token(&reply).with_context(|| format!("not registered: {}", reply.body))?;
        let off = hand.ask("PUT", "/api/v2/autopilot", Some(json!({"enabled": false})))?;
        if off.status != 200 {
            bail!("autopilot: {} {}", off.status, off.body);
        }
        Ok(hand)
    }

    /// Sends a request until it is not turned away by a rate limit.
    pub(super) fn ask(
        &self,
        method: &'static str,
        path: &str,
        body: Option<Value>,
    ) -> Result<Reply> {
        let request = Request { method, body, ..Request::get(path, &self.token) };
        for _ in 0..TRIES {
            let reply = Connection::open(self.address)?.ask(&request)?;
            if reply.status != 429 {
                return Ok(reply);
            }
            pass(PAUSE);
        }
        bail!("{method} {path} is answered with 429 for ever")
    }

    pub(super) fn log_in(&mut self) -> Result<Reply> {
        let body = json!({"email": self.email, "password": self.password});
        let reply = self.ask("POST", "/api/v2/login", Some(body))?;
        if let Some(token) = token(&reply) {
            self.token = token;
        }
        Ok(reply)
    }

    /// Buys at the market, or far below it where `rests`.
    pub(super) fn buy(&mut self, rests: bool) -> Result<Reply> {
        let mut body = json!({"symbol": "ETH-USD", "side": "buy", "size": 100});
        if rests {
            for (name, value) in [("order_type", "limit"), ("time_in_force", "gtc")] {
                body[name] = json!(value);
            }
            // Two equal orders within moments are taken for one sent twice.
            body["limit_price"] = json!(self.orders.len() + 1);
        }
        let reply = self.ask("POST", "/api/v2/trade", Some(body))?;
        if let Some(order) = reply.body["order_id"].as_str() {
            self.orders.push(order.to_owned());
            self.resting.extend(rests.then(|| order.to_owned()));
        }
        Ok(reply)
    }

    pub(super) fn sell(&mut self) -> Result<Reply> {
        let body = json!({"symbol": "ETH-USD", "side": "sell", "size": 20});
        let reply = self.ask("POST", "/api/v2/trade", Some(body))?;
        self.orders.extend(reply.body["order_id"].as_str().map(str::to_owned));
        Ok(reply)
    }

    /// Takes the oldest resting order back.
    pub(super) fn cancel(&mut self) -> Result<Option<Reply>> {
        let Some(order) = self.resting.first().cloned() else { return Ok(None) };
        let reply = self.ask("DELETE", &format!("/api/v2/orders/{order}"), None)?;
        if reply.status == 200 {
            self.resting.remove(0);
        }
        Ok(Some(reply))
    }

    pub(super) fn kill(&self) -> Result<Reply> {
        self.ask("POST", "/api/v2/kill", Some(json!({"reason": "the disk is full"})))
    }

    pub(super) fn rearm(&self) -> Result<Reply> {
        self.ask("POST", "/api/v2/rearm", Some(json!({"reason": "the disk is free"})))
    }

    /// Ids of all orders of this user that the server lists.
    pub(super) fn listed(&self) -> Result<Vec<String>> {
        let (mut ids, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.ask("GET", &format!("/api/v2/orders?limit=100{cursor}"), None)?;
            let rows = page.body["items"].as_array().context("no list of orders")?;
            ids.extend(rows.iter().filter_map(|row| row["id"].as_str().map(str::to_owned)));
            match page.body["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Ok(ids),
            }
        }
    }
}

fn token(reply: &Reply) -> Option<String> {
    reply.body["access_token"].as_str().map(str::to_owned)
}

/// Was nothing done because storage is full?
pub(super) fn is_storage_full(reply: &Reply) -> bool {
    reply.status == 503 && reply.body["code"] == "storage_full"
}
