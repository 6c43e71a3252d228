//! A family: the months of one future that are traded one after the other, in the order in which they end.

use crate::words::id::InstrumentId;
use crate::words::instrument::Instrument;
use crate::words::time::Timestamp;

/// Two months or more of one contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Family {
    name: String,
    months: Vec<(InstrumentId, Timestamp)>,
}

/// Why these are no family.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FamilyError {
    /// There is nothing to roll into.
    #[error("it has fewer than two months; name the next one, or take the family out")]
    Few,
    /// A month without a row.
    #[error("{0} is not in the catalog; list it among the instruments, or mend its name")]
    Unlisted(String),
    /// A row that is no month.
    #[error("{0} is no future, and only futures roll; take it out of the months")]
    NoFuture(String),
    /// A month of another contract, by its name.
    #[error(
        "the symbol of {0} does not begin with the name of its family; name it like the root of its months"
    )]
    Root(String),
    /// A month of another contract, by its terms.
    #[error(
        "{0} has not the class, hours, venue, tick, lot and multiplier of {1}; months of one contract have the same"
    )]
    Terms(String, String),
    /// A month that does not follow the one before it.
    #[error("{1} does not end after {0}; name months in the order in which they end")]
    Order(String, String),
    /// A month that stands in two families, or twice in one.
    #[error("{0} is a month of a family already; name it once")]
    Taken(String),
}

impl Family {
    /// The family of these months.
    ///
    /// # Errors
    /// [`FamilyError`] names the month.
    pub fn of(name: &str, rows: &[&Instrument]) -> Result<Self, FamilyError> {
        if rows.len() < 2 {
            return Err(FamilyError::Few);
        }
        let month = |row: &&Instrument| {
            let expiry = row.expiry().filter(|_| row.is_margined());
            let expiry = expiry.ok_or_else(|| FamilyError::NoFuture(row.symbol.clone()))?;
            Ok((row.id, expiry))
        };
        let months = rows.iter().map(month).collect::<Result<Vec<_>, _>>()?;
        for pair in rows.windows(2) {
            let [before, next] = [pair[0], pair[1]];
            let symbols = || (before.symbol.clone(), next.symbol.clone());
            if terms(before) != terms(next) {
                let (before, next) = symbols();
                return Err(FamilyError::Terms(next, before));
            }
            if before.expiry() >= next.expiry() {
                let (before, next) = symbols();
                return Err(FamilyError::Order(before, next));
            }
        }
        Ok(Self { name: name.to_owned(), months })
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The months and the last instant of trading of each, the first to end first.
    pub fn months(&self) -> impl Iterator<Item = (InstrumentId, Timestamp)> + '_ {
        self.months.iter().copied()
    }

    /// Is this one of its months?
    #[must_use]
    pub fn has(&self, instrument: InstrumentId) -> bool {
        self.months.iter().any(|(month, _)| *month == instrument)
    }
}

/// What months of one contract have in common. What must stay behind each may differ.
fn terms(row: &Instrument) -> impl PartialEq + use<> {
    (row.class, row.hours, row.venue, row.tick, row.lot, row.multiplier())
}
