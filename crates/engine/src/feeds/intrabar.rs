//! Quotes inside bars: for generated markets in real time, so that an order need not wait for a bar's end.
//!
//! A bar is known whole when it is generated; in between its price walks from the open over both extremes to the
//! close, the nearer extreme first. Quotes stand half a spread to either side. Recorded bars are never quoted so.

use super::{Error, Feed, Kind, MarketEvent};
use nija_core::words::fixed::{Round, mul_div};
use nija_core::words::id::InstrumentId;
use nija_core::words::money::{Pct, Price, Qty};
use nija_core::words::time::{Span, Timestamp};
use nija_market::candle::Candle;
use std::collections::{BTreeMap, VecDeque};

/// How quotes are made.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// No quote before this instant: a feed may begin inside a bar.
    pub from: Timestamp,
    /// Time between quotes.
    pub every: Span,
    /// Half of bid to ask, in percent of the price.
    pub half_spread: Pct,
    /// Quantity at bid and ask.
    pub depth: Qty,
}

/// A feed of bars with quotes inside them. Bars must come in order of time, each opened before it is closed.
pub struct Quoted<F> {
    bars: F,
    terms: Terms,
    ticks: BTreeMap<InstrumentId, Price>,
    /// Events read ahead until the open bars are closed.
    ahead: VecDeque<MarketEvent>,
    ready: VecDeque<MarketEvent>,
}

impl<F: Feed> Quoted<F> {
    /// Quotes between the bars of `bars`, on the ticks given; instruments without a tick are not quoted.
    #[must_use]
    pub const fn new(bars: F, terms: Terms, ticks: BTreeMap<InstrumentId, Price>) -> Self {
        Self { bars, terms, ticks, ahead: VecDeque::new(), ready: VecDeque::new() }
    }

    /// Reads on until the bars that are open have closed, and lays quotes between.
    fn fill(&mut self) -> Result<(), Error> {
        let mut open = 0usize;
        loop {
            let Some(event) = self.bars.next()? else {
                break;
            };
            match event.kind {
                Kind::BarOpened { .. } => open += 1,
                Kind::BarClosed(candle) => {
                    open = open.saturating_sub(1);
                    self.quote(&candle);
                }
                _ => {}
            }
            self.ahead.push_back(event);
            if open == 0 {
                break;
            }
        }
        let mut events: Vec<MarketEvent> = self.ahead.drain(..).collect();
        events.sort_by_key(MarketEvent::rank);
        self.ready.extend(events);
        Ok(())
    }

    fn quote(&mut self, candle: &Candle) {
        let Some(&tick) = self.ticks.get(&candle.instrument) else {
            return;
        };
        let length = candle.close_at.since(candle.open_at).0;
        let every = self.terms.every.0;
        if every <= 0 || length <= 0 {
            return;
        }
        let passed = self.terms.from.since(candle.open_at).0.clamp(1, length);
        let mut at = candle.open_at.plus(Span((passed + every - 1) / every * every));
        while at < candle.close_at {
            let middle = walk(candle, at.since(candle.open_at).0, length);
            let spread = self.terms.half_spread;
            let down = Pct::ZERO.saturating_sub(spread);
            let bid = middle.moved(down, Round::Down).map(|p| p.floor_to(tick));
            let ask = middle.moved(spread, Round::Up).map(|p| p.ceil_to(tick));
            if let (Some(bid), Some(ask)) = (bid, ask)
                && bid.is_positive()
            {
                let (instrument, qty) = (candle.instrument, self.terms.depth);
                let kind = Kind::Quote { instrument, bid, ask, bid_qty: qty, ask_qty: qty };
                self.ahead.push_back(MarketEvent { at, kind });
            }
            at = at.plus(self.terms.every);
        }
    }
}

/// The price `passed` of `length` into a bar: open, nearer extreme, other extreme, close, a third of the time each.
fn walk(candle: &Candle, passed: i64, length: i64) -> Price {
    let to_low = candle.open.saturating_sub(candle.low);
    let to_high = candle.high.saturating_sub(candle.open);
    let (first, second) =
        if to_low < to_high { (candle.low, candle.high) } else { (candle.high, candle.low) };
    let corners = [candle.open, first, second, candle.close];
    let third = (length / 3).max(1);
    let leg = usize::try_from(passed / third).unwrap_or(0).min(2);
    let (from, to) = (corners[leg], corners[leg + 1]);
    let into = (passed - i64::try_from(leg).unwrap_or(0) * third).clamp(0, third);
    let moved = mul_div(to.saturating_sub(from).raw(), into, third, Round::HalfEven);
    from.saturating_add(Price::from_raw(moved.unwrap_or(0)))
}

impl<F: Feed> Feed for Quoted<F> {
    fn next(&mut self) -> Result<Option<MarketEvent>, Error> {
        if self.ready.is_empty() {
            self.fill()?;
        }
        Ok(self.ready.pop_front())
    }
    fn peek_time(&mut self) -> Result<Option<Timestamp>, Error> {
        if self.ready.is_empty() {
            self.fill()?;
        }
        Ok(self.ready.front().map(|event| event.at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Given(VecDeque<MarketEvent>);
    impl Feed for Given {
        fn next(&mut self) -> Result<Option<MarketEvent>, Error> {
            Ok(self.0.pop_front())
        }
        fn peek_time(&mut self) -> Result<Option<Timestamp>, Error> {
            Ok(self.0.front().map(|event| event.at))
        }
    }

    const ID: InstrumentId = InstrumentId(1);
    const CLOSE: Timestamp = Timestamp(60_000_000);

    /// One bar of a minute, with a quote each second from `from` on.
    fn minute(from: Timestamp) -> Quoted<Given> {
        let price = Price::whole;
        let close_at = CLOSE;
        let candle = Candle {
            instrument: ID,
            open_at: Timestamp::EPOCH,
            close_at,
            open: price(100),
            high: price(110),
            low: price(98),
            close: price(104),
            volume: 1.0,
        };
        let open = Kind::BarOpened { instrument: ID, price: price(100) };
        let bars = Given(VecDeque::from([
            MarketEvent { at: Timestamp::EPOCH, kind: open },
            MarketEvent { at: close_at, kind: Kind::BarClosed(candle) },
        ]));
        let terms =
            Terms { from, every: Span::seconds(1), half_spread: Pct::ZERO, depth: Qty::whole(5) };
        let ticks = BTreeMap::from([(ID, Price::from_raw(1_000_000))]);
        Quoted::new(bars, terms, ticks)
    }

    #[test]
    fn quotes_stay_inside_the_bar_and_in_order() {
        let price = Price::whole;
        let mut feed = minute(Timestamp::EPOCH);
        let (mut last, mut quotes, mut low, mut high) =
            (Timestamp::EPOCH, 0, Price::MAX, Price::ZERO);
        while let Some(event) = feed.next().unwrap() {
            assert!(event.at >= last);
            last = event.at;
            if let Kind::Quote { bid, ask, .. } = event.kind {
                assert!(bid <= ask && bid >= price(98) && ask <= price(110));
                quotes += 1;
                low = low.min(bid);
                high = high.max(ask);
            }
        }
        assert_eq!((quotes, low, high), (59, price(98), price(110)));
        assert_eq!(last, CLOSE);
    }

    #[test]
    fn a_feed_that_begins_inside_a_bar_opens_it_and_quotes_from_then_on() {
        let quotes = |from| {
            let mut feed = minute(Timestamp(from));
            let first = feed.next().unwrap().map(|event| event.kind);
            assert!(matches!(first, Some(Kind::BarOpened { .. })));
            let mut times = Vec::new();
            while let Some(event) = feed.next().unwrap() {
                if matches!(event.kind, Kind::Quote { .. }) {
                    times.push(event.at.0 / 1_000_000);
                }
            }
            times
        };
        assert_eq!(quotes(40_000_000).first(), Some(&40));
        assert_eq!(quotes(40_000_001), (41..60).collect::<Vec<_>>());
        assert_eq!(quotes(59_500_000), [0i64; 0]);
    }
}
