//! Configuration: read once from the environment and an optional `.env` file, typed, and shown without secrets.
//! The only place of the project that reads environment variables. All mistakes are told at once.

pub(crate) mod billing;
pub(crate) mod variables;

use anyhow::{Context, bail, ensure};
use billing::Billing;
use nija_api::{Network, RateLimits};
use nija_core::billing::plans::FeePolicy;
use nija_core::words::money::Money;
use nija_core::words::score::Score;
use nija_core::words::time::Span;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;
use variables::Variables;

/// The file beside the environment, in the working folder.
pub(crate) const ENV_FILE: &str = ".env";
/// What NIJA_TRUSTED_PROXIES says where there is no proxy on purpose.
const NO_PROXY: &str = "none";

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
    pub(crate) jwt_previous: Option<Vec<u8>>,
    /// The file that the secret was read from.
    pub(crate) jwt_secret_file: Option<PathBuf>,
    pub(crate) database: PathBuf,
    /// Was the database named, or is it the default?
    pub(crate) database_named: bool,
    /// Bytes beside the database that are given up when its disk is full.
    pub(crate) reserve: u64,
    pub(crate) partitions: u16,
    pub(crate) min_balance: Money,
    /// Who is charged a fee on profits.
    /// In place of what the table of plans says.
    pub(crate) fee_policy: Option<FeePolicy>,
    pub(crate) tiers: Option<PathBuf>,
    pub(crate) plans: Option<PathBuf>,
    pub(crate) instruments: Option<PathBuf>,
    pub(crate) strategies: Option<PathBuf>,
    /// What the analyst reads and the strategies trade.
    pub(crate) analyst: Option<PathBuf>,
    pub(crate) earnings: Option<PathBuf>,
    /// Liquidity that is taken for granted, since no bar tells it.
    pub(crate) liquidity: Option<Score>,
    /// A table of rates of interest.
    pub(crate) interest: Option<PathBuf>,
    pub(crate) feed: Feed,
    /// How long a day of a replay takes.
    pub(crate) replay_day: Duration,
    /// Where the market is written down.
    pub(crate) record: Option<PathBuf>,
    pub(crate) seed: u64,
    /// Time between generated quotes.
    pub(crate) quote_every: Span,
    pub(crate) log: String,
    pub(crate) tls: bool,
    pub(crate) origins: Vec<String>,
    pub(crate) cors_origins: Vec<String>,
    pub(crate) trusted_proxies: Vec<Network>,
    /// Was it said that there is no proxy, on purpose?
    pub(crate) no_proxy: bool,
    pub(crate) metrics_token: Option<String>,
    pub(crate) rates: RateLimits,
    pub(crate) billing: Billing,
    /// Connections at once.
    pub(crate) connections: NonZeroU32,
    /// Connections at once from one address.
    pub(crate) connections_per_address: NonZeroU32,
}

/// Values that could not be read: the default holds meanwhile, so that the others are read too.
#[derive(Default)]
struct Mistakes(Vec<String>);

impl Mistakes {
    fn or<T>(&mut self, read: anyhow::Result<T>, otherwise: T) -> T {
        read.unwrap_or_else(|why| {
            self.0.push(format!("{why:#}"));
            otherwise
        })
    }
}

/// What the process was told.
#[allow(clippy::disallowed_methods, reason = "the one place where the environment is read")]
pub(crate) fn variables() -> anyhow::Result<Variables> {
    let file = match std::fs::read_to_string(ENV_FILE) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        read => read.context("cannot read .env")?,
    };
    Variables::of(&file, std::env::vars())
}

impl Config {
    /// Reads the configuration of this process.
    pub(crate) fn read() -> anyhow::Result<Self> {
        let (config, mistakes) = Self::of(&variables()?);
        ensure!(mistakes.is_empty(), "{}", mistakes.join("; "));
        Ok(config)
    }

    /// The configuration, and each value that could not be read.
    pub(crate) fn of(of: &Variables) -> (Self, Vec<String>) {
        let mut wrong = Mistakes::default();
        let host = wrong.or(of.parse("HOST"), std::net::Ipv4Addr::LOCALHOST.into());
        let port = wrong.or(of.parse("PORT"), 8000);
        let url = of.get("DATABASE_URL").unwrap_or_default();
        let jwt_secret_file = of.get("JWT_SECRET_KEY_FILE").map(PathBuf::from);
        let proxies = of.list("NIJA_TRUSTED_PROXIES");
        let no_proxy = proxies == [NO_PROXY];
        let named = if no_proxy { &[][..] } else { &proxies[..] };
        let every: u32 = wrong.or(of.parse("NIJA_QUOTE_EVERY_MS"), 1_000);
        let config = Self {
            listen: SocketAddr::new(host, port),
            jwt_secret: wrong.or(held(of, ("JWT_SECRET_KEY_FILE", "JWT_SECRET_KEY")), None),
            jwt_previous: of.get("JWT_SECRET_KEY_PREVIOUS").map(|text| text.as_bytes().to_vec()),
            jwt_secret_file,
            database: wrong.or(database(url), PathBuf::from("nija.db")),
            database_named: of.set("DATABASE_URL").is_some(),
            reserve: u64::from(wrong.or(of.parse("NIJA_RESERVE_MIB"), 32u32)) << 20,
            partitions: wrong.or(of.parse("NIJA_PARTITIONS"), 8),
            min_balance: wrong.or(of.parse("MINIMUM_TRADING_BALANCE"), Money::whole(10)),
            fee_policy: of
                .get("NIJA_FEE_POLICY")
                .map(|_| wrong.or(of.parse("NIJA_FEE_POLICY"), FeePolicy::Everyone)),
            tiers: of.get("NIJA_TIERS_FILE").map(PathBuf::from),
            plans: of.get("NIJA_PLANS_FILE").map(PathBuf::from),
            instruments: of.get("NIJA_INSTRUMENTS_FILE").map(PathBuf::from),
            strategies: of.get("NIJA_STRATEGIES_FILE").map(PathBuf::from),
            analyst: of.get("NIJA_ANALYST_FILE").map(PathBuf::from),
            earnings: of.get("NIJA_EARNINGS_FILE").map(PathBuf::from),
            liquidity: wrong.or(of.get("NIJA_LIQUIDITY").map(liquidity).transpose(), None),
            interest: of.get("NIJA_RATES_FILE").map(PathBuf::from),
            feed: wrong.or(feed(of.get("NIJA_FEED").unwrap_or_default()), Feed::Generator),
            replay_day: Duration::from_millis(wrong.or(of.parse("NIJA_REPLAY_DAY_MS"), 1_000)),
            record: of.get("NIJA_RECORD").map(PathBuf::from),
            seed: wrong.or(of.parse("NIJA_SEED"), 1),
            quote_every: Span::millis(every.max(1).into()),
            log: of.get("NIJA_LOG").unwrap_or_default().to_owned(),
            tls: wrong.or(of.parse("NIJA_TLS"), false),
            origins: of.list("NIJA_ORIGINS"),
            cors_origins: of.list("NIJA_CORS_ORIGINS"),
            trusted_proxies: wrong.or(networks(named), Vec::new()),
            no_proxy,
            metrics_token: of.get("NIJA_METRICS_TOKEN").map(str::to_owned),
            rates: rates(of, &mut wrong),
            billing: Billing::of(of, &mut wrong),
            connections: wrong.or(of.parse("NIJA_CONNECTIONS"), NonZeroU32::MIN),
            connections_per_address: wrong
                .or(of.parse("NIJA_CONNECTIONS_PER_ADDRESS"), NonZeroU32::MIN),
        };
        (config, wrong.0)
    }
}

fn rates(of: &Variables, wrong: &mut Mistakes) -> RateLimits {
    let usual = RateLimits::default();
    RateLimits {
        anonymous: wrong.or(of.parse("NIJA_LIMIT_ANONYMOUS"), usual.anonymous),
        reads: wrong.or(of.parse("NIJA_LIMIT_READS"), usual.reads),
        exits: wrong.or(of.parse("NIJA_LIMIT_EXITS"), usual.exits),
        admin: wrong.or(of.parse("NIJA_LIMIT_ADMIN"), usual.admin),
        registrations: wrong.or(of.parse("NIJA_LIMIT_REGISTRATIONS"), usual.registrations),
        refreshes: wrong.or(of.parse("NIJA_LIMIT_REFRESHES"), usual.refreshes),
        webhooks: wrong.or(of.parse("NIJA_LIMIT_WEBHOOKS"), usual.webhooks),
    }
}

fn liquidity(text: &str) -> anyhow::Result<Score> {
    let points = text.parse().ok().filter(|points| *points <= 100);
    points.map(Score::points).context("NIJA_LIQUIDITY is a whole number from 0 to 100")
}

fn feed(text: &str) -> anyhow::Result<Feed> {
    match (text, text.strip_prefix("replay:")) {
        ("generator", _) => Ok(Feed::Generator),
        (_, Some(folder)) => Ok(Feed::Replay(PathBuf::from(folder))),
        _ => bail!("NIJA_FEED is `generator` or `replay:FOLDER`"),
    }
}

fn networks(named: &[String]) -> anyhow::Result<Vec<Network>> {
    let parse =
        |text: &String| text.parse().with_context(|| format!("NIJA_TRUSTED_PROXIES: {text}"));
    named.iter().map(parse).collect()
}

/// The secret itself, or the contents of the file that the first variable names.
fn held(of: &Variables, (file, plain): (&str, &str)) -> anyhow::Result<Option<Vec<u8>>> {
    if let Some(path) = of.get(file) {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read {file} {path}"))?;
        return Ok(Some(text.trim().as_bytes().to_vec()));
    }
    Ok(of.get(plain).map(|secret| secret.as_bytes().to_vec()))
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

    fn config(text: &str) -> (Config, String) {
        let variables = Variables::of(text, std::iter::empty()).unwrap();
        let (config, mistakes) = Config::of(&variables);
        (config, mistakes.join("\n"))
    }

    #[test]
    fn defaults_stand_alone() {
        let (config, mistakes) = config("");
        assert_eq!(mistakes, "");
        assert_eq!(config.listen.to_string(), "127.0.0.1:8000");
        assert_eq!(config.min_balance, Money::whole(10));
        assert_eq!(config.database, PathBuf::from("nija.db"));
        assert!(config.jwt_secret.is_none() && !config.database_named);
        assert_eq!(config.rates, RateLimits::default(), "the table says what the code says");
        assert_eq!((config.connections.get(), config.connections_per_address.get()), (10_000, 200));
    }

    #[test]
    fn variables_are_read_and_all_mistakes_named() {
        let text = "PORT=9000\nMINIMUM_TRADING_BALANCE=\"12.5\"\n# note\nNIJA_FEED=replay:data/demo\n\
             NIJA_TRUSTED_PROXIES=none\nNIJA_LIMIT_READS=5000/s:9000\nNIJA_CONNECTIONS=64\n\
             NIJA_FEE_POLICY=qualified_only";
        let (good, mistakes) = config(text);
        assert_eq!(mistakes, "");
        assert_eq!(good.listen.port(), 9000);
        assert_eq!(good.min_balance.to_string(), "12.5");
        assert_eq!(good.feed, Feed::Replay(PathBuf::from("data/demo")));
        assert_eq!(good.rates.reads, "5000/s:9000".parse().unwrap());
        assert_eq!(good.connections.get(), 64);
        assert_eq!(good.fee_policy, Some(FeePolicy::QualifiedOnly));
        assert!(good.no_proxy && good.trusted_proxies.is_empty());
        let (_, mistakes) = config(
            "PORT=none\nMINIMUM_TRADING_BALANCE=1e3\nNIJA_FEED=somewhere\nDATABASE_URL=postgres://db\n\
             NIJA_TRUSTED_PROXIES=proxy.local\nNIJA_LIMIT_READS=fast\nNIJA_LIMIT_EXITS=0/s\nNIJA_CONNECTIONS=0\n\
             NIJA_FEE_POLICY=nobody",
        );
        for named in [
            "PORT",
            "MINIMUM_TRADING_BALANCE",
            "NIJA_FEED",
            "DATABASE_URL",
            "NIJA_TRUSTED_PROXIES",
            "NIJA_LIMIT_READS",
            "NIJA_LIMIT_EXITS",
            "NIJA_CONNECTIONS",
            "NIJA_FEE_POLICY",
        ] {
            assert!(mistakes.contains(named), "{named}: {mistakes}");
        }
        let broken = Variables::of("no equals sign", std::iter::empty()).err().unwrap();
        assert!(broken.to_string().contains(".env line 1"));
        assert_eq!(
            database("sqlite:///var/lib/nija.db").unwrap(),
            PathBuf::from("/var/lib/nija.db")
        );
    }
}
