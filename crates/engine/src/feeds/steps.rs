//! A feed in steps: events of one instant and one stage belong together, as all closes of a day do.
//!
//! Paper run and backtest go by the same steps, so both decide on the same prices.

use super::{Error, Feed, MarketEvent};
use nija_core::words::time::Timestamp;

/// Reads a feed step by step.
pub struct Steps<'a> {
    feed: &'a mut dyn Feed,
    ahead: Option<MarketEvent>,
    step: Vec<MarketEvent>,
}

impl<'a> Steps<'a> {
    /// Steps of this feed.
    #[must_use]
    pub const fn of(feed: &'a mut dyn Feed) -> Self {
        Self { feed, ahead: None, step: Vec::new() }
    }

    /// The next step with its instant; none at the end of the feed.
    ///
    /// # Errors
    /// Those of the feed; the events before the fault have been handed out.
    pub fn next_step(&mut self) -> Result<Option<(Timestamp, &[MarketEvent])>, Error> {
        self.step.clear();
        let first = match self.ahead.take() {
            Some(event) => event,
            None => match self.feed.next()? {
                Some(event) => event,
                None => return Ok(None),
            },
        };
        self.step.push(first);
        let (at, stage, _) = first.rank();
        // Within a step nothing later is looked at: the time of the next event is asked before it is taken.
        while self.feed.peek_time()? == Some(at) {
            let Some(event) = self.feed.next()? else { break };
            if event.rank().1 != stage {
                self.ahead = Some(event);
                break;
            }
            self.step.push(event);
        }
        Ok(Some((at, &self.step)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feeds::Kind;
    use nija_core::words::id::InstrumentId;
    use nija_core::words::money::Price;
    use std::collections::VecDeque;

    struct Given(VecDeque<MarketEvent>);
    impl Feed for Given {
        fn next(&mut self) -> Result<Option<MarketEvent>, Error> {
            Ok(self.0.pop_front())
        }
        fn peek_time(&mut self) -> Result<Option<Timestamp>, Error> {
            Ok(self.0.front().map(|event| event.at))
        }
    }

    #[test]
    fn events_of_one_instant_and_stage_are_one_step() {
        let open = |at, id| {
            let kind = Kind::BarOpened { instrument: InstrumentId(id), price: Price::whole(1) };
            MarketEvent { at: Timestamp(at), kind }
        };
        let trade = |at, id| {
            let (price, qty) = (Price::whole(1), nija_core::words::money::Qty::whole(1));
            let kind = Kind::Trade { instrument: InstrumentId(id), price, qty, taker: None };
            MarketEvent { at: Timestamp(at), kind }
        };
        let mut feed = Given(VecDeque::from([open(1, 1), open(1, 2), trade(1, 1), open(2, 1)]));
        let mut steps = Steps::of(&mut feed);
        let mut sizes = Vec::new();
        while let Some((at, step)) = steps.next_step().unwrap() {
            sizes.push((at.0, step.len()));
        }
        assert_eq!(sizes, [(1, 2), (1, 1), (2, 1)]);
    }
}
