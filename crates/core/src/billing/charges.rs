//! What is charged of profits, and who may be charged.

use super::mark::Rates;
use crate::words::money::Pct;

/// Who may be charged a fee on profits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Every account of a paid tier.
    Everyone,
    /// Only owners of whom there is evidence that they qualify.
    QualifiedOnly,
}

/// A word that names no policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a fee policy is `everyone` or `qualified_only`")]
pub struct NotAPolicy;

impl Policy {
    /// The word used in configuration, answers and screens.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Everyone => "everyone",
            Self::QualifiedOnly => "qualified_only",
        }
    }
}

impl core::str::FromStr for Policy {
    type Err = NotAPolicy;
    fn from_str(text: &str) -> Result<Self, NotAPolicy> {
        let all = [Self::Everyone, Self::QualifiedOnly];
        all.into_iter().find(|policy| policy.name() == text).ok_or(NotAPolicy)
    }
}

/// The rates in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charges {
    /// On what an account wins by itself.
    pub performance: Rates,
    /// On what a sleeve wins by copying.
    pub copy: Rates,
    /// Who pays.
    pub policy: Policy,
}

impl Charges {
    /// 10 percent to the platform; of copies 5 to the leader and 2 to the platform; everyone.
    pub const DEFAULT: Self = Self {
        performance: Rates { platform: Pct::whole(10), leader: Pct::ZERO },
        copy: Rates { platform: Pct::whole(2), leader: Pct::whole(5) },
        policy: Policy::Everyone,
    };
}
