//! Asking the streamwarden that runs on our data folder, for commands that only it can answer. Called by `cli`.

use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::check::running;
use crate::base::{Error, Kind, Result};
use crate::config::Settings;
use crate::domain::camera::CameraStatus;
use crate::domain::hold::PlanView;
use crate::domain::probe::ProbeView;
use crate::domain::run_log::Run;

/// Longer than the running process takes to give up on its own managers.
const PATIENCE: Duration = Duration::from_secs(15);

/// A list as the API gives it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Page<T> {
    /// Its items.
    pub items: Vec<T>,
    /// Where it goes on.
    pub next: Option<String>,
}

/// Longer than any look at a camera takes.
const LOOK_PATIENCE: Duration = Duration::from_secs(340);

/// The running process by its API.
pub struct Remote {
    http: reqwest::Client,
    base: String,
}

impl Remote {
    /// Finds the process by the note it left in the data folder.
    ///
    /// # Errors
    /// `Unavailable` when none runs there.
    pub fn find(settings: &Settings) -> Result<Self> {
        let folder = &settings.data_dir;
        let running = running::on(folder).ok_or_else(|| {
            let text = format!("no streamwarden runs on data_dir {}; start it, or name its --config", folder.display());
            Error::unavailable(text)
        })?;
        let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build();
        let http = http.map_err(|error| Error::internal("no HTTP client can be made").with_source(error))?;
        Ok(Self { http, base: format!("http://{}/api/v1", running.listen) })
    }

    /// Looks at a camera.
    ///
    /// # Errors
    /// What the running process says, or that it does not answer. A camera that fails is no error.
    pub async fn probe(&self, id: i64) -> Result<ProbeView> {
        let request =
            self.http.post(format!("{}/cameras/{id}/probe", self.base)).header(CONTENT_TYPE, "application/json");
        self.ask(request.timeout(LOOK_PATIENCE)).await
    }

    /// Every camera as it is now.
    ///
    /// # Errors
    /// What the running process says, or that it does not answer.
    pub async fn cameras(&self) -> Result<Vec<CameraStatus>> {
        let all: Page<CameraStatus> = self.ask(self.http.get(format!("{}/cameras", self.base))).await?;
        Ok(all.items)
    }

    /// What of the cameras table is held back.
    ///
    /// # Errors
    /// What the running process says, or that it does not answer.
    pub async fn plan(&self) -> Result<PlanView> {
        self.ask(self.http.get(format!("{}/cameras/plan", self.base))).await
    }

    /// Confirms the plan of this id.
    ///
    /// # Errors
    /// `Conflict` when another one is held by now; see also [`Remote::plan`].
    pub async fn apply_plan(&self, id: &str) -> Result<PlanView> {
        self.ask(self.http.post(format!("{}/cameras/plan/apply", self.base)).json(&json!({ "id": id }))).await
    }

    /// The last runs of the camera of this name or id, the newest first.
    ///
    /// # Errors
    /// `NotFound`; see also [`Remote::plan`].
    pub async fn camera_log(&self, camera: &str) -> Result<Page<Run>> {
        let id = self.camera_id(camera).await?;
        self.ask(self.http.get(format!("{}/cameras/{id}/log", self.base))).await
    }

    /// A name wins over an id, as names may be numbers.
    async fn camera_id(&self, camera: &str) -> Result<i64> {
        let all = self.cameras().await?;
        let by_name = all.iter().find(|one| one.name == camera);
        let id = camera.parse::<i64>().ok();
        let found = by_name.or_else(|| all.iter().find(|one| Some(one.id) == id)).map(|one| one.id);
        found.ok_or_else(|| {
            let shown: String = camera.chars().take(60).collect();
            Error::not_found(format!("there is no camera {shown:?}; `streamwarden cameras list` names them all"))
        })
    }

    async fn ask<T: DeserializeOwned>(&self, request: reqwest::RequestBuilder) -> Result<T> {
        let silent = |error: reqwest::Error| {
            Error::unavailable(format!("streamwarden at {} does not answer: {error}", self.base)).with_source(error)
        };
        let answer = request.send().await.map_err(silent)?;
        let status = answer.status();
        if status.is_success() {
            return answer.json().await.map_err(silent);
        }
        let problem: Value = answer.json().await.unwrap_or_default();
        let detail = problem["detail"].as_str().map_or_else(|| format!("it answered {status}"), str::to_owned);
        let kind = match status.as_u16() {
            404 => Kind::NotFound,
            409 => Kind::Conflict,
            422 => Kind::Invalid,
            412 => Kind::Stale,
            _ => Kind::Unavailable,
        };
        Err(Error::new(kind, detail))
    }
}
