//! Idempotency keys: what each led to, so that a request told again is answered and not done again.

use super::event::Remembered;
use crate::words::time::{Span, Timestamp};
use hashbrown::HashTable;
use minicbor::{Decode, Encode};
use std::collections::{BTreeMap, VecDeque};

/// How many an account remembers at most.
const KEPT: usize = 8_192;
/// How long one is remembered: the day that is promised and another one, since a clock that is set a day ahead must
/// not make an order of a minute ago a new one.
const KEPT_FOR: Span = Span(2 * Span::DAY.0);

/// Keys in order of their arrival: a ring, and where each key stands in it. An account that is asked all day long
/// turns the whole ring over again and again, so it must not need more room for that.
#[derive(Clone, Debug, Default)]
pub(super) struct Keys {
    ring: VecDeque<Key>,
    /// What each key of the ring led to, in its order and as the journal has it. A ring of bytes, too: outcomes in
    /// pieces of memory of their own are the last that hold a page which everything else has left.
    outcomes: VecDeque<u8>,
    /// How many bytes were ever taken from the front of `outcomes`; it wraps.
    taken: u32,
    /// Numbers of arrival, found by key.
    places: HashTable<u32>,
    /// Number of the first in the ring; it wraps.
    first: u32,
}

#[derive(Clone, Debug)]
struct Key {
    at: Timestamp,
    key: u64,
    request: u64,
    /// Where its outcome begins, counted as `taken` is.
    from: u32,
    length: u32,
}

/// What a key was used for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Kept {
    request: u64,
    /// As the journal has it.
    outcome: Vec<u8>,
}

impl Kept {
    pub(super) fn new(request: u64, outcome: &Remembered) -> Self {
        let mut bytes = Vec::new();
        // Writing to memory cannot fail.
        let _ = minicbor::encode(outcome, &mut bytes);
        Self { request, outcome: bytes }
    }
    /// What it led to; none if it was used for another request.
    pub(super) fn outcome(&self, request: u64) -> Option<Remembered> {
        let same = self.request == request;
        same.then(|| minicbor::decode(&self.outcome).ok()).flatten()
    }
}

/// From a struct of a number and an outcome.
impl<'b, C> Decode<'b, C> for Kept {
    fn decode(d: &mut minicbor::Decoder<'b>, ctx: &mut C) -> Result<Self, minicbor::decode::Error> {
        let at = d.position();
        if d.array()? != Some(2) {
            return Err(minicbor::decode::Error::message("not a request and an outcome").at(at));
        }
        Ok(Self::new(d.u64()?, &Remembered::decode(d, ctx)?))
    }
}

impl Keys {
    pub(super) fn find(&self, key: u64) -> Option<Kept> {
        self.at(self.place(key)?).map(|found| self.kept(found))
    }

    /// Keeps a key and forgets those that are too old or too many. One that is there, as in journals of the time
    /// when keys were kept for one day, leads to the new outcome and is not kept longer for that.
    pub(super) fn keep(&mut self, now: Timestamp, key: u64, kept: &Kept) {
        while let Some(oldest) = self.ring.front() {
            if now.since(oldest.at) <= KEPT_FOR && self.ring.len() < KEPT {
                break;
            }
            self.forget(oldest.key, oldest.length);
        }
        match self.place(key) {
            None => self.add(now, key, kept),
            Some(_) => {
                let was = std::mem::take(self);
                self.first = was.first;
                for of in &was.ring {
                    match of.key == key {
                        true => self.add(of.at, key, kept),
                        false => self.add(of.at, of.key, &was.kept(of)),
                    }
                }
            }
        }
    }

    fn place(&self, key: u64) -> Option<u32> {
        let is_its = |no: &u32| self.at(*no).is_some_and(|kept| kept.key == key);
        self.places.find(key, is_its).copied()
    }

    fn at(&self, no: u32) -> Option<&Key> {
        self.ring.get(no.wrapping_sub(self.first) as usize)
    }

    fn kept(&self, of: &Key) -> Kept {
        Kept { request: of.request, outcome: self.outcome(of).concat() }
    }

    /// Its outcome in two parts, as it may reach over the end of the ring.
    fn outcome(&self, of: &Key) -> [&[u8]; 2] {
        let (front, back) = self.outcomes.as_slices();
        let from = of.from.wrapping_sub(self.taken) as usize;
        let (from, to) = (from, from + of.length as usize);
        let behind = |at: usize| at.saturating_sub(front.len());
        [&front[from - behind(from)..to - behind(to)], &back[behind(from)..behind(to)]]
    }

    /// Forgets the first of the ring, which has this key and an outcome of this length.
    fn forget(&mut self, key: u64, length: u32) {
        if let Ok(place) = self.places.find_entry(key, |no| *no == self.first) {
            place.remove();
        }
        self.ring.pop_front();
        self.first = self.first.wrapping_add(1);
        self.outcomes.drain(..length as usize);
        self.taken = self.taken.wrapping_add(length);
    }

    fn add(&mut self, at: Timestamp, key: u64, kept: &Kept) {
        let short = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let no = self.first.wrapping_add(short(self.ring.len()));
        let from = self.taken.wrapping_add(short(self.outcomes.len()));
        let length = short(kept.outcome.len());
        self.ring.push_back(Key { at, key, request: kept.request, from, length });
        self.outcomes.extend(&kept.outcome);
        let (ring, first) = (&self.ring, self.first);
        let hash_of = |no: &u32| ring.get(no.wrapping_sub(first) as usize).map_or(0, |key| key.key);
        self.places.insert_unique(key, no, hash_of);
    }
}

/// As a map of what is kept and a list of times and keys.
impl<C> Encode<C> for Keys {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        ctx: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        let by_key: BTreeMap<u64, &Key> = self.ring.iter().map(|of| (of.key, of)).collect();
        e.array(2)?.map(by_key.len() as u64)?;
        for (key, of) in by_key {
            e.u64(key)?.array(2)?.u64(of.request)?;
            for part in self.outcome(of) {
                e.writer_mut().write_all(part).map_err(minicbor::encode::Error::write)?;
            }
        }
        e.array(self.ring.len() as u64)?;
        self.ring.iter().try_for_each(|of| (of.at, of.key).encode(e, ctx))
    }
}

impl<'b, C> Decode<'b, C> for Keys {
    fn decode(d: &mut minicbor::Decoder<'b>, ctx: &mut C) -> Result<Self, minicbor::decode::Error> {
        let at = d.position();
        if d.array()? != Some(2) {
            return Err(minicbor::decode::Error::message("keys are a map and a list").at(at));
        }
        let mut by_key: BTreeMap<u64, Kept> = BTreeMap::decode(d, ctx)?;
        let mut keys = Self::default();
        for entry in d.array_iter_with(ctx)? {
            let (at, key): (Timestamp, u64) = entry?;
            // An older build listed a key twice that came again after a day.
            if let Some(kept) = by_key.remove(&key) {
                keys.add(at, key, &kept);
            }
        }
        Ok(keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::risk::refusal::Level;
    use crate::words::id::OrderId;
    use crate::words::money::Qty;
    use crate::words::order::Purpose;
    use proptest::prelude::*;

    /// The keys as they read, without a ring: a list of all that were ever kept.
    struct Plain(Vec<(Timestamp, u64, u64)>);

    impl Plain {
        fn keep(&mut self, now: Timestamp, key: u64, request: u64) {
            self.0.retain(|(at, ..)| now.since(*at) <= KEPT_FOR);
            let over = (self.0.len() + 1).saturating_sub(KEPT);
            self.0.drain(..over);
            self.0.push((now, key, request));
        }
        fn find(&self, key: u64) -> Option<Kept> {
            self.0.iter().find(|(_, of, _)| *of == key).map(|(.., request)| kept(*request))
        }
    }

    /// Outcomes of many lengths.
    fn kept(request: u64) -> Kept {
        let outcome = match request % 3 {
            0 => Remembered::Done,
            1 => Remembered::Queued,
            _ => order(request),
        };
        Kept::new(request, &outcome)
    }

    fn order(no: u64) -> Remembered {
        let (order, purpose) = (OrderId(no << (no % 60)), Purpose::Entry);
        Remembered::Order {
            order,
            purpose,
            qty: Qty::from_raw(no.cast_signed()),
            level: Level::Safe,
        }
    }

    /// A key that is spread as fingerprints are.
    fn key(n: u64) -> u64 {
        n.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    proptest! {
        #[test]
        fn it_finds_what_a_plain_list_finds(
            waits in prop::collection::vec((0..40_000_i64, 0..30_u64), 1..200),
        ) {
            let (mut keys, mut plain) = (Keys::default(), Plain(Vec::new()));
            let mut now = Timestamp::EPOCH;
            for (n, (wait, of)) in waits.into_iter().enumerate() {
                now = now.plus(Span::seconds(wait));
                let found = keys.find(key(of));
                prop_assert_eq!(&found, &plain.find(key(of)));
                if found.is_none() {
                    keys.keep(now, key(of), &kept(n as u64));
                    plain.keep(now, key(of), n as u64);
                }
                let read: Keys = minicbor::decode(&minicbor::to_vec(&keys).unwrap()).unwrap();
                prop_assert_eq!(minicbor::to_vec(&read).unwrap(), minicbor::to_vec(&keys).unwrap());
                for of in 0..30 {
                    prop_assert_eq!(read.find(key(of)), plain.find(key(of)));
                }
            }
        }
    }

    #[test]
    fn a_full_ring_drives_the_oldest_out_and_takes_no_more_room() {
        let mut keys = Keys { first: u32::MAX - 100, taken: u32::MAX - 100, ..Keys::default() };
        let full = KEPT as u64;
        for n in 0..full {
            keys.keep(Timestamp::EPOCH, key(n), &kept(n));
        }
        let rings = (keys.ring.capacity(), keys.outcomes.capacity());
        for n in full..20 * full {
            keys.keep(Timestamp::EPOCH, key(n), &kept(n));
            assert_eq!(keys.find(key(n - full)), None);
            assert_eq!(keys.find(key(n + 1 - full)), Some(kept(n + 1 - full)));
        }
        assert_eq!((keys.ring.capacity(), keys.outcomes.capacity()), rings);
        assert_eq!(keys.ring.len(), KEPT);
        assert!(keys.places.capacity() <= 4 * KEPT, "{}", keys.places.capacity());
    }

    #[test]
    fn bytes_that_are_no_keys_are_refused() {
        for bytes in [&[0x80][..], &[0x83], &[0xa0], &[0x82, 0xa0], &[0x82, 0x80, 0x80]] {
            assert!(minicbor::decode::<Keys>(bytes).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn a_key_that_comes_again_is_kept_once() {
        let mut keys = Keys::default();
        for (of, request) in [(6, 2), (7, 1), (8, 5), (7, 2)] {
            keys.keep(Timestamp::EPOCH, key(of), &kept(request));
        }
        for (of, request) in [(6, 2), (7, 2), (8, 5)] {
            assert_eq!(keys.find(key(of)), Some(kept(request)));
        }
        assert_eq!(keys.ring.len(), 3);
        let twice = [(Timestamp::EPOCH, key(7)), (Timestamp::EPOCH, key(7))];
        let old =
            minicbor::to_vec((BTreeMap::from([(key(7), (3, Remembered::Done))]), twice)).unwrap();
        let read: Keys = minicbor::decode(&old).unwrap();
        assert_eq!((read.ring.len(), read.find(key(7)).unwrap().request), (1, 3));
    }
}
