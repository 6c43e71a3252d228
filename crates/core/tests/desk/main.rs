//! The desk in one world: by scripts, by its guards, and by random lives.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::too_many_lines,
    reason = "a test that cannot go on should say where"
)]

mod billing;
mod contracts;
mod copies;
mod copying;
mod crossings;
mod guards;
mod late;
mod lines;
mod loops;
mod model;
mod options;
mod own;
mod pools;
mod quotes;
mod rolls;
mod runaway;
mod scripts;
mod straddles;
mod subscriptions;
mod ticks;
mod told;
mod world;
