//! The cameras of a streamwarden that runs, asked and changed over its API.

use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use serde::Deserialize;
use serde_json::json;

use super::edit_body::body;
use super::remote::{Remote, RemotePage, problem};
use crate::base::Result;
use crate::domain::camera::sheet::ImportReport;
use crate::domain::camera::{CameraEdit, CameraSettings, CameraStatus, is_named};
use crate::domain::change_guard::PlanView;
use crate::domain::probe::ProbeView;
use crate::domain::run_log::ProgramRun;

/// Longer than any look at a camera takes.
const PROBE_TIMEOUT: Duration = Duration::from_secs(340);

/// A kind of camera as the API gives it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct KindView {
    kind: String,
    url_template: String,
}

impl Remote {
    /// The settings of every camera of the table.
    ///
    /// # Errors
    /// See [`Self::status`].
    pub async fn settings(&self) -> Result<Vec<CameraSettings>> {
        let all: RemotePage<CameraSettings> = self.ask(self.http.get(self.url("cameras/settings"))).await?;
        Ok(all.items)
    }

    /// Adds a camera.
    ///
    /// # Errors
    /// `Invalid` naming the field, `Conflict`; see also [`Self::status`].
    pub async fn add(&self, edit: &CameraEdit) -> Result<CameraSettings> {
        let added: CameraStatus = self.ask(self.http.post(self.url("cameras")).json(&body(edit))).await?;
        self.settings_of(added.id).await
    }

    /// Changes a camera.
    ///
    /// # Errors
    /// As [`Self::add`], and `NotFound`.
    pub async fn edit(&self, camera: &str, edit: &CameraEdit) -> Result<CameraSettings> {
        let id = self.camera_id(camera).await?;
        let url = self.url(&format!("cameras/{id}"));
        let _: CameraStatus = self.ask(self.http.patch(url).json(&body(edit))).await?;
        self.settings_of(id).await
    }

    async fn settings_of(&self, id: i64) -> Result<CameraSettings> {
        self.ask(self.http.get(self.url(&format!("cameras/{id}/settings")))).await
    }

    /// Removes a camera; returns its id and name. Also one whose row is gone already, and that goes on because that is
    /// blocked.
    ///
    /// # Errors
    /// `NotFound`; see also [`Self::status`].
    pub async fn remove(&self, camera: &str) -> Result<(i64, String)> {
        let (id, name) = self.find_camera(camera).await?;
        self.send(self.http.delete(self.url(&format!("cameras/{id}")))).await?;
        Ok((id, name))
    }

    /// Adds and changes cameras by a CSV file.
    ///
    /// # Errors
    /// See [`Self::status`]; faults of the file are in the report.
    pub async fn import(&self, file: Vec<u8>, dry: bool) -> Result<ImportReport> {
        let request = self.http.post(self.url(&format!("cameras/import?dryRun={dry}")));
        let answer = self.dispatch(request.header(CONTENT_TYPE, "text/csv").body(file)).await?;
        let status = answer.status();
        let text = answer.bytes().await.map_err(|error| self.silent(error))?;
        match serde_json::from_slice(&text) {
            Ok(report) => Ok(report),
            Err(_) => Err(problem(status.as_u16(), &serde_json::from_slice(&text).unwrap_or_default())),
        }
    }

    /// All cameras as CSV, without passwords.
    ///
    /// # Errors
    /// See [`Self::status`].
    pub async fn export(&self) -> Result<String> {
        let answer = self.send(self.http.get(self.url("cameras/export"))).await?;
        answer.text().await.map_err(|error| self.silent(error))
    }

    /// Every kind of camera with its template.
    ///
    /// # Errors
    /// See [`Self::status`].
    pub async fn kinds(&self) -> Result<Vec<(String, String)>> {
        let all: RemotePage<KindView> = self.ask(self.http.get(self.url("camera-kinds"))).await?;
        Ok(all.items.into_iter().map(|one| (one.kind, one.url_template)).collect())
    }

    /// Writes a kind.
    ///
    /// # Errors
    /// `Invalid` naming the field; see also [`Self::status`].
    pub async fn set_kind(&self, kind: &str, template: &str) -> Result<()> {
        let request = self.http.put(self.kind_url(kind)).json(&json!({ "urlTemplate": template }));
        self.send(request).await.map(|_| ())
    }

    /// Deletes a kind.
    ///
    /// # Errors
    /// `NotFound`, `Conflict` when cameras are of this kind; see also [`Self::status`].
    pub async fn remove_kind(&self, kind: &str) -> Result<()> {
        self.send(self.http.delete(self.kind_url(kind))).await.map(|_| ())
    }

    fn kind_url(&self, kind: &str) -> String {
        let kind = percent_encoding::utf8_percent_encode(kind, percent_encoding::NON_ALPHANUMERIC);
        self.url(&format!("camera-kinds/{kind}"))
    }

    /// Looks at a camera.
    ///
    /// # Errors
    /// `NotFound`; see also [`Self::status`]. A camera that fails is no error.
    pub async fn probe(&self, camera: &str) -> Result<ProbeView> {
        let id = self.camera_id(camera).await?;
        let request = self.http.post(self.url(&format!("cameras/{id}/probe"))).header(CONTENT_TYPE, "application/json");
        self.ask(request.timeout(PROBE_TIMEOUT)).await
    }

    /// What of the cameras table is blocked, the table as it is now.
    ///
    /// # Errors
    /// See [`Self::status`].
    pub async fn plan(&self) -> Result<PlanView> {
        self.ask(self.http.get(self.url("cameras/plan?read=true"))).await
    }

    /// Confirms the plan of this id.
    ///
    /// # Errors
    /// `Conflict` when another one is blocked by now; see also [`Self::status`].
    pub async fn apply_plan(&self, id: &str) -> Result<PlanView> {
        self.ask(self.http.post(self.url("cameras/plan/apply")).json(&json!({ "id": id }))).await
    }

    /// The last runs of the camera of this name or id, the newest first.
    ///
    /// # Errors
    /// `NotFound`; see also [`Self::status`].
    pub async fn camera_log(&self, camera: &str) -> Result<RemotePage<ProgramRun>> {
        let id = self.camera_id(camera).await?;
        self.ask(self.http.get(self.url(&format!("cameras/{id}/log")))).await
    }

    async fn camera_id(&self, camera: &str) -> Result<i64> {
        self.find_camera(camera).await.map(|(id, _)| id)
    }

    /// By its id or its name, see [`is_named`]; what is in the table wins over what only goes on.
    async fn find_camera(&self, camera: &str) -> Result<(i64, String)> {
        let pick = |all: Vec<(i64, String)>| all.into_iter().find(|(id, name)| is_named(camera, *id, name));
        let rows = self.settings().await?;
        if let Some(found) = pick(rows.into_iter().map(|row| (row.id, row.name)).collect()) {
            return Ok(found);
        }
        let going_on = self.cameras().await?;
        pick(going_on.into_iter().map(|one| (one.id, one.name)).collect())
            .ok_or_else(|| super::camera_answer::no_camera(camera))
    }
}
