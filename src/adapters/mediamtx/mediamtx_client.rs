//! The HTTP side of one MediaMTX server: one kept-alive connection, list endpoints, limits on time and size.
//!
//! Owns what is remembered between polls: the version, and whether SRT numbers are to be had. Never changes anything
//! on the server, but for sessions that an operator ends. Talked to through [`super::MediaServer`].

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use reqwest::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;
use url::{Host, Url};

use super::known_items::KnownItems;
use super::mediamtx_fault::ApiPlace;
use super::mediamtx_wire::{Items, PathItem, SrtConn, WireInfo, WirePage, WirePath, merge_srt, path_name, wants_srt};
use super::path_configs::PathConfigs;
use super::{Listing, MediaServer, ServerIdentity};
use crate::adapters::tls::certificate_trust;
use crate::base::{Error, ErrorKind, Result};
use crate::config::settings::ServerSettings;
use crate::domain::session::{SessionLists, SessionProtocol};

/// Wrong credentials are answered after up to 4 s (the server delays on purpose), so the limit must exceed that.
const TIMEOUT: Duration = Duration::from_secs(8);
/// A server on the same network accepts at once; one retransmitted SYN (1 s) is forgiven.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// SRT numbers and the version are extras: they may not make a poll late.
pub(super) const EXTRA_TIMEOUT: Duration = Duration::from_secs(2);
/// The server closes a connection after 30 s without a request: we let go first, so that no request meets a close.
const KEEP_ALIVE: Duration = Duration::from_secs(20);
/// What a server lacks (SRT, `/v3/info`) is asked for again after this time.
pub(super) const ASK_AGAIN: Duration = Duration::from_secs(60);
/// The listing is made anew for every page, and items may shift between pages: one page holds all of a normal server.
const ITEMS_PER_PAGE: u32 = 10_000;
/// A guard against a server that never ends its list (up to 1.2.1 the last item was repeated for ever).
const MOST_PAGES: u32 = 100;
/// 1,000 paths are about 0.7 MB; 10,000 with 50 readers each about 40 MB.
const LARGEST_ANSWER: usize = 64_000_000;
/// Refused names that are reported by name.
const MOST_REFUSED: usize = 100;

/// The control API of one MediaMTX server.
#[derive(Debug)]
pub struct MediaMtx {
    pub(super) place: ApiPlace,
    api_url: Url,
    login: Option<(String, SecretString)>,
    http: reqwest::Client,
    known: Mutex<ServerFacts>,
}

/// What is remembered between polls.
#[derive(Debug, Default)]
pub(super) struct ServerFacts {
    /// What the server tells of itself and when it was asked; nothing inside = it does not tell.
    pub(super) identity: Option<(ServerIdentity, Instant)>,
    /// The list of paths has changed in more than numbers since then: it may be another run of the server.
    has_changed: bool,
    /// Lists that it lacks, and when they are asked for again.
    pub(super) no_lists: HashMap<&'static str, Instant>,
    /// SRT connections are not asked for before this time.
    srt_again: Option<Instant>,
    /// The paths that were listed last.
    items: KnownItems,
    /// Which of the configurations of paths are on demand.
    pub(super) path_configs: PathConfigs,
}

impl MediaMtx {
    /// A client for this server. Connects to nothing yet. `Invalid` when no HTTP client can be made of the settings.
    pub fn new(server: &ServerSettings) -> Result<Self> {
        let mut api_url = server.api_url.clone();
        let login = login(server, &mut api_url);
        let mut http = reqwest::Client::builder()
            .user_agent(concat!("streamwarden/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .pool_max_idle_per_host(1)
            .pool_idle_timeout(KEEP_ALIVE)
            .redirect(reqwest::redirect::Policy::none())
            .http1_only();
        let ca_file = format!("servers.{}.api_ca_file", server.name);
        if let Some(tls) = certificate_trust::configuration(&ca_file, &server.api_trust)? {
            http = http.use_preconfigured_tls(tls);
        }
        if is_loopback(&api_url) {
            http = http.no_proxy();
        }
        let http = http.build().map_err(|error| {
            let place = format!("servers.{}.api_url", server.name);
            Error::invalid(place, "no HTTP client can be made; check the TLS certificates of this machine")
                .with_source(error)
        })?;
        let place = ApiPlace {
            server: server.name.clone(),
            origin: api_url.origin().ascii_serialization(),
            has_login: login.is_some(),
            trust: server.api_trust.clone(),
        };
        Ok(Self { place, api_url, login, http, known: Mutex::default() })
    }

    pub(super) fn known(&self) -> MutexGuard<'_, ServerFacts> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn address(&self, path: &str) -> Url {
        let mut url = self.api_url.clone();
        // A reverse proxy may put the API below a folder of its own.
        url.set_path(&format!("{}{path}", self.api_url.path().trim_end_matches('/')));
        url
    }

    /// One request: status and whole body.
    pub(super) async fn get(&self, path: &str, page: Option<u32>) -> Result<(StatusCode, Vec<u8>)> {
        let mut request = self.http.get(self.address(path));
        if let Some(page) = page {
            request = request.query(&[("page", page), ("itemsPerPage", ITEMS_PER_PAGE)]);
        }
        self.answer(path, request).await
    }

    /// A request that changes something, without a body.
    pub(super) async fn post(&self, path: &str) -> Result<(StatusCode, Vec<u8>)> {
        self.answer(path, self.http.post(self.address(path))).await
    }

    async fn answer(&self, path: &str, mut request: reqwest::RequestBuilder) -> Result<(StatusCode, Vec<u8>)> {
        if let Some((user, password)) = &self.login {
            request = request.basic_auth(user, Some(password.expose_secret()));
        }
        let mut answer = request.send().await.map_err(|error| self.place.no_answer(error, TIMEOUT))?;
        let status = answer.status();
        let length = answer.content_length().and_then(|length| usize::try_from(length).ok());
        if length.is_some_and(|length| length > LARGEST_ANSWER) {
            return Err(self.place.too_big(path, LARGEST_ANSWER));
        }
        let mut body = Vec::with_capacity(length.unwrap_or(0));
        while let Some(chunk) = answer.chunk().await.map_err(|error| self.place.no_answer(error, TIMEOUT))? {
            if body.len() + chunk.len() > LARGEST_ANSWER {
                return Err(self.place.too_big(path, LARGEST_ANSWER));
            }
            body.extend_from_slice(&chunk);
        }
        Ok((status, body))
    }

    /// All items of a list endpoint, each `key` once, each page by `read`. Also says when the first page was read.
    pub(super) async fn list_all<T>(
        &self,
        path: &str,
        key: fn(&T) -> &str,
        read: impl Fn(u32, &[u8]) -> serde_json::Result<Items<T>>,
    ) -> Result<(Vec<T>, Instant)> {
        let mut items: Vec<T> = Vec::new();
        let mut read_at = None;
        for number in 0..MOST_PAGES {
            let (status, body) = self.get(path, Some(number)).await?;
            if status != StatusCode::OK {
                return Err(self.place.refusal(path, status, &body));
            }
            let page = read(number, &body).map_err(|error| self.place.not_json(path, error))?;
            read_at.get_or_insert_with(Instant::now);
            let Some(found) = page.items else { return Err(self.place.not_a_listing(path)) };
            let before = items.len();
            items.extend(found);
            // MediaMTX lists paths in order: then no key comes twice.
            if !items[before.saturating_sub(1)..].is_sorted_by(|one, next| key(one) < key(next)) {
                let mut keys = HashSet::new();
                items.retain(|item| keys.insert(key(item).to_owned()));
            }
            let last = match page.page_count {
                Some(pages) => u64::from(number) + 1 >= pages,
                None => page.count < ITEMS_PER_PAGE as usize,
            };
            if last || items.len() == before {
                break;
            }
        }
        Ok((items, read_at.unwrap_or_else(Instant::now)))
    }

    /// A page of the list of paths; the first one by what was read last.
    fn read_paths(&self, number: u32, body: &[u8]) -> serde_json::Result<Items<PathItem>> {
        if number == 0 {
            // Whoever reads at the same time learns its own; what they know is equally good.
            let mut items = std::mem::take(&mut self.known().items);
            let page = items.read(body);
            let has_changed = items.take_changed() || page.is_none();
            let mut known = self.known();
            known.has_changed |= has_changed;
            known.items = items;
            drop(known);
            if let Some(page) = page {
                return Ok(page);
            }
        }
        serde_json::from_slice::<WirePage<WirePath>>(body).map(|page| page.map(WirePath::reading))
    }

    /// SRT connections, unless the server lacks them or failed to give them a short while ago.
    async fn srt_connections(&self) -> Option<Vec<SrtConn>> {
        if self.known().srt_again.is_some_and(|again| Instant::now() < again) {
            return None;
        }
        let read =
            |_, body: &[u8]| serde_json::from_slice::<WirePage<_>>(body).map(|page| page.map(|connection| connection));
        let list = self.list_all("/v3/srtconns/list", SrtConn::key, read);
        let error = match tokio::time::timeout(EXTRA_TIMEOUT, list).await {
            Ok(Ok((connections, _))) => return Some(connections),
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no answer within {} s", EXTRA_TIMEOUT.as_secs()),
        };
        log::debug!(server = self.place.server.as_str(), error = error.as_str(); "no srt numbers for a while");
        self.known().srt_again = Some(Instant::now() + ASK_AGAIN);
        None
    }

    async fn list_paths(&self) -> Result<Listing> {
        let read = |number, body: &[u8]| self.read_paths(number, body);
        let (paths, read_at) = self.list_all("/v3/paths/list", path_name, read).await?;
        let mut listing = Listing { paths: Vec::with_capacity(paths.len()), ..Listing::default() };
        for path in paths {
            match path {
                Ok(reading) => listing.paths.push(reading),
                Err(name) if listing.refused.len() < MOST_REFUSED => listing.refused.push(for_display(&name)),
                Err(_) => {}
            }
        }
        if wants_srt(&listing.paths)
            && let Some(connections) = self.srt_connections().await
        {
            merge_srt(&mut listing.paths, connections);
        }
        self.tell_on_demand(&mut listing.paths).await;
        listing.age = read_at.elapsed();
        Ok(listing)
    }
}

#[async_trait]
impl MediaServer for MediaMtx {
    async fn list(&self) -> Result<Listing> {
        let result = self.list_paths().await;
        if result.is_err() {
            // Whoever answers next may be another version with other parts switched on.
            *self.known() = ServerFacts::default();
        }
        result
    }

    async fn sessions(&self) -> Result<SessionLists> {
        self.session_lists().await
    }

    async fn kick(&self, protocol: SessionProtocol, id: &str) -> Result<()> {
        self.end_session(protocol, id).await
    }

    async fn identity(&self) -> Result<ServerIdentity> {
        let (before, is_suspect) = {
            let mut known = self.known();
            (known.identity.clone(), std::mem::take(&mut known.has_changed))
        };
        if let Some((identity, asked)) = &before
            && asked.elapsed() < ASK_AGAIN
            && !(is_suspect && identity.version.is_some())
        {
            return Ok(identity.clone());
        }
        let asked = Instant::now();
        let late = |_| Err(Error::new(ErrorKind::Timeout, "no answer to /v3/info in time"));
        let answer = tokio::time::timeout(EXTRA_TIMEOUT, self.get("/v3/info", None)).await.unwrap_or_else(late);
        let identity = match &answer {
            Ok((StatusCode::OK, body)) => {
                serde_json::from_slice::<WireInfo>(body).map(WireInfo::identity).unwrap_or_default()
            }
            Ok(_) => ServerIdentity::default(),
            // One answer that is missing makes nothing unknown.
            Err(_) => before.map(|(identity, _)| identity).unwrap_or_default(),
        };
        self.known().identity = Some((identity.clone(), asked));
        match answer {
            Ok((StatusCode::OK | StatusCode::NOT_FOUND, _)) => Ok(identity),
            Ok((status, body)) => Err(self.place.refusal("/v3/info", status, &body)),
            Err(error) => Err(error),
        }
    }
}

/// The login of the settings, else the one inside the URL, which must not stay there: errors quote it.
fn login(server: &ServerSettings, api_url: &mut Url) -> Option<(String, SecretString)> {
    let in_url = (!api_url.username().is_empty() || api_url.password().is_some()).then(|| {
        let plain = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
        (plain(api_url.username()), SecretString::from(plain(api_url.password().unwrap_or_default())))
    });
    if in_url.is_some() {
        // Both fail only for URLs that cannot have a login, and this one has.
        let _ = api_url.set_username("");
        let _ = api_url.set_password(None);
    }
    match (&server.api_username, &server.api_password) {
        (None, None) => in_url,
        (user, password) => Some((user.clone().unwrap_or_default(), password.clone().unwrap_or_default())),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

fn for_display(name: &str) -> String {
    name.chars().take(60).flat_map(char::escape_debug).collect()
}
