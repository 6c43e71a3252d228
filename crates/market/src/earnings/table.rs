//! Reads a table of reports as vendors sell them: comma-separated, one row a report, columns by name.
//! Needed: `report_date` and `symbol`. Used where there: `release_time` (pre, post), `quarter_end`, `eps_actual`.

use super::{News, Report, Slot};
use crate::table::{Fault, day};
use nija_core::words::id::InstrumentId;
use nija_core::words::time::{Span, Timestamp};
use std::collections::BTreeMap;

/// How long before a report its date is taken to be known. Companies confirm two to four weeks ahead; tables of the
/// past do not say when they did.
const NOTICE: Span = Span(14 * Span::DAY.0);
/// When results are known: before the open at noon UTC, after the close at 22:00, when of the day is unknown at
/// the day's end.
const BEFORE: Span = Span::seconds(12 * 3_600);
const AFTER: Span = Span::seconds(22 * 3_600);

/// The places of the columns.
struct Columns {
    date: usize,
    symbol: usize,
    slot: Option<usize>,
    period: Option<usize>,
    earned: Option<usize>,
}

/// Reads a table; symbols that `find` does not know are left out. Sorted by when things became known.
///
/// # Errors
/// The first row that cannot be read.
pub fn read(text: &str, find: impl Fn(&str) -> Option<InstrumentId>) -> Result<Vec<Report>, Fault> {
    let mut lines = (1..).zip(text.lines());
    let columns = Columns::of(lines.next().map_or("", |(_, header)| header))?;
    let mut reports = Vec::new();
    let mut counts: BTreeMap<InstrumentId, i32> = BTreeMap::new();
    for (line, row) in lines.filter(|(_, row)| !row.trim().is_empty()) {
        let cells: Vec<&str> = row.split(',').map(str::trim).collect();
        let cell = |place: usize| cells.get(place).copied().unwrap_or_default();
        let Some(instrument) = find(cell(columns.symbol)) else {
            continue;
        };
        let count = counts.entry(instrument).or_default();
        *count += 1;
        columns
            .push(instrument, *count, &cell, &mut reports)
            .map_err(|what| Fault { line, what })?;
    }
    reports.sort_by_key(|report| (report.known_at, report.instrument, report.period));
    Ok(reports)
}

impl Columns {
    fn of(header: &str) -> Result<Self, Fault> {
        let names: Vec<&str> = header.split(',').map(str::trim).collect();
        let place = |name: &str| names.iter().position(|n| *n == name);
        let missing =
            Fault { line: 1, what: "name the columns; report_date and symbol must be there" };
        Ok(Self {
            date: place("report_date").ok_or_else(|| missing.clone())?,
            symbol: place("symbol").ok_or(missing)?,
            slot: place("release_time"),
            period: place("quarter_end"),
            earned: place("eps_actual"),
        })
    }

    fn push<'a>(
        &self,
        instrument: InstrumentId,
        count: i32,
        cell: &impl Fn(usize) -> &'a str,
        reports: &mut Vec<Report>,
    ) -> Result<(), &'static str> {
        let day = day(cell(self.date)).ok_or("report_date is no date; write it as 2024-07-30")?;
        let slot = match self.slot.map_or("", cell) {
            "pre" => Some(Slot::Before),
            "post" => Some(Slot::After),
            "" => None,
            _ => return Err("release_time is neither pre nor post; leave it empty where unknown"),
        };
        let period = match self.period.map_or("", cell) {
            "" => count,
            text => {
                crate::table::day(text).ok_or("quarter_end is no date; write it as 2024-06-30")?
            }
        };
        let midnight = Timestamp::of_day(day, Span::ZERO);
        let planned = News::Planned { day, slot };
        let known_at = Timestamp(midnight.0 - NOTICE.0);
        reports.push(Report { instrument, period, known_at, news: planned });
        let earned = self.earned.map_or("", cell);
        if !earned.is_empty() {
            let earned: Option<f64> = earned.parse().ok().filter(|n: &f64| n.is_finite());
            let earned = earned.ok_or("eps_actual is no number; leave it empty where unknown")?;
            let known_at = midnight.plus(match slot {
                Some(Slot::Before) => BEFORE,
                Some(Slot::After) => AFTER,
                None => Span::DAY,
            });
            reports.push(Report { instrument, period, known_at, news: News::Published { earned } });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::date;

    fn find(symbol: &str) -> Option<InstrumentId> {
        (symbol == "ACME").then_some(InstrumentId(7))
    }

    #[test]
    fn a_row_is_a_plan_two_weeks_ahead_and_a_result_when_it_is_out() {
        let text = "report_date,symbol,release_time,eps_actual\n\
                    2019-08-13,OTHER,pre,2\n2019-08-15,ACME,post,1.24\n\n2019-11-14,ACME,,\n";
        let reports = read(text, find).unwrap();
        let day = date::day_of(2019, 8, 15).unwrap();
        let at = |days: i32, hours: i64| {
            Timestamp::of_day(day + days, Span::ZERO).plus(Span::seconds(hours * 3_600))
        };
        let report =
            |period, known_at, news| Report { instrument: InstrumentId(7), period, known_at, news };
        let slot = Some(Slot::After);
        assert_eq!(
            reports,
            [
                report(1, at(-14, 0), News::Planned { day, slot }),
                report(1, at(0, 22), News::Published { earned: 1.24 }),
                report(2, at(91 - 14, 0), News::Planned { day: day + 91, slot: None }),
            ]
        );
    }

    #[test]
    fn faults_name_their_line() {
        let fault = |text: &str| read(text, find).unwrap_err().to_string();
        assert!(fault("date,symbol\n").starts_with("line 1: name the columns"));
        assert!(fault("report_date,symbol\n2019-02-30,ACME\n").starts_with("line 2: report_date"));
        let three = "report_date,symbol,release_time\n2019-02-20,ACME,pre\n2019-05-20,ACME,noon\n";
        assert!(fault(three).starts_with("line 3: release_time"));
        let number = "report_date,symbol,eps_actual\n2019-02-20,ACME,n/a\n";
        assert!(fault(number).starts_with("line 2: eps_actual"));
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,200}") {
            let _ = read(&format!("report_date,symbol\n{text}"), |_| Some(InstrumentId(1)));
            let _ = read(&text, |_| Some(InstrumentId(1)));
        }
    }
}
