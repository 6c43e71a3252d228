//! The report of a research run.

use super::super::manner::{charge_name, moment_name, repeat_name, warnings};
use super::super::page::{Average, Market, Page, Table, Traded, figures, instant};
use super::super::teaching::{SMA_CROSS, Settings};
use super::print::manner_of;
use super::study::{Study, dollars};
use super::whole::Whole;
use crate::statistics;
use nija_core::words::money::Money;
use nija_core::words::order::Side;
use nija_engine::research::record::Trade;

/// The page.
pub(super) fn page(studies: &[Study], settings: &Settings, tables: Vec<Table>) -> String {
    let whole = Whole::of(studies);
    let symbols: Vec<&str> = studies.iter().map(|study| study.symbol.as_str()).collect();
    let span = whole
        .span
        .map_or(String::new(), |(from, to)| format!("{} to {}", instant(from), instant(to)));
    let shown: Vec<&str> = symbols.iter().copied().take(8).collect();
    let costs = whole.costs;
    let turnover = statistics::turnover(dollars(costs.traded), &whole.points);
    let manner = manner_of(studies);
    let (fill, charge) = (moment_name(manner.moment), charge_name(manner.charge));
    let repeat = repeat_name(manner.repeat);
    let account = format!(
        "on its own, without account rules; fill {fill}, commission {charge}, repeated signal \
         {repeat}"
    );
    let warnings = warnings(manner).into_iter().map(|warning| format!("warning: {warning}"));
    Page {
        title: format!("{SMA_CROSS} on {}", shown.join(", ")),
        about: vec![
            ("parameters", settings.words()),
            ("time", span),
            ("bars", whole.bars.to_string()),
            ("account", account),
        ],
        figures: figures(
            (whole.start, whole.last),
            &whole.curve,
            (turnover, costs.paid()),
            &whole.closed.read(),
        ),
        tables,
        start: dollars(whole.start),
        points: &whole.points,
        // Regimes are those of one market.
        bands: match studies {
            [study] => study.regimes.iter().map(|(day, regime)| (*day, *regime)).collect(),
            _ => Vec::new(),
        },
        cuts: Vec::new(),
        markets: studies.iter().map(|study| market(study, settings)).collect(),
        costs: vec![("fees", costs.fees), ("spread and slippage", costs.friction)],
        gross: whole.gross(),
        unmade: Vec::new(),
        notes: warnings.chain(studies.iter().flat_map(Study::notes)).collect(),
    }
    .html()
}

fn market<'a>(study: &'a Study, settings: &Settings) -> Market<'a> {
    let record = &study.outcome.record;
    let trades = record.trades.iter().chain(&record.open).map(traded).collect();
    let candles = record.chart.candles();
    let averages = [("fast", settings.fast), ("slow", settings.slow)].map(|(class, bars)| {
        let name = format!("average of {bars} bars");
        Average { class, name, values: study.closes.average(bars, candles) }
    });
    Market { symbol: study.symbol.clone(), candles, averages: averages.into(), trades }
}

fn traded(trade: &Trade) -> Traded {
    let is_long = trade.side == Side::Buy;
    Traded {
        who: if is_long { "long" } else { "short" }.to_owned(),
        is_long,
        qty: trade.qty.to_string(),
        opened: (trade.opened_at, trade.entry),
        closed: trade.exit,
        fees: trade.fees,
        profit: if trade.exit.is_some() { trade.profit } else { Money::ZERO },
    }
}
