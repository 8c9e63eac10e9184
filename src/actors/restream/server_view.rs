//! What monitors say of our server and its paths, heard from the live store and passed on to the relays it concerns.

use std::collections::BTreeMap;

use crate::actors::restream::assignment::AtPath;
use crate::adapters::live::Change;
use crate::adapters::live::subscription::LiveUpdate;
use crate::domain::incident::ServerObservation;
use crate::domain::name::StreamName;
use crate::domain::restream::{PathPublisher, PathView};
use crate::domain::stream::{ServerStatus, StreamState, StreamStatus, StreamTrack};

/// What is known of our server. Pure memory.
#[derive(Debug)]
pub(super) struct ServerView {
    name: String,
    /// Why nothing may be published to it: somebody else relays these cameras.
    standby: Option<String>,
    /// `None` until somebody has polled it.
    answers: Option<Result<(), String>>,
    /// A monitor of this process will poll it.
    monitored: bool,
    /// That one also probes its RTSP port.
    probed_by_monitor: bool,
    /// Its API does not answer, but its RTSP port does.
    media_answers: bool,
    /// Its API does not answer, and nor does its RTSP port.
    closed: bool,
    /// Paths with a stream.
    paths: BTreeMap<StreamName, SeenPath>,
}

/// A path as it was last told.
#[derive(Clone, Debug, PartialEq)]
struct SeenPath {
    state: StreamState,
    publisher: Option<PathPublisher>,
    /// At least one byte has come.
    has_bytes: bool,
    /// Whether one of its tracks is sound; `None` when it tells no tracks.
    sound: Option<bool>,
}

impl ServerView {
    pub(super) fn new(name: &str, monitored: bool, probed_by_monitor: bool) -> Self {
        Self {
            name: name.to_owned(),
            standby: None,
            answers: None,
            monitored,
            probed_by_monitor,
            media_answers: false,
            closed: false,
            paths: BTreeMap::new(),
        }
    }

    /// Whether it may be published to. A server that nobody polls is taken at its word, and one whose API is switched off
    /// is none the worse for it.
    pub(super) fn answers(&self) -> Result<(), String> {
        if let Some(why) = &self.standby {
            return Err(why.clone());
        }
        match &self.answers {
            Some(Err(_)) if self.media_answers => Ok(()),
            Some(answers) => answers.clone(),
            None if self.monitored => Err(format!("the media server {} has not been asked yet", self.name)),
            None => Ok(()),
        }
    }

    /// Whether somebody else relays these cameras.
    pub(super) fn is_standby(&self) -> bool {
        self.standby.is_some()
    }

    /// Takes who else relays these cameras, as a sentence; says whether that is news.
    pub(super) fn set_standby(&mut self, why: Option<String>) -> bool {
        std::mem::replace(&mut self.standby, why.clone()) != why
    }

    /// Whether it makes sense to probe its RTSP port here: nobody else does.
    pub(super) fn is_in_doubt(&self) -> bool {
        matches!(self.answers, Some(Err(_))) && !self.probed_by_monitor
    }

    /// Its API does not answer, and its RTSP port does.
    pub(super) fn media_alone(&self) -> bool {
        matches!(self.answers, Some(Err(_))) && self.media_answers
    }

    /// What is known of it now; `None` while nobody has polled it.
    pub(super) fn observation(&self) -> Option<ServerObservation> {
        match self.answers.as_ref()? {
            Ok(()) => Some(ServerObservation::Up),
            Err(_) if self.media_answers => Some(ServerObservation::Up),
            Err(_) if self.closed => Some(ServerObservation::Down),
            Err(_) => Some(ServerObservation::Doubtful),
        }
    }

    /// Notes whether somebody opened; says whether that is news.
    pub(super) fn rtsp_probed(&mut self, answered: bool) -> bool {
        self.closed = !answered;
        std::mem::replace(&mut self.media_answers, answered) != answered
    }

    pub(super) fn path(&self, name: &StreamName) -> PathView {
        let seen = self.paths.get(name);
        match (&self.answers, seen.map(|seen| (seen.state, &seen.publisher))) {
            (None | Some(Err(_)), _) | (_, Some((StreamState::Unknown, _))) => PathView::Unknown,
            (_, Some((StreamState::Live | StreamState::Stalled, publisher))) => PathView::Available(publisher.clone()),
            (_, Some((StreamState::Offline, _)) | None) => PathView::Missing,
        }
    }

    /// What arrives at a path.
    pub(super) fn at_path(&self, name: &StreamName) -> AtPath {
        let seen = self.paths.get(name).filter(|_| matches!(self.answers, Some(Ok(()))));
        let bytes = seen.and_then(|seen| match seen.state {
            StreamState::Live => Some(seen.has_bytes),
            StreamState::Stalled => Some(false),
            StreamState::Offline | StreamState::Unknown => None,
        });
        AtPath { bytes, sound: bytes.and(seen).and_then(|seen| seen.sound) }
    }

    /// Takes what was heard; says whether anything of it concerns us.
    pub(super) fn hear(&mut self, heard: &LiveUpdate) -> bool {
        match heard {
            LiveUpdate::Everything(latest) => {
                self.paths.clear();
                self.answers = None;
                latest.servers.iter().for_each(|server| _ = self.server(server));
                latest.streams.iter().for_each(|stream| _ = self.stream(stream));
                true
            }
            LiveUpdate::Changes(changes) => changes.iter().fold(false, |concerned, change| {
                concerned
                    | match change {
                        Change::Server(server) => self.server(server),
                        Change::Stream(stream) => self.stream(stream),
                        Change::StreamGone { server, name } => {
                            *server == self.name && self.paths.remove(name).is_some()
                        }
                        _ => false,
                    }
            }),
        }
    }

    fn server(&mut self, server: &ServerStatus) -> bool {
        if server.name != self.name {
            return false;
        }
        let answers = if server.reachable {
            Ok(())
        } else {
            let reason = server.reason.as_deref().unwrap_or("it does not answer");
            Err(format!("waiting for the media server {}: {reason}", self.name))
        };
        let before = self.observation();
        if answers.is_ok() {
            (self.media_answers, self.closed) = (false, false);
        } else if let Some(open) = server.rtsp_answers.filter(|_| self.probed_by_monitor) {
            self.rtsp_probed(open);
        }
        let answered = self.answers.replace(answers);
        answered != self.answers || before != self.observation()
    }

    fn stream(&mut self, stream: &StreamStatus) -> bool {
        if stream.server != self.name {
            return false;
        }
        let publisher = match (stream.source_type.as_deref(), stream.source_id.as_deref()) {
            (Some(kind), Some(id)) => Some((kind, id)),
            // The server pulls it: such a source has no id.
            (Some(kind), None) if kind.ends_with("Source") => Some((kind, "")),
            _ => None,
        };
        let (state, has_bytes) = (stream.state, stream.bytes_received > 0);
        let sound = (!stream.tracks.is_empty()).then(|| stream.tracks.iter().any(StreamTrack::is_sound));
        // Told with every poll of every path, and hardly ever news.
        let is_known = self.paths.get(&stream.name).is_some_and(|seen| {
            let known = seen.publisher.as_ref().map(|known| (known.kind.as_str(), known.id.as_str()));
            known == publisher && (seen.state, seen.has_bytes, seen.sound) == (state, has_bytes, sound)
        });
        if !is_known {
            let publisher =
                publisher.map(|(kind, id)| PathPublisher { kind: kind.into(), id: id.into(), remote: None });
            self.paths.insert(stream.name.clone(), SeenPath { state, publisher, has_bytes, sound });
        }
        !is_known
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::sample;

    fn server(name: &str, reachable: bool) -> Change {
        Change::Server(ServerStatus {
            reachable,
            reason: (!reachable).then(|| "refused".into()),
            ..sample::server(name)
        })
    }

    fn stream(server: &str, state: StreamState) -> Change {
        stream_with_bytes(server, state, 0)
    }

    fn stream_with_bytes(server: &str, state: StreamState, bytes_received: u64) -> Change {
        Change::Stream(Arc::new(StreamStatus { state, bytes_received, ..sample::stream(server, "gate") }))
    }

    #[test]
    fn bytes_arrive_when_they_were_counted_and_go_on_coming() {
        let gate = StreamName::parse("gate").expect("name");
        let mut view = ServerView::new("main", true, false);
        view.hear(&LiveUpdate::Changes(Arc::new(vec![server("main", true)])));
        assert_eq!(view.at_path(&gate), AtPath::default(), "no such path");
        let table = [
            (stream_with_bytes("main", StreamState::Live, 0), true, Some(false)),
            (stream_with_bytes("main", StreamState::Live, 1), true, Some(true)),
            (stream_with_bytes("main", StreamState::Live, 2), false, Some(true)),
            (stream_with_bytes("main", StreamState::Stalled, 2), true, Some(false)),
            (stream_with_bytes("main", StreamState::Offline, 0), true, None),
        ];
        for (change, concerned, arriving) in table {
            let words = format!("{change:?}");
            assert_eq!(view.hear(&LiveUpdate::Changes(Arc::new(vec![change]))), concerned, "{words}");
            assert_eq!(view.at_path(&gate).bytes, arriving, "{words}");
        }
    }

    #[test]
    fn what_the_monitor_found_of_the_rtsp_port_counts_where_it_probes_it() {
        let silent = |rtsp_answers| {
            let status = ServerStatus { reachable: false, rtsp_answers, ..sample::server("main") };
            LiveUpdate::Changes(Arc::new(vec![Change::Server(status)]))
        };
        let table = [
            (None, true, ServerObservation::Doubtful),
            (Some(true), true, ServerObservation::Up),
            (Some(true), false, ServerObservation::Up),
            (Some(false), true, ServerObservation::Down),
            (Some(false), false, ServerObservation::Down),
            (Some(true), true, ServerObservation::Up),
        ];
        let mut view = ServerView::new("main", true, true);
        let mut other = ServerView::new("main", true, false);
        for (answers, is_change, observation) in table {
            assert_eq!(view.hear(&silent(answers)), is_change, "{answers:?}");
            assert_eq!(view.observation(), Some(observation), "{answers:?}");
            assert!(!view.is_in_doubt(), "it is probed already");
            assert_eq!(view.answers().is_ok(), observation == ServerObservation::Up, "{answers:?}");
            other.hear(&silent(answers));
            assert!(other.is_in_doubt(), "another port is published to");
            assert_eq!(other.observation(), Some(ServerObservation::Doubtful));
        }
        view.hear(&LiveUpdate::Changes(Arc::new(vec![server("main", true)])));
        view.hear(&silent(None));
        assert_eq!(view.observation(), Some(ServerObservation::Doubtful), "an old probe proves nothing");
    }

    #[test]
    fn only_news_of_our_server_counts() {
        let gate = StreamName::parse("gate").expect("name");
        let gone = Change::StreamGone { server: "main".into(), name: gate.clone() };
        let mut view = ServerView::new("main", true, false);
        assert!(view.answers().is_err_and(|reason| reason.contains("not been asked yet")));
        let table = [
            (server("other", true), false, PathView::Unknown),
            (stream("other", StreamState::Live), false, PathView::Unknown),
            (server("main", true), true, PathView::Missing),
            (server("main", true), false, PathView::Missing),
            (stream("main", StreamState::Live), true, PathView::Available(None)),
            (stream("main", StreamState::Live), false, PathView::Available(None)),
            (stream("main", StreamState::Stalled), true, PathView::Available(None)),
            (stream("main", StreamState::Offline), true, PathView::Missing),
            (stream("main", StreamState::Live), true, PathView::Available(None)),
            (gone, true, PathView::Missing),
            (server("main", false), true, PathView::Unknown),
        ];
        for (change, concerned, path) in table {
            let words = format!("{change:?}");
            assert_eq!(view.hear(&LiveUpdate::Changes(Arc::new(vec![change]))), concerned, "{words}");
            assert_eq!(view.path(&gate), path, "{words}");
        }
        assert_eq!(view.at_path(&gate), AtPath::default(), "nobody knows");
        assert!(view.answers().is_err_and(|reason| reason.contains("refused")));
        assert_eq!(view.observation(), Some(ServerObservation::Doubtful));
        assert!(view.is_in_doubt() && view.rtsp_probed(true) && view.answers().is_ok(), "media without an API");
        assert_eq!(view.observation(), Some(ServerObservation::Up));
        view.rtsp_probed(false);
        assert_eq!(view.observation(), Some(ServerObservation::Down));
        view.hear(&LiveUpdate::Changes(Arc::new(vec![server("main", true)])));
        view.hear(&LiveUpdate::Changes(Arc::new(vec![server("main", false)])));
        assert!(
            view.answers().is_err() && view.observation() == Some(ServerObservation::Doubtful),
            "an old rtsp_probe proves nothing"
        );
        assert!(ServerView::new("main", false, false).answers().is_ok(), "nobody polls it: try");

        view.hear(&LiveUpdate::Changes(Arc::new(vec![server("main", true)])));
        assert!(view.set_standby(Some("node b relays".into())) && view.is_standby());
        assert_eq!((view.answers(), view.observation()), (Err("node b relays".into()), Some(ServerObservation::Up)));
        assert!(!view.set_standby(Some("node b relays".into())), "no news");
        assert!(view.set_standby(None) && view.answers().is_ok());
    }
}
