//! How often what was decided since the desk began: for those who watch it. No decision reads it, no snapshot keeps
//! it, and what is replayed is not counted again.

use super::event::Event;
use crate::risk::refusal::Code;
use crate::words::order::OrderState;

/// What is counted, beside refusals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// All gates said yes.
    Approved,
    /// A strategy's signal led to no order of an account.
    Skipped,
    /// The venue has an order.
    Acknowledged,
    /// A part or all of an order traded.
    Filled,
    /// An order was taken back.
    Cancelled,
    /// A venue refused an order.
    Rejected,
    /// An order never reached its venue, or its time was over.
    Lapsed,
    /// An account's own guard stopped its entries.
    Halted,
    /// A kill switch was pressed.
    Killed,
}

impl Counted {
    /// All of them, in order.
    pub const ALL: [Self; 9] = [
        Self::Approved,
        Self::Skipped,
        Self::Acknowledged,
        Self::Filled,
        Self::Cancelled,
        Self::Rejected,
        Self::Lapsed,
        Self::Halted,
        Self::Killed,
    ];

    /// The word that watchers see.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Skipped => "skipped",
            Self::Acknowledged => "acknowledged",
            Self::Filled => "filled",
            Self::Cancelled => "cancelled",
            Self::Rejected => "rejected",
            Self::Lapsed => "lapsed",
            Self::Halted => "halted",
            Self::Killed => "killed",
        }
    }

    const fn of(event: &Event) -> Option<Self> {
        Some(match event {
            Event::Approved { .. } => Self::Approved,
            Event::Skipped { .. } => Self::Skipped,
            Event::Acknowledged { .. } => Self::Acknowledged,
            Event::Filled { .. } => Self::Filled,
            Event::Closed { state: OrderState::Cancelled, .. } => Self::Cancelled,
            Event::Closed { state: OrderState::Rejected, .. } => Self::Rejected,
            Event::Closed { .. } => Self::Lapsed,
            Event::Halted { .. } => Self::Halted,
            Event::Killed { .. } => Self::Killed,
            _ => return None,
        })
    }
}

/// The counts of one desk.
#[derive(Clone, Debug)]
pub struct Tally {
    counted: [u64; Counted::ALL.len()],
    refused: [u64; Code::ALL.len()],
}

impl Tally {
    pub(super) const fn empty() -> Self {
        Self { counted: [0; Counted::ALL.len()], refused: [0; Code::ALL.len()] }
    }

    pub(super) fn count(&mut self, event: &Event) {
        if let Event::Refused { refusal, .. } = event {
            self.refused[refusal.code as usize] += 1;
        } else if let Some(counted) = Counted::of(event) {
            self.counted[counted as usize] += 1;
        }
    }

    /// How often that was decided.
    #[must_use]
    pub const fn of(&self, counted: Counted) -> u64 {
        self.counted[counted as usize]
    }

    /// How often a gate refused for this reason.
    #[must_use]
    pub const fn refused(&self, code: Code) -> u64 {
        self.refused[code as usize]
    }
}
