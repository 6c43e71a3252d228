//! The API as the outside sees it: its real router, over a real store in a temporary folder. The desks behind it
//! are always busy, so that only what reads requests is exercised, a hundred thousand times over.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use hkdf::Hkdf;
use http_body_util::BodyExt;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use nija_api::{
    Catalog, Doors, ExecutionStats, Peer, Readiness, Settings, TierStats, router,
};
use nija_core::billing::plans::{DEFAULT_PLANS, Plans};
use nija_core::desk::answer::{Answer, Query, View};
use nija_core::desk::input::{Command, Key};
use nija_core::ports::backtests::{BacktestError, Backtests, Finished, Plan};
use nija_core::ports::control::{Control, Role, Session, User};
use nija_core::ports::greeks::{Greeks, Sensitivity};
use nija_core::ports::{Clock, DeskError, Desks, Doing, Entropy, EntropyError};
use nija_core::risk::kill::{Actor, Scope};
use nija_core::words::id::{AccountId, InstrumentId, UserId};
use nija_core::words::tier::{DEFAULT_TABLE, TierTable};
use nija_core::words::time::{Span, Timestamp};
use nija_documents::Press;
use nija_payments::Transfer;
use nija_store::sqlite::{Database, Mode};
use serde_json::{Value, json};
use sha2::Sha256;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tower::ServiceExt;

/// So many users that the limits of one are hardly ever reached.
const USERS: u64 = 512;
const SECRET: &[u8] = b"5c1f0e7a93b84d26af17c3e9d40b6825f1ae73c09d5b4268";
const NOW: Timestamp = Timestamp(1_790_000_000_000_000);

struct Busy;

impl Desks for Busy {
    fn command(&self, _: AccountId, _: Option<Key>, _: Command) -> Doing<'_, Result<Answer, DeskError>> {
        Box::pin(async { Err(DeskError::Busy) })
    }
    fn commands(
        &self,
        _: AccountId,
        _: Vec<(Option<Key>, Command)>,
    ) -> Doing<'_, Result<Vec<Answer>, DeskError>> {
        Box::pin(async { Err(DeskError::Busy) })
    }
    fn query(&self, _: Query) -> Doing<'_, Result<View, DeskError>> {
        Box::pin(async { Err(DeskError::Busy) })
    }
    fn kill(&self, _: Scope, _: Actor, _: String, _: bool) -> Doing<'_, Result<(), DeskError>> {
        Box::pin(async { Err(DeskError::Busy) })
    }
    fn rearm(&self, _: Scope, _: Actor, _: String) -> Doing<'_, Result<(), DeskError>> {
        Box::pin(async { Err(DeskError::Busy) })
    }
}

struct Standing;

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        NOW
    }
}

/// Different every time and the same in every run.
#[derive(Default)]
struct Counted(AtomicU64);

impl Entropy for Counted {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        for chunk in bytes.chunks_mut(8) {
            let next = self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes();
            chunk.copy_from_slice(&next[8 - chunk.len()..]);
        }
        Ok(())
    }
}

struct Nothing;

impl ExecutionStats for Nothing {
    fn tiers(&self) -> Vec<TierStats> {
        Vec::new()
    }
}

impl Greeks for Nothing {
    fn of(&self, _: InstrumentId) -> Option<Sensitivity> {
        None
    }
}

impl Backtests for Nothing {
    fn run(&self, _: Plan) -> Doing<'_, Result<Finished, BacktestError>> {
        Box::pin(async { Err(BacktestError::Busy) })
    }
}

/// What somebody outside sends.
#[derive(Debug, arbitrary::Arbitrary)]
pub struct Sent {
    operation: u16,
    user: u16,
    name: String,
    query: String,
    kind: u8,
    key: Option<Vec<u8>>,
    forwarded: Option<Vec<u8>>,
    token: Option<Vec<u8>>,
    body: Vec<u8>,
}

/// The API, and what it describes.
pub struct Outside {
    runtime: tokio::runtime::Runtime,
    router: Router,
    operations: Vec<(String, String)>,
    tokens: Vec<String>,
    _folder: tempfile::TempDir,
}

fn signed(user: UserId, session: u128) -> String {
    let derive = |info: &str| {
        let mut key = [0; 32];
        Hkdf::<Sha256>::new(None, SECRET).expand(info.as_bytes(), &mut key).expect("a length");
        key
    };
    let id: String = derive("nija/kid/v1")[..4].iter().map(|b| format!("{b:02x}")).collect();
    let key = EncodingKey::from_secret(&derive(&format!("nija/jwt/v1/{id}")));
    let header = Header { typ: Some("at+jwt".into()), kid: Some(id), ..Header::new(Algorithm::HS256) };
    let now = NOW.0 / 1_000_000;
    let claims = json!({
        "iss": "nija", "aud": "nija-api", "sub": user, "sid": format!("{session:032x}"),
        "iat": now, "nbf": now, "exp": now + 600, "jti": "0",
    });
    encode(&header, &claims, &key).expect("a token")
}

impl Outside {
    /// Starts an API, with users who are logged in.
    ///
    /// # Panics
    /// When something is missing: then nothing can be fuzzed.
    pub fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("nija.db");
        let database = Database::open(&path, Mode::Owner, Arc::new(Standing)).expect("a database");
        let doors = Doors {
            desks: Arc::new(Busy),
            views: database.views(),
            control: database.control(),
            clock: Arc::new(Standing),
            entropy: Arc::new(Counted::default()),
            tiers: Arc::new(TierTable::parse(DEFAULT_TABLE).expect("the table")),
            catalog: Arc::new(Catalog::of(Vec::new())),
            stats: Arc::new(Nothing),
            plans: Arc::new(Plans::parse(DEFAULT_PLANS).expect("the table")),
            documents: Arc::new(Press::new().expect("fonts")),
            backtests: Arc::new(Nothing),
            greeks: Arc::new(Nothing),
            scorecard: Arc::default(),
            till: database.control(),
            payments: Arc::new(Transfer::new("the operator".to_owned())),
            issuer: Default::default(),
            metrics: Arc::new(String::new),
            readiness: Arc::new(Readiness::default()),
        };
        let mut settings = Settings::with_secret(SECRET.to_vec());
        settings.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a range")];
        let control = database.control();
        let tokens = (1..=USERS)
            .map(|n| runtime.block_on(join(&*control, n)))
            .collect();
        let document = serde_json::to_value(nija_api::openapi()).expect("the description");
        let paths = document["paths"].as_object().expect("paths");
        let operations = paths
            .iter()
            .flat_map(|(path, item)| {
                let methods = item.as_object().into_iter().flat_map(|item| item.keys());
                methods.map(|method| (method.to_uppercase(), path.clone()))
            })
            .collect();
        let router = router(doors, settings).expect("a router");
        Self { runtime, router, operations, tokens, _folder: folder }
    }

    /// Sends it, and holds the answer to be a document with a code, and no failure of ours.
    ///
    /// # Panics
    /// When it is neither: a finding.
    pub fn send(&self, sent: Sent) {
        let Some(request) = self.request(&sent) else { return };
        let (parts, body) = self.runtime.block_on(async {
            let response = self.router.clone().oneshot(request).await.expect("an answer");
            let (parts, body) = response.into_parts();
            (parts, body.collect().await.expect("a body").to_bytes())
        });
        let status = parts.status;
        assert!(!status.is_server_error() || status == StatusCode::SERVICE_UNAVAILABLE, "{status}: {sent:?}");
        if status.is_client_error() {
            let problem: Value = serde_json::from_slice(&body).expect("a problem document");
            assert!(problem["code"].is_string(), "{problem}");
        }
    }

    /// None for what no HTTP parser would let through.
    fn request(&self, sent: &Sent) -> Option<Request<Body>> {
        let (method, template) = &self.operations[usize::from(sent.operation) % self.operations.len()];
        // A right password costs a hash; that is not what is looked for.
        if template.ends_with("/register") || template.ends_with("/password") && sent.body.len() > 2_000 {
            return None;
        }
        let path = match (template.split_once('{'), template.split_once('}')) {
            (Some((before, _)), Some((_, after))) => format!("{before}{}{after}", sent.name),
            _ => template.clone(),
        };
        let kinds = ["application/json", "application/json; charset=utf-8", "text/plain"];
        let kind = kinds[usize::from(sent.kind / 100).min(2)];
        let mut request = Request::builder().method(method.as_str());
        request = request.uri(format!("{path}?{}", sent.query)).header("host", "a").header("content-type", kind);
        let token = &self.tokens[usize::from(sent.user) % self.tokens.len()];
        request = match &sent.token {
            None => request.header("authorization", format!("Bearer {token}")),
            Some(bytes) => request.header("authorization", [b"Bearer ", bytes.as_slice()].concat()),
        };
        for (name, value) in [("idempotency-key", &sent.key), ("x-forwarded-for", &sent.forwarded)] {
            if let Some(value) = value {
                request = request.header(name, value.as_slice());
            }
        }
        let mut request = request.body(Body::from(sent.body.clone())).ok()?;
        request.extensions_mut().insert(Peer(([127, 0, 0, 1], 1).into()));
        Some(request)
    }
}

impl Default for Outside {
    fn default() -> Self {
        Self::new()
    }
}

/// Adds a user with a session, and gives the token of it.
async fn join(control: &dyn Control, n: u64) -> String {
    let (user, session) = (UserId(n.into()), u128::from(n));
    let row = User {
        id: user,
        email: format!("user{n}@example.com"),
        password: String::new(),
        role: Role::Admin,
        account: AccountId(n.into()),
        created_at: NOW,
        active: true,
    };
    control.add_user(row).await.expect("a user");
    let row = Session {
        id: session,
        user,
        refresh: std::array::from_fn(|at| n.to_be_bytes()[at % 8]),
        created_at: NOW,
        used_at: NOW,
        expires_at: NOW.plus(Span::DAY),
    };
    control.begin_session(row).await.expect("a session");
    signed(user, session)
}
