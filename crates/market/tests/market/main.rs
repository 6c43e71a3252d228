//! Tests of the whole crate on real and synthetic markets: golden values, no look-ahead, null and planted edges,
//! regimes of known episodes, absurd input. One binary; no network, no chance without a seed.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod books;
mod edges;
mod families;
mod figures;
mod golden;
mod learning;
mod market;
mod nonsense;
mod overfit;
mod regimes;
mod replication;
mod routing;
mod scorecard;
mod selection;
mod truncation;
mod verification;
