//! The end of a stretch that is left with nothing held: what it costs to leave belongs to it.

use super::named;
use nija_core::desk::answer::{Query, View};
use nija_core::desk::input::{Command, Input};
use nija_core::risk::kill::Actor;
use nija_core::words::id::{AccountId, UserId};
use nija_core::words::time::{Span, Timestamp};
use nija_engine::backtest::Backtest;
use nija_engine::feeds::MarketEvent;
use nija_engine::feeds::steps::Steps;

/// How long markets are waited for that do not open: what is held still counts at its last price then.
const PATIENCE: Span = Span(7 * Span::DAY.0);

/// Takes open entries back at `at` and sells everything at the next price of each market, of which `ahead` are the
/// first. Nothing is entered any more.
pub(super) async fn all(
    backtest: &mut Backtest,
    accounts: &[AccountId],
    steps: &mut Steps<'_>,
    (at, mut ahead): (Timestamp, (Timestamp, Vec<MarketEvent>)),
) -> anyhow::Result<()> {
    for account in accounts {
        let by = Actor::User(UserId(named("OPERATOR")));
        let reason = "the stretch is over".to_owned();
        let command = Command::Kill { by, reason, flatten: true };
        backtest.input(Input::Command { account: *account, key: None, command }, at).await?;
    }
    let until = at.plus(PATIENCE);
    while ahead.0 <= until && holds(backtest, accounts)? {
        backtest.step(ahead.0, &ahead.1).await?;
        let Some((next, events)) = steps.next_step()? else {
            break;
        };
        ahead = (next, events.to_vec());
    }
    Ok(())
}

/// Is something held?
fn holds(backtest: &mut Backtest, accounts: &[AccountId]) -> anyhow::Result<bool> {
    let desks = backtest.partitions()?;
    Ok(accounts.iter().any(|account| match desks.query(&Query::Account(*account)) {
        View::Account(view) => view.positions.iter().any(|position| !position.qty.is_zero()),
        _ => false,
    }))
}
