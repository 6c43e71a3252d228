//! A feed in days (UTC): it ends with each of them and goes on when the next is begun, so that there is a time for
//! what is done once a day, however fast the days pass.

use nija_core::words::time::{Span, Timestamp};
use nija_engine::feeds::{Error, Feed, MarketEvent};

/// A feed of which one day at a time can be read.
pub(super) struct Days {
    feed: Box<dyn Feed>,
    until: Timestamp,
}

impl Days {
    /// No day of this feed has begun.
    pub(super) const fn of(feed: Box<dyn Feed>) -> Self {
        Self { feed, until: Timestamp::EPOCH }
    }

    /// Begins the day of the next event; false at the end of the feed.
    pub(super) fn begin(&mut self) -> Result<bool, Error> {
        let next = self.feed.peek_time()?;
        if let Some(at) = next {
            self.until = Timestamp::of_day(at.day(Span::ZERO).saturating_add(1), Span::ZERO);
        }
        Ok(next.is_some())
    }
}

impl Feed for Days {
    fn next(&mut self) -> Result<Option<MarketEvent>, Error> {
        match self.peek_time()? {
            Some(_) => self.feed.next(),
            None => Ok(None),
        }
    }
    fn peek_time(&mut self) -> Result<Option<Timestamp>, Error> {
        Ok(self.feed.peek_time()?.filter(|at| *at < self.until))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nija_core::words::instrument::Hours;
    use nija_engine::feeds::Kind;
    use std::collections::VecDeque;

    struct Given(VecDeque<Timestamp>);
    impl Feed for Given {
        fn next(&mut self) -> Result<Option<MarketEvent>, Error> {
            let kind = Kind::SessionOpened { hours: Hours::Always, until: None };
            Ok(self.0.pop_front().map(|at| MarketEvent { at, kind }))
        }
        fn peek_time(&mut self) -> Result<Option<Timestamp>, Error> {
            Ok(self.0.front().copied())
        }
    }

    #[test]
    fn every_event_comes_on_its_day() {
        let hours =
            [1, 23, 24, 25, 100].map(|hour| Timestamp::EPOCH.plus(Span::seconds(3_600 * hour)));
        let mut days = Days::of(Box::new(Given(VecDeque::from(hours))));
        let mut told = Vec::new();
        while days.begin().unwrap() {
            let mut day = Vec::new();
            while let Some(event) = days.next().unwrap() {
                day.push(event.at);
            }
            told.push(day);
        }
        assert_eq!(told, [&hours[..2], &hours[2..4], &hours[4..]]);
    }
}
