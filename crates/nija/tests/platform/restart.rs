//! What a stop and a crash leave behind, and what keeps a server from starting.

use crate::abuse::{SECRET, serve, variables};
use crate::caller::{Caller, PASSWORD};
use crate::child::{Nija, PATIENCE, until};
use nija_core::journal::Batch;
use nija_core::ports::Journal;
use nija_core::words::id::{PartitionId, Seq};
use nija_engine::clock::Simulated;
use nija_store::sqlite::{Database, Mode};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const USER: &str = "user@example.com";

/// What a user has, as it must be found again.
#[derive(Debug, PartialEq)]
struct Held {
    resting: Vec<String>,
    filled: Vec<String>,
    qty: Value,
    cash: Value,
    reserved: Value,
}

fn orders(user: &Caller, path: &str) -> Vec<Value> {
    user.get(path).good()["items"].as_array().unwrap().clone()
}

fn ids(rows: &[Value], state: &str) -> Vec<String> {
    let fits = rows.iter().filter(|row| row["state"] == state);
    fits.map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

impl Held {
    fn by(user: &Caller) -> Self {
        let rows = orders(user, "/api/v2/orders");
        let status = user.get("/api/v2/status").good();
        Self {
            resting: ids(&rows, "working"),
            filled: ids(&rows, "filled"),
            qty: user.get("/api/v2/positions").good()["items"][0]["qty"].clone(),
            cash: status["cash"].clone(),
            reserved: status["reserved"].clone(),
        }
    }

    /// Waits until the views show so many resting and filled orders.
    fn with(user: &Caller, resting: usize, filled: usize) -> Self {
        until("the orders are not what they should be", || {
            let held = Self::by(user);
            (held.resting.len() == resting && held.filled.len() == filled).then_some(held)
        })
    }
}

fn buy(user: &Caller, more: &Value) -> String {
    let mut order = json!({"symbol": "ETH-USD", "side": "buy", "size": 22});
    for (field, value) in more.as_object().unwrap() {
        order[field] = value.clone();
    }
    let placed = user.post("/api/v2/trade", &order).good();
    assert_eq!(placed["success"], true, "{placed}");
    placed["order_id"].as_str().unwrap().to_owned()
}

#[test]
fn orders_and_positions_outlive_stop_and_crash() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path());
    let user = Caller::register(server.address(), USER);
    user.put("/api/v2/autopilot", &json!({"enabled": false})).good();
    buy(&user, &json!({"symbol": "BTC-USD"}));
    // Far below the market: these rest.
    for limit in ["100", "101", "102"] {
        buy(&user, &json!({"order_type": "limit", "limit_price": limit, "time_in_force": "gtc"}));
    }
    let before = Held::with(&user, 3, 1);
    assert_ne!(before.qty, Value::Null);

    server.signal("TERM");
    let (status, text) = server.end(Duration::from_secs(10));
    assert_eq!(status.code(), Some(0), "{text}");
    assert!(text.contains("everything acknowledged is durable"), "{text}");

    let server = serve(folder.path());
    let user = Caller::login(server.address(), USER, PASSWORD);
    assert_eq!(Held::with(&user, 3, 1), before);
    // A second process must not write beside the first.
    let (status, text) = Nija::start(folder.path(), &["serve"], &variables()).end(PATIENCE);
    assert!(!status.success() && text.contains("held by another process"), "{text}");

    // The crash comes right behind an answer: what was answered is durable.
    let last =
        buy(&user, &json!({"order_type": "limit", "limit_price": "103", "time_in_force": "gtc"}));
    server.signal("KILL");
    let (status, _) = server.end(PATIENCE);
    assert_eq!(status.code(), None);

    let server = serve(folder.path());
    let user = Caller::login(server.address(), USER, PASSWORD);
    let after = Held::with(&user, 4, 1);
    assert_eq!(
        (&after.filled, &after.qty, &after.cash),
        (&before.filled, &before.qty, &before.cash)
    );
    assert!(after.resting.contains(&last), "{after:?}");
    a_resting_order_is_cancelled(&user, &last);
    let sold = user.delete("/api/v2/positions/BTC-USD").good();
    assert_eq!(sold["success"], true, "{sold}");
    until("the position was not sold", || {
        orders(&user, "/api/v2/positions").is_empty().then_some(())
    });
    server.signal("TERM");
    let (status, text) = server.end(Duration::from_secs(10));
    assert_eq!(status.code(), Some(0), "{text}");
}

fn a_resting_order_is_cancelled(user: &Caller, id: &str) {
    let path = format!("/api/v2/orders/{id}");
    user.delete(&path).good();
    until("the order was not cancelled", || {
        (user.get(&path).good()["state"] == "cancelled").then_some(())
    });
    assert_eq!(user.delete(&path).problem()["status"], 404);
}

#[test]
fn a_weak_secret_is_not_served_with() {
    let folder = tempfile::tempdir().unwrap();
    let example = "change_me_change_me_change_me_change_me";
    for (secret, said) in [
        ("", "JWT_SECRET_KEY: is not set"),
        ("short", "shorter than 32 bytes"),
        ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "128 bits of chance"),
        (example, "an example from a document"),
    ] {
        let weak = [("JWT_SECRET_KEY", secret), ("DATABASE_URL", "sqlite:nija.db")];
        let (status, text) = Nija::start(folder.path(), &["serve"], &weak).end(PATIENCE);
        assert!(!status.success() && text.contains(said), "{secret}: {text}");
        assert!(text.contains("openssl rand -hex 32"), "{text}");
        assert!(secret.is_empty() || secret == "short" || !text.contains(secret), "{text}");
    }
    assert!(!folder.path().join("nija.db").exists(), "it went further than the secret");
    assert!(SECRET.len() >= 32);
}

/// Brings database and log into one file, and gives the batches of a partition.
fn batches(path: &Path, copy: &Path, partition: PartitionId) -> Vec<Batch> {
    let database = Database::open(path, Mode::Reader, Arc::new(Simulated::default())).unwrap();
    if !copy.exists() {
        database.back_up(copy).unwrap();
    }
    let journal = database.journal();
    let mut all: Vec<Batch> = Vec::new();
    let read = async {
        loop {
            let after = all.last().map_or(Seq(0), |batch| batch.seq);
            let next = journal.read(partition, after, 1_000).await.unwrap();
            if next.is_empty() {
                return;
            }
            all.extend(next);
        }
    };
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(read);
    all
}

#[test]
fn a_flipped_byte_keeps_the_server_from_starting() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nija.db");
    let server = serve(folder.path());
    let user = Caller::register(server.address(), USER);
    for amount in 1..20 {
        user.post("/api/v2/deposits", &json!({"amount": amount})).good();
    }
    server.signal("TERM");
    assert_eq!(server.end(Duration::from_secs(10)).0.code(), Some(0));

    let copy = folder.path().join("copy.db");
    let all = [PartitionId(0), PartitionId(1)].map(|partition| batches(&path, &copy, partition));
    let mut file = std::fs::read(&copy).unwrap();
    // A body that stands in the file once and on one page.
    let places = |batch: &Batch| {
        let windows = file.windows(batch.body.len()).enumerate();
        windows.filter(|(_, window)| *window == batch.body).map(|(at, _)| at).collect::<Vec<_>>()
    };
    let fits = |batch: &&Batch| (16..1_500).contains(&batch.body.len());
    let mut whole = all.iter().flatten().filter(fits);
    let (batch, at) = whole
        .find_map(|batch| match places(batch)[..] {
            [at] => Some((batch, at)),
            _ => None,
        })
        .unwrap();
    file[at + batch.body.len() / 2] ^= 1;
    std::fs::write(&path, file).unwrap();
    for log in ["nija.db-wal", "nija.db-shm"] {
        // What it held is in the copy; it is gone already where the last one to leave has taken it along.
        let _ = std::fs::remove_file(folder.path().join(log));
    }

    let (status, text) = Nija::start(folder.path(), &["serve"], &variables()).end(PATIENCE);
    assert!(!status.success(), "{text}");
    let refused = text.lines().find(|line| line.contains("recovery refused to start"));
    let refused = refused.unwrap_or_else(|| panic!("{text}"));
    assert!(refused.contains("nija verify"), "{refused}");
    let numbers: Vec<u64> = refused
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|digits| digits.parse().ok())
        .collect();
    assert_eq!(numbers[..2], [batch.partition.0.into(), batch.seq.0], "{refused}");
}
