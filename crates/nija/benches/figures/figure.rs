//! A measured figure: what, how much, held against what. Printed as one JSON line and as a row of a
//! table. Ratios compare medians of one run; absolute values belong to the machine they came from.

use serde_json::{Value, json};

/// Which direction is better.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Better {
    Less,
    More,
}

/// A row of the goals: what must hold, and where it can go.
#[derive(Clone, Copy)]
pub(crate) struct Goal {
    id: &'static str,
    better: Better,
    /// Is the ratio judged, or the value?
    ratio: bool,
    bar: f64,
    moonshot: f64,
}

impl Goal {
    /// A goal for the value itself.
    pub(crate) const fn value(id: &'static str, better: Better, bar: f64, moonshot: f64) -> Self {
        let ratio = false;
        Self { id, better, ratio, bar, moonshot }
    }
    /// A goal for the ratio to the peer or limit.
    pub(crate) const fn ratio(id: &'static str, better: Better, bar: f64, moonshot: f64) -> Self {
        let ratio = true;
        Self { id, better, ratio, bar, moonshot }
    }

    fn judge(&self, found: f64) -> &'static str {
        let reaches = |mark: f64| match self.better {
            Better::Less => found <= mark,
            Better::More => found >= mark,
        };
        match (reaches(self.moonshot), reaches(self.bar)) {
            (true, _) => "moonshot",
            (_, true) => "bar",
            _ => "missed",
        }
    }
}

/// What a figure is held against.
struct Against {
    /// `limit` of the machine, or a `peer`.
    kind: &'static str,
    what: &'static str,
    value: f64,
}

/// A measured figure.
pub(crate) struct Figure {
    bench: &'static str,
    name: String,
    unit: &'static str,
    values: Vec<f64>,
    against: Option<Against>,
    goal: Option<Goal>,
}

/// The middle of some values.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    match sorted.len() {
        0 => 0.0,
        n if n % 2 == 1 => sorted[n / 2],
        n => f64::midpoint(sorted[n / 2 - 1], sorted[n / 2]),
    }
}

impl Figure {
    pub(crate) fn new(
        bench: &'static str,
        name: impl Into<String>,
        unit: &'static str,
        values: Vec<f64>,
    ) -> Self {
        let (against, goal) = (None, None);
        Self { bench, name: name.into(), unit, values, against, goal }
    }

    /// Beside a limit of the machine, measured in the same run.
    pub(crate) fn limit(mut self, what: &'static str, values: &[f64]) -> Self {
        let value = median(values);
        self.against = Some(Against { kind: "limit", what, value });
        self
    }
    /// Beside another program, or the same one under other conditions.
    pub(crate) fn peer(mut self, what: &'static str, values: &[f64]) -> Self {
        let value = median(values);
        self.against = Some(Against { kind: "peer", what, value });
        self
    }
    pub(crate) const fn goal(mut self, goal: Goal) -> Self {
        self.goal = Some(goal);
        self
    }

    fn ratio(&self) -> Option<f64> {
        let against = self.against.as_ref().filter(|a| a.value != 0.0)?;
        Some(median(&self.values) / against.value)
    }

    fn verdict(&self) -> Option<&'static str> {
        let goal = self.goal?;
        let found = if goal.ratio { self.ratio()? } else { median(&self.values) };
        Some(goal.judge(found))
    }

    pub(crate) fn json(&self) -> Value {
        let value = median(&self.values);
        let mut line = json!({
            "bench": self.bench,
            "figure": self.name,
            "value": short(value),
            "unit": self.unit,
            "min": short(self.values.iter().copied().fold(f64::INFINITY, f64::min)),
            "median": short(value),
            "max": short(self.values.iter().copied().fold(f64::NEG_INFINITY, f64::max)),
            "runs": self.values.len(),
        });
        if let Some(against) = &self.against {
            line[against.kind] = json!({"what": against.what, "value": short(against.value)});
            line["ratio"] = json!(self.ratio().map(short));
        }
        if let Some(goal) = &self.goal {
            line["goal"] = json!(goal.id);
            line["bar"] = json!(goal.bar);
            line["moonshot"] = json!(goal.moonshot);
            line["reached"] = json!(self.verdict());
        }
        line
    }

    pub(crate) fn row(&self) -> String {
        let against = self.against.as_ref().map_or(String::new(), |against| {
            let ratio = self.ratio().unwrap_or_default();
            format!("{ratio:>7.3} x {} ({} {})", against.what, amount(against.value), self.unit)
        });
        let goal = self.goal.as_ref().map_or(String::new(), |goal| {
            let verdict = self.verdict().unwrap_or("not judged");
            format!("{} {verdict} ({} / {})", goal.id, amount(goal.bar), amount(goal.moonshot))
        });
        let value = format!("{} {}", amount(median(&self.values)), self.unit);
        format!("{:<10} {:<52} {value:>22}  {against:<58} {goal}", self.bench, self.name)
    }
}

/// Four digits say enough.
fn short(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return 0.0;
    }
    let scale = 10f64.powi(3 - value.abs().log10().floor() as i32);
    (value * scale).round() / scale
}

/// A value as people read it.
fn amount(value: f64) -> String {
    match value.abs() {
        v if v >= 1e6 => format!("{:.2} M", value / 1e6),
        v if v >= 1e4 => format!("{:.1} k", value / 1e3),
        v if v >= 100.0 => format!("{value:.0}"),
        v if v >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}
