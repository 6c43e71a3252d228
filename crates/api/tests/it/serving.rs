//! The server on a loopback socket: slow and greedy callers, and a stop that lets requests finish.

use crate::world::{World, settings, world, world_with};
use nija_api::{Limits, Settings, serve};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

const SHORT: Duration = Duration::from_millis(60);
/// No honest wait in these tests comes near it.
const PATIENCE: Duration = Duration::from_secs(20);

struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    server: JoinHandle<std::io::Result<()>>,
    _world: World,
}

async fn start(world: World, limits: Limits) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let shutdown = async { drop(stopped.await) };
    let server = tokio::spawn(serve(listener, world.router.clone(), limits, shutdown));
    Running { address, stop, server, _world: world }
}

fn impatient() -> Limits {
    Limits { first_byte: SHORT, headers: SHORT, ..Limits::default() }
}

/// Sends bytes and reads until the server closes.
async fn exchange(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    let _ = timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("the server closes");
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn it_serves_and_stops() {
    let running = start(world(), Limits::default()).await;
    let get = b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let answer = exchange(running.address, get).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert!(answer.ends_with(r#"{"status":"ok","storage":"ok"}"#), "{answer}");
    running.stop.send(()).unwrap();
    timeout(PATIENCE, running.server).await.unwrap().unwrap().unwrap();
    assert!(TcpStream::connect(running.address).await.is_err());
}

#[tokio::test]
async fn callers_that_do_not_speak_are_dropped() {
    let running = start(world(), impatient()).await;
    assert_eq!(exchange(running.address, b"").await, "", "silence");
    assert_eq!(exchange(running.address, b"GET /health HT").await, "", "half a line");
    assert_eq!(exchange(running.address, b"GET /health HTTP/1.1\r\nHost: x\r\nX-").await, "");
    let kept = exchange(running.address, b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(kept.starts_with("HTTP/1.1 200 OK"), "answered, then closed for resting: {kept}");
}

#[tokio::test]
async fn half_a_body_is_given_up() {
    let world = world_with(Settings { body_timeout: SHORT, ..settings() });
    let running = start(world, Limits::default()).await;
    let head = concat!(
        "POST /api/v2/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n",
        "Content-Length: 100\r\n\r\n{\"em"
    );
    let answer = exchange(running.address, head.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("body_timeout"), "{answer}");
}

#[tokio::test]
async fn hosts_and_headers_are_counted() {
    let running = start(world(), Limits::default()).await;
    for wrong in [
        "GET /health HTTP/1.1\r\nConnection: close\r\n\r\n".to_owned(),
        "GET /health HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n".to_owned(),
    ] {
        let answer = exchange(running.address, wrong.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("invalid_host"), "{answer}");
    }
    let many: String = (0..200).map(|n| format!("X-{n}: 1\r\n")).collect();
    let many = format!("GET /health HTTP/1.1\r\nHost: x\r\n{many}\r\n");
    assert!(exchange(running.address, many.as_bytes()).await.starts_with("HTTP/1.1 431 "));
    let big = format!("GET /health HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "y".repeat(20_000));
    assert!(exchange(running.address, big.as_bytes()).await.starts_with("HTTP/1.1 431 "));
    let smuggled = concat!(
        "POST /api/v2/login HTTP/1.1\r\nHost: x\r\n",
        "Content-Length: 5\r\nContent-Length: 6\r\n\r\n12345"
    );
    assert!(exchange(running.address, smuggled.as_bytes()).await.starts_with("HTTP/1.1 400 "));
}

#[tokio::test]
async fn one_address_has_its_share_of_connections() {
    let limits = Limits { connections_per_address: 2, ..Limits::default() };
    let running = start(world(), limits).await;
    let get = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n";
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(running.address).await.unwrap();
        stream.write_all(get).await.unwrap();
        let mut first = [0; 12];
        timeout(PATIENCE, stream.read_exact(&mut first)).await.unwrap().unwrap();
        held.push(stream);
    }
    assert_eq!(exchange_or_reset(running.address, get).await, "");
    held.clear();
    let mut answered = String::new();
    // The server learns of the closed connections in its own time.
    for _ in 0..1_000 {
        answered = exchange_or_reset(
            running.address,
            b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        )
        .await;
        if !answered.is_empty() {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert!(answered.starts_with("HTTP/1.1 200 OK"), "{answered}");
}

async fn exchange_or_reset(address: SocketAddr, bytes: &[u8]) -> String {
    let Ok(mut stream) = TcpStream::connect(address).await else {
        return String::new();
    };
    let mut answer = Vec::new();
    if stream.write_all(bytes).await.is_ok() {
        let _ =
            timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("the server closes");
    }
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_caller_that_takes_no_answer_is_dropped() {
    let limits = Limits { stalled_write: SHORT, ..Limits::default() };
    let running = start(world(), limits).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    // The document's answer is far larger than the socket's buffers once asked for often enough.
    let get = b"GET /api/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n";
    let flood = async {
        loop {
            if stream.write_all(get).await.is_err() {
                break;
            }
        }
    };
    timeout(PATIENCE, flood).await.expect("the server gives the connection up");
}

#[tokio::test]
async fn a_stop_lets_a_running_request_finish() {
    let world = world_with(Settings { body_timeout: PATIENCE, ..settings() });
    let running = start(world, Limits::default()).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let head = concat!(
        "POST /api/v2/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n",
        "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut go_on = [0; 25];
    timeout(PATIENCE, stream.read_exact(&mut go_on)).await.unwrap().unwrap();
    assert!(go_on.starts_with(b"HTTP/1.1 100 Continue"));
    running.stop.send(()).unwrap();
    stream.write_all(b"{}").await.unwrap();
    let mut answer = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut answer)).await.unwrap().unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 422 "), "{}", String::from_utf8_lossy(&answer));
    timeout(PATIENCE, running.server).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn a_stop_does_not_wait_for_ever() {
    let limits = Limits { shutdown: SHORT, ..Limits::default() };
    let running = start(world(), limits).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let head = concat!(
        "POST /api/v2/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n",
        "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut go_on = [0; 25];
    timeout(PATIENCE, stream.read_exact(&mut go_on)).await.unwrap().unwrap();
    running.stop.send(()).unwrap();
    timeout(PATIENCE, running.server).await.expect("the stop ends").unwrap().unwrap();
}
