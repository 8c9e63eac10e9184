//! PostgreSQL: cameras, sessions and segments in a database that other programs share.
//!
//! A small pool of connections for questions, each in a transaction of its own, checked before use and bounded in time on
//! both sides; nothing of ours stays on a connection, so that a pooler in between may share it with others. One connection
//! more for LISTEN. A server that was away is used again by the next call.
//!
//! Never here: what makes a camera valid (`domain::camera`), which segment goes where (`actors`).

mod address;
mod cameras;
mod client;
mod fault;
mod foreign;
mod hidden;
mod incidents;
mod inspect;
mod link;
mod listen;
mod migrations;
mod nodes;
mod recordings;
mod rights;
mod schema;
mod segments;
mod site;
mod site_lock;
mod startup;
mod tls;
mod trouble;
mod verify;

#[cfg(test)]
mod neighbour_tests;
#[cfg(test)]
mod node_tests;
#[cfg(test)]
mod pooler_tests;
#[cfg(test)]
mod site_tests;
#[cfg(test)]
mod testpooler;
#[cfg(test)]
mod tests;
#[cfg(test)]
#[allow(dead_code, reason = "shared with the integration tests, which use the rest")]
mod testserver;
#[cfg(test)]
mod tls_tests;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use tokio::sync::watch;
use uuid::Uuid;

use self::address::Address;
pub use self::inspect::inspect;
use self::link::Server;
use self::listen::{Changes, Listener};
pub use self::nodes::inspect as inspect_nodes;
pub use self::site::{SiteRelay, SiteTable, shortened};
use self::startup::Gate;
use super::{
    CameraStore, Condition, DatabaseHealth, IncidentQuery, IncidentStore, Joined, ListenProgress, NodeFolder,
    NodeStore, Owner, ProbeStore, RecordingStore, RecordingSummary, SegmentQuery, SessionSummary, Skip, WritePlan,
};
use crate::base::{Error, Result};
use crate::config::settings::Postgres as Settings;
use crate::domain::camera::{CameraEdit, CameraRow};
use crate::domain::incident::Incident;
use crate::domain::node::{Node, NodeClaim};
use crate::domain::probe::KeptProbe;
use crate::domain::recording::{Segment, SegmentState, Session};

/// Nobody waits longer for the start because a database hangs.
const FIRST_TRY: Duration = Duration::from_secs(5);

/// A PostgreSQL database with our schema.
pub struct Postgres {
    server: Arc<Server>,
    listener: Arc<Listener>,
    /// As it was when nobody had been told of anything.
    heard: watch::Receiver<u64>,
    owner: Owner,
}

impl Postgres {
    fn new(server: Arc<Server>, listener: Listener, heard: watch::Receiver<u64>) -> Arc<Self> {
        Arc::new(Self { server, listener: Arc::new(listener), heard, owner: Owner::none() })
    }

    /// The same database, for a node that counts as admitted under this name.
    #[must_use]
    pub fn for_node(&self, name: &str) -> Arc<Self> {
        let (server, listener) = (Arc::clone(&self.server), Arc::clone(&self.listener));
        Arc::new(Self { server, listener, heard: self.heard.clone(), owner: Owner::named(name) })
    }

    /// What was asked for, and a word to those who read the cameras that something has changed.
    fn made<T>(&self, answer: Result<T>) -> Result<T> {
        if answer.is_ok() {
            self.listener.changes.made();
        }
        answer
    }
}

/// Where a database is, without user and password: `host:port/database`. `Invalid` when the URL cannot be read.
pub fn place(url: &SecretString) -> Result<String> {
    Address::parse(url).map(|address| address.place)
}

/// Connects, brings the schema up to date and begins to listen; [`Database::listen`] goes on with it.
///
/// `Invalid` (field `database.url`) when the URL is wrong, `Unsupported` when the schema is newer than ours or the tables
/// belong to another program, `Unavailable` when the server does not answer. No error holds the URL or its password.
pub async fn open(settings: &Settings) -> Result<Arc<Postgres>> {
    let address = Address::of(settings)?;
    schema::migrate(&address).await?;
    let (changes, heard) = Changes::new();
    let gate = Arc::new(Gate::open());
    let listener = Listener::begin(address.clone(), Arc::clone(&gate), changes).await?;
    Ok(Postgres::new(Arc::new(Server::new(&address, gate)?), listener, heard))
}

/// As [`open`], but a database that is away is waited for: until it comes, every call says what is wrong with it.
/// [`Database::listen`] waits for it, and announces its coming as a change of the cameras.
///
/// # Errors
/// `Invalid` and `Unsupported` of [`open`].
pub async fn open_or_wait(settings: &Settings) -> Result<Arc<Postgres>> {
    let address = Address::of(settings)?;
    let silent = |_| Err(Error::unavailable(format!("the database {} does not answer", address.place)));
    let why = match tokio::time::timeout(FIRST_TRY, open(settings)).await.unwrap_or_else(silent) {
        Err(error) if startup::is_away(&error) => error,
        opened => return opened,
    };
    log::warn!("{why}; continuing degraded until it answers");
    let gate = Arc::new(Gate::closed(&why));
    let server = Arc::new(Server::new(&address, Arc::clone(&gate))?);
    let (changes, heard) = Changes::new();
    Ok(Postgres::new(server, Listener::later(address, gate, changes), heard))
}

#[async_trait]
impl NodeStore for Postgres {
    async fn join(&self, claim: NodeClaim) -> Result<Joined> {
        let asked = async {
            let link = self.server.link().await?;
            link.answer(nodes::join(&link, &claim)).await
        };
        let joined = asked.await;
        self.owner.joined(joined.as_ref().map(|joined| joined.node.owner.as_str()));
        joined
    }

    async fn leave(&self, run: Uuid) -> Result<()> {
        let link = self.server.link().await?;
        link.answer(nodes::leave(&link, run)).await
    }

    async fn nodes(&self) -> Result<Vec<Node>> {
        let link = self.server.link().await?;
        link.answer(nodes::all(&link)).await
    }

    fn admitted(&self) -> Result<()> {
        self.owner.get().map(drop)
    }

    async fn set_folder(&self, folder: NodeFolder, id: Uuid) -> Result<()> {
        let owner = self.owner.get()?;
        let link = self.server.link().await?;
        link.answer(nodes::set_folder(&link, &owner, folder, id)).await
    }

    async fn ownerless(&self) -> Result<Option<Vec<String>>> {
        let link = self.server.link().await?;
        link.answer(nodes::ownerless(&link)).await
    }

    async fn adopt(&self) -> Result<()> {
        let owner = self.owner.get()?;
        let link = self.server.link().await?;
        link.answer(nodes::adopt(&link, &owner)).await
    }
}

#[async_trait]
impl CameraStore for Postgres {
    async fn cameras(&self) -> Result<Vec<CameraRow>> {
        let link = self.server.link().await?;
        link.answer(cameras::all(&link)).await
    }

    async fn camera(&self, id: i64) -> Result<Option<CameraRow>> {
        let link = self.server.link().await?;
        link.answer(cameras::one(&link, id)).await
    }

    async fn camera_kinds(&self) -> Result<Vec<(String, String)>> {
        let link = self.server.link().await?;
        link.answer(cameras::kinds(&link)).await
    }

    async fn put_camera_kind(&self, kind: String, url_template: String) -> Result<()> {
        let link = self.server.link().await?;
        self.made(link.answer(cameras::put_kind(&link, &kind, &url_template)).await)
    }

    async fn delete_camera_kind(&self, kind: &str) -> Result<()> {
        let link = self.server.link().await?;
        self.made(link.answer(cameras::delete_kind(&link, kind)).await)
    }

    async fn add_camera(&self, edit: CameraEdit) -> Result<CameraRow> {
        let link = self.server.link().await?;
        self.made(link.answer(cameras::add(&link, edit)).await)
    }

    async fn edit_camera_if(&self, id: i64, edit: CameraEdit, only_if: Condition) -> Result<CameraRow> {
        let link = self.server.link().await?;
        self.made(link.answer(cameras::edit(&link, id, edit, only_if)).await)
    }

    async fn write_cameras(&self, plan: WritePlan) -> Result<()> {
        let link = self.server.link().await?;
        self.made(link.long_answer(cameras::write(&link, plan)).await)
    }

    async fn delete_camera_if(&self, id: i64, only_if: Condition) -> Result<()> {
        let link = self.server.link().await?;
        self.made(link.answer(cameras::delete(&link, id, only_if)).await)
    }

    fn camera_changes(&self) -> watch::Receiver<u64> {
        self.heard.clone()
    }

    async fn listen(&self, progress: ListenProgress) -> Result<()> {
        self.listener.run(&progress).await;
        Ok(())
    }
}

#[async_trait]
impl RecordingStore for Postgres {
    async fn open_session(&self, session: Session) -> Result<()> {
        let owner = self.owner.get()?;
        let link = self.server.link().await?;
        link.answer(recordings::open(&link, &owner, &session)).await
    }

    async fn close_session(&self, id: Uuid, ended_at: DateTime<Utc>, reason: String) -> Result<()> {
        let owner = self.owner.get()?;
        let link = self.server.link().await?;
        link.answer(recordings::close(&link, &owner, id, ended_at, &reason)).await
    }

    async fn open_sessions(&self) -> Result<Vec<Session>> {
        let owner = self.owner.get()?;
        let link = self.server.link().await?;
        link.answer(recordings::still_open(&link, &owner)).await
    }

    async fn session(&self, id: Uuid) -> Result<Option<Session>> {
        let link = self.server.link().await?;
        link.answer(recordings::one(&link, id)).await
    }

    async fn put_segment(&self, segment: Segment) -> Result<()> {
        let owner = self.owner.get()?;
        let link = self.server.link().await?;
        link.answer(segments::put(&link, &owner, &segment)).await
    }

    async fn move_segment(
        &self,
        id: Uuid,
        from: Vec<SegmentState>,
        to: SegmentState,
        reason: Option<String>,
    ) -> Result<bool> {
        let owner = self.owner.get()?;
        let link = self.server.link().await?;
        link.answer(segments::shift(&link, &owner, id, &from, to, reason.as_deref())).await
    }

    async fn claim_upload(&self, skip: Skip) -> Result<Option<Segment>> {
        // In a task that is not cancelled with the asker: a claim that nobody waits for any more is put back.
        let wanted = Arc::new(());
        let asker = Arc::downgrade(&wanted);
        let (owner, server) = (self.owner.get()?, Arc::clone(&self.server));
        let task = tokio::spawn(async move {
            let link = server.link().await?;
            let claimed = link.answer(segments::claim(&link, &owner, &skip)).await??;
            drop(link);
            if let Some(segment) = claimed.as_ref().filter(|_| asker.strong_count() == 0) {
                let (link, from) = (server.link().await?, [SegmentState::Uploading]);
                link.answer(segments::shift(&link, &owner, segment.id, &from, SegmentState::Sealed, None)).await?;
            }
            Ok(claimed)
        });
        let claimed = task.await;
        drop(wanted);
        claimed.map_err(|panic| Error::internal("a database job failed inside").with_source(panic))?
    }

    async fn release_uploads(&self) -> Result<u64> {
        let owner = self.owner.get()?;
        let link = self.server.link().await?;
        link.answer(segments::release(&link, &owner)).await
    }

    async fn segment(&self, id: Uuid) -> Result<Option<Segment>> {
        let link = self.server.link().await?;
        link.answer(segments::one(&link, id)).await
    }

    async fn segments(&self, query: SegmentQuery) -> Result<Vec<Segment>> {
        let owner = query.own.then(|| self.owner.get()).transpose()?;
        let link = self.server.link().await?;
        link.answer(segments::list(&link, owner.as_deref(), &query)).await
    }

    async fn sessions(&self, stream: &str, server: Option<String>) -> Result<Vec<SessionSummary>> {
        let link = self.server.link().await?;
        link.answer(recordings::of_stream(&link, stream, server.as_deref())).await
    }

    async fn segment_counts(&self) -> Result<Vec<(SegmentState, u64)>> {
        let link = self.server.link().await?;
        link.answer(segments::counts(&link)).await
    }

    async fn recordings(&self) -> Result<Vec<RecordingSummary>> {
        let link = self.server.link().await?;
        link.answer(recordings::summaries(&link)).await
    }
}

#[async_trait]
impl IncidentStore for Postgres {
    async fn open_incident(&self, incident: Incident) -> Result<Uuid> {
        let owner = self.owner.get()?;
        let link = self.server.link().await?;
        link.answer(incidents::open(&link, &owner, &incident)).await
    }

    async fn close_incident(&self, id: Uuid, at: DateTime<Utc>) -> Result<()> {
        let owner = self.owner.get()?;
        let link = self.server.link().await?;
        link.answer(incidents::close(&link, &owner, id, at)).await
    }

    async fn incidents(&self, query: IncidentQuery) -> Result<Vec<Incident>> {
        let owner = query.own.then(|| self.owner.get()).transpose()?;
        let link = self.server.link().await?;
        link.answer(incidents::list(&link, owner.as_deref(), &query)).await
    }
}

#[async_trait]
impl ProbeStore for Postgres {
    async fn camera_probe(&self, camera: i64) -> Result<Option<KeptProbe>> {
        let owner = self.owner.get()?;
        let link = self.server.link().await?;
        link.answer(incidents::probe(&link, &owner, camera)).await
    }

    async fn camera_probes(&self) -> Result<Vec<KeptProbe>> {
        let owner = self.owner.get()?;
        let link = self.server.link().await?;
        link.answer(incidents::probes(&link, &owner)).await
    }

    async fn put_camera_probe(&self, probe: KeptProbe) -> Result<()> {
        let owner = self.owner.get()?;
        let link = self.server.link().await?;
        link.answer(incidents::put_probe(&link, &owner, &probe)).await
    }
}

#[async_trait]
impl DatabaseHealth for Postgres {
    async fn ping(&self) -> Result<String> {
        let link = self.server.link().await?;
        let words = link.answer(cameras::ping(&link, self.server.place())).await?;
        if let Err(last) = self.server.trouble().none() {
            // Reading works. Whether writing does by now is tried.
            let link = self.server.link().await?;
            link.answer(cameras::try_room(&link, last)).await?;
            self.server.trouble().is_over();
        }
        Ok(words + self.listener.changes.note() + &self.server.latency())
    }
}
