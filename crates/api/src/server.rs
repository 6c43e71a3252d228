//! The accept loop: HTTP/1 only, and a time limit on everything a caller can draw out
//!. `axum::serve` has none of these limits. TLS ends at a proxy in front.

use crate::address::{Network, Peer};
use axum::Router;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, Sleep, sleep, timeout};
use tower::Service;

/// Limits of the server.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections at once.
    pub connections: usize,
    /// Connections at once from one address; trusted proxies are exempt.
    pub connections_per_address: usize,
    /// From the connection to its first byte.
    pub first_byte: Duration,
    /// A request's headers; also how long a connection may rest between requests.
    pub headers: Duration,
    /// Within so long a caller takes 10 KiB of an answer that waits for it, or all of it.
    pub stalled_write: Duration,
    /// How long running requests may take after the stop.
    pub shutdown: Duration,
    /// Proxies that many callers share.
    pub trusted_proxies: Vec<Network>,
}

impl Default for Limits {
    fn default() -> Self {
        let ten = Duration::from_secs(10);
        Self {
            connections: 10_000,
            connections_per_address: 200,
            first_byte: ten,
            headers: ten,
            stalled_write: ten,
            shutdown: ten,
            trusted_proxies: Vec::new(),
        }
    }
}

const HEADER_BLOCK: usize = 16 * 1024;
const HEADER_COUNT: usize = 100;

/// How many connections each address has; never more rows than connections.
#[derive(Clone, Default)]
struct Addresses(Arc<Mutex<HashMap<IpAddr, usize>>>);

struct Place {
    addresses: Addresses,
    address: IpAddr,
}

impl Addresses {
    fn take(&self, address: IpAddr, most: usize) -> Option<Place> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(address).or_insert(0);
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Place { addresses: self.clone(), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.addresses.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.address);
            }
        }
    }
}

/// Serves until `shutdown` ends, then lets running requests finish for [`Limits::shutdown`] and
/// drops the rest.
///
/// # Errors
/// When the listener itself fails; single connections never end the server.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    shutdown: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    listener.local_addr()?;
    let room = Arc::new(Semaphore::new(limits.connections));
    let addresses = Addresses::default();
    let graceful = GracefulShutdown::new();
    let mut running = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let permit = tokio::select! {
            () = &mut shutdown => break,
            permit = Arc::clone(&room).acquire_owned() => permit.map_err(io::Error::other)?,
        };
        let (stream, peer) = tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of descriptors, or the caller left already: neither is worth ending for.
                    tracing::warn!(%error, "accept");
                    sleep(Duration::from_millis(20)).await;
                    continue;
                }
            },
        };
        while running.try_join_next().is_some() {}
        let shared = limits.trusted_proxies.iter().any(|network| network.contains(peer.ip()));
        let most = if shared { usize::MAX } else { limits.connections_per_address };
        let Some(place) = addresses.take(peer.ip(), most) else {
            continue;
        };
        let (router, limits, watcher) = (router.clone(), limits.clone(), graceful.watcher());
        running.spawn(async move {
            let _held = (permit, place);
            let _ = stream.set_nodelay(true);
            if !speaks(&stream, limits.first_byte).await {
                return;
            }
            let service = service_fn(move |request| answer(router.clone(), request, peer));
            let patient = Patient::new(stream, limits.stalled_write);
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(limits.headers)
                .max_buf_size(HEADER_BLOCK)
                .max_headers(HEADER_COUNT)
                .serve_connection(TokioIo::new(patient), service);
            if let Err(error) = watcher.watch(connection).await {
                tracing::debug!(%error, "connection");
            }
        });
    }
    drop(listener);
    if timeout(limits.shutdown, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests were still running at the end of the shutdown time");
    }
    running.shutdown().await;
    Ok(())
}

async fn speaks(stream: &TcpStream, within: Duration) -> bool {
    matches!(timeout(within, stream.peek(&mut [0])).await, Ok(Ok(1)))
}

async fn answer(
    mut router: Router,
    request: hyper::Request<Incoming>,
    peer: SocketAddr,
) -> Result<axum::response::Response, std::convert::Infallible> {
    let mut request: Request = request.map(axum::body::Body::new);
    request.extensions_mut().insert(Peer(peer));
    router.call(request).await
}

/// What a caller takes at least within [`Limits::stalled_write`].
const TAKEN_LEAST: usize = 10 * 1024;

/// A stream whose reader must keep taking: whoever takes a byte now and then is dropped like one who takes none.
struct Patient {
    stream: TcpStream,
    limit: Duration,
    deadline: Option<Pin<Box<Sleep>>>,
    /// Bytes taken since the deadline was set.
    taken: usize,
}

impl Patient {
    const fn new(stream: TcpStream, limit: Duration) -> Self {
        Self { stream, limit, deadline: None, taken: 0 }
    }

    /// Sets, checks or lifts the deadline after a write that led to `outcome`.
    fn hold(
        &mut self,
        context: &mut Context<'_>,
        outcome: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match outcome {
            Poll::Ready(Ok(taken)) => {
                self.taken = self.taken.saturating_add(taken);
                if self.taken >= TAKEN_LEAST {
                    self.lift();
                }
                outcome
            }
            Poll::Ready(Err(_)) => outcome,
            Poll::Pending => {
                let until = Instant::now() + self.limit;
                let deadline =
                    self.deadline.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until)));
                if deadline.as_mut().poll(context).is_pending() {
                    return Poll::Pending;
                }
                // Else the system would go on feeding what was written to a caller who hardly reads.
                let _ = self.stream.set_zero_linger();
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
        }
    }

    fn lift(&mut self) {
        self.deadline = None;
        self.taken = 0;
    }
}

impl AsyncRead for Patient {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Patient {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.hold(context, outcome)
    }
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Nothing waits any more.
        self.lift();
        Pin::new(&mut self.stream).poll_flush(context)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.hold(context, outcome)
    }
    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
