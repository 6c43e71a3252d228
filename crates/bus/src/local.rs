//! The bus within one process: a ring of the latest notices that every listener reads at its own
//! pace.
//!
//! Publishing never waits and never fails. A listener that falls behind the ring loses the oldest
//! notices and is told how many, so it knows to read the journal again. Absent: other machines.

use nija_core::ports::{Bus, Doing, Heard, Notice, Subscription};
use tokio::sync::broadcast::{self, error::RecvError};

/// Notices a listener may lag behind before it loses the oldest.
pub const CAPACITY: usize = 1_024;

/// The bus of a process; its listeners hear the end when it is dropped.
pub struct LocalBus {
    ring: broadcast::Sender<Notice>,
}

impl LocalBus {
    /// A bus without listeners.
    #[must_use]
    pub fn new() -> Self {
        Self { ring: broadcast::Sender::new(CAPACITY) }
    }
}

impl Default for LocalBus {
    fn default() -> Self {
        Self::new()
    }
}

impl Bus for LocalBus {
    fn publish(&self, notice: Notice) {
        // The only failure is that nobody listens, which is no failure of the teller.
        let _ = self.ring.send(notice);
    }

    fn subscribe(&self) -> Box<dyn Subscription> {
        Box::new(Listener { ring: self.ring.subscribe() })
    }
}

/// One listener's place in the ring.
struct Listener {
    ring: broadcast::Receiver<Notice>,
}

impl Subscription for Listener {
    fn next(&mut self) -> Doing<'_, Option<Heard>> {
        Box::pin(async {
            match self.ring.recv().await {
                Ok(notice) => Some(Heard::Notice(notice)),
                Err(RecvError::Lagged(lost)) => Some(Heard::Lost(lost)),
                Err(RecvError::Closed) => None,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nija_core::words::id::{PartitionId, Seq};
    use proptest::prelude::*;
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    fn notice(seq: u64) -> Notice {
        Notice { partition: PartitionId(3), seq: Seq(seq) }
    }

    fn heard(seq: u64) -> Poll<Option<Heard>> {
        Poll::Ready(Some(Heard::Notice(notice(seq))))
    }

    /// What a listener hears without waiting.
    fn poll(listener: &mut dyn Subscription) -> Poll<Option<Heard>> {
        pin!(listener.next()).as_mut().poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn everyone_hears_everything_in_order_from_when_they_listen() {
        let bus = LocalBus::new();
        bus.publish(notice(1));
        let (mut one, mut two) = (bus.subscribe(), bus.subscribe());
        bus.publish(notice(2));
        bus.publish(notice(3));
        for listener in [&mut one, &mut two] {
            assert_eq!(poll(listener.as_mut()), heard(2));
            assert_eq!(poll(listener.as_mut()), heard(3));
            assert_eq!(poll(listener.as_mut()), Poll::Pending);
        }
    }

    #[test]
    fn a_slow_listener_is_told_its_loss_and_hurts_nobody() {
        let bus = LocalBus::new();
        let (mut slow, mut quick) = (bus.subscribe(), bus.subscribe());
        let told = CAPACITY as u64 + 5;
        for seq in 1..=told {
            bus.publish(notice(seq));
            assert_eq!(poll(quick.as_mut()), heard(seq));
        }
        assert_eq!(poll(slow.as_mut()), Poll::Ready(Some(Heard::Lost(5))));
        for seq in 6..=told {
            assert_eq!(poll(slow.as_mut()), heard(seq));
        }
        assert_eq!(poll(slow.as_mut()), Poll::Pending);
    }

    #[test]
    fn the_end_comes_after_what_was_told() {
        let bus = LocalBus::new();
        let mut listener = bus.subscribe();
        bus.publish(notice(1));
        drop(bus);
        assert_eq!(poll(listener.as_mut()), heard(1));
        assert_eq!(poll(listener.as_mut()), Poll::Ready(None));
    }

    #[tokio::test]
    async fn a_waiting_listener_is_woken() {
        let bus = LocalBus::new();
        let mut listener = bus.subscribe();
        let waiting = tokio::spawn(async move { listener.next().await });
        tokio::task::yield_now().await;
        bus.publish(notice(9));
        assert_eq!(waiting.await.unwrap(), Some(Heard::Notice(notice(9))));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        /// However telling and listening interleave, heard and lost add up to what was told.
        #[test]
        fn heard_and_lost_add_up(
            bursts in proptest::collection::vec((0_u64..9_000, 0_usize..9_000), 1..6),
        ) {
            let bus = LocalBus::new();
            let mut listener = bus.subscribe();
            let (mut told, mut known) = (0, 0);
            let last = (0, usize::MAX);
            for (tell, listen) in bursts.into_iter().chain([last]) {
                for _ in 0..tell {
                    told += 1;
                    bus.publish(notice(told));
                }
                for _ in 0..listen {
                    match poll(listener.as_mut()) {
                        Poll::Ready(Some(Heard::Notice(n))) => {
                            known += 1;
                            prop_assert_eq!(n.seq.0, known);
                        }
                        Poll::Ready(Some(Heard::Lost(lost))) => known += lost,
                        Poll::Ready(None) => prop_assert!(false, "the bus is still there"),
                        Poll::Pending => break,
                    }
                }
            }
            prop_assert_eq!(known, told);
        }
    }
}
