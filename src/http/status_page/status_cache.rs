//! What is told, kept for everybody who asks.
//!
//! It is made at most once in [`EVERY`], tried at most once in [`FAILED_FOR`] while nothing can be told, and days are read from the database at most once in a minute (`gather`), by one task at a time,
//! however many ask and however the reading ends; who asks meanwhile gets what was told before.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::web::Bytes;
use tokio::time::{Instant, timeout};

use super::gather::{self, Days, StatusSources};
use super::html::Pages;
use crate::config::settings::StatusPageSettings;
use crate::domain::public_status::PublicStatus;

/// States and incidents are no older than this when somebody asks.
pub(super) const EVERY: Duration = Duration::from_secs(15);

/// What was told before is given to whoever asks while something newer is being made, if it is no older.
const OLDEST: Duration = Duration::from_secs(60);

/// Who can have something older waits no longer for the newer.
const NEWER_WITHIN: Duration = Duration::from_secs(1);

/// Whoever asks so soon after nothing could be told is told so: what is away is not asked by everybody anew.
const FAILED_FOR: Duration = Duration::from_secs(5);

/// The page, if there is one. Clones are the same.
#[derive(Clone, Default)]
pub struct StatusPage(Option<Arc<Shown>>);

struct Shown {
    settings: StatusPageSettings,
    /// Held by the one that makes something newer.
    making: tokio::sync::Mutex<Making>,
    rendered: Mutex<Option<Arc<RenderedStatus>>>,
}

#[derive(Default)]
struct Making {
    days: Days,
    failed_at: Option<Instant>,
}

/// What is told, ready to be sent.
pub(super) struct RenderedStatus {
    at: Instant,
    /// For programs.
    pub(super) json: Bytes,
    /// For people.
    pub(super) pages: Pages,
}

impl StatusPage {
    /// By the configuration.
    pub fn of(settings: &StatusPageSettings) -> Self {
        let shown = || Shown { settings: settings.clone(), making: Default::default(), rendered: Mutex::default() };
        Self(settings.enabled.then(|| Arc::new(shown())))
    }

    /// There is one.
    pub(in crate::http) fn is_there(&self) -> bool {
        self.0.is_some()
    }

    /// There is one that asks for no login.
    pub(in crate::http) fn is_public(&self) -> bool {
        self.0.as_ref().is_some_and(|shown| !shown.settings.login)
    }

    /// What is told now; `None` where nothing can be.
    pub(super) async fn rendered(&self, sources: StatusSources) -> Option<Arc<RenderedStatus>> {
        let shown = Arc::clone(self.0.as_ref()?);
        let before = shown.kept();
        if let Some(rendered) = before.as_ref().filter(|rendered| rendered.at.elapsed() < EVERY) {
            return Some(Arc::clone(rendered));
        }
        // A task of its own: who asked may go, and what has begun is finished for the others.
        let making = tokio::spawn(async move { shown.make(&sources).await });
        match before.filter(|before| before.at.elapsed() < OLDEST) {
            Some(before) => {
                let newer = timeout(NEWER_WITHIN, making).await;
                Some(newer.ok().and_then(Result::ok).flatten().unwrap_or(before))
            }
            None => making.await.ok().flatten(),
        }
    }
}

impl Shown {
    fn kept(&self) -> Option<Arc<RenderedStatus>> {
        self.rendered.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Makes something newer, unless somebody else has done so meanwhile.
    async fn make(&self, sources: &StatusSources) -> Option<Arc<RenderedStatus>> {
        let mut making = self.making.lock().await;
        if let Some(rendered) = self.kept().filter(|rendered| rendered.at.elapsed() < EVERY) {
            return Some(rendered);
        }
        if making.failed_at.is_some_and(|at| at.elapsed() < FAILED_FOR) {
            return None;
        }
        let status = gather::status(sources, &self.settings, &mut making.days).await;
        making.failed_at = status.is_none().then(Instant::now);
        let status = status?;
        let rendered = Arc::new(RenderedStatus::of(&status));
        *self.rendered.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&rendered));
        Some(rendered)
    }
}

impl RenderedStatus {
    fn of(status: &PublicStatus) -> Self {
        let json = serde_json::to_vec(status).unwrap_or_default().into();
        Self { at: Instant::now(), json, pages: Pages::of(status) }
    }
}
