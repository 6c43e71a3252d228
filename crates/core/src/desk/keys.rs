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
    /// Numbers of arrival, found by key.
    places: HashTable<u32>,
    /// Number of the first in the ring; it wraps.
    first: u32,
}

#[derive(Clone, Debug)]
struct Key {
    at: Timestamp,
    key: u64,
    kept: Kept,
}

/// What a key was used for. The outcome is kept as the journal has it: a refusal takes hardly more room than an order,
/// so what an account needs does not hang on what becomes of its orders.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    request: u64,
    outcome: Box<[u8]>,
}

impl Kept {
    pub(super) fn new(request: u64, outcome: &Remembered) -> Self {
        let mut bytes = Vec::new();
        // Writing to memory cannot fail.
        let _ = minicbor::encode(outcome, &mut bytes);
        Self { request, outcome: bytes.into_boxed_slice() }
    }
    /// What it led to; none if it was used for another request.
    pub(super) fn outcome(&self, request: u64) -> Option<Remembered> {
        let same = self.request == request;
        same.then(|| minicbor::decode(&self.outcome).ok()).flatten()
    }
}

/// As a struct of a number and an outcome.
impl<C> Encode<C> for Kept {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.array(2)?.u64(self.request)?;
        e.writer_mut().write_all(&self.outcome).map_err(minicbor::encode::Error::write)
    }
}

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
    pub(super) fn find(&self, key: u64) -> Option<&Kept> {
        self.at(self.place(key)?).map(|found| &found.kept)
    }

    /// Keeps a key and forgets those that are too old or too many. One that is there, as in journals of the time
    /// when keys were kept for one day, leads to the new outcome and is not kept longer for that.
    pub(super) fn keep(&mut self, now: Timestamp, key: u64, kept: Kept) {
        while let Some(oldest) = self.ring.front() {
            if now.since(oldest.at) <= KEPT_FOR && self.ring.len() < KEPT {
                break;
            }
            self.forget(oldest.key);
        }
        if let Some(no) = self.place(key) {
            let at = no.wrapping_sub(self.first) as usize;
            self.ring[at].kept = kept;
            return;
        }
        self.add(Key { at: now, key, kept });
    }

    fn place(&self, key: u64) -> Option<u32> {
        let is_its = |no: &u32| self.at(*no).is_some_and(|kept| kept.key == key);
        self.places.find(key, is_its).copied()
    }

    fn at(&self, no: u32) -> Option<&Key> {
        self.ring.get(no.wrapping_sub(self.first) as usize)
    }

    /// Forgets the first of the ring, which has this key.
    fn forget(&mut self, key: u64) {
        if let Ok(place) = self.places.find_entry(key, |no| *no == self.first) {
            place.remove();
        }
        self.ring.pop_front();
        self.first = self.first.wrapping_add(1);
    }

    fn add(&mut self, key: Key) {
        let no = self.first.wrapping_add(u32::try_from(self.ring.len()).unwrap_or(u32::MAX));
        let hash = key.key;
        self.ring.push_back(key);
        let (ring, first) = (&self.ring, self.first);
        let hash_of = |no: &u32| ring.get(no.wrapping_sub(first) as usize).map_or(0, |key| key.key);
        self.places.insert_unique(hash, no, hash_of);
    }
}

/// As a map of what is kept and a list of times and keys.
impl<C> Encode<C> for Keys {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        ctx: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        let by_key: BTreeMap<u64, &Kept> = self.ring.iter().map(|of| (of.key, &of.kept)).collect();
        e.array(2)?;
        by_key.encode(e, ctx)?;
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
                keys.add(Key { at, key, kept });
            }
        }
        Ok(keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
        fn find(&self, key: u64) -> Option<u64> {
            self.0.iter().find(|(_, of, _)| *of == key).map(|(.., request)| *request)
        }
    }

    fn kept(request: u64) -> Kept {
        Kept::new(request, &Remembered::Done)
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
                let found = keys.find(key(of)).map(|kept| kept.request);
                prop_assert_eq!(found, plain.find(key(of)));
                if found.is_none() {
                    keys.keep(now, key(of), kept(n as u64));
                    plain.keep(now, key(of), n as u64);
                }
                let read: Keys = minicbor::decode(&minicbor::to_vec(&keys).unwrap()).unwrap();
                prop_assert_eq!(minicbor::to_vec(&read).unwrap(), minicbor::to_vec(&keys).unwrap());
                for of in 0..30 {
                    let found = read.find(key(of)).map(|kept| kept.request);
                    prop_assert_eq!(found, plain.find(key(of)));
                }
            }
        }
    }

    #[test]
    fn a_full_ring_drives_the_oldest_out_and_takes_no_more_room() {
        let mut keys = Keys { first: u32::MAX - 100, ..Keys::default() };
        let full = KEPT as u64;
        for n in 0..full {
            keys.keep(Timestamp::EPOCH, key(n), kept(n));
        }
        let rings = keys.ring.capacity();
        for n in full..20 * full {
            keys.keep(Timestamp::EPOCH, key(n), kept(n));
            assert_eq!(keys.find(key(n - full)).map(|kept| kept.request), None);
            assert_eq!(keys.find(key(n + 1 - full)).map(|kept| kept.request), Some(n + 1 - full));
        }
        assert_eq!((keys.ring.len(), keys.ring.capacity()), (KEPT, rings));
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
        for request in [1, 2] {
            keys.keep(Timestamp::EPOCH, key(7), kept(request));
        }
        assert_eq!((keys.ring.len(), keys.find(key(7)).unwrap().request), (1, 2));
        let twice = [(Timestamp::EPOCH, key(7)), (Timestamp::EPOCH, key(7))];
        let old = minicbor::to_vec((BTreeMap::from([(key(7), kept(3))]), twice)).unwrap();
        let read: Keys = minicbor::decode(&old).unwrap();
        assert_eq!((read.ring.len(), read.find(key(7)).unwrap().request), (1, 3));
    }
}
