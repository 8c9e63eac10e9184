//! Who is behind a request that came by way of a reverse proxy, and whether it came over https.
//!
//! `X-Forwarded-For`, `X-Forwarded-Proto` and `Forwarded` (RFC 7239) are words that anybody can send. They count when the peer
//! is a trusted proxy (`http.trusted_proxies`), and from the right: each proxy appends whom it has seen, so the first address
//! from the right that is no trusted proxy is the client, and what stands before it was made up by the client or its network.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use actix_web::http::header::{HeaderMap, HeaderName};
use actix_web::{HttpRequest, web};
use tokio::sync::watch;

use crate::base::network::Network;

/// More entries than any chain of proxies has; what is before them is not read.
const LONGEST_CHAIN: usize = 32;

/// The proxies that are believed, as the configuration says now.
#[derive(Clone, Debug)]
pub(super) struct TrustedProxies(pub(super) watch::Receiver<Vec<Network>>);

/// Where a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RequestSource {
    /// The client's address; IPv4 in its own form.
    pub address: IpAddr,
    /// The client has sent it over https.
    pub is_secure: bool,
}

/// One entry of a chain: whom a proxy has seen, and over which scheme.
struct Hop {
    /// `None` for what is no address (`unknown`, a name, rubbish).
    address: Option<IpAddr>,
    is_https: Option<bool>,
}

/// Where this request comes from.
pub(super) fn source_of(request: &HttpRequest) -> RequestSource {
    let peer = request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |peer| peer.ip());
    let direct = RequestSource { address: peer.to_canonical(), is_secure: request.app_config().secure() };
    match request.app_data::<web::Data<TrustedProxies>>() {
        Some(trusted) => source(direct, request.headers(), &trusted.0.borrow()),
        None => direct,
    }
}

/// The same, of a peer with these headers.
fn source(peer: RequestSource, headers: &HeaderMap, trusted: &[Network]) -> RequestSource {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    if !is_trusted(peer.address) {
        return peer;
    }
    let walk = |hops: Vec<Hop>| behind(peer, &hops, is_trusted);
    match (x_forwarded(headers), forwarded(headers)) {
        (Some(hops), None) | (None, Some(hops)) => walk(hops),
        (None, None) => peer,
        // A proxy writes one of them and may pass on the other as the client has sent it: which, nobody knows.
        (Some(one), Some(other)) => {
            let (one, other) = (walk(one), walk(other));
            if one.address == other.address {
                RequestSource { is_secure: one.is_secure && other.is_secure, ..one }
            } else {
                peer
            }
        }
    }
}

/// Follows the chain from its end for as long as trusted proxies speak.
fn behind(peer: RequestSource, hops: &[Hop], is_trusted: impl Fn(IpAddr) -> bool) -> RequestSource {
    let mut found = peer;
    for hop in hops.iter().rev().take(LONGEST_CHAIN) {
        // Each entry was written by the one before, who is trusted.
        found.is_secure = hop.is_https.unwrap_or(found.is_secure);
        let Some(address) = hop.address else { break };
        found.address = address;
        if !is_trusted(address) {
            break;
        }
    }
    found
}

/// `X-Forwarded-For` with `X-Forwarded-Proto`, which may have fewer entries: a proxy that does not append overwrites.
fn x_forwarded(headers: &HeaderMap) -> Option<Vec<Hop>> {
    let addresses = parts(headers, "x-forwarded-for");
    let schemes = parts(headers, "x-forwarded-proto");
    if addresses.is_empty() && schemes.is_empty() {
        return None;
    }
    let schemes: Vec<bool> = schemes.into_iter().rev().map(is_https).collect();
    let scheme_at = |from_the_end: usize| schemes.get(from_the_end).or(schemes.last()).copied();
    if addresses.is_empty() {
        return Some(vec![Hop { address: None, is_https: scheme_at(0) }]);
    }
    let last = addresses.len() - 1;
    let hop = |(index, text): (usize, &str)| Hop { address: address(text), is_https: scheme_at(last - index) };
    Some(addresses.into_iter().enumerate().map(hop).collect())
}

/// `Forwarded: for=192.0.2.1;proto=https, for="[2001:db8::1]:4711"`.
fn forwarded(headers: &HeaderMap) -> Option<Vec<Hop>> {
    let elements = parts(headers, "forwarded");
    let hop = |element: &str| {
        let value = |wanted: &str| {
            let mut pairs = element.split(';').filter_map(|pair| pair.split_once('='));
            let (_, value) = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted))?;
            Some(value.trim().trim_matches('"'))
        };
        Hop { address: value("for").and_then(address), is_https: value("proto").map(is_https) }
    };
    (!elements.is_empty()).then(|| elements.into_iter().map(hop).collect())
}

/// Entries of a list that may be spread over several lines. What cannot be read is an entry that is no address.
fn parts<'a>(headers: &'a HeaderMap, name: &'static str) -> Vec<&'a str> {
    let lines = headers.get_all(HeaderName::from_static(name)).map(|line| line.to_str().unwrap_or("?"));
    lines.flat_map(|line| line.split(',')).map(str::trim).filter(|part| !part.is_empty()).collect()
}

fn is_https(scheme: &str) -> bool {
    scheme.trim_matches('"').eq_ignore_ascii_case("https")
}

/// An address, alone, in brackets or with a port.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let with_port = || text.parse::<SocketAddr>().map(|address| address.ip());
    bare.parse::<IpAddr>().or_else(|_| with_port()).ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn found(peer: &str, lines: Lines<'_>) -> (String, bool) {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).expect(value));
        }
        let trusted = ["127.0.0.1", "::1", "10.0.0.0/8"].map(|network| network.parse().expect(network));
        let address: IpAddr = peer.parse().expect(peer);
        let peer = RequestSource { address: address.to_canonical(), is_secure: false };
        let source = source(peer, &headers, &trusted);
        (source.address.to_string(), source.is_secure)
    }

    /// Headers of a request.
    type Lines<'a> = &'a [(&'static str, &'a str)];

    const FOR: &str = "x-forwarded-for";
    const PROTO: &str = "x-forwarded-proto";

    #[test]
    fn only_what_trusted_proxies_have_written_is_believed() {
        let table: &[(&str, Lines<'_>, &str, bool)] = &[
            ("127.0.0.1", &[], "127.0.0.1", false),
            ("127.0.0.1", &[(FOR, "203.0.113.7"), (PROTO, "https")], "203.0.113.7", true),
            ("::ffff:127.0.0.1", &[(FOR, "203.0.113.7")], "203.0.113.7", false),
            // A stranger says what it likes.
            ("203.0.113.7", &[(FOR, "10.0.0.1"), (PROTO, "https")], "203.0.113.7", false),
            ("203.0.113.7", &[("forwarded", "for=10.0.0.1;proto=https")], "203.0.113.7", false),
            // What the client has sent stands before what the proxy has appended.
            ("127.0.0.1", &[(FOR, "198.51.100.1, 203.0.113.7")], "203.0.113.7", false),
            ("127.0.0.1", &[(FOR, "198.51.100.1"), (FOR, "203.0.113.7")], "203.0.113.7", false),
            ("127.0.0.1", &[(FOR, "127.0.0.1, 203.0.113.7")], "203.0.113.7", false),
            // A chain of trusted ones.
            ("127.0.0.1", &[(FOR, "1.1.1.1, 203.0.113.7, 10.0.0.2, 10.0.0.1")], "203.0.113.7", false),
            ("127.0.0.1", &[(FOR, "10.0.0.9, 10.0.0.1")], "10.0.0.9", false),
            // Rubbish ends the chain at the last one that is known.
            ("127.0.0.1", &[(FOR, "203.0.113.7, rubbish")], "127.0.0.1", false),
            ("127.0.0.1", &[(FOR, "203.0.113.7, rubbish, 10.0.0.1")], "10.0.0.1", false),
            ("127.0.0.1", &[(FOR, "203.0.113.7\u{e4}")], "127.0.0.1", false),
            ("127.0.0.1", &[(FOR, ",, ,")], "127.0.0.1", false),
            // Ports and brackets.
            ("127.0.0.1", &[(FOR, "203.0.113.7:1234")], "203.0.113.7", false),
            ("::1", &[(FOR, "2001:db8::7")], "2001:db8::7", false),
            ("::1", &[(FOR, "[2001:db8::7]:99")], "2001:db8::7", false),
            ("::1", &[(FOR, "::ffff:203.0.113.7")], "203.0.113.7", false),
        ];
        for (peer, lines, address, is_secure) in table {
            assert_eq!(found(peer, lines), ((*address).to_owned(), *is_secure), "{peer} {lines:?}");
        }
    }

    #[test]
    fn the_scheme_is_that_of_the_client_s_connection() {
        let table: &[(&[(&str, &str)], bool)] = &[
            (&[(PROTO, "https")], true),
            (&[(PROTO, "HTTPS")], true),
            (&[(PROTO, "http")], false),
            (&[(PROTO, "wss")], false),
            // Appended: what the client has made up stands before.
            (&[(FOR, "203.0.113.7"), (PROTO, "https, http")], false),
            (&[(FOR, "198.51.100.1, 203.0.113.7"), (PROTO, "https, http")], false),
            // The outer proxy took https, and spoke http with the inner one.
            (&[(FOR, "203.0.113.7, 10.0.0.1"), (PROTO, "https, http")], true),
            (&[(FOR, "203.0.113.7, 10.0.0.1"), (PROTO, "https")], true),
            (&[("forwarded", "for=203.0.113.7;proto=https, for=10.0.0.1;proto=http")], true),
            (&[("forwarded", "for=198.51.100.1;proto=https, for=203.0.113.7;proto=http")], false),
        ];
        for (lines, is_secure) in table {
            assert_eq!(found("127.0.0.1", lines).1, *is_secure, "{lines:?}");
        }
    }

    #[test]
    fn forwarded_is_read_like_the_older_words_and_never_against_them() {
        let table: &[(&[(&str, &str)], &str)] = &[
            (&[("forwarded", "for=203.0.113.7;proto=http;by=10.0.0.1")], "203.0.113.7"),
            (&[("forwarded", "By=10.0.0.1; For=\"[2001:db8::7]:4711\"")], "2001:db8::7"),
            (&[("forwarded", "for=198.51.100.1"), ("forwarded", "for=203.0.113.7")], "203.0.113.7"),
            (&[("forwarded", "for=203.0.113.7, for=unknown")], "127.0.0.1"),
            (&[("forwarded", "for=_hidden")], "127.0.0.1"),
            (&[("forwarded", "for=\"198.51.100.1, for=203.0.113.7")], "203.0.113.7"),
            (&[("forwarded", "for=203.0.113.7"), (FOR, "203.0.113.7")], "203.0.113.7"),
            // One of them was sent by the client.
            (&[("forwarded", "for=198.51.100.1"), (FOR, "203.0.113.7")], "127.0.0.1"),
        ];
        for (lines, address) in table {
            assert_eq!(found("127.0.0.1", lines).0, *address, "{lines:?}");
        }
    }

    #[test]
    fn a_chain_without_end_is_read_to_a_bound() {
        let endless = vec!["10.0.0.1"; 5_000].join(", ");
        assert_eq!(found("127.0.0.1", &[(FOR, &format!("203.0.113.7, {endless}"))]).0, "10.0.0.1");
    }
}
