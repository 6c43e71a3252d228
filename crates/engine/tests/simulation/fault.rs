//! Everything that goes wrong in the simulated world, and how often it does.

use crate::chance::Chance;

macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident = $odds:literal;)*) => {
        /// One thing that can go wrong, at the moment where it can.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Fault { $($(#[$doc])* $name,)* }

        /// All faults, each with its odds: where it can happen it does once in so many times.
        pub(crate) const FAULTS: &[(Fault, u64)] = &[$((Fault::$name, $odds),)*];
    };
}

faults! {
    // The journal.
    /// The append is durable, its answer is lost.
    AppendAnswerLost = 30;
    /// The append never happened, and no answer comes.
    AppendLost = 30;
    /// No answer, and the journal cannot be asked what became of it; it may be there after the restart.
    AppendUnreadable = 120;
    /// The append fails; nothing of it is there after the restart.
    AppendFails = 150;
    /// The append fails after its bytes were written; they may be there after the restart.
    AppendFailsLate = 150;
    /// No space is left.
    DiskFull = 150;
    /// The append takes up to five seconds.
    DiskSlow = 25;
    /// Batches whose append was never answered are gone after the restart.
    TailTorn = 2;
    /// The snapshots are gone at the restart.
    SnapshotLost = 3;
    /// Only an older snapshot is there at the restart.
    SnapshotOld = 3;
    /// A bit of the snapshot has changed.
    SnapshotDamaged = 4;

    // The process.
    /// It dies before a batch is appended.
    CrashBeforeAppend = 120;
    /// It dies when a batch is durable and nothing of it has been released.
    CrashBeforeRelease = 90;
    /// It dies when orders are with the gateway and nobody has been answered.
    CrashBeforeAnswer = 90;
    /// It dies between two batches, whatever the gateway is doing.
    CrashAtRest = 60;
    /// It dies again while it starts.
    CrashInRecovery = 4;

    // The venue, when it is sent something.
    /// It takes the order and answers too late.
    TimeoutAfterAccept = 20;
    /// It takes the order; the answer is lost at once.
    AnswerLost = 20;
    /// It never gets the order, and the sender waits in vain.
    TimeoutBeforeAccept = 20;
    /// A refused connection or an error that says that nothing was done.
    Unreachable = 7;
    /// Too many requests.
    Throttled = 12;
    /// It answers after up to eight seconds.
    SlowVenue = 12;
    /// It cannot be asked about an order.
    FindFails = 3;
    /// It is gone for up to forty seconds, with its stream of reports.
    Outage = 60;

    // The venue's reports.
    /// A report comes twice.
    DuplicateReport = 8;
    /// A report comes after later ones, up to twenty seconds late.
    OutOfOrder = 6;
    /// The stream breaks: what it carries for some seconds is lost.
    StreamLost = 40;
    /// A fill comes in two parts that are no whole lots.
    WrongDecimals = 30;
    /// The venue says a step more than was ordered.
    Overfill = 150;

    // The clock of the process.
    /// It jumps forward, by an hour or by a day.
    ClockForward = 80;
    /// It jumps back by ten minutes.
    ClockBack = 60;
    /// It stands still.
    ClockFrozen = 60;
    /// It jumps into the next month.
    MonthEnds = 120;
}

/// Which faults a history has. Most histories have some of them only: together they hide one another.
#[derive(Clone, Debug)]
pub(crate) struct Weather(Vec<(Fault, u64)>);

impl Weather {
    /// The weather of a seed: each fault is in it or not; one history in eight has none.
    pub(crate) fn of(chance: &mut Chance) -> Self {
        let calm = chance.one_in(8);
        Self(FAULTS.iter().copied().filter(|_| chance.one_in(2) && !calm).collect())
    }
    /// Everything that venues do wrong, and nothing else.
    pub(crate) fn of_venues() -> Self {
        let is_venue = |fault| (Fault::TimeoutAfterAccept..=Fault::Overfill).contains(&fault);
        Self(FAULTS.iter().copied().filter(|(fault, _)| is_venue(*fault)).collect())
    }
    pub(crate) fn odds(&self, fault: Fault) -> Option<u64> {
        self.0.iter().find(|(known, _)| *known == fault).map(|(_, odds)| *odds)
    }
}
