//! What faults have in common: the server under test, clients that write down what it acknowledged, and the
//! audit that holds it to their files.

pub(crate) mod audit;
pub(crate) mod chance;
pub(crate) mod client;
pub(crate) mod crowd;
pub(crate) mod history;
pub(crate) mod http;
pub(crate) mod load;
pub(crate) mod order;
pub(crate) mod server;
pub(crate) mod tally;
pub(crate) mod trace;

use std::time::{Duration, Instant};

/// Lets time pass. (A park alone may end at once: a thread that ended before leaves its wake-up behind.)
pub(crate) fn pass(time: Duration) {
    let from = Instant::now();
    while let Some(left) = time.checked_sub(from.elapsed()).filter(|left| !left.is_zero()) {
        std::thread::park_timeout(left);
    }
}
