//! Many orders in one request: each is answered as it would have been alone, in order; repeats place nothing; what
//! is no list is refused whole.

use crate::world::{Reply, World, call, token, trade, world};
use axum::http::StatusCode;
use nija_core::ports::DeskError;
use serde_json::{Value, json};

const PATH: &str = "/api/v2/orders/batch";

async fn send(world: &World, token: &str, orders: &[Value]) -> Reply {
    call("POST", PATH).token(token).json(&json!({ "orders": orders })).send(world).await
}

async fn keyed(world: &World, token: &str, key: &str, orders: &[Value]) -> Value {
    let post = call("POST", PATH).token(token).json(&json!({ "orders": orders }));
    let reply = post.header("idempotency-key", key).send(world).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    reply.json()
}

/// An order with one member changed or added.
fn with(name: &str, value: Value) -> Value {
    let mut order = trade();
    order[name] = value;
    order
}

/// Codes of the answers; `approved` and the refusals' codes where there is no problem.
fn said(body: &Value) -> Vec<String> {
    let one = |answer: &Value| {
        let code = match answer["success"].as_bool() {
            Some(true) => &Value::from("approved"),
            Some(false) => &answer["refusal"]["code"],
            None => &answer["code"],
        };
        code.as_str().unwrap().to_owned()
    };
    body["answers"].as_array().unwrap().iter().map(one).collect()
}

fn placed(world: &World) -> (u64, u64) {
    let memory = world.desks.memory.lock().unwrap();
    (memory.orders, memory.batches)
}

#[tokio::test]
async fn each_order_is_answered_as_it_would_have_been_alone() {
    let world = world();
    let token = token(&world, "user@example.com").await;
    let orders = [
        trade(),
        with("size", json!(500)),
        with("size", json!(-1)),
        with("symbol", json!("NONE")),
        with("is_admin", json!(true)),
        json!([1, {"a": 2}]),
        json!("a string, \" with } brackets ]"),
        with("side", json!("sell")),
        trade(),
    ];
    let reply = send(&world, &token, &orders).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    let body = reply.json();
    let expected = [
        "approved",
        "POSITION_LIMIT",
        "invalid_field",
        "unknown_symbol",
        "unknown_field",
        "malformed_json",
        "malformed_json",
        "approved",
        "approved",
    ];
    assert_eq!(said(&body), expected);
    let counts = [&body["approved"], &body["refused"], &body["failed"]];
    assert_eq!(counts, [&json!(3), &json!(1), &json!(5)]);
    assert_eq!(body["rate_limited_from"], Value::Null);
    assert_eq!(placed(&world), (3, 1), "three orders by one way to the desk");

    let alone = call("POST", "/api/v2/trade").token(&token).json(&orders[1]).send(&world).await;
    assert_eq!(body["answers"][1], alone.json());
    let alone = call("POST", "/api/v2/trade").token(&token).json(&orders[2]).send(&world).await;
    let mut alone = alone.json();
    alone.as_object_mut().unwrap().remove("request_id").unwrap();
    assert_eq!(body["answers"][2], alone);
}

#[tokio::test]
async fn a_repeat_answers_the_same_and_places_nothing() {
    let world = world();
    let token = token(&world, "user@example.com").await;
    let orders = [trade(), with("size", json!(500)), trade(), with("size", json!(0))];
    let first = keyed(&world, &token, "b-1", &orders).await;
    assert_eq!(placed(&world).0, 2);
    assert_eq!(keyed(&world, &token, "b-1", &orders).await, first);
    assert_eq!(placed(&world).0, 2);

    // Another order in a place that was used is refused; the others keep their answers.
    let mut other = orders.clone();
    other[0] = with("size", json!(90));
    let second = keyed(&world, &token, "b-1", &other).await;
    assert_eq!(said(&second)[0], "idempotency_key_reused");
    assert_eq!(second["answers"][2], first["answers"][2]);
    assert_eq!(placed(&world).0, 2);
    keyed(&world, &token, "b-2", &orders).await;
    assert_eq!(placed(&world).0, 4);
}

#[tokio::test]
async fn an_order_has_one_name_wherever_it_is_sent() {
    let world = world();
    let token = token(&world, "user@example.com").await;
    let named = with("client_order_id", json!("mine-1"));
    let first = keyed(&world, &token, "b-1", &[named.clone(), trade()]).await;
    assert_eq!(placed(&world).0, 2);
    // In another batch, in another place, alone with its name in the body, and alone with it in the header.
    let again = keyed(&world, &token, "b-9", &[with("size", json!(0)), named.clone()]).await;
    assert_eq!(again["answers"][1], first["answers"][0]);
    let alone = call("POST", "/api/v2/trade").token(&token);
    let alone = alone.json(&named).send(&world).await;
    assert_eq!(alone.json(), first["answers"][0]);
    let header = call("POST", "/api/v2/trade").token(&token).header("idempotency-key", "mine-1");
    assert_eq!(header.json(&trade()).send(&world).await.json(), first["answers"][0]);
    assert_eq!(placed(&world).0, 2);

    let twice =
        [with("client_order_id", json!("mine-2")), with("client_order_id", json!("mine-2"))];
    let twice = send(&world, &token, &twice).await.json();
    assert_eq!(twice["answers"][0], twice["answers"][1]);
    assert_eq!(placed(&world).0, 3);

    for wrong in [json!(""), json!("a b"), json!(7), json!("x".repeat(65)), json!("a/0")] {
        let body = send(&world, &token, &[with("client_order_id", wrong)]).await.json();
        assert_eq!(body["answers"][0]["field"], "client_order_id");
    }
    let both = call("POST", "/api/v2/trade").token(&token).header("idempotency-key", "mine-3");
    let both = both.json(&named).send(&world).await;
    assert_eq!(both.json()["field"], "client_order_id");
}

#[tokio::test]
async fn what_is_no_list_is_refused_whole() {
    let world = world();
    let token = token(&world, "user@example.com").await;
    let one = trade().to_string();
    let table = [
        (String::new(), 400, "malformed_json"),
        ("[]".to_owned(), 400, "malformed_json"),
        (format!("{{\"orders\":[{one}]"), 400, "malformed_json"),
        (format!("{{\"orders\":[{one}}}"), 400, "malformed_json"),
        (format!("{{\"orders\":[{one},]}}"), 400, "malformed_json"),
        (format!("{{\"orders\":[{one} {one}]}}"), 400, "malformed_json"),
        (format!("{{\"orders\":[{one}]}} x"), 400, "malformed_json"),
        (format!("{{\"orders\":[{one}],\"orders\":[{one}]}}"), 400, "duplicate_key"),
        (format!("{{\"orders\":[{one}],\"x\":1}}"), 422, "unknown_field"),
        (format!("{{\"order\":[{one}]}}"), 422, "unknown_field"),
        (format!("{{\"orders\":{one}}}"), 422, "invalid_field"),
        ("{\"orders\":[]}".to_owned(), 422, "invalid_field"),
        (format!("{{\"orders\":[{}1]}}", "1,".repeat(500)), 422, "invalid_field"),
        (" ".repeat(256 * 1024 + 1), 413, "too_large"),
    ];
    for (body, status, code) in table {
        let shown = body.chars().take(60).collect::<String>();
        let reply = call("POST", PATH).token(&token).raw(body).send(&world).await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (status, code), "{shown}");
    }
    assert_eq!(placed(&world), (0, 0));
    let stranger = call("POST", PATH).json(&json!({"orders": [trade()]})).send(&world).await;
    assert_eq!(stranger.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_large_list_is_taken() {
    let world = world();
    let token = token(&world, "user@example.com").await;
    // 500 sales of nearly 500 bytes each: within 256 KiB, and beyond the 64 KiB of every other body.
    let sale = with("side", json!("sell"));
    let padded = format!("{{{}{}", " ".repeat(380), &sale.to_string()[1..]);
    let body = format!("{{\"orders\":[{}{padded}]}}", format!("{padded},").repeat(499));
    assert!(body.len() > 200 * 1024, "{}", body.len());
    let reply = call("POST", PATH).token(&token).raw(body.clone()).send(&world).await;
    assert_eq!(reply.status, StatusCode::OK);
    let trade = call("POST", "/api/v2/trade").token(&token).raw(body).send(&world).await;
    assert_eq!(trade.code(), "too_large");
}

#[tokio::test]
async fn entries_pay_one_by_one_and_sales_from_their_own_budget() {
    let world = world();
    let token = token(&world, "user@example.com").await;
    // INVESTOR: 20 entries a second, 40 at once.
    let mut orders = vec![trade(); 60];
    orders[45] = with("side", json!("sell"));
    orders[59] = with("side", json!("sell"));
    orders[3] = with("size", json!(-1));
    let body = send(&world, &token, &orders).await.json();
    let from = body["rate_limited_from"].as_u64().unwrap();
    assert!((40..45).contains(&from), "{from}");
    let answers = body["answers"].as_array().unwrap();
    let first = &answers[usize::try_from(from).unwrap()];
    assert_eq!((&first["code"], &first["status"]), (&json!("rate_limited"), &json!(429)));
    assert!(first["retry_after"].as_u64().unwrap() >= 1);
    assert!(first["detail"].as_str().unwrap().contains("from this entry on"), "{first}");
    for (n, answer) in answers.iter().enumerate().skip(usize::try_from(from).unwrap()) {
        let sale = n == 45 || n == 59;
        assert_eq!(answer["success"] == true, sale, "{n}: {answer}");
    }
    // The budget is used up for single orders, too, and not for sales.
    let alone = call("POST", "/api/v2/trade").token(&token).json(&trade()).send(&world).await;
    assert_eq!(alone.code(), "rate_limited");
    let sale = with("side", json!("sell"));
    let sale = call("POST", "/api/v2/trade").token(&token).json(&sale).send(&world).await;
    assert_eq!(sale.status, StatusCode::OK);
}

#[tokio::test]
async fn a_desk_that_does_not_answer_fails_the_whole_batch() {
    let world = world();
    let token = token(&world, "user@example.com").await;
    send(&world, &token, &[trade()]).await;
    world.desks.memory.lock().unwrap().broken = Some(DeskError::Busy);
    let reply = send(&world, &token, &[trade()]).await;
    assert_eq!((reply.status.as_u16(), reply.code().as_str()), (503, "busy"));
}
