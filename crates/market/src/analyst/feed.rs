//! Where candles come in: only instruments of the setup, only sound ones that rise in time, each stretch of
//! time once; larger candles that are wanted are built from the smallest that arrive.

use crate::candle::{Builder, Candle, Timeframe};
use crate::engine::Want;
use nija_core::words::id::InstrumentId;
use nija_core::words::time::Timestamp;
use std::collections::BTreeMap;

/// The streams of all instruments of the setup.
#[derive(Clone, Debug)]
pub(super) struct Feeds {
    instruments: BTreeMap<InstrumentId, Feed>,
    closed: Vec<Candle>,
}

/// The streams of one instrument.
#[derive(Clone, Debug)]
struct Feed {
    /// What somebody reads.
    wanted: Vec<Timeframe>,
    builder: Builder,
    /// The one timeframe that larger candles are built from: the first one to arrive that is small enough.
    source: Option<Timeframe>,
    /// First instant of the latest bucket of each timeframe that went out.
    last: [Timestamp; Timeframe::ALL.len()],
}

impl Feeds {
    /// For these streams, and the daily candles of these instruments.
    pub(super) fn new(
        wants: impl Iterator<Item = Want>,
        daily: impl Iterator<Item = InstrumentId>,
    ) -> Self {
        let daily = daily.map(|instrument| Want { instrument, timeframe: Timeframe::Day1 });
        let mut wanted: BTreeMap<InstrumentId, Vec<Timeframe>> = BTreeMap::new();
        for want in wants.chain(daily) {
            let line = wanted.entry(want.instrument).or_default();
            if !line.contains(&want.timeframe) {
                line.push(want.timeframe);
            }
        }
        let feed = |(instrument, mut wanted): (InstrumentId, Vec<Timeframe>)| {
            wanted.sort_unstable();
            let builder = Builder::new(instrument, &wanted);
            let last = [Timestamp(i64::MIN); Timeframe::ALL.len()];
            (instrument, Feed { wanted, builder, source: None, last })
        };
        Self { instruments: wanted.into_iter().map(feed).collect(), closed: Vec::new() }
    }

    /// Takes a candle and appends what is to be read now; tells whether it was sound and wanted at all.
    pub(super) fn take(&mut self, candle: &Candle, turn: &mut Vec<(Timeframe, Candle)>) -> bool {
        let Some(feed) = self.instruments.get_mut(&candle.instrument) else {
            return false;
        };
        let (Ok(candle), Some(timeframe)) = (candle.checked(), candle.timeframe()) else {
            return false;
        };
        self.closed.clear();
        if feed.is_source(timeframe) {
            feed.builder.push(&candle, &mut self.closed);
        }
        // A bucket that ended before this candle opened goes out first, one that ends with it afterwards.
        let ended = self.closed.iter().take_while(|c| c.close_at <= candle.open_at).count();
        let (before, after) = self.closed.split_at(ended);
        before.iter().for_each(|built| feed.emit(built, turn));
        feed.emit(&candle, turn);
        after.iter().for_each(|built| feed.emit(built, turn));
        true
    }
}

impl Feed {
    fn is_source(&mut self, timeframe: Timeframe) -> bool {
        let larger = self.wanted.last().is_some_and(|&largest| largest > timeframe);
        larger && *self.source.get_or_insert(timeframe) == timeframe
    }

    fn emit(&mut self, candle: &Candle, turn: &mut Vec<(Timeframe, Candle)>) {
        let Some(timeframe) = candle.timeframe() else {
            return;
        };
        let start = timeframe.start_of(candle.open_at);
        let last = &mut self.last[timeframe as usize];
        if start > *last && self.wanted.contains(&timeframe) {
            *last = start;
            turn.push((timeframe, *candle));
        }
    }
}
