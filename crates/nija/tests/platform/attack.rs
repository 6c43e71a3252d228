//! Attacks on the real server, over every call of its own description: a call that is added later is attacked by
//! itself, and the suite fails where the description gives it nothing to mutate. Everybody calls from an address
//! of their own, as if through a proxy, so that the limits of addresses do not hide an answer.

mod addresses;
mod bodies;
mod canary;
mod crowd;
mod document;
mod encoding;
mod forged;
mod isolation;
mod races;
mod scene;
mod signed;
mod wire;
