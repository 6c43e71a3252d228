//! Configuration: read once from the environment and an optional `.env` file, typed, and shown without secrets.
//! The only place of the project that reads environment variables. `.env.example` documents each of them.

use anyhow::{Context, bail};
use nija_core::words::money::Money;
use nija_core::words::time::Span;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// Where market data comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Feed {
    /// The seeded generator, in real time.
    Generator,
    /// Recorded files of a folder laid out like `data/demo`, in simulated time.
    Replay(PathBuf),
}

/// Everything an operator decides.
pub(crate) struct Config {
    pub(crate) listen: SocketAddr,
    pub(crate) jwt_secret: Option<Vec<u8>>,
    pub(crate) database: PathBuf,
    /// Was the database named, or is it the default?
    pub(crate) database_named: bool,
    pub(crate) partitions: u16,
    pub(crate) min_balance: Money,
    pub(crate) tiers: Option<PathBuf>,
    pub(crate) instruments: Option<PathBuf>,
    pub(crate) feed: Feed,
    pub(crate) seed: u64,
    /// Time between generated quotes.
    pub(crate) quote_every: Span,
    pub(crate) log: String,
    pub(crate) tls: bool,
    pub(crate) origins: Vec<String>,
    pub(crate) cors_origins: Vec<String>,
    pub(crate) trusted_proxies: Vec<String>,
    pub(crate) metrics_token: Option<String>,
}

/// The variables, wherever they come from.
struct Variables(BTreeMap<String, String>);

impl Variables {
    /// The environment over the `.env` file of the working folder.
    #[allow(clippy::disallowed_methods, reason = "the one place where the environment is read")]
    fn read() -> anyhow::Result<Self> {
        let mut all = BTreeMap::new();
        match std::fs::read_to_string(".env") {
            Ok(text) => all.extend(parse_env(&text)?),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error).context("cannot read .env"),
        }
        all.extend(std::env::vars());
        Ok(Self(all))
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    fn parse<T: std::str::FromStr>(&self, name: &str, default: T) -> anyhow::Result<T>
    where
        T::Err: std::error::Error + Send + Sync + 'static,
    {
        match self.get(name) {
            None => Ok(default),
            Some(text) => text.parse().with_context(|| format!("{name} cannot be read")),
        }
    }

    fn list(&self, name: &str) -> Vec<String> {
        let items = self.get(name).unwrap_or_default().split(',').map(str::trim);
        items.filter(|item| !item.is_empty()).map(str::to_owned).collect()
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

impl Config {
    /// Reads the configuration of this process.
    pub(crate) fn read() -> anyhow::Result<Self> {
        Self::from(&Variables::read()?)
    }

    fn from(of: &Variables) -> anyhow::Result<Self> {
        let host = of.parse("HOST", IpAddr::V4(Ipv4Addr::LOCALHOST))?;
        let port = of.parse("PORT", 8000)?;
        Ok(Self {
            listen: SocketAddr::new(host, port),
            jwt_secret: secret(of)?,
            database: database(of.get("DATABASE_URL").unwrap_or("sqlite:nija.db"))?,
            database_named: of.get("DATABASE_URL").is_some(),
            partitions: of.parse("NIJA_PARTITIONS", 8)?,
            min_balance: of.parse("MINIMUM_TRADING_BALANCE", Money::whole(10))?,
            tiers: of.get("NIJA_TIERS_FILE").map(PathBuf::from),
            instruments: of.get("NIJA_INSTRUMENTS_FILE").map(PathBuf::from),
            feed: match of.get("NIJA_FEED").unwrap_or("generator") {
                "generator" => Feed::Generator,
                other => match other.strip_prefix("replay:") {
                    Some(folder) => Feed::Replay(PathBuf::from(folder)),
                    None => bail!("NIJA_FEED is `generator` or `replay:FOLDER`"),
                },
            },
            seed: of.parse("NIJA_SEED", 1)?,
            quote_every: Span::millis(of.parse("NIJA_QUOTE_EVERY_MS", 1_000u32)?.max(1).into()),
            log: of.get("NIJA_LOG").unwrap_or("info").to_owned(),
            tls: of.parse("NIJA_TLS", false)?,
            origins: of.list("NIJA_ORIGINS"),
            cors_origins: of.list("NIJA_CORS_ORIGINS"),
            trusted_proxies: of.list("NIJA_TRUSTED_PROXIES"),
            metrics_token: of.get("NIJA_METRICS_TOKEN").map(str::to_owned),
        })
    }

    /// The configuration in one line, without secrets.
    pub(crate) fn summary(&self) -> String {
        format!(
            "listen={} database={} partitions={} feed={:?} seed={} minimum_trading_balance={} tls={} \
             jwt_secret={}",
            self.listen,
            self.database.display(),
            self.partitions,
            self.feed,
            self.seed,
            self.min_balance,
            self.tls,
            if self.jwt_secret.is_some() { "set" } else { "missing" },
        )
    }
}

/// The secret itself, or the contents of the file that `JWT_SECRET_KEY_FILE` names.
fn secret(of: &Variables) -> anyhow::Result<Option<Vec<u8>>> {
    if let Some(path) = of.get("JWT_SECRET_KEY_FILE") {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read JWT_SECRET_KEY_FILE {path}"))?;
        return Ok(Some(text.trim().as_bytes().to_vec()));
    }
    Ok(of.get("JWT_SECRET_KEY").map(|secret| secret.as_bytes().to_vec()))
}

/// The file behind a database URL.
pub(crate) fn database(url: &str) -> anyhow::Result<PathBuf> {
    if url.starts_with("postgres:") || url.starts_with("postgresql:") {
        bail!("DATABASE_URL: this release keeps its data in SQLite; write sqlite:PATH");
    }
    let path = url.strip_prefix("sqlite:").unwrap_or(url);
    // sqlite:///absolute and sqlite://relative are as common as sqlite:path.
    let path = path.strip_prefix("//").unwrap_or(path);
    if path.is_empty() {
        bail!("DATABASE_URL names no file; write sqlite:PATH");
    }
    Ok(PathBuf::from(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> anyhow::Result<Config> {
        Config::from(&Variables(parse_env(text)?))
    }

    #[test]
    fn defaults_stand_alone() {
        let config = config("").unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:8000");
        assert_eq!(config.min_balance, Money::whole(10));
        assert_eq!(config.database, PathBuf::from("nija.db"));
        assert!(config.jwt_secret.is_none());
    }

    #[test]
    fn variables_are_read_and_mistakes_named() {
        let good =
            "PORT=9000\nMINIMUM_TRADING_BALANCE=\"12.5\"\n# note\nNIJA_FEED=replay:data/demo";
        let good = config(good).unwrap();
        assert_eq!(good.listen.port(), 9000);
        assert_eq!(good.min_balance.to_string(), "12.5");
        assert_eq!(good.feed, Feed::Replay(PathBuf::from("data/demo")));
        for (text, named) in [
            ("PORT=none", "PORT"),
            ("MINIMUM_TRADING_BALANCE=1e3", "MINIMUM_TRADING_BALANCE"),
            ("NIJA_FEED=somewhere", "NIJA_FEED"),
            ("DATABASE_URL=postgres://db", "DATABASE_URL"),
            ("no equals sign", ".env line 1"),
        ] {
            let error = config(text).err().map(|e| format!("{e:#}")).unwrap_or_default();
            assert!(error.contains(named), "{text}: {error}");
        }
    }

    #[test]
    fn the_summary_holds_no_secret() {
        let config = config("JWT_SECRET_KEY=a-secret-that-must-not-show").unwrap();
        assert!(!config.summary().contains("must-not-show"));
        assert_eq!(
            database("sqlite:///var/lib/nija.db").unwrap(),
            PathBuf::from("/var/lib/nija.db")
        );
    }
}
