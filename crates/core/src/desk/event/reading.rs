//! Reading the events of a batch.

use super::Event;
use crate::journal::{Batch, Damage};

impl Batch {
    /// Reads its events.
    ///
    /// # Errors
    /// [`Damage::Unreadable`] when they are not as many valid events as were counted.
    pub fn events(&self) -> Result<Vec<Event>, Damage> {
        if !self.told.is_empty() {
            return Ok(self.told.clone());
        }
        // A count from a damaged file must not reserve memory; an event takes two bytes at least.
        let mut events = Vec::with_capacity((self.count as usize).min(self.body.len() / 2 + 1));
        self.each(|event, _| {
            events.push(event);
            Ok::<_, Damage>(())
        })?;
        Ok(events)
    }

    /// Hands out the events of a batch that is written one by one, each with its bytes.
    ///
    /// # Errors
    /// [`Damage::Unreadable`] when they are not as many valid events as were counted; `taken` may have had
    /// some of them by then. What `taken` returns ends it, too.
    pub fn each<E: From<Damage>>(
        &self,
        mut taken: impl FnMut(Event, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut decoder = minicbor::Decoder::new(&self.body);
        let mut found: u32 = 0;
        while decoder.position() < self.body.len() {
            let start = decoder.position();
            let event = decoder.decode().map_err(|e| Damage::Unreadable(e.to_string()))?;
            taken(event, &self.body[start..decoder.position()])?;
            found += 1;
        }
        if found == self.count {
            Ok(())
        } else {
            let counted = self.count;
            Err(Damage::Unreadable(format!("{found} events, not the {counted} counted")).into())
        }
    }
}
