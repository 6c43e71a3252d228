//! A document before it is written: what stands on it and in which order, the same for HTML and PDF.

use crate::chart::Chart;
use crate::table::Table;
use nija_core::ports::documents::Issuer;
use nija_core::words::time::Timestamp;

/// A document.
pub(crate) struct Sheet {
    /// Its name in full: `Invoice N-1`.
    pub(crate) title: String,
    /// Name of its file, without what comes after the dot.
    pub(crate) file: String,
    /// The date that it bears.
    pub(crate) dated: Timestamp,
    pub(crate) head: Head,
    pub(crate) blocks: Vec<Block>,
}

/// The head of its first page.
pub(crate) struct Head {
    /// What it is, in large letters: `Invoice`.
    pub(crate) word: String,
    /// What stands below: a number, a month.
    pub(crate) subject: String,
    /// Who sends it; the first line is the name.
    pub(crate) issuer: Vec<String>,
    /// Who gets it.
    pub(crate) customer: Vec<String>,
    /// The word before the customer: `Billed to`.
    pub(crate) address: &'static str,
    /// What identifies it, each with its label.
    pub(crate) facts: Vec<(&'static str, String)>,
}

/// A piece of a document.
pub(crate) enum Block {
    /// A heading of a part.
    Part(String),
    /// A paragraph.
    Words(String),
    /// The same, smaller: how something was reckoned.
    Remark(String),
    /// Figures to be seen first, each with its label.
    Headlines(Vec<(String, String)>),
    /// A table.
    Table(Table),
    /// A curve.
    Chart(Chart),
}

/// The lines of a letterhead.
pub(crate) fn letterhead(issuer: &Issuer) -> Vec<String> {
    let tax = issuer.tax_id.as_ref().map(|id| format!("Tax ID {id}"));
    let lines = std::iter::once(issuer.name.clone()).chain(issuer.address.iter().cloned());
    lines.chain(tax).chain(issuer.contact.clone()).collect()
}
