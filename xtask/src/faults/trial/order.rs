//! What a client asks for: buys, sales, resting limits and cancels within its tier, each under a key
//! of its own; and what two answers to one key must have alike.

use super::chance::Chance;
use super::http::{Reply, Request};
use serde_json::{Value, json};

/// A tier, with the smallest and the largest entry that its gates let pass.
pub(crate) struct Terms {
    pub(crate) tier: &'static str,
    least: u64,
    most: u64,
}

/// One client each.
pub(crate) const TIERS: [Terms; 8] = [
    terms("STARTER", 10, 25),
    terms("SAVER", 10, 40),
    terms("INVESTOR", 20, 250),
    terms("INCOME", 30, 150),
    terms("LIVABLE", 50, 500),
    terms("BALLER", 100, 5_000),
    terms("PAPER", 20, 250),
    terms("BALLER", 100, 5_000),
];

/// Markets that are open around the clock.
const SYMBOLS: [&str; 3] = ["BTC-USD", "ETH-USD", "LTC-USD"];

const fn terms(tier: &'static str, least: u64, most: u64) -> Terms {
    Terms { tier, least, most }
}

/// Draws the next thing to ask for. `open` are orders that may be taken back.
pub(crate) fn draw(chance: &mut Chance, terms: &Terms, open: &[String]) -> (Request, bool) {
    let symbol = SYMBOLS[chance.between(0, 2) as usize];
    let dollars = chance.between(terms.least, terms.most);
    let kind = chance.between(1, 100);
    let rests = (71..=85).contains(&kind) && open.len() < 10;
    let body = match kind {
        86.. if !open.is_empty() => {
            let order = &open[chance.between(0, open.len() as u64 - 1) as usize];
            return (request("DELETE", format!("/api/v2/orders/{order}"), None), false);
        }
        // Far below any market: it rests until it is taken back.
        _ if rests => json!({
            "symbol": symbol, "side": "buy", "size": dollars, "order_type": "limit",
            "limit_price": 1.00, "time_in_force": "gtc",
        }),
        46..=70 => json!({"symbol": symbol, "side": "sell", "size": dollars}),
        _ => json!({"symbol": symbol, "side": "buy", "size": dollars}),
    };
    let path = "/api/v2/trade".to_owned();
    (request("POST", path, Some(body)), rests)
}

/// The smallest purchase of a tier, at the market's price.
pub(crate) fn market_buy(terms: &Terms) -> Request {
    let body = json!({"symbol": SYMBOLS[0], "side": "buy", "size": terms.least});
    request("POST", "/api/v2/trade".to_owned(), Some(body))
}

fn request(method: &'static str, path: String, body: Option<Value>) -> Request {
    Request { method, body, ..Request::get(path, "") }
}

/// What an answer promised, in the parts that must be the same whenever its key comes again.
pub(crate) fn promise(reply: &Reply) -> Value {
    let part = |name: &str| reply.body[name].clone();
    json!({
        "status": reply.status,
        "success": part("success"),
        "order_id": part("order_id"),
        "purpose": part("purpose"),
        "quantity": part("quantity"),
        "refusal": reply.body["refusal"]["code"],
    })
}

/// The order that an answer promised.
pub(crate) fn order_of(promise: &Value) -> Option<&str> {
    promise["order_id"].as_str()
}

/// An amount in units of 10^-8, exactly; nothing when it is no such amount.
pub(crate) fn units(text: &str) -> Option<i128> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(rest) || rest.len() > 8 {
        return None;
    }
    format!("{whole}{rest:0<8}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_exactly() {
        assert_eq!(units("12.5"), Some(1_250_000_000));
        assert_eq!(units("0.00000001"), Some(1));
        for wrong in ["", ".5", "-1", "1e3", "0.000000001", "1.2.3"] {
            assert_eq!(units(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_draw_repeats_and_covers_every_kind() {
        let open = ["0000000000000001".to_owned()];
        let draws = |seed| {
            let mut chance = Chance::new(seed);
            let draws = (0..400).map(|_| draw(&mut chance, &TIERS[5], &open));
            draws.map(|(r, rests)| (r.method, r.path, r.body, rests)).collect::<Vec<_>>()
        };
        assert_eq!(draws(1), draws(1));
        let all = draws(2);
        assert!(all.iter().any(|(method, ..)| *method == "DELETE"));
        assert!(all.iter().any(|(.., rests)| *rests));
        let side = |side: &str| {
            let side = json!(side);
            all.iter().any(|(_, _, body, _)| body.as_ref().is_some_and(|b| b["side"] == side))
        };
        assert!(side("buy") && side("sell"));
    }

    #[test]
    fn a_promise_is_what_must_not_change() {
        let reply = |body| Reply { status: 200, retry_after: None, body };
        let first = reply(json!({"success": true, "order_id": "1", "routing": null}));
        let again = reply(json!({"success": true, "order_id": "1", "routing": {"tier": "SAVER"}}));
        let other = reply(json!({"success": true, "order_id": "2", "routing": null}));
        assert_eq!(promise(&first), promise(&again));
        assert_ne!(promise(&first), promise(&other));
        assert_eq!(order_of(&promise(&first)), Some("1"));
    }
}
