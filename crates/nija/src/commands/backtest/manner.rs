//! Manners of other backtesters, as users name them and as results tell of them (decision 0044).

use super::options::Options;
use super::teaching::SMA_CROSS;
use anyhow::ensure;
use nija_core::words::money::Pct;
use nija_engine::research::manner::{Charge, Manner, Moment, Repeat};

/// When an order is filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Fill {
    /// At the open of the next bar.
    NextOpen,
    /// At the close that gave the signal, as some programs do. Nobody can get that price.
    SignalClose,
}

/// How a commission is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Commission {
    /// From every fill, exactly.
    Exact,
    /// From every order, rounded to whole cents; half a cent goes up.
    Cents,
    /// Inside the price of an entry; an exit pays none.
    EntryPrice,
}

/// What a signal for the side that is held already leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Repeated {
    /// To nothing.
    Keep,
    /// To leaving the position and taking it anew.
    Reopen,
}

/// What the options say; refused where the platform's own strategies or those on books would run.
pub(super) fn manner(options: &Options) -> anyhow::Result<Manner> {
    let moment = match options.fill {
        Fill::NextOpen => Moment::NextOpen,
        Fill::SignalClose => Moment::SignalClose,
    };
    let charge = match options.commission_model {
        Commission::Exact => Charge::Exact,
        Commission::Cents => Charge::Cents,
        Commission::EntryPrice => Charge::EntryPrice(percent(options)),
    };
    let repeat = match options.repeated_signal {
        Repeated::Keep => Repeat::Keep,
        Repeated::Reopen => Repeat::Reopen,
    };
    let manner = Manner { moment, charge, repeat };
    ensure!(
        options.is_research() || manner == Manner::default(),
        "--fill signal-close, --commission-model and --repeated-signal are for {SMA_CROSS}; other \
         strategies trade as their venue does"
    );
    Ok(manner)
}

/// The commission in percent of the value.
pub(super) fn percent(options: &Options) -> Pct {
    Pct::from_raw(options.commission.unwrap_or_default().raw().saturating_mul(100))
}

/// How fills are named in results.
pub(super) const fn moment_name(moment: Moment) -> &'static str {
    match moment {
        Moment::NextOpen => "next-open",
        Moment::SignalClose => "signal-close",
    }
}

/// How the way of taking a commission is named in results.
pub(super) const fn charge_name(charge: Charge) -> &'static str {
    match charge {
        Charge::Exact => "exact",
        Charge::Cents => "cents",
        Charge::EntryPrice(_) => "entry-price",
    }
}

/// How the answer to a repeated signal is named in results.
pub(super) const fn repeat_name(repeat: Repeat) -> &'static str {
    match repeat {
        Repeat::Keep => "keep",
        Repeat::Reopen => "reopen",
    }
}

/// What has to be known before results are believed.
pub(super) fn warnings(manner: Manner) -> Vec<&'static str> {
    let at_close = "fills are at the close that gave the signal: nobody can get them, since an order \
                    for a close must be given before it is known; this is for comparing with \
                    programs that fill so, and nothing else";
    let in_price = "the commission is inside the prices of entries, among spread and slippage, and \
                    exits are free: no venue trades so; this is for comparing with programs that do";
    let at_close = (manner.moment == Moment::SignalClose).then_some(at_close);
    let in_price = matches!(manner.charge, Charge::EntryPrice(_)).then_some(in_price);
    at_close.into_iter().chain(in_price).collect()
}
