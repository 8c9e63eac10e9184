//! Starting a run: what is asked before, the session's folder, then ffmpeg in it.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::RecordHandles;
use super::folder_lock::LockedFolders;
use super::pauses::Pauses;
use crate::actors::supervision::Setting;
use crate::adapters::database::SegmentQuery;
use crate::adapters::ffmpeg::argv::publish_url;
use crate::adapters::ffmpeg::child::{ChildProcess, ProcessEvents, ProcessLaunch};
use crate::adapters::ffmpeg::record_argv::{RecordInput, record_argv};
use crate::adapters::live::publisher::LivePublisher;
use crate::adapters::mediamtx::MediaMtx;
use crate::adapters::spool::Note;
use crate::base::{Result, SharedText};
use crate::config::settings::{RecordSettings, ServerSettings};
use crate::domain::admission::StreamKey;
use crate::domain::container::Mp4Plan;
use crate::domain::recording::RecordingSession;
use crate::domain::stream::TrackList;
use crate::domain::wall_clock::SessionStarts;

/// ffmpeg gives up when the server says nothing for so long; MediaMTX itself drops a silent publisher after 10 s.
pub const SILENCE: Duration = Duration::from_secs(10);
/// A catalogue that is away may delay a recording by so much, once.
const LOOK_UP: Duration = Duration::from_secs(2);

/// After a stream has ended the media server is asked for its tracks for so long, because its next publisher may still be setting
/// them up: less than a failed start of ffmpeg costs.
const ASK_FOR: Duration = Duration::from_millis(500);
/// And so often.
const ASK_AGAIN: Duration = Duration::from_millis(100);

/// A media server whose streams are recorded.
pub struct RecordServer {
    /// Where it is.
    pub settings: ServerSettings,
    /// Its control API.
    pub api: MediaMtx,
}

impl RecordServer {
    /// The server of these settings. `Invalid` when no HTTP client can be made of them.
    fn new(settings: ServerSettings) -> Result<Self> {
        Ok(Self { api: MediaMtx::new(&settings)?, settings })
    }

    /// Several of them, in their order.
    pub fn all(servers: Vec<ServerSettings>) -> Result<Vec<Arc<Self>>> {
        servers.into_iter().map(|server| Self::new(server).map(Arc::new)).collect()
    }
}

/// Who publishes a stream, as the polls tell.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecordedSource {
    /// Its tracks, as far as the server tells them.
    pub tracks: TrackList,
    /// Changes with the publisher, and when the same one has begun anew.
    pub publication: (Option<SharedText>, u64),
}

/// A run that is about to begin.
#[derive(Clone, Copy, Debug)]
pub struct PlannedRun {
    /// What happens to its tracks.
    pub plan: Mp4Plan,
    /// See [`RecordInput::looks_shortly`].
    pub looks_shortly: bool,
    /// Length of its segments.
    pub segment: Duration,
    /// Where the timestamps in its files begin.
    pub begins_at: Duration,
}

/// What a recorder is for. Outlives its generations.
#[derive(Clone)]
pub struct RecordAssignment {
    /// The stream.
    pub key: StreamKey,
    /// Where it is read.
    pub server: Arc<RecordServer>,
    /// What stands before its object keys.
    pub key_prefix: String,
    /// The configuration; a run takes what it says at its start.
    pub settings: Setting<RecordSettings>,
    /// What recording needs from outside.
    pub handles: RecordHandles,
    /// Where its states go.
    pub publisher: LivePublisher,
    /// Starts of its sessions: the next one must be another second.
    pub starts: Rc<RefCell<SessionStarts>>,
    /// Who publishes it, with which tracks, as the monitor sees it.
    pub source: watch::Receiver<RecordedSource>,
    /// Why nobody may record at present: the spool's disk.
    pub obstacle: watch::Receiver<Option<String>>,
    /// Where it is told when it pauses.
    pub pauses: Pauses,
    /// Where it takes its folders.
    pub folders: LockedFolders,
}

impl RecordAssignment {
    /// The note of a session that begins now.
    pub fn new_note(&self) -> Note {
        let session = RecordingSession {
            id: Uuid::now_v7(),
            server: self.key.server.clone(),
            stream: self.key.name.clone(),
            started_at: self.starts.borrow().next((self.handles.clock)()),
            ended_at: None,
            end_reason: None,
        };
        Note { session, key_prefix: self.key_prefix.clone(), continues: None }
    }

    /// Whether sessions that are not known here may have begun at the same second as one that begins now.
    pub fn must_look_up(&self) -> bool {
        self.starts.borrow_mut().look((self.handles.clock)())
    }

    /// Learns from the catalogue of sessions that began later than the wall clock is now, which was set back then. Without
    /// an answer we go on with what we know.
    pub async fn look_up(&self) {
        let now = (self.handles.clock)();
        let found = match timeout(LOOK_UP, later_sessions(&self.handles, &self.key, now)).await {
            Ok(found) => found.map_err(|error| error.to_string()),
            Err(_) => Err(format!("timeout, no answer in {} s", LOOK_UP.as_secs())),
        };
        match found {
            Ok(found) => found.into_iter().for_each(|start| self.starts.borrow_mut().add(start)),
            Err(error) => log::debug!(stream = self.key.name.as_str(); "reading earlier sessions failed: {error}"),
        }
    }

    /// The tracks of the stream as the media server knows them now; `None` while it has no such stream, or does not answer.
    pub async fn ask_for_tracks(&self) -> Option<TrackList> {
        let there = async {
            loop {
                match self.server.api.path(&self.key.name).await {
                    Ok(Some(path)) if path.available && !path.tracks.is_empty() => return Some(path.tracks),
                    Ok(_) => sleep(ASK_AGAIN).await,
                    Err(error) => {
                        log::debug!(stream = self.key.name.as_str(); "asking for the tracks failed: {error}");
                        return None;
                    }
                }
            }
        };
        timeout(ASK_FOR, there).await.ok().flatten()
    }

    /// Starts ffmpeg in a session's folder. Call it on the main thread (see `adapters::ffmpeg::child`).
    pub fn spawn(&self, folder: &str, run: PlannedRun) -> Result<(ChildProcess, ProcessEvents)> {
        let server = &self.server.settings;
        let login = server.publish_username.as_deref().map(|user| (user, server.publish_password.as_ref()));
        let url = publish_url(&server.rtsp_url, login, &self.key.name)?;
        let PlannedRun { plan, looks_shortly, segment, begins_at } = run;
        let input = RecordInput { url, plan, looks_shortly, segment, silence: SILENCE, begins_at };
        ChildProcess::spawn(ProcessLaunch {
            program: self.handles.ffmpeg.clone(),
            args: record_argv(&self.handles.version, &input),
            cwd: Some(self.handles.spool.path(folder)?),
            stdin: None,
            secrets: server.publish_password.iter().cloned().collect(),
            label: format!("recording {}", self.key),
            mark: self.handles.mark.clone(),
        })
    }
}

/// Starts of the stream's sessions, if any segment of it is later than `now`; as a rule none is, and then none are read.
async fn later_sessions(handles: &RecordHandles, key: &StreamKey, now: DateTime<Utc>) -> Result<Vec<DateTime<Utc>>> {
    let query = SegmentQuery {
        server: Some(key.server.clone()),
        stream: Some(key.name.to_string()),
        from: Some(now),
        limit: 1,
        ..SegmentQuery::default()
    };
    if handles.recordings.segments(query).await?.is_empty() {
        return Ok(Vec::new());
    }
    let sessions = handles.recordings.sessions(key.name.as_str(), Some(key.server.clone())).await?;
    Ok(sessions.into_iter().map(|summary| summary.session.started_at).collect())
}
