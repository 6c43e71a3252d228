//! Everything that can reach a desk. Each input is stamped with its time by the driver that brings it.

use super::answer::MasterView;
use super::event::{Adjustment, OwnLimits, Setting, Size, Wish};
use crate::billing::subscription::request::Request;
use crate::copy::lead::Lead;
use crate::copy::master::MasterChange;
use crate::copy::terms::CopyTerms;
use crate::risk::kill::{Actor, Scope};
use crate::words::conditions::Conditions;
use crate::words::id::{AccountId, Epoch, InstrumentId, OrderId, PartitionId, UserId};
use crate::words::instrument::{Hours, Instrument, VenueName};
use crate::words::money::{Money, Pct, Price};
use crate::words::order::{Report, Side};
use crate::words::signal::{Action, Grounds, Signal};
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
    /// A lead, for the sleeves that copy its leader: a desk hears it in parts, so that orders can come between.
    Lead(Lead),
    /// Everybody has the parcels of a partition up to this one.
    Delivered {
        /// Whose outbox.
        partition: PartitionId,
        /// The last of them.
        parcel: u64,
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
            Self::Lead(lead) => lead.side == Side::Sell,
            Self::Command { command, .. } => command.is_urgent(),
            Self::List(_)
            | Self::Mark { .. }
            | Self::Tick { .. }
            | Self::Conditions(_)
            | Self::Delivered { .. }
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
    /// Hear what a model of the owner says.
    Signal(OwnSignal),
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
    /// Book money that is neither trade, fee nor the owner's.
    Adjust {
        /// What sort.
        kind: Adjustment,
        /// How much; below zero it goes.
        amount: Money,
        /// Why.
        why: String,
    },
    /// Give the last performance or copy fee back and let the mark go back with it.
    RefundFee,
    /// What an owner, a payment or the operator asks of the subscription.
    Subscription(Request),
    /// Become a master, stop being one, or be vetted.
    Lead(MasterChange),
    /// Copy a leader, or do something about a copy.
    Copy {
        /// The leader's account.
        leader: AccountId,
        /// What to do.
        act: CopyAct,
    },
    /// Copy fees that came from a partition.
    Credit {
        /// Which partition.
        from: PartitionId,
        /// Number of the parcel there.
        parcel: u64,
        /// How much.
        amount: Money,
    },
}

/// What a model of an account's owner says about one instrument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnSignal {
    /// About what.
    pub instrument: InstrumentId,
    /// What it wants: to enter, to be short, to hold no more than a part, or nothing.
    pub action: Action,
    /// On which grounds.
    pub grounds: Grounds,
}

/// What a follower does about copying a leader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CopyAct {
    /// Begin, or begin again.
    Start {
        /// Money for the sleeve.
        amount: Money,
        /// On which terms.
        terms: CopyTerms,
        /// What is known of the leader, from its own desk.
        leader: Box<LeaderFacts>,
        /// Copy what the leader holds now, too?
        open: bool,
    },
    /// Put money in (positive) or take some out.
    Fund(Money),
    /// Change the terms; pausing is one of them.
    Terms(CopyTerms),
    /// Sell one copied position.
    Close(InstrumentId),
    /// Sell everything, then give the money back.
    Stop,
}

/// What is known of a leader when somebody begins to copy: by default nothing, and so it does not lead.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeaderFacts {
    /// Whose account it is.
    pub user: UserId,
    /// Does it lead?
    pub leads: bool,
    /// Did the operator vet it?
    pub vetted: bool,
    /// Its risk score, where its record is proven.
    pub risk: Option<u8>,
    /// Number of its last lead: what comes after it is copied.
    pub last: u64,
    /// What it holds: percent of its equity, and the mark.
    pub holds: Vec<(InstrumentId, Pct, Price)>,
}

impl From<MasterView> for LeaderFacts {
    fn from(view: MasterView) -> Self {
        Self {
            user: view.user,
            leads: view.master.leads,
            vetted: view.master.vetted,
            risk: view.master.record.risk_score(),
            last: view.master.last,
            holds: view.holds,
        }
    }
}

impl Command {
    /// Does it reduce risk or stop trading? Such a command is taken when others must wait.
    #[must_use]
    pub fn is_urgent(&self) -> bool {
        match self {
            Self::Cancel(_) | Self::Kill { .. } => true,
            Self::Place(wish) => wish.side == Side::Sell || wish.size == Size::All,
            Self::Signal(signal) => signal.action.reduces(),
            Self::Set(setting) => *setting == Setting::Autopilot(false),
            Self::Copy { act, .. } => match act {
                CopyAct::Close(_) | CopyAct::Stop => true,
                CopyAct::Terms(terms) => terms.paused,
                CopyAct::Start { .. } | CopyAct::Fund(_) => false,
            },
            Self::Open { .. }
            | Self::Transfer(_)
            | Self::Rearm { .. }
            | Self::Adjust { .. }
            | Self::RefundFee
            | Self::Subscription(_)
            | Self::Lead(_)
            | Self::Credit { .. } => false,
        }
    }

    /// Sets the user's own limits.
    #[must_use]
    pub const fn limits(own: OwnLimits) -> Self {
        Self::Set(Setting::OwnLimits(own))
    }
}
