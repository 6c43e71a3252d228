//! Indicators over whole series, for what is known from its first bar to its last: charts and research. The last value
//! is that of the last bar, and values begin at the first bar that has one.
//!
//! Each says what its namesake says that is pushed bar by bar (a property test holds them together), so what comes
//! later changes nothing before. They are several times as fast, since four bars are taken at a time. Numbers must be
//! finite, as prices are; one that is not spoils what follows it.
//!
//! Values are written over `out`, whose memory is taken before new memory is asked for: fetching a page costs as much
//! as the values on it.

mod fours;

use super::{Bands, length};
use core::array::from_fn;
use fours::{Fade, Sum, push_fours};

/// Bars after which sums are made anew, so that rounding does not pile up.
const ANEW: usize = 1_024;

/// Simple moving averages.
#[must_use]
pub fn sma(values: &[f64], bars: usize, out: Vec<f64>) -> Vec<f64> {
    let bars = length(bars);
    let mut out = room(out, values, bars);
    let part = 1.0 / bars as f64;
    for piece in pieces(values, bars) {
        let mut sum = Sum::of(piece[..bars].iter().copied());
        out.push(sum.last() * part);
        push_fours([&piece[bars..], piece], &mut out, |[new, old]| {
            sum.four(from_fn(|n| new[n] - old[n])).map(|sum| sum * part)
        });
    }
    out
}

/// Bollinger bands with the population deviation, two deviations wide.
#[must_use]
pub fn bollinger(values: &[f64], bars: usize, out: Vec<Bands>) -> Vec<Bands> {
    let bars = length(bars);
    let mut out = room(out, values, bars);
    let part = 1.0 / bars as f64;
    for piece in pieces(values, bars) {
        // Squares of prices would leave few digits for what these differ by.
        let from = piece[0];
        let bands = |sum: f64, squares: f64| {
            let mean = sum * part;
            let variance = squares * part - mean * mean;
            let width = 2.0 * if variance > 0.0 { variance } else { 0.0 }.sqrt();
            let middle = from + mean;
            Bands { upper: middle + width, middle, lower: middle - width }
        };
        let first = piece[..bars].iter().map(|value| value - from);
        let mut sum = Sum::of(first.clone());
        let mut squares = Sum::of(first.map(|value| value * value));
        out.push(bands(sum.last(), squares.last()));
        push_fours([&piece[bars..], piece], &mut out, |[new, old]| {
            let change: [f64; 4] = from_fn(|n| new[n] - old[n]);
            let both: [f64; 4] = from_fn(|n| (new[n] - from) + (old[n] - from));
            let (sums, squares) =
                (sum.four(change), squares.four(from_fn(|n| change[n] * both[n])));
            from_fn(|n| bands(sums[n], squares[n]))
        });
    }
    out
}

/// Exponential moving averages, seeded with a simple average.
#[must_use]
pub fn ema(values: &[f64], bars: usize, out: Vec<f64>) -> Vec<f64> {
    let bars = length(bars);
    let mut out = room(out, values, bars);
    if let Some(first) = values.get(..bars) {
        let mut average = averaging(first);
        out.push(average.last());
        push_fours([&values[bars..]], &mut out, |[new]| average.four(new));
    }
    out
}

/// A fast average beside a slow one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Macd {
    /// The fast average less the slow one.
    pub line: f64,
    /// Exponential moving average of the line.
    pub signal: f64,
}

/// Convergence and divergence of two exponential moving averages (Appel), and the average of their difference over
/// `signal` bars.
#[must_use]
pub fn macd(values: &[f64], [fast, slow, signal]: [usize; 3], out: Vec<Macd>) -> Vec<Macd> {
    let (fast, slow, signal) = (length(fast.min(slow)), length(slow.max(fast)), length(signal));
    let bars = slow + signal - 1;
    let mut out = room(out, values, bars);
    let Some(first) = values.get(..bars) else {
        return out;
    };
    let (mut quick, mut calm) = (averaging(&first[..fast]), averaging(&first[..slow]));
    first[fast..slow].iter().for_each(|new| quick.one(*new));
    let mut lines = vec![quick.last() - calm.last()];
    for new in &first[slow..] {
        quick.one(*new);
        calm.one(*new);
        lines.push(quick.last() - calm.last());
    }
    let mut signals = averaging(&lines);
    out.push(Macd { line: quick.last() - calm.last(), signal: signals.last() });
    push_fours([&values[bars..]], &mut out, |[new]| {
        let (quick, calm) = (quick.four(new), calm.four(new));
        let lines = from_fn(|n| quick[n] - calm[n]);
        let signals = signals.four(lines);
        from_fn(|n| Macd { line: lines[n], signal: signals[n] })
    });
    out
}

/// Relative strength indices after Wilder (1978), 0 to 100; 50 where nothing moved.
#[must_use]
pub fn rsi(values: &[f64], bars: usize, out: Vec<f64>) -> Vec<f64> {
    let bars = length(bars);
    let mut out = room(out, values, bars + 1);
    let Some(first) = values.get(..=bars) else {
        return out;
    };
    let gain = |change: f64| if change > 0.0 { change } else { 0.0 };
    let strength = |up: f64, all: f64| {
        let part = 100.0 * up / all;
        if all > 0.0 { part } else { 50.0 }
    };
    let moves = first.windows(2).map(|pair| pair[1] - pair[0]);
    let (mut up, mut all) =
        (wilder(moves.clone().map(gain), bars), wilder(moves.map(f64::abs), bars));
    out.push(strength(up.last(), all.last()));
    push_fours([&values[bars + 1..], &values[bars..]], &mut out, |[new, old]| {
        let change: [f64; 4] = from_fn(|n| new[n] - old[n]);
        let (up, all) = (up.four(change.map(gain)), all.four(change.map(f64::abs)));
        from_fn(|n| strength(up[n], all[n]))
    });
    out
}

/// Average true ranges after Wilder (1978), in dollars, of as many bars as all three tell of. That of the first bar is
/// from its low to its high.
#[must_use]
pub fn atr([highs, lows, closes]: [&[f64]; 3], bars: usize, out: Vec<f64>) -> Vec<f64> {
    let bars = length(bars);
    let count = highs.len().min(lows.len()).min(closes.len());
    let (highs, lows, closes) = (&highs[..count], &lows[..count], &closes[..count]);
    let mut out = room(out, closes, bars);
    if count < bars {
        return out;
    }
    let range = |high: f64, low: f64, close: f64| {
        (if high > close { high } else { close }) - (if low < close { low } else { close })
    };
    let first = (1..bars).map(|n| range(highs[n], lows[n], closes[n - 1]));
    let mut average = wilder(core::iter::once(highs[0] - lows[0]).chain(first), bars);
    out.push(average.last());
    let rows = [&highs[bars..], &lows[bars..], &closes[bars - 1..]];
    push_fours(rows, &mut out, |[high, low, close]| {
        average.four(from_fn(|n| range(high[n], low[n], close[n])))
    });
    out
}

/// Room for a value of each bar from the `bars`-th on.
fn room<T>(mut out: Vec<T>, values: &[f64], bars: usize) -> Vec<T> {
    out.clear();
    out.reserve_exact((values.len() + 1).saturating_sub(bars));
    out
}

/// Pieces of a series, each with the bars before it that its first sum needs.
fn pieces(values: &[f64], bars: usize) -> impl Iterator<Item = &[f64]> {
    let ends = (values.len() + 1).saturating_sub(bars);
    (0..ends).step_by(ANEW).map(move |at| &values[at..values.len().min(at + ANEW + bars - 1)])
}

/// An exponential average over as many bars as these, which begins with their mean.
fn averaging(first: &[f64]) -> Fade {
    let bars = first.len() as f64;
    Fade::new(2.0 / (bars + 1.0), first.iter().sum::<f64>() / bars)
}

/// The same with Wilder's weights.
fn wilder(first: impl Iterator<Item = f64>, bars: usize) -> Fade {
    let part = 1.0 / bars as f64;
    Fade::new(part, first.sum::<f64>() * part)
}

#[cfg(test)]
mod tests;
