//! What each month and each year earned, as a table whose cells are as strong in color as the month was.

use crate::statistics::{Point, gain};
use nija_core::words::time::{Span, Timestamp};
use std::collections::BTreeMap;
use std::fmt::Write;

const NAMES: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/// Percent at which a cell has its full color.
const FULL: f64 = 12.0;

/// Percent of each month of a year, and of the whole year.
#[derive(Clone, Copy, Default, Debug, PartialEq)]
struct Year {
    months: [Option<f64>; 12],
    whole: f64,
}

pub(super) fn table(to: &mut String, start: f64, points: &[Point]) -> std::fmt::Result {
    write!(to, "<div class=\"wide\"><table class=\"months\"><tr><th></th>")?;
    NAMES.iter().try_for_each(|name| write!(to, "<th>{name}</th>"))?;
    writeln!(to, "<th>Year</th></tr>")?;
    for (year, row) in years(start, points) {
        write!(to, "<tr><th>{year}</th>")?;
        row.months.iter().try_for_each(|month| cell(to, *month))?;
        cell(to, Some(row.whole))?;
        writeln!(to, "</tr>")?;
    }
    writeln!(to, "</table></div>")
}

fn cell(to: &mut String, percent: Option<f64>) -> std::fmt::Result {
    let Some(percent) = percent else {
        return write!(to, "<td></td>");
    };
    let part = (percent.abs() / FULL).min(1.0) * 55.0;
    let color = if percent < 0.0 { "--down" } else { "--up" };
    write!(
        to,
        "<td style=\"background:color-mix(in srgb,var({color}) {part:.0}%,transparent)\">{percent:.1}%</td>"
    )
}

/// What one month earned.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Month {
    pub(in super::super) year: i64,
    /// From 0.
    pub(in super::super) month: usize,
    pub(in super::super) percent: f64,
}

/// Every month that has a day, in order.
pub(in super::super) fn months(start: f64, points: &[Point]) -> Vec<Month> {
    let cells = |(year, row): (i64, Year)| {
        let months = row.months.into_iter().enumerate();
        months.filter_map(move |(month, percent)| Some(Month { year, month, percent: percent? }))
    };
    years(start, points).into_iter().flat_map(cells).collect()
}

fn years(start: f64, points: &[Point]) -> BTreeMap<i64, Year> {
    let mut years: BTreeMap<i64, Year> = BTreeMap::new();
    // Equity at the end of the last month and of the last year that are over.
    let (mut month_began, mut year_began, mut before) = (start, start, start);
    let mut now: Option<(i64, usize)> = None;
    for point in points {
        let month = month(point.day);
        if now.is_some_and(|now| now != month) {
            month_began = before;
            if now.is_some_and(|now| now.0 != month.0) {
                year_began = before;
            }
        }
        now = Some(month);
        before = point.equity;
        let row = years.entry(month.0).or_default();
        let percent = |began: f64| gain(began, point.equity).map(|gain| gain * 100.0);
        if let Some(cell) = row.months.get_mut(month.1) {
            *cell = percent(month_began);
        }
        row.whole = percent(year_began).unwrap_or(0.0);
    }
    years
}

/// Year and month, from 0, of a day.
fn month(day: i32) -> (i64, usize) {
    let date = Timestamp::of_day(day, Span::ZERO).to_string();
    let mut parts = date.split('-');
    let year = parts.next().and_then(|year| year.parse().ok()).unwrap_or(0);
    let month = parts.next().and_then(|month| month.parse::<usize>().ok()).unwrap_or(1);
    (year, month - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_and_years_chain() {
        let at = |day, equity| Point { day, equity, cash: 0.0 };
        // 1970-01-20, 1970-01-31, 1970-02-28, 1971-01-01
        let points = [at(19, 105.0), at(30, 110.0), at(58, 99.0), at(365, 198.0)];
        let years = years(100.0, &points);
        let round = |percent: f64| (percent * 1e6).round() / 1e6;
        let first = years[&1970];
        assert_eq!(first.months[0].map(round), Some(10.0));
        assert_eq!(first.months[1].map(round), Some(-10.0));
        assert_eq!((round(first.whole), first.months[2]), (-1.0, None));
        assert_eq!(round(years[&1971].whole), 100.0);
    }
}
