//! What learns in a run, and whether it or its plain baseline trades, and why.

use super::super::model::sentence;
use super::{curves, page::Table};
use nija_core::words::signal::StrategyName;
use nija_market::analyst::Analyst;
use nija_market::learn::overfit::{Gate, Judgment};
use nija_market::learn::progress::Progress;
use serde_json::{Value, json};

/// The strategy whose ranking learns.
const RANKING: StrategyName = StrategyName::EquityMomentumSwing;

/// One that learns, as it stood at the end.
pub(super) enum Model {
    /// The ranking of shares; none where no share was read.
    Ranking(Option<Progress>),
    /// The weight of strategies, which some pools follow.
    Weights(Option<Judgment>),
}

/// Those that the accounts of a run could follow; `names` are the strategies that were heard, all where none is named.
pub(super) fn all(analyst: &Analyst, names: &[&str], weighs: bool) -> Vec<Model> {
    let mut progress = analyst.progress().into_iter();
    let found = progress.find_map(|(strategy, found)| (strategy == RANKING).then_some(found));
    let is_named = names.contains(&RANKING.name());
    let ranks = is_named || (names.is_empty() && found.is_some());
    let ranking = ranks.then_some(Model::Ranking(found));
    ranking
        .into_iter()
        .chain(weighs.then(|| Model::Weights(analyst.weighting().copied())))
        .collect()
}

/// What is shown of them on a page.
pub(super) fn table(models: &[Model]) -> Option<Table> {
    let sentences: Vec<String> = models.iter().map(Model::line).collect();
    (!models.is_empty()).then(|| Table { title: "Models", sentences, ..Table::default() })
}

impl Model {
    const fn name(&self) -> &'static str {
        match self {
            Self::Ranking(_) => "share_ranking",
            Self::Weights(_) => "strategy_weights",
        }
    }

    fn judgment(&self) -> Option<Judgment> {
        match self {
            Self::Ranking(progress) => progress.and_then(|progress| progress.promotion.judgment),
            Self::Weights(judgment) => *judgment,
        }
    }

    fn why(&self) -> String {
        match self {
            Self::Ranking(Some(progress)) => match progress.version {
                Some(version) => format!(
                    "{progress}; after {} of {} sessions the model ranked, which was trained last on {}",
                    progress.led,
                    progress.sessions,
                    date(version)
                ),
                None => progress.to_string(),
            },
            Self::Ranking(None) => {
                "The baseline trades: no model can speak, for no share was read".to_owned()
            }
            Self::Weights(judgment) => sentence(judgment.as_ref()),
        }
    }

    /// A line for people.
    pub(super) fn line(&self) -> String {
        format!("{}: {}.", self.name(), self.why())
    }

    pub(super) fn told(&self) -> Value {
        let judgment = self.judgment();
        let is_trusted = judgment.is_some_and(|judgment| judgment.passed);
        let (strategy, progress) = match self {
            Self::Ranking(progress) => (Some(RANKING.name()), *progress),
            Self::Weights(_) => (None, None),
        };
        let version = progress.and_then(|progress| progress.version);
        json!({
            "name": self.name(),
            "strategy": strategy,
            "version": version,
            "trained_on": version.map(date),
            "trades": if is_trusted { "model" } else { "baseline" },
            "deflated_sharpe": judgment.map(|judgment| judgment.deflated),
            "deflated_sharpe_wanted": Gate::default().deflated,
            "why": self.why(),
            "learned": progress,
        })
    }
}

fn date(day: u32) -> String {
    curves::date(i32::try_from(day).unwrap_or_default())
}
