//! A client: trades while the server lives, writes down what was acknowledged before it goes on, and
//! asks again under the same key whenever it does not know what became of a request.
//!
//! Its file is synced to the disk after each line and lies outside the server's database: it is what
//! the server is held to.

pub(crate) mod batch;

use super::chance::{Chance, secret};
use super::http::{Connection, Reply, Request};
use super::order::{TIERS, Terms, draw, market_buy, order_of, promise};
use super::pass;
use super::tally::{Breach, Tally};
use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Access tokens live ten minutes; a client logs in again well before.
const TOKEN_LIFE: Duration = Duration::from_secs(5 * 60);
/// Pause between looks at something that has to appear.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// Looks before an acknowledged order counts as lost.
const LOOKS: u32 = 100;
/// Acknowledged requests that may be asked again later.
const KEPT: usize = 32;

/// One account and whoever trades it.
pub(crate) struct Client {
    name: String,
    terms: &'static Terms,
    password: String,
    token: String,
    token_from: Instant,
    pub(crate) chance: Chance,
    pub(crate) path: PathBuf,
    log: File,
    keys: u64,
    /// Asked and not answered.
    doubt: Option<(Request, bool)>,
    /// Answered, with what was promised.
    kept: VecDeque<(Request, Value)>,
    /// Acknowledged orders that were not looked up since.
    unseen: VecDeque<(String, Value)>,
    open: Vec<String>,
    pub(crate) tally: Tally,
}

impl Client {
    /// Registers account `n` and takes strategies off it, so that every order of it is ours.
    pub(crate) fn register(
        n: usize,
        address: SocketAddr,
        folder: &Path,
        chance: Chance,
    ) -> Result<Self> {
        let terms = &TIERS[n % TIERS.len()];
        let name = format!("client-{n}");
        let path = folder.join(format!("{name}.jsonl"));
        let log =
            File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
        let password = secret()?;
        let mut client = Self {
            name,
            terms,
            password,
            token: String::new(),
            token_from: Instant::now(),
            chance,
            path,
            log,
            keys: 0,
            doubt: None,
            kept: VecDeque::new(),
            unseen: VecDeque::new(),
            open: Vec::new(),
            tally: Tally::default(),
        };
        let mut to = Connection::open(address)?;
        let body = json!({
            "email": client.email(), "password": client.password, "tier": terms.tier,
            "initial_capital": 1_000_000,
        });
        client.enter(&mut to, "/api/v2/register", body, 201)?;
        let mut request = Request::get("/api/v2/autopilot", &client.token);
        (request.method, request.body) = ("PUT", Some(json!({"enabled": false})));
        let reply = to.ask(&request)?;
        ensure!(reply.status == 200, "autopilot: {} {}", reply.status, reply.body);
        Ok(client)
    }

    fn email(&self) -> String {
        format!("{}@example.com", self.name)
    }

    /// Registers or logs in, and keeps the token.
    fn enter(&mut self, to: &mut Connection, path: &str, body: Value, status: u16) -> Result<()> {
        let mut request = Request::get(path, "");
        (request.method, request.body) = ("POST", Some(body));
        let reply = to.ask(&request)?;
        let token = reply.body["access_token"].as_str();
        match token.filter(|_| reply.status == status) {
            Some(token) => self.token = token.to_owned(),
            None => bail!("{}: {path}: {} {}", self.name, reply.status, reply.body),
        }
        self.token_from = Instant::now();
        Ok(())
    }

    /// Logs in again when the token is old.
    pub(crate) fn refresh(&mut self, address: SocketAddr) -> Result<()> {
        if self.token_from.elapsed() < TOKEN_LIFE {
            return Ok(());
        }
        self.log_in(address)
    }

    /// Logs in: a session is written.
    pub(crate) fn log_in(&mut self, address: SocketAddr) -> Result<()> {
        let body = json!({"email": self.email(), "password": self.password});
        self.enter(&mut Connection::open(address)?, "/api/v2/login", body, 200)
    }

    /// Trades until told to stop or until the server is gone.
    pub(crate) fn live(&mut self, address: SocketAddr, stop: &AtomicBool) {
        // What ends a life is the server's end: the next life settles what was open.
        let _ = self.trade(address, stop);
    }

    fn trade(&mut self, address: SocketAddr, stop: &AtomicBool) -> io::Result<()> {
        let mut to = Connection::open(address)?;
        let mut beside = Connection::open(address)?;
        self.settle(&mut to)?;
        self.ask_again(&mut to)?;
        self.look_up(&mut to, 5)?;
        while !stop.load(Ordering::Acquire) {
            self.next();
            if self.chance.one_in(8) {
                self.twice_at_once(&mut to, &mut beside)?;
            } else {
                self.attempt(&mut to)?;
            }
            if self.chance.one_in(5) {
                self.ask_again(&mut to)?;
            }
            let pause = self.chance.between(2, 30);
            pass(Duration::from_millis(pause));
        }
        Ok(())
    }

    /// One purchase from the question to its fill in the lists; an error when the server went away meanwhile.
    pub(crate) fn purchase(&mut self, address: SocketAddr) -> io::Result<()> {
        let mut to = Connection::open(address)?;
        if self.doubt.is_none() {
            let request = Request { key: self.key(), ..market_buy(self.terms) };
            self.doubt = Some((request, false));
        }
        self.attempt(&mut to)?;
        let Some((order, _)) = self.unseen.back().cloned() else {
            return Ok(());
        };
        for _ in 0..LOOKS {
            let row = self.read(&mut to, &format!("/api/v2/orders/{order}"))?;
            if row.body["state"] == "filled" {
                break;
            }
            pass(Duration::from_millis(20));
        }
        Ok(())
    }

    /// A key that was not used yet.
    pub(crate) fn key(&mut self) -> String {
        self.keys += 1;
        format!("{}-{}", self.name, self.keys)
    }

    /// Draws the next request, in doubt from now on.
    fn next(&mut self) {
        if self.doubt.is_none() {
            let (mut request, rests) = draw(&mut self.chance, self.terms, &self.open);
            request.key = self.key();
            self.doubt = Some((request, rests));
        }
    }

    /// The request in doubt, with the token of today.
    fn doubtful(&self) -> Option<Request> {
        let (request, _) = self.doubt.as_ref()?;
        let token = self.token.clone();
        Some(Request { token, ..request.clone() })
    }

    /// Asks for what was drawn. It is in doubt when no answer comes.
    fn attempt(&mut self, to: &mut Connection) -> io::Result<()> {
        let Some(request) = self.doubtful() else {
            return Ok(());
        };
        let reply = to.ask(&request)?;
        self.answered(&reply, true)
    }

    /// Sends one request twice before either is answered: both answers must promise the same.
    fn twice_at_once(&mut self, a: &mut Connection, b: &mut Connection) -> io::Result<()> {
        let Some(request) = self.doubtful() else {
            return Ok(());
        };
        self.tally.twins += 1;
        a.send(&request)?;
        b.send(&request)?;
        let (first, second) = (a.read()?, b.read()?);
        // Whichever of the two was done, the other one repeats it.
        let (done, other) = match first.status {
            200 => (first, second),
            _ => (second, first),
        };
        self.answered(&done, true)?;
        if done.status == 200 && other.status == 200 {
            self.must_equal(&request, &promise(&done), &other);
        }
        Ok(())
    }

    /// Takes the answer to what is in doubt. `is_first` when it was never asked before: then a refusal
    /// by the rate limit means that nothing happened.
    fn answered(&mut self, reply: &Reply, is_first: bool) -> io::Result<()> {
        let Some((request, rests)) = self.doubt.take() else {
            return Ok(());
        };
        match reply.status {
            200 => self.acknowledge(request, reply, rests)?,
            429 => {
                self.tally.limited += 1;
                if !is_first {
                    self.doubt = Some((request, rests));
                }
            }
            409 => {
                let what = format!("{}: {}", request.key, reply.body);
                self.tally.breach(Breach::Changed, what);
            }
            400..=499 => self.tally.declined += 1,
            503 => self.doubt = Some((request, rests)),
            status => {
                let what = format!("{}: {status} {}", request.key, reply.body);
                self.tally.breach(Breach::Failed, what);
                self.doubt = Some((request, rests));
            }
        }
        Ok(())
    }

    /// Writes an acknowledgement down, for good, before anything else happens.
    pub(crate) fn acknowledge(
        &mut self,
        request: Request,
        reply: &Reply,
        rests: bool,
    ) -> io::Result<()> {
        let promised = promise(reply);
        let line = json!({
            "key": request.key, "path": request.path, "body": request.body, "promise": promised,
        });
        self.log.write_all(format!("{line}\n").as_bytes())?;
        self.log.sync_data()?;
        self.tally.acknowledged += 1;
        self.tally.refused += u64::from(promised["success"] == Value::Bool(false));
        if let Some(order) = order_of(&promised) {
            self.tally.orders += 1;
            self.unseen.push_back((order.to_owned(), promised.clone()));
            if rests {
                self.open.push(order.to_owned());
            }
        }
        if request.method == "DELETE" {
            self.open.retain(|order| !request.path.ends_with(order));
        }
        self.kept.push_back((request, promised));
        if self.kept.len() > KEPT {
            self.kept.pop_front();
        }
        Ok(())
    }

    /// Asks again for what is in doubt since an earlier life, then once more for good measure.
    pub(crate) fn settle(&mut self, to: &mut Connection) -> io::Result<()> {
        for _ in 0..LOOKS {
            let Some(request) = self.doubtful() else {
                return Ok(());
            };
            let reply = to.ask(&request)?;
            self.answered(&reply, false)?;
            if reply.status == 200 {
                self.tally.retried += 1;
                let again = to.ask(&request)?;
                self.must_equal(&request, &promise(&reply), &again);
            }
            if self.doubt.is_some() {
                pass(LOOK_AGAIN);
            }
        }
        Ok(())
    }

    /// Asks again for something that was acknowledged before: the promise must be the same.
    fn ask_again(&mut self, to: &mut Connection) -> io::Result<()> {
        if self.kept.is_empty() {
            return Ok(());
        }
        let at = self.chance.between(0, self.kept.len() as u64 - 1) as usize;
        let Some((request, promised)) = self.kept.get(at).cloned() else {
            return Ok(());
        };
        let token = self.token.clone();
        let request = Request { token, ..request };
        let reply = to.ask(&request)?;
        self.must_equal(&request, &promised, &reply);
        Ok(())
    }

    /// Asks again for all that is remembered: every promise must be the same.
    pub(crate) fn repeat_all(&mut self, address: SocketAddr) -> io::Result<()> {
        let mut to = Connection::open(address)?;
        for (request, promised) in self.kept.clone() {
            let request = Request { token: self.token.clone(), ..request };
            let reply = to.ask(&request)?;
            self.must_equal(&request, &promised, &reply);
        }
        Ok(())
    }

    /// The access token of the last login.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    fn must_equal(&mut self, request: &Request, promised: &Value, reply: &Reply) {
        // A busy server says so and promises nothing.
        if matches!(reply.status, 429 | 503) {
            return;
        }
        self.tally.repeated += 1;
        let now = promise(reply);
        if now != *promised {
            let what = format!("{}: promised {promised}, then said {now}", request.key);
            let breach = match (order_of(promised), order_of(&now)) {
                (Some(a), Some(b)) if a != b => Breach::Doubled,
                _ => Breach::Changed,
            };
            self.tally.breach(breach, what);
        }
    }

    /// Looks up to `most` acknowledged orders up by their ids.
    pub(crate) fn look_up(&mut self, to: &mut Connection, most: usize) -> io::Result<()> {
        for _ in 0..most {
            let Some((order, promised)) = self.unseen.pop_front() else {
                return Ok(());
            };
            match self.find(to, &order) {
                Ok(Some(row)) if row["qty"] == promised["quantity"] => self.tally.found += 1,
                Ok(Some(row)) => {
                    let what = format!("{order}: promised {promised}, is {row}");
                    self.tally.breach(Breach::Changed, what);
                }
                Ok(None) => self.tally.breach(Breach::Lost, format!("{order}: {promised}")),
                Err(gone) => {
                    self.unseen.push_front((order, promised));
                    return Err(gone);
                }
            }
        }
        Ok(())
    }

    /// One order. The views follow the journal, so it may take a moment to appear.
    fn find(&mut self, to: &mut Connection, order: &str) -> io::Result<Option<Value>> {
        for _ in 0..LOOKS {
            let reply = self.read(to, &format!("/api/v2/orders/{order}"))?;
            if reply.status == 200 {
                return Ok(Some(reply.body));
            }
            pass(LOOK_AGAIN);
        }
        Ok(None)
    }

    /// A read of this account.
    pub(crate) fn read(&self, to: &mut Connection, path: &str) -> io::Result<Reply> {
        let request = Request::get(path, &self.token);
        let mut reply = to.ask(&request)?;
        for _ in 0..LOOKS {
            if reply.status != 429 {
                break;
            }
            pass(LOOK_AGAIN);
            reply = to.ask(&request)?;
        }
        Ok(reply)
    }

    /// Is something in doubt or not looked up yet?
    pub(crate) fn is_settled(&self) -> bool {
        self.doubt.is_none() && self.unseen.is_empty()
    }
}
