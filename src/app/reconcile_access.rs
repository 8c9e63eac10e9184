//! Reconciling for the command line: by way of the program that runs, or in its place where none does.

use std::time::Duration;

use serde_json::json;

use super::login_access::note;
use super::offline_node::OfflineNode;
use super::remote::Remote;
use super::running;
use crate::actors::record::reconcile;
use crate::base::Result;
use crate::config::Settings;
use crate::domain::reconcile::{ReconcileFinding, ReconcilePart, ReconcileStep};

/// A step ends by itself after ten seconds, and after the one thing that it is at then.
const TIMEOUT: Duration = Duration::from_secs(180);

/// Who reconciles.
pub enum ReconcileAccess {
    /// The program that runs.
    Running(Remote),
    /// This process.
    Alone(Box<OfflineNode>),
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Reconciled {
    /// So many files, objects and rows were looked at.
    pub looked_at: u64,
    /// What differs, at most [`Reconciled::MOST`] of it.
    pub findings: Vec<ReconcileFinding>,
    /// So many more differ.
    pub more: u64,
    /// So much was mended.
    pub mended: u64,
}

impl Reconciled {
    /// More is counted and not listed.
    pub const MOST: usize = 10_000;

    fn add(&mut self, step: ReconcileStep) {
        self.looked_at += step.looked_at;
        self.mended += step.findings.iter().filter(|finding| finding.done).count() as u64;
        let room = Self::MOST - self.findings.len();
        self.more += step.findings.len().saturating_sub(room) as u64;
        self.findings.extend(step.findings.into_iter().take(room));
    }
}

impl ReconcileAccess {
    /// That of these settings.
    ///
    /// # Errors
    /// `Conflict` when the program that runs here is on another database; see also [`OfflineNode::join`].
    pub async fn of(settings: &Settings) -> Result<Self> {
        if let Some((remote, _)) = running::find_ours(settings).await? {
            return Ok(Self::Running(remote));
        }
        Ok(Self::Alone(Box::new(OfflineNode::join(settings, false).await?)))
    }

    /// Goes through these parts, and mends what differs where `apply` says so.
    ///
    /// # Errors
    /// When a service does not work. What was mended until then stays so.
    pub async fn reconcile(self, parts: &[ReconcilePart], apply: bool) -> Result<Reconciled> {
        let mut all = Reconciled::default();
        let mut ended = Ok(());
        for part in parts {
            ended = self.part(*part, apply, &mut all).await;
            if ended.is_err() {
                break;
            }
        }
        if let Self::Alone(node) = self {
            if all.mended > 0 {
                let what = Some(json!({ "mended": all.mended, "first": all.findings.iter().find(|one| one.done) }));
                let noted = note(&*node.stores.logins, "recordings reconcile", "*", None, what).await;
                ended = ended.and(noted);
            }
            node.leave().await;
        }
        ended.map(|()| all)
    }

    async fn part(&self, part: ReconcilePart, apply: bool, all: &mut Reconciled) -> Result<()> {
        let mut after = None;
        loop {
            let step = match self {
                Self::Alone(node) => reconcile::step(&node.handles, part, after, apply).await?,
                Self::Running(remote) => {
                    let order = json!({ "part": part, "after": after, "apply": apply });
                    let request = remote.http.post(remote.url("recordings/reconcile")).json(&order);
                    remote.ask(request.timeout(TIMEOUT)).await?
                }
            };
            after = step.next.clone();
            all.add(step);
            if after.is_none() {
                return Ok(());
            }
        }
    }
}
