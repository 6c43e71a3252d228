//! The lanes at the gateway: a fair priority queue, pure. Higher lanes go first and get more turns, exits go
//! before entries of their lane, and no lane ever starves.

use crate::words::tier::Priority;
use std::collections::VecDeque;

/// Turns per round: of fifteen, Ultra High gets eight and Normal one.
const WEIGHTS: [u8; 4] = [1, 2, 4, 8];

/// A bounded queue with one lane per priority.
#[derive(Debug)]
pub struct Lanes<T> {
    lanes: [Lane<T>; 4],
    turns: [u8; 4],
    capacity: usize,
}

#[derive(Debug)]
struct Lane<T> {
    exits: VecDeque<T>,
    entries: VecDeque<T>,
}

impl<T> Lane<T> {
    fn pop(&mut self) -> Option<T> {
        self.exits.pop_front().or_else(|| self.entries.pop_front())
    }
    fn is_empty(&self) -> bool {
        self.exits.is_empty() && self.entries.is_empty()
    }
    fn len(&self) -> usize {
        self.exits.len() + self.entries.len()
    }
}

impl<T> Lanes<T> {
    /// Lanes that hold up to `capacity` entries each. Exits and cancels are never turned away: the desk bounds
    /// how many a position may have open, and a cancel is of an order.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        let lane = || Lane { exits: VecDeque::new(), entries: VecDeque::new() };
        Self { lanes: core::array::from_fn(|_| lane()), turns: WEIGHTS, capacity }
    }

    /// Queues an entry.
    ///
    /// # Errors
    /// Gives it back when its lane is full: the caller reports it as lapsed.
    pub fn push_entry(&mut self, lane: Priority, item: T) -> Result<(), T> {
        let lane = &mut self.lanes[lane as usize];
        if lane.entries.len() >= self.capacity {
            return Err(item);
        }
        lane.entries.push_back(item);
        Ok(())
    }

    /// Queues what reduces risk: an exit or a cancel.
    pub fn push_exit(&mut self, lane: Priority, item: T) {
        self.lanes[lane as usize].exits.push_back(item);
    }

    /// The next in turn: the highest lane that still has turns in this round.
    pub fn pop(&mut self) -> Option<T> {
        for _ in 0..2 {
            for at in (0..self.lanes.len()).rev() {
                if self.turns[at] > 0
                    && let Some(item) = self.lanes[at].pop()
                {
                    self.turns[at] -= 1;
                    return Some(item);
                }
            }
            // Whoever waits has used up the round: begin the next.
            self.turns = WEIGHTS;
        }
        None
    }

    /// How many wait in each lane, the lowest first.
    #[must_use]
    pub fn waiting(&self) -> [usize; 4] {
        core::array::from_fn(|at| self.lanes[at].len())
    }

    /// How many wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lanes.iter().map(Lane::len).sum()
    }

    /// Does nothing wait?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lanes.iter().all(Lane::is_empty)
    }

    /// Does something wait that `wanted` picks?
    #[must_use]
    pub fn any(&self, mut wanted: impl FnMut(&T) -> bool) -> bool {
        self.lanes.iter().any(|lane| lane.exits.iter().chain(&lane.entries).any(&mut wanted))
    }

    /// Puts back what was taken out in turn and could not go: before everything else of its sort.
    pub fn put_back(&mut self, lane: Priority, is_entry: bool, item: T) {
        let lane = &mut self.lanes[lane as usize];
        let row = if is_entry { &mut lane.entries } else { &mut lane.exits };
        row.push_front(item);
    }

    /// Takes out what `unwanted` picks, lane by lane: what was cancelled before it was sent.
    pub fn take_out(&mut self, unwanted: impl Fn(&T) -> bool) -> Vec<T> {
        let mut out = Vec::new();
        for lane in &mut self.lanes {
            for row in [&mut lane.exits, &mut lane.entries] {
                if row.iter().any(&unwanted) {
                    let (taken, kept): (Vec<T>, Vec<T>) = row.drain(..).partition(&unwanted);
                    out.extend(taken);
                    row.extend(kept);
                }
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn higher_lanes_go_first_and_exits_before_entries() {
        let mut lanes = Lanes::new(8);
        lanes.push_entry(Priority::Normal, "normal").unwrap();
        lanes.push_entry(Priority::UltraHigh, "ultra").unwrap();
        lanes.push_exit(Priority::Normal, "normal exit");
        assert_eq!(lanes.len(), 3);
        assert_eq!(
            [lanes.pop(), lanes.pop(), lanes.pop()],
            [Some("ultra"), Some("normal exit"), Some("normal")]
        );
        assert!(lanes.is_empty() && lanes.pop().is_none());
    }

    #[test]
    fn a_full_lane_gives_entries_back_but_never_exits() {
        let mut lanes = Lanes::new(1);
        lanes.push_entry(Priority::High, 1).unwrap();
        assert_eq!(lanes.push_entry(Priority::High, 2), Err(2));
        lanes.push_exit(Priority::High, 3);
        assert_eq!(lanes.take_out(|item| *item == 1), [1]);
        lanes.put_back(Priority::High, false, 4);
        assert_eq!(lanes.take_out(|_| false), []);
        assert_eq!([lanes.pop(), lanes.pop(), lanes.pop()], [Some(4), Some(3), None]);
    }

    proptest! {
        /// Whatever the higher lanes send, Normal gets a turn in each round of fifteen.
        #[test]
        fn normal_never_starves(arrivals in prop::collection::vec(1usize..4, 200)) {
            let mut lanes = Lanes::new(10_000);
            let mut since = 0;
            for lane in arrivals {
                lanes
                    .push_entry(Priority::Normal, 0)
                    .map_err(|_| TestCaseError::fail("full"))?;
                for _ in 0..3 {
                    lanes.push_exit(Priority::ALL[lane], lane);
                }
                since = if lanes.pop() == Some(0) { 0 } else { since + 1 };
                prop_assert!(since <= 28);
            }
        }

        #[test]
        fn nothing_is_lost_or_doubled(items in prop::collection::vec((0usize..4, any::<bool>()), 0..300)) {
            let mut lanes = Lanes::new(1_000);
            for (n, (lane, exit)) in items.iter().enumerate() {
                if *exit { lanes.push_exit(Priority::ALL[*lane], n) } else {
                    lanes.push_entry(Priority::ALL[*lane], n).map_err(|_| TestCaseError::fail("full"))?;
                }
            }
            let mut out: Vec<usize> = std::iter::from_fn(|| lanes.pop()).collect();
            out.sort_unstable();
            prop_assert_eq!(out, (0..items.len()).collect::<Vec<_>>());
        }
    }
}
