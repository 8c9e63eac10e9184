//! Requests over HTTP to devices and services whose answers nobody vouches for, on threads of their own.
//!
//! Of an answer no more is read than it may have ([`HttpExchange`]), be it what stands before it: a client that reads for as long as bytes
//! come is at work without a pause for a peer that sends answers of the kind "another one follows" (RFC 9110, 15.2) without an end.
//! What costs time all the same is not done on the thread of the actors, nor do those who are told of a fault wait for those who have it.

mod exchange;

use std::future::Future;
use std::panic::resume_unwind;
use std::sync::LazyLock;

use tokio::runtime::{Builder, Runtime};
use tokio_util::task::AbortOnDropHandle;

pub(super) use exchange::{HttpExchange, HttpExchangeFault};

/// So many peers that keep their thread, but one, hold up nobody else of their kind.
const THREADS: usize = 4;

/// Whose requests they are: one kind waits for no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Peer {
    /// Messages to people.
    Receiver,
    /// Encoders.
    Device,
    /// Platforms, asked by a client that does not bound what it reads: their addresses are those of known services.
    Platform,
}

/// `None` where no thread can be had.
type Threads = LazyLock<Option<Runtime>>;

static RECEIVERS: Threads = LazyLock::new(|| threads("receivers"));
static DEVICES: Threads = LazyLock::new(|| threads("devices"));
static PLATFORMS: Threads = LazyLock::new(|| threads("platforms"));

fn threads(name: &str) -> Option<Runtime> {
    let mut builder = Builder::new_multi_thread();
    // Looks at the network behind each piece of work: where all threads are held, each piece takes long.
    builder.event_interval(1).global_queue_interval(1);
    builder.worker_threads(THREADS).thread_name(name).enable_io().enable_time().build().ok()
}

/// Does this work, a request with its whole answer, on the threads for it; here, where there are none. Given up when it is dropped.
pub(super) async fn apart<T: Send + 'static>(peer: Peer, work: impl Future<Output = T> + Send + 'static) -> T {
    let threads = match peer {
        Peer::Receiver => &RECEIVERS,
        Peer::Device => &DEVICES,
        Peer::Platform => &PLATFORMS,
    };
    let Some(runtime) = threads.as_ref() else { return work.await };
    match AbortOnDropHandle::new(runtime.spawn(work)).await {
        Ok(done) => done,
        // Nobody else can give it up: a panic in it is one here.
        Err(error) => resume_unwind(error.into_panic()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_kind_of_peer_has_threads_of_its_own() {
        let name = |peer| apart(peer, async { std::thread::current().name().map(str::to_owned) });
        for (peer, wanted) in [(Peer::Receiver, "receivers"), (Peer::Device, "devices"), (Peer::Platform, "platforms")]
        {
            assert_eq!(name(peer).await.as_deref(), Some(wanted));
        }
        // All threads for encoders are held: a message goes its way.
        let (release, held) = std::sync::mpsc::channel::<()>();
        let held = std::sync::Arc::new(std::sync::Mutex::new(held));
        let kept: Vec<_> = (0..THREADS)
            .map(|_| {
                let held = std::sync::Arc::clone(&held);
                tokio::spawn(apart(Peer::Device, async move { drop(held.lock().map(|held| held.recv())) }))
            })
            .collect();
        let sent = tokio::time::timeout(std::time::Duration::from_secs(60), apart(Peer::Receiver, async { 7 })).await;
        assert_eq!(sent, Ok(7));
        drop(release);
        for one in kept {
            one.await.expect("released");
        }
    }
}
