//! Donchian channel: highest and lowest of the last bars, in constant time a bar.

use super::length;
use std::collections::VecDeque;

/// Highest and lowest of a window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Channel {
    /// Highest.
    pub upper: f64,
    /// Lowest.
    pub lower: f64,
}

impl Channel {
    /// Halfway between.
    #[must_use]
    pub fn middle(&self) -> f64 {
        f64::midpoint(self.upper, self.lower)
    }
}

/// Rolling channel; feed it highs and lows, or closes twice.
#[derive(Clone, Debug)]
pub struct Donchian {
    bars: usize,
    seen: usize,
    /// Candidates for the maximum: falling values with the number of their bar.
    peaks: VecDeque<(usize, f64)>,
    /// Candidates for the minimum: rising values.
    dips: VecDeque<(usize, f64)>,
}

impl Donchian {
    /// Over this many bars.
    #[must_use]
    pub fn new(bars: usize) -> Self {
        let bars = length(bars);
        Self { bars, seen: 0, peaks: VecDeque::new(), dips: VecDeque::new() }
    }
    /// Takes a bar; what is not finite is ignored.
    pub fn push(&mut self, high: f64, low: f64) -> Option<Channel> {
        if high.is_finite() && low.is_finite() {
            self.seen += 1;
            keep(&mut self.peaks, (self.seen, high), self.bars, |old| old <= high);
            keep(&mut self.dips, (self.seen, low), self.bars, |old| old >= low);
        }
        self.value()
    }
    /// The latest value; none until there are enough bars.
    #[must_use]
    pub fn value(&self) -> Option<Channel> {
        if self.seen < self.bars {
            return None;
        }
        Some(Channel { upper: self.peaks.front()?.1, lower: self.dips.front()?.1 })
    }
}

fn keep(
    line: &mut VecDeque<(usize, f64)>,
    entry: (usize, f64),
    bars: usize,
    beaten: impl Fn(f64) -> bool,
) {
    while line.back().is_some_and(|&(_, old)| beaten(old)) {
        line.pop_back();
    }
    line.push_back(entry);
    if line.front().is_some_and(|&(n, _)| n + bars <= entry.0) {
        line.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn agrees_with_a_scan(values in proptest::collection::vec(-50i32..50, 7..100)) {
            let mut donchian = Donchian::new(7);
            let values: Vec<f64> = values.into_iter().map(f64::from).collect();
            for (n, &value) in values.iter().enumerate() {
                let got = donchian.push(value + 1.0, value);
                prop_assert_eq!(got.is_some(), n >= 6);
                if let Some(channel) = got {
                    let tail = &values[n - 6..=n];
                    let top = tail.iter().copied().fold(f64::MIN, f64::max) + 1.0;
                    let bottom = tail.iter().copied().fold(f64::MAX, f64::min);
                    prop_assert_eq!(channel, Channel { upper: top, lower: bottom });
                }
            }
        }
    }
}
