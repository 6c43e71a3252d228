//! Cash that is on its way back to a client: booked when it was promised, listed until somebody says by which
//! payment it went. The list is what the cashier and the admins work off.

use crate::billing::invoice::InvoiceNo;
use crate::words::money::Money;
use crate::words::time::Timestamp;
use minicbor::{Decode, Encode};
use serde::Serialize;

/// Cash that waits to be paid back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Payout {
    /// Its number in the subscription, from 1.
    #[n(0)]
    pub number: u16,
    /// Of which paid invoice; `None` where it is credit that is paid out.
    #[n(1)]
    pub invoice: Option<InvoiceNo>,
    /// How much, whole cents.
    #[n(2)]
    pub amount: Money,
    /// Since when.
    #[n(3)]
    pub at: Timestamp,
}
