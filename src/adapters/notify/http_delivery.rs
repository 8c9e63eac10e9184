//! What receivers over HTTP share: the client, and what an answer means.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Client, IntoUrl, RequestBuilder, StatusCode};
use url::Url;

use super::receiver::{DeliveryFault, LIMIT};
use crate::adapters::request_thread::{HttpExchange, HttpExchangeFault, Peer, apart};
use crate::adapters::tls::certificate_trust;
use crate::base::{Error, Result};
use crate::config::settings::ApiTrust;

/// Of an answer so much is read.
const MOST_READ: usize = 4 * 1024;
/// Nobody is left alone for longer, whatever they ask for.
const LONGEST_REST: Duration = Duration::from_secs(3_600);

/// Makes requests and sends them. It follows no redirect: what it sends is meant for one address alone.
pub(super) struct HttpSender {
    /// Writes requests down, and sends none.
    requests: Client,
    exchange: HttpExchange,
}

impl HttpSender {
    pub(super) fn new(trust: &ApiTrust) -> Result<Self> {
        let tls = Some(certificate_trust::client("notify.receivers[].ca_file", trust)?);
        let requests = Client::builder().tls_built_in_root_certs(false).no_proxy().build();
        let requests = requests.map_err(|error| Error::internal("no HTTP client can be made").with_source(error))?;
        Ok(Self { requests, exchange: HttpExchange { tls, at: None, limit: LIMIT, longest: MOST_READ } })
    }

    /// A request to be sent by [`Self::send`].
    pub(super) fn post(&self, url: impl IntoUrl) -> RequestBuilder {
        self.requests.post(url)
    }

    /// Sends a request and reads the answer.
    pub(super) async fn send(&self, request: RequestBuilder) -> Result<Answer, DeliveryFault> {
        let request = request.build().map_err(|_| DeliveryFault::Receiver("its address is none".to_owned()))?;
        let exchange = self.exchange.clone();
        let answered = apart(Peer::Receiver, async move { exchange.send(request).await }).await.map_err(silent)?;
        let text = String::from_utf8_lossy(&answered.body).into_owned();
        Ok(Answer { status: answered.status, rest: rest(&answered.headers), text })
    }

    /// Whether somebody answers at the origin of an address, whatever it is: its path, which may be a secret, is not asked for, as
    /// whoever takes messages there may take a question for one.
    pub(super) async fn answers(&self, url: &str) -> Result<(), DeliveryFault> {
        let mut origin = Url::parse(url).map_err(|_| DeliveryFault::Receiver("its address is none".to_owned()))?;
        origin.set_path("/");
        origin.set_query(None);
        origin.set_fragment(None);
        self.send(self.requests.head(origin)).await.map(drop)
    }
}

/// The answer, with the beginning of its text.
pub(super) struct Answer {
    pub status: StatusCode,
    pub rest: Option<Duration>,
    pub text: String,
}

impl Answer {
    /// What the status alone says. `detail`: what else is known, without secrets.
    pub(super) fn judged(&self, detail: &str) -> Result<(), DeliveryFault> {
        let status = self.status;
        if status.is_success() {
            return Ok(());
        }
        let why = match (status.is_redirection(), detail.is_empty()) {
            (true, _) => format!("it answers {status}: write the address that it leads to"),
            (_, true) => format!("it answers {status}"),
            (_, false) => format!("it answers {status}: {detail}"),
        };
        Err(match status.as_u16() {
            400 | 413 | 415 | 422 => DeliveryFault::Message(why),
            408 | 425 | 429 => DeliveryFault::Passing { why, rest: self.rest },
            300..=499 => DeliveryFault::Receiver(why),
            _ => DeliveryFault::Passing { why, rest: self.rest },
        })
    }
}

/// `Retry-After`, in seconds or as a time (RFC 9110, 10.2.3).
fn rest(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?;
    rest_of(value, Utc::now())
}

fn rest_of(value: &str, now: DateTime<Utc>) -> Option<Duration> {
    let seconds = value.trim().parse::<u64>().ok().map(Duration::from_secs);
    let at = || DateTime::parse_from_rfc2822(value.trim()).ok();
    let rest = seconds.or_else(|| (at()?.with_timezone(&Utc) - now).to_std().ok())?;
    Some(rest.min(LONGEST_REST))
}

fn silent(fault: HttpExchangeFault) -> DeliveryFault {
    DeliveryFault::passing(match fault {
        HttpExchangeFault::Tls(fault) => {
            let remedy = "set ca_file of this receiver to a file with its certificate or authority";
            return DeliveryFault::Receiver(format!("it shows a certificate that is not trusted ({fault}); {remedy}"));
        }
        HttpExchangeFault::TimedOut => "it does not answer in time; check its address and the network",
        HttpExchangeFault::Unreachable(_) => "nobody answers at its address; check it, its name and the network",
        HttpExchangeFault::Cut => "the connection was lost before it answered; check that its address is one of HTTP",
        HttpExchangeFault::TooLong => "what it sends has no end and is no answer; check its address",
    })
}

/// Printable text of at most so many characters.
pub(super) fn brief(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_answer_means_for_the_message_and_its_neighbours() {
        for (status, wanted) in [
            (200, "taken"),
            (204, "taken"),
            (301, "receiver"),
            (400, "message"),
            (401, "receiver"),
            (403, "receiver"),
            (404, "receiver"),
            (410, "receiver"),
            (413, "message"),
            (422, "message"),
            (408, "passing"),
            (429, "passing"),
            (500, "passing"),
            (503, "passing"),
        ] {
            let status = StatusCode::from_u16(status).expect("a status");
            let judged = Answer { status, rest: None, text: String::new() }.judged("");
            let said = match judged {
                Ok(()) => "taken",
                Err(DeliveryFault::Message(_)) => "message",
                Err(DeliveryFault::Receiver(_)) => "receiver",
                Err(DeliveryFault::Passing { .. }) => "passing",
            };
            assert_eq!(said, wanted, "{status}");
        }
    }

    #[test]
    fn a_rest_is_told_in_seconds_or_as_a_time_and_is_bounded() {
        let now = "2026-11-29T10:00:00Z".parse().expect("a time");
        for (value, wanted) in [
            ("30", Some(30)),
            ("Sun, 29 Nov 2026 10:01:00 GMT", Some(60)),
            ("Sun, 29 Nov 2026 09:00:00 GMT", None),
            ("99999999", Some(3_600)),
            ("soon", None),
        ] {
            assert_eq!(rest_of(value, now), wanted.map(Duration::from_secs), "{value}");
        }
    }
}
