//! Tells and asks over HTTP, with a tenant scope on every query.
//!
//! The roof calls [`router`] with the doors of the other rooms and [`serve`] with a listener.
//! Absent on purpose: decisions about money, storage, TLS, the environment, HTTP/2.

// utoipa writes `<Name as IntoParams>` with paths that are longer than they need to be.
#![allow(unused_qualifications)]

mod address;
mod auth;
mod board;
mod catalog;
mod date;
mod doors;
mod error;
mod field;
mod frame;
mod headers;
mod json;
mod limit;
mod meter;
mod number;
mod openapi;
mod page;
mod rate;
mod router;
mod routes;
mod server;
mod settings;
mod state;
mod turnstile;

pub use address::{Network, NotANetwork, Peer};
pub use auth::password::{Unusable, hash_password};
pub use catalog::Catalog;
pub use doors::{Doors, ExecutionStats, Readiness, Scorecard, TierStats};
pub use openapi::openapi;
pub use rate::{NotARate, Rate, RateLimits};
pub use router::router;
pub use routes::registration::email_address;
pub use routes::webhook::payment_alarms;
pub use server::{Limits, serve};
pub use settings::{PaperLimits, Settings, WeakSecret};
pub use state::SetupError;
