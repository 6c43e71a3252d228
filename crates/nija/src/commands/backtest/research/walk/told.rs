//! What is told of a walk: one JSON object, a table for people, a page.

use super::super::super::curves;
use super::super::super::options::{Format, Options};
use super::super::super::page::{self, Page, Table, instant, money};
use super::super::super::report::{MOST_LINES, columns, cut, line, list, merged, percent, plain};
use super::super::results::Result;
use super::super::study::dollars;
use super::{Step, Stretch, Walked};
use crate::statistics::Curve;
use nija_core::words::time::Span;
use serde_json::{Value, json};

/// Windows that are listed on a page; JSON has them all.
const SHOWN: usize = 200;

impl Walked {
    /// Writes the page, if one was asked for, and gives the text; `add` has more for the JSON.
    pub(in super::super::super) fn print(
        &self,
        options: &Options,
        add: impl FnOnce(&mut Value),
    ) -> anyhow::Result<String> {
        if let Some(path) = &options.report {
            page::keep(path, &self.page())?;
        }
        match options.format {
            Format::Json => {
                let mut object = self.object();
                add(&mut object);
                Ok(serde_json::to_string_pretty(&object)? + "\n")
            }
            Format::Text => Ok(self.table()),
        }
    }

    fn object(&self) -> Value {
        let course = &self.course;
        let mut statistics = merged(&self.curve, &self.closed.read());
        if let Some(fields) = statistics.as_object_mut() {
            fields.insert("turnover_a_year".to_owned(), json!(self.turnover()));
            fields.insert("costs_paid".to_owned(), json!(self.paid()));
        }
        let costs = self.costs.iter().map(|(name, amount)| (name.replace(' ', "_"), json!(amount)));
        let mut costs: serde_json::Map<String, Value> = costs.collect();
        costs.insert("total".to_owned(), json!(self.paid()));
        costs.insert("earned_before_costs".to_owned(), json!(self.gross()));
        let mut object = json!({
            "strategy": course.strategy,
            "unit": course.unit,
            "train": course.windows.train,
            "test": course.windows.test,
            "rank": course.rank.name(),
            "trials": self.trials(),
            "trials_a_window": course.trials,
            "resumed": course.resumed,
            "start_equity": course.start,
            "final_equity": self.last,
            "fees": costs.get("fees"),
            "statistics": statistics,
            "costs": costs,
            "efficiency": self.efficiency(),
            "overfitting": self.trust.told(self.trials()),
            "steps": self.steps.iter().map(|step| step.told(course.unit)).collect::<Vec<_>>(),
            "notes": course.notes,
        });
        curves::add(&mut object, dollars(course.start), &self.points);
        object
    }

    /// What was walked, in one line.
    fn counted(&self) -> String {
        let (steps, trials, course) = (self.steps.len(), self.trials(), &self.course);
        let resumed = match course.resumed {
            0 => String::new(),
            resumed => format!(" ({resumed} of them found in the file of results)"),
        };
        format!(
            "{steps} windows, {trials} trials in all{resumed}; everything below was chosen before it was traded"
        )
    }

    fn table(&self) -> String {
        let course = &self.course;
        let mut text = format!("{}{}\n", course.warned, self.counted());
        for note in &course.notes {
            text.push_str(&format!("note: {note}\n"));
        }
        text.push('\n');
        let mut row = |name: &str, cell: String| line(&mut text, name, std::iter::once(cell));
        row("start equity, $", format!("{:.2}", course.start));
        row("final equity, $", format!("{:.2}", self.last));
        let (curve, trades) = (&self.curve, self.closed.read());
        row("return", percent(Some(curve.return_pct)));
        row("return a year", percent(curve.cagr_pct));
        row("volatility a year", percent(curve.volatility_pct));
        row("sharpe", plain(curve.sharpe));
        row("sortino", plain(curve.sortino));
        row("calmar", plain(curve.calmar));
        row("max drawdown", percent(Some(curve.max_drawdown_pct)));
        row("longest drawdown, d", curve.longest_drawdown_days.to_string());
        row("exposure", percent(Some(curve.exposure_pct)));
        row("turnover a year", plain(self.turnover()));
        for (name, amount) in &self.costs {
            row(&format!("{name}, $"), format!("{amount:.2}"));
        }
        row("costs paid, $", format!("{:.2}", self.paid()));
        row("trades closed", trades.closed.to_string());
        row("win rate", percent(trades.win_rate_pct));
        row("profit factor", plain(trades.profit_factor));
        row("efficiency", plain(self.efficiency()));
        text.push('\n');
        let heads = ["return seen", "sharpe seen", "return", "sharpe", "trades", "equity, $"];
        let rows: Vec<(String, [String; 6])> =
            self.steps.iter().take(MOST_LINES).map(Step::row).collect();
        columns(&mut text, ("traded, with what was chosen before", heads), &rows);
        cut(&mut text, self.steps.len());
        list(&mut text, "may it be believed", &self.trust.lines(self.trials()));
        text.push_str(&format!("\n{}\n", self.trust.word()));
        text
    }

    fn page(&self) -> String {
        let course = &self.course;
        let from = self.steps.first().map_or(String::new(), |step| instant(step.choice.on.0));
        let to = self.steps.last().map_or(String::new(), |step| instant(step.on.1));
        let (unit, windows) = (course.unit, course.windows);
        let warned = course.warned.lines().map(str::to_owned);
        Page {
            title: format!("{} walking forward on {}", course.strategy, course.over),
            about: vec![
                ("time", format!("{from} to {to}")),
                ("chosen on", format!("{} {unit}s, by {}", windows.train, course.rank.name())),
                ("then traded", format!("{} {unit}s", windows.test)),
                ("trials", format!("{}, {} a window", self.trials(), course.trials)),
            ],
            figures: self.figures(),
            tables: self.tables(),
            start: dollars(course.start),
            points: &self.points,
            bands: self.bands.clone(),
            cuts: self.steps.iter().take(SHOWN).map(|step| step.on.0.day(Span::ZERO)).collect(),
            markets: Vec::new(),
            costs: self.costs.clone(),
            gross: self.gross(),
            unmade: Vec::new(),
            notes: warned.chain(course.notes.iter().cloned()).collect(),
        }
        .html()
    }

    fn figures(&self) -> Vec<(&'static str, String)> {
        let (money, costs) = ((self.course.start, self.last), (self.turnover(), self.paid()));
        let mut figures = page::figures(money, &self.curve, costs, &self.closed.read());
        figures.push(("efficiency", plain(self.efficiency())));
        figures
    }

    /// How far to believe it, and its windows.
    fn tables(&self) -> Vec<Table> {
        let lines = self.trust.lines(self.trials()).into_iter().map(|line| format!("{line}."));
        let about = format!("{}.", self.counted());
        let sentences =
            [about].into_iter().chain(lines).chain([self.trust.word().to_owned()]).collect();
        let believed = Table { title: "May it be believed?", sentences, ..Table::default() };
        let heads = vec![
            "Traded",
            "Chosen",
            "Return there",
            "Sharpe there",
            "Overfitted there",
            "Return",
            "Sharpe",
            "Deepest fall",
            "Trades",
            "End",
        ];
        let rows: Vec<Vec<String>> = self.steps.iter().take(SHOWN).map(Step::cells).collect();
        let (train, unit) = (self.course.windows.train, self.course.unit);
        let mut sentences = vec![format!(
            "What each row traded was chosen on the {train} {unit}s before it, where it came to the return and the \
             Sharpe ratio there. Overfitted there is how likely the choice was a fit to noise. The drawing has a line \
             where a row begins."
        )];
        if self.steps.len() > rows.len() {
            sentences.push(format!("The first {} of {}.", rows.len(), self.steps.len()));
        }
        vec![believed, Table { title: "Windows", sentences, heads, rows }]
    }
}

impl Step {
    /// As JSON; lengths are counted in `unit`.
    fn told(&self, unit: &str) -> Value {
        let Self { choice, curve, .. } = self;
        let judgment = choice.judgment.as_ref();
        let mut step = json!({
            "from": self.on.0.to_string(),
            "to": self.on.1.to_string(),
            "chosen": choice.words,
            "chosen_from": choice.on.0.to_string(),
            "chosen_to": choice.on.1.to_string(),
            "start_equity": self.start,
            "final_equity": self.last,
            "seen": {
                "return_pct": choice.best.return_pct,
                "sharpe": choice.best.sharpe,
                "calmar": choice.best.calmar,
                "max_drawdown_pct": choice.best.max_drawdown_pct,
                "closed": choice.best.closed,
                "deflated_sharpe": judgment.map(|judgment| judgment.deflated),
                "probability_of_overfitting":
                    judgment.and_then(|judgment| Some(judgment.overfitting?.probability)),
            },
            "traded": merged(curve, &self.closed.read()),
            "open_trades": self.open,
        });
        step[format!("seen_pct_a_{unit}")] = json!(self.seen_pct);
        step[format!("traded_pct_a_{unit}")] = json!(self.traded_pct);
        step
    }

    /// For people: what was traded when, and figures.
    fn row(&self) -> (String, [String; 6]) {
        let (Result { return_pct, sharpe, .. }, curve) = (&self.choice.best, &self.curve);
        let figures = [
            percent(Some(*return_pct)),
            plain(*sharpe),
            percent(Some(curve.return_pct)),
            plain(curve.sharpe),
            self.closed.count.to_string(),
            format!("{:.2}", self.last),
        ];
        (format!("{}  {}", stretch(self.on), self.choice.words), figures)
    }

    /// The same for a page.
    fn cells(&self) -> Vec<String> {
        let Self { choice, curve, .. } = self;
        let overfitted = choice.judgment.as_ref().and_then(|judgment| judgment.overfitting);
        let Curve { return_pct, sharpe, max_drawdown_pct, .. } = curve;
        vec![
            stretch(self.on),
            choice.words.clone(),
            percent(Some(choice.best.return_pct)),
            plain(choice.best.sharpe),
            plain(overfitted.map(|found| found.probability)),
            percent(Some(*return_pct)),
            plain(*sharpe),
            percent(Some(*max_drawdown_pct)),
            self.closed.count.to_string(),
            money(self.last),
        ]
    }
}

fn stretch((from, to): Stretch) -> String {
    format!("{} to {}", instant(from), instant(to))
}
