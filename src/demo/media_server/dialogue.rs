//! What a client asks for, and what it gets: every RTSP method in one place.
//!
//! Owns the session of one connection and what flows because of it. Does no I/O: answers are written and packets are
//! sent by `connection`. Status codes are those that MediaMTX 1.20.1 gave to the same requests.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use chrono::Utc;
use rtsp_types::headers::{self, Transports};
use rtsp_types::{Method, Request, StatusCode};
use tokio::sync::mpsc::Receiver;
use uuid::Uuid;

use super::Credentials;
use super::clock::reported_lost;
use super::connection_table::{Activity, ConnectionEntry, Listed, SessionEntry, Traffic, locked};
use super::hub::{Hub, Publication};
use super::session::{Phase, Session};
use super::stream::{Outgoing, Stream};
use super::tracks::Description;
use super::wire::{self, Answer};

/// Seconds after which a session without keep-alive may be ended, told to clients. They refresh it at half of that.
const SESSION_TIMEOUT: u32 = 55;

/// What flows on a connection.
pub enum Flow {
    /// Nothing.
    Nothing,
    /// Packets of a publisher come in.
    Publishing(Publication),
    /// Packets go out to a reader.
    Reading(Reading),
}

/// A reader's place at a stream; dropped, it is given up.
pub struct Reading {
    /// The stream.
    pub stream: Arc<Stream>,
    session: Uuid,
    queue: Receiver<Outgoing>,
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.stream.detach(self.session);
    }
}

impl Flow {
    /// The next packet to send; `None` when the stream has ended and everything queued was sent. Without a stream it
    /// waits for ever. May be dropped while it waits.
    pub async fn next(&mut self) -> Option<Outgoing> {
        match self {
            Self::Nothing => std::future::pending().await,
            Self::Publishing(publication) => {
                publication.stream.ended.cancelled().await;
                None
            }
            Self::Reading(reading) => reading.queue.recv().await,
        }
    }

    /// A further packet that is queued already.
    pub fn queued(&mut self) -> Option<Outgoing> {
        match self {
            Self::Reading(reading) => reading.queue.try_recv().ok(),
            _ => None,
        }
    }
}

/// The session that a connection carries.
struct Active {
    session: Session,
    entry: Arc<SessionEntry>,
    description: Arc<Description>,
    /// What a reader set up; a publisher has its stream from RECORD on.
    stream: Option<Arc<Stream>>,
    /// Per track, what a reader has reported as missed.
    missed: Vec<u32>,
    _listed: Listed,
}

/// One connection's conversation.
pub struct Dialogue {
    hub: Arc<Hub>,
    publishers: Option<Credentials>,
    connection: Arc<ConnectionEntry>,
    active: Option<Active>,
    /// What flows.
    pub flow: Flow,
    /// Why the connection has to be closed once the answer is written.
    pub closing: Option<&'static str>,
}

impl Dialogue {
    /// A conversation that has not begun. Publishers have to show the credentials, when there are some.
    pub fn new(hub: Arc<Hub>, publishers: Option<Credentials>, connection: Arc<ConnectionEntry>) -> Self {
        Self { hub, publishers, connection, active: None, flow: Flow::Nothing, closing: None }
    }

    /// Entry of the session, for counting what was sent.
    pub fn entry(&self) -> Option<&SessionEntry> {
        self.active.as_ref().map(|active| &*active.entry)
    }

    /// Takes a packet of the client: a publisher's is relayed, a reader's report is counted, others are dropped.
    pub fn packet(&mut self, channel: u8, payload: &Bytes) {
        let Some(active) = &mut self.active else { return };
        match (&self.flow, active.session.carried(channel)) {
            (Flow::Publishing(publication), Some((track, part))) => {
                publication.stream.relay(track, part, payload, &active.entry);
            }
            (Flow::Reading(_), Some((track, _))) => {
                let traffic = &active.entry.traffic;
                traffic.inbound_bytes.add(payload.len() as u64);
                traffic.inbound_rtcp.add(1);
                if let Some(lost) = reported_lost(payload) {
                    active.missed[track] = lost;
                    traffic.outbound_reported_lost.set(active.missed.iter().copied().map(u64::from).sum());
                }
            }
            _ => {}
        }
    }

    /// Answers a request.
    pub fn request(&mut self, request: &Request<Vec<u8>>, target: &str) -> Answer {
        if request.header(&headers::CSEQ).is_none() {
            return self.refused(StatusCode::BadRequest);
        }
        let result = match request.method() {
            Method::Options => Ok(Answer::new(StatusCode::Ok).with(
                headers::PUBLIC,
                "DESCRIBE, ANNOUNCE, SETUP, PLAY, RECORD, PAUSE, GET_PARAMETER, SET_PARAMETER, TEARDOWN",
            )),
            Method::Describe => self.describe(target),
            Method::Announce => self.announce(request, target),
            Method::Setup => self.setup(request, target),
            Method::Play => self.within(request).and_then(|()| self.play(target)),
            Method::Record => self.within(request).and_then(|()| self.record()),
            Method::Pause => self.within(request).map(|()| self.pause()),
            Method::GetParameter | Method::SetParameter => self.within(request).map(|()| Answer::new(StatusCode::Ok)),
            Method::Teardown => self.within(request).map(|()| self.teardown()),
            _ => Err(StatusCode::NotImplemented),
        };
        result.unwrap_or_else(|status| self.refused(status))
    }

    /// An error answer. A client that got a 400 is out of step with us: its connection is closed, as MediaMTX does.
    fn refused(&mut self, status: StatusCode) -> Answer {
        if status == StatusCode::BadRequest {
            self.closing = Some("bad request");
        }
        Answer::new(status)
    }

    fn describe(&mut self, target: &str) -> Result<Answer, StatusCode> {
        let (path, _) = wire::path_and_query(target);
        // MediaMTX forgives readers a slash at the end, but not publishers.
        let path = path.strip_suffix('/').unwrap_or(path);
        if !wire::is_path_name(path) {
            return Err(StatusCode::BadRequest);
        }
        let stream = self.hub.stream(path).ok_or(StatusCode::NotFound)?;
        let base = format!("{}/", target.trim_end_matches('/'));
        Ok(Answer::new(StatusCode::Ok)
            .with(headers::CONTENT_BASE, base)
            .with_body("application/sdp", stream.description.for_readers.clone()))
    }

    fn announce(&mut self, request: &Request<Vec<u8>>, target: &str) -> Result<Answer, StatusCode> {
        let (path, query) = wire::path_and_query(target);
        let kind = request.header(&headers::CONTENT_TYPE).map_or("", |value| value.as_str());
        if self.active.is_some() || !wire::is_path_name(path) || kind != "application/sdp" {
            return Err(StatusCode::BadRequest);
        }
        let user = match &self.publishers {
            None => String::new(),
            Some(wanted) => match request.header(&headers::AUTHORIZATION) {
                Some(given) if wanted.match_header(given.as_str()) => wanted.username.clone(),
                Some(_) => {
                    log::warn!(stream = path; "refusing a publisher: wrong user name or password");
                    self.closing = Some("wrong credentials");
                    return Err(StatusCode::Unauthorized);
                }
                None => {
                    let answer = Answer::new(StatusCode::Unauthorized);
                    return Ok(answer.with(headers::WWW_AUTHENTICATE, "Basic realm=\"media\""));
                }
            },
        };
        let description = Description::read(request.body()).map_err(|error| {
            log::warn!(stream = path; "refusing a publisher: {error}");
            StatusCode::BadRequest
        })?;
        let session = Session::announced(description.tracks.len());
        self.open(session, Arc::new(description), None, request, (path, query, user));
        Ok(Answer::new(StatusCode::Ok))
    }

    fn setup(&mut self, request: &Request<Vec<u8>>, target: &str) -> Result<Answer, StatusCode> {
        let offers = request.typed_header::<Transports>().map_err(|_| StatusCode::BadRequest)?;
        let offers = offers.map(|offers| offers.to_vec()).unwrap_or_default();
        if self.active.is_none() {
            self.prepare(request, target)?;
        }
        let active = self.active.as_mut().ok_or(StatusCode::InternalServerError)?;
        let track = match active.session.phase() {
            Phase::Announced | Phase::Recording => {
                let controls: Vec<&str> =
                    active.description.tracks.iter().map(|track| track.control.as_str()).collect();
                wire::track_of(target, &active.entry.path, &controls)
            }
            Phase::Prepared | Phase::Playing => {
                wire::reader_track(target).filter(|(path, _)| *path == active.entry.path).map(|(_, track)| track)
            }
        };
        let track = track.ok_or(StatusCode::BadRequest)?;
        match active.session.setup(track, &offers) {
            Ok(channel) => {
                let source = active.stream.as_ref().and_then(|stream| stream.source(track));
                let source = source.map(|source| format!(";ssrc={source:08X}")).unwrap_or_default();
                let transport = format!("RTP/AVP/TCP;unicast;interleaved={channel}-{}{source}", channel + 1);
                Ok(self.with_session(Answer::new(StatusCode::Ok)).with(headers::TRANSPORT, transport))
            }
            Err(StatusCode::BadRequest) => Err(StatusCode::BadRequest),
            Err(status) => Ok(self.with_session(Answer::new(status))),
        }
    }

    /// Opens a reader's session at its first SETUP.
    fn prepare(&mut self, request: &Request<Vec<u8>>, target: &str) -> Result<(), StatusCode> {
        let (path, _) = wire::reader_track(target).ok_or(StatusCode::BadRequest)?;
        if !wire::is_path_name(path) {
            return Err(StatusCode::BadRequest);
        }
        let stream = self.hub.stream(path).ok_or(StatusCode::NotFound)?;
        let description = stream.description.clone();
        let session = Session::prepared(description.tracks.len());
        let (_, query) = wire::path_and_query(target);
        let query = query.rsplit_once("/trackID=").map_or(query, |(query, _)| query);
        self.open(session, description, Some(stream), request, (path, query, String::new()));
        Ok(())
    }

    fn open(
        &mut self,
        session: Session,
        description: Arc<Description>,
        stream: Option<Arc<Stream>>,
        request: &Request<Vec<u8>>,
        (path, query, user): (&str, &str, String),
    ) {
        let agent = request.header(&headers::USER_AGENT).map_or("", |value| value.as_str());
        let entry = Arc::new(SessionEntry {
            id: Uuid::new_v4(),
            created: Utc::now(),
            remote: self.connection.remote,
            connection: self.connection.id,
            path: path.to_owned(),
            query: query.to_owned(),
            user,
            user_agent: agent.to_owned(),
            activity: Mutex::new(Activity::Idle),
            traffic: Traffic::default(),
        });
        *locked(&self.connection.session) = Some(entry.id);
        let listed = self.hub.table.session(entry.clone());
        let missed = vec![0; description.tracks.len()];
        self.active = Some(Active { session, entry, description, stream, missed, _listed: listed });
    }

    /// True sentence or status: the request names the session of this connection.
    fn within(&self, request: &Request<Vec<u8>>) -> Result<(), StatusCode> {
        let given = request.header(&headers::SESSION).ok_or(StatusCode::NotImplemented)?;
        let id = given.as_str().split(';').next().unwrap_or_default();
        match &self.active {
            Some(active) if active.entry.id.simple().to_string() == id => Ok(()),
            _ => Err(StatusCode::SessionNotFound),
        }
    }

    fn play(&mut self, target: &str) -> Result<Answer, StatusCode> {
        let active = self.active.as_mut().ok_or(StatusCode::SessionNotFound)?;
        if active.session.play()? {
            let stream = active.stream.clone().ok_or(StatusCode::BadRequest)?;
            let queue = stream.attach(active.entry.clone(), active.session.channels()).ok_or(StatusCode::NotFound)?;
            *locked(&active.entry.activity) = Activity::Read;
            self.flow = Flow::Reading(Reading { stream, session: active.entry.id, queue });
        }
        let base = target.trim_end_matches('/');
        let tracks = active.session.channels().iter().enumerate().filter(|(_, channel)| channel.is_some());
        let info = tracks.map(|(track, _)| format!("url={base}/trackID={track}")).collect::<Vec<_>>().join(",");
        Ok(self.with_session(Answer::new(StatusCode::Ok)).with(headers::RTP_INFO, info))
    }

    fn record(&mut self) -> Result<Answer, StatusCode> {
        let active = self.active.as_mut().ok_or(StatusCode::SessionNotFound)?;
        active.session.record()?;
        let publication = self.hub.publish(&active.entry.path, active.description.clone(), active.entry.id);
        *locked(&active.entry.activity) = Activity::Publish;
        self.flow = Flow::Publishing(publication);
        Ok(self.with_session(Answer::new(StatusCode::Ok)))
    }

    fn pause(&mut self) -> Answer {
        if let Some(active) = &mut self.active
            && active.session.pause()
        {
            *locked(&active.entry.activity) = Activity::Idle;
            self.flow = Flow::Nothing;
        }
        self.with_session(Answer::new(StatusCode::Ok))
    }

    fn teardown(&mut self) -> Answer {
        self.flow = Flow::Nothing;
        self.active = None;
        *locked(&self.connection.session) = None;
        Answer::new(StatusCode::Ok)
    }

    fn with_session(&self, answer: Answer) -> Answer {
        match &self.active {
            Some(active) => {
                answer.with(headers::SESSION, format!("{};timeout={SESSION_TIMEOUT}", active.entry.id.simple()))
            }
            None => answer,
        }
    }
}
