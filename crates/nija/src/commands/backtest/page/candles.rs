//! The candles of one market with the trades in it. Candles stand side by side, whatever time lies between them.

use super::canvas::{LEFT, RIGHT, Scale, WIDTH, bounds, dates, grid, short, ticks};
use super::{Market, Traded, indicators, instant};
use nija_core::words::money::Price;
use nija_core::words::time::Timestamp;
use nija_market::candle::Candle;
use std::fmt::Write;

const TOP: f64 = 14.0;
const BOTTOM: f64 = 330.0;
const HEIGHT: f64 = 356.0;
/// Trades that are drawn, those that won or lost most; more would hide the candles.
const MOST: usize = 200;

pub(super) fn draw(to: &mut String, market: &Market<'_>) -> std::fmt::Result {
    let candles = market.candles;
    if candles.is_empty() {
        return writeln!(to, "<p class=\"note\">There is no candle to draw.</p>");
    }
    let count = candles.len() as f64;
    let x = indicators::across(candles.len());
    let (low, high) = bounds(candles.iter().flat_map(|c| [c.low_f64(), c.high_f64()]));
    let room = (high - low) * 0.05;
    let y = Scale::new((low - room, high + room), (BOTTOM, TOP));
    write!(
        to,
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"candles and trades of {}\">",
        super::plain(&market.symbol)
    )?;
    grid(to, &y, &ticks(low, high), short)?;
    indicators::among(to, candles, (&x, &y))?;
    let body = ((RIGHT - LEFT) / count * 0.62).max(0.7);
    for (at, candle) in candles.iter().enumerate() {
        one(to, candle, (x.at(at as f64 + 0.5), body), &y)?;
    }
    for average in &market.averages {
        indicators::line(to, average.class, &average.values, candles.len(), (&x, &y))?;
    }
    for trade in largest(&market.trades) {
        let place = |(at, price): (Timestamp, Price)| {
            (x.at(index(candles, at) + 0.5), y.at(dollars(price)))
        };
        let opened = place(trade.opened);
        if let Some(closed) = trade.closed {
            let class = if trade.profit.is_negative() { "lost" } else { "won" };
            let ((x1, y1), (x2, y2)) = (opened, place(closed));
            write!(to, "<path class=\"trip {class}\" d=\"M{x1:.1} {y1:.1}L{x2:.1} {y2:.1}\"/>")?;
            arrow(to, (x2, y2), !trade.is_long)?;
        }
        arrow(to, opened, trade.is_long)?;
    }
    let date = |part: f64| {
        let at = ((count - 1.0) * part).round() as usize;
        candles.get(at).map(|candle| day(instant(candle.open_at), candles.len()))
    };
    dates(to, HEIGHT - 8.0, 7, date)?;
    writeln!(to, "</svg>")?;
    indicators::key(to, &market.averages)?;
    indicators::below(to, candles)?;
    if market.trades.len() > MOST {
        let all = market.trades.len();
        writeln!(
            to,
            "<p class=\"note\">The {MOST} of {all} trades that won or lost most are drawn.</p>"
        )?;
    }
    Ok(())
}

/// The trades to draw, in the order in which they were opened.
fn largest(trades: &[Traded]) -> Vec<&Traded> {
    let mut chosen: Vec<&Traded> = trades.iter().collect();
    chosen.sort_by_key(|trade| std::cmp::Reverse(trade.profit.abs()));
    chosen.truncate(MOST);
    chosen.sort_by_key(|trade| trade.opened.0);
    chosen
}

/// Of long series the date alone.
fn day(instant: String, candles: usize) -> String {
    match instant.split_once(' ') {
        Some((date, _)) if candles > 100 => date.to_owned(),
        _ => instant,
    }
}

fn one(to: &mut String, candle: &Candle, (x, body): (f64, f64), y: &Scale) -> std::fmt::Result {
    let class = if candle.close >= candle.open { "rise" } else { "fall" };
    let (high, low) = (y.at(candle.high_f64()), y.at(candle.low_f64()));
    let (open, close) = (y.at(candle.open_f64()), y.at(candle.close_f64()));
    let (top, height) = (open.min(close), (open - close).abs().max(0.8));
    write!(
        to,
        "<g class=\"{class}\"><path class=\"wick\" d=\"M{x:.1} {high:.1}V{low:.1}\"/>\
         <rect x=\"{:.1}\" y=\"{top:.1}\" width=\"{body:.1}\" height=\"{height:.1}\" stroke=\"none\"/></g>",
        x - body / 2.0
    )
}

/// Up and below the price for a purchase, down and above it for a sale.
fn arrow(to: &mut String, (x, y): (f64, f64), is_buy: bool) -> std::fmt::Result {
    let (class, way) = if is_buy { ("buy", 1.0) } else { ("sell", -1.0) };
    let (tip, foot) = (y + way * 3.0, y + way * 11.0);
    write!(
        to,
        "<path class=\"{class}\" d=\"M{x:.1} {tip:.1}L{:.1} {foot:.1}H{:.1}Z\"/>",
        x - 5.0,
        x + 5.0
    )
}

/// Which candle an instant belongs to.
fn index(candles: &[Candle], at: Timestamp) -> f64 {
    candles.partition_point(|candle| candle.open_at <= at).saturating_sub(1) as f64
}

fn dollars(price: Price) -> f64 {
    price.raw() as f64 / nija_core::words::fixed::SCALE as f64
}
