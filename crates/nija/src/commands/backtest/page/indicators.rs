//! What indicators say of the candles that are drawn, as a reader of charts expects it: an average and Bollinger bands
//! among the candles, and RSI, MACD and the average true range below them. No strategy decides by these lines.

use super::canvas::{LEFT, RIGHT, Scale, WIDTH, bounds, grid, path, short, ticks};
use nija_market::candle::Candle;
use nija_market::indicator::{Bands, series};
use std::fmt::Write;

const BARS: usize = 20;
/// Wilder's own length.
const WILDER: usize = 14;
/// Appel's own lengths.
const MACD: [usize; 3] = [12, 26, 9];
/// Height of a panel, and where its drawing begins and ends.
const PANEL: f64 = 108.0;
const TOP: f64 = 8.0;
const BOTTOM: f64 = 100.0;

/// Draws bands and an average among the candles, in the scales of these.
pub(super) fn among(
    to: &mut String,
    candles: &[Candle],
    (x, y): (&Scale, &Scale),
) -> std::fmt::Result {
    let closes = closes(candles);
    let bands = series::bollinger(&closes, BARS, Vec::new());
    if bands.is_empty() {
        return Ok(());
    }
    let edge = |of: fn(&Bands) -> f64| {
        let values: Vec<f64> = bands.iter().map(of).collect();
        places(&values, candles.len(), x, y)
    };
    let (upper, mut lower) = (edge(|bands| bands.upper), edge(|bands| bands.lower));
    lower.reverse();
    let around = path(upper.into_iter().chain(lower));
    write!(to, "<path class=\"bands\" d=\"{around}Z\"/>")?;
    line(to, "average", &series::ema(&closes, BARS, Vec::new()), candles.len(), (x, y))
}

/// What the lines among the candles and the panels below them are.
pub(super) fn key(to: &mut String, averages: &[super::Average]) -> std::fmt::Result {
    write!(to, "<div class=\"key\">")?;
    for average in averages {
        write!(
            to,
            "<span><i class=\"{}\"></i>{}</span>",
            average.class,
            super::plain(&average.name)
        )?;
    }
    writeln!(
        to,
        "<span><i class=\"average\"></i>exponential average of {BARS} candles</span>\
         <span><i class=\"bands\"></i>Bollinger bands of {BARS}</span></div>"
    )
}

/// Draws the panels below the candles.
pub(super) fn below(to: &mut String, candles: &[Candle]) -> std::fmt::Result {
    let of = |number: fn(&Candle) -> f64| candles.iter().map(number).collect::<Vec<f64>>();
    let closes = closes(candles);
    let rsi = series::rsi(&closes, WILDER, Vec::new());
    panel(to, &format!("RSI {WILDER}"), candles.len(), &[("line", &rsi)], &[30.0, 70.0])?;
    let macd = series::macd(&closes, MACD, Vec::new());
    let lines: Vec<f64> = macd.iter().map(|macd| macd.line).collect();
    let signals: Vec<f64> = macd.iter().map(|macd| macd.signal).collect();
    let [fast, slow, signal] = MACD;
    let name = format!("MACD {fast} {slow} {signal}");
    panel(to, &name, candles.len(), &[("line", &lines), ("average", &signals)], &[0.0])?;
    let (highs, lows) = (of(Candle::high_f64), of(Candle::low_f64));
    let atr = series::atr([&highs, &lows, &closes], WILDER, Vec::new());
    panel(to, &format!("ATR {WILDER}"), candles.len(), &[("line", &atr)], &[])
}

/// One panel with its lines; of too few candles, none.
fn panel(
    to: &mut String,
    name: &str,
    count: usize,
    lines: &[(&str, &[f64])],
    marks: &[f64],
) -> std::fmt::Result {
    if lines.iter().any(|(_, values)| values.is_empty()) {
        return Ok(());
    }
    let values = lines.iter().flat_map(|(_, values)| values.iter().copied());
    let (low, high) = bounds(values.chain(marks.iter().copied()));
    let (x, y) = (across(count), Scale::new((low, high), (BOTTOM, TOP)));
    write!(to, "<svg viewBox=\"0 0 {WIDTH} {PANEL}\" role=\"img\" aria-label=\"{name}\">")?;
    let marks = if marks.is_empty() { ticks(low, high) } else { marks.to_vec() };
    grid(to, &y, &marks, short)?;
    for (class, values) in lines {
        line(to, class, values, count, (&x, &y))?;
    }
    writeln!(to, "<text x=\"{:.0}\" y=\"{:.0}\">{name}</text></svg>", LEFT + 4.0, TOP + 10.0)
}

/// From the number of a candle to its place.
pub(super) fn across(count: usize) -> Scale {
    Scale::new((0.0, count as f64), (LEFT, RIGHT))
}

/// A line through values of which the last is that of the last candle.
pub(super) fn line(
    to: &mut String,
    class: &str,
    values: &[f64],
    count: usize,
    (x, y): (&Scale, &Scale),
) -> std::fmt::Result {
    let through = path(places(values, count, x, y).into_iter());
    write!(to, "<path class=\"{class}\" d=\"{through}\"/>")
}

fn places(values: &[f64], count: usize, x: &Scale, y: &Scale) -> Vec<(f64, f64)> {
    let first = count.saturating_sub(values.len());
    let place = |(at, value): (usize, &f64)| (x.at(at as f64 + 0.5), y.at(*value));
    (first..).zip(values).map(place).collect()
}

fn closes(candles: &[Candle]) -> Vec<f64> {
    candles.iter().map(Candle::close_f64).collect()
}
