//! Callers from many addresses: the server takes the loopback for a proxy, so each request may say where it comes
//! from. With them, what a proxy's visitors are measured by: percentiles, and the memory of a process.

use super::http::{Connection, Reply};
use super::server::Site;
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

/// The server behind a proxy that is this machine.
pub(crate) fn behind_a_proxy(site: Site) -> Site {
    site.with("NIJA_TRUSTED_PROXIES", "127.0.0.1")
}

/// The n-th address of a private network.
pub(crate) fn address(network: u8, n: u32) -> Ipv4Addr {
    Ipv4Addr::from_bits(Ipv4Addr::new(10, network, 0, 0).to_bits() | (n & 0xffff))
}

/// A request with a body, as somebody at an address sends it.
pub(crate) fn request(
    (method, path): (&str, &str),
    from: Ipv4Addr,
    token: &str,
    body: Option<&[u8]>,
) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: a\r\nx-forwarded-for: {from}\r\n");
    if !token.is_empty() {
        text.push_str(&format!("authorization: Bearer {token}\r\n"));
    }
    if let Some(body) = body {
        let length = body.len();
        text.push_str(&format!("content-type: application/json\r\ncontent-length: {length}\r\n"));
    }
    text.push_str("\r\n");
    [text.as_bytes(), body.unwrap_or_default()].concat()
}

/// Registers somebody, and gives the access token.
pub(crate) fn register(
    to: SocketAddr,
    email: &str,
    password: &str,
    from: Ipv4Addr,
) -> Result<String> {
    let body = json!({"email": email, "password": password, "tier": "INVESTOR", "initial_capital": 100_000});
    let route = ("POST", "/api/v2/register");
    let reply =
        Connection::open(to)?.raw(&request(route, from, "", Some(body.to_string().as_bytes())))?;
    match reply.body["access_token"].as_str() {
        Some(token) => Ok(token.to_owned()),
        None => bail!("{email} was not registered: {} {}", reply.status, reply.body),
    }
}

/// Sends over a kept connection, or over another one where it was closed meanwhile.
pub(crate) fn ask(kept: &mut Option<Connection>, to: SocketAddr, request: &[u8]) -> Result<Reply> {
    if let Some(connection) = kept
        && let Ok(reply) = connection.raw(request)
    {
        return Ok(reply);
    }
    let mut connection = Connection::open(to)?;
    let reply = connection.raw(request)?;
    *kept = Some(connection);
    Ok(reply)
}

/// Milliseconds that 95 of 100 stay below.
pub(crate) fn p95_ms(times: &mut [Duration]) -> f64 {
    times.sort_unstable();
    let at = times.len().saturating_sub(1) * 95 / 100;
    times.get(at).map_or(0.0, |time| time.as_secs_f64() * 1_000.0)
}

/// How long something takes.
pub(crate) fn timed<T>(what: impl FnOnce() -> Result<T>) -> Result<(Duration, T)> {
    let began = Instant::now();
    let done = what()?;
    Ok((began.elapsed(), done))
}

/// Resident memory of a process, MiB, and the most that it ever was.
pub(crate) fn memory(process: u32) -> Result<(u64, u64)> {
    let path = format!("/proc/{process}/status");
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    let line = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse::<u64>().ok()
    };
    let kib = line("VmRSS:").zip(line("VmHWM:"));
    let (now, most) = kib.with_context(|| format!("{path} tells no memory"))?;
    Ok((now / 1_024, most / 1_024))
}

/// The description of the API, by the server itself.
pub(crate) fn description(to: SocketAddr) -> Result<Value> {
    let get = request(("GET", "/api/openapi.json"), address(255, 1), "", None);
    let reply = Connection::open(to)?.raw(&get)?;
    if reply.body["paths"].is_null() {
        bail!("the server describes no API: {}", reply.status);
    }
    Ok(reply.body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_differ_and_percentiles_are_of_the_slow_end() {
        assert_eq!(address(7, 258).to_string(), "10.7.1.2");
        let mut times: Vec<Duration> = (1..=100).rev().map(Duration::from_millis).collect();
        assert!((p95_ms(&mut times) - 95.0).abs() < 1.5);
        assert!(p95_ms(&mut []).abs() < f64::EPSILON);
        let (now, most) = memory(std::process::id()).unwrap();
        assert!(now > 0 && most >= now);
    }
}
