//! Several feeds as one, in order of time, with the sessions of their markets put in.
//!
//! The order is that of `MarketEvent::rank`; what ties there keeps the order of the sources, so one set of
//! sources gives one stream. Nothing is read further ahead than one event of each source.

use super::error::Error;
use super::{Feed, Kind, MarketEvent};
use crate::calendar::{is_open, next_change};
use nija_core::words::id::InstrumentId;
use nija_core::words::instrument::Hours;
use nija_core::words::time::Timestamp;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

type Place = (Timestamp, u8, InstrumentId, usize);

/// Several feeds as one.
pub struct Merge {
    sources: Vec<Box<dyn Feed>>,
    heads: Vec<Option<MarketEvent>>,
    order: BinaryHeap<Reverse<Place>>,
    sessions: Vec<Sessions>,
    /// How the markets stand at the first event; said before it, the last one first.
    opening: Vec<MarketEvent>,
    started: bool,
}

/// The next change of one kind of hours.
struct Sessions {
    hours: Hours,
    next: Option<Timestamp>,
}

impl Merge {
    /// Joins sources and puts in the sessions of `hours`: their state at the first event, then each change
    /// up to the last one. The order of sources matters only between events of one instrument at one time.
    #[must_use]
    pub fn new(sources: Vec<Box<dyn Feed>>, hours: &[Hours]) -> Self {
        Self {
            heads: vec![None; sources.len()],
            order: BinaryHeap::with_capacity(sources.len()),
            sessions: hours.iter().map(|&hours| Sessions { hours, next: None }).collect(),
            sources,
            opening: Vec::with_capacity(hours.len()),
            started: false,
        }
    }

    /// Takes the next event of a source into the order.
    fn refill(&mut self, index: usize, after: Option<MarketEvent>) -> Result<(), Error> {
        let (Some(source), Some(head)) = (self.sources.get_mut(index), self.heads.get_mut(index))
        else {
            return Ok(());
        };
        *head = source.next()?;
        let Some(event) = *head else { return Ok(()) };
        if let Some(before) = after
            && before.at > event.at
        {
            let instrument = event.instrument();
            return Err(Error::Backwards { instrument, before: before.at, at: event.at });
        }
        let (at, stage, instrument) = event.rank();
        self.order.push(Reverse((at, stage, instrument, index)));
        Ok(())
    }

    fn start(&mut self) -> Result<(), Error> {
        if !self.started {
            for index in 0..self.sources.len() {
                self.refill(index, None)?;
            }
            self.started = true;
            if let Some(Reverse((first, ..))) = self.order.peek() {
                for sessions in self.sessions.iter_mut().rev() {
                    sessions.next = Some(*first);
                    self.opening.extend(sessions.event());
                    sessions.next = next_change(sessions.hours, *first);
                }
            }
        }
        Ok(())
    }

    /// The earliest session event that comes before the given rank.
    fn session_before(&mut self, rank: (Timestamp, u8, InstrumentId)) -> Option<MarketEvent> {
        let due = self.sessions.iter_mut().filter_map(|s| Some((s.event()?, s)));
        let (event, sessions) = due.min_by_key(|(event, _)| event.rank())?;
        (event.rank() < rank).then(|| {
            sessions.next = next_change(sessions.hours, event.at);
            event
        })
    }
}

impl Sessions {
    fn event(&self) -> Option<MarketEvent> {
        let (at, hours) = (self.next?, self.hours);
        let until = next_change(hours, at);
        let kind = if is_open(hours, at) {
            Kind::SessionOpened { hours, until }
        } else {
            Kind::SessionClosed { hours, until }
        };
        Some(MarketEvent { at, kind })
    }
}

impl Feed for Merge {
    fn next(&mut self) -> Result<Option<MarketEvent>, Error> {
        self.start()?;
        if let Some(event) = self.opening.pop() {
            return Ok(Some(event));
        }
        let Some(Reverse((at, stage, instrument, index))) = self.order.peek().copied() else {
            return Ok(None);
        };
        if let Some(event) = self.session_before((at, stage, instrument)) {
            return Ok(Some(event));
        }
        self.order.pop();
        let event = self.heads.get_mut(index).and_then(Option::take);
        self.refill(index, event)?;
        Ok(event)
    }
    fn peek_time(&mut self) -> Result<Option<Timestamp>, Error> {
        self.start()?;
        let Some(Reverse((at, ..))) = self.order.peek().copied() else {
            return Ok(None);
        };
        let sessions = self.sessions.iter().filter_map(|s| s.next);
        let opening = self.opening.last().map(|event| event.at);
        Ok(sessions.chain(opening).chain([at]).min())
    }
}

#[cfg(test)]
mod tests;
