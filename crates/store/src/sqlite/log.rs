//! Looks into SQLite's log before it is opened: is there a commit at its end that was never finished? SQLite drops
//! it without a word, and rightly, because nothing of it was acknowledged; whoever runs the platform wants to know.
//! Format: <https://www.sqlite.org/walformat.html>.

use crate::error::Error;
use std::io::ErrorKind;
use std::path::Path;

const HEADER: usize = 32;
const FRAME_HEADER: usize = 24;
/// The lowest bit of the magic number tells how words are read for checksums.
const MAGIC: u32 = 0x377f_0682;

/// Bytes behind the last whole commit that belong to this generation of the log; 0 where there is no log.
pub(super) fn unfinished(path: &Path) -> Result<usize, Error> {
    match std::fs::read(path) {
        Ok(log) => Ok(tail(&log).unwrap_or(0)),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(0),
        Err(e) => Err(Error::file(path)(e)),
    }
}

/// Nothing for a log whose own head is not whole: it holds no commit.
fn tail(log: &[u8]) -> Option<usize> {
    let magic = word(log, 0)?;
    if magic & !1 != MAGIC {
        return None;
    }
    let big = magic & 1 == 1;
    let page = usize::try_from(word(log, 8)?).ok()?;
    let salt = log.get(16..24)?;
    let mut sum = (word(log, 24)?, word(log, 28)?);
    let (mut at, mut committed) = (HEADER, HEADER);
    while let Some(head) = log.get(at..at + FRAME_HEADER) {
        if head.get(8..16)? != salt {
            // What follows is left from before the log began anew.
            return Some(at - committed);
        }
        let end = at + FRAME_HEADER + page;
        let Some(body) = log.get(at + FRAME_HEADER..end) else { break };
        sum = checksum(checksum(sum, head.get(..8)?, big), body, big);
        if (word(head, 16)?, word(head, 20)?) != sum {
            return Some(log.len().min(end) - committed);
        }
        at = end;
        if word(head, 4)? != 0 {
            committed = at;
        }
    }
    Some(log.len() - committed)
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at + 4)?;
    Some(u32::from_be_bytes(four.try_into().ok()?))
}

/// The log's running checksum over pairs of words.
fn checksum((mut a, mut b): (u32, u32), bytes: &[u8], big: bool) -> (u32, u32) {
    for pair in bytes.as_chunks::<4>().0.as_chunks::<2>().0 {
        let [x, y] =
            pair.map(|four| if big { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) });
        a = a.wrapping_add(x).wrapping_add(b);
        b = b.wrapping_add(y).wrapping_add(a);
    }
    (a, b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::Connection;

    /// A log with some commits in it, as its writer leaves it when it dies.
    fn log() -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let writer = Connection::open(&path).unwrap();
        writer
            .execute_batch("PRAGMA journal_mode=WAL; CREATE TABLE t (x); INSERT INTO t VALUES (1)")
            .unwrap();
        writer.execute("INSERT INTO t VALUES (2)", []).unwrap();
        std::fs::read(folder.path().join("a.db-wal")).unwrap()
    }

    #[test]
    fn a_whole_log_has_no_tail_and_a_torn_one_has() {
        let whole = log();
        assert_eq!(tail(&whole), Some(0));
        let frame = FRAME_HEADER + 4_096;
        for cut in [1, 100, frame - 1] {
            assert_eq!(tail(&whole[..whole.len() - cut]), Some(frame - cut), "{cut}");
        }
        assert_eq!(tail(&whole[..whole.len() - frame]), Some(0));
        let mut garbled = whole.clone();
        *garbled.last_mut().unwrap() ^= 1;
        assert_eq!(tail(&garbled), Some(frame));
    }

    #[test]
    fn what_is_left_from_before_is_no_tail() {
        let mut reused = log();
        let frame = FRAME_HEADER + 4_096;
        let last = reused.len() - frame;
        reused[last + 8] ^= 1;
        assert_eq!(tail(&reused), Some(0));
        for none in [&[][..], &[0; 10], &[7; 100]] {
            assert_eq!(tail(none), None);
        }
    }
}
