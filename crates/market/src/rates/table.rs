//! Reads a table of rates as central banks publish them: comma-separated, one row a day, columns by name, percent a
//! year. Needed: the date, and one column of rates; the first of [`RATES`] that is there is read. A day whose cell is
//! empty has no observation.

use super::Rate;
use crate::date::business_day_after;
use crate::table::{self, Fault};
use nija_core::words::time::{Span, Timestamp};

/// Names of the column of dates: our own, FRED's today, FRED's before.
const DATES: [&str; 4] = ["date", "timestamp", "observation_date", "DATE"];
/// Names of columns of rates, the best first: one's own, bills of three months, federal funds.
const RATES: [&str; 3] = ["rate", "DGS3MO", "DFF"];
/// Percent a year that are believed. Federal funds have stood at 22.36, some bills below zero.
const SANE: core::ops::RangeInclusive<f64> = -5.0..=30.0;

/// What was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The column that it is.
    pub column: &'static str,
    /// The rates, by the instant from which they may be used.
    pub rates: Vec<Rate>,
    /// The days that were observed first and last.
    pub span: (i32, i32),
}

/// Reads a table.
///
/// # Errors
/// The first row that cannot be read, goes back in time or comes twice; a table without any rate.
pub fn read(text: &str) -> Result<Table, Fault> {
    let mut lines = (1..).zip(text.lines());
    let header = lines.next().map_or("", |(_, header)| header);
    let names: Vec<&str> = header.split(',').map(str::trim).collect();
    let place = |name: &str| names.iter().position(|n| *n == name);
    let date = DATES.into_iter().find_map(place);
    let rate = RATES.into_iter().find_map(|name| Some((name, place(name)?)));
    let (date, (column, rate)) = date.zip(rate).ok_or(Fault {
        line: 1,
        what: "name the columns: date (or timestamp), and rate, DGS3MO or DFF in percent a year",
    })?;
    let (mut rates, mut span) = (Vec::new(), None);
    let mut before = None;
    for (line, row) in lines.filter(|(_, row)| !row.trim().is_empty()) {
        let cells: Vec<&str> = row.split(',').map(str::trim).collect();
        let cell = |place: usize| cells.get(place).copied().unwrap_or_default();
        let read =
            self::row(cell(date), cell(rate), before).map_err(|what| Fault { line, what })?;
        let (day, yearly) = read;
        before = Some(day);
        if let Some(yearly) = yearly {
            rates.push(Rate { known_at: known_at(day), yearly });
            span = Some((span.map_or(day, |(first, _)| first), day));
        }
    }
    let span = span.ok_or(Fault { line: 2, what: "there is no rate in this table" })?;
    Ok(Table { column, rates, span })
}

/// The day of a row, and its rate as a fraction where one was observed.
fn row(date: &str, rate: &str, before: Option<i32>) -> Result<(i32, Option<f64>), &'static str> {
    // A time of day may stand behind the date: the day is what was observed.
    let day =
        date.get(..10).and_then(table::day).ok_or("this is no date; write it as 2024-07-30")?;
    match before {
        Some(before) if before == day => {
            return Err("this date has come already; keep one row of it");
        }
        Some(before) if before > day => return Err("dates must rise; sort the rows by date"),
        _ => {}
    }
    if matches!(rate, "" | ".") {
        return Ok((day, None));
    }
    let percent: f64 = rate
        .parse()
        .map_err(|_| "the rate is no number; write 4.33, or nothing where there is none")?;
    if !SANE.contains(&percent) {
        return Err("rates are from -5 to 30 percent a year; write 4.33 for 4.33 %");
    }
    Ok((day, Some(percent / 100.0)))
}

/// The rate of a day is published at the end of the next business day (H.15: at a quarter past four in New York), so
/// it may be used from the midnight behind that.
fn known_at(day: i32) -> Timestamp {
    Timestamp::of_day(business_day_after(day), Span::DAY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::date::day_of;

    fn at(year: i32, month: u32, day: u32) -> Timestamp {
        Timestamp::of_day(day_of(year, month, day).unwrap(), Span::ZERO)
    }

    #[test]
    fn a_rate_is_known_from_the_day_after_it_was_published() {
        let text = "timestamp,DFF,DGS3MO\n2024-11-26T00:00:00Z,4.58,4.60\n2024-11-27,4.58,4.58\n\
                    2024-11-28,4.58,\n2024-11-29,4.58,4.5\n2024-12-02,4.59,.\n";
        let table = read(text).unwrap();
        let told: Vec<(Timestamp, f64)> =
            table.rates.iter().map(|rate| (rate.known_at, (rate.yearly * 1e6).round())).collect();
        // Tuesday is published on Wednesday; Wednesday on Friday, behind Thanksgiving; Friday on Monday.
        let want = [
            (at(2024, 11, 28), 46_000.0),
            (at(2024, 11, 30), 45_800.0),
            (at(2024, 12, 3), 45_000.0),
        ];
        assert_eq!((told, table.column), (want.to_vec(), "DGS3MO"));
        let day = |day| day_of(2024, 11, day).unwrap();
        assert_eq!(table.span, (day(26), day(29)));
    }

    #[test]
    fn columns_go_by_name_and_the_own_one_first() {
        let column = |header: &str| read(&format!("{header}\n2024-01-02,5,6\n")).map(|t| t.column);
        assert_eq!(column("date,DFF,rate"), Ok("rate"));
        assert_eq!(column("observation_date,DFF,T10Y"), Ok("DFF"));
        assert_eq!(read("DGS3MO,date\n5,2024-01-02\n").unwrap().rates[0].yearly, 0.05);
    }

    #[test]
    fn faults_name_their_line() {
        let fault = |rows: &str| read(&format!("date,rate\n{rows}")).unwrap_err().to_string();
        assert_eq!(read("day,rate\n").unwrap_err().line, 1);
        assert!(
            read("date,T10Y\n2024-01-02,4\n").unwrap_err().what.starts_with("name the columns")
        );
        for (rows, want) in [
            ("", "line 2: there is no rate"),
            ("2024-01-02,\n2024-01-03,.\n", "line 2: there is no rate"),
            ("2024-02-30,4\n", "line 2: this is no date"),
            ("2024-01-02,4\n2024-01-02,4\n", "line 3: this date has come already"),
            ("2024-01-03,4\n\n2024-01-02,4\n", "line 4: dates must rise"),
            ("2024-01-02,n/a\n", "line 2: the rate is no number"),
            ("2024-01-02,433\n", "line 2: rates are from -5 to 30"),
            ("2024-01-02,NaN\n", "line 2: rates are from -5 to 30"),
        ] {
            assert!(fault(rows).starts_with(want), "{rows:?}: {}", fault(rows));
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,200}") {
            let _ = read(&format!("date,rate\n{text}"));
            let _ = read(&text);
        }
    }
}
