//! The REST protocol: one request after the other, each with its limit, as devices close every connection.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::Value;
use tokio::time::Instant;

use super::rest_wire;
use super::{LONGEST_ANSWER, REQUEST_LIMIT};
use crate::adapters::request_thread::apart;
use crate::adapters::tls::certificate_trust::{configuration, tls_fault};
use crate::adapters::tls::certificate_words::words;
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
    client: Option<(Vec<SocketAddr>, Client)>,
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
        let (client, next_details, platform, product) = (None, None, None, None);
        let (host, details) = (host.to_owned(), EncoderDetails::default());
        Self { host, port, tls, client, details, next_details, platform, product }
    }

    /// What the device does now. `again`: a request without an answer is made once more, as the first one after a rest may be lost.
    pub(super) async fn read(&mut self, at: &[SocketAddr], again: bool) -> Result<EncoderReading, EncoderFault> {
        let client = self.client(at)?;
        let path = "livestreams/0";
        let answer = match self.send(&client, Method::GET, path).await {
            Err(fault) if again && fault.kind == EncoderFaultKind::TimedOut => {
                self.send(&client, Method::GET, path).await
            }
            other => other,
        }?;
        let mut reading = understood(&answer)?;
        if self.next_details.is_none_or(|due| Instant::now() >= due) {
            self.look_at_details(&client).await;
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
        let client = self.client(at)?;
        let answer = self.send(&client, Method::PUT, &format!("livestreams/0/{}", order.as_str())).await?;
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
    async fn look_at_details(&mut self, client: &Client) {
        let now = Instant::now();
        let is_due = |hidden: Hidden| hidden.is_none_or(|until| now >= until);
        if is_due(self.product) {
            let (found, hidden) = self.optional(client, "system/product").await;
            self.product = hidden;
            found.iter().for_each(|answer| rest_wire::product(answer, &mut self.details));
        }
        if is_due(self.platform) {
            let (found, hidden) = self.optional(client, "livestreams/0/activePlatform").await;
            self.platform = hidden;
            found.iter().for_each(|answer| rest_wire::active_platform(answer, &mut self.details));
        }
    }

    async fn optional(&self, client: &Client, path: &str) -> (Option<Value>, Hidden) {
        match self.send(client, Method::GET, path).await {
            Ok(answer) if answer.status.is_success() => (serde_json::from_slice(&answer.body).ok(), None),
            Ok(answer) if matches!(answer.status.as_u16(), 404 | 405 | 501) => {
                (None, Some(Instant::now() + HIDDEN_FOR))
            }
            _ => (None, None),
        }
    }

    /// The client for these addresses; never another, and through no proxy.
    fn client(&mut self, at: &[SocketAddr]) -> Result<Client, EncoderFault> {
        if let Some((addresses, client)) = &self.client
            && addresses == at
        {
            return Ok(client.clone());
        }
        let builder = Client::builder().no_proxy().timeout(REQUEST_LIMIT).redirect(Policy::none());
        // Every answer closes its connection.
        let builder = builder.pool_max_idle_per_host(0).resolve_to_addrs(self.host.trim_matches(['[', ']']), at);
        let builder = match self.tls.as_ref().map(|trust| configuration(CA_FILE, trust)) {
            Some(Ok(Some(tls))) => builder.use_preconfigured_tls(tls),
            // The machine's authorities decide.
            Some(Ok(None)) | None => builder,
            Some(Err(error)) => return Err(EncoderFault::new(EncoderFaultKind::Tls, error.message().to_owned())),
        };
        let client =
            builder.build().map_err(|_| EncoderFault::new(EncoderFaultKind::Failed, "no HTTP client can be made"))?;
        self.client = Some((at.to_vec(), client.clone()));
        Ok(client)
    }

    async fn send(&self, client: &Client, method: Method, path: &str) -> Result<Answer, EncoderFault> {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://{}:{}/control/api/v1/{path}", self.host, self.port);
        let request = client.request(method.clone(), url).header(reqwest::header::ACCEPT, "application/json");
        // Some devices want the length of a body that is not there.
        let request = if method == Method::PUT { request.body("") } else { request };
        apart(answer(request)).await
    }
}

async fn answer(request: RequestBuilder) -> Result<Answer, EncoderFault> {
    let mut response = request.send().await.map_err(|error| silent(&error))?;
    let (status, mut body) = (response.status(), Vec::new());
    while let Some(piece) = response.chunk().await.map_err(|error| silent(&error))? {
        body.extend_from_slice(&piece);
        if body.len() > LONGEST_ANSWER {
            let words = "it sends far more than an encoder has to say; check the address";
            return Err(EncoderFault::new(EncoderFaultKind::TooLong, words));
        }
    }
    Ok(Answer { status, body })
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

fn silent(error: &reqwest::Error) -> EncoderFault {
    let refused = || {
        let mut source = std::error::Error::source(error);
        std::iter::from_fn(move || {
            let this = source?;
            source = this.source();
            Some(this)
        })
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|cause| cause.kind() == std::io::ErrorKind::ConnectionRefused)
    };
    if let Some(fault) = tls_fault(error) {
        let fault = match fault {
            rustls::Error::InvalidCertificate(why) => words(why),
            other => other.to_string(),
        };
        let words = format!(
            "its certificate is not accepted ({fault}); name its SHA-256 in fingerprint, or its file in ca_file"
        );
        return EncoderFault::new(EncoderFaultKind::Tls, words);
    }
    let late = format!("no answer by REST within {} s", REQUEST_LIMIT.as_secs());
    let (kind, words) = match (error.is_timeout(), error.is_connect()) {
        (true, _) => (EncoderFaultKind::TimedOut, late),
        (_, true) if refused() => (EncoderFaultKind::Refused, "nobody listens at its port for REST".to_owned()),
        (_, true) => (EncoderFaultKind::TimedOut, "it cannot be reached".to_owned()),
        // What is no HTTP at all counts as cut, too: the other protocol is tried.
        _ => (
            EncoderFaultKind::Cut,
            "it ended the connection in the middle of an answer; it may be restarting".to_owned(),
        ),
    };
    EncoderFault::new(kind, words)
}
