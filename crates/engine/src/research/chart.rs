//! Candles for a chart: never more than so many, however long the series. Whenever there are too many of them they
//! are joined two by two, so each holds the open, the extremes and the close of its stretch.

use nija_market::candle::Candle;

/// Candles for a chart.
#[derive(Clone, Debug)]
pub struct Chart {
    most: usize,
    candles: Vec<Candle>,
    /// Candles of the series in the last one, and in each of the others.
    joined: usize,
    joining: usize,
}

impl Chart {
    /// Of up to `most` candles; of none, it draws nothing.
    #[must_use]
    pub const fn new(most: usize) -> Self {
        Self { most, candles: Vec::new(), joined: 0, joining: 1 }
    }

    /// What there is to draw.
    #[must_use]
    pub fn candles(&self) -> &[Candle] {
        &self.candles
    }

    /// Takes the next candle of the series.
    pub fn take(&mut self, candle: &Candle) {
        if self.most == 0 {
            return;
        }
        if self.joined > 0
            && self.joined < self.joining
            && let Some(last) = self.candles.last_mut()
        {
            join(last, candle);
            self.joined += 1;
            return;
        }
        if self.candles.len() >= self.most.max(2) {
            self.halve();
        }
        self.candles.push(*candle);
        self.joined = 1;
    }

    fn halve(&mut self) {
        self.joining = self.joining.saturating_mul(2);
        let pairs = self.candles.chunks(2).map(|pair| {
            let mut one = pair[0];
            pair.iter().skip(1).for_each(|next| join(&mut one, next));
            one
        });
        self.candles = pairs.collect();
    }
}

fn join(one: &mut Candle, next: &Candle) {
    one.high = one.high.max(next.high);
    one.low = one.low.min(next.low);
    one.close = next.close;
    one.close_at = next.close_at;
    one.volume += next.volume;
}
