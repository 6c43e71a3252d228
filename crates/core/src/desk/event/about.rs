//! What every event tells, whatever it is about.

use super::{Event, Half};
use crate::ledger::entry::Entry;
use crate::ledger::holdings::Traded;
use crate::words::id::AccountNo;
use crate::words::money::Qty;
use crate::words::order::{Origin, Side};
use crate::words::signal::StrategyName;

impl Event {
    /// The account an event belongs to, where it names one directly.
    #[must_use]
    pub const fn account(&self) -> Option<AccountNo> {
        match self {
            Self::AccountOpened { no, .. } => Some(*no),
            Self::Transferred { account, .. }
            | Self::SettingsChanged { account, .. }
            | Self::Reallocated { account, .. }
            | Self::Refused { account, .. }
            | Self::Skipped { account, .. }
            | Self::Signaled { account, .. }
            | Self::ExitQueued { account, .. }
            | Self::Halted { account, .. }
            | Self::Remembered { account, .. }
            | Self::DayClosed { account, .. }
            | Self::Billed { account, .. }
            | Self::Adjusted { account, .. }
            | Self::Collected { account, .. }
            | Self::MasterChanged { account, .. }
            | Self::Subscribed { account, .. }
            | Self::Settled { account, .. }
            | Self::Swapped { account, .. }
            | Self::Credited { account, .. } => Some(*account),
            Self::Followed { sleeve, .. }
            | Self::CopyChanged { sleeve, .. }
            | Self::CopySkipped { sleeve, .. } => Some(*sleeve),
            Self::Moved { to, .. } => Some(*to),
            Self::Approved { ticket, .. } => Some(ticket.account),
            Self::Discrepancy { account, .. } => *account,
            _ => None,
        }
    }

    /// The entry in the books that an event makes, where it makes one.
    #[must_use]
    pub const fn entry(&self) -> Option<&Entry> {
        match self {
            Self::Transferred { entry, .. }
            | Self::Filled { entry, .. }
            | Self::Settled { entry, .. }
            | Self::Swapped { entry, .. }
            | Self::Billed { entry, .. }
            | Self::Adjusted { entry, .. }
            | Self::Collected { entry, .. }
            | Self::Moved { entry, .. }
            | Self::Credited { entry, .. }
            | Self::Subscribed { entry, .. } => Some(entry),
            _ => None,
        }
    }

    /// The strategy behind an event's order, where there is one.
    #[must_use]
    pub const fn strategy(origin: Origin) -> Option<StrategyName> {
        match origin {
            Origin::Strategy { strategy, .. }
            | Origin::Protection { strategy }
            | Origin::Roll { strategy, .. } => Some(strategy),
            Origin::User | Origin::KillSwitch | Origin::Copy { .. } => None,
        }
    }

    /// What was traded otherwise than by a fill: a half of a swap; by a settlement, the last one closes all that was
    /// held, another one nothing.
    #[must_use]
    pub fn traded(&self) -> Option<Traded> {
        match self {
            Self::Settled { instrument, qty, last, .. } => Some(Traded {
                instrument: *instrument,
                side: if qty.is_negative() { Side::Buy } else { Side::Sell },
                qty: if *last { qty.abs() } else { Qty::ZERO },
            }),
            Self::Swapped { half: Half { instrument, side, qty, .. }, .. } => {
                Some(Traded { instrument: *instrument, side: *side, qty: *qty })
            }
            _ => None,
        }
    }
}
