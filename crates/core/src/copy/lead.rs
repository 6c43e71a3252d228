//! One statement of a master's account about one fill, told to all who copy it. It knows no follower.

use crate::words::id::{AccountId, AccountNo, InstrumentId, OrderId};
use crate::words::money::{Pct, Price};
use crate::words::order::Side;
use crate::words::time::{Span, Timestamp};
use minicbor::{Decode, Encode};
use serde::Serialize;

/// A purchase that is older than this is not copied any more; sales always are.
pub const LATE_AFTER: Span = Span::seconds(300);
/// A master who buys what it sold within so short a time moves followers, not money: such a purchase is not copied.
pub const ROUND_TRIP: Span = Span::seconds(60);

/// What a master's account did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Lead {
    /// Whose account it is.
    #[n(0)]
    pub leader: AccountId,
    /// Dense from 1 for each leader.
    #[n(1)]
    pub no: u64,
    /// The leader's order.
    #[n(2)]
    pub order: OrderId,
    /// Of what.
    #[n(3)]
    pub instrument: InstrumentId,
    /// Bought or sold.
    #[n(4)]
    pub side: Side,
    /// Bought: percent of the leader's equity. Sold: percent of what the leader held.
    #[n(5)]
    pub share: Pct,
    /// What the leader paid or got.
    #[n(6)]
    pub price: Price,
    /// Where the market stood.
    #[n(7)]
    pub mark: Price,
    /// When.
    #[n(8)]
    pub at: Timestamp,
}

impl Lead {
    /// Where sleeves stand in the order in which this lead is heard: a rotation drawn anew for each lead, which knows
    /// neither tier nor money, and mixes up who came first.
    pub fn turns(&self) -> impl Fn(AccountNo) -> u32 + use<> {
        let mut of = [0; 24];
        of[..16].copy_from_slice(&self.leader.0.to_be_bytes());
        of[16..].copy_from_slice(&self.no.to_be_bytes());
        let mut first = [0; 8];
        first.copy_from_slice(&blake3::hash(&of).as_bytes()[..8]);
        let seed = u64::from_be_bytes(first);
        move |sleeve| (mixed(seed ^ u64::from(sleeve.0)) >> 32) as u32
    }
    /// Was all that the leader held sold?
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.share >= Pct::whole(100)
    }
}

/// A step of SplitMix64 (Steele, Lea, Flood 2014): every bit of the input moves every bit of the result.
const fn mixed(value: u64) -> u64 {
    let z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl AccountId {
    /// The account of the sleeve in which this account copies a leader. Whoever knows it knew the account, and it lives
    /// in the account's own partition.
    #[must_use]
    pub fn sleeve(self, leader: Self) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("nija copy sleeve");
        hasher.update(&self.0.to_be_bytes());
        hasher.update(&leader.0.to_be_bytes());
        let mut first = [0; 8];
        first.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
        let upper = u64::from_be_bytes(first);
        let lower = upper ^ self.folded();
        Self(u128::from(upper) << 64 | u128::from(lower))
    }
}

/// Why a lead led to no order of a sleeve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub enum CopySkip {
    /// Copying is paused.
    #[n(0)]
    Paused,
    /// The instrument is not on the follower's list.
    #[n(1)]
    NotOnAllowList,
    /// Below the smallest trade; carried over to the leader's next purchase.
    #[n(2)]
    TooSmall,
    /// The market has moved farther from the leader's price than the follower allows.
    #[n(3)]
    Slippage,
    /// It came too late.
    #[n(4)]
    Late,
    /// The leader sold the same a moment ago.
    #[n(5)]
    RoundTrip,
    /// There is no price to judge it by.
    #[n(6)]
    NoPrice,
    /// Nothing of it is held.
    #[n(7)]
    NothingHeld,
}

impl CopySkip {
    /// All of them, in order of their numbers.
    pub const ALL: [Self; 8] = [
        Self::Paused,
        Self::NotOnAllowList,
        Self::TooSmall,
        Self::Slippage,
        Self::Late,
        Self::RoundTrip,
        Self::NoPrice,
        Self::NothingHeld,
    ];
    /// The word used in answers and screens.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Paused => "COPY_PAUSED",
            Self::NotOnAllowList => "COPY_NOT_ON_ALLOW_LIST",
            Self::TooSmall => "COPY_TOO_SMALL",
            Self::Slippage => "COPY_SLIPPAGE",
            Self::Late => "COPY_LATE",
            Self::RoundTrip => "COPY_ROUND_TRIP",
            Self::NoPrice => "COPY_NO_PRICE",
            Self::NothingHeld => "COPY_NOTHING_HELD",
        }
    }
    /// One sentence for people.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Paused => "copying is paused; resume it to copy the next trades",
            Self::NotOnAllowList => "the instrument is not on the list of what is copied",
            Self::TooSmall => {
                "the copy would be below the tier's smallest trade; it is added to the next one"
            }
            Self::Slippage => "the market is farther from the master's price than you allow",
            Self::Late => "the trade is too old to be copied",
            Self::RoundTrip => "the master sold the same within the last minute",
            Self::NoPrice => "there is no price to judge the copy by",
            Self::NothingHeld => "nothing of it is held",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sleeve_lives_beside_its_account_and_is_no_other() {
        let accounts = [1, 2, u128::MAX, 0x71bb_54d8_d101_b5b9_c34d_0bff_9015_0280].map(AccountId);
        let mut all: Vec<AccountId> = accounts.to_vec();
        for own in accounts {
            for leader in accounts {
                let sleeve = own.sleeve(leader);
                assert!((1..100).all(|n| sleeve.partition(n) == own.partition(n)));
                all.push(sleeve);
            }
        }
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 4 + 16);
    }
}
