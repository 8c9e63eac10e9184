//! Incidents and maintenance for the command line: by way of the program that runs, or in the database itself where none does.

use chrono::{DateTime, TimeDelta, Utc};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::camera_answer::no_camera;
use super::login_access::{WHO, note};
use super::open_stores::open_existing;
use super::remote::{Remote, RemotePage};
use super::running;
use crate::adapters::database::{IncidentQuery, Stores};
use crate::base::{Error, Result};
use crate::config::Settings;
use crate::domain::camera::is_named;
use crate::domain::incident::{Incident, IncidentKind, Remark, Subject};
use crate::domain::maintenance::Maintenance;
use crate::domain::name::StreamName;

/// Which incidents are asked for.
#[derive(Clone, Copy, Debug)]
pub struct IncidentFilter {
    /// Only those that last.
    pub open: bool,
    /// Only those that nobody has acknowledged.
    pub unseen: bool,
    /// Only of this kind.
    pub kind: Option<IncidentKind>,
    /// At most so many.
    pub limit: u32,
}

/// What is excused.
#[derive(Clone, Debug)]
pub enum Excused {
    /// The camera of this name or id, and its stream.
    Camera(String),
    /// A stream.
    Stream {
        /// Its name.
        name: String,
        /// Its server; the first when absent.
        server: Option<String>,
    },
}

/// Where incidents are.
pub enum IncidentAccess {
    /// With the program that runs.
    Running(Remote),
    /// In the database of the configuration.
    Table {
        /// The database.
        stores: Box<Stores>,
        /// Name of the first server.
        server: String,
    },
}

impl IncidentAccess {
    /// Those of these settings.
    ///
    /// # Errors
    /// `Conflict` when the program that runs here is on another database; `NotFound` when there is no database; when it cannot be opened.
    pub async fn of(settings: &Settings) -> Result<Self> {
        if let Some((remote, _)) = running::find_ours(settings).await? {
            return Ok(Self::Running(remote));
        }
        let server = settings.servers.first().map(|server| server.name.clone()).unwrap_or_default();
        Ok(Self::Table { stores: Box::new(open_existing(settings).await?), server })
    }

    /// Incidents, the newest first.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn incidents(&self, filter: IncidentFilter) -> Result<Vec<Incident>> {
        let IncidentFilter { open, unseen, kind, limit } = filter;
        match self {
            Self::Running(remote) => {
                let mut route = format!("incidents?limit={limit}&open={open}");
                if unseen {
                    route.push_str("&acknowledged=false");
                }
                if let Some(kind) = kind {
                    route = format!("{route}&kind={}", kind.as_str());
                }
                let page: RemotePage<Incident> = remote.ask(remote.http.get(remote.url(&route))).await?;
                Ok(page.items)
            }
            Self::Table { stores, .. } => {
                let acknowledged = unseen.then_some(false);
                let query = IncidentQuery { open, acknowledged, kind, limit, ..IncidentQuery::default() };
                stores.incidents.incidents(query).await
            }
        }
    }

    /// Says that somebody has seen it.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` when the note is not one.
    pub async fn acknowledge(&self, id: Uuid, text: Option<&str>) -> Result<Incident> {
        let remark = Remark::acknowledgement(WHO, text, Utc::now())?;
        self.say(id, "acknowledge", &json!({ "note": remark.note }), remark.clone()).await
    }

    /// Adds a note.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` when the note is not one.
    pub async fn note(&self, id: Uuid, text: &str) -> Result<Incident> {
        let remark = Remark::note(WHO, text, Utc::now())?;
        self.say(id, "notes", &json!({ "note": remark.note }), remark.clone()).await
    }

    async fn say(&self, id: Uuid, what: &str, body: &Value, remark: Remark) -> Result<Incident> {
        match self {
            Self::Running(remote) => {
                remote.ask(remote.http.post(remote.url(&format!("incidents/{id}/{what}"))).json(body)).await
            }
            Self::Table { stores, .. } => {
                let incident = stores.incidents.remark(id, remark).await?;
                note(&*stores.logins, &format!("incident {what}"), &id.to_string(), None, Some(body.clone())).await?;
                Ok(incident)
            }
        }
    }

    /// What is excused now.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn maintenance(&self) -> Result<Vec<Maintenance>> {
        match self {
            Self::Running(remote) => remote.maintenance().await,
            Self::Table { stores, .. } => stores.maintenance.maintenance(Utc::now()).await,
        }
    }

    /// Excuses a camera or stream for some time.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` naming the field.
    pub async fn excuse(&self, what: &Excused, lasts: TimeDelta, reason: &str) -> Result<Maintenance> {
        let until: DateTime<Utc> = Utc::now() + lasts;
        match self {
            Self::Running(remote) => {
                let body = json!({ "until": until, "reason": reason });
                remote.ask(remote.http.put(remote.maintenance_url(what)).json(&body)).await
            }
            Self::Table { stores, server } => {
                let subject = subject(stores, server, what).await?;
                let new = Maintenance::checked(subject, until, reason, WHO.to_owned(), Utc::now())?;
                stores.maintenance.put_maintenance(new.clone()).await?;
                let after = json!({ "until": new.until, "reason": new.reason });
                note(&*stores.logins, "maintenance set", &new.key, None, Some(after)).await?;
                Ok(new)
            }
        }
    }

    /// Ends it before its time.
    ///
    /// # Errors
    /// `NotFound` when it is not excused.
    pub async fn end(&self, what: &Excused) -> Result<()> {
        match self {
            Self::Running(remote) => remote.send(remote.http.delete(remote.maintenance_url(what))).await.map(drop),
            Self::Table { stores, server } => {
                let subject = subject(stores, server, what).await?;
                let key = subject.key();
                stores.maintenance.end_maintenance(subject, Utc::now()).await?;
                note(&*stores.logins, "maintenance end", &key, None, None).await
            }
        }
    }
}

impl Remote {
    /// What is excused now.
    ///
    /// # Errors
    /// See [`Self::status`].
    pub async fn maintenance(&self) -> Result<Vec<Maintenance>> {
        let all: RemotePage<Maintenance> = self.ask(self.http.get(self.url("maintenance"))).await?;
        Ok(all.items)
    }

    fn maintenance_url(&self, what: &Excused) -> String {
        let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        match what {
            Excused::Camera(camera) => self.url(&format!("cameras/{}/maintenance", encoded(camera))),
            Excused::Stream { name, server } => {
                let server = server.as_deref().map(|server| format!("?server={}", encoded(server)));
                self.url(&format!("streams/{}/maintenance{}", encoded(name), server.unwrap_or_default()))
            }
        }
    }
}

async fn subject(stores: &Stores, first: &str, what: &Excused) -> Result<Subject> {
    match what {
        Excused::Camera(camera) => {
            let rows = stores.cameras.cameras().await?;
            let row = rows.into_iter().find(|row| is_named(camera, row.id, &row.name));
            row.map(|row| Subject::camera_of(row.id, row.name)).ok_or_else(|| no_camera(camera))
        }
        Excused::Stream { name, server } => {
            let name = StreamName::parse(name).map_err(|error| Error::invalid("name", error.to_string()))?;
            let server = server.clone().unwrap_or_else(|| first.to_owned());
            Ok(Subject::Stream { server, name: name.to_string() })
        }
    }
}
