//! What one partition has for others: leads for all followers, fees for a master. A parcel stays in its desk's
//! outbox until everybody who should have it has it durably; who gets it twice drops the repeat.

use super::lead::Lead;
use crate::words::id::AccountId;
use crate::words::money::Money;
use minicbor::{Decode, Encode};
use serde::Serialize;

/// Parcels that may wait in an outbox. Beyond that a purchase is not led any more, and a person is called; sales and
/// fees always are.
pub const OUTBOX: usize = 65_536;

/// One parcel, numbered densely from 1 in its partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Parcel {
    /// Its number.
    #[n(0)]
    pub no: u64,
    /// What is in it.
    #[n(1)]
    pub content: Content,
}

/// What is in a parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(rename_all = "snake_case", tag = "content")]
pub enum Content {
    /// A lead, for every partition.
    #[n(0)]
    Lead(#[n(0)] Lead),
    /// Copy fees for a master, for the partition of its account.
    #[n(1)]
    Fees {
        /// The master's account.
        #[n(0)]
        to: AccountId,
        /// How much.
        #[n(1)]
        amount: Money,
    },
}
