//! The one rule of appending, the same for every journal: only the batch after the last one may be written.

use nija_core::journal::{Batch, Head};
use nija_core::ports::AppendError;

/// Where a batch stands to the head of its partition.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// It comes next.
    Next,
    /// Its number is taken: the same bytes there mean that it is recorded, others that it is fenced.
    Taken,
}

/// Finds the place of a batch.
///
/// # Errors
/// [`AppendError::Fenced`] when it continues another history than the recorded one, or an older generation
/// wrote it; [`AppendError::Unavailable`] when batches before it are missing.
pub(crate) fn place(batch: &Batch, head: &Head) -> Result<Place, AppendError> {
    if batch.seq <= head.seq && batch.seq.0 > 0 {
        return Ok(Place::Taken);
    }
    if batch.seq.0 != head.seq.0.saturating_add(1) {
        let (partition, seq, last) = (batch.partition, batch.seq, head.seq);
        return Err(AppendError::Unavailable(format!(
            "partition {partition}: batch {seq} does not follow the last one, {last}; run `nija verify`"
        )));
    }
    if batch.prev != head.hash || batch.epoch < head.epoch {
        return Err(AppendError::Fenced(batch.partition));
    }
    Ok(Place::Next)
}

/// Judges a batch whose number is taken.
///
/// # Errors
/// [`AppendError::Fenced`] when something else stands there.
pub(crate) fn settle(batch: &Batch, recorded: &Batch) -> Result<(), AppendError> {
    if recorded == batch { Ok(()) } else { Err(AppendError::Fenced(batch.partition)) }
}
