//! The way in: who may reach it, who is believed, whose scripts may call.

use super::Findings;
use crate::config::Config;
use std::net::{IpAddr, Ipv4Addr};

pub(super) fn look(config: &Config, findings: &mut Findings) {
    const PROXIES: &str = "NIJA_TRUSTED_PROXIES";
    let inside = config.listen.ip().is_loopback();
    let proxied = !config.trusted_proxies.is_empty();
    if !inside && !proxied && !config.no_proxy {
        let found =
            format!("is not set, and {} is open to other machines without TLS", config.listen);
        let todo = "name the proxies in front that end TLS, or set it to `none` if there is none on purpose";
        findings.refuse(PROXIES, found, todo);
    }
    let all = |at: [u8; 4]| {
        let at = IpAddr::V4(Ipv4Addr::from(at));
        config.trusted_proxies.iter().any(|network| network.contains(at))
    };
    if all([0, 0, 0, 1]) && all([255, 255, 255, 254]) {
        let found = "trusts everyone, so every caller could invent its own address";
        findings.refuse(PROXIES, found, "name the proxies' own addresses");
    }
    if config.tls && config.no_proxy {
        findings.refuse("NIJA_TLS", "is true without a proxy that ends TLS", "set it to false");
    }
    if proxied && !config.tls {
        let found = "is false behind a proxy: browsers are not told to insist on TLS";
        findings.warn("NIJA_TLS", found, "set it to true where callers come over TLS");
    }
    for (name, origins) in
        [("NIJA_CORS_ORIGINS", &config.cors_origins), ("NIJA_ORIGINS", &config.origins)]
    {
        for origin in origins {
            if origin.contains('*') || origin == "null" {
                let found = format!("{origin} lets scripts of every site call");
                findings.refuse(name, found, "name each origin, like https://app.example");
            } else if !is_origin(origin) {
                findings.refuse(
                    name,
                    format!("{origin} is no origin"),
                    "write it like https://app.example",
                );
            }
        }
    }
}

/// Scheme and host, with a port or without, and nothing behind.
fn is_origin(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|host| !host.is_empty() && !host.contains(['/', ' ', '?', '#', '@']))
}
