//! Devices and accounts of the configuration, by name, which this process asks or another one.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

/// What is known of each. It outlives whoever asks.
pub(super) struct KnownDevices<T> {
    by_name: BTreeMap<String, T>,
    /// Another process asks: nothing is known of them here.
    rests: AtomicBool,
}

impl<T> Default for KnownDevices<T> {
    fn default() -> Self {
        Self { by_name: BTreeMap::new(), rests: AtomicBool::new(false) }
    }
}

impl<T> FromIterator<(String, T)> for KnownDevices<T> {
    fn from_iter<I: IntoIterator<Item = (String, T)>>(all: I) -> Self {
        Self { by_name: all.into_iter().collect(), ..Self::default() }
    }
}

impl<T> KnownDevices<T> {
    /// All of them, by name.
    pub(super) fn all(&self) -> impl Iterator<Item = &T> {
        self.by_name.values()
    }

    /// Those that are asked here: all of them, or none while another process does.
    pub(super) fn asked(&self) -> impl Iterator<Item = &T> {
        self.by_name.values().filter(|_| !self.rests.load(Ordering::Relaxed))
    }

    /// Their names.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    /// The one of this name.
    pub(super) fn get(&self, name: &str) -> Option<&T> {
        self.by_name.get(name)
    }

    /// Another process asks them from now on, or this one does; `forget` makes one whose state is not known.
    pub(super) fn rest(&self, rests: bool, forget: impl Fn(&T)) {
        self.by_name.values().for_each(forget);
        self.rests.store(rests, Ordering::Relaxed);
    }
}
