//! What was counted, and what was broken.

/// A promise of the server that did not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Breach {
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
    pub(super) const ALL: [Self; 6] =
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
pub(super) struct Tally {
    /// Answers of status 200 to orders and cancels.
    pub(super) acknowledged: u64,
    /// Of these, orders that a gate refused.
    pub(super) refused: u64,
    /// Of these, orders that were approved.
    pub(super) orders: u64,
    /// Asked again after a kill because no answer had come.
    pub(super) retried: u64,
    /// Asked again although answered.
    pub(super) repeated: u64,
    /// Sent twice at once.
    pub(super) twins: u64,
    /// Orders found by their id after their acknowledgement.
    pub(super) found: u64,
    /// Answers of status 4xx: nothing happened.
    pub(super) declined: u64,
    /// Answers of status 429.
    pub(super) limited: u64,
    /// Fills that were checked.
    pub(super) fills: u64,
    pub(super) breaches: Vec<(Breach, String)>,
}

impl Tally {
    pub(super) fn breach(&mut self, breach: Breach, what: String) {
        self.breaches.push((breach, what));
    }

    pub(super) fn add(&mut self, other: &Self) {
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

    /// One line a count.
    pub(super) fn line(&self) -> String {
        let broken = Breach::ALL.map(|kind| {
            let count = self.breaches.iter().filter(|(breach, _)| *breach == kind).count();
            format!("{}: {count}", kind.name())
        });
        format!(
            "acknowledged: {} (orders {}, refusals {}), retried: {}, repeated: {}, twins: {}, \
             found by id: {}, fills: {}, declined: {}, limited: {}, {}",
            self.acknowledged,
            self.orders,
            self.refused,
            self.retried,
            self.repeated,
            self.twins,
            self.found,
            self.fills,
            self.declined,
            self.limited,
            broken.join(", "),
        )
    }
}
