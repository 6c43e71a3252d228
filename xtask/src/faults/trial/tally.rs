//! What was counted, and what was broken.

use crate::faults::Outcome;

/// A promise of the server that did not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Breach {
    /// Acknowledged, and not there.
    Lost,
    /// One key led to two orders, or an order to two keys, or an order to none.
    Doubled,
    /// The same key or order says something else now.
    Changed,
    /// More was filled than ordered, or a fill is there twice.
    Overfilled,
    /// The books do not balance, or the journal is not sound.
    Unsound,
    /// An answer of status 500 and above.
    Failed,
}

impl Breach {
    pub(crate) const ALL: [Self; 6] =
        [Self::Lost, Self::Doubled, Self::Changed, Self::Overfilled, Self::Unsound, Self::Failed];

    const fn name(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Doubled => "doubled",
            Self::Changed => "changed",
            Self::Overfilled => "overfilled",
            Self::Unsound => "unsound",
            Self::Failed => "failed",
        }
    }
}

/// Counts of one client, or of all.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    /// Answers of status 200 to orders and cancels.
    pub(crate) acknowledged: u64,
    /// Of these, orders that a gate refused.
    pub(crate) refused: u64,
    /// Of these, orders that were approved.
    pub(crate) orders: u64,
    /// Asked again after a kill because no answer had come.
    pub(crate) retried: u64,
    /// Asked again although answered.
    pub(crate) repeated: u64,
    /// Sent twice at once.
    pub(crate) twins: u64,
    /// Orders found by their id after their acknowledgement.
    pub(crate) found: u64,
    /// Answers of status 4xx: nothing happened.
    pub(crate) declined: u64,
    /// Answers of status 429.
    pub(crate) limited: u64,
    /// Fills that were checked.
    pub(crate) fills: u64,
    pub(crate) breaches: Vec<(Breach, String)>,
}

impl Tally {
    pub(crate) fn breach(&mut self, breach: Breach, what: String) {
        self.breaches.push((breach, what));
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.acknowledged += other.acknowledged;
        self.refused += other.refused;
        self.orders += other.orders;
        self.retried += other.retried;
        self.repeated += other.repeated;
        self.twins += other.twins;
        self.found += other.found;
        self.declined += other.declined;
        self.limited += other.limited;
        self.fills += other.fills;
        self.breaches.extend(other.breaches.iter().cloned());
    }

    /// One line.
    pub(crate) fn line(&self) -> String {
        let counts = self.counts().map(|(name, count)| format!("{name} {count}"));
        format!("{}, broken {}", counts.join(", "), self.breaches.len())
    }

    fn counts(&self) -> [(&'static str, u64); 10] {
        [
            ("acknowledged", self.acknowledged),
            ("orders", self.orders),
            ("refusals", self.refused),
            ("retried", self.retried),
            ("repeated", self.repeated),
            ("twins", self.twins),
            ("found_by_id", self.found),
            ("fills", self.fills),
            ("declined", self.declined),
            ("limited", self.limited),
        ]
    }

    /// Brings counts and breaches to an outcome.
    pub(crate) fn tell(&self, outcome: &mut Outcome) {
        for (name, count) in self.counts() {
            outcome.count(name, count);
        }
        for kind in Breach::ALL {
            let count = self.breaches.iter().filter(|(breach, _)| *breach == kind).count();
            outcome.count(kind.name(), count);
        }
        for (breach, what) in &self.breaches {
            outcome.breach(format!("{}: {what}", breach.name()));
        }
    }
}
