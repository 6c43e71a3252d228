//! The books of some places, as a strategy that is heard by all accounts looks at them: together, none of them old, and
//! not again until the orders of the last time have met them.

use super::Parameters;
use crate::book::Book;
use crate::engine::View;
use nija_core::words::id::InstrumentId;
use nija_core::words::time::{Span, Timestamp};

/// What is displayed in each of these places.
#[derive(Clone, Debug)]
pub(super) struct Watch<const N: usize> {
    places: [InstrumentId; N],
    books: [Option<Book>; N],
    /// When something was said last.
    said_at: Timestamp,
}

impl<const N: usize> Watch<N> {
    pub(super) const fn over(places: [InstrumentId; N]) -> Self {
        Self { places, books: [const { None }; N], said_at: Timestamp(i64::MIN) }
    }

    pub(super) const fn places(&self) -> &[InstrumentId] {
        &self.places
    }

    /// Takes a book. All of them, where something may be said now.
    pub(super) fn take(
        &mut self,
        book: &Book,
        view: &View,
        parameters: &Parameters,
    ) -> Option<[&Book; N]> {
        let place = self.places.iter().position(|of| *of == book.instrument)?;
        *self.books.get_mut(place)? = Some(book.clone());
        let pause = Span::millis(parameters.pause_millis);
        if !view.open || book.at.since(self.said_at) < pause {
            return None;
        }
        let books: Vec<&Book> = self.books.iter().flatten().collect();
        let books: [&Book; N] = books.try_into().ok()?;
        are_fresh(&books, parameters).then_some(books)
    }

    /// Something was said.
    pub(super) const fn say(&mut self, at: Timestamp) {
        self.said_at = at;
    }
}

/// Was none of these books old when the newest was seen?
pub(super) fn are_fresh(books: &[&Book], parameters: &Parameters) -> bool {
    let ats = books.iter().map(|book| book.at);
    let ends = ats.clone().min().zip(ats.max());
    ends.is_some_and(|(first, last)| last.since(first) <= Span::millis(parameters.max_age_millis))
}
