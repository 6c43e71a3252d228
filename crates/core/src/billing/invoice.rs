//! Invoices and credit notes: what was asked for and what was taken back, in whole cents.
//! Numbers are dense within a partition and never used twice. Texts are made here, once, for every screen.

use super::plans::{Plan, Plans};
use crate::words::id::PartitionId;
use crate::words::money::{Money, Pct};
use crate::words::time::Timestamp;
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// A text that is no number of this kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a number of an invoice or credit note; they look like NIJA-0003-000017 and NIJA-0003-C000017"
)]
pub struct NotANumber;

macro_rules! number {
    ($(#[$doc:meta])* $name:ident, $letter:literal) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode,
        )]
        pub struct $name {
            /// Which partition's series.
            #[n(0)]
            pub partition: PartitionId,
            /// Place in it, from 1.
            #[n(1)]
            pub count: u32,
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write!(f, concat!("NIJA-{:04}-", $letter, "{:06}"), self.partition.0, self.count)
            }
        }

        impl core::str::FromStr for $name {
            type Err = NotANumber;
            fn from_str(text: &str) -> Result<Self, NotANumber> {
                let read = || {
                    let (partition, count) = text.strip_prefix("NIJA-")?.split_once('-')?;
                    let partition = PartitionId(partition.parse().ok()?);
                    let count = count.strip_prefix($letter)?.parse().ok()?;
                    Some(Self { partition, count })
                };
                // Written in one way only, so that a number is one text.
                read().filter(|number| number.to_string() == text).ok_or(NotANumber)
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

number!(
    /// Number of an invoice, printed like `NIJA-0003-000017`.
    InvoiceNo,
    ""
);
number!(
    /// Number of a credit note, printed like `NIJA-0003-C000017`.
    NoteNo,
    "C"
);

/// From when to when; the end is the first instant after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Period {
    /// First instant.
    #[n(0)]
    pub from: Timestamp,
    /// First instant after it.
    #[n(1)]
    pub until: Timestamp,
}

/// What a line asks money for. Prints as its description.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Item {
    /// A term of a plan.
    #[n(0)]
    Subscription {
        /// Which plan.
        #[n(0)]
        plan: Plan,
    },
    /// The difference to a higher tier for the rest of a term.
    #[n(1)]
    Upgrade {
        /// From which plan.
        #[n(0)]
        from: Plan,
        /// To which.
        #[n(1)]
        to: Plan,
    },
}

/// One line of an invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Line {
    /// For what.
    #[n(0)]
    pub item: Item,
    /// For which time; `None` where it begins when the invoice is paid.
    #[n(1)]
    pub period: Option<Period>,
    /// Dollars before tax, whole cents.
    #[n(2)]
    pub amount: Money,
}

/// How an invoice stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub enum InvoiceState {
    /// It waits for its money.
    #[n(0)]
    Open,
    /// Its money was there.
    #[n(1)]
    Paid,
    /// It was withdrawn before it was paid.
    #[n(2)]
    Void,
}

/// A demand for money. What it said when it was issued never changes; only its state and, where it was open,
/// its period come later.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Invoice {
    /// Its number.
    #[n(0)]
    pub number: InvoiceNo,
    /// When it was issued.
    #[n(1)]
    pub issued: Timestamp,
    /// When it is to be paid.
    #[n(2)]
    pub due: Timestamp,
    /// What for.
    #[n(3)]
    pub lines: Vec<Line>,
    /// Sum of the lines.
    #[n(4)]
    pub subtotal: Money,
    /// What the tax is called.
    #[n(5)]
    pub tax_name: String,
    /// Its rate.
    #[n(6)]
    pub tax_pct: Pct,
    /// Tax on the subtotal.
    #[n(7)]
    pub tax: Money,
    /// Subtotal and tax.
    #[n(8)]
    pub total: Money,
    /// What the owner's credit pays of it.
    #[n(9)]
    pub credit_used: Money,
    /// How it stands.
    #[n(10)]
    pub state: InvoiceState,
}

/// Why money was taken back from an invoice. Prints as one sentence.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum NoteReason {
    /// The rest of a term is served on a lower tier.
    #[n(0)]
    Downgrade {
        /// From which plan.
        #[n(0)]
        from: Plan,
        /// To which.
        #[n(1)]
        to: Plan,
    },
    /// Someone of the house decided so.
    #[n(1)]
    Refund {
        /// Why, in words.
        #[n(0)]
        why: String,
    },
}

/// What is taken back from an invoice that was paid.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct CreditNote {
    /// Its number.
    #[n(0)]
    pub number: NoteNo,
    /// Of which invoice.
    #[n(1)]
    pub invoice: InvoiceNo,
    /// When it was issued.
    #[n(2)]
    pub issued: Timestamp,
    /// Why.
    #[n(3)]
    pub reason: NoteReason,
    /// Before tax.
    #[n(4)]
    pub net: Money,
    /// Tax on it, in proportion to the invoice's.
    #[n(5)]
    pub tax: Money,
}

impl core::fmt::Display for Item {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Subscription { plan } => write!(f, "Subscription {plan}"),
            Self::Upgrade { from, to } => {
                write!(
                    f,
                    "Upgrade from {} to {}, rest of the term",
                    from.tier.name(),
                    to.tier.name()
                )
            }
        }
    }
}

impl core::fmt::Display for NoteReason {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Downgrade { from, to } => {
                let (from, to) = (from.tier.name(), to.tier.name());
                write!(f, "Downgrade from {from} to {to}: what is not used of the term.")
            }
            Self::Refund { why } => write!(f, "Refund: {why}"),
        }
    }
}

impl Invoice {
    /// Issues an invoice over one line, due at once. Tax and total are worked out here and nowhere else.
    #[must_use]
    pub fn of(
        number: InvoiceNo,
        issued: Timestamp,
        line: Line,
        credit: Money,
        plans: &Plans,
    ) -> Self {
        let tax = plans.tax(line.amount);
        // A price is a million at most, a year of it twelve, tax a half: far within the range.
        let total = line.amount.saturating_add(tax);
        Self {
            number,
            issued,
            due: issued,
            lines: vec![line],
            subtotal: line.amount,
            tax_name: plans.tax_name.clone(),
            tax_pct: plans.tax_pct,
            tax,
            total,
            credit_used: credit.or_zero().min(total),
            state: InvoiceState::Open,
        }
    }
    /// What remains to be paid when credit has paid its part.
    #[must_use]
    pub const fn to_pay(&self) -> Money {
        self.total.saturating_sub(self.credit_used)
    }
}

impl CreditNote {
    /// Net and tax. In range, as it is a part of an invoice.
    #[must_use]
    pub const fn total(&self) -> Money {
        self.net.saturating_add(self.tax)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::billing::plans::{Cycle, DEFAULT_PLANS};
    use crate::words::tier::Tier;

    #[test]
    fn numbers_are_one_text_each() {
        let number = InvoiceNo { partition: PartitionId(3), count: 17 };
        assert_eq!(number.to_string(), "NIJA-0003-000017");
        assert_eq!("NIJA-0003-000017".parse(), Ok(number));
        let note = NoteNo { partition: PartitionId(65_535), count: 1_234_567 };
        assert_eq!(note.to_string(), "NIJA-65535-C1234567");
        assert_eq!(note.to_string().parse(), Ok(note));
        for text in ["", "NIJA-3-17", "NIJA-0003-0000017", "NIJA-0003-C000017", "NIJA-0003-+00017"]
        {
            assert_eq!(text.parse::<InvoiceNo>(), Err(NotANumber), "{text}");
        }
        assert!("NIJA-0003-000017".parse::<NoteNo>().is_err());
    }

    #[test]
    fn an_invoice_adds_up_to_the_cent() {
        let table = DEFAULT_PLANS.replace("tax_pct = \"0\"", "tax_pct = \"8.1\"");
        let plans = Plans::parse(&table).unwrap();
        let plan = Plan { tier: Tier::Investor, cycle: Cycle::Monthly };
        let line =
            Line { item: Item::Subscription { plan }, period: None, amount: "99".parse().unwrap() };
        let at = Timestamp(5);
        let of = |credit: &str| {
            let invoice =
                Invoice::of(InvoiceNo::default(), at, line, credit.parse().unwrap(), &plans);
            assert_eq!(invoice.total, invoice.subtotal.saturating_add(invoice.tax));
            (invoice.tax.to_string(), invoice.credit_used.to_string(), invoice.to_pay().to_string())
        };
        assert_eq!(of("0"), ("8.02".into(), "0".into(), "107.02".into()));
        assert_eq!(of("20"), ("8.02".into(), "20".into(), "87.02".into()));
        assert_eq!(of("200"), ("8.02".into(), "107.02".into(), "0".into()));
        assert_eq!(line.item.to_string(), "Subscription INVESTOR, monthly");
    }
}
