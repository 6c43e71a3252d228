//! What is charged of profits, and who may be charged.

use super::fee::Rates;
use super::plans::FeePolicy;
use crate::words::money::Pct;

/// The rates in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charges {
    /// On what an account wins by itself.
    pub performance: Rates,
    /// On what a sleeve wins by copying.
    pub copy: Rates,
    /// Who pays.
    pub policy: FeePolicy,
}

impl Charges {
    /// 10 percent to the platform; of copies 5 to the leader and 2 to the platform; everyone.
    pub const DEFAULT: Self = Self {
        performance: Rates { platform: Pct::whole(10), leader: Pct::ZERO },
        copy: Rates { platform: Pct::whole(2), leader: Pct::whole(5) },
        policy: FeePolicy::Everyone,
    };
}
