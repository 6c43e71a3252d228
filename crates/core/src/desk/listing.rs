//! The catalog as a desk keeps it. Rows of the operator come at the start and stay; contracts of a chain come and
//! go: each has a number that was never given before, and its row is dropped a week after it expired.

use super::Desk;
use super::answer::Answer;
use super::ended::KEPT_FOR;
use super::event::Event;
use super::settings::invalid;
use crate::words::fixed::SCALE;
use crate::words::id::InstrumentId;
use crate::words::instrument::{AssetClass, Instrument, Kind};
use crate::words::money::Price;

/// Options that may be listed at once.
const MOST_OPTIONS: usize = 20_000;

impl Desk {
    pub(super) fn list(&mut self, instrument: Instrument) -> Answer {
        let terms = instrument.tick.is_positive() && instrument.lot.is_positive();
        if instrument.is_tradable() && !(terms && instrument.multiplier() > 0) {
            return invalid("instrument", "tick, lot and multiplier must be above 0");
        }
        if instrument.is_option() {
            // Also where no account's day ends.
            self.delist();
        }
        if let Err(why) = self.check_option(&instrument).and(self.check_pair(&instrument)) {
            return invalid("instrument", why);
        }
        let known = self.state.listings.get(&instrument.id);
        if known.is_none_or(|l| l.instrument != instrument) {
            self.emit(Event::Listed { instrument });
        }
        Answer::Done
    }

    /// The contracts of chains that are listed: a venue has to know them before it takes their orders back, and a
    /// feed gives no number twice.
    pub fn options(&self) -> impl Iterator<Item = &Instrument> {
        let rows = self.state.listings.values().map(|listing| &listing.instrument);
        rows.filter(|row| row.is_option())
    }

    /// The last prices, to be told to a venue that remembers none: desks decide by them until the market speaks again.
    pub fn marks(&self) -> impl Iterator<Item = (InstrumentId, Price)> {
        self.state.listings.iter().filter_map(|(id, listing)| Some((*id, listing.mark?)))
    }

    /// The highest number that an option was ever given here; zero before the first.
    #[must_use]
    pub const fn last_option(&self) -> InstrumentId {
        self.state.last_option
    }

    /// Can an option be listed so? Anything else can.
    fn check_option(&self, row: &Instrument) -> Result<(), &'static str> {
        let known = self.state.listings.get(&row.id).map(|listing| &listing.instrument);
        let Kind::Option { underlying, strike, expiry, .. } = row.kind else {
            let is_contract = known.is_some_and(Instrument::is_option);
            return if is_contract { Err("its number is that of an option") } else { Ok(()) };
        };
        if known == Some(row) {
            return Ok(());
        }
        let under = self.state.listings.get(&underlying).map(|listing| &listing.instrument);
        let is_sound = under.is_some_and(|under| !under.is_option() && !under.is_margined());
        let listed = self.state.listings.values().filter(|l| l.instrument.is_option());
        match () {
            () if known.is_some() || row.id <= self.state.last_option => {
                Err("its number was given to something else; numbers are never reused")
            }
            () if row.class != AssetClass::Derivatives => Err("an option is a derivative"),
            () if !strike.is_positive() => Err("its strike must be above 0"),
            () if row.lot.raw() % SCALE != 0 => Err("options are traded in whole contracts"),
            () if !is_sound => Err("what it is about must be listed, and no contract itself"),
            () if expiry <= self.clock => Err("it has expired"),
            () if listed.count() >= MOST_OPTIONS => {
                Err("too many options are listed; wait until some expire")
            }
            () => Ok(()),
        }
    }

    /// A pair is of two coins that are listed and traded for dollars, and stays one: what is held of it is theirs.
    fn check_pair(&self, row: &Instrument) -> Result<(), &'static str> {
        let of = |id| self.state.listings.get(&id).map(|listing| &listing.instrument);
        let is_coin = |id| of(id).is_some_and(|row| row.kind == Kind::Spot);
        let was_pair = of(row.id).map(|known| known.priced_in().is_some());
        match row.kind {
            Kind::Pair { base, quote } if base == quote || !is_coin(base) || !is_coin(quote) => {
                Err("a pair is of two coins that are listed before it")
            }
            Kind::Pair { .. } if was_pair == Some(false) => Err("its number is no pair's"),
            Kind::Pair { .. } => Ok(()),
            _ if was_pair == Some(true) => Err("its number is that of a pair"),
            _ => Ok(()),
        }
    }

    /// Drops options that expired so long ago that no venue tells of them any more, and that nobody holds or orders.
    pub(super) fn delist(&mut self) {
        let clock = self.clock;
        let is_over = |(id, row): &(InstrumentId, &Instrument)| {
            let expired =
                row.expiry().is_some_and(|expiry| clock >= expiry.plus(KEPT_FOR).plus(KEPT_FOR));
            let held = self.state.holders.get(id).is_some_and(|holders| !holders.is_empty());
            row.is_option() && expired && !held && !self.is_ordered(*id)
        };
        let rows = self.state.listings.iter().map(|(id, listing)| (*id, &listing.instrument));
        let over: Vec<InstrumentId> = rows.filter(is_over).map(|(id, _)| id).collect();
        for instrument in over {
            self.emit(Event::Delisted { instrument });
        }
    }

    fn is_ordered(&self, instrument: InstrumentId) -> bool {
        self.state.orders.values().any(|open| open.ticket.instrument == instrument)
    }

    /// The price at which an expired instrument is settled for the last time: of an option what its exercise is worth
    /// at the last price of the underlying, of anything else its own last price. None before there is one.
    pub(super) fn last_price(&self, instrument: InstrumentId) -> Option<Price> {
        let listing = self.state.listings.get(&instrument)?;
        match listing.instrument.kind {
            Kind::Option { underlying, right, strike, .. } => {
                let spot = self.state.listings.get(&underlying)?.mark?;
                Some(right.exercised(spot, strike))
            }
            _ => listing.mark,
        }
    }
}
