//! The desk in one world: by scripts, by its guards, and by random lives.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::too_many_lines,
    reason = "a test that cannot go on should say where"
)]

#[path = "desk/guards.rs"]
mod guards;
#[path = "scene/lines.rs"]
mod lines;
#[path = "desk/model.rs"]
mod model;
#[path = "desk/scripts.rs"]
mod scripts;
#[path = "scene/world.rs"]
mod world;
