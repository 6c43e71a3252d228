//! Equity over time: the line, the shade between it and its highest point so far, the depth of the fall below it,
//! and behind all of it the regimes.

use super::canvas::{LEFT, RIGHT, Scale, WIDTH, bounds, dates, grid, path, short, ticks};
use super::{instant, style};
use crate::statistics::Point;
use nija_core::words::time::{Span, Timestamp};
use std::collections::BTreeSet;
use std::fmt::Write;

const TOP: f64 = 14.0;
const BOTTOM: f64 = 300.0;
const UNDER: (f64, f64) = (322.0, 420.0);
const HEIGHT: f64 = 444.0;
/// Points of the line; more cannot be seen.
const MOST: usize = 3_000;

struct Place {
    day: f64,
    equity: f64,
    peak: f64,
}

pub(super) fn draw(
    to: &mut String,
    (start, points): (f64, &[Point]),
    bands: &[(i32, &'static str)],
    cuts: &[i32],
) -> std::fmt::Result {
    let places = places(start, points);
    let (Some(first), Some(last)) = (places.first(), places.last()) else {
        return writeln!(to, "<p class=\"note\">There is no day to draw.</p>");
    };
    let days = (first.day, last.day);
    let x = Scale::new(days, (LEFT, RIGHT));
    let (low, high) = bounds(places.iter().flat_map(|p| [p.equity, p.peak]).chain([start]));
    let room = (high - low) * 0.04;
    let y = Scale::new((low - room, high + room), (BOTTOM, TOP));
    write!(
        to,
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"equity and drawdown\">"
    )?;
    regimes(to, &x, days, bands)?;
    for day in cuts.iter().map(|day| f64::from(*day)).filter(|day| *day > days.0 && *day < days.1) {
        write!(to, "<path class=\"cut\" d=\"M{:.1} {TOP}V{:.1}\"/>", x.at(day), UNDER.1)?;
    }
    grid(to, &y, &ticks(low, high), short)?;
    let line = |of: fn(&Place) -> f64| path(places.iter().map(|p| (x.at(p.day), y.at(of(p)))));
    let back = places.iter().rev().map(|p| (x.at(p.day), y.at(p.equity)));
    let back = path(back).replacen('M', "L", 1);
    write!(to, "<path class=\"shade\" d=\"{}{back}Z\"/>", line(|p| p.peak))?;
    write!(to, "<path class=\"line\" d=\"{}\"/>", line(|p| p.equity))?;
    under(to, &x, &places)?;
    let date = |part: f64| {
        let day = days.0 + part * (days.1 - days.0);
        Some(instant(Timestamp::of_day(day.round() as i32, Span::ZERO)))
    };
    dates(to, HEIGHT - 6.0, 7, date)?;
    writeln!(to, "</svg>")?;
    key(to, bands)
}

/// The fall from the highest point so far, in percent.
fn under(to: &mut String, x: &Scale, places: &[Place]) -> std::fmt::Result {
    let depth = |p: &Place| if p.peak > 0.0 { (p.equity / p.peak - 1.0) * 100.0 } else { 0.0 };
    let (deepest, _) = bounds(places.iter().map(depth));
    let y = Scale::new((deepest.min(-1e-9), 0.0), (UNDER.1, UNDER.0));
    grid(to, &y, &[0.0, deepest], |tick| format!("{tick:.1}%"))?;
    let line = path(places.iter().map(|p| (x.at(p.day), y.at(depth(p)))));
    let ends = places.first().zip(places.last());
    let Some((first, last)) = ends else { return Ok(()) };
    let (from, end, zero) = (x.at(first.day), x.at(last.day), y.at(0.0));
    write!(to, "<path class=\"under\" d=\"{line}L{end:.1} {zero:.1}L{from:.1} {zero:.1}Z\"/>")
}

/// All points, or so many of them that lie equally far apart; the highest before each is of all of them.
fn places(start: f64, points: &[Point]) -> Vec<Place> {
    let stride = points.len().div_ceil(MOST).max(1);
    let mut peak = start;
    let all = points.iter().enumerate().map(|(at, point)| {
        peak = peak.max(point.equity);
        (at, Place { day: f64::from(point.day), equity: point.equity, peak })
    });
    let last = points.len().saturating_sub(1);
    all.filter(|(at, _)| at % stride == 0 || *at == last).map(|(_, place)| place).collect()
}

fn regimes(
    to: &mut String,
    x: &Scale,
    (from, end): (f64, f64),
    bands: &[(i32, &'static str)],
) -> std::fmt::Result {
    for (at, (day, regime)) in bands.iter().enumerate() {
        let until = bands.get(at + 1).map_or(end, |(next, _)| f64::from(*next));
        let (begin, until) = (f64::from(*day).max(from), until.min(end));
        let color = style::band(regime);
        if until <= begin || color == "none" {
            continue;
        }
        let (left, width) = (x.at(begin), x.at(until) - x.at(begin));
        write!(
            to,
            "<rect class=\"band\" x=\"{left:.1}\" y=\"{TOP}\" width=\"{width:.1}\" height=\"{}\" fill=\"{color}\"/>",
            BOTTOM - TOP
        )?;
    }
    Ok(())
}

fn key(to: &mut String, bands: &[(i32, &'static str)]) -> std::fmt::Result {
    let named: BTreeSet<&str> = bands.iter().map(|(_, regime)| *regime).collect();
    if named.is_empty() {
        return Ok(());
    }
    write!(to, "<div class=\"key\">")?;
    for regime in named.into_iter().filter(|regime| style::band(regime) != "none") {
        let (color, name) = (style::band(regime), regime.replace('_', " "));
        write!(to, "<span><i style=\"background:{color}\"></i>{name}</span>")?;
    }
    writeln!(to, "</div>")
}
