//! The house's own lines. No tenant's scope leads here.

use super::chain::{Chain, Holder};
use super::reader::{Reader, damaged};
use super::record::Record;
use super::row;
use crate::error::Fault;
use nija_core::ports::views::Row;
use nija_core::ports::views::house::{HouseFilter, HouseRow, HouseRows};
use nija_core::words::id::{AccountId, AccountNo, PartitionId, UserId};
use nija_core::words::time::{Span, Timestamp};
use rusqlite::{Connection, OptionalExtension};

const OWNER: &str = "SELECT id, user FROM account WHERE key = ?1";
/// Records that are looked at for one answer.
const LOOKED_AT: usize = 5_000;
/// Rows of one answer at most, whatever is asked for.
const ROWS: u32 = 1_000;

/// A page of the lines of a partition.
pub(super) fn entries(
    connection: &Connection,
    partition: PartitionId,
    filter: HouseFilter,
) -> Result<HouseRows, Fault> {
    let mut reader = Reader::of_house(connection, partition)?;
    let HouseFilter { book, day, page } = filter;
    let limit = page.limit.min(ROWS) as usize;
    let (from, to) = match day {
        None => (Timestamp(i64::MIN), Timestamp(i64::MAX)),
        Some(day) => {
            let begins = |day| Timestamp::of_day(day, Span::ZERO);
            (begins(day), begins(day.saturating_add(1)))
        }
    };
    let before = page.before.unwrap_or(i64::MAX).min(first_at(&mut reader, to)?);
    let mut place = reader.start(Chain::Entries, before)?;
    let (mut found, mut looked) = (HouseRows::default(), 0);
    while !place.is_nowhere() {
        let record = reader.record(place)?;
        if record.at.now < from {
            return Ok(found);
        }
        let link = record.link(Chain::Entries).ok_or_else(|| damaged("a chain leads elsewhere"))?;
        let first = link.number - record.rows(Chain::Entries) + 1;
        for (part, leg) in record.legs().enumerate().collect::<Vec<_>>().into_iter().rev() {
            let number = first + part as i64;
            let wanted =
                number < before && record.at.now < to && book.is_none_or(|book| leg.book == book);
            if wanted {
                let row = house_row(&mut reader, &record, part)?;
                found.rows.push(Row { number, row });
            }
            if found.rows.len() == limit {
                found.next = Some(number);
                return Ok(found);
            }
        }
        if link.before.0 >= place.0 {
            return Err(damaged("a chain does not lead back"));
        }
        (place, looked) = (link.before, looked + 1);
        if looked == LOOKED_AT {
            found.next = Some(first);
            return Ok(found);
        }
    }
    Ok(found)
}

/// The number of a line at or behind an instant, at most 256 records and their lines too far: lines stand in order
/// of time, so it is found by halving.
fn first_at(reader: &mut Reader<'_>, at: Timestamp) -> Result<i64, Fault> {
    let head = reader.head(Chain::Entries).number;
    let (mut low, mut high) = (0, head.saturating_add(1));
    while low < high {
        let middle = low + (high - low) / 2;
        let Some(place) = reader.marked(Chain::Entries, middle)? else {
            high = middle;
            continue;
        };
        let record = reader.record(place)?;
        let link = record.link(Chain::Entries).ok_or_else(|| damaged("a chain leads elsewhere"))?;
        if record.at.now < at {
            low = link.number.max(middle) + 1;
        } else {
            high = middle;
        }
    }
    // The next marked line is not before the instant any more.
    let behind = reader.marked(Chain::Entries, low)?;
    let Some(place) = behind else { return Ok(i64::MAX) };
    let record = reader.record(place)?;
    let link = record.link(Chain::Entries).ok_or_else(|| damaged("a chain leads elsewhere"))?;
    Ok(link.number.saturating_add(1))
}

fn house_row(reader: &mut Reader<'_>, record: &Record, part: usize) -> Result<HouseRow, Fault> {
    let line = row::entry(reader, record, part)?;
    let legs = record.event.entry().into_iter().flat_map(|entry| entry.legs());
    let other = legs.map(|leg| leg.account).find(|no| *no != AccountNo::HOUSE);
    // A subscription is paid outside the account: its entry has lines of the house alone.
    let other = other.or(record.event.account());
    let owner = match other {
        Some(no) => owner(reader.connection(), record.at.partition, no)?,
        None => None,
    };
    let (account, user) = owner.map(|(id, user)| (id.to_string(), user.to_string())).unzip();
    Ok(HouseRow { line, account, user })
}

fn owner(
    connection: &Connection,
    partition: PartitionId,
    no: AccountNo,
) -> Result<Option<(AccountId, UserId)>, Fault> {
    let mut statement = connection.prepare_cached(OWNER)?;
    let read = |row: &rusqlite::Row<'_>| {
        let id = |bytes: [u8; 16]| u128::from_be_bytes(bytes);
        Ok((AccountId(id(row.get(0)?)), UserId(id(row.get(1)?))))
    };
    Ok(statement.query_row([Holder::new(partition, no).0], read).optional()?)
}
