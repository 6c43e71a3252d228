//! Everything that can reach a desk. Each input is stamped with its time by the driver that brings it.

use super::event::{OwnLimits, Setting, Wish};
use crate::risk::kill::{Actor, Scope};
use crate::words::conditions::Conditions;
use crate::words::id::{AccountId, Epoch, InstrumentId, OrderId, UserId};
use crate::words::instrument::{Hours, Instrument, VenueName};
use crate::words::money::{Money, Price};
use crate::words::order::{Report, Side};
use crate::words::signal::Signal;
use crate::words::tier::{Tier, Tolerance};
use crate::words::time::{Span, Timestamp};

/// One input to a desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A node takes the partition over.
    Announce {
        /// Its name.
        node: String,
        /// Its generation.
        epoch: Epoch,
    },
    /// A catalog row.
    List(Instrument),
    /// A session opened or closed.
    Session {
        /// Whose hours.
        hours: Hours,
        /// Open now?
        open: bool,
        /// When that changes next, where it is known.
        until: Option<Timestamp>,
    },
    /// A price.
    Mark {
        /// Of what.
        instrument: InstrumentId,
        /// The price.
        price: Price,
    },
    /// A price between two bars: adopted at once where somebody holds the instrument, else now and then.
    Tick {
        /// Of what.
        instrument: InstrumentId,
        /// The price.
        price: Price,
    },
    /// The analyst's reading.
    Conditions(Conditions),
    /// What a strategy says; every account whose pool holds the strategy hears it.
    Signal(Signal),
    /// What a venue or the gateway says of an order.
    Report(Report),
    /// A venue stopped or began to answer.
    Venue {
        /// Which.
        venue: VenueName,
        /// Does it answer?
        up: bool,
    },
    /// A switch that concerns more than one account: pressed in every partition.
    Kill {
        /// What it stops.
        scope: Scope,
        /// Who presses.
        by: Actor,
        /// Why.
        reason: String,
        /// Sell what is held, too?
        flatten: bool,
    },
    /// The release of such a switch.
    Rearm {
        /// What it had stopped.
        scope: Scope,
        /// Who releases.
        by: Actor,
        /// Why.
        reason: String,
    },
    /// A command about one account.
    Command {
        /// Which.
        account: AccountId,
        /// Under which key, where the caller gave one.
        key: Option<Key>,
        /// What to do.
        command: Command,
    },
}

impl Input {
    /// Must it be written down also when the journal lives on its reserve? What has happened at a venue, what
    /// reduces risk, and what stops trading; everything else can wait until there is space again.
    #[must_use]
    pub fn is_urgent(&self) -> bool {
        match self {
            Self::Announce { .. }
            | Self::Session { .. }
            | Self::Report(_)
            | Self::Venue { .. }
            | Self::Kill { .. } => true,
            Self::Signal(signal) => signal.action.reduces(),
            Self::Command { command, .. } => command.is_urgent(),
            Self::List(_)
            | Self::Mark { .. }
            | Self::Tick { .. }
            | Self::Conditions(_)
            | Self::Rearm { .. } => false,
        }
    }
}

/// An idempotency key with the hash of the request it came with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Hash of the caller's key.
    pub key: u64,
    /// Hash of the request.
    pub request: u64,
}

impl Key {
    /// Hashes a caller's key and the request it came with.
    #[must_use]
    pub fn of(key: &[u8], request: &[u8]) -> Self {
        let short = |bytes: &[u8]| {
            let mut first = [0; 8];
            first.copy_from_slice(&blake3::hash(bytes).as_bytes()[..8]);
            u64::from_be_bytes(first)
        };
        Self { key: short(key), request: short(request) }
    }
}

/// What a user, an admin or the roof asks of one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Begin it.
    Open {
        /// Whose.
        user: UserId,
        /// On which tier.
        tier: Tier,
        /// With which appetite.
        tolerance: Tolerance,
        /// When its trading day begins, after midnight UTC.
        day_starts: Span,
        /// First deposit; may be zero.
        deposit: Money,
    },
    /// Pay in (positive) or out (negative) paper money.
    Transfer(Money),
    /// Place an order.
    Place(Wish),
    /// Take an open order back.
    Cancel(OrderId),
    /// Change a setting.
    Set(Setting),
    /// Stop entries of this account, cancel open ones, sell all if asked.
    Kill {
        /// Who presses.
        by: Actor,
        /// Why.
        reason: String,
        /// Sell what is held, too?
        flatten: bool,
    },
    /// Release the account's switch and its halts.
    Rearm {
        /// Who releases.
        by: Actor,
        /// Why.
        reason: String,
    },
}

impl Command {
    /// Does it reduce risk or stop trading? Such a command is taken when others must wait.
    #[must_use]
    pub fn is_urgent(&self) -> bool {
        match self {
            Self::Cancel(_) | Self::Kill { .. } => true,
            Self::Place(wish) => wish.side == Side::Sell,
            Self::Set(setting) => *setting == Setting::Autopilot(false),
            Self::Open { .. } | Self::Transfer(_) | Self::Rearm { .. } => false,
        }
    }

    /// Sets the user's own limits.
    #[must_use]
    pub const fn limits(own: OwnLimits) -> Self {
        Self::Set(Setting::OwnLimits(own))
    }
}
