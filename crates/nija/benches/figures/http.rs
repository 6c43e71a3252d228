//! The real server, started as an operator starts it, beside a bare axum server on the same machine in the same
//! minutes, turn by turn: durable `POST /api/v2/trade` here, reads, batches and many tenants in the files below.
//!
//! One user a connection, each with a tier table whose order rate nobody reaches. Every order has a
//! key of its own. Refusals by a gate are decisions, too, and as durable; how many is told.

pub(crate) mod bare;
mod batch;
mod load;
mod reads;
mod tenants;

pub(crate) use batch::batch;
pub(crate) use reads::reads;
pub(crate) use tenants::tenants;

use crate::Scale;
use crate::figure::{Better, Figure, Goal};
use crate::meter::Process;
use crate::scene::{self, lifted_table};
use anyhow::{Context, Result, ensure};
use load::{Load, Template, ask, send};
use serde_json::json;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The argument with which this program becomes the bare server.
pub(crate) const BARE: &str = "--bare-server";

const CONNECTIONS: usize = 32;
const PAIRS: usize = 5;
const START_MOST: Duration = Duration::from_secs(60);
const SYMBOLS: [&str; 3] = ["BTC-USD", "ETH-USD", "LTC-USD"];

/// A server in a process of its own. Dropping it kills it.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that has ended already is what we want.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    async fn start(mut command: Command, address: SocketAddr) -> Result<Self> {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn()?;
        let mut server = Self { child, address };
        let began = Instant::now();
        let get = "GET /health/ready HTTP/1.1\r\nhost: localhost\r\n\r\n";
        while !ask(address, get).await.is_ok_and(|(status, _)| status == 200) {
            ensure!(server.child.try_wait()?.is_none(), "a server ended by itself");
            ensure!(began.elapsed() < START_MOST, "a server was not ready in time");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(server)
    }

    /// `nija serve` as shipped, but for rates that would only measure themselves.
    pub(crate) async fn nija(folder: &Path) -> Result<Self> {
        let address = free()?;
        std::fs::write(folder.join("tiers.toml"), lifted_table())?;
        let secret = secret()?;
        let mut command = Command::new(env!("CARGO_BIN_EXE_nija"));
        command
            .arg("serve")
            .current_dir(folder)
            .env_clear()
            .env("JWT_SECRET_KEY", secret)
            .env("PORT", address.port().to_string())
            .env("DATABASE_URL", "sqlite:nija.db")
            .env("NIJA_TIERS_FILE", "tiers.toml")
            // Each registration comes from an address of its own.
            .env("NIJA_TRUSTED_PROXIES", "127.0.0.1")
            .env("NIJA_LIMIT_READS", "1000000/s")
            .env("NIJA_QUOTE_EVERY_MS", "100")
            .env("NIJA_LOG", "warn");
        Self::start(command, address).await
    }

    pub(super) async fn bare(folder: &Path) -> Result<Self> {
        let address = free()?;
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(BARE).arg(address.port().to_string()).arg(folder);
        Self::start(command, address).await
    }

    pub(crate) fn process(&self) -> Process {
        Process::of(self.child.id())
    }
}

/// What nobody guesses.
fn secret() -> Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn free() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

/// Registers a user and gives its token.
async fn user(server: &Server, n: usize) -> Result<String> {
    let body = json!({
        "email": format!("bench-{n}@example.com"), "password": secret()?,
        "tier": "BALLER", "initial_capital": 500_000_000,
    })
    .to_string();
    let request = format!(
        "POST /api/v2/register HTTP/1.1\r\nhost: localhost\r\nx-forwarded-for: 10.0.0.{n}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let (status, body) = ask(server.address, &request).await?;
    let token = body["access_token"].as_str();
    let token = token.with_context(|| format!("registration: {status} {body}"))?;
    Ok(token.to_owned())
}

fn order(path: &str, token: &str, n: usize) -> Template {
    let body = json!({"symbol": SYMBOLS[n % SYMBOLS.len()], "side": "buy", "size": 100});
    Template::order(path, token, &body.to_string())
}

/// One side of the comparison: its rounds.
struct Side<'a> {
    name: &'static str,
    server: &'a Server,
    templates: Vec<Template>,
    loads: Vec<Load>,
    /// Processor time a request.
    cpu_us: Vec<f64>,
    /// Processor time an order, and the same without the threads that make the views.
    order_us: Vec<(f64, f64)>,
}

/// The server's threads that wait for disks: while orders flow, those that make the views.
const BLOCKING: &str = "blocking";

impl<'a> Side<'a> {
    fn new(name: &'static str, server: &'a Server, templates: Vec<Template>) -> Self {
        let (loads, cpu_us, order_us) = (Vec::new(), Vec::new(), Vec::new());
        Self { name, server, templates, loads, cpu_us, order_us }
    }

    async fn round(&mut self, time: Duration, keys: &mut u64) -> Result<()> {
        let process = self.server.process();
        let before = (process.cpu()?, process.cpu_but(BLOCKING)?);
        let load = send(self.server.address, &self.templates, time, keys).await;
        let load = load.context(self.name)?;
        let (cpu, own) = (process.cpu()? - before.0, process.cpu_but(BLOCKING)? - before.1);
        self.cpu_us.push(cpu * 1e6 / load.answered as f64);
        let orders = load.decided.max(1) as f64;
        self.order_us.push((cpu * 1e6 / orders, own * 1e6 / orders));
        self.loads.push(load);
        Ok(())
    }

    /// Warms up caches and connections; not counted.
    async fn warm(&mut self, time: Duration, keys: &mut u64) -> Result<()> {
        self.round(time, keys).await?;
        self.loads.clear();
        self.cpu_us.clear();
        self.order_us.clear();
        Ok(())
    }

    fn each(&self, of: impl Fn(&Load) -> f64) -> Vec<f64> {
        self.loads.iter().map(of).collect()
    }
}

pub(crate) fn http(scale: &Scale) -> Result<Vec<Figure>> {
    let time = Duration::from_millis(u64::from(scale.of(3_000)));
    scene::block(async {
        let folder = tempfile::tempdir()?;
        let nija = Server::nija(folder.path()).await?;
        let bare = Server::bare(folder.path()).await?;
        let mut users = Vec::with_capacity(CONNECTIONS);
        for n in 0..CONNECTIONS {
            users.push(order("/api/v2/trade", &user(&nija, n).await?, n));
        }
        let token = bare::token()?;
        let peers = |path: &str| (0..CONNECTIONS).map(|n| order(path, &token, n)).collect();
        let single = users.iter().take(1).cloned().collect();
        let single_peer = vec![order("/trade_journal", &token, 0)];
        let mut many = [
            Side::new("nija", &nija, users),
            Side::new("bare, durable", &bare, peers("/trade_journal")),
            Side::new("bare", &bare, peers("/trade")),
        ];
        let mut alone =
            [Side::new("nija alone", &nija, single), Side::new("bare alone", &bare, single_peer)];
        let mut keys = 1;
        for side in &mut many {
            side.warm(time / 3, &mut keys).await?;
        }
        for _ in 0..PAIRS {
            for side in &mut many {
                side.round(time, &mut keys).await?;
            }
            for side in &mut alone {
                side.round(time / 3, &mut keys).await?;
            }
        }
        Ok(figures(&many, &alone))
    })?
}

fn figures(many: &[Side<'_>; 3], alone: &[Side<'_>; 2]) -> Vec<Figure> {
    let [nija, journal, trade] = many;
    let new = |name: &str, unit, values| Figure::new("http", name, unit, values);
    let share = |of: fn(&Load) -> u64| {
        let part = |load: &Load| 100.0 * of(load) as f64 / (load.answered + load.other) as f64;
        nija.each(part)
    };
    let more = Better::More;
    vec![
        new("durable POST /trade, 32 connections", "1/s", nija.each(Load::rate))
            .peer("bare, durable", &journal.each(Load::rate))
            .goal(Goal::ratio("P2", more, 0.5, 0.8)),
        new("the same", "1/s", nija.each(Load::rate))
            .peer("bare, nothing kept", &trade.each(Load::rate))
            .goal(Goal::ratio("P3", more, 0.35, 0.55)),
        new("processor time a request", "us", nija.cpu_us.clone())
            .peer("bare, durable", &journal.cpu_us)
            // 15 and 25 times less than the 846 us of the original.
            .goal(Goal::value("P1", Better::Less, 56.4, 33.8)),
        new("the same without the views", "us", nija.order_us.iter().map(|us| us.1).collect()),
        new("p50, 32 connections", "us", nija.each(|load| load.percentile(50)))
            .peer("bare, durable", &journal.each(|load| load.percentile(50))),
        new("p99, 32 connections", "us", nija.each(|load| load.percentile(99)))
            .peer("bare, durable", &journal.each(|load| load.percentile(99))),
        new("p50, 1 connection", "us", alone[0].each(|load| load.percentile(50)))
            .peer("bare, durable", &alone[1].each(|load| load.percentile(50)))
            .goal(Goal::ratio("P4", Better::Less, 2.5, 1.3)),
        new("approved, of the answers", "%", share(|load| load.approved)),
        new("refused a reading (not 200), of the answers", "%", share(|load| load.other)),
    ]
}
