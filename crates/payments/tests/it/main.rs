//! The payment room from outside: both doors, a local server that speaks Stripe's documented protocol, and
//! every way to lie in a webhook that we could think of. Nothing but loopback is reached.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod charging;
mod checkout;
mod conformance;
mod events;
mod noise;
mod refunds;
mod trouble;
mod webhooks;
mod world;
