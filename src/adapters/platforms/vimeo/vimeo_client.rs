//! Requests to Vimeo: the token, the limits of its headers, and what each status means.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

use crate::adapters::request_thread::{Peer, apart};
use crate::base::{Error, Result};
use crate::domain::platform::{PlatformFault, PlatformFaultKind, RequestLimit, resets_at};

/// The version that these answers are of.
const VERSION: &str = "application/vnd.vimeo.*+json;version=3.4";
/// A request takes no longer.
const LIMIT: Duration = Duration::from_secs(10);
/// No answer is longer, in bytes.
const LONGEST_ANSWER: usize = 2 << 20;
/// Too many requests, and nobody says for how long.
const REST: TimeDelta = TimeDelta::seconds(60);
const LONGEST_REST: TimeDelta = TimeDelta::hours(1);
/// Of a request that is limited, among the errors of its own kind.
const ACTION_LIMITED: i64 = 9006;

/// The interface.
pub(super) struct VimeoClient {
    http: Client,
    base: Url,
    limit: Option<RequestLimit>,
}

impl VimeoClient {
    pub(super) fn new(base: Url, token: SecretString) -> Result<Self> {
        let mut headers = HeaderMap::new();
        let mut login = HeaderValue::from_str(&format!("bearer {}", token.expose_secret()))
            .map_err(|_| Error::invalid("health.platforms[].token", "is not a token"))?;
        login.set_sensitive(true);
        headers.insert(AUTHORIZATION, login);
        headers.insert(ACCEPT, HeaderValue::from_static(VERSION));
        // The token is meant for one address alone.
        let builder = Client::builder().default_headers(headers).timeout(LIMIT).redirect(Policy::none());
        let http = builder.build().map_err(|error| Error::internal("no HTTP client can be made").with_source(error))?;
        Ok(Self { http, base, limit: None })
    }

    /// What the last answer said of the requests that are left; nothing once it says nothing any more.
    pub(super) fn limit(&self, now: DateTime<Utc>) -> Option<RequestLimit> {
        self.limit.filter(|limit| limit.resets_at.is_none_or(|at| at > now))
    }

    /// Asks for a path with its query.
    pub(super) async fn get(&mut self, path: &str) -> Result<Value, PlatformFault> {
        let base = self.base.as_str().trim_end_matches('/');
        let (status, headers, body) = apart(Peer::Platform, answer(self.http.get(format!("{base}/{path}")))).await?;
        let now = Utc::now();
        let found = limit_of(&headers, now);
        let after = retry_after(&headers);
        self.limit = found.or(self.limit);
        let answer = serde_json::from_slice::<Value>(&body?).ok();
        if status.is_success() {
            let words = "it answers with something else than JSON; check health.platforms[].url";
            return answer.ok_or_else(|| PlatformFault::new(PlatformFaultKind::NotPlatform, words));
        }
        let code = answer.as_ref().and_then(|answer| answer.get("error_code")?.as_i64());
        let rest = after.or(found.and_then(|limit| Some(limit.resets_at? - now)));
        Err(refused(status, code, rest, now))
    }
}

/// Status and headers, and the whole text or why there is none: what the headers say of the limits holds in either case.
async fn answer(
    request: RequestBuilder,
) -> Result<(StatusCode, HeaderMap, Result<Vec<u8>, PlatformFault>), PlatformFault> {
    let mut response = request.send().await.map_err(|error| silent(&error))?;
    let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
    Ok((status, headers, text(response).await))
}

async fn text(mut response: Response) -> Result<Vec<u8>, PlatformFault> {
    let mut text = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(|error| silent(&error))? {
        text.extend_from_slice(&piece);
        if text.len() > LONGEST_ANSWER {
            let words = "it sends far more than was asked for; check health.platforms[].url";
            return Err(PlatformFault::new(PlatformFaultKind::NotPlatform, words));
        }
    }
    Ok(text)
}

/// What a status means.
fn refused(status: StatusCode, code: Option<i64>, rest: Option<TimeDelta>, now: DateTime<Utc>) -> PlatformFault {
    let number = code.map_or_else(String::new, |code| format!(", error {code}"));
    match status.as_u16() {
        403 | 429 if status.as_u16() == 429 || code == Some(ACTION_LIMITED) => {
            let rest = rest.unwrap_or(REST).clamp(TimeDelta::seconds(1), LONGEST_REST);
            let words = format!("Vimeo takes no more requests for {} s", rest.num_seconds());
            PlatformFault { until: Some(now + rest), ..PlatformFault::new(PlatformFaultKind::RateLimited, words) }
        }
        401 => PlatformFault::new(
            PlatformFaultKind::Unauthorized,
            format!(
                "Vimeo does not take the token (401{number}): it is wrong, has expired or was revoked; make a new one and put it into health.platforms[].token"
            ),
        ),
        403 => PlatformFault::new(
            PlatformFaultKind::NotEntitled,
            format!(
                "not entitled (403{number}): live events need an Enterprise plan at Vimeo, and the token the scopes public, private and stats"
            ),
        ),
        404 => PlatformFault::new(
            PlatformFaultKind::NotFound,
            "Vimeo does not know it (404); check its id, and whether it is of the account of the token".to_owned(),
        ),
        300..=399 => PlatformFault::new(
            PlatformFaultKind::NotPlatform,
            format!("it leads elsewhere ({status}); write the address that it leads to into health.platforms[].url"),
        ),
        _ => {
            PlatformFault::new(PlatformFaultKind::Failed, format!("Vimeo answers {status}{number}; it is asked again"))
        }
    }
}

fn limit_of(headers: &HeaderMap, now: DateTime<Utc>) -> Option<RequestLimit> {
    let number = |name: &str| header(headers, name)?.trim().parse::<u64>().ok();
    Some(RequestLimit {
        most: number("x-ratelimit-limit"),
        remaining: number("x-ratelimit-remaining")?,
        resets_at: header(headers, "x-ratelimit-reset").and_then(|text| resets_at(text, now)),
    })
}

/// `None` for what is no number of seconds that a clock can count.
fn retry_after(headers: &HeaderMap) -> Option<TimeDelta> {
    TimeDelta::try_seconds(header(headers, "retry-after")?.trim().parse().ok()?)
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn silent(error: &reqwest::Error) -> PlatformFault {
    let words = match (error.is_timeout(), error.is_connect()) {
        (true, _) => format!("Vimeo does not answer within {} s; look at the network", LIMIT.as_secs()),
        (_, true) => "Vimeo cannot be reached; look at the network, its name servers and the proxy".to_owned(),
        _ => "the connection to Vimeo was lost before it answered; it is asked again".to_owned(),
    };
    PlatformFault::new(PlatformFaultKind::Unreachable, words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_status_says_what_to_do() {
        use PlatformFaultKind::{Failed, NotEntitled, NotFound, NotPlatform, RateLimited, Unauthorized};
        let now = "2026-11-29T10:00:00Z".parse::<DateTime<Utc>>().expect("a time");
        for (status, code, rest, kind, words, until) in [
            (401, Some(8000), None, Unauthorized, "make a new one", None),
            (403, Some(5000), None, NotEntitled, "Enterprise plan", None),
            (403, Some(9006), None, RateLimited, "60 s", Some(60)),
            (404, None, None, NotFound, "check its id", None),
            (429, None, None, RateLimited, "60 s", Some(60)),
            (429, None, Some(30), RateLimited, "30 s", Some(30)),
            (429, None, Some(-30), RateLimited, "1 s", Some(1)),
            (429, None, Some(86_400), RateLimited, "3600 s", Some(3_600)),
            (301, None, None, NotPlatform, "leads elsewhere", None),
            (500, None, None, Failed, "asked again", None),
            (503, Some(7900), None, Failed, "7900", None),
        ] {
            let status = StatusCode::from_u16(status).expect("a status");
            let fault = refused(status, code, rest.map(TimeDelta::seconds), now);
            assert_eq!((fault.kind, fault.until.map(|at| (at - now).num_seconds())), (kind, until), "{fault}");
            assert!(fault.message.contains(words), "{fault}");
        }
    }

    #[test]
    fn a_time_to_wait_may_be_any_text() {
        for (text, wanted) in [("30", Some(30)), (" -1 ", Some(-1)), ("9223372036854775807", None), ("soon", None)] {
            let mut headers = HeaderMap::new();
            headers.insert("retry-after", HeaderValue::from_static(text));
            assert_eq!(retry_after(&headers).map(|rest| rest.num_seconds()), wanted, "{text}");
        }
    }

    #[test]
    fn limits_are_read_from_headers_of_both_forms() {
        let now = "2026-11-29T10:00:00Z".parse::<DateTime<Utc>>().expect("a time");
        for (reset, wanted) in [("1795946460", Some(60)), ("2026-11-29T10:01:00+00:00", Some(60)), ("soon", None)] {
            let mut headers = HeaderMap::new();
            headers.insert("X-RateLimit-Limit", HeaderValue::from_static("100"));
            headers.insert("X-RateLimit-Remaining", HeaderValue::from_static("7"));
            headers.insert("X-RateLimit-Reset", HeaderValue::from_static(reset));
            let limit = limit_of(&headers, now).expect("a limit");
            let resets = limit.resets_at.map(|at| (at - now).num_seconds());
            assert_eq!((limit.most, limit.remaining, resets), (Some(100), 7, wanted));
        }
        assert_eq!(limit_of(&HeaderMap::new(), now), None);
    }
}
