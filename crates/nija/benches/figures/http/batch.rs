//! Orders in batches: what one costs from its JSON to its JSON, durable in between, with all that follows in the
//! same process: gateway, venue, acknowledgement and fill, and the views.

use super::load::{Load, Template};
use super::{PAIRS, SYMBOLS, Server, Side, user};
use crate::Scale;
use crate::figure::{Better, Figure, Goal};
use crate::scene;
use anyhow::Result;
use serde_json::json;
use std::time::Duration;

/// Orders in a request.
const SIZES: [usize; 2] = [100, 500];
/// Users, each on a connection: an account has at most 200 open orders, and a price comes every 100 ms.
const USERS: usize = 64;

pub(crate) fn batch(scale: &Scale) -> Result<Vec<Figure>> {
    let time = Duration::from_millis(u64::from(scale.of(3_000)));
    scene::block(async {
        let folder = tempfile::tempdir()?;
        let nija = Server::nija(folder.path()).await?;
        let mut tokens = Vec::with_capacity(USERS);
        for n in 0..USERS {
            tokens.push(user(&nija, n).await?);
        }
        let mut sides = SIZES.map(|size| {
            let of = |token: &String| Template::order("/api/v2/orders/batch", token, &body(size));
            Side::new("batch", &nija, tokens.iter().map(of).collect())
        });
        let mut keys = 1;
        for side in &mut sides {
            side.warm(time / 3, &mut keys).await?;
        }
        for _ in 0..PAIRS {
            for side in &mut sides {
                side.round(time, &mut keys).await?;
            }
        }
        Ok(sides.iter().zip(SIZES).flat_map(|(side, size)| figures(side, size)).collect())
    })?
}

fn body(size: usize) -> String {
    let order =
        |n: usize| json!({"symbol": SYMBOLS[n % SYMBOLS.len()], "side": "buy", "size": 100});
    json!({"orders": (0..size).map(order).collect::<Vec<_>>()}).to_string()
}

fn figures(side: &Side<'_>, size: usize) -> Vec<Figure> {
    let new = |name: &str, unit, values| {
        Figure::new("batch", format!("{name}, {size} a request"), unit, values)
    };
    let a_core = |us: &f64| 1e6 / us;
    let all: Vec<f64> = side.order_us.iter().map(|us| us.0).collect();
    let own: Vec<f64> = side.order_us.iter().map(|us| us.1).collect();
    let goal = || Goal::value("P8", Better::More, 200_000.0, 1_000_000.0);
    let share = |load: &Load| 100.0 * load.approved as f64 / load.decided.max(1) as f64;
    vec![
        new("durable orders a second of processor", "1/s", all.iter().map(a_core).collect())
            .goal(goal()),
        new("the same without the views", "1/s", own.iter().map(a_core).collect()).goal(goal()),
        new("processor time an order", "us", all),
        new("the same without the views", "us", own),
        new("durable orders", "1/s", side.each(|load| load.decided as f64 / load.seconds)),
        new("p50 of a request", "us", side.each(|load| load.percentile(50))),
        new("approved, of the decided", "%", side.each(share)),
    ]
}
