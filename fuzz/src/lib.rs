//! What the targets share: an API over real stores and desks that are always busy, and feeds read to their end.

#![forbid(unsafe_code)]

mod outside;

pub use outside::{Outside, Sent};

use nija_core::billing::plans::{DEFAULT_PLANS, Plans};
use nija_core::desk::{Desk, Rules};
use nija_core::words::id::{InstrumentId, PartitionId};
use nija_core::words::instrument::Hours;
use nija_core::words::money::Money;
use nija_core::words::tier::{DEFAULT_TABLE, TierTable};
use nija_engine::feeds::Feed;
use nija_engine::feeds::bars::Terms;
use nija_market::candle::Timeframe;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

/// Events of one input; no input of the fuzzer is long enough for more.
const MOST: usize = 1 << 20;

/// Terms that the first byte of an input chooses.
pub fn terms(byte: u8) -> Terms {
    let timeframes = [Timeframe::Minutes1, Timeframe::Minutes5, Timeframe::Hour1, Timeframe::Day1];
    Terms {
        instrument: InstrumentId(1),
        hours: if byte & 1 == 0 { Hours::Always } else { Hours::Nyse },
        timeframe: timeframes[usize::from(byte >> 2) % timeframes.len()],
        skip_bad: byte & 2 != 0,
    }
}

/// Reads a feed to its end: events in order of time, prices above zero, or an error that says where.
pub fn drain(feed: &mut dyn Feed) {
    let mut last = None;
    for _ in 0..MOST {
        match feed.next() {
            Ok(Some(event)) => {
                assert!(last.is_none_or(|last| last <= event.at), "time goes back");
                last = Some(event.at);
            }
            Ok(None) => return,
            Err(error) => {
                assert!(!error.to_string().is_empty());
                return;
            }
        }
    }
    panic!("a feed without end");
}

/// The rules of a desk.
pub fn rules() -> Arc<Rules> {
    static RULES: LazyLock<Arc<Rules>> = LazyLock::new(|| {
        let tiers = TierTable::parse(DEFAULT_TABLE).expect("the embedded table");
        let plans = Plans::parse(DEFAULT_PLANS).expect("the embedded table");
        Arc::new(Rules::new(tiers, plans, Money::whole(10)))
    });
    Arc::clone(&RULES)
}

/// A desk to which nothing has happened.
pub fn desk() -> Desk {
    Desk::new(PartitionId(0), rules())
}

/// A file with these bytes, in a folder of this process; none when it cannot be written.
pub fn scratch(name: &str, bytes: &[u8]) -> Option<PathBuf> {
    static FOLDER: LazyLock<tempfile::TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a folder"));
    let path = FOLDER.path().join(name);
    std::fs::write(&path, bytes).ok()?;
    Some(path)
}
