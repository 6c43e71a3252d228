//! The peer: an axum server that checks the signature of an HS256 token, reads the same JSON and answers as much
//! of it, and does nothing else. `/hello` answers a constant; `/trade` keeps nothing; the answer of
//! `/trade_journal` waits for an append and `fdatasync` that it shares with whoever waits at the same time. It is
//! as lean as such a server gets: a slower peer would flatter us.

use anyhow::{Context, Result};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use axum::{Json, Router};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, crypto, encode};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::fs::File;
use std::io::Write;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

const SECRET: &[u8] = b"for a bench on one machine only, 32+";
const JSON: &str = "application/json";
/// Records that may wait for the disk.
const WAITING: usize = 4_096;

#[derive(Serialize)]
struct Claims {
    sub: String,
    exp: u64,
}

/// The body of an order.
#[derive(Deserialize)]
struct Trade<'a> {
    symbol: &'a str,
    side: &'a str,
    size: f64,
    order_type: Option<&'a str>,
    limit_price: Option<f64>,
}

/// An answer as long as ours.
#[derive(Serialize)]
struct Accepted<'a> {
    success: bool,
    message: String,
    risk_level: &'a str,
    tier: &'a str,
    priority: &'a str,
    infrastructure: &'a str,
    venue: &'a str,
    latency_promise_ms: u32,
    retries: u8,
    order_id: String,
    symbol: &'a str,
    side: &'a str,
    order_type: Option<&'a str>,
    limit_price: Option<f64>,
}

type Record = (Vec<u8>, oneshot::Sender<u64>);

struct Shared {
    key: DecodingKey,
    next: AtomicU64,
    journal: mpsc::Sender<Record>,
}

/// A token that this server takes.
pub(crate) fn token() -> Result<String> {
    let claims = Claims { sub: "1".to_owned(), exp: 4_000_000_000 };
    let key = EncodingKey::from_secret(SECRET);
    Ok(encode(&Header::new(Algorithm::HS256), &claims, &key)?)
}

/// Serves until it is killed.
pub(crate) fn serve(port: u16, folder: &Path) -> Result<()> {
    let file = File::create(folder.join("bare"))?;
    let (journal, records) = mpsc::channel(WAITING);
    std::thread::spawn(move || write(file, records));
    let shared = Arc::new(Shared {
        key: DecodingKey::from_secret(SECRET),
        next: AtomicU64::new(1),
        journal,
    });
    let router = Router::new()
        .route("/health/ready", get(|| async { Json(json!({"status": "ok"})) }))
        .route("/hello", get(|| async { ([(header::CONTENT_TYPE, JSON)], r#"{"status":"ok"}"#) }))
        .route("/trade", post(trade))
        .route("/trade_journal", post(trade_journal))
        .with_state(shared);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let listener = listener.tap_io(|stream| {
            let _ = stream.set_nodelay(true);
        });
        axum::serve(listener, router).await.context("the bare server ended")
    })
}

/// Appends what waits and makes it durable, again and again.
fn write(mut file: File, mut records: mpsc::Receiver<Record>) {
    let (mut bytes, mut waiting, mut number) = (Vec::new(), Vec::new(), 0u64);
    while let Some(first) = records.blocking_recv() {
        let mut next = Some(first);
        while let Some((record, reply)) = next {
            number += 1;
            bytes.extend_from_slice(&number.to_le_bytes());
            bytes.extend_from_slice(&record);
            waiting.push((number, reply));
            next = records.try_recv().ok();
        }
        let kept = file.write_all(&bytes).and_then(|()| file.sync_data());
        bytes.clear();
        for (number, reply) in waiting.drain(..) {
            if kept.is_ok() {
                // Whoever asked may have gone.
                let _ = reply.send(number);
            }
        }
    }
}

/// Token and body as they must be.
fn check<'a>(
    shared: &Shared,
    headers: &HeaderMap,
    body: &'a [u8],
) -> Result<Trade<'a>, StatusCode> {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = value.and_then(|value| value.strip_prefix("Bearer "));
    let (message, signature) =
        token.and_then(|token| token.rsplit_once('.')).ok_or(StatusCode::UNAUTHORIZED)?;
    let signed = crypto::verify(signature, message.as_bytes(), &shared.key, Algorithm::HS256);
    if !signed.is_ok_and(|signed| signed) {
        return Err(StatusCode::UNAUTHORIZED);
    }
    let trade: Trade<'_> = serde_json::from_slice(body).map_err(|_| StatusCode::BAD_REQUEST)?;
    if trade.size > 0.0 { Ok(trade) } else { Err(StatusCode::BAD_REQUEST) }
}

fn answer(number: u64, trade: &Trade<'_>) -> Response {
    let accepted = Accepted {
        success: true,
        message: format!("approved: entry of {}", trade.size),
        risk_level: "safe",
        tier: "BALLER",
        priority: "Ultra High",
        infrastructure: "dedicated",
        venue: "paper",
        latency_promise_ms: 50,
        retries: 5,
        order_id: format!("{number:016x}"),
        symbol: trade.symbol,
        side: trade.side,
        order_type: trade.order_type,
        limit_price: trade.limit_price,
    };
    let body = serde_json::to_vec(&accepted).unwrap_or_default();
    ([(header::CONTENT_TYPE, JSON)], body).into_response()
}

async fn trade(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, StatusCode> {
    let trade = check(&shared, &headers, &body)?;
    Ok(answer(shared.next.fetch_add(1, Ordering::Relaxed), &trade))
}

async fn trade_journal(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, StatusCode> {
    let trade = check(&shared, &headers, &body)?;
    let (reply, kept) = oneshot::channel();
    let gone = StatusCode::SERVICE_UNAVAILABLE;
    shared.journal.send((body.to_vec(), reply)).await.map_err(|_| gone)?;
    Ok(answer(kept.await.map_err(|_| gone)?, &trade))
}
