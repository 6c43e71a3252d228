//! The operator of a backtest: somebody who looks once a day and re-arms what a black swan stopped.

use super::named;
use nija_core::desk::answer::{Query, View};
use nija_core::desk::input::Input;
use nija_core::risk::kill::{Actor, Pressed, Scope};
use nija_core::words::id::UserId;
use nija_core::words::score::Score;
use nija_engine::partitions::Partitions;

/// What the operator re-arms: classes whose black swan is over and whose volatility is low enough.
pub(super) fn rearms(below: u8, desks: &Partitions) -> Vec<Input> {
    let View::Market(market) = desks.query(&Query::Market) else {
        return Vec::new();
    };
    let rearm = |pressed: &Pressed| {
        let Scope::Class(class) = pressed.scope else {
            return None;
        };
        let conditions = market.conditions.filter(|read| !read.black_swan(class))?;
        let score = conditions.volatility(class).filter(|score| *score < Score::points(below))?;
        let reason = format!("the backtest's operator: volatility is back at {score}");
        let by = Actor::User(UserId(named("OPERATOR")));
        Some(Input::Rearm { scope: pressed.scope, by, reason })
    };
    market.pressed.iter().filter_map(rearm).collect()
}
