//! What faults have in common: the server under test, clients that write down what it acknowledged, and the
//! audit that holds it to their files.

pub(crate) mod audit;
pub(crate) mod chance;
pub(crate) mod client;
pub(crate) mod crowd;
pub(crate) mod history;
pub(crate) mod http;
pub(crate) mod order;
pub(crate) mod server;
pub(crate) mod tally;
pub(crate) mod trace;
