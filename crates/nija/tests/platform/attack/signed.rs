//! The address that the payment provider calls: anybody may send to it, so only what is signed with the secret, and
//! lately, is read at all; and what is signed and odd harms nothing.

use super::bodies::malformed;
use super::document::Operation;
use super::scene::Scene;
use super::wire::{Call, MARK};
use crate::caller::Reply;
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

const SIGNS_WITH: &str = "whsec_9b2c7f51d0e84a63b7f10c95d2ae4418";
const STRIPE: [(&str, &str); 5] = [
    ("NIJA_PAYMENTS", "stripe"),
    ("STRIPE_SECRET_KEY", "rk_live_51Nb7qTRw0oLkP2vXz8sYc"),
    ("STRIPE_WEBHOOK_SECRET", SIGNS_WITH),
    ("NIJA_PAYMENTS_SUCCESS_URL", "https://nija.example/paid"),
    ("NIJA_PAYMENTS_CANCEL_URL", "https://nija.example/unpaid"),
];

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().try_into().unwrap()
}

/// The header over a body, as the provider makes it at this second.
fn signature(at: i64, body: &[u8]) -> String {
    nija_stripe_fake::signed(SIGNS_WITH, at, body)
}

/// The scene and the address.
struct Door {
    scene: Scene,
    operation: Operation,
}

impl Door {
    fn open() -> Self {
        let scene = Scene::configured(&STRIPE, (1, 1));
        let signed: Vec<_> = scene.operations.iter().filter(|o| o.signed).cloned().collect();
        let [operation] = <[Operation; 1]>::try_from(signed).ok().unwrap();
        assert!(!operation.guarded && !operation.admin);
        Self { scene, operation }
    }

    /// Sends a body under these signatures.
    fn told(&self, body: &[u8], signatures: &[&str]) -> Reply {
        let call = Call::to(&self.operation.method, &self.operation.template).json(body);
        let with = |call: Call, of: &&str| call.header("Stripe-Signature", of);
        let call = signatures.iter().fold(call, with);
        let reply = call.send(self.scene.address);
        self.scene.judge(&self.operation, &call, &reply);
        reply
    }

    #[track_caller]
    fn refused(&self, body: &[u8], signatures: &[&str]) {
        let reply = self.told(body, signatures);
        let outcome = (reply.status, reply.problem()["code"].clone());
        assert_eq!(outcome, (400, json!("webhook_refused")), "{signatures:?}: {reply:?}");
    }

    fn signed(&self, event: &Value) -> Reply {
        let body = event.to_string();
        self.told(body.as_bytes(), &[&signature(now(), body.as_bytes())])
    }

    fn audited(&self, action: &str) -> usize {
        let log = Call::to("GET", "/api/v2/admin/audit?limit=500");
        let log = self.scene.by(&self.scene.admins, &log).good();
        log["items"].as_array().unwrap().iter().filter(|line| line["action"] == action).count()
    }
}

#[test]
fn nothing_is_believed_without_the_secret() {
    let door = Door::open();
    let body = br#"{"id":"evt_1","object":"event","type":"checkout.session.completed"}"#;
    let right = signature(now(), body);
    let (time, rest) = right.split_once(',').unwrap();
    let mac = rest.split(',').next().unwrap();
    let twisted = mac.replace("v1=", "v0=");
    let long = format!("{time},{}", "v1=00,".repeat(1_000));
    let other = signature(now(), b"{}");
    let (early, late) = (signature(now() - 400, body), signature(now() + 400, body));
    for wrong in [
        "",
        "t=",
        "v1=",
        time,
        mac,
        &twisted,
        "t=1,v1=zz",
        "t=-1,v1=00",
        MARK,
        "' OR 1=1 --",
        "t=99999999999999999999,v1=00",
        &long,
        &other,
        &early,
        &late,
    ] {
        door.refused(body, &[wrong]);
    }
    door.refused(body, &[]);
    door.refused(&body[1..], &[&right]);
    let token = &door.scene.admins[0].token;
    let call = Call::to("POST", &door.operation.template).json(&body[..]).token(token);
    assert_eq!(call.send(door.scene.address).status, 400, "not even of an administrator");
    for bad in malformed() {
        let most = bad.len() > 65_536;
        let reply = door.told(&bad, &[]);
        assert_eq!(reply.status, if most { 413 } else { 400 }, "{reply:?}");
    }
    door.scene.end();
}

#[test]
fn what_is_signed_and_odd_harms_nothing() {
    let door = Door::open();
    for bad in malformed() {
        let reply = door.told(&bad, &[&signature(now(), &bad)]);
        assert!([200, 400, 413].contains(&reply.status), "{reply:?}");
    }
    let event = |kind: &str, object: Value| {
        json!({
            "id": "evt_1", "object": "event", "api_version": "2025-01-01", "created": now(),
            "livemode": true, "type": kind, "data": {"object": object}
        })
    };
    for kind in ["customer.created", "checkout.session.completed", "payment_intent.succeeded", "x"]
    {
        for object in [json!(null), json!([]), json!({}), json!({"id": MARK}), json!("text")] {
            let reply = door.signed(&event(kind, object.clone()));
            assert!([200, 400].contains(&reply.status), "{kind} {object}: {reply:?}");
        }
    }
    assert_eq!(door.audited("payment_received"), 0);
    let me = Call::to("GET", "/api/v2/subscription");
    let of = door.scene.by(&door.scene.attackers, &me).good();
    assert_eq!((&of["phase"], &of["credit"]), (&json!("trial"), &json!("0")), "{of}");
    door.scene.end();
}
