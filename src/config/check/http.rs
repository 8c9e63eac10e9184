//! `http`: where the page and the API are served, to whom, and below which path.

use super::checker::Checker;
use super::listen::parse_listen;
use super::status_page_keys::status_page;
use super::values::{list, networks, path, text, whole};
use super::{logins, urls};
use crate::base::network::Network;
use crate::config::complaint::ConfigFault;
use crate::config::raw::RawEntry;
use crate::config::settings::{HttpSettings, TlsFiles};

/// Each has two descriptors and a queue.
const MOST_WEBSOCKETS: i64 = 10_000;

pub(super) fn http(check: &mut Checker<'_>) -> HttpSettings {
    let listen = check.read("http.listen", |entry| parse_listen(text(entry)?.trim()));
    let origins =
        check.read("http.allowed_origins", |entry| list(entry)?.iter().map(|item| urls::origin(item)).collect());
    let websocket_clients = clients(check, "http.websocket_clients").unwrap_or(200);
    let of_one = clients(check, "http.websocket_clients_per_address");
    HttpSettings {
        listen: listen.unwrap_or(([127, 0, 0, 1], 8080).into()),
        allowed_origins: origins.unwrap_or_default(),
        trusted_proxies: check.read("http.trusted_proxies", networks).unwrap_or_else(this_machine),
        users: check.read("http.users", logins::users).unwrap_or_default(),
        tokens: check.read("http.tokens", logins::tokens).unwrap_or_default(),
        base_path: check.read("http.base_path", base_path).unwrap_or_default(),
        tls: tls(check),
        websocket_clients,
        websocket_clients_per_address: of_one.unwrap_or(50.min(websocket_clients)),
        status_page: status_page(check),
    }
}

/// Loopback: a proxy on the same machine.
fn this_machine() -> Vec<Network> {
    ["127.0.0.0/8", "::1"].into_iter().filter_map(|network| network.parse().ok()).collect()
}

fn clients(check: &mut Checker<'_>, key: &str) -> Option<usize> {
    check.read(key, |entry| whole(entry, 1..=MOST_WEBSOCKETS)).and_then(|count| usize::try_from(count).ok())
}

/// Beginnings of our own addresses, which a prefix could not be told from.
const OWN: [&str; 6] = ["api", "assets", "health", "metrics", "ready", "status"];

/// A path that a reverse proxy keeps us below: `/cams`; empty for the root.
fn base_path(entry: &RawEntry) -> Result<String, ConfigFault> {
    let typed = text(entry)?;
    let shown: String = typed.chars().take(60).collect();
    let wrong = |what: &str| {
        let remedy = "write the path below which browsers find the page, such as \"/cams\"; leave it out for \"/\"";
        ConfigFault::new(format!("{shown:?} {what}"), remedy)
    };
    let Some(path) = typed.trim().strip_prefix('/') else { return Err(wrong("does not begin with a slash")) };
    let path = path.strip_suffix('/').unwrap_or(path);
    if path.is_empty() {
        return Ok(String::new());
    }
    let is_plain = |part: &str| {
        let letters = part.chars().all(|c| c.is_ascii_alphanumeric() || "-._~".contains(c));
        letters && !matches!(part, "" | "." | "..")
    };
    if path.len() > 200 || !path.split('/').all(is_plain) {
        return Err(wrong("is not a path of letters, digits, '-', '.', '_' and '~'"));
    }
    match path.split('/').next() {
        Some(first) if OWN.contains(&first) => Err(wrong("begins like an address of the API or of the page")),
        _ => Ok(format!("/{path}")),
    }
}

/// Certificate and key: both or neither.
fn tls(check: &mut Checker<'_>) -> Option<TlsFiles> {
    const KEYS: [&str; 2] = ["http.tls_cert", "http.tls_key"];
    for (given, missing) in [(KEYS[0], KEYS[1]), (KEYS[1], KEYS[0])] {
        if check.is_given(given) && !check.is_given(missing) {
            let fault = ConfigFault::new(format!("is given without {missing}"), "give both, or neither for plain HTTP");
            check.complain(given, fault);
        }
    }
    let (cert, key) = (check.read(KEYS[0], path), check.read(KEYS[1], path));
    cert.zip(key).map(|(cert, key)| TlsFiles { cert, key })
}
