//! The cameras for `streamwarden cameras`: by way of the program that runs on them, so that what a person names acts at
//! once and is never blocked; in the table itself where none runs. Called by `cli`.

pub use super::camera_answer::{BlockedChangeNotice, NO_CAMERA, no_camera};
use super::remote::{Remote, RemoteAccess};
use super::{camera_table as table, running};
use crate::base::{ErrorKind, Result};
use crate::config::Settings;
use crate::domain::camera::sheet::ImportReport;
use crate::domain::camera::{CameraEdit, CameraSettings, CameraStatus};
use crate::domain::change_guard::PlanView;
use crate::domain::probe::ProbeView;

/// Where the cameras are.
pub enum Cameras {
    /// With a program that runs.
    Running(Remote),
    /// In the table of these settings. Nobody runs on it here, or nobody who relays cameras.
    Table(Box<Settings>),
}

/// A camera as the table has it, and how it is.
#[derive(Clone, Debug)]
pub struct ListedCamera {
    /// Its row; `None` when that is gone and the camera goes on because the change is blocked.
    pub settings: Option<CameraSettings>,
    /// How it is; `None` where nobody runs, or for a moment while its row is new.
    pub status: Option<CameraStatus>,
}

impl Cameras {
    /// The cameras of these settings.
    ///
    /// # Errors
    /// `Conflict` when the program that runs here keeps its cameras in another database; `Timeout` when it does not answer.
    pub async fn of(settings: Settings) -> Result<Self> {
        Ok(match running::find_ours(&settings).await? {
            Some((remote, about)) if about.roles.iter().any(|role| role == "restream") => Self::Running(remote),
            // It watches or records; the table is everybody's.
            _ => Self::Table(Box::new(settings)),
        })
    }

    /// The cameras of the program at this address.
    ///
    /// # Errors
    /// `Invalid` when it is no address.
    pub fn at(url: &str, access: RemoteAccess) -> Result<Self> {
        Ok(Self::Running(Remote::at(url, access)?))
    }

    /// All of them, by id.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn list(&self) -> Result<Vec<ListedCamera>> {
        match self {
            Self::Running(remote) => {
                let (rows, statuses) = (remote.settings().await?, remote.cameras().await?);
                Ok(together(rows, statuses))
            }
            Self::Table(settings) => {
                let rows = table::list(settings).await?;
                Ok(together(rows.iter().map(CameraSettings::from).collect(), Vec::new()))
            }
        }
    }

    /// Adds a camera.
    ///
    /// # Errors
    /// `Invalid` naming the field, `Conflict` when the name is taken, or when the database cannot be used.
    pub async fn add(&self, edit: CameraEdit) -> Result<CameraSettings> {
        match self {
            Self::Running(remote) => remote.add(&edit).await,
            Self::Table(settings) => table::add(settings, edit).await.map(|row| CameraSettings::from(&row)),
        }
    }

    /// Changes the camera of this name or id.
    ///
    /// # Errors
    /// As [`Self::add`], and `NotFound`.
    pub async fn edit(&self, camera: &str, edit: CameraEdit) -> Result<CameraSettings> {
        match self {
            Self::Running(remote) => remote.edit(camera, &edit).await,
            Self::Table(settings) => table::edit(settings, camera, edit).await.map(|row| CameraSettings::from(&row)),
        }
    }

    /// Removes the camera of this name or id, and returns which it was.
    ///
    /// # Errors
    /// `NotFound`, or when the database cannot be used.
    pub async fn remove(&self, camera: &str) -> Result<(i64, String)> {
        match self {
            Self::Running(remote) => remote.remove(camera).await,
            Self::Table(settings) => table::remove(settings, camera).await.map(|row| (row.id, row.name)),
        }
    }

    /// Adds and changes cameras by a CSV file.
    ///
    /// # Errors
    /// When the database cannot be used.
    pub async fn import(&self, file: Vec<u8>, dry: bool) -> Result<ImportReport> {
        match self {
            Self::Running(remote) => remote.import(file, dry).await,
            Self::Table(settings) => table::import(settings, &file, dry).await,
        }
    }

    /// All cameras as CSV, without passwords.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn export(&self) -> Result<String> {
        match self {
            Self::Running(remote) => remote.export().await,
            Self::Table(settings) => table::export(settings).await,
        }
    }

    /// Every kind with its template, by name.
    ///
    /// # Errors
    /// When the database cannot be used.
    pub async fn kinds(&self) -> Result<Vec<(String, String)>> {
        match self {
            Self::Running(remote) => remote.kinds().await,
            Self::Table(settings) => table::kinds(settings).await,
        }
    }

    /// Writes a kind.
    ///
    /// # Errors
    /// `Invalid` naming the field, or when the database cannot be used.
    pub async fn set_kind(&self, kind: &str, template: &str) -> Result<()> {
        match self {
            Self::Running(remote) => remote.set_kind(kind, template).await,
            Self::Table(settings) => table::set_kind(settings, kind, template).await,
        }
    }

    /// Deletes a kind.
    ///
    /// # Errors
    /// `NotFound`, `Conflict` when cameras are of this kind, or when the database cannot be used.
    pub async fn remove_kind(&self, kind: &str) -> Result<()> {
        match self {
            Self::Running(remote) => remote.remove_kind(kind).await,
            Self::Table(settings) => table::remove_kind(settings, kind).await,
        }
    }

    /// Looks at the camera of this name or id. The result is kept.
    ///
    /// # Errors
    /// `NotFound`, `Invalid` when its row is wrong, or when nobody can look. A camera that fails is no error.
    pub async fn probe(&self, camera: &str) -> Result<ProbeView> {
        match self {
            Self::Running(remote) => remote.probe(camera).await,
            Self::Table(settings) => table::probe(settings, camera).await,
        }
    }

    /// Whether a change of one camera that a person names acts at once: the program that runs knows that it is meant. Else it
    /// is a change of the table; whoever relays it elsewhere hears which camera was named (PostgreSQL), or evaluates it as such.
    pub fn act_at_once(&self) -> bool {
        matches!(self, Self::Running(_))
    }

    /// What is blocked now, everything that was written so far considered; `None` where no program relays these cameras.
    ///
    /// # Errors
    /// When the program does not answer, or the database.
    pub async fn blocked(&self) -> Result<Option<BlockedChangeNotice>> {
        match self {
            Self::Running(remote) => {
                Ok(plan(remote).await?.and_then(|plan| plan.blocked).map(|blocked| BlockedChangeNotice {
                    words: format!(
                        "{}; confirm with `streamwarden cameras plan --apply`, or put the table right",
                        blocked.summary
                    ),
                    id: blocked.id,
                }))
            }
            Self::Table(settings) => table::blocked(settings).await,
        }
    }

    /// What is blocked since a change that was just written; `before` is what was blocked already. A program on another machine
    /// has some seconds to take the change up.
    ///
    /// # Errors
    /// As [`Self::blocked`].
    pub async fn blocked_since(&self, before: Option<BlockedChangeNotice>) -> Result<Option<BlockedChangeNotice>> {
        match self {
            Self::Running(_) => Ok(self.blocked().await?.filter(|now| before.as_ref() != Some(now))),
            Self::Table(settings) => table::blocked_since(settings, before).await,
        }
    }
}

/// The plan of a program that relays cameras; `None` of one that does not, or cannot now, which whatever is asked of it tells.
async fn plan(remote: &Remote) -> Result<Option<PlanView>> {
    match remote.plan().await {
        Err(error) if error.kind() == ErrorKind::Unavailable => Ok(None),
        plan => plan.map(Some),
    }
}

fn together(rows: Vec<CameraSettings>, statuses: Vec<CameraStatus>) -> Vec<ListedCamera> {
    let mut statuses: std::collections::BTreeMap<_, _> = statuses.into_iter().map(|one| (one.id, one)).collect();
    let listed = rows.into_iter().map(|row| {
        let status = statuses.remove(&row.id);
        ListedCamera { settings: Some(row), status }
    });
    let mut all: Vec<ListedCamera> = listed.collect();
    all.extend(statuses.into_values().map(|status| ListedCamera { settings: None, status: Some(status) }));
    all
}
