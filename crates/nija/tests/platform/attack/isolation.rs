//! What belongs to somebody else: not seen, not moved, and not even told apart from what does not exist.

use super::document::Operation;
use super::scene::{Scene, Victim};
use super::wire::Call;
use crate::child::until;
use serde_json::{Value, json};

/// Where a careless server would believe a caller about who they are.
fn decoys(call: Call, victim: &Victim) -> Call {
    let of = &victim.person;
    [
        ("X-User-Id", of.user.as_str()),
        ("X-Account-Id", &of.account),
        ("X-Tenant", &of.account),
        ("X-Forwarded-User", &of.email),
        ("X-Remote-User", &of.email),
        ("X-Original-URL", "/api/v2/admin/audit"),
        ("X-Rewrite-URL", "/api/v2/admin/audit"),
        ("X-HTTP-Method-Override", "GET"),
        ("X-Role", "admin"),
        ("Forwarded", "for=127.0.0.1"),
    ]
    .into_iter()
    .fold(call, |call, (name, value)| call.header(name, value))
}

#[test]
fn nothing_of_another_tenant_is_seen_or_moved() {
    let scene = Scene::with(12, 0);
    let victim = Victim::enter(&scene);
    let before = victim.state(&scene);
    let names = victim.names();
    let ids = [names.clone(), vec!["BTC-USD".to_owned()]].concat();
    for operation in scene.operations.iter().filter(|operation| operation.guarded) {
        // Logging out is the attacker's own affair.
        if operation.template.ends_with("/logout") {
            continue;
        }
        let ids = if operation.is_named() { &ids[..] } else { &ids[..1] };
        for id in ids {
            let mut call = Call::to(&operation.method, &operation.path(id));
            if let Some(body) = &operation.body {
                call = call.json(body.example.to_string());
            }
            let reply = scene.by(&scene.attackers, &decoys(call.clone(), &victim));
            scene.judge(operation, &call, &reply);
            if operation.admin {
                assert_eq!(reply.status, 403, "{}: {reply:?}", call.shown());
            } else if operation.is_named() {
                assert!([404, 422].contains(&reply.status), "{}: {reply:?}", call.shown());
            }
            for name in names.iter().filter(|name| !call.path.contains(*name)) {
                assert!(!reply.text.contains(name), "{} shows {name}: {reply:?}", call.shown());
            }
        }
    }
    assert_eq!(victim.state(&scene), before);
    scene.end();
}

#[test]
fn a_foreign_id_is_answered_like_one_that_does_not_exist() {
    let scene = Scene::with(4, 0);
    let victim = Victim::enter(&scene);
    let plain = |reply: &crate::caller::Reply| {
        let mut problem = reply.problem();
        problem.as_object_mut().unwrap().remove("request_id");
        problem
    };
    for operation in scene.operations.iter().filter(|o| o.is_named() && !o.admin) {
        let ask = |id: &str| {
            scene.by(&scene.attackers, &Call::to(&operation.method, &operation.path(id)))
        };
        let (foreign, nobodys) = match operation.template.rsplit('/').nth(1) {
            Some("sessions") => (&victim.person.session, "00000000000000000000000000000001"),
            Some("positions") => (&"BTC-USD".to_owned(), "SOL-USD"),
            _ => (&victim.open, "0001000000ffffff"),
        };
        assert_eq!(plain(&ask(foreign)), plain(&ask(nobodys)), "{}", operation.template);
    }
    scene.end();
}

#[test]
fn a_copy_of_somebody_else_is_no_copy_at_all() {
    let scene = Scene::with(6, 0);
    let victim = Victim::enter(&scene);
    let (master, others) = scene.attackers.split_first().unwrap();
    let own = |person: &super::scene::Person, method: &str, path: &str, body: &Value| {
        let call = Call::to(method, &format!("/api/v2/copy/{path}")).token(&person.token);
        call.json(body.to_string()).send(scene.address)
    };
    own(master, "POST", "master", &json!({"accept_disclosure": 1})).good();
    own(&victim.person, "POST", &master.account, &json!({"amount": 100})).good();
    let copy = Call::to("GET", &format!("/api/v2/copy/{}", master.account));
    let copy = copy.token(&victim.person.token).send(scene.address).good();
    let sleeve = copy["account"].as_str().unwrap();
    until("the money for the copy was not booked", || {
        let entries = victim.state(&scene)["entries"].to_string();
        entries.contains("copy_funding").then_some(())
    });
    let before = victim.state(&scene);
    let copies =
        scene.operations.iter().filter(|o| o.template.starts_with("/api/v2/copy/{master}"));
    let mut asked = 0;
    for operation in copies {
        // The master may be copied by everybody; the sleeve by nobody.
        let begins = operation.method == "POST" && operation.template.ends_with("{master}");
        for id in [&master.account[..], sleeve].iter().skip(usize::from(begins)) {
            let path = operation.template.replace("{master}", id).replace("{symbol}", "BTC-USD");
            let mut call = Call::to(&operation.method, &path);
            if let Some(body) = &operation.body {
                call = call.json(body.example.to_string());
            }
            let reply = scene.by(others, &decoys(call.clone(), &victim));
            assert_eq!(reply.status, 404, "{}: {reply:?}", call.shown());
            scene.judge(operation, &call, &reply);
            asked += 1;
        }
    }
    assert!(asked >= 20, "{asked}");
    let page = Call::to("GET", &format!("/api/v2/copy/masters/{}", master.account));
    let page = scene.by(others, &page).good();
    assert!(page["holdings"].is_null() && !page.to_string().contains(&master.user), "{page}");
    assert_eq!(victim.state(&scene), before);
    scene.end();
}

#[test]
fn keys_and_cursors_of_others_open_nothing() {
    let scene = Scene::with(6, 0);
    let victim = Victim::enter(&scene);
    let before = victim.state(&scene);
    let names = victim.names();
    let listed = Call::to("GET", "/api/v2/entries?limit=1").token(&victim.person.token);
    let cursor = listed.send(scene.address).good()["next_cursor"].as_str().unwrap().to_owned();
    let paged = |o: &&Operation| !o.admin && o.query.iter().any(|name| name == "cursor");
    for operation in scene.operations.iter().filter(paged) {
        let cursors = [&cursor, "c7fffffffffffffff", "c0000000000000000", "c0000000000000001"];
        for cursor in cursors {
            let path = operation.path(&victim.person.account);
            let call = Call::to("GET", &format!("{path}?limit=200&cursor={cursor}"));
            let reply = scene.by(&scene.attackers, &call);
            // A copy that there never was has no lists.
            let status = if operation.is_named() { 404 } else { 200 };
            assert_eq!(reply.status, status, "{}: {reply:?}", call.shown());
            for name in names.iter().filter(|name| !call.path.contains(*name)) {
                assert!(!reply.text.contains(name), "{} shows {name}: {reply:?}", call.shown());
            }
        }
    }
    // The victim's key is anybody's to use: it names another order for everyone.
    let me = &scene.attackers[0];
    let mine = Call::to("POST", "/api/v2/trade").token(&me.token).key(victim.key);
    let reply = mine.json(victim.order.clone()).send(scene.address).good();
    assert!(reply["order_id"].is_string() && reply["order_id"] != victim.filled, "{reply}");
    // The victim's own repeat is still the first answer.
    let again = Call::to("POST", "/api/v2/trade").token(&victim.person.token).key(victim.key);
    let again = again.json(victim.order.clone()).send(scene.address).good();
    assert_eq!(again["order_id"], victim.filled);
    assert_eq!(victim.state(&scene), before);
    scene.end();
}

#[test]
fn users_are_no_administrators() {
    let scene = Scene::with(6, 1);
    let victim = Victim::enter(&scene);
    let before = victim.state(&scene);
    let bodies = [
        json!({"tier": "BALLER"}),
        json!({"scope": "account", "of": victim.person.account, "reason": "an attack"}),
        json!({"scope": "platform", "reason": "an attack", "flatten": true}),
        json!({"scope": "account", "of": victim.person.account, "reason": "an attack", "flatten": true}),
        json!({}),
    ];
    let mut guarded = 0;
    for operation in scene.operations.iter().filter(|operation| operation.admin) {
        guarded += 1;
        for body in &bodies {
            let mut call = Call::to(&operation.method, &operation.path(&victim.person.user));
            if operation.body.is_some() {
                call = call.json(body.to_string());
            }
            let reply = scene.by(&scene.attackers, &call);
            assert_eq!(reply.problem()["code"], "forbidden", "{}: {reply:?}", call.shown());
            scene.judge(operation, &call, &reply);
        }
    }
    assert!(guarded >= 6);
    let admin_paths = scene.operations.iter().filter(|o| o.template.contains("/admin"));
    assert!(admin_paths.clone().all(|operation| operation.admin && operation.guarded));
    // Detours to the same addresses.
    for path in [
        "/api/v2/admin/audit/",
        "/api/v2//admin/audit",
        "/api/v2/./admin/audit",
        "/api/v2/me/../admin/audit",
        "/api/v2/admin%2faudit",
        "/api/v2/%61dmin/audit",
        "/api/v2/ADMIN/audit",
        "/api/v2/admin/audit;x=1",
        "/api/v2/admin/audit%00",
        "/api/v2/admin/audit.json",
        "/api/v2/admin/audit%20",
        "//api/v2/admin/audit",
        "/api/v2/admin/%2e%2e/admin/audit",
        "/api/v2/me%2f..%2fadmin%2faudit",
        "/API/v2/admin/audit",
    ] {
        let reply = scene.by(&scene.attackers, &Call::to("GET", path));
        assert!([403, 404].contains(&reply.status), "{path}: {reply:?}");
        reply.problem();
    }
    assert_eq!(victim.state(&scene), before);
    scene.end();
}

#[test]
fn nobody_makes_themselves_more_than_they_are() {
    let scene = Scene::with(8, 8);
    let fields: [(&str, Value); 14] = [
        ("role", json!("admin")),
        ("is_admin", json!(true)),
        ("user_id", json!(scene.admins[0].user)),
        ("account", json!(scene.admins[0].account)),
        ("account_id", json!(scene.admins[0].account)),
        ("id", json!(scene.admins[0].user)),
        ("balance", json!(1_000_000)),
        ("cash", json!(1_000_000)),
        ("equity", json!(1_000_000)),
        ("active", json!(true)),
        ("created_at", json!("1970-01-01T00:00:00Z")),
        ("risk_level", json!("low")),
        ("approved", json!(true)),
        ("__proto__", json!({"role": "admin"})),
    ];
    for operation in scene.operations.iter().filter(|operation| operation.body.is_some()) {
        let body = operation.body.as_ref().unwrap();
        for (name, value) in &fields {
            for example in enriched(&body.example, name, value) {
                let call = Call::to(&operation.method, &operation.path(&scene.attackers[0].user));
                let call = call.json(example.to_string());
                let reply = scene.rightly(operation, &call);
                let refused = (422, "unknown_field".to_owned());
                assert_eq!(reply.outcome(), refused, "{}: {reply:?}", call.shown());
                scene.judge(operation, &call, &reply);
            }
        }
    }
    for person in &scene.attackers {
        let get = |path| scene.by(std::slice::from_ref(person), &Call::to("GET", path)).good();
        let me = get("/api/v2/me");
        assert_eq!((&me["role"], &me["tier"]), (&json!("user"), &json!("INVESTOR")));
        assert_eq!(get("/api/v2/status")["cash"], "1000");
    }
    scene.end();
}

/// The body with one more field, at its outside and in every object inside.
fn enriched(body: &Value, name: &str, value: &Value) -> Vec<Value> {
    let mut all = Vec::new();
    match body {
        Value::Object(members) => {
            let mut more = body.clone();
            more[name] = value.clone();
            all.push(more);
            for (key, member) in members {
                for changed in enriched(member, name, value) {
                    let mut more = body.clone();
                    more[key] = changed;
                    all.push(more);
                }
            }
        }
        Value::Array(items) => {
            for (n, item) in items.iter().enumerate() {
                for changed in enriched(item, name, value) {
                    let mut more = body.clone();
                    more[n] = changed;
                    all.push(more);
                }
            }
        }
        _ => {}
    }
    all
}
