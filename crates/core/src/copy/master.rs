//! A master: an account that others may copy, once its owner has opted in.

use super::record::Record;
use crate::words::time::Timestamp;
use minicbor::{Decode, Encode};

/// The version of the fee disclosure that a master accepts: 5 percent of followers' profit to the master, 2 percent
/// to the platform, each above the follower's own high-water mark.
pub const DISCLOSURE: u16 = 1;

/// What that version says: to be read before it is accepted.
pub const DISCLOSURE_TEXT: &str = "\
As a master you let others copy what your account buys and sells. You earn 5 percent of each follower's profit and the \
platform earns 2 percent of it, both only above the follower's own high-water mark, fixed at the end of each month, \
when money is taken out, and when the follower stops. A follower's loss has to be won back before anything is due \
again; nothing is due of a loss. Your record since today is public and cannot be reset: return, volatility, deepest \
fall, risk score, and what followers made of you after fees and slippage. Followers see what you hold as percentages, \
never amounts. While you lead you may copy nobody. A purchase of what you sold within the last minute is not copied. \
You may stop at any time; followers keep what they hold, and your record stays.";

/// What a desk keeps of a master.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Master {
    /// Since when.
    #[n(0)]
    pub since: Timestamp,
    /// Which disclosure was accepted.
    #[n(1)]
    pub disclosure: u16,
    /// Did the operator vet it? Only vetted masters of low risk may be copied by the pool "Safe copy".
    #[n(2)]
    pub vetted: bool,
    /// Does it lead now? One that has stopped keeps its record and its numbers.
    #[n(3)]
    pub leads: bool,
    /// Number of its last lead.
    #[n(4)]
    pub last: u64,
    /// Its record since it became a master.
    #[n(5)]
    pub record: Record,
}

/// What changes about a master.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, serde::Serialize)]
#[serde(rename_all = "snake_case", tag = "change", content = "to")]
pub enum MasterChange {
    /// It leads from now on, having accepted this disclosure.
    #[n(0)]
    Opened(#[n(0)] u16),
    /// It does not lead any more; followers keep what they hold.
    #[n(1)]
    Closed,
    /// The operator vetted it, or took that back.
    #[n(2)]
    Vetted(#[n(0)] bool),
}

impl Master {
    /// One that begins now.
    #[must_use]
    pub fn new(since: Timestamp) -> Self {
        Self {
            since,
            disclosure: 0,
            vetted: false,
            leads: false,
            last: 0,
            record: Record::default(),
        }
    }
    /// Applies a change.
    pub const fn change(&mut self, change: MasterChange) {
        match change {
            MasterChange::Opened(disclosure) => {
                self.disclosure = disclosure;
                self.leads = true;
            }
            MasterChange::Closed => self.leads = false,
            MasterChange::Vetted(vetted) => self.vetted = vetted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::billing::plans::{DEFAULT_PLANS, Plans};

    #[test]
    fn the_disclosure_says_what_is_charged() {
        let rates = Plans::parse(DEFAULT_PLANS).unwrap().copy();
        let [leader, platform] = [rates.leader, rates.platform].map(|pct| pct.to_string());
        assert!(DISCLOSURE_TEXT.contains(&format!("You earn {leader} percent")));
        assert!(DISCLOSURE_TEXT.contains(&format!("platform earns {platform} percent")));
    }
}
