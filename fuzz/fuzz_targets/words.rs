//! Words and numbers that people write into requests, files and settings.

#![no_main]

use libfuzzer_sys::fuzz_target;
use nija_core::words::id::{AccountId, OrderId, UserId};
use nija_core::words::money::{Money, Pct, Price, Qty};
use nija_core::words::tier::{Tier, TierTable};
use nija_market::candle::Timeframe;
use std::fmt::{Debug, Display};
use std::str::FromStr;

/// What is read is written, and read again as the same.
fn returns<T: FromStr<Err: Debug> + Display + PartialEq + Debug>(text: &str) {
    if let Ok(value) = text.parse::<T>() {
        assert_eq!(value.to_string().parse::<T>().expect("what is written is read"), value);
    }
}

fuzz_target!(|text: &str| {
    returns::<Money>(text);
    returns::<Price>(text);
    returns::<Qty>(text);
    returns::<Pct>(text);
    returns::<AccountId>(text);
    returns::<OrderId>(text);
    returns::<UserId>(text);
    let _ = text.parse::<Tier>();
    let _ = text.parse::<Timeframe>();
    let _ = text.parse::<nija_api::Network>();
    let _ = TierTable::parse(text);
    if let Some(email) = nija_api::email_address(text) {
        assert_eq!(nija_api::email_address(&email), Some(email), "an address stays what it is");
    }
});
