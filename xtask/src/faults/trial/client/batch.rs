//! The same client in a hurry: many purchases in one request, all of them written down with one sync, and asked
//! for again under their own names when no answer came.

use super::Client;
use crate::faults::trial::http::{Connection, Reply, Request};
use crate::faults::trial::order::{market_buy, order_of, promise};
use crate::faults::trial::tally::Breach;
use serde_json::{Value, json};
use std::io::{self, Write};

/// Orders that were asked for and not answered.
pub(crate) type Doubt = Option<Vec<Value>>;

impl Client {
    /// Pays paper money in, so that purchases do not end for want of it.
    pub(crate) fn deposit(&mut self, to: &mut Connection, dollars: u64) -> io::Result<()> {
        let mut request = Request::get("/api/v2/deposits", &self.token);
        (request.method, request.body) = ("POST", Some(json!({ "amount": dollars })));
        match to.ask(&request)? {
            Reply { status: 200, .. } => Ok(()),
            reply => Err(io::Error::other(format!("deposit: {} {}", reply.status, reply.body))),
        }
    }

    /// Asks for so many purchases, or for those in doubt, and tells how many were approved.
    pub(crate) fn batch(
        &mut self,
        to: &mut Connection,
        doubt: &mut Doubt,
        size: usize,
    ) -> io::Result<u64> {
        let orders = doubt.get_or_insert_with(|| (0..size).map(|_| self.named()).collect());
        let mut request = Request::get("/api/v2/orders/batch", &self.token);
        (request.method, request.body) = ("POST", Some(json!({ "orders": orders })));
        let reply = to.ask(&request)?;
        let Some(answers) = reply.body["answers"].as_array().filter(|_| reply.status == 200) else {
            if !matches!(reply.status, 429 | 503) {
                let what = format!("a batch: {} {}", reply.status, reply.body);
                self.tally.breach(Breach::Failed, what);
            }
            return Ok(0);
        };
        if answers.len() != orders.len() {
            let what = format!("{} answers to {} orders", answers.len(), orders.len());
            self.tally.breach(Breach::Lost, what);
        }
        let orders = doubt.take().unwrap_or_default();
        self.write_down(&orders, answers)
    }

    /// The smallest purchase under a name of its own.
    fn named(&mut self) -> Value {
        self.keys += 1;
        let mut order = market_buy(self.terms).body.unwrap_or_default();
        order["client_order_id"] = json!(format!("{}-{}", self.name, self.keys));
        order
    }

    /// Writes what was acknowledged down, for good, before anything else happens.
    fn write_down(&mut self, orders: &[Value], answers: &[Value]) -> io::Result<u64> {
        let (mut lines, mut approved) = (String::new(), 0);
        for (order, answer) in orders.iter().zip(answers) {
            let Some(success) = answer["success"].as_bool() else {
                self.tally.limited += u64::from(answer["status"] == 429);
                self.tally.declined += u64::from(answer["status"] != 429);
                continue;
            };
            let promised = promise(&Reply { status: 200, body: answer.clone(), retry_after: None });
            let line = json!({"key": order["client_order_id"], "promise": promised});
            lines.push_str(&format!("{line}\n"));
            self.tally.acknowledged += 1;
            self.tally.refused += u64::from(!success);
            if order_of(&promised).is_some() {
                approved += 1;
                self.tally.orders += 1;
                if self.tally.orders.is_multiple_of(LOOK_UP_EVERY) {
                    let order = order_of(&promised).unwrap_or_default().to_owned();
                    self.unseen.push_back((order, promised));
                }
            }
        }
        self.log.write_all(lines.as_bytes())?;
        self.log.sync_data()?;
        Ok(approved)
    }
}

/// One order in so many is looked up by its id; all of them are found in the lists.
const LOOK_UP_EVERY: u64 = 1_000;
