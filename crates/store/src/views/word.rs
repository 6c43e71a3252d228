//! The words that rows use for the enums of the core that have no name of their own.

use nija_core::desk::event::Size;
use nija_core::words::order::{Origin, Purpose, Side, TimeInForce};

pub(super) const fn side(side: Side) -> &'static str {
    match side {
        Side::Buy => "buy",
        Side::Sell => "sell",
    }
}

pub(super) const fn time_in_force(tif: TimeInForce) -> &'static str {
    match tif {
        TimeInForce::Day => "day",
        TimeInForce::Gtc => "gtc",
        TimeInForce::Ioc => "ioc",
        TimeInForce::Fok => "fok",
        TimeInForce::PostOnly => "post_only",
    }
}

pub(super) const fn purpose(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Entry => "entry",
        Purpose::Exit => "exit",
    }
}

/// Who asked: a strategy goes by its own name.
pub(super) const fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::User => "user",
        Origin::Strategy { strategy, .. } | Origin::Roll { strategy, .. } => strategy.name(),
        Origin::Protection { .. } => "protection",
        Origin::KillSwitch => "kill_switch",
        Origin::Copy { .. } => "copy",
    }
}

pub(super) fn size(size: Size) -> String {
    match size {
        Size::Dollars(money) => format!("${money}"),
        Size::Units(qty) => format!("{qty} units"),
        Size::All => "all".to_owned(),
    }
}
