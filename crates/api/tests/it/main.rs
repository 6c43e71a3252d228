//! The API from outside: requests in, answers out. The doors behind it are stand-ins in memory; the
//! real store and desks are joined to it in the tests of `nija`.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod abuse;
mod admin;
mod batch;
mod blueprint;
mod copying;
mod desk;
mod fees;
mod floor;
mod identity;
mod ledger;
mod login;
mod money;
mod payments;
mod regimes;
mod revenue;
mod serving;
mod signals;
mod subscribing;
mod surface;
mod till;
mod users;
mod world;
