//! The peer: an axum server that checks an HS256 token, reads the same JSON and answers as much of it,
//! and does nothing else. `/trade` keeps nothing; the answer of `/trade_journal` waits for an append
//! and `fdatasync` that it shares with whoever waits at the same time.

use anyhow::{Context, Result};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use axum::{Json, Router};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fs::File;
use std::io::Write;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

const SECRET: &[u8] = b"for a bench on one machine only, 32+";
/// Records that may wait for the disk.
const WAITING: usize = 4_096;

#[derive(Serialize, Deserialize)]
struct Claims {
    sub: String,
    exp: u64,
}

/// The body of an order.
#[derive(Deserialize)]
struct Trade {
    symbol: String,
    side: String,
    size: f64,
    order_type: Option<String>,
    limit_price: Option<f64>,
}

type Record = (Vec<u8>, oneshot::Sender<u64>);

struct Shared {
    key: DecodingKey,
    validation: Validation,
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
        validation: Validation::new(Algorithm::HS256),
        next: AtomicU64::new(1),
        journal,
    });
    let router = Router::new()
        .route("/health/ready", get(|| async { Json(json!({"status": "ok"})) }))
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
fn check(shared: &Shared, headers: &HeaderMap, body: &[u8]) -> Result<(Claims, Trade), StatusCode> {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = value.and_then(|value| value.strip_prefix("Bearer "));
    let token = token.ok_or(StatusCode::UNAUTHORIZED)?;
    let claims = decode::<Claims>(token, &shared.key, &shared.validation);
    let claims = claims.map_err(|_| StatusCode::UNAUTHORIZED)?.claims;
    let trade: Trade = serde_json::from_slice(body).map_err(|_| StatusCode::BAD_REQUEST)?;
    if trade.size > 0.0 { Ok((claims, trade)) } else { Err(StatusCode::BAD_REQUEST) }
}

fn answer(number: u64, claims: &Claims, trade: &Trade) -> Json<Value> {
    Json(json!({
        "success": true,
        "message": format!("approved: entry of {}", trade.size),
        "risk_level": "safe",
        "routing": {
            "tier": "BALLER", "priority": "Ultra High", "infrastructure": "dedicated",
            "venue": "paper", "latency_promise_ms": 50, "retries": 5,
        },
        "order_id": format!("{number:016x}"),
        "user": claims.sub,
        "symbol": trade.symbol,
        "side": trade.side,
        "order_type": trade.order_type,
        "limit_price": trade.limit_price,
    }))
}

async fn trade(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, StatusCode> {
    let (claims, trade) = check(&shared, &headers, &body)?;
    Ok(answer(shared.next.fetch_add(1, Ordering::Relaxed), &claims, &trade))
}

async fn trade_journal(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, StatusCode> {
    let (claims, trade) = check(&shared, &headers, &body)?;
    let (reply, kept) = oneshot::channel();
    let gone = StatusCode::SERVICE_UNAVAILABLE;
    shared.journal.send((body.to_vec(), reply)).await.map_err(|_| gone)?;
    Ok(answer(kept.await.map_err(|_| gone)?, &claims, &trade))
}
