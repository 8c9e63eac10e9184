//! The REST protocol: one request after the other, each with its limit, as devices close every connection.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_LENGTH, HeaderValue};
use reqwest::{Method, Request, StatusCode};
use serde_json::Value;
use tokio::time::Instant;

use super::rest_wire;
use super::{LONGEST_ANSWER, REQUEST_LIMIT};
use crate::adapters::request_thread::{HttpExchange, HttpExchangeFault, Peer, apart};
use crate::adapters::tls::{certificate_trust, certificate_words};

use crate::config::settings::ApiTrust;
use crate::domain::encoder::{EncoderDetails, EncoderFault, EncoderFaultKind, EncoderOrder, EncoderReading};

/// What seldom changes is asked for so often.
const DETAILS_EVERY: Duration = Duration::from_secs(15);
/// What a device has not got is asked for again after this time: its firmware may be another one.
const HIDDEN_FOR: Duration = Duration::from_secs(600);

/// The key that names the file of a certificate.
const CA_FILE: &str = "health.encoders[].ca_file";

/// A device, by REST.
pub(super) struct RestClient {
    host: String,
    port: u16,
    tls: Option<ApiTrust>,
    /// For these addresses: names are resolved, and looked at, before.
    exchange: Option<HttpExchange>,
    details: EncoderDetails,
    next_details: Option<Instant>,
    platform: Hidden,
    product: Hidden,
}

/// Whether the device has something optional; `Some`: not before then.
type Hidden = Option<Instant>;

/// An answer.
struct Answer {
    status: StatusCode,
    body: Vec<u8>,
}

impl RestClient {
    pub(super) fn new(host: &str, port: u16, tls: Option<ApiTrust>) -> Self {
        let (exchange, next_details, platform, product) = (None, None, None, None);
        let (host, details) = (host.to_owned(), EncoderDetails::default());
        Self { host, port, tls, exchange, details, next_details, platform, product }
    }

    /// What the device does now. `again`: a request without an answer is made once more, as the first one after a rest may be lost.
    pub(super) async fn read(&mut self, at: &[SocketAddr], again: bool) -> Result<EncoderReading, EncoderFault> {
        let exchange = self.exchange(at)?;
        let path = "livestreams/0";
        let answer = match self.send(&exchange, Method::GET, path).await {
            Err(fault) if again && fault.kind == EncoderFaultKind::TimedOut => {
                self.send(&exchange, Method::GET, path).await
            }
            other => other,
        }?;
        let mut reading = understood(&answer)?;
        if self.next_details.is_none_or(|due| Instant::now() >= due) {
            self.look_at_details(&exchange).await;
            self.next_details = Some(Instant::now() + DETAILS_EVERY);
        }
        let video_format = reading.details.video_format.take();
        reading.details = EncoderDetails { video_format, ..self.details.clone() };
        Ok(reading)
    }

    /// The device was away: what was known of it may be another by now.
    pub(super) fn forget(&mut self) {
        (self.next_details, self.platform, self.product) = (None, None, None);
    }

    /// Tells the device what to do.
    pub(super) async fn order(&mut self, at: &[SocketAddr], order: EncoderOrder) -> Result<(), EncoderFault> {
        let exchange = self.exchange(at)?;
        let answer = self.send(&exchange, Method::PUT, &format!("livestreams/0/{}", order.as_str())).await?;
        let word = order.as_str();
        let (kind, words) = match answer.status.as_u16() {
            200..=299 => return Ok(()),
            409 => (EncoderFaultKind::Declined, format!("it cannot {word} in the state that it is in")),
            404 | 405 | 501 => {
                (EncoderFaultKind::Declined, format!("this model or firmware does not {word} on request"))
            }
            status => (EncoderFaultKind::Failed, format!("it answers {status} to the order to {word}")),
        };
        Err(EncoderFault::new(kind, words))
    }

    /// Optional: what fails is left as it was, what is not there is left out.
    async fn look_at_details(&mut self, exchange: &HttpExchange) {
        let now = Instant::now();
        let is_due = |hidden: Hidden| hidden.is_none_or(|until| now >= until);
        if is_due(self.product) {
            let (found, hidden) = self.optional(exchange, "system/product").await;
            self.product = hidden;
            found.iter().for_each(|answer| rest_wire::product(answer, &mut self.details));
        }
        if is_due(self.platform) {
            let (found, hidden) = self.optional(exchange, "livestreams/0/activePlatform").await;
            self.platform = hidden;
            found.iter().for_each(|answer| rest_wire::active_platform(answer, &mut self.details));
        }
    }

    async fn optional(&self, exchange: &HttpExchange, path: &str) -> (Option<Value>, Hidden) {
        match self.send(exchange, Method::GET, path).await {
            Ok(answer) if answer.status.is_success() => (serde_json::from_slice(&answer.body).ok(), None),
            Ok(answer) if matches!(answer.status.as_u16(), 404 | 405 | 501) => {
                (None, Some(Instant::now() + HIDDEN_FOR))
            }
            _ => (None, None),
        }
    }

    /// For these addresses; never another, and through no proxy.
    fn exchange(&mut self, at: &[SocketAddr]) -> Result<HttpExchange, EncoderFault> {
        if let Some(known) = &self.exchange
            && known.at.as_deref() == Some(at)
        {
            return Ok(known.clone());
        }
        let tls = self.tls.as_ref().map(|trust| certificate_trust::client(CA_FILE, trust)).transpose();
        let tls = tls.map_err(|error| EncoderFault::new(EncoderFaultKind::Tls, error.message().to_owned()))?;
        let exchange = HttpExchange { tls, at: Some(at.to_vec()), limit: REQUEST_LIMIT, longest: LONGEST_ANSWER };
        self.exchange = Some(exchange.clone());
        Ok(exchange)
    }

    async fn send(&self, exchange: &HttpExchange, method: Method, path: &str) -> Result<Answer, EncoderFault> {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://{}:{}/control/api/v1/{path}", self.host, self.port);
        let url = url.parse().map_err(|_| EncoderFault::new(EncoderFaultKind::Failed, "its address is none"))?;
        let mut request = Request::new(method, url);
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
        // Some devices want the length of a body that is not there.
        if request.method() == Method::PUT {
            request.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        let exchange = exchange.clone();
        let answered = apart(Peer::Device, async move { exchange.send(request).await }).await;
        let answered = answered.map_err(|fault| silent(&fault))?;
        answered.end.map_err(|fault| silent(&fault))?;
        Ok(Answer { status: answered.status, body: answered.body })
    }
}

/// The answer to the main question.
fn understood(answer: &Answer) -> Result<EncoderReading, EncoderFault> {
    let not_it =
        |what: String| EncoderFault::new(EncoderFaultKind::NotEncoder, format!("{what}; check address and port"));
    match answer.status.as_u16() {
        200..=299 => {}
        300..=399 => return Err(not_it(format!("it leads elsewhere ({}), and an encoder does not", answer.status))),
        404 | 405 | 501 => return Err(not_it("it has no REST interface of an encoder".to_owned())),
        401 | 403 => return Err(not_it(format!("it wants a login ({}), and an encoder does not", answer.status))),
        status => {
            return Err(EncoderFault::new(
                EncoderFaultKind::Failed,
                format!("it answers {status}; it may be restarting"),
            ));
        }
    }
    let Ok(value) = serde_json::from_slice::<Value>(&answer.body) else {
        let is_page = answer.body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'<');
        let what = if is_page { "a web page" } else { "no JSON" };
        return Err(not_it(format!("it answers with {what} where an encoder says what it does")));
    };
    rest_wire::livestream(&value).ok_or_else(|| not_it("its JSON is not that of an encoder".to_owned()))
}

fn silent(fault: &HttpExchangeFault) -> EncoderFault {
    let (kind, words) = match fault {
        HttpExchangeFault::Tls(fault) => {
            let why = match fault {
                rustls::Error::InvalidCertificate(why) => certificate_words::words(why),
                other => other.to_string(),
            };
            let remedy = "name its SHA-256 in fingerprint, or its file in ca_file";
            (EncoderFaultKind::Tls, format!("its certificate is not accepted ({why}); {remedy}"))
        }
        HttpExchangeFault::TimedOut => {
            (EncoderFaultKind::TimedOut, format!("no answer by REST within {} s", REQUEST_LIMIT.as_secs()))
        }
        HttpExchangeFault::Unreachable(error) if error.kind() == ErrorKind::ConnectionRefused => {
            (EncoderFaultKind::Refused, "nobody listens at its port for REST".to_owned())
        }
        HttpExchangeFault::Unreachable(_) => (EncoderFaultKind::TimedOut, "it cannot be reached".to_owned()),
        // What is no HTTP at all counts as cut, too: the other protocol is tried.
        HttpExchangeFault::Cut => (
            EncoderFaultKind::Cut,
            "it ended the connection in the middle of an answer; it may be restarting".to_owned(),
        ),
        HttpExchangeFault::TooLong => {
            (EncoderFaultKind::TooLong, "it sends far more than an encoder has to say; check the address".to_owned())
        }
    };
    EncoderFault::new(kind, words)
}
