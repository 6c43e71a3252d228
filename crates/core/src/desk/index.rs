//! From an account's id to its number: one probe into a flat table, then the account itself. Ids are random, so
//! their own bits spread them. Never walked through, so its order reaches no result. Absent: removal.

use crate::words::id::{AccountId, AccountNo};

/// Slots of the smallest table.
const FEWEST: usize = 64;

/// One place of the table: a part of the id that tells most strangers apart, and the number plus one.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    tag: u32,
    no: u32,
}

/// Where accounts are by their ids. It holds no ids itself: the caller knows whose number is whose.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    /// A power of two of slots, at most three of four of them taken.
    slots: Vec<Slot>,
    taken: usize,
}

/// Spreads an id over 64 bits (multiplication by the golden ratio): place above, tag below.
const fn spread(id: AccountId) -> u64 {
    let folded = (id.0 ^ (id.0 >> 64)) as u64;
    folded.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

impl Index {
    /// The number of an id; `is_its` says whether a number that may be it is.
    pub(super) fn find(
        &self,
        id: AccountId,
        is_its: impl Fn(AccountNo) -> bool,
    ) -> Option<AccountNo> {
        let hash = spread(id);
        let mut at = self.first(hash)?;
        loop {
            let slot = self.slots.get(at)?;
            let no = AccountNo(slot.no.checked_sub(1)?);
            if slot.tag == tag(hash) && is_its(no) {
                return Some(no);
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    /// Adds an id that is not there yet.
    pub(super) fn insert(
        &mut self,
        id: AccountId,
        no: AccountNo,
        id_of: impl Fn(u32) -> AccountId,
    ) {
        if (self.taken + 1) * 4 > self.slots.len() * 3 {
            let room = (self.slots.len() * 2).max(FEWEST);
            let old = core::mem::replace(&mut self.slots, vec![Slot::default(); room]);
            for slot in old.into_iter().filter(|slot| slot.no > 0) {
                self.put(spread(id_of(slot.no - 1)), slot.no);
            }
        }
        self.put(spread(id), no.0.saturating_add(1));
        self.taken += 1;
    }

    fn put(&mut self, hash: u64, no: u32) {
        let Some(mut at) = self.first(hash) else {
            return;
        };
        while self.slots[at].no > 0 {
            at = (at + 1) & (self.slots.len() - 1);
        }
        self.slots[at] = Slot { tag: tag(hash), no };
    }

    /// Where the search for a hash begins; `None` while there is no table.
    fn first(&self, hash: u64) -> Option<usize> {
        let bits = self.slots.len().checked_ilog2()?;
        usize::try_from(hash >> (64 - bits)).ok()
    }
}

/// What tells ids of one place apart: the bits that did not choose the place.
const fn tag(hash: u64) -> u32 {
    hash as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_each_of_many_and_no_stranger() {
        // Dense ids, random ids, and ids of one hash: nobody chooses them, but all must be found.
        let random =
            (1..5_000u128).map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835));
        let same = (1..50u128).map(|n| ((n << 64) | n) ^ (7 << 40));
        let ids: Vec<AccountId> =
            (10_000..15_000).chain(random).chain(same).map(AccountId).collect();
        let mut index = Index::default();
        let found = |index: &Index, id| index.find(id, |no| ids[no.0 as usize] == id);
        for (n, id) in (0u32..).zip(&ids) {
            assert_eq!(found(&index, *id), None);
            index.insert(*id, AccountNo(n), |n| ids[n as usize]);
            assert_eq!(found(&index, *id), Some(AccountNo(n)));
        }
        for (n, id) in (0u32..).zip(&ids) {
            assert_eq!(found(&index, *id), Some(AccountNo(n)));
        }
        assert_eq!(found(&index, AccountId(3)), None);
    }
}
