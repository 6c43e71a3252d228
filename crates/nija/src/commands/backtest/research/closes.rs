//! The closes of a whole file, for the averages of a chart whose candles are joined from many bars.

use nija_core::words::time::Timestamp;
use nija_market::candle::Candle;
use nija_market::indicator::series;

/// Closes in their order, with their times.
#[derive(Default)]
pub(super) struct Closes {
    at: Vec<Timestamp>,
    dollars: Vec<f64>,
}

impl Closes {
    pub(super) fn take(&mut self, candle: &Candle) {
        self.at.push(candle.close_at);
        self.dollars.push(candle.close_f64());
    }

    /// The average over so many bars of the file, at the close of each candle of a chart that has one.
    pub(super) fn average(&self, bars: usize, drawn: &[Candle]) -> Vec<f64> {
        let averages = series::sma(&self.dollars, bars, Vec::new());
        let lead = self.at.len() - averages.len();
        let value = |candle: &Candle| {
            let place = self.at.partition_point(|at| *at < candle.close_at);
            averages.get(place.checked_sub(lead)?).copied()
        };
        drawn.iter().filter_map(value).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nija_core::words::id::InstrumentId;
    use nija_core::words::money::Price;

    fn candle(from: i64, to: i64) -> Candle {
        let price = Price::whole(i32::try_from(to).unwrap());
        Candle {
            instrument: InstrumentId(1),
            open_at: Timestamp(from),
            close_at: Timestamp(to),
            open: price,
            high: price,
            low: price,
            close: price,
            volume: 0.0,
        }
    }

    #[test]
    fn joined_candles_show_the_average_of_bars() {
        let mut closes = Closes::default();
        (0..7).for_each(|at| closes.take(&candle(at, at + 1)));
        // Closes are 1 to 7; candles of two bars close at 2, 4, 6, and the last bar at 7 by itself.
        let drawn = [candle(0, 2), candle(2, 4), candle(4, 6), candle(6, 7)];
        assert_eq!(closes.average(3, &drawn), [3.0, 5.0, 6.0]);
        assert!(closes.average(9, &drawn).is_empty());
        assert_eq!(closes.average(1, &drawn), [2.0, 4.0, 6.0, 7.0]);
    }
}
