//! Who still gets room when the inbox fills up. Previews go first, then other reads, then what opens risk or can
//! wait; the last places belong to exits, cancels and kill switches alone.

use super::{INBOX, Work};
use nija_core::desk::answer::Query;
use nija_core::ports::DeskError;
use tokio::sync::mpsc;

/// Work of callers, the first to be given up first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Urgency {
    Preview,
    Read,
    Entry,
    Exit,
}

impl Urgency {
    fn of(work: &Work) -> Self {
        match work {
            Work::Query { query: Query::Account(_), .. } => Self::Read,
            Work::Query { .. } => Self::Preview,
            Work::Input { input, .. } if !input.is_urgent() => Self::Entry,
            Work::Commands { commands, .. } if !commands.iter().all(|(_, c)| c.is_urgent()) => {
                Self::Entry
            }
            _ => Self::Exit,
        }
    }

    /// Places that must be free for it.
    const fn room(self) -> usize {
        match self {
            Self::Preview => INBOX / 2,
            Self::Read => INBOX / 4,
            Self::Entry => INBOX / 8,
            Self::Exit => 0,
        }
    }

    /// The word that watchers see.
    const fn name(self) -> &'static str {
        match self {
            Self::Preview => "preview",
            Self::Read => "read",
            Self::Entry => "entry",
            Self::Exit => "exit",
        }
    }
}

/// Puts work of a caller into the inbox, if there is room for its kind.
pub(super) fn bring(inbox: &mpsc::Sender<Work>, work: Work) -> Result<(), DeskError> {
    let urgency = Urgency::of(&work);
    let told = if inbox.capacity() < urgency.room() {
        Err(DeskError::Busy)
    } else {
        inbox.try_send(work).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => DeskError::Busy,
            mpsc::error::TrySendError::Closed(_) => DeskError::Gone,
        })
    };
    if told == Err(DeskError::Busy) {
        metrics::counter!("nija_turned_away_total", "what" => urgency.name()).increment(1);
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use nija_core::desk::input::{Command, Input};
    use nija_core::risk::kill::{Actor, Scope};
    use nija_core::words::id::{AccountId, OrderId};
    use nija_core::words::money::Money;
    use tokio::sync::oneshot;

    fn command(command: Command) -> Work {
        let input = Input::Command { account: AccountId(1), key: None, command };
        Work::Input { input, at: None, reply: None }
    }

    /// Which of them still get in while so many places are free: previews, reads, entries, exits, switches.
    fn admitted(free: usize) -> [bool; 5] {
        let (send, _inbox) = mpsc::channel(INBOX);
        for _ in free..INBOX {
            send.try_send(Work::Stop).unwrap();
        }
        let query = |query| Work::Query { query, reply: oneshot::channel().0 };
        let (by, reason) = (Actor::Platform, String::new());
        let kill = Input::Kill { scope: Scope::Platform, by, reason, flatten: false };
        [
            query(Query::Market),
            query(Query::Account(AccountId(1))),
            command(Command::Transfer(Money::whole(1))),
            command(Command::Cancel(OrderId(1))),
            Work::Input { input: kill, at: None, reply: None },
        ]
        .map(|work| bring(&send, work).is_ok())
    }

    #[test]
    fn the_last_places_belong_to_what_reduces_risk() {
        assert_eq!(admitted(INBOX), [true; 5]);
        assert_eq!(admitted(INBOX / 2 - 1), [false, true, true, true, true]);
        assert_eq!(admitted(INBOX / 4 - 1), [false, false, true, true, true]);
        assert_eq!(admitted(INBOX / 8 - 1), [false, false, false, true, true]);
        assert_eq!(admitted(2), [false, false, false, true, true]);
        assert_eq!(admitted(0), [false; 5]);
    }

    #[test]
    fn a_node_that_ended_is_gone_and_not_busy() {
        let (send, inbox) = mpsc::channel(INBOX);
        drop(inbox);
        assert_eq!(bring(&send, command(Command::Cancel(OrderId(1)))), Err(DeskError::Gone));
    }
}
