//! A walk of a strategy of the platform: every trial of every window is a run of its own through desk, gates and
//! ledger, and so is what each window trades then. Windows are counted in days that have bars, so that they are the
//! same for all files of a run. What lies before a window only tells the strategies what went before.

use super::costs::Costs;
use super::options::{Options, Rank, WalkForward};
use super::research::grid::{self, Grid, Trial};
use super::research::results::Result;
use super::research::search::named;
use super::research::walk::{Choice, Course, Stretch, Traded, Walk};
use super::research::{crew, gate, progress::Progress, sweep, threads};
use super::trials::{self, Parameters};
use super::{data, rules, unheard};
use crate::config::Config;
use crate::statistics::{Closed, SHORTEST};
use crate::wire;
use anyhow::{Context, ensure};
use nija_core::words::money::Money;
use nija_core::words::time::{Span, Timestamp};
use nija_engine::feeds::Kind;
use nija_engine::sim::Rules;
use std::io::Write;
use std::time::Instant;

/// What a walk goes over.
struct Ground {
    /// The days that have bars, those to be walked alone.
    days: Vec<i32>,
    /// What is worth telling of the files.
    notes: Vec<String>,
}

/// A stretch to choose on and the one to trade then, with how many days they have.
struct Window {
    seen: (Stretch, usize),
    traded: (Stretch, usize),
}

pub(super) fn run(options: &Options, config: &Config, lengths: WalkForward) -> anyhow::Result<()> {
    let (name, grid) = (trials::check(options)?, trials::grid(options, config)?);
    let WalkForward { train, .. } = lengths;
    ensure!(
        train >= SHORTEST || options.search.rank == Rank::Return,
        "train={train}: fewer than {SHORTEST} days have no Sharpe or Calmar ratio to choose by; choose on more, or \
         with --rank return"
    );
    let began = Instant::now();
    let rules = rules(options)?;
    let ground = Ground::of(options, config)?;
    let windows = windows(&ground.days, lengths, options.to)?;
    let swept = choose(options, (config, rules), (name, &grid), &windows)?;
    let mut walk = Walk::new(Course {
        strategy: name.to_owned(),
        over: over(options),
        unit: "day",
        windows: lengths,
        rank: options.search.rank,
        trials: grid.trials.len(),
        resumed: swept.resumed,
        start: options.cash,
        notes: ground.notes,
        warned: String::new(),
    });
    let progress = Progress::new("the windows", windows.len() as u64, 0);
    for (window, results) in windows.iter().zip(swept.results.chunks(grid.trials.len())) {
        let words = |trial| named(&grid, trial);
        let chosen = Choice::of(window.seen, results, options.search.rank, words);
        let (best, choice) = chosen.context("nothing was tried")?;
        let trial = grid.trials.get(best).context("nothing was tried")?;
        if !walk.cash().0.is_positive() {
            break;
        }
        walk.add(choice, trade(options, (config, rules), (window, trial), walk.cash())?);
        progress.add(1);
    }
    progress.finish();
    let text = walk.finish().print(options, |_| ())?;
    std::io::stdout().lock().write_all(text.as_bytes())?;
    writeln!(std::io::stderr(), "{:.2} s", began.elapsed().as_secs_f64())?;
    Ok(())
}

/// Every trial of every window, window by window.
fn choose(
    options: &Options,
    terms: (&Config, Rules),
    (name, grid): (&str, &Grid<Parameters>),
    windows: &[Window],
) -> anyhow::Result<sweep::Swept> {
    type One<'a> = (&'a Window, &'a Trial<Parameters>);
    let all: Vec<One<'_>> =
        windows.iter().flat_map(|w| grid.trials.iter().map(move |trial| (w, trial))).collect();
    ensure!(
        all.len() <= grid::MOST,
        "{} windows of {} trials are {}; a walk has at most {}",
        windows.len(),
        grid.trials.len(),
        all.len(),
        grid::MOST
    );
    let head = trials::head(options, name)?;
    let one = |(at, (window, trial)): &(usize, &One<'_>)| {
        let options = within(options, window.seen.0);
        let (outcome, tally) = trials::tried(&options, terms, trial)?;
        Ok(trials::result(*at, &options, (&outcome, &tally)))
    };
    let some = |batch: &[(usize, &One<'_>)]| -> anyhow::Result<Vec<Result>> {
        batch.iter().map(one).collect()
    };
    sweep::all(options, (&all, &head), (threads(options), 1), some)
}

/// The options of a run over one stretch.
fn within(options: &Options, (from, to): Stretch) -> Options {
    let mut options = options.clone();
    (options.from, options.to) = (Some(from), Some(to));
    // Nothing is drawn of it.
    options.report = None;
    options
}

/// Trades one window with what was chosen, and once more at twice the costs.
fn trade(
    options: &Options,
    (config, rules): (&Config, Rules),
    (window, trial): (&Window, &Trial<Parameters>),
    (cash, stressed): (Money, Money),
) -> anyhow::Result<Traded> {
    let (on, length) = window.traded;
    let run = |(cash, rules): &(Money, Rules)| {
        let mut options = within(options, on);
        (options.cash, options.leaves) = (*cash, true);
        // Without money nothing is traded.
        cash.is_positive().then(|| trials::tried(&options, (config, *rules), trial)).transpose()
    };
    let both = [(cash, rules), (stressed, gate::dearer(rules))];
    let mut both = crew::each(threads(options), &both, run)?.into_iter();
    let (outcome, tally) = both.next().flatten().context("a window began without money")?;
    let dearer = both.next().flatten().and_then(|(outcome, _)| outcome.finals.first().copied());
    let costs = Costs::each(cash, &outcome, &tally).into_iter().next().unwrap_or_default();
    let account = tally.accounts.first().context("a run without an account")?;
    Ok(Traded {
        on,
        length,
        last: outcome.finals.first().copied().unwrap_or_default(),
        stressed: dearer.unwrap_or(stressed),
        year: outcome.year,
        closed: Closed::of(account.profits()),
        open: account.trades.iter().filter(|trade| trade.closed_at.is_none()).count(),
        costs: costs.parts().to_vec(),
        turned: account.traded(),
        bands: outcome.bands,
        points: outcome.curves.into_iter().next().unwrap_or_default(),
    })
}

impl Ground {
    /// Reads all files once.
    fn of(options: &Options, config: &Config) -> anyhow::Result<Self> {
        let data::Data { mut feed, mut notes, files, .. } = data::read(options, config)?;
        let mut days: Vec<i32> = Vec::new();
        while let Some(event) = feed.next()? {
            if options.to.is_some_and(|to| event.at > to) {
                break;
            }
            // A bar that ends at midnight belongs to the day before.
            let day = event.at.plus(Span(-1)).day(Span::ZERO);
            let is_new = days.last().is_none_or(|last| *last < day);
            let inside = options.from.is_none_or(|from| midnight(day) >= from);
            if matches!(event.kind, Kind::BarClosed(_)) && is_new && inside {
                days.push(day);
            }
        }
        drop(feed);
        notes.extend(super::rates(config)?);
        notes.extend(unheard(options, &wire::tiers(config)?, &options.strategies()?));
        notes.extend(files.iter().filter_map(data::Read::note));
        Ok(Self { days, notes })
    }
}

/// The windows over these days, one behind the other; the last one may be shorter, and ends at `end`.
fn windows(
    days: &[i32],
    lengths: WalkForward,
    end: Option<Timestamp>,
) -> anyhow::Result<Vec<Window>> {
    let WalkForward { train, test } = lengths;
    let count = days.len();
    ensure!(
        count > train,
        "there are {count} days with bars, and a window needs {train} to choose on and more to trade"
    );
    let last = days.last().context("there is no bar")?;
    let end = end.unwrap_or_else(|| midnight(last + 1));
    let begins = |at: usize| days.get(at).map_or(end, |day| midnight(*day));
    let window = |at: usize| {
        let (middle, after) = (at + train, at.saturating_add(train).saturating_add(test));
        Window {
            seen: ((begins(at), begins(middle)), train),
            traded: ((begins(middle), begins(after)), after.min(count) - middle),
        }
    };
    Ok((0..count - train).step_by(test).map(window).collect())
}

fn midnight(day: i32) -> Timestamp {
    Timestamp::of_day(day, Span::ZERO)
}

/// The files of a run by their symbols.
fn over(options: &Options) -> String {
    let named = options.data.iter().filter_map(|path| data::subject(path, options).ok());
    let symbols: Vec<String> = named.map(|(symbol, _)| symbol).take(8).collect();
    if options.demo_data { "the shipped history".to_owned() } else { symbols.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_follow_each_other_over_days_that_have_bars() {
        // Fridays and Mondays: what lies between belongs to no day of its own.
        let days = [0, 3, 7, 10, 14];
        let of = |train, test, end| {
            let windows = windows(&days, WalkForward { train, test }, end).unwrap();
            let day = |at: Timestamp| at.day(Span::ZERO);
            let told = |w: &Window| {
                let ((from, middle), (on, after)) = (w.seen.0, w.traded.0);
                assert_eq!(middle, on, "nothing lies between choice and trade");
                ([day(from), day(middle), day(after)], [w.seen.1, w.traded.1])
            };
            windows.iter().map(told).collect::<Vec<_>>()
        };
        assert_eq!(of(2, 2, None), [([0, 7, 14], [2, 2]), ([7, 14, 15], [2, 1])]);
        assert_eq!(of(4, 9, Some(midnight(20))), [([0, 14, 20], [4, 1])]);
        assert_eq!(of(1, usize::MAX, None), [([0, 3, 15], [1, 4])]);
        for days in [&days[..], &[]] {
            assert!(windows(days, WalkForward { train: 5, test: 1 }, None).is_err());
        }
    }
}
