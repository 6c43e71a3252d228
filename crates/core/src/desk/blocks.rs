//! A list that grows without moving what it holds: a million accounts in one piece would be copied whole each time it
//! is full, a pause of the desk and twice the memory.

use core::iter::repeat_with;
use minicbor::{Decode, Encode};

/// How many stand in one block.
const BLOCK: usize = 256;

/// Items under dense numbers. All blocks but the last are full.
#[derive(Clone, Debug)]
pub(super) struct Blocks<T>(Vec<Vec<T>>);

impl<T> Default for Blocks<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Blocks<T> {
    pub(super) fn len(&self) -> usize {
        self.0.last().map_or(0, |last| (self.0.len() - 1) * BLOCK + last.len())
    }
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    pub(super) fn get(&self, at: usize) -> Option<&T> {
        self.0.get(at / BLOCK)?.get(at % BLOCK)
    }
    pub(super) fn get_mut(&mut self, at: usize) -> Option<&mut T> {
        self.0.get_mut(at / BLOCK)?.get_mut(at % BLOCK)
    }
    pub(super) fn push(&mut self, item: T) {
        match self.0.last_mut() {
            Some(last) if last.len() < BLOCK => last.push(item),
            // A desk of a few accounts has no use for a whole block.
            None => self.0.push(vec![item]),
            Some(_) => {
                let mut block = Vec::with_capacity(BLOCK);
                block.push(item);
                self.0.push(block);
            }
        }
    }
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().flatten()
    }
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.0.iter_mut().flatten()
    }
}

impl<T: Default> Blocks<T> {
    /// Adds items until there are so many.
    pub(super) fn grow_to(&mut self, len: usize) {
        let missing = len.saturating_sub(self.len());
        repeat_with(T::default).take(missing).for_each(|item| self.push(item));
    }
}

/// As a list.
impl<C, T: Encode<C>> Encode<C> for Blocks<T> {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        ctx: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.array(self.len() as u64)?;
        self.iter().try_for_each(|item| item.encode(e, ctx))
    }
}

impl<'b, C, T: Decode<'b, C>> Decode<'b, C> for Blocks<T> {
    fn decode(d: &mut minicbor::Decoder<'b>, ctx: &mut C) -> Result<Self, minicbor::decode::Error> {
        let mut blocks = Self::default();
        for item in d.array_iter_with(ctx)? {
            blocks.push(item?);
        }
        Ok(blocks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_and_written_like_a_plain_list() {
        for len in [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK, 3 * BLOCK + 7] {
            let plain: Vec<usize> = (0..len).collect();
            let mut blocks = Blocks::default();
            plain.iter().for_each(|n| blocks.push(*n));
            assert_eq!(blocks.len(), len);
            assert!(blocks.iter().eq(&plain));
            assert!((0..len + 2).all(|at| blocks.get(at) == plain.get(at)));
            assert_eq!(minicbor::to_vec(&blocks).unwrap(), minicbor::to_vec(&plain).unwrap());
            let bytes = minicbor::to_vec(&plain).unwrap();
            let read: Blocks<usize> = minicbor::decode(&bytes).unwrap();
            assert!(read.iter().eq(&plain));
        }
    }

    #[test]
    fn what_it_holds_stays_where_it_is() {
        let mut blocks = Blocks::default();
        blocks.grow_to(2 * BLOCK);
        let before: *const u64 = blocks.get(BLOCK + 3).unwrap();
        blocks.grow_to(100 * BLOCK);
        assert_eq!(before, core::ptr::from_ref(blocks.get(BLOCK + 3).unwrap()));
        *blocks.get_mut(BLOCK + 3).unwrap() = 5;
        assert_eq!(blocks.iter().sum::<u64>(), 5);
        blocks.grow_to(1);
        assert_eq!(blocks.len(), 100 * BLOCK);
    }
}
