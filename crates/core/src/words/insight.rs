//! What was learned and speaks along with a signal: how much of it to follow, and what a model thought.
//! It travels with the signal into the evidence of each order that came of it, and of each that did not.

use super::score::{Score, Strength};
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// What learning adds to a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Insight {
    /// Part of the signal's strength that learned weighting follows.
    #[n(0)]
    pub weight: Strength,
    /// What a model said; none where plain rules decided alone.
    #[n(1)]
    pub opinion: Option<Opinion>,
}

/// A model's word on one instrument at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Opinion {
    /// Version of the model: the day, counted from 1970, on which it was trained.
    #[n(0)]
    pub model: u32,
    /// Its score.
    #[n(1)]
    pub score: Score,
    /// What it looked at, in thousandths, in the order that its documentation lists.
    #[n(2)]
    pub features: [i16; 8],
}
