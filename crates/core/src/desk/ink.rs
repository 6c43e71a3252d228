//! What a batch is written with. Events are made of pieces of one to nine bytes, and a call for each costs more
//! than the bytes: pieces are written in place, where their lengths are known.

use super::event::Event;
use minicbor::encode::Write;

/// The body of the open batch.
#[derive(Default)]
pub(super) struct Ink(Vec<u8>);

impl Ink {
    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }
    /// Writes an event behind those before it.
    pub(super) fn write(&mut self, event: &Event) {
        // Writing to memory cannot fail.
        let _ = minicbor::encode(event, Pen(&mut self.0));
    }
    /// Takes what is written. The next batch will be as long as this one, more or less: room for it is kept.
    pub(super) fn take(&mut self) -> Vec<u8> {
        let room = self.0.len().min(super::BATCH_BYTES);
        core::mem::replace(&mut self.0, Vec::with_capacity(room))
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
