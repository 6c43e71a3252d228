//! Requests to every call that the API describes, with whatever body, name, query, key, token and proxy chain.

#![no_main]

use libfuzzer_sys::fuzz_target;
use nija_fuzz::{Outside, Sent};
use std::sync::LazyLock;

static OUTSIDE: LazyLock<Outside> = LazyLock::new(Outside::new);

fuzz_target!(|sent: Sent| OUTSIDE.send(sent));
