//! Who may talk to a service without a login: our own page and programs, not pages of other sites.
//!
//! Two attacks reach a loopback service through a browser. DNS rebinding: a foreign name suddenly resolves to
//! 127.0.0.1, so the `Host` must be one of ours. Cross-site requests: a foreign page posts to us, so whatever changes
//! something must come from our own origin. Programs send neither `Origin` nor `Sec-Fetch-Site` and pass.

use std::net::{IpAddr, SocketAddr};

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, ResponseError, web};
use tokio::sync::watch;
use url::Url;

use super::complaints::RequestComplaints;
use super::credentials::authorization;
use super::forwarded::source_of;
use super::http_error::{ErrorAnswer, Problem};

/// Which hosts and origins are ours.
#[derive(Clone, Debug)]
pub(super) struct OriginPolicy {
    /// Only loopback names and the hosts of `origins`: nobody else could mean a loopback service.
    loopback_only: bool,
    /// Allowed origins in their normal form (`https://host[:port]`), as the configuration says now.
    origins: watch::Receiver<Vec<String>>,
}

/// Origins and hosts that were refused; one line for each.
static REFUSED: RequestComplaints = RequestComplaints::new();

impl OriginPolicy {
    /// The rule for a listener at `listen`; `origins` are the configured ones.
    pub(super) fn new(listen: SocketAddr, origins: watch::Receiver<Vec<String>>) -> Self {
        Self { loopback_only: listen.ip().is_loopback(), origins }
    }

    /// Whether a request with these headers is meant for us. By name alone: proxies pass the port on or leave it out.
    pub(super) fn check_host(&self, headers: &HeaderMap) -> ErrorAnswer<()> {
        let host = text(headers, header::HOST.as_str()).unwrap_or_default();
        let named = |origin: &String| authority(origin).is_some_and(|it| name_of(it) == name_of(host));
        if !self.loopback_only || is_loopback(host) || self.origins.borrow().iter().any(named) {
            return Ok(());
        }
        let host = shortened(host);
        if REFUSED.is_due(&host).is_some() {
            log::warn!(
                host = host.as_str();
                "request refused: it names a host that is not ours; behind a proxy, add the address that browsers show \
                 (https://{host} or http://{host}, with its port if it shows one) to http.allowed_origins and reload"
            );
        }
        let detail = "this address is answered under localhost and 127.0.0.1 only; to use another name, for example \
                      behind a proxy, add its origin to http.allowed_origins and reload the configuration (SIGHUP)";
        Err(Problem::new(StatusCode::FORBIDDEN, detail))
    }

    /// Whether the page that sent these headers, if a page did, is ours. `is_secure`: they came over https.
    pub(super) fn check_origin(&self, headers: &HeaderMap, is_secure: bool) -> ErrorAnswer<()> {
        let refused = |origin: &str| {
            let origin = shortened(origin);
            if REFUSED.is_due(&origin).is_some() {
                log::warn!(
                    origin = origin.as_str();
                    "page refused: its origin is not ours; to let it in, add {origin} to http.allowed_origins and reload"
                );
            }
            let detail = format!(
                "pages of the origin {origin} may not do this; to let them in, add it to http.allowed_origins and reload \
                 the configuration (SIGHUP)"
            );
            Err(Problem::new(StatusCode::FORBIDDEN, detail))
        };
        match text(headers, header::ORIGIN.as_str()) {
            Some(origin) if self.is_ours(origin, headers, is_secure) => Ok(()),
            Some(origin) => refused(&normal(origin).unwrap_or_else(|| "null".to_owned())),
            // A browser that leaves Origin out still says where the request comes from.
            None => match text(headers, "sec-fetch-site") {
                None | Some("same-origin" | "none") => Ok(()),
                Some(_) => refused("null"),
            },
        }
    }

    /// What is served over https has no page of its own over http: that one is somebody's between us and the browser.
    fn is_ours(&self, origin: &str, headers: &HeaderMap, is_secure: bool) -> bool {
        let Some(origin) = normal(origin) else { return false };
        let host = text(headers, header::HOST.as_str());
        let is_same = host.is_some() && authority(&origin) == host && (!is_secure || origin.starts_with("https:"));
        is_same || self.origins.borrow().contains(&origin)
    }
}

/// The middleware.
pub(super) async fn guard(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody, BoxBody>>, Error> {
    let origin_policy = request.app_data::<web::Data<OriginPolicy>>().expect("the app is built with its origin policy");
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let (headers, is_secure) = (request.headers(), source_of(request.request()).is_secure);
    // No page of another site can send this without asking first, which is not allowed.
    let is_program = authorization(headers, "Bearer").is_some();
    match origin_policy
        .check_host(headers)
        .and_then(|()| if changes && !is_program { origin_policy.check_origin(headers, is_secure) } else { Ok(()) })
    {
        Ok(()) => Ok(next.call(request).await?.map_into_left_body()),
        Err(problem) => Ok(request.into_response(problem.error_response()).map_into_right_body()),
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// `HTTPS://Host:443/` becomes `https://host`; `None` for what is no origin, such as `null`.
fn normal(origin: &str) -> Option<String> {
    let origin = Url::parse(origin).ok()?.origin();
    origin.is_tuple().then(|| origin.ascii_serialization())
}

fn authority(origin: &str) -> Option<&str> {
    origin.split_once("://").map(|(_, authority)| authority)
}

/// Name or address in `name:port`, lower case.
fn name_of(authority: &str) -> String {
    let name = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    name.trim_end_matches('.').to_ascii_lowercase()
}

/// Longest text of a client that the log repeats.
fn shortened(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}

/// Whether a `Host` header names this machine itself.
fn is_loopback(host: &str) -> bool {
    let name = name_of(host);
    // Browsers resolve `*.localhost` themselves, to loopback (RFC 6761), so nobody can point it elsewhere.
    name == "localhost" || name.ends_with(".localhost") || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    fn origin_policy(listen: &str) -> OriginPolicy {
        let origins = ["https://cams.example.org", "http://video.example.org:8443"].map(str::to_owned).to_vec();
        OriginPolicy::new(listen.parse().expect(listen), watch::channel(origins).1)
    }

    #[test]
    fn a_loopback_service_answers_to_its_own_names_only() {
        let table = [
            ("localhost:8080", true),
            ("LOCALHOST", true),
            ("localhost.:8080", true),
            ("demo.localhost:1", true),
            ("127.0.0.1:8080", true),
            ("127.9.9.9", true),
            ("[::1]:8080", true),
            ("cams.example.org", true),
            ("cams.example.org.evil.example", false),
            ("evil.example:8080", false),
            ("localhost.evil.example", false),
            ("127.0.0.1.evil.example", false),
            ("192.168.1.5:8080", false),
            ("[2001:db8::1]:8080", false),
            ("", false),
        ];
        for (host, allowed) in table {
            let origin_policy = origin_policy("127.0.0.1:8080");
            assert_eq!(origin_policy.check_host(&headers(&[("host", host)])).is_ok(), allowed, "{host}");
        }
        assert!(origin_policy("127.0.0.1:8080").check_host(&headers(&[])).is_err(), "no host at all");
        assert!(origin_policy("0.0.0.0:8080").check_host(&headers(&[("host", "cam-server:8080")])).is_ok());
    }

    #[test]
    fn only_our_own_pages_and_programs_may_change_things() {
        let host = ("host", "127.0.0.1:8080");
        // What nginx passes on by `Host $host`: the name without its port.
        let portless = ("host", "video.example.org");
        let table: [(&[(&str, &str)], bool); 13] = [
            (&[portless, ("origin", "http://video.example.org:8443")], true),
            (&[portless, ("origin", "http://video.example.org:8444")], false),
            (&[("host", "video.example.org:8443"), ("origin", "http://video.example.org:8443")], true),
            (&[host], true),
            (&[host, ("origin", "http://127.0.0.1:8080")], true),
            (&[host, ("origin", "http://127.0.0.1:9090")], false),
            (&[host, ("origin", "http://evil.example")], false),
            (&[host, ("origin", "null")], false),
            (&[host, ("origin", "https://cams.example.org")], true),
            (&[host, ("sec-fetch-site", "cross-site")], false),
            (&[host, ("sec-fetch-site", "same-site")], false),
            (&[host, ("sec-fetch-site", "same-origin")], true),
            (&[("origin", "http://127.0.0.1:8080")], false),
        ];
        for (pairs, allowed) in table {
            let pairs: Vec<_> = pairs.iter().map(|(name, value)| (leak(name), leak(value))).collect();
            let told = origin_policy("127.0.0.1:8080").check_origin(&headers(&pairs), false);
            assert_eq!(told.is_ok(), allowed, "{pairs:?}");
        }
    }

    #[test]
    fn over_https_no_page_that_came_over_http_is_ours() {
        let host = ("host", "cams.lan");
        for (origin, is_secure, allowed) in [
            ("https://cams.lan", true, true),
            ("http://cams.lan", true, false),
            ("http://cams.lan", false, true),
            // A proxy that is not trusted may have taken https.
            ("https://cams.lan", false, true),
            ("http://video.example.org:8443", true, true),
        ] {
            let told =
                origin_policy("0.0.0.0:8080").check_origin(&headers(&[host, ("origin", leak(origin))]), is_secure);
            assert_eq!(told.is_ok(), allowed, "{origin} {is_secure}");
        }
    }

    fn leak(text: &str) -> &'static str {
        Box::leak(text.to_owned().into_boxed_str())
    }
}
