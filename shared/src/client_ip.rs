//! The client's address: the peer's, or the one that trusted proxies vouch for.

use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use axum::http::HeaderMap;
use ipnet::IpNet;

/// Hops of `X-Forwarded-For` that are looked at; more is no honest chain of proxies.
const MOST_HOPS: usize = 32;

/// Networks whose word about the client's address is believed: `TRUSTED_PROXIES`, a list of CIDRs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

/// An entry of `TRUSTED_PROXIES` is neither an address nor a network.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a list of networks such as 10.0.0.0/8,fd00::/8")]
pub struct NotNetworks;

impl FromStr for TrustedProxies {
    type Err = NotNetworks;

    fn from_str(text: &str) -> Result<Self, NotNetworks> {
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        let network =
            |entry: &str| entry.parse().or_else(|_| entry.parse::<IpAddr>().map(IpNet::from)).ok();
        entries.map(network).collect::<Option<Vec<_>>>().map(Self).ok_or(NotNetworks)
    }
}

impl TrustedProxies {
    /// Whether `address` is one of the trusted proxies.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The address of the client behind `peer`.
    ///
    /// `X-Forwarded-For` counts only when the peer is trusted; then it is the rightmost hop that is
    /// not a trusted proxy itself. Whatever stands left of it was written by the client. A hop that
    /// is no address ends the walk: the last trusted one is the answer.
    #[must_use]
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        if self.0.is_empty() || !self.contains(client) {
            return client;
        }
        let lines = headers.get_all("x-forwarded-for").into_iter().collect::<Vec<_>>();
        let hops = lines.iter().rev().flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
        for hop in hops.take(MOST_HOPS) {
            let Some(address) = parse_hop(hop) else { break };
            client = address;
            if !self.contains(address) {
                break;
            }
        }
        client
    }
}

/// One hop: an address, possibly with a port, possibly in brackets.
fn parse_hop(hop: &[u8]) -> Option<IpAddr> {
    let hop = std::str::from_utf8(hop).ok()?.trim();
    let address = if let Some(rest) = hop.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        let is_port = |text: &str| text.strip_prefix(':').is_some_and(|p| p.parse::<u16>().is_ok());
        (port.is_empty() || is_port(port))
            .then(|| address.parse::<Ipv6Addr>().ok())?
            .map(IpAddr::V6)
    } else {
        hop.parse().ok().or_else(|| {
            let (address, port) = hop.rsplit_once(':')?;
            port.parse::<u16>().ok()?;
            address.parse::<std::net::Ipv4Addr>().ok().map(IpAddr::V4)
        })
    };
    address.map(|address| address.to_canonical())
}

/// What counters count by: an IPv4 address, or the /64 of an IPv6 address, since one customer
/// usually has that many.
#[must_use]
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn client(trusted: &str, peer: &str, forwarded: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", HeaderValue::from_str(line).unwrap());
        }
        let trusted = trusted.parse::<TrustedProxies>().unwrap();
        trusted.client(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn an_untrusted_peer_cannot_claim_another_address() {
        assert_eq!(client("", "203.0.113.9", &["1.2.3.4"]), "203.0.113.9");
        assert_eq!(client("10.0.0.0/8", "203.0.113.9", &["1.2.3.4"]), "203.0.113.9");
    }

    #[test]
    fn the_rightmost_untrusted_hop_is_the_client() {
        let trusted = "10.0.0.0/8";
        assert_eq!(
            client(trusted, "10.0.0.1", &["6.6.6.6, 198.51.100.7, 10.1.1.1"]),
            "198.51.100.7"
        );
        assert_eq!(client(trusted, "10.0.0.1", &["6.6.6.6", "198.51.100.7"]), "198.51.100.7");
        assert_eq!(client(trusted, "10.0.0.1", &["10.2.2.2"]), "10.2.2.2");
        assert_eq!(client(trusted, "10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn ports_brackets_and_mapped_addresses_are_understood() {
        let trusted = "10.0.0.0/8";
        assert_eq!(client(trusted, "10.0.0.1", &["198.51.100.7:1234"]), "198.51.100.7");
        assert_eq!(client(trusted, "10.0.0.1", &["[2001:db8::1]:443"]), "2001:db8::1");
        assert_eq!(client(trusted, "10.0.0.1", &["2001:db8::1"]), "2001:db8::1");
        assert_eq!(client(trusted, "::ffff:10.0.0.1", &["::ffff:1.2.3.4"]), "1.2.3.4");
    }

    #[test]
    fn garbage_ends_the_walk_at_the_last_trusted_hop() {
        let trusted = "10.0.0.0/8";
        assert_eq!(client(trusted, "10.0.0.1", &["1.2.3.4, unknown, 10.3.3.3"]), "10.3.3.3");
        assert_eq!(client(trusted, "10.0.0.1", &["[::1"]), "10.0.0.1");
        let hundred = ["10.9.9.9"; 100].join(",");
        assert_eq!(client(trusted, "10.0.0.1", &[&format!("1.2.3.4,{hundred}")]), "10.9.9.9");
    }

    #[test]
    fn ipv6_counts_by_64() {
        let network = |text: &str| network(text.parse().unwrap()).to_string();
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), network("2001:db8:1:2::1"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_eq!(network("::ffff:1.2.3.4"), "1.2.3.4");
    }

    #[test]
    fn a_network_that_is_none_is_refused() {
        for bad in ["10.0.0.0/33", "example.com", "10.0.0.1;10.0.0.2"] {
            assert_eq!(bad.parse::<TrustedProxies>(), Err(NotNetworks), "{bad}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn no_header_makes_it_panic(hops in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut headers = HeaderMap::new();
            if let Ok(value) = HeaderValue::from_bytes(&hops) {
                headers.append("x-forwarded-for", value);
            }
            let trusted = "127.0.0.0/8,::1".parse::<TrustedProxies>().unwrap();
            let _ = trusted.client("127.0.0.1".parse().unwrap(), &headers);
        }

        #[test]
        fn whatever_stands_left_of_the_client_changes_nothing(left in "[ -+\\--~]{0,80}") {
            let claimed = format!("{left},198.51.100.7");
            prop_assert_eq!(client("10.0.0.0/8", "10.0.0.1", &[&claimed]), "198.51.100.7");
        }
    }
}
