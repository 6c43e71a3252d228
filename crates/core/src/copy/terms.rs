//! On which terms a follower copies: caps and guards, chosen by the follower, all of them stricter than the gates.

use crate::words::id::InstrumentId;
use crate::words::money::{Money, Pct};
use minicbor::{Decode, Encode};
use serde::Serialize;

/// Terms of one sleeve.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct CopyTerms {
    /// Stop copying, and sell, once so much of the money put in is lost; none means never.
    #[n(0)]
    pub stop_loss_pct: Option<Pct>,
    /// Most dollars of one copied purchase.
    #[n(1)]
    pub max_trade: Option<Money>,
    /// How far a purchase may stand above the leader's price, and above the market that the leader saw.
    #[n(2)]
    pub max_slippage_pct: Pct,
    /// The only instruments that are copied; none means all.
    #[n(3)]
    pub symbols: Option<Vec<InstrumentId>>,
    /// Are purchases left out for now? Sales are always copied.
    #[n(4)]
    pub paused: bool,
}

impl Default for CopyTerms {
    fn default() -> Self {
        Self {
            stop_loss_pct: None,
            max_trade: None,
            max_slippage_pct: Pct::whole(1),
            symbols: None,
            paused: false,
        }
    }
}

impl CopyTerms {
    /// What is wrong with the terms, if anything: the field, and what to do.
    #[must_use]
    pub fn fault(&self) -> Option<(&'static str, &'static str)> {
        let between = |pct: Pct, most| pct.is_positive() && pct <= Pct::whole(most);
        if self.stop_loss_pct.is_some_and(|pct| !between(pct, 95)) {
            return Some(("stop_loss_pct", "must be above 0 and at most 95"));
        }
        if self.max_trade.is_some_and(|most| !most.is_positive()) {
            return Some(("max_trade", "must be above 0"));
        }
        if !between(self.max_slippage_pct, 10) {
            return Some(("max_slippage_pct", "must be above 0 and at most 10"));
        }
        if self.symbols.as_ref().is_some_and(|list| list.is_empty() || list.len() > 1_000) {
            return Some(("symbols", "must name 1 to 1000 instruments, or be left out"));
        }
        None
    }
}
