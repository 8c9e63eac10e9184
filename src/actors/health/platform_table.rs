//! What is known of every platform: shared by the tasks that ask and by HTTP.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::config::settings::PlatformSettings;
use crate::domain::incident::Subject;
use crate::domain::platform::{PlatformMemory, PlatformStatus};

/// Clones are the same table. It outlives the actors.
#[derive(Clone, Default)]
pub struct PlatformTable(Arc<BTreeMap<String, KnownPlatform>>);

/// One of them.
pub(super) struct KnownPlatform {
    pub(super) settings: PlatformSettings,
    // Held for moments only, and never across an await.
    memory: Mutex<PlatformMemory>,
}

impl KnownPlatform {
    pub(super) fn lock(&self) -> MutexGuard<'_, PlatformMemory> {
        // Whoever panicked in there has left a whole state behind.
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PlatformTable {
    /// One that knows nothing yet of these.
    pub fn new(settings: Vec<PlatformSettings>) -> Self {
        let known = settings.into_iter().map(|settings| {
            let (name, kind) = (settings.name.clone(), settings.kind.clone());
            let memory = Mutex::new(PlatformMemory::new(name.clone(), kind, settings.interval));
            (name, KnownPlatform { settings, memory })
        });
        Self(Arc::new(known.collect()))
    }

    /// All of them, by name. Cheap enough for every scrape.
    pub fn statuses(&self) -> Vec<PlatformStatus> {
        self.0.values().map(|known| known.lock().status()).collect()
    }

    /// Their names.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The platform of this name.
    pub(super) fn get(&self, name: &str) -> Option<&KnownPlatform> {
        self.0.get(name)
    }

    /// Whether an incident of this subject may be ours still.
    pub(super) fn knows(&self, subject: &Subject) -> bool {
        self.0.values().any(|known| known.lock().knows(subject))
    }
}
