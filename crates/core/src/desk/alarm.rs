//! What a person has to look at: told to the log and the metrics once the batch that caused it is durable.

/// An alarm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// What sort it is: `discrepancy` or `runaway`.
    pub kind: &'static str,
    /// What happened, in one sentence.
    pub text: String,
}
