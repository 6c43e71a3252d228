//! Who is there: a server behind a proxy, a victim who trades, a crowd of attackers with accounts of their own,
//! and administrators.

use super::document::{Operation, operations};
use super::wire::{Call, sound};
use crate::abuse::{SECRET, variables};
use crate::caller::{PASSWORD, Reply};
use crate::child::{Nija, until};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use tempfile::TempDir;

/// What attackers and administrators log in with; not the password of the description's examples.
pub(super) const OWN_PASSWORD: &str = "nineteen quiet herons";

/// Somebody with an account.
#[derive(Clone)]
pub(super) struct Person {
    pub(super) email: String,
    pub(super) token: String,
    pub(super) refresh: String,
    pub(super) user: String,
    pub(super) account: String,
    pub(super) session: String,
}

/// The stage.
pub(super) struct Scene {
    pub(super) server: Nija,
    pub(super) address: SocketAddr,
    pub(super) operations: Vec<Operation>,
    pub(super) folder: TempDir,
    pub(super) attackers: Vec<Person>,
    pub(super) admins: Vec<Person>,
    turn: AtomicUsize,
}

fn text(of: &Value) -> String {
    of.as_str().unwrap_or_else(|| panic!("no text: {of}")).to_owned()
}

impl Scene {
    /// Starts a server, and lets so many attackers and administrators in.
    pub(super) fn with(attackers: usize, admins: usize) -> Self {
        Self::configured(&[], (attackers, admins))
    }

    /// The same of a server with more variables than usual.
    pub(super) fn configured(more: &[(&str, &str)], (attackers, admins): (usize, usize)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let proxy = ("NIJA_TRUSTED_PROXIES", "127.0.0.1");
        let variables: Vec<_> =
            variables().into_iter().chain([proxy]).chain(more.iter().copied()).collect();
        let server = Nija::start(folder.path(), &["serve"], &variables);
        server.after("\"serving\"");
        let address = server.address();
        let operations = operations(address);
        let (crowd, turn) = (Vec::new(), AtomicUsize::new(0));
        let mut scene = Self {
            server,
            address,
            operations,
            folder,
            attackers: crowd,
            admins: Vec::new(),
            turn,
        };
        scene.attackers = (0..attackers)
            .map(|n| scene.register(&format!("mallory{n}@example.com"), OWN_PASSWORD))
            .collect();
        scene.admins =
            (0..admins).map(|n| scene.appoint(&format!("admin{n}@example.com"))).collect();
        scene
    }

    fn person(&self, email: &str, tokens: &Value) -> Person {
        let token = text(&tokens["access_token"]);
        let get = |path| Call::to("GET", path).token(&token).send(self.address).good();
        let sessions = get("/api/v2/sessions");
        let mut rows = sessions["items"].as_array().unwrap().iter();
        let session = text(&rows.find(|row| row["current"] == true).unwrap()["id"]);
        let account = text(&get("/api/v2/me")["account_id"]);
        let (refresh, user) = (text(&tokens["refresh_token"]), text(&tokens["user_id"]));
        Person { email: email.to_owned(), token, refresh, user, account, session }
    }

    pub(super) fn register(&self, email: &str, password: &str) -> Person {
        let body = json!({
            "email": email, "password": password, "tier": "INVESTOR", "initial_capital": 1000
        });
        let reply = Call::to("POST", "/api/v2/register").json(body.to_string()).send(self.address);
        assert_eq!(reply.status, 201, "{reply:?}");
        self.person(email, &reply.json())
    }

    pub(super) fn login(&self, email: &str, password: &str) -> Person {
        let body = json!({"email": email, "password": password}).to_string();
        let reply = Call::to("POST", "/api/v2/login").json(body).send(self.address);
        self.person(email, &reply.good())
    }

    fn appoint(&self, email: &str) -> Person {
        crate::caller::appoint(self.folder.path(), email, OWN_PASSWORD);
        self.login(email, OWN_PASSWORD)
    }

    /// Sends a call as one of these people; whoever has asked too much is relieved by the next.
    pub(super) fn by(&self, people: &[Person], call: &Call) -> Reply {
        until("everybody has asked too much", || {
            let turn = self.turn.fetch_add(1, Ordering::Relaxed) % people.len();
            let reply = call.clone().token(&people[turn].token).send(self.address);
            (reply.status != 429).then_some(reply)
        })
    }

    /// Sends a call as whom it is meant for.
    pub(super) fn rightly(&self, operation: &Operation, call: &Call) -> Reply {
        match (operation.admin, operation.guarded) {
            (true, _) => self.by(&self.admins, call),
            (false, true) => self.by(&self.attackers, call),
            (false, false) => call.send(self.address),
        }
    }

    /// Holds an answer to what holds for all, and to be one that the description foretells.
    #[track_caller]
    pub(super) fn judge(&self, operation: &Operation, call: &Call, reply: &Reply) {
        sound(reply, call);
        let foretold = operation.statuses.contains(&reply.status);
        assert!(foretold, "{}: the description does not know {reply:?}", call.shown());
    }

    /// The server is still well, has complained of nothing, and stops as it should.
    pub(super) fn end(self) {
        let text = self.server.text();
        assert!(!text.contains("panicked") && !text.contains("\"ERROR\""), "{text}");
        self.server.signal("TERM");
        let (status, text) = self.server.end(std::time::Duration::from_secs(20));
        assert!(status.success(), "{text}");
    }
}

/// Somebody who trades, and what must not be seen or moved.
pub(super) struct Victim {
    pub(super) person: Person,
    /// Another session of the same person.
    pub(super) elsewhere: Person,
    /// An order that waits.
    pub(super) open: String,
    /// An order that was filled.
    pub(super) filled: String,
    /// The key that the filled one was placed with, and its body.
    pub(super) key: &'static str,
    pub(super) order: String,
}

impl Victim {
    pub(super) fn enter(scene: &Scene) -> Self {
        let person = scene.register("victim@example.com", PASSWORD);
        let elsewhere = scene.login("victim@example.com", PASSWORD);
        let call = |method: &str, path: &str, body: &Value| {
            Call::to(method, path).token(&person.token).json(body.to_string())
        };
        call("PUT", "/api/v2/autopilot", &json!({"enabled": false})).send(scene.address).good();
        let order = json!({"symbol": "BTC-USD", "side": "buy", "size": 50});
        let key = "the-key-of-the-victim";
        let bought = call("POST", "/api/v2/trade", &order).key(key).send(scene.address).good();
        let filled = text(&bought["order_id"]);
        let resting = json!({
            "symbol": "ETH-USD", "side": "buy", "size": 20,
            "order_type": "limit", "limit_price": 1, "time_in_force": "gtc"
        });
        let open = call("POST", "/api/v2/trade", &resting).send(scene.address).good();
        let open = text(&open["order_id"]);
        let victim = Self { person, elsewhere, open, filled, key, order: order.to_string() };
        until("the victim's orders did not settle", || {
            let state =
                |id: &str| victim.get(scene, &format!("/api/v2/orders/{id}"))["state"].clone();
            (state(&victim.filled) == "filled" && state(&victim.open) == "working").then_some(())
        });
        victim
    }

    pub(super) fn get(&self, scene: &Scene, path: &str) -> Value {
        let get = Call::to("GET", path).token(&self.person.token);
        until("the victim cannot ask", || {
            let reply = get.send(scene.address);
            // A row follows its answer: the views are behind the journal.
            (reply.status != 429).then(|| reply.json())
        })
    }

    /// Everything of the victim that prices do not move.
    pub(super) fn state(&self, scene: &Scene) -> Value {
        let mut state = json!({});
        for path in ["orders", "fills", "entries", "limits", "me", "sessions"] {
            state[path] = self.get(scene, &format!("/api/v2/{path}"));
        }
        let status = self.get(scene, "/api/v2/status");
        let kept = [
            "cash",
            "reserved",
            "open_orders",
            "tier",
            "risk_tolerance",
            "autopilot",
            "kill_switches",
        ];
        for field in kept {
            state[field] = status[field].clone();
        }
        let held = self.get(scene, "/api/v2/positions");
        state["held"] = json!([held["items"][0]["symbol"], held["items"][0]["qty"]]);
        assert!(state["held"][1].is_string(), "{state}");
        state
    }

    /// What names the victim and must never be in anybody else's answer.
    pub(super) fn names(&self) -> Vec<String> {
        let Person { email, user, account, session, .. } = self.person.clone();
        let ids = [email, user, account, session, self.elsewhere.session.clone()];
        ids.into_iter().chain([self.open.clone(), self.filled.clone()]).collect()
    }
}

/// The secret that the scene's server signs with.
pub(super) const SIGNED_WITH: &str = SECRET;
