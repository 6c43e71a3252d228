//! The API over stand-ins, and a caller that is easy to write tests with.

use crate::desk::{FakeDesks, Memory};
use crate::floor::Floor;
use crate::ledger::FakeDocuments;
use crate::payments::FakePayments;
use crate::till::FakeTill;
use crate::users::{FakeControl, FakeViews};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt;
use nija_api::{Catalog, Doors, ExecutionStats, Readiness, Scorecard, Settings, TierStats, router};
use nija_core::billing::plans::{DEFAULT_PLANS, Plans};
use nija_core::desk::input::Command;
use nija_core::ports::backtests::{BacktestError, Backtests, Finished, Plan};
use nija_core::ports::documents::Issuer;
use nija_core::ports::greeks::{Greeks, Sensitivity};
use nija_core::ports::{Clock, Desks, Doing, Entropy, EntropyError};
use nija_core::words::id::InstrumentId;
use nija_core::words::instrument::{AssetClass, Hours, Instrument, Kind, Right, VenueName};
use nija_core::words::money::{Money, Pct, Price, Qty};
use nija_core::words::tier::{DEFAULT_TABLE, Tier, TierTable};
use nija_core::words::time::{Span, Timestamp};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use tower::ServiceExt;

pub(crate) const SECRET: &[u8] =
    b"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
pub(crate) const PASSWORD: &str = "secure_password";

pub(crate) struct FakeClock(AtomicI64);

impl Default for FakeClock {
    /// A Monday of September 2026.
    fn default() -> Self {
        Self(AtomicI64::new(1_790_000_000_000_000))
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

impl FakeClock {
    pub(crate) fn advance(&self, span: Span) {
        self.0.fetch_add(span.0, Ordering::SeqCst);
    }
}

/// Different every time and the same in every run.
struct FakeEntropy(AtomicU64);

impl Entropy for FakeEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        for chunk in bytes.chunks_mut(8) {
            let mut z = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(z ^ (z >> 31)).to_be_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

/// Knows one contract.
struct FakeGreeks;

impl Greeks for FakeGreeks {
    fn of(&self, contract: InstrumentId) -> Option<Sensitivity> {
        (contract == OPTION).then_some(Sensitivity {
            at: Timestamp(0),
            volatility: Pct::whole(42),
            delta: Qty::from_raw(-45_000_000),
            gamma: Qty::from_raw(2_000_000),
            vega: Money::CENT,
            theta: Money::from_raw(-3_000_000),
        })
    }
}

/// A put on AAPL, which nobody holds unless a test says so.
pub(crate) const OPTION: InstrumentId = InstrumentId(0x1000_0000);

fn option() -> Instrument {
    let (underlying, right, strike) = (InstrumentId(1), Right::Put, Price::whole(150));
    let (multiplier, expiry) = (100, Timestamp(0));
    let kind = Kind::Option { underlying, right, strike, multiplier, expiry };
    let row = instrument(1, "AAPL260320P00150000", AssetClass::Derivatives, kind);
    Instrument { id: OPTION, ..row }
}

struct FakeStats;

impl ExecutionStats for FakeStats {
    fn tiers(&self) -> Vec<TierStats> {
        let row = |tier| TierStats {
            tier,
            p50_us: 1_500,
            p95_us: 2_000,
            p99_us: 2_500,
            sent: 7,
            breaches: 1,
            retries: 0,
            lapsed: 0,
        };
        Tier::ALL.into_iter().map(row).collect()
    }
}

fn instrument(id: u32, symbol: &str, class: AssetClass, kind: Kind) -> Instrument {
    Instrument {
        id: InstrumentId(id),
        symbol: symbol.to_owned(),
        class,
        kind,
        hours: Hours::Always,
        tick: "0.01".parse::<Price>().unwrap(),
        lot: "0.0001".parse::<Qty>().unwrap(),
        stale_after: Span::seconds(60),
        venue: VenueName::Paper,
    }
}

pub(crate) struct World {
    pub(crate) router: Router,
    pub(crate) desks: Arc<FakeDesks>,
    pub(crate) control: Arc<FakeControl>,
    pub(crate) views: Arc<FakeViews>,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) readiness: Arc<Readiness>,
    pub(crate) scorecard: Arc<OnceLock<Option<Scorecard>>>,
}

impl World {
    pub(crate) fn last_command(&self) -> Command {
        self.desks.memory.lock().unwrap().commands.last().unwrap().1.clone()
    }
}

pub(crate) fn settings() -> Settings {
    Settings { cores: 2, ..Settings::with_secret(SECRET.to_vec()) }
}

pub(crate) fn world() -> World {
    world_with(settings())
}

pub(crate) fn world_with(settings: Settings) -> World {
    built(settings, None)
}

/// The API over desks of the core.
pub(crate) fn world_on(floor: &Arc<Floor>) -> World {
    let mut settings = settings();
    // Months pass in an instant: what is a pace in real time is none here.
    settings.rates.admin = "1000/s".parse().unwrap();
    built(settings, Some(floor))
}

/// What can be traded.
pub(crate) fn instruments() -> Vec<Instrument> {
    vec![
        instrument(1, "AAPL", AssetClass::Equity, Kind::Share),
        instrument(2, "BTC-USD", AssetClass::Crypto, Kind::Spot),
    ]
}

fn built(settings: Settings, floor: Option<&Arc<Floor>>) -> World {
    let instruments = instruments();
    let tiers = Arc::new(TierTable::parse(DEFAULT_TABLE).unwrap());
    let desks = Arc::new(FakeDesks {
        memory: Mutex::new(Memory::default()),
        tiers: Arc::clone(&tiers),
        instruments: instruments.clone(),
    });
    let control = Arc::new(FakeControl::default());
    let views = Arc::new(FakeViews::default());
    let clock = floor.map_or_else(Arc::default, |floor| Arc::clone(&floor.clock));
    let readiness = Arc::new(Readiness::default());
    let scorecard = Arc::default();
    let doors = Doors {
        desks: floor.map_or_else(|| desks.clone() as Arc<dyn Desks>, |floor| floor.clone()),
        views: views.clone(),
        control: control.clone(),
        clock: clock.clone(),
        entropy: Arc::new(FakeEntropy(AtomicU64::new(1))),
        tiers,
        catalog: Arc::new(Catalog::of(instruments)),
        greeks: Arc::new(FakeGreeks),
        stats: Arc::new(FakeStats),
        plans: Arc::new(Plans::parse(DEFAULT_PLANS).unwrap()),
        backtests: Arc::new(NoBacktests),
        scorecard: Arc::clone(&scorecard),
        till: Arc::new(FakeTill::default()),
        payments: Arc::new(FakePayments),
        documents: Arc::new(FakeDocuments),
        issuer: Issuer::default(),
        metrics: Arc::new(|| "nija_up 1\n".to_owned()),
        readiness: readiness.clone(),
    };
    doors.catalog.add(option());
    World {
        router: router(doors, settings).unwrap(),
        desks,
        control,
        views,
        clock,
        readiness,
        scorecard,
    }
}

/// Nobody runs backtests here: `nija`'s own tests do.
struct NoBacktests;

impl Backtests for NoBacktests {
    fn run(&self, _: Plan) -> Doing<'_, Result<Finished, BacktestError>> {
        Box::pin(std::future::ready(Err(BacktestError::Busy)))
    }
}

pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }
    /// The code of a problem document, which must be a whole one.
    pub(crate) fn code(&self) -> String {
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/problem+json", "{}", self.text);
        let document = self.json();
        assert_eq!(document["status"], self.status.as_u16());
        assert_eq!(document["request_id"], self.headers["x-request-id"].to_str().unwrap());
        assert!(document["detail"].as_str().is_some_and(|detail| !detail.is_empty()));
        if matches!(self.status.as_u16(), 429 | 503) {
            assert!(
                self.headers[header::RETRY_AFTER].to_str().unwrap().parse::<u32>().unwrap() > 0
            );
        }
        document["code"].as_str().unwrap().to_owned()
    }
}

/// A request in the making.
pub(crate) struct Call {
    method: &'static str,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

pub(crate) fn call(method: &'static str, path: impl Into<String>) -> Call {
    let host = ("host".to_owned(), "nija.test".to_owned());
    Call { method, path: path.into(), headers: vec![host], body: Vec::new() }
}

impl Call {
    pub(crate) fn token(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
    pub(crate) fn json(self, body: &Value) -> Self {
        self.raw(body.to_string())
    }
    pub(crate) fn raw(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.header("content-type", "application/json")
    }
    pub(crate) fn bytes(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }
    pub(crate) async fn send(self, world: &World) -> Reply {
        let mut request = Request::builder().method(self.method).uri(self.path);
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        let request = request.body(Body::from(self.body)).unwrap();
        let response = world.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Reply { status: parts.status, headers: parts.headers, text }
    }
}

pub(crate) fn registration(email: &str) -> Value {
    json!({"email": email, "password": PASSWORD, "tier": "INVESTOR", "initial_capital": 1000.0})
}

/// Registers a user and gives the token answer.
pub(crate) async fn join(world: &World, email: &str) -> Value {
    let reply = call("POST", "/api/v2/register").json(&registration(email)).send(world).await;
    assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.text);
    reply.json()
}

/// Registers a user and gives the access token.
pub(crate) async fn token(world: &World, email: &str) -> String {
    join(world, email).await["access_token"].as_str().unwrap().to_owned()
}

pub(crate) fn trade() -> Value {
    json!({
        "symbol": "AAPL",
        "asset_class": "equity",
        "side": "buy",
        "size": 100.0,
        "order_type": "market",
    })
}
