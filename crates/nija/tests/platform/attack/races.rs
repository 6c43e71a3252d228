//! The same thing from many connections at once: it happens once, and everybody hears of the same.

use super::scene::{OWN_PASSWORD, Person, Scene};
use super::wire::{Call, sound};
use crate::caller::Reply;
use crate::child::until;
use serde_json::{Value, json};
use std::sync::Barrier;

const AT_ONCE: usize = 32;

/// Sends all calls at the same moment, each over a connection of its own.
fn at_once(scene: &Scene, calls: &[Call]) -> Vec<Reply> {
    let start = Barrier::new(calls.len());
    let replies: Vec<Reply> = std::thread::scope(|scope| {
        let (start, address) = (&start, scene.address);
        let threads: Vec<_> = calls
            .iter()
            .map(|call| {
                scope.spawn(move || {
                    start.wait();
                    call.send(address)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for (reply, call) in replies.iter().zip(calls) {
        // A full queue is an answer, too.
        if reply.status != 503 {
            sound(reply, call);
        }
    }
    replies
}

fn with_status(replies: &[Reply], status: u16) -> Vec<&Reply> {
    replies.iter().filter(|reply| reply.status == status).collect()
}

/// Asks until there is an answer that is not about haste.
fn get(scene: &Scene, of: &Person, path: &str) -> Value {
    scene.by(std::slice::from_ref(of), &Call::to("GET", path)).good()
}

fn trade(of: &Person, key: &str, size: u32) -> Call {
    let order = json!({
        "symbol": "BTC-USD", "side": "buy", "size": size,
        "order_type": "limit", "limit_price": 1, "time_in_force": "gtc"
    });
    Call::to("POST", "/api/v2/trade").token(&of.token).key(key).json(order.to_string())
}

fn orders(scene: &Scene, of: &Person) -> Vec<Value> {
    get(scene, of, "/api/v2/orders?limit=200")["items"].as_array().unwrap().clone()
}

#[test]
fn one_key_places_one_order() {
    let scene = Scene::with(2, 0);
    let me = &scene.attackers[0];
    let replies = at_once(&scene, &vec![trade(me, "one-key", 20); AT_ONCE]);
    let mut ids: Vec<Value> =
        with_status(&replies, 200).iter().map(|reply| reply.json()["order_id"].clone()).collect();
    assert!(ids.len() > 1, "{replies:?}");
    ids.dedup();
    assert_eq!(ids.len(), 1, "one key, several orders: {ids:?}");
    until("the order is not listed", || (!orders(&scene, me).is_empty()).then_some(()));
    assert_eq!(orders(&scene, me).len(), 1);

    // One key for two different orders: one of them wins, and the other is told.
    let other = &scene.attackers[1];
    let calls: Vec<Call> = (0..AT_ONCE).map(|n| trade(other, "two", 20 + n as u32 % 2)).collect();
    let replies = at_once(&scene, &calls);
    let taken: Vec<Value> =
        with_status(&replies, 200).iter().map(|reply| reply.json()["order_id"].clone()).collect();
    assert!(taken.windows(2).all(|pair| pair[0] == pair[1]), "{taken:?}");
    for reply in with_status(&replies, 409) {
        assert_eq!(reply.problem()["code"], "idempotency_key_reused");
    }
    until("the order is not listed", || (!orders(&scene, other).is_empty()).then_some(()));
    assert_eq!(orders(&scene, other).len(), 1);
    scene.end();
}

#[test]
fn money_is_paid_out_once_and_sold_once() {
    let scene = Scene::with(2, 0);
    let me = &scene.attackers[0];
    let out = Call::to("POST", "/api/v2/withdrawals").token(&me.token);
    let out = out.json(json!({"amount": 300}).to_string());
    let replies = at_once(&scene, &vec![out; AT_ONCE]);
    assert_eq!(with_status(&replies, 200).len(), 3, "{replies:?}");
    assert_eq!(get(&scene, me, "/api/v2/status")["cash"], "100");

    // Two orders that fit one at a time only.
    let other = &scene.attackers[1];
    let bought = Call::to("POST", "/api/v2/trade").token(&other.token);
    let bought = bought.json(json!({"symbol": "BTC-USD", "side": "buy", "size": 60}).to_string());
    let id = bought.send(scene.address).good()["order_id"].as_str().unwrap().to_owned();
    until("the order was not filled", || {
        let row = Call::to("GET", &format!("/api/v2/orders/{id}")).token(&other.token);
        let row = row.send(scene.address);
        (row.status == 200 && row.json()["state"] == "filled").then_some(())
    });
    let close = Call::to("DELETE", "/api/v2/positions/BTC-USD").token(&other.token);
    at_once(&scene, &vec![close; AT_ONCE]);
    let sold = until("the position was not sold", || {
        let rows = orders(&scene, other);
        let sold: Vec<Value> = rows.into_iter().filter(|row| row["side"] == "sell").collect();
        sold.iter().any(|row| row["state"] == "filled").then_some(sold)
    });
    let total = |rows: &[Value], field: &str| -> f64 {
        rows.iter().map(|row| row[field].as_str().unwrap().parse::<f64>().unwrap()).sum()
    };
    let row = get(&scene, other, &format!("/api/v2/orders/{id}"));
    assert!((total(&sold, "qty") - total(&[row], "filled_qty")).abs() < 1e-12, "{sold:?}");
    scene.end();
}

#[test]
fn a_refresh_token_works_once() {
    let scene = Scene::with(1, 0);
    let me = &scene.attackers[0];
    let refresh = |token: &str| {
        Call::to("POST", "/api/v2/token/refresh").json(json!({"refresh_token": token}).to_string())
    };
    let replies = at_once(&scene, &vec![refresh(&me.refresh); AT_ONCE / 2]);
    let won = with_status(&replies, 200);
    assert!(won.len() <= 1, "{won:?}");
    // The others were reuses, so the family is over: whoever won has nothing.
    let mut tokens = vec![me.token.clone()];
    if let Some(won) = won.first() {
        tokens.push(won.json()["access_token"].as_str().unwrap().to_owned());
        let next = won.json()["refresh_token"].as_str().unwrap().to_owned();
        assert_eq!(refresh(&next).send(scene.address).problem()["code"], "session_ended");
    }
    for token in tokens {
        let reply = Call::to("GET", "/api/v2/me").token(&token).send(scene.address);
        assert_eq!(reply.problem()["status"], 401);
    }
    assert_eq!(scene.login(&me.email, OWN_PASSWORD).user, me.user, "the owner logs in again");
    scene.end();
}

#[test]
fn an_address_is_registered_once() {
    let scene = Scene::with(0, 1);
    let before = get(&scene, &scene.admins[0], "/api/v2/admin/users")["count"].as_u64().unwrap();
    let spelled = ["new@example.com", "NEW@example.com", "New@Example.COM"];
    let calls: Vec<Call> = (0..AT_ONCE / 2)
        .map(|n| {
            let body = json!({
                "email": spelled[n % 3], "password": OWN_PASSWORD, "tier": "SAVER", "initial_capital": 7
            });
            Call::to("POST", "/api/v2/register").json(body.to_string())
        })
        .collect();
    let replies = at_once(&scene, &calls);
    let won = with_status(&replies, 201);
    assert!(won.len() <= 1, "{won:?}");
    let lost = with_status(&replies, 409).len() + with_status(&replies, 503).len();
    assert_eq!(won.len() + lost, calls.len(), "{replies:?}");
    let after = get(&scene, &scene.admins[0], "/api/v2/admin/users")["count"].as_u64().unwrap();
    assert_eq!(after, before + 1);
    let me = scene.login("new@example.com", OWN_PASSWORD);
    assert_eq!(get(&scene, &me, "/api/v2/status")["cash"], "7", "paid in once");
    scene.end();
}

#[test]
fn guesses_at_once_gain_nothing() {
    let scene = Scene::with(1, 0);
    let body = json!({"email": scene.attackers[0].email, "password": "a wrong password of mine"});
    let call = Call::to("POST", "/api/v2/login").json(body.to_string());
    let replies = at_once(&scene, &vec![call; AT_ONCE]);
    // Five are free; the sixth waits a second, whatever the address.
    let judged = with_status(&replies, 401).len();
    assert!((1..=6).contains(&judged), "{judged} guesses were judged: {replies:?}");
    scene.end();
}
