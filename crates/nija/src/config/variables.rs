//! The table of all variables: name, default, meaning. Code, `.env.example` and docs/operations.md are held to it
//! by tests, so that none of them drifts.

use anyhow::Context;
use std::collections::BTreeMap;

/// One variable that is read.
pub(crate) struct Variable {
    pub(crate) name: &'static str,
    /// What holds when it is not set; empty where nothing does.
    pub(crate) default: &'static str,
    /// May its value never be shown?
    pub(crate) secret: bool,
    pub(crate) says: &'static str,
}

const fn row(name: &'static str, default: &'static str, says: &'static str) -> Variable {
    Variable { name, default, secret: false, says }
}

const fn secret(name: &'static str, says: &'static str) -> Variable {
    Variable { name, default: "", secret: true, says }
}

/// Every variable of the program.
pub(crate) const VARIABLES: &[Variable] = &[
    secret(
        "JWT_SECRET_KEY",
        "secret behind the access tokens; `nija serve` needs it or the next one",
    ),
    row(
        "JWT_SECRET_KEY_FILE",
        "",
        "a file, for its owner only, that holds the secret; wins over JWT_SECRET_KEY",
    ),
    secret(
        "JWT_SECRET_KEY_PREVIOUS",
        "the secret before it: its tokens pass until it is unset, 15 minutes after a change",
    ),
    row("HOST", "127.0.0.1", "address to listen on, not a name"),
    row("PORT", "8000", "port to listen on"),
    row(
        "DATABASE_URL",
        "sqlite:nija.db",
        "the database's file; its views, lock and logs lie beside it",
    ),
    row(
        "NIJA_RESERVE_MIB",
        "32",
        "space that is given up when the disk is full; twice as much must be free",
    ),
    row("NIJA_PARTITIONS", "8", "desks' partitions; counts at a database's first start only"),
    row("MINIMUM_TRADING_BALANCE", "10", "dollars of equity below which an account enters nothing"),
    row(
        "NIJA_FEE_POLICY",
        "",
        "who is charged fees on profits: `everyone`, or `qualified_only` with evidence on record",
    ),
    row("NIJA_TIERS_FILE", "", "a tier table instead of the embedded one"),
    row("NIJA_PLANS_FILE", "", "numbers of billing instead of the embedded ones"),
    row("NIJA_INSTRUMENTS_FILE", "", "an instrument catalog instead of the embedded one"),
    row("NIJA_STRATEGIES_FILE", "", "a playbook of the strategies instead of the embedded one"),
    row(
        "NIJA_ANALYST_FILE",
        "",
        "what the analyst reads and each strategy trades, instead of the embedded setup",
    ),
    row(
        "NIJA_EARNINGS_FILE",
        "",
        "a table of companies' reports; without it their drift is not traded",
    ),
    row(
        "NIJA_LIQUIDITY",
        "",
        "liquidity from 0 to 100 that is taken for granted; above 80 it opens a share for derivatives",
    ),
    row(
        "NIJA_RATES_FILE",
        "",
        "a table of rates of interest by date; without it the playbook's constants hold",
    ),
    row("NIJA_FEED", "generator", "where prices come from: `generator` or `replay:FOLDER`"),
    row("NIJA_REPLAY_DAY_MS", "1000", "milliseconds that a day of a replay takes"),
    row("NIJA_RECORD", "", "a folder in which the market is written down, for `nija parity`"),
    row("NIJA_SEED", "1", "seed of generated prices and of the paper venue's chance"),
    row("NIJA_QUOTE_EVERY_MS", "1000", "milliseconds between generated quotes"),
    row("NIJA_TLS", "false", "`true` where callers come over TLS through a proxy"),
    row(
        "NIJA_ORIGINS",
        "",
        "own origins from which the refresh cookie is taken, separated by commas",
    ),
    row(
        "NIJA_CORS_ORIGINS",
        "",
        "other origins whose scripts may call the API, separated by commas; never `*`",
    ),
    row(
        "NIJA_TRUSTED_PROXIES",
        "",
        "addresses or ranges of proxies in front, separated by commas; `none` says that there is none on purpose",
    ),
    secret(
        "NIJA_METRICS_TOKEN",
        "bearer token that /metrics asks for; without it, only this machine may read them",
    ),
    row(
        "NIJA_LIMIT_ANONYMOUS",
        "10/s:40",
        "calls of nobody known, an address: how many in how long, and after a colon how many at once",
    ),
    row("NIJA_LIMIT_READS", "20/s:60", "reads and settings, a user"),
    row(
        "NIJA_LIMIT_EXITS",
        "50/s:100",
        "sales, cancels and kill switches, a user; purchases have the figures of their tier",
    ),
    row("NIJA_LIMIT_ADMIN", "2/s:10", "calls of an administrator"),
    row("NIJA_LIMIT_REGISTRATIONS", "20/10m", "registrations, an address"),
    row("NIJA_LIMIT_REFRESHES", "30/m", "refreshes of one session"),
    row("NIJA_LIMIT_WEBHOOKS", "20/s:200", "webhooks of the payment provider, an address"),
    row("NIJA_CONNECTIONS", "10000", "connections at once"),
    row(
        "NIJA_CONNECTIONS_PER_ADDRESS",
        "200",
        "of these from one address; trusted proxies are exempt",
    ),
    row(
        "NIJA_PAYMENTS",
        "transfer",
        "how invoices are paid: `transfer`, which an administrator confirms, or `stripe`",
    ),
    row("NIJA_PAYEE", "", "where transfers go to, in words for the payer: bank, account, holder"),
    secret("STRIPE_SECRET_KEY", "secret or restricted key of the Stripe account"),
    row(
        "STRIPE_SECRET_KEY_FILE",
        "",
        "a file, for its owner only, that holds the key; wins over STRIPE_SECRET_KEY",
    ),
    secret("STRIPE_WEBHOOK_SECRET", "signing secret of the webhook at /api/v2/payments/webhook"),
    row(
        "STRIPE_WEBHOOK_SECRET_FILE",
        "",
        "a file, for its owner only, that holds it; wins over STRIPE_WEBHOOK_SECRET",
    ),
    secret("STRIPE_WEBHOOK_SECRET_PREVIOUS", "the signing secret before it, while both are in use"),
    row(
        "STRIPE_API_URL",
        "https://api.stripe.com",
        "where Stripe's API is; plain HTTP to this machine only",
    ),
    row("NIJA_PAYMENTS_SUCCESS_URL", "", "where payers come back to after paying at Stripe"),
    row("NIJA_PAYMENTS_CANCEL_URL", "", "where payers come back to without paying"),
    row("NIJA_ISSUER_NAME", "NIJA", "whose name stands on invoices and statements"),
    row("NIJA_ISSUER_ADDRESS", "", "its address, lines separated by semicolons"),
    row("NIJA_ISSUER_TAX_ID", "", "its number at the tax office"),
    row(
        "NIJA_ISSUER_CONTACT",
        "",
        "where to ask about a document: an address of mail or of the web",
    ),
    row("NIJA_LOG", "info", "filter of the log on standard error"),
];

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Environment,
    EnvFile,
    Default,
}

impl Source {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Environment => "environment",
            Self::EnvFile => ".env",
            Self::Default => "default",
        }
    }
}

/// A variable as it holds.
pub(crate) struct Effective {
    pub(crate) name: &'static str,
    /// Of a secret only whether it is set.
    pub(crate) value: String,
    pub(crate) from: Source,
    pub(crate) says: &'static str,
}

/// What is set, and from where.
#[derive(Default)]
pub(crate) struct Variables(BTreeMap<String, (String, Source)>);

impl Variables {
    /// The environment over the text of an `.env` file. An empty value counts as not set.
    pub(crate) fn of(
        env_file: &str,
        environment: impl Iterator<Item = (String, String)>,
    ) -> anyhow::Result<Self> {
        let mut all = BTreeMap::new();
        let file = parse_env(env_file)?.into_iter().map(|pair| (pair, Source::EnvFile));
        for ((name, value), from) in file.chain(environment.map(|e| (e, Source::Environment))) {
            all.insert(name, (value, from));
        }
        all.retain(|_, (value, _)| !value.is_empty());
        Ok(Self(all))
    }

    /// What was set under this name.
    pub(crate) fn set(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|(value, _)| value.as_str())
    }

    /// What holds under this name: what was set, else its default, if it has one.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let default = VARIABLES.iter().find(|v| v.name == name).map(|v| v.default);
        self.set(name).or(default.filter(|default| !default.is_empty()))
    }

    /// The value under this name, where it is one of these types.
    ///
    /// # Errors
    /// Names the variable and what is wrong with its value.
    pub(crate) fn parse<T: std::str::FromStr>(&self, name: &str) -> anyhow::Result<T>
    where
        T::Err: std::error::Error + Send + Sync + 'static,
    {
        let text = self.get(name).unwrap_or_default();
        text.parse().with_context(|| format!("{name} cannot be read"))
    }

    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        let items = self.get(name).unwrap_or_default().split(',').map(str::trim);
        items.filter(|item| !item.is_empty()).map(str::to_owned).collect()
    }

    /// Variables that look like ours and are none: slips of the pen.
    pub(crate) fn unknown(&self) -> Vec<&str> {
        let ours = |name: &str| VARIABLES.iter().any(|variable| variable.name == name);
        let names = self.0.keys().map(String::as_str);
        names.filter(|name| name.starts_with("NIJA_") && !ours(name)).collect()
    }

    /// Does the `.env` file hold a secret that is in force?
    pub(crate) fn env_file_is_secret(&self) -> bool {
        let from = |name: &str| self.0.get(name).map(|(_, from)| *from);
        VARIABLES.iter().any(|v| v.secret && from(v.name) == Some(Source::EnvFile))
    }

    /// Every variable with what holds and where that comes from. Secrets are only told to be set.
    pub(crate) fn effective(&self) -> Vec<Effective> {
        let row = |variable: &Variable| {
            let from = self.0.get(variable.name).map_or(Source::Default, |(_, from)| *from);
            let shown = match self.get(variable.name) {
                Some(_) if variable.secret => "(set)",
                Some(value) => value,
                None => "(not set)",
            };
            let (name, value, says) = (variable.name, shown.to_owned(), variable.says);
            Effective { name, value, from, says }
        };
        VARIABLES.iter().map(row).collect()
    }
}

/// `NAME=value` lines; `#` begins a comment line; quotes around a value are taken off.
fn parse_env(text: &str) -> anyhow::Result<BTreeMap<String, String>> {
    let mut all = BTreeMap::new();
    for (n, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (name, value) = line
            .split_once('=')
            .with_context(|| format!(".env line {}: write NAME=value", n + 1))?;
        let value = value.trim();
        let bare = value.strip_prefix('"').and_then(|v| v.strip_suffix('"')).unwrap_or(value);
        all.insert(name.trim().to_owned(), bare.to_owned());
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = include_str!("../../../../.env.example");
    const MANUAL: &str = include_str!("../../../../docs/operations.md");
    const CODE: &str = concat!(include_str!("billing.rs"), include_str!("../config.rs"));

    /// Between quotes, in the code before its tests.
    fn quoted(code: &str) -> Vec<&str> {
        code.split("mod tests").next().unwrap().split('"').skip(1).step_by(2).collect()
    }

    #[test]
    fn every_variable_is_read_documented_and_nothing_else_is() {
        let read = quoted(CODE);
        for Variable { name, default, says, .. } in VARIABLES {
            assert!(read.contains(name), "{name} is not read");
            let line = format!("#{name}={default}");
            assert!(EXAMPLE.lines().any(|l| l == line), "{line} is missing in .env.example");
            let shown = if default.is_empty() { "none".to_owned() } else { format!("`{default}`") };
            let row = format!("| `{name}` | {shown} | {says} |");
            assert!(MANUAL.contains(&row), "{row} is missing in docs/operations.md");
        }
        let known = |name: &str| VARIABLES.iter().any(|v| v.name == name);
        let venue = |name: &str| name.ends_with("_API_KEY") || name.ends_with("_API_SECRET");
        for line in EXAMPLE.lines().filter_map(|line| line.strip_prefix('#')) {
            let Some((name, _)) = line.split_once('=').filter(|(name, _)| !name.contains(' '))
            else {
                continue;
            };
            assert!(known(name) || venue(name), "{name} of .env.example is not read");
        }
        let upper = |text: &&&str| {
            text.len() > 3 && text.chars().all(|c| c.is_ascii_uppercase() || c == '_')
        };
        for name in read.iter().filter(upper) {
            assert!(known(name), "{name} is read and not in the table");
        }
    }

    #[test]
    fn the_environment_wins_and_secrets_stay_hidden() {
        let environment = [("PORT", "1"), ("HOST", ""), ("NIJA_PROT", "2")];
        let pairs = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let file = "PORT=3\nHOST=\"::1\"\nJWT_SECRET_KEY=must-not-show\n";
        let of = Variables::of(file, pairs.into_iter()).unwrap();
        assert_eq!(
            (of.get("PORT"), of.get("HOST"), of.get("NIJA_LOG")),
            (Some("1"), Some("127.0.0.1"), Some("info"))
        );
        assert_eq!(of.unknown(), ["NIJA_PROT"]);
        assert!(of.env_file_is_secret());
        let shown: String = of.effective().into_iter().map(|row| row.value).collect();
        assert!(shown.contains("(set)") && !shown.contains("must-not-show"), "{shown}");
    }
}
