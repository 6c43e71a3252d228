//! What the desks still take when the journal's disk fills up, and the way back, which needs nobody.
//!
//! Low: the journal lives on its reserve; what can wait is refused before it reaches a desk, and prices pass by
//! unheard. Full: nothing is taken. Either is looked at again every second.

use nija_core::desk::input::Input;
use nija_core::ports::{Journal, Space};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

/// Pause between two looks for room.
pub(super) const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// How much room there is, told to whoever asks.
#[derive(Clone, Debug, Default)]
pub(super) struct Shown(Arc<AtomicU8>);

impl Shown {
    pub(super) fn get(&self) -> Space {
        match self.0.load(Ordering::Relaxed) {
            0 => Space::Ample,
            1 => Space::Low,
            _ => Space::Full,
        }
    }
}

/// The node's view of its journal's disk.
#[derive(Debug)]
pub(super) struct Storage {
    space: Space,
    looked: Instant,
    shown: Shown,
}

impl Storage {
    pub(super) fn new(shown: Shown) -> Self {
        metrics::gauge!("nija_storage_short").set(0.0);
        Self { space: Space::Ample, looked: Instant::now(), shown }
    }

    pub(super) fn is_ample(&self) -> bool {
        self.space == Space::Ample
    }
    pub(super) fn is_full(&self) -> bool {
        self.space == Space::Full
    }

    /// May this reach a desk now?
    pub(super) fn admits(&self, input: &Input) -> bool {
        match self.space {
            Space::Ample => true,
            Space::Low => input.is_urgent(),
            Space::Full => false,
        }
    }

    /// Learns how much room there is: by the journal's word while there is enough, by looking again while not.
    pub(super) fn look(&mut self, journal: &dyn Journal) {
        if self.is_ample() {
            self.set(journal.space());
        } else if self.looked.elapsed() >= LOOK_AGAIN {
            self.set(journal.reclaim());
        }
    }

    /// Tells a change once, in the log and in the metrics.
    pub(super) fn set(&mut self, space: Space) {
        self.looked = Instant::now();
        if space == self.space {
            return;
        }
        self.space = space;
        self.shown.0.store(space as u8, Ordering::Relaxed);
        metrics::gauge!("nija_storage_short").set(f64::from(space as u8));
        match space {
            Space::Ample => tracing::info!("storage has room again; everything is taken"),
            Space::Low => tracing::error!(
                "storage is low: the journal lives on its reserve, purchases are refused; free some space"
            ),
            Space::Full => tracing::error!(
                "storage is full: nothing can be written, reading works; free some space"
            ),
        }
    }
}
