//! What the world knows and the product does not: chance, weather, the true time, who pressed which switch, and
//! the laws that were broken. Shared by the disk, the venue and the driver, all on one thread.

use crate::chance::Chance;
use crate::fault::{Fault, Weather};
use nija_core::ports::Clock;
use nija_core::risk::kill::Scope;
use nija_core::words::time::{Span, Timestamp};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};
use tokio::time::Instant;

/// Wednesday, 12 June 2024, 15:00 UTC: New York is open.
const BEGIN: Timestamp = Timestamp(1_718_204_400_000_000);

/// A law that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Breach {
    pub(crate) law: &'static str,
    pub(crate) what: String,
    pub(crate) at: Timestamp,
}

#[derive(Debug)]
struct Known {
    chance: Chance,
    calm: bool,
    counts: BTreeMap<Fault, u64>,
    pressed: Vec<Scope>,
    breaches: Vec<Breach>,
    /// The process's clock less the true time.
    offset: Span,
    frozen: Option<Timestamp>,
}

/// The truth about one history.
pub(crate) struct Truth {
    began: Instant,
    weather: Weather,
    known: Mutex<Known>,
}

impl Truth {
    pub(crate) fn of(chance: Chance, weather: Weather) -> Self {
        let known = Known {
            chance,
            calm: false,
            counts: BTreeMap::new(),
            pressed: Vec::new(),
            breaches: Vec::new(),
            offset: Span::ZERO,
            frozen: None,
        };
        Self { began: Instant::now(), weather, known: Mutex::new(known) }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap()
    }

    /// Draws from the one stream of chance.
    pub(crate) fn draw<T>(&self, with: impl FnOnce(&mut Chance) -> T) -> T {
        with(&mut self.known().chance)
    }

    /// Does this go wrong now?
    pub(crate) fn strikes(&self, fault: Fault) -> bool {
        let Some(odds) = self.weather.odds(fault) else { return false };
        let mut known = self.known();
        let strikes = !known.calm && known.chance.one_in(odds);
        *known.counts.entry(fault).or_default() += u64::from(strikes);
        strikes
    }
    /// Nothing goes wrong from now on.
    pub(crate) fn calm(&self) {
        let mut known = self.known();
        (known.calm, known.frozen) = (true, None);
    }
    /// How often each fault happened.
    pub(crate) fn counts(&self) -> BTreeMap<Fault, u64> {
        self.known().counts.clone()
    }

    /// The time outside, which never jumps.
    pub(crate) fn now(&self) -> Timestamp {
        let passed = self.began.elapsed().as_micros();
        BEGIN.plus(Span(i64::try_from(passed).unwrap()))
    }
    pub(crate) fn jump(&self, by: Span) {
        let mut known = self.known();
        known.offset = Span(known.offset.0 + by.0);
    }
    /// Stops the process's clock, or lets it run again where it stood.
    pub(crate) fn freeze(&self) {
        let shown = self.shown();
        let now = self.now();
        let mut known = self.known();
        match known.frozen.take() {
            Some(stood) => known.offset = stood.since(now),
            None => known.frozen = Some(shown),
        }
    }
    fn shown(&self) -> Timestamp {
        let known = self.known();
        known.frozen.unwrap_or_else(|| self.now().plus(known.offset))
    }

    pub(crate) fn press(&self, scope: Scope) {
        let mut known = self.known();
        if !known.pressed.contains(&scope) {
            known.pressed.push(scope);
        }
    }
    pub(crate) fn rearm(&self, scope: Scope) {
        self.known().pressed.retain(|pressed| *pressed != scope);
    }
    /// Switches whose press was acknowledged and whose release nobody has asked for.
    pub(crate) fn pressed(&self) -> Vec<Scope> {
        self.known().pressed.clone()
    }

    pub(crate) fn breach(&self, law: &'static str, what: impl Into<String>) {
        let breach = Breach { law, what: what.into(), at: self.now() };
        self.known().breaches.push(breach);
    }
    pub(crate) fn breaches(&self) -> Vec<Breach> {
        self.known().breaches.clone()
    }
}

/// The process's own clock.
impl Clock for Truth {
    fn now(&self) -> Timestamp {
        self.shown()
    }
}
