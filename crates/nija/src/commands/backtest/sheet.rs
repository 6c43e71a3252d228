//! The report of a run through desks and gates.

use super::costs::Costs;
use super::days::number;
use super::options::Options;
use super::page::{Market, Page, Table, Traded, Unmade, figures, instant, money};
use super::report::percent;
use super::tally::{Tally, Trade};
use super::{Charts, Outcome, models};
use crate::statistics::{self, Closed};
use nija_core::words::id::InstrumentId;
use nija_core::words::money::Money;
use nija_core::words::signal::StrategyName;
use nija_market::candle::Candle;

/// The page, with some tables before those of every run.
pub(super) fn page(
    options: &Options,
    outcome: &Outcome,
    tally: &Tally,
    before: Vec<Table>,
) -> String {
    let count = outcome.finals.len();
    let sum =
        |amounts: &mut dyn Iterator<Item = Money>| amounts.fold(Money::ZERO, Money::saturating_add);
    let starts = vec![number(options.cash); count];
    let start = sum(&mut std::iter::repeat_n(options.cash, count));
    let last = sum(&mut outcome.finals.iter().copied());
    let each = Costs::each(options.cash, outcome, tally);
    let costs = each.iter().copied().fold(Costs::default(), Costs::plus);
    let points = statistics::together(&outcome.curves, &starts);
    let curve = statistics::curve(number(start), &points, outcome.year);
    let closed = Closed::of(tally.accounts.iter().flat_map(|account| account.profits()));
    let trades: Vec<&Trade> = tally.accounts.iter().flat_map(|account| &account.trades).collect();
    let tiers: Vec<&str> = options.tiers().iter().map(|tier| tier.name()).collect();
    let accounts = by_account(options, outcome, (tally, &each));
    Page {
        title: "NIJA backtest".to_owned(),
        about: vec![
            ("time", format!("{} to {}", instant(outcome.first), instant(outcome.last))),
            ("accounts", tiers.join(", ")),
            ("strategies", heard(options)),
            ("bars", outcome.bars.to_string()),
        ],
        figures: figures(
            (start, last),
            &curve,
            (costs.turnover(&points), costs.paid()),
            &closed.read(),
        ),
        tables: before.into_iter().chain(accounts).chain(models::table(&outcome.models)).collect(),
        start: number(start),
        points: &points,
        bands: outcome.bands.clone(),
        cuts: Vec::new(),
        markets: markets(outcome, &trades),
        costs: costs.parts().to_vec(),
        gross: costs.gross(),
        unmade: unmade(options, tally),
        notes: outcome.notes.clone(),
    }
    .html()
}

fn heard(options: &Options) -> String {
    if options.strategy.is_empty() { "all".to_owned() } else { options.strategy.join(", ") }
}

/// One row for each of several accounts.
fn by_account(
    options: &Options,
    outcome: &Outcome,
    (tally, costs): (&Tally, &[Costs]),
) -> Option<Table> {
    let accounts = options.tiers().iter().zip(&outcome.curves).zip(&outcome.finals);
    let rows = accounts.zip(tally.accounts.iter().zip(costs));
    let rows = rows.map(|(((tier, points), last), (account, costs))| {
        let curve = statistics::curve(number(options.cash), points, outcome.year);
        let closed = Closed::of(account.profits()).read().closed;
        vec![
            tier.name().to_owned(),
            money(*last),
            percent(Some(curve.return_pct)),
            percent(Some(curve.max_drawdown_pct)),
            closed.to_string(),
            money(costs.paid()),
        ]
    });
    let heads = vec!["Tier", "End", "Return", "Deepest fall", "Trades", "Costs"];
    let table = Table { title: "Accounts", heads, rows: rows.collect(), ..Table::default() };
    (options.tiers().len() > 1).then_some(table)
}

/// Why entries were not made, account by account.
fn unmade(options: &Options, tally: &Tally) -> Vec<Unmade> {
    let accounts = options.tiers().iter().zip(&tally.accounts);
    let rows = accounts.flat_map(|(tier, account)| {
        account.reasons.words().into_iter().map(|words| Unmade {
            who: format!("{} {}", tier.name(), words.strategy),
            what: words.what,
            count: words.count,
            latest: words.latest,
        })
    });
    rows.collect()
}

/// The markets that were traded, each with its longest candles.
fn markets<'a>(outcome: &'a Outcome, trades: &[&Trade]) -> Vec<Market<'a>> {
    let market = |row: &nija_core::words::instrument::Instrument| {
        let own = trades.iter().filter(|trade| trade.symbol == row.symbol);
        let trades: Vec<Traded> = own.filter_map(|trade| drawn(trade)).collect();
        let candles = longest(&outcome.charts, row.id);
        (!trades.is_empty()).then(|| Market {
            symbol: row.symbol.clone(),
            candles,
            averages: Vec::new(),
            trades,
        })
    };
    outcome.instruments.iter().filter_map(market).collect()
}

fn longest(charts: &Charts, instrument: InstrumentId) -> &[Candle] {
    let mut own = charts.iter().filter(|((id, _), _)| *id == instrument);
    own.next_back().map(|(_, chart)| chart.candles()).unwrap_or_default()
}

/// A trade with a price; one without a fill is none.
fn drawn(trade: &Trade) -> Option<Traded> {
    let strategy = trade.strategy.map_or("user", StrategyName::name);
    Some(Traded {
        who: format!("{} {strategy}", trade.tier),
        is_long: trade.side == "long",
        qty: trade.qty.to_string(),
        opened: (trade.opened_at, trade.entry_price?),
        closed: trade.closed_at.zip(trade.exit_price),
        fees: trade.fees,
        profit: trade.profit,
    })
}
