//! The desk in one world: by scripts, by its guards, and by random lives.

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
