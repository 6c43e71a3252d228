//! The objects that the server makes and keeps, with the fields that Stripe documents for them.

use crate::request::{Request, refused};
use serde_json::{Value, json};

/// How a payment method behaves, by the beginning of its name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Card {
    Pays,
    Declines,
    WantsPayer,
    Slow,
    Gone,
}

impl Card {
    fn of(name: &str) -> Self {
        match name {
            "pm_declines" => Self::Declines,
            "pm_wants_payer" => Self::WantsPayer,
            "pm_slow" => Self::Slow,
            "pm_gone" => Self::Gone,
            _ => Self::Pays,
        }
    }
}

/// Newest last.
#[derive(Default)]
pub struct World {
    pub sessions: Vec<Value>,
    pub intents: Vec<Value>,
    pub refunds: Vec<Value>,
}

type Answer = (u16, Value);

const SESSION: &[&str] = &[
    "mode",
    "client_reference_id",
    "line_items[0][quantity]",
    "line_items[0][price_data][currency]",
    "line_items[0][price_data][unit_amount]",
    "line_items[0][price_data][product_data][name]",
    "adaptive_pricing[enabled]",
    "payment_intent_data[description]",
    "payment_intent_data[setup_future_usage]",
    "success_url",
    "cancel_url",
    "customer",
    "customer_creation",
    "customer_email",
];
const INTENT: &[&str] = &[
    "amount",
    "currency",
    "customer",
    "payment_method",
    "confirm",
    "off_session",
    "description",
    "automatic_payment_methods[enabled]",
    "automatic_payment_methods[allow_redirects]",
];

impl World {
    pub(crate) fn act(&mut self, request: &Request) -> Answer {
        let path: Vec<&str> = request.path.iter().map(String::as_str).collect();
        let done = match (request.method.as_str(), path.as_slice()) {
            ("POST", ["checkout", "sessions"]) => self.open(request),
            ("GET", ["checkout", "sessions", id]) => self.session(id),
            ("POST", ["checkout", "sessions", id, "expire"]) => self.expire(id),
            ("POST", ["payment_intents"]) => self.charge(request),
            ("GET", ["payment_intents"]) => self.listed(request),
            ("GET", ["payment_intents", id]) => self.intent(id),
            ("POST", ["refunds"]) => self.give_back(request),
            ("GET", ["refunds"]) => self.given_back(request),
            _ => Err(refused("url_invalid", &path.join("/"))),
        };
        done.map_or_else(|refusal| refusal, |object| (200, object))
    }

    fn open(&mut self, request: &Request) -> Result<Value, Answer> {
        request.only(SESSION)?;
        let want = |name: &str| request.get(name).ok_or_else(|| refused("parameter_missing", name));
        let amount: i64 = want("line_items[0][price_data][unit_amount]")?.parse().unwrap();
        if request.get("customer").is_some() && request.get("customer_email").is_some() {
            return Err(refused("parameter_invalid", "customer_email"));
        }
        if request.get("customer") == Some("cus_gone") {
            return Err(refused("resource_missing", "customer"));
        }
        if request.get("customer_email").is_some_and(|email| !email.contains('.')) {
            return Err(refused("email_invalid", "customer_email"));
        }
        want("success_url")?;
        let id = format!("cs_test_{}", self.sessions.len() + 1);
        let session = json!({
            "id": id, "object": "checkout.session", "mode": want("mode")?, "status": "open",
            "payment_status": "unpaid", "amount_total": amount,
            "currency": want("line_items[0][price_data][currency]")?, "expires_at": 1_790_086_400,
            "url": format!("https://checkout.stripe.com/c/pay/{id}"), "payment_intent": null,
            "customer": request.get("customer"), "metadata": request.under("metadata"),
            "intent_metadata": request.under("payment_intent_data[metadata]"),
        });
        self.sessions.push(session.clone());
        Ok(session)
    }

    fn session(&self, id: &str) -> Result<Value, Answer> {
        let missing = || refused("resource_missing", "session");
        let mut session =
            self.sessions.iter().find(|it| it["id"] == id).cloned().ok_or_else(missing)?;
        if let Some(intent) = self.intents.iter().find(|it| it["id"] == session["payment_intent"]) {
            session["payment_intent"] = intent.clone();
        }
        Ok(session)
    }

    fn expire(&mut self, id: &str) -> Result<Value, Answer> {
        let missing = || refused("resource_missing", "session");
        let session = self.sessions.iter_mut().find(|it| it["id"] == id).ok_or_else(missing)?;
        if session["status"] != "open" {
            return Err(refused("session_not_open", "session"));
        }
        session["status"] = json!("expired");
        session["url"] = Value::Null;
        Ok(session.clone())
    }

    /// The payer pays on the page, or has begun to.
    pub fn finish(&mut self, id: &str, status: &str) {
        let session = self.sessions.iter_mut().find(|it| it["id"] == id).unwrap();
        let paid = status == "succeeded";
        let intent = format!("pi_{}", self.intents.len() + 1);
        session["status"] = json!("complete");
        session["payment_status"] = json!(if paid { "paid" } else { "unpaid" });
        session["payment_intent"] = json!(intent);
        let amount = session["amount_total"].as_i64().unwrap();
        self.intents.push(json!({
            "id": intent, "object": "payment_intent", "status": status, "amount": amount,
            "amount_received": if paid { amount } else { 0 }, "currency": "usd",
            "customer": "cus_ada", "payment_method": "pm_ada", "last_payment_error": null,
            "metadata": session["intent_metadata"],
        }));
    }

    fn charge(&mut self, request: &Request) -> Result<Value, Answer> {
        request.only(INTENT)?;
        let want = |name: &str| request.get(name).ok_or_else(|| refused("parameter_missing", name));
        assert_eq!((want("confirm")?, want("off_session")?), ("true", "true"));
        let amount: i64 = want("amount")?.parse().unwrap();
        let method = want("payment_method")?;
        let card = Card::of(method);
        if card == Card::Gone {
            return Err(refused("resource_missing", "payment_method"));
        }
        let error = match card {
            Card::Declines => json!({
                "type": "card_error", "code": "card_declined", "decline_code": "insufficient_funds",
                "message": "Your card has insufficient funds.",
            }),
            Card::WantsPayer => json!({
                "type": "card_error", "code": "authentication_required",
                "decline_code": "authentication_required", "message": "This payment needs its payer.",
            }),
            _ => Value::Null,
        };
        let status = match card {
            Card::Pays => "succeeded",
            Card::Slow => "processing",
            _ => "requires_payment_method",
        };
        let intent = json!({
            "id": format!("pi_{}", self.intents.len() + 1), "object": "payment_intent",
            "status": status, "amount": amount, "currency": want("currency")?,
            "amount_received": if card == Card::Pays { amount } else { 0 },
            "customer": want("customer")?, "payment_method": method,
            "last_payment_error": error, "metadata": request.under("metadata"),
        });
        self.intents.push(intent.clone());
        if error.is_null() {
            return Ok(intent);
        }
        let mut error = error;
        error["payment_intent"] = intent;
        Err((402, json!({"error": error})))
    }

    fn listed(&self, request: &Request) -> Result<Value, Answer> {
        request.only(&["customer", "limit"])?;
        let customer = request.get("customer").unwrap();
        if customer == "cus_gone" {
            return Err(refused("resource_missing", "customer"));
        }
        let of = self.intents.iter().rev().filter(|it| it["customer"] == customer);
        let data: Vec<&Value> = of.take(100).collect();
        Ok(json!({"object": "list", "has_more": false, "data": data}))
    }

    fn intent(&self, id: &str) -> Result<Value, Answer> {
        let found = self.intents.iter().find(|it| it["id"] == id);
        found.cloned().ok_or_else(|| refused("resource_missing", "intent"))
    }

    fn give_back(&mut self, request: &Request) -> Result<Value, Answer> {
        request.only(&["payment_intent", "amount"])?;
        let intent = request.get("payment_intent").unwrap();
        let amount: i64 = request.get("amount").unwrap().parse().unwrap();
        let missing = || refused("resource_missing", "payment_intent");
        let paid = self.intent(intent).map_err(|_| missing())?["amount_received"].as_i64().unwrap();
        let of = self.refunds.iter().filter(|it| it["payment_intent"] == intent);
        let before: i64 = of.map(|it| it["amount"].as_i64().unwrap()).sum();
        if before + amount > paid {
            return Err(refused("charge_already_refunded", "amount"));
        }
        let refund = json!({
            "id": format!("re_{}", self.refunds.len() + 1), "object": "refund", "status": "succeeded",
            "amount": amount, "currency": "usd", "payment_intent": intent,
            "metadata": request.under("metadata"),
        });
        self.refunds.push(refund.clone());
        Ok(refund)
    }

    fn given_back(&self, request: &Request) -> Result<Value, Answer> {
        request.only(&["payment_intent", "limit"])?;
        let intent = request.get("payment_intent").unwrap();
        let of = self.refunds.iter().rev().filter(|it| it["payment_intent"] == intent);
        let data: Vec<&Value> = of.collect();
        Ok(json!({"object": "list", "has_more": false, "data": data}))
    }
}
