//! Who is calling, as an address: the socket's, or what a trusted proxy says. Nobody else is
//! believed.

use axum::http::HeaderMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

/// The socket's other end, put into each request by the server.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

/// Where a request comes from: IPv4 whole, IPv6 by its /64, the unit that limits are kept by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Origin(pub(crate) IpAddr);

impl Origin {
    /// Does it lie on this machine? The /64 of `::1` holds nothing else.
    pub(crate) fn is_this_machine(self) -> bool {
        self.0.is_loopback() || self.0 == IpAddr::V6(Ipv6Addr::UNSPECIFIED)
    }
}

/// A range of addresses, like `10.0.0.0/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: u128,
    mask: u128,
}

/// A text that is no range of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a range of addresses; write it like 10.0.0.0/8 or fd00::/8")]
pub struct NotANetwork;

const fn wide(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

impl FromStr for Network {
    type Err = NotANetwork;
    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NotANetwork)?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let prefix: u32 = prefix.map_or(Ok(width), str::parse).map_err(|_| NotANetwork)?;
        if prefix > width {
            return Err(NotANetwork);
        }
        let mask = u128::MAX.checked_shl(width - prefix).unwrap_or(0);
        Ok(Self { address: wide(address) & mask, mask })
    }
}

impl Network {
    /// Is the address in the range?
    #[must_use]
    pub const fn contains(&self, address: IpAddr) -> bool {
        wide(address) & self.mask == self.address
    }
}

/// The caller's address: walks `X-Forwarded-For` from the right as long as proxies are trusted.
pub(crate) fn origin(peer: Option<Peer>, headers: &HeaderMap, trusted: &[Network]) -> Origin {
    let unknown = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    let mut address = peer.map_or(unknown, |peer| peer.0.ip()).to_canonical();
    let believes = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    let forwarded = headers.get_all("x-forwarded-for").iter().rev();
    let hops = forwarded.filter_map(|v| v.to_str().ok()).flat_map(|v| v.rsplit(','));
    for hop in hops {
        if !believes(address) {
            break;
        }
        match hop.trim().parse::<IpAddr>() {
            Ok(next) => address = next.to_canonical(),
            Err(_) => break,
        }
    }
    Origin(match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().unwrap());
        }
        let trusted: Vec<Network> = trusted.iter().map(|t| t.parse().unwrap()).collect();
        origin(Some(Peer(peer.parse().unwrap())), &headers, &trusted).0.to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        assert_eq!(seen("9.9.9.9:1", &["1.1.1.1"], &["10.0.0.0/8"]), "9.9.9.9");
        assert_eq!(seen("10.1.1.1:1", &["1.1.1.1"], &["10.0.0.0/8"]), "1.1.1.1");
        assert_eq!(seen("10.1.1.1:1", &["6.6.6.6, 1.1.1.1, 10.2.2.2"], &["10.0.0.0/8"]), "1.1.1.1");
        assert_eq!(seen("10.1.1.1:1", &["6.6.6.6", "1.1.1.1"], &["10.0.0.0/8"]), "1.1.1.1");
        assert_eq!(seen("10.1.1.1:1", &["nonsense"], &["10.0.0.0/8"]), "10.1.1.1");
        assert_eq!(seen("[::ffff:9.9.9.9]:1", &[], &[]), "9.9.9.9");
        assert_eq!(seen("[2001:db8:1:2:3::4]:1", &[], &[]), "2001:db8:1:2::");
    }

    #[test]
    fn this_machine_is_known() {
        let here = |peer: &str| {
            origin(Some(Peer(peer.parse().unwrap())), &HeaderMap::new(), &[]).is_this_machine()
        };
        assert!(here("127.0.0.1:1") && here("[::1]:1") && here("[::ffff:127.9.9.9]:1"));
        assert!(!here("10.0.0.1:1") && !here("[fd00::1]:1"));
        assert!(!origin(None, &HeaderMap::new(), &[]).is_this_machine());
    }

    #[test]
    fn ranges_are_read_and_refused() {
        let all: Network = "0.0.0.0/0".parse().unwrap();
        assert!(all.contains("8.8.8.8".parse().unwrap()));
        assert!(!all.contains("2001:db8::1".parse().unwrap()));
        for text in ["", "10.0.0.0/33", "10.0.0/8", "fd00::/129", "10.0.0.0/x"] {
            assert_eq!(text.parse::<Network>(), Err(NotANetwork), "{text}");
        }
    }
}
