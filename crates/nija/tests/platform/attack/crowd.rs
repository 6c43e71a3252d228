//! Callers who draw everything out: silent, a header at a time, a body by the byte, an answer that nobody reads.
//! Each is dropped in time, and meanwhile honest callers are served.

use crate::abuse::serve;
use crate::caller::{Caller, TIMEOUT};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Of each kind.
const CALLERS: usize = 12;
/// By then everybody is dropped.
const DROPPED: Duration = Duration::from_secs(15);
/// A busy machine's share.
const GRACE: Duration = Duration::from_secs(5);

/// What somebody says at first, and again and again.
const KINDS: [(&str, &str, &str); 5] = [
    ("silent", "", ""),
    ("first line", "G", "E"),
    ("headers", "GET /health HTTP/1.1\r\nHost: a\r\n", "X-A: 1\r\n"),
    (
        "body",
        "POST /api/v2/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n",
        " ",
    ),
    (
        "chunks",
        "POST /api/v2/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\
         Transfer-Encoding: chunked\r\n\r\n",
        "1\r\n \r\n",
    ),
];

/// Talks slowly until the server has had enough; tells when.
fn endured(address: SocketAddr, (kind, first, again): (&str, &str, &str)) -> Duration {
    let began = Instant::now();
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    stream.write_all(first.as_bytes()).unwrap();
    let mut heard = [0; 4_096];
    loop {
        // Once it is dropped, writing may fail before reading tells.
        if stream.write_all(again.as_bytes()).is_err() {
            return began.elapsed();
        }
        match stream.read(&mut heard) {
            Ok(0) => return began.elapsed(),
            Ok(_) => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => return began.elapsed(),
        }
        assert!(began.elapsed() < DROPPED + GRACE, "{kind} is still there");
    }
}

/// Asks for something large and reads as little as possible; tells when the server had enough.
fn unread(address: SocketAddr) -> Duration {
    let began = Instant::now();
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT).unwrap();
    stream.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    // Many answers wait behind each other, so that no buffer of the system holds them all.
    let ask = "GET /api/docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: a\r\n\r\n".repeat(20);
    stream.write_all(ask.as_bytes()).unwrap();
    loop {
        std::thread::park_timeout(Duration::from_millis(500));
        let sent = stream.write_all(b"GET");
        if sent.is_err_and(|error| {
            !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
        }) {
            return began.elapsed();
        }
        assert!(began.elapsed() < DROPPED + GRACE, "a reader of nothing is still there");
    }
}

#[test]
fn slow_callers_are_dropped_and_honest_ones_served() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path());
    let address = server.address();
    let honest = Caller::register(address, "user@example.com");
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let crowd: Vec<_> = KINDS
            .into_iter()
            .flat_map(|kind| (0..CALLERS).map(move |_| kind))
            .map(|kind| scope.spawn(move || (kind.0, endured(address, kind))))
            .chain((0..CALLERS).map(|_| scope.spawn(move || ("answer", unread(address)))))
            .collect();
        let served = scope.spawn(|| {
            let mut took = Vec::new();
            while !over.load(Ordering::Acquire) {
                let began = Instant::now();
                honest.get("/api/v2/status").good();
                took.push(began.elapsed());
                std::thread::park_timeout(Duration::from_millis(100));
            }
            took.sort_unstable();
            took[took.len() * 95 / 100]
        });
        let dropped: Vec<_> = crowd.into_iter().map(|caller| caller.join()).collect();
        over.store(true, Ordering::Release);
        for (kind, took) in dropped.into_iter().map(Result::unwrap) {
            assert!(took < DROPPED + GRACE, "{kind} was dropped after {took:?} only");
        }
        let p95 = served.join().unwrap();
        assert!(p95 < Duration::from_secs(1), "honest callers waited {p95:?}");
    });
    assert!(!server.text().contains("panicked"), "{}", server.text());
}
