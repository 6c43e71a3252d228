//! Where things stand on a drawing: scales, round ticks, paths.

use std::fmt::Write;

/// Width of every drawing.
pub(super) const WIDTH: f64 = 1_000.0;
/// Left and right edges of what is drawn; figures stand beside it.
pub(super) const LEFT: f64 = 8.0;
pub(super) const RIGHT: f64 = WIDTH - 74.0;

/// From numbers to places on a line.
#[derive(Clone, Copy)]
pub(super) struct Scale {
    from: f64,
    span: f64,
    start: f64,
    length: f64,
}

impl Scale {
    /// Numbers from `low` to `high` between two places.
    pub(super) fn new((low, high): (f64, f64), (start, end): (f64, f64)) -> Self {
        let span = if high > low { high - low } else { 1.0 };
        Self { from: low, span, start, length: end - start }
    }
    pub(super) fn at(&self, number: f64) -> f64 {
        self.start + (number - self.from) / self.span * self.length
    }
}

/// The least and the greatest of some numbers.
pub(super) fn bounds(numbers: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = numbers
        .filter(|n| n.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), n| (low.min(n), high.max(n)));
    if low <= high { (low, high) } else { (0.0, 1.0) }
}

/// Up to about five round numbers between two.
pub(super) fn ticks(low: f64, high: f64) -> Vec<f64> {
    let span = (high - low).max(f64::MIN_POSITIVE);
    let raw = span / 4.0;
    let power = 10f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().map(|m| m * power).find(|s| *s >= raw);
    let step = step.unwrap_or(10.0 * power);
    let first = (low / step).ceil();
    (0..8).map(|n| (first + f64::from(n)) * step).take_while(|tick| *tick <= high).collect()
}

/// A number beside a tick: as short as it can be read.
pub(super) fn short(number: f64) -> String {
    match number.abs() {
        n if n >= 1e6 => format!("{:.4}M", number / 1e6).replace(".0000", ""),
        n if n >= 1e4 => format!("{:.1}k", number / 1e3).replace(".0k", "k"),
        n if n >= 100.0 || n == 0.0 => format!("{number:.0}"),
        n if n >= 1.0 => format!("{number:.2}"),
        _ => format!("{number:.4}"),
    }
}

/// A line across the drawing for each tick, with its number at the right.
pub(super) fn grid(
    to: &mut String,
    scale: &Scale,
    ticks: &[f64],
    name: impl Fn(f64) -> String,
) -> std::fmt::Result {
    for tick in ticks {
        let y = scale.at(*tick);
        write!(
            to,
            "<path class=\"grid\" d=\"M{LEFT} {y:.1}H{RIGHT}\"/><text x=\"{:.0}\" y=\"{:.1}\">{}</text>",
            RIGHT + 7.0,
            y + 4.0,
            name(*tick)
        )?;
    }
    Ok(())
}

/// Dates along the bottom: `at` says which date stands at a part of the width.
pub(super) fn dates(
    to: &mut String,
    y: f64,
    count: u32,
    at: impl Fn(f64) -> Option<String>,
) -> std::fmt::Result {
    for n in 0..count {
        let part = f64::from(n) / f64::from(count.max(2) - 1);
        let Some(date) = at(part) else { continue };
        let (x, anchor) = match part {
            0.0 => (LEFT, "start"),
            1.0 => (RIGHT, "end"),
            _ => (LEFT + part * (RIGHT - LEFT), "middle"),
        };
        write!(to, "<text x=\"{x:.0}\" y=\"{y:.0}\" text-anchor=\"{anchor}\">{date}</text>")?;
    }
    Ok(())
}

/// The path through some places.
pub(super) fn path(places: impl Iterator<Item = (f64, f64)>) -> String {
    let mut text = String::new();
    for (n, (x, y)) in places.enumerate() {
        let _ = write!(text, "{}{x:.1} {y:.1}", if n == 0 { "M" } else { "L" });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(ticks(0.0, 100.0), [0.0, 25.0, 50.0, 75.0, 100.0]);
        assert_eq!(ticks(9_120.0, 12_400.0), [10_000.0, 11_000.0, 12_000.0]);
        assert!(ticks(1.0, 1.0).len() <= 8);
        for (number, text) in
            [(0.0, "0"), (12_500.0, "12.5k"), (20_000.0, "20k"), (2e6, "2M"), (1.5, "1.50")]
        {
            assert_eq!(short(number), text);
        }
    }

    #[test]
    fn scales_turn_around_and_survive_nothing() {
        let down = Scale::new((0.0, 10.0), (100.0, 0.0));
        assert_eq!((down.at(0.0), down.at(10.0)), (100.0, 0.0));
        assert_eq!(bounds([].into_iter()), (0.0, 1.0));
        assert_eq!(bounds([f64::NAN, 2.0, 1.0].into_iter()), (1.0, 2.0));
        assert_eq!(path([(0.0, 1.0), (2.0, 3.0)].into_iter()), "M0.0 1.0L2.0 3.0");
    }
}
