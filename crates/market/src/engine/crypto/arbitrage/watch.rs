//! Arbitrage as a desk carries it out: what the books of some places show together is said once to all accounts, each
//! of which trades what it holds and may hold. The strategy hears no fills. It says what it sees while none of the
//! books is old, and says something again only after a pause in which the orders of the first time have met the books.

use super::Parameters;
use crate::book::Book;
use crate::engine::{Spoken, Strategy, View};
use nija_core::words::id::InstrumentId;
use nija_core::words::signal::StrategyName;
use nija_core::words::time::{Span, Timestamp};

/// What books are worth, at what a taker pays for each; `None` where they agree.
type Look<const N: usize> = fn([&Book; N], [f64; N], &Parameters) -> Option<Spoken>;

/// The strategy over these places.
#[derive(Clone, Debug)]
pub struct Watch<const N: usize> {
    places: [InstrumentId; N],
    books: [Option<Book>; N],
    fees: [f64; N],
    parameters: Parameters,
    look: Look<N>,
    /// When something was said last.
    said_at: Timestamp,
}

impl<const N: usize> Watch<N> {
    pub(super) fn over(
        places: [InstrumentId; N],
        fee: impl Fn(InstrumentId) -> f64,
        parameters: Parameters,
        look: Look<N>,
    ) -> Self {
        let (books, said_at) = ([const { None }; N], Timestamp(i64::MIN));
        Self { places, books, fees: places.map(fee), parameters, look, said_at }
    }

    /// Takes a book. All of them, where something may be said now.
    fn take(&mut self, book: &Book, view: &View) -> Option<[&Book; N]> {
        let place = self.places.iter().position(|of| *of == book.instrument)?;
        *self.books.get_mut(place)? = Some(book.clone());
        let pause = Span::millis(self.parameters.pause_millis);
        if !view.open || book.at.since(self.said_at) < pause {
            return None;
        }
        let books: Vec<&Book> = self.books.iter().flatten().collect();
        let books: [&Book; N] = books.try_into().ok()?;
        are_fresh(&books, &self.parameters).then_some(books)
    }
}

impl<const N: usize> Strategy for Watch<N> {
    fn name(&self) -> StrategyName {
        StrategyName::CryptoArbitrage
    }

    fn version(&self) -> u16 {
        self.parameters.version
    }

    fn books(&self) -> &[InstrumentId] {
        &self.places
    }

    fn on_book(&mut self, book: &Book, view: &View) -> Vec<Spoken> {
        let (look, fees, parameters) = (self.look, self.fees, self.parameters);
        let said = self.take(book, view).and_then(|books| look(books, fees, &parameters));
        if said.is_some() {
            self.said_at = book.at;
        }
        said.into_iter().collect()
    }
}

/// Was none of these books old when the newest was seen?
pub(super) fn are_fresh(books: &[&Book], parameters: &Parameters) -> bool {
    let ats = books.iter().map(|book| book.at);
    let ends = ats.clone().min().zip(ats.max());
    ends.is_some_and(|(first, last)| last.since(first) <= Span::millis(parameters.max_age_millis))
}
