//! The door to documents: invoices, credit notes and statements go in as plain figures and come back as bytes.
//!
//! What is printed was held to its own arithmetic first: a statement that does not add up cannot be made, an
//! invoice that does not add up is refused. Absent: clocks (equal figures give equal bytes), storage.

use crate::words::id::UserId;
use crate::words::money::{Money, Pct};
use crate::words::time::Timestamp;

pub mod high_water;
pub mod invoice;
pub mod section;
pub mod statement;

use invoice::InvoiceDocument;
use statement::Statement;

/// What a document is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One page of HTML that needs nothing else: no script, no font, no picture from elsewhere.
    Html,
    /// PDF, tagged and with its fonts inside.
    Pdf,
    /// A table for spreadsheets; of statements only.
    Csv,
}

/// A document, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its media type, with the character set where it has one.
    pub media_type: &'static str,
    /// A name for its file, of letters, digits, dots and hyphens only.
    pub file_name: String,
    /// Itself.
    pub bytes: Vec<u8>,
}

/// What a period earned on the money that was in it, net of what was charged to the account. Not annualized.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Returns {
    /// Chain-linked over the days: what one dollar that stayed all the time earned. `None` where a day began
    /// without money and ended with some, or equity fell below zero.
    pub time_weighted: Option<Pct>,
    /// The internal rate of return: what the owner's money earned, given when it came and went. `None` where
    /// no rate explains the flows.
    pub money_weighted: Option<Pct>,
}

/// Why there is no document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// A figure is not what its parts give. A document would repeat the error, so look for what is missing.
    #[error(
        "{what}: {stated} is stated, its parts give {computed}, a difference of {}; nothing was \
         printed, compare with the ledger", stated.saturating_sub(*computed)
    )]
    Unequal {
        /// Which figure.
        what: String,
        /// As it was handed in.
        stated: Money,
        /// As its parts give it.
        computed: Money,
    },
    /// Something is dated outside the period that the document is about.
    #[error("{what} of {at} lies outside the period; take it out or choose another period")]
    Outside {
        /// What.
        what: &'static str,
        /// Its date.
        at: Timestamp,
    },
    /// A list is longer than a document may hold.
    #[error("{what}: {count} lines, at most {limit}; choose a shorter period")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// How many are taken.
        limit: usize,
    },
    /// A sum goes beyond the range of an amount.
    #[error("a sum of this document is out of range; look for a wrong amount")]
    OutOfRange,
    /// This document is not made in that format.
    #[error("invoices come as HTML and PDF; CSV is for statements")]
    NoSuchFormat,
    /// The document could not be written: a bug of the writer or of its font, not of the figures.
    #[error("the document could not be written: {0}; ask for another format and report this")]
    Unwritten(String),
}

/// Makes documents. Quick enough to be called within a request, but not on a thread that others wait for.
pub trait Documents: Send + Sync {
    /// An invoice or a credit note.
    ///
    /// # Errors
    /// Where the figures do not add up, or the format is CSV.
    fn invoice(&self, invoice: &InvoiceDocument, format: Format)
    -> Result<Document, DocumentError>;
    /// A statement.
    ///
    /// # Errors
    /// Only where the writer itself fails: the figures of a [`Statement`] add up.
    fn statement(&self, statement: &Statement, format: Format) -> Result<Document, DocumentError>;
    /// What the period of a statement earned.
    fn returns(&self, statement: &Statement) -> Returns;
}

/// From an instant up to, but not including, another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant after it.
    pub to: Timestamp,
}

impl Period {
    /// Does it hold this instant? The end counts as within: what closes a month is often dated there.
    #[must_use]
    pub fn holds(&self, at: Timestamp) -> bool {
        self.from <= at && at <= self.to
    }
}

/// Who runs the platform and sends its documents. From the operator's settings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Issuer {
    /// Its name, as on the letterhead.
    pub name: String,
    /// Its address, line by line.
    pub address: Vec<String>,
    /// Its number at the tax office, where it has one.
    pub tax_id: Option<String>,
    /// Where to ask about the document: an address of mail or of the web.
    pub contact: Option<String>,
}

/// Who a document is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Customer {
    /// The user.
    pub user: UserId,
    /// Address of mail.
    pub email: String,
    /// Name and postal address, line by line, where they are known.
    pub address: Vec<String>,
}

/// Adds up amounts.
fn sum(amounts: impl IntoIterator<Item = Money>) -> Result<Money, DocumentError> {
    let mut amounts = amounts.into_iter();
    amounts.try_fold(Money::ZERO, Money::checked_add).ok_or(DocumentError::OutOfRange)
}

/// Holds a stated figure to what its parts give.
fn equal(
    what: impl FnOnce() -> String,
    stated: Money,
    computed: Money,
) -> Result<(), DocumentError> {
    if stated == computed {
        return Ok(());
    }
    Err(DocumentError::Unequal { what: what(), stated, computed })
}
