//! The catalogue from the object store alone, for the command line: into a database that knows of no recordings, while no program runs
//! on the data folder. Each object becomes a row as `recordings reconcile` enters it.

use uuid::Uuid;

use super::instance::Instance;
use super::login_access::note;
use super::offline_node::OfflineNode;
use super::open_stores::{missing_file, open_stores};
use super::reconcile_access::{ReconcileAccess, Reconciled};
use super::services;
use crate::adapters::folder::identity::Expected;
use crate::base::{Error, ErrorKind, Result};
use crate::config::Settings;
use crate::domain::layout::is_segment_key;
use crate::domain::reconcile::ReconcilePart;

/// Objects in one list.
const PAGE: usize = 1_000;

/// What a rebuild would find.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RebuildPlan {
    /// The store, as people know it.
    pub store: String,
    /// Its identity; `None`: it has none, and gets one.
    pub identity: Option<Uuid>,
    /// Segments in it.
    pub segments: u64,
    /// Their size in bytes.
    pub bytes: u64,
    /// Objects that are none.
    pub others: u64,
}

/// Looks at the object store and the database, and changes nothing but what every command does to a database: its tables are made.
///
/// # Errors
/// `Conflict` when the catalogue is not empty, or a program runs on the data folder; when the store does not answer.
pub async fn plan(settings: &Settings) -> Result<RebuildPlan> {
    let _instance = Instance::lock(&settings.data_dir)?;
    refuse_filled(settings).await?;
    let (objects, bucket) = services::object_store(&settings.objects)?;
    let mut plan =
        RebuildPlan { store: bucket.shown(), identity: bucket.found_identity().await?, ..RebuildPlan::default() };
    // So that a folder can be listed: nothing else is expected of it here.
    if let Some(id) = plan.identity {
        bucket.expect_of_it(Expected::Id(id));
    }
    let mut after: Option<String> = None;
    loop {
        let page = objects.list(after.as_deref(), PAGE).await?;
        for object in &page.items {
            match is_segment_key(&object.key) {
                true => (plan.segments, plan.bytes) = (plan.segments + 1, plan.bytes + object.bytes),
                // Our own marker is no stranger.
                false => plan.others += u64::from(!object.key.starts_with(".streamwarden")),
            }
        }
        after = page.items.last().map(|object| object.key.clone()).filter(|_| page.has_more);
        if after.is_none() {
            return Ok(plan);
        }
    }
}

/// Makes the catalogue. The identity that the store has is that of this site from then on.
///
/// # Errors
/// See [`plan`]. What was entered until then stays: `recordings reconcile` goes on from there.
pub async fn rebuild(settings: &Settings) -> Result<Reconciled> {
    refuse_filled(settings).await?;
    let node = OfflineNode::join(settings, true).await?;
    let what = Some(serde_json::json!({ "objects": plan_name(settings)? }));
    note(&*node.stores.logins, "recordings rebuild", "*", None, what).await?;
    ReconcileAccess::Alone(Box::new(node)).reconcile(&[ReconcilePart::Objects], true).await
}

fn plan_name(settings: &Settings) -> Result<String> {
    Ok(services::object_store(&settings.objects)?.1.shown())
}

async fn refuse_filled(settings: &Settings) -> Result<()> {
    // Looking at what a store holds makes no database.
    if missing_file(settings).is_some() {
        return Ok(());
    }
    let counts = open_stores(settings).await?.recordings.segment_counts().await?;
    let segments: u64 = counts.iter().map(|(_, count)| count).sum();
    if segments == 0 {
        return Ok(());
    }
    let text = format!(
        "the catalogue knows of {segments} segments already; what it lacks is entered by: streamwarden recordings reconcile --yes"
    );
    Err(Error::new(ErrorKind::Conflict, text))
}
