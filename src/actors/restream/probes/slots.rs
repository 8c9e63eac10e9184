//! How many cameras are probed at once.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

/// Slots for probes; their number may change. Clones are the same slots, and outlive every actor: a probe that goes on holds
/// its slot, whoever is built anew meanwhile.
#[derive(Clone, Debug)]
pub(in crate::actors::restream) struct ProbeSlots {
    semaphore: Arc<Semaphore>,
    size: Arc<Mutex<usize>>,
}

impl ProbeSlots {
    pub(in crate::actors::restream) fn new(size: usize) -> Self {
        Self { semaphore: Arc::new(Semaphore::new(size)), size: Arc::new(Mutex::new(size)) }
    }

    /// Waits in line; a probe lasts as long as the permit. Who waits holds up nobody but itself. The slots are never closed.
    pub(in crate::actors::restream) fn acquire(
        &self,
    ) -> impl Future<Output = Result<OwnedSemaphorePermit, AcquireError>> + Send + use<> {
        Arc::clone(&self.semaphore).acquire_owned()
    }

    pub(super) fn resize(&self, size: usize) {
        let before = std::mem::replace(&mut *self.size.lock().unwrap_or_else(PoisonError::into_inner), size);
        if size >= before {
            self.semaphore.add_permits(size - before);
            return;
        }
        let surplus = before - size - self.semaphore.forget_permits(before - size);
        // Those in use go as their probes end; nobody overtakes this in the line.
        let line = Arc::clone(&self.semaphore);
        tokio::spawn(async move {
            if let Ok(permits) = line.acquire_many_owned(u32::try_from(surplus).unwrap_or(u32::MAX)).await {
                permits.forget();
            }
        });
    }
}
