//! What a batch is written with. Events are made of pieces of one to nine bytes, and a call for each costs more
//! than the bytes: pieces are written in place, where their lengths are known. Of a run that nobody reads again
//! events are only told.

use super::event::Event;
use minicbor::encode::Write;

/// What the open batch holds.
pub(super) enum Ink {
    /// Events as they are written.
    Body(Vec<u8>),
    /// Events as they are.
    Told(Vec<Event>),
}

impl Ink {
    /// Bytes that are held, more or less.
    pub(super) const fn len(&self) -> usize {
        match self {
            Self::Body(body) => body.len(),
            Self::Told(events) => events.len() * size_of::<Event>(),
        }
    }
    /// Writes an event behind those before it, where they are written.
    pub(super) fn write(&mut self, event: &Event) {
        if let Self::Body(body) = self {
            // Writing to memory cannot fail.
            let _ = minicbor::encode(event, Pen(body));
        }
    }
    /// Keeps an event that has happened, where they are told.
    pub(super) fn tell(&mut self, event: Event) {
        if let Self::Told(events) = self {
            events.push(event);
        }
    }
    /// Takes what is held. The next batch will be as long as this one, more or less: room for it is kept.
    pub(super) fn take(&mut self) -> Self {
        match self {
            Self::Body(body) => {
                let room = body.len().min(super::BATCH_BYTES);
                Self::Body(core::mem::replace(body, Vec::with_capacity(room)))
            }
            Self::Told(events) => {
                let room = events.len();
                Self::Told(core::mem::replace(events, Vec::with_capacity(room)))
            }
        }
    }
}

/// Writes into an ink without a call on the way, as a reference to it would need.
struct Pen<'a>(&'a mut Vec<u8>);

impl Write for Pen<'_> {
    type Error = core::convert::Infallible;

    #[inline(always)]
    fn write_all(&mut self, bytes: &[u8]) -> Result<(), Self::Error> {
        match *bytes {
            [a] => self.0.push(a),
            [a, b] => self.0.extend_from_slice(&[a, b]),
            [a, b, c, d] => self.0.extend_from_slice(&[a, b, c, d]),
            [a, b, c, d, e, f, g, h] => self.0.extend_from_slice(&[a, b, c, d, e, f, g, h]),
            _ => self.0.extend_from_slice(bytes),
        }
        Ok(())
    }
}
