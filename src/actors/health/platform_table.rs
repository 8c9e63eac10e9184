//! What is known of every platform: shared by the tasks that ask and by HTTP.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::known_devices::KnownDevices;
use crate::config::settings::PlatformSettings;
use crate::domain::incident::Subject;
use crate::domain::platform::{PlatformMemory, PlatformStatus};

/// Clones are the same table. It outlives the actors.
#[derive(Clone, Default)]
pub struct PlatformTable(Arc<KnownDevices<KnownPlatform>>);

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

/// One that nobody has looked at yet.
fn unknown(settings: &PlatformSettings) -> PlatformMemory {
    PlatformMemory::new(settings.name.clone(), settings.kind.clone(), settings.interval)
}

impl PlatformTable {
    /// One that knows nothing yet of these.
    pub fn new(settings: Vec<PlatformSettings>) -> Self {
        let known = settings.into_iter().map(|settings| {
            let (name, memory) = (settings.name.clone(), Mutex::new(unknown(&settings)));
            (name, KnownPlatform { settings, memory })
        });
        Self(Arc::new(known.collect()))
    }

    /// All of them, by name; none while another process looks at them. Cheap enough for every scrape.
    pub fn statuses(&self) -> Vec<PlatformStatus> {
        self.0.asked().map(|known| known.lock().status()).collect()
    }

    /// Another process looks at them, or this one does again: nothing is known of them yet.
    pub(super) fn rest(&self, rests: bool) {
        self.0.rest(rests, |known| *known.lock() = unknown(&known.settings));
    }

    /// Their names.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.names()
    }

    /// The platform of this name.
    pub(super) fn get(&self, name: &str) -> Option<&KnownPlatform> {
        self.0.get(name)
    }

    /// Whether an incident of this subject may be ours still.
    pub(super) fn knows(&self, subject: &Subject) -> bool {
        self.0.all().any(|known| known.lock().knows(subject))
    }
}
