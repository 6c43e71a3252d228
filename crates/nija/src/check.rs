//! Is this configuration fit to be served with? Asked by `nija check-config` and at every start of `nija serve`:
//! all findings at once, each with what to do. It looks and changes nothing.

mod data;
mod files;
mod network;
mod rules;
mod secrets;

use crate::config::Config;
use crate::config::variables::{Effective, Variables};
pub(crate) use files::{folder_of, free, kept};
use nija_core::words::time::Timestamp;
use serde_json::{Value, json};

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Weight {
    /// Nothing is served.
    Refused,
    /// Told in the log, and served.
    Warning,
}

impl Weight {
    const fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Warning => "warning",
        }
    }
}

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) weight: Weight,
    /// A variable, a file or a folder.
    about: String,
    found: String,
    /// What to do.
    todo: String,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}; {}", self.about, self.found, self.todo)
    }
}

/// The findings so far.
#[derive(Default)]
pub(crate) struct Findings(Vec<Finding>);

impl Findings {
    fn tell(&mut self, weight: Weight, about: &str, found: impl ToString, todo: impl ToString) {
        let (found, todo) = (found.to_string(), todo.to_string());
        self.0.push(Finding { weight, about: about.to_owned(), found, todo });
    }
    fn refuse(&mut self, about: &str, found: impl ToString, todo: impl ToString) {
        self.tell(Weight::Refused, about, found, todo);
    }
    fn warn(&mut self, about: &str, found: impl ToString, todo: impl ToString) {
        self.tell(Weight::Warning, about, found, todo);
    }
}

/// What was looked at, and what was found.
pub(crate) struct Report {
    pub(crate) findings: Vec<Finding>,
    effective: Vec<Effective>,
}

/// Looks at everything.
pub(crate) fn look(variables: &Variables, now: Timestamp) -> (Config, Report) {
    let (config, mistakes) = Config::of(variables);
    let mut findings = Findings::default();
    for mistake in mistakes {
        findings.refuse(
            "configuration",
            mistake,
            "mend it; docs/operations.md lists every variable",
        );
    }
    for name in variables.unknown() {
        findings.refuse(name, "there is no such variable", "mend its name or remove it");
    }
    secrets::look(&config, variables, &mut findings);
    network::look(&config, &mut findings);
    rules::look(&config, now, &mut findings);
    files::look(&config, &mut findings);
    data::look(&config, now, &mut findings);
    let mut findings = findings.0;
    findings.sort_by_key(|finding| finding.weight);
    (config, Report { findings, effective: variables.effective() })
}

impl Report {
    /// May nothing be served?
    pub(crate) fn is_refused(&self) -> bool {
        self.count(Weight::Refused) > 0
    }

    /// What keeps it from being served, a line each.
    pub(crate) fn refusals(&self) -> String {
        let refused = self.findings.iter().filter(|finding| finding.weight == Weight::Refused);
        refused.map(|finding| format!("\n  {finding}")).collect()
    }

    fn count(&self, weight: Weight) -> usize {
        self.findings.iter().filter(|finding| finding.weight == weight).count()
    }

    /// For people: findings first, then what holds.
    pub(crate) fn lines(&self) -> Vec<String> {
        let finding = |finding: &Finding| format!("{:<8} {finding}", finding.weight.name());
        let mut lines: Vec<String> = self.findings.iter().map(finding).collect();
        if !lines.is_empty() {
            lines.push(String::new());
        }
        let row = |row: &Effective| {
            let Effective { name, value, from, .. } = row;
            format!("{name:<24} {value:<24} {}", from.name())
        };
        lines.extend(self.effective.iter().map(row));
        let (refused, warnings) = (self.count(Weight::Refused), self.count(Weight::Warning));
        let verdict = if refused > 0 { "`nija serve` would not start" } else { "fit to be served" };
        lines.push(format!("\n{verdict}: {refused} refused, {warnings} warnings"));
        lines
    }

    /// What is in force, for the log.
    pub(crate) fn summary(&self) -> String {
        let set = self.effective.iter().map(|row| format!("{}={}", row.name, row.value));
        set.collect::<Vec<_>>().join(" ")
    }

    pub(crate) fn json(&self) -> Value {
        let finding = |finding: &Finding| {
            let Finding { weight, about, found, todo } = finding;
            json!({"weight": weight.name(), "about": about, "found": found, "todo": todo})
        };
        let row = |row: &Effective| {
            let Effective { name, value, from, says } = row;
            ((*name).to_owned(), json!({"value": value, "from": from.name(), "says": says}))
        };
        json!({
            "fit": !self.is_refused(),
            "findings": self.findings.iter().map(finding).collect::<Vec<_>>(),
            "configuration": self.effective.iter().map(row).collect::<serde_json::Map<_, _>>(),
        })
    }
}
