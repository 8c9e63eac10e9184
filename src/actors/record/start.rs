//! Starting a run: the session's folder, then ffmpeg in it.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use actix::Recipient;
use chrono::{DateTime, Utc};
use tokio::sync::watch;
use uuid::Uuid;

use super::RecordHandles;
use super::hold::FolderNews;
use crate::actors::supervision::Setting;
use crate::adapters::ffmpeg::argv::publish_url;
use crate::adapters::ffmpeg::child::{Child, Events, Launch};
use crate::adapters::ffmpeg::record_argv::{RecordInput, record_argv};
use crate::adapters::spool::Note;
use crate::base::Result;
use crate::config::settings::{Record, Server};
use crate::domain::admission::StreamKey;
use crate::domain::container::Mp4Plan;
use crate::domain::layout::session_start;
use crate::domain::recording::Session;
use crate::domain::stream::Track;

/// ffmpeg gives up when the server says nothing for so long; MediaMTX itself drops a silent publisher after 10 s.
pub const SILENCE: Duration = Duration::from_secs(10);

/// What a recorder is for. Outlives its generations.
#[derive(Clone)]
pub struct Assignment {
    /// The stream.
    pub key: StreamKey,
    /// Where it is read.
    pub server: Rc<Server>,
    /// What stands before its object keys.
    pub key_prefix: String,
    /// The configuration; a run takes what it says at its start.
    pub settings: Setting<Record>,
    /// What recording needs from outside.
    pub handles: RecordHandles,
    /// Start of its latest session: the next one must be later.
    pub latest_start: Rc<Cell<Option<DateTime<Utc>>>>,
    /// Its tracks, as the monitor sees them.
    pub tracks: watch::Receiver<Vec<Track>>,
    /// Why nobody may record at present: the spool's disk.
    pub obstacle: watch::Receiver<Option<String>>,
    /// The manager.
    pub manager: Recipient<FolderNews>,
}

impl Assignment {
    /// The note of a session that begins now.
    pub fn new_note(&self) -> Note {
        let session = Session {
            id: Uuid::now_v7(),
            server: self.key.server.clone(),
            stream: self.key.name.clone(),
            started_at: session_start((self.handles.clock)(), self.latest_start.get()),
            ended_at: None,
            end_reason: None,
        };
        Note { session, key_prefix: self.key_prefix.clone(), continues: None }
    }

    /// Starts ffmpeg in a session's folder. Call it on the main thread (see `adapters::ffmpeg::child`).
    pub fn spawn(&self, folder: &str, plan: Mp4Plan) -> Result<(Child, Events)> {
        let server = &self.server;
        let login = server.publish_username.as_deref().map(|user| (user, server.publish_password.as_ref()));
        let url = publish_url(&server.rtsp_url, login, &self.key.name)?;
        let input = RecordInput { url, plan, segment: self.settings.get().segment_duration, silence: SILENCE };
        Child::spawn(Launch {
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
