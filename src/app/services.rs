//! From settings to services: what the roles need, opened or refused with its remedy.

use std::path::Path;
use std::sync::Arc;

use tokio::sync::watch;
use uuid::Uuid;

use super::data_dir::DATA_DIR;
use super::earlier_runs;
use super::open_stores::open_stores_or_wait;
use crate::actors::history::HistoryHandle;
use crate::actors::membership::{self, NodeHandles};
use crate::actors::record::SpoolDisk;
use crate::adapters::database::{NodeFolder, Stores};
use crate::adapters::ffmpeg::child;
use crate::adapters::ffmpeg::ffmpeg_version::{self, FfmpegVersion};
use crate::adapters::ffmpeg::rtsp_codecs;
use crate::adapters::folder::Folder;
use crate::adapters::folder::identity::Identified;
use crate::adapters::live::SharedLive;
use crate::adapters::live::memory::MemoryLiveStore;
use crate::adapters::live::redis::{NodeFacts, RedisLiveStore};
use crate::adapters::objects::SharedObjects;
use crate::adapters::objects::directory::Directory;
use crate::adapters::objects::s3::S3Store;
use crate::adapters::spool::{SharedSpool, Spool};
use crate::base::{Error, Result};
use crate::config::Settings;
use crate::config::settings::{LiveSettings, MonitorSettings, ObjectsSettings};
use crate::domain::container::UnreadableCodecs;
use crate::domain::node::NodeClaim;
use crate::domain::role::Role;

/// In the data folder: samples of the live store in memory.
pub(super) const SNAPSHOT: &str = "history.snapshot";

/// The opened services.
pub(super) struct Services {
    pub roles: Vec<Role>,
    pub stores: Stores,
    pub live: SharedLive,
    /// The same, where there is nothing behind it.
    pub memory: Option<Arc<MemoryLiveStore>>,
    /// The same, where a Redis lies behind it.
    pub redis: Option<Arc<RedisLiveStore>>,
    pub objects: SharedObjects,
    pub spool: SharedSpool,
    /// What makes this process a node of its database.
    pub node: NodeHandles,
    /// What the recorders find of the spool's disk.
    pub disk: Arc<watch::Sender<SpoolDisk>>,
    /// The past that is not in the database yet.
    pub history: HistoryHandle,
    /// Present when a role needs ffmpeg.
    pub ffmpeg: Option<FfmpegVersion>,
    /// What it cannot read; of interest where the role records.
    pub unreadable: Arc<UnreadableCodecs>,
}

/// Opens everything that the roles need.
///
/// # Errors
/// The first service that cannot be used, with its remedy.
pub(super) async fn open(settings: &Settings, mark: &str) -> Result<Services> {
    let roles = settings.roles.iter().map(|word| word.parse()).collect::<Result<Vec<Role>>>()?;
    let probes = |role: &Role| *role == Role::Health && !settings.health.targets.is_empty();
    let needs_ffmpeg = roles.iter().any(|role| matches!(role, Role::Restream | Role::Record) || probes(role));
    let ffmpeg = if needs_ffmpeg {
        hide_arguments(settings, mark).await?;
        ffmpeg_version::look(&settings.ffmpeg.ffprobe, mark).await?.check()?;
        Some(ffmpeg_version::look(&settings.ffmpeg.ffmpeg, mark).await?.check()?)
    } else {
        None
    };
    let unreadable = match &ffmpeg {
        Some(version) if roles.contains(&Role::Record) => {
            rtsp_codecs::unreadable(&settings.ffmpeg.ffmpeg, version, mark).await
        }
        _ => UnreadableCodecs::default(),
    };
    let stores = open_stores_or_wait(settings).await?;
    let (objects, objects_identity) = object_store(&settings.objects)?;
    let spool = Arc::new(Spool::new(settings.data_dir.join("spool")));
    let records = roles.contains(&Role::Record);
    let folders = match records {
        true => {
            let spool: Arc<dyn Identified> = Arc::new(Arc::clone(spool.identity()));
            vec![(NodeFolder::Spool, spool), (NodeFolder::Objects, objects_identity)]
        }
        false => Vec::new(),
    };
    let run = Uuid::new_v4();
    let claim = NodeClaim {
        name: settings.node.clone(),
        instance: instance(&settings.data_dir)?,
        run,
        relays: roles.contains(&Role::Restream),
        records,
        starts: true,
        ended: earlier_runs::begin(&settings.data_dir, run),
    };
    let node = NodeHandles {
        nodes: stores.nodes.clone(),
        recordings: stores.recordings.clone(),
        claim,
        folders,
        admitted: Arc::default(),
        troubles: Arc::default(),
        standby: Arc::default(),
    };
    membership::admit(&node).await?;
    let LiveStores { live, memory, redis } = live_stores(settings, &settings.node)?;
    let (disk, history) = (Arc::default(), HistoryHandle::default());
    Ok(Services {
        roles,
        stores,
        live,
        memory,
        redis,
        objects,
        spool,
        node,
        disk,
        history,
        ffmpeg,
        unreadable: Arc::new(unreadable),
    })
}

/// Where objects go, twice: as a store, and as what has an identity.
pub(super) fn object_store(settings: &ObjectsSettings) -> Result<(SharedObjects, Arc<dyn Identified>)> {
    Ok(match settings {
        ObjectsSettings::Directory(path) => {
            let store = Directory::new(path);
            let folder = Arc::clone(store.identity());
            (Arc::new(store), Arc::new(folder))
        }
        ObjectsSettings::S3(bucket) => {
            let store = S3Store::new(bucket)?;
            (Arc::new(store.clone()), Arc::new(store))
        }
    })
}

/// The live store, as everybody knows it and as itself.
pub(super) struct LiveStores {
    pub(super) live: SharedLive,
    pub(super) memory: Option<Arc<MemoryLiveStore>>,
    pub(super) redis: Option<Arc<RedisLiveStore>>,
}

pub(super) fn live_stores(settings: &Settings, node: &str) -> Result<LiveStores> {
    let MonitorSettings { history, history_memory, .. } = settings.monitor;
    let LiveSettings::Redis(redis) = &settings.live else {
        let memory = Arc::new(MemoryLiveStore::bounded(history, history_memory));
        match memory.restore(&settings.data_dir.join(SNAPSHOT)) {
            Ok(0) => {}
            Ok(streams) => log::info!("the history of {streams} streams is back from {SNAPSHOT}"),
            // The past of charts is no reason not to start.
            Err(error) => log::warn!("the history before this start is missing: {error}"),
        }
        return Ok(LiveStores { live: Arc::clone(&memory) as SharedLive, memory: Some(memory), redis: None });
    };
    let facts = NodeFacts {
        node: node.to_owned(),
        roles: settings.roles.clone(),
        servers: settings.servers.iter().map(|server| server.name.clone()).collect(),
    };
    let live = Arc::new(RedisLiveStore::new(redis, facts, history)?);
    Ok(LiveStores { live: Arc::clone(&live) as SharedLive, memory: None, redis: Some(live) })
}

pub(super) fn instance(data_dir: &Path) -> Result<Uuid> {
    Folder::new(data_dir, DATA_DIR).begin()
}

/// Where the configuration asks for it: no start when passwords would be visible in `ps`.
async fn hide_arguments(settings: &Settings, mark: &str) -> Result<()> {
    let required = settings.restream.require_hidden_arguments;
    child::require_hidden_arguments(required);
    if required {
        child::try_hiding(&settings.ffmpeg.ffmpeg, mark).await.map_err(|error| {
            let remedy = "allow ptrace of own children, or set it to false";
            Error::invalid("restream.require_hidden_arguments", format!("{}; {remedy}", error.message()))
        })?;
    }
    Ok(())
}

/// What marks our child processes: the same for every run on this data folder, and no other's.
pub(super) fn mark(data_dir: &Path) -> Result<String> {
    let folder = data_dir.canonicalize();
    let folder =
        folder.map_err(|error| Error::internal(format!("{}: {error}", data_dir.display())).with_source(error))?;
    Ok(folder.to_string_lossy().into_owned())
}
