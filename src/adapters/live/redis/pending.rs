//! What is to be written. Bounded by what there is: of each thing only the newest counts, whatever time Redis is away.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::fields;
use super::keys::Keys;
use crate::adapters::live::Change;
use crate::domain::host::{HostState, HostStatus};
use crate::domain::name::StreamName;
use crate::domain::stream::{Sample, StreamStatus};

/// Polls that wait for the writer; the oldest are dropped, which leaves a gap in the history.
const POLLS: usize = 16;
/// Measurements of hosts that wait for the writer; the oldest are dropped.
const MEASUREMENTS: usize = 256;

/// The samples of one poll, each with the stream as it was then.
pub(super) type Poll = Vec<(Arc<StreamStatus>, Sample)>;

/// Shared by whoever tells and by the writer.
#[derive(Default)]
pub(super) struct Pending {
    waiting: Mutex<Waiting>,
    told: Notify,
}

#[derive(Default)]
struct Waiting {
    /// Servers whose streams this process tells of.
    servers: BTreeMap<String, ServerWaiting>,
    /// Everything else that this process owns, as it is now, by the name of its field.
    own: BTreeMap<String, String>,
    /// Fields that are not written yet.
    dirty: BTreeSet<String>,
    /// Fields that are not removed yet.
    removed: BTreeSet<String>,
    /// Measurements of hosts for their histories.
    hosts: VecDeque<Arc<HostStatus>>,
}

/// What is to be written of one server.
#[derive(Debug, Default)]
pub(super) struct ServerWaiting {
    pub(super) changed: HashSet<StreamName>,
    pub(super) removed: HashSet<StreamName>,
    /// Of the newest polls.
    pub(super) polls: VecDeque<Poll>,
    /// Polls were dropped, because the writer is behind.
    pub(super) has_gap: bool,
    /// This process tells of it from now on: what was written of it before may be another's.
    pub(super) is_new: bool,
    /// The list has to be written, even if nothing of it has changed.
    pub(super) is_due: bool,
}

/// One round of writing.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) servers: BTreeMap<String, ServerWaiting>,
    pub(super) fields: BTreeMap<String, String>,
    pub(super) removed: BTreeSet<String>,
    pub(super) hosts: VecDeque<Arc<HostStatus>>,
}

impl Batch {
    pub(super) fn is_empty(&self) -> bool {
        self.servers.is_empty() && self.fields.is_empty() && self.removed.is_empty()
    }
}

/// What a call has told, before it is visible here.
pub(super) struct PendingUpdate(Vec<One>);

enum One {
    Stream(String, StreamName),
    StreamGone(String, StreamName),
    Field(String, Option<String>),
    Host(Arc<HostStatus>),
}

/// What these changes mean for Redis.
pub(super) fn told(changes: &[Change], keys: &Keys) -> PendingUpdate {
    let one = |change: &Change| match change {
        // That a host is silent is this process's judgement, and no measurement of its agent.
        Change::Host(status) if status.state == HostState::Silent => None,
        Change::Stream(status) => Some(One::Stream(status.server.to_string(), status.name.clone())),
        Change::StreamGone { server, name } => Some(One::StreamGone(server.clone(), name.clone())),
        other => fields::field(other, |server| keys.base(server)).map(|(name, value)| One::Field(name, value)),
    };
    let measured = changes.iter().filter_map(|change| match change {
        Change::Host(status) if status.state == HostState::Live => Some(One::Host(Arc::clone(status))),
        _ => None,
    });
    PendingUpdate(changes.iter().filter_map(one).chain(measured).collect())
}

impl Pending {
    /// Takes up what is visible here by now.
    pub(super) fn tell(&self, told: PendingUpdate, poll: Option<(&str, Poll)>) {
        let mut waiting = self.lock();
        for one in told.0 {
            match one {
                One::Stream(server, name) => {
                    let server = waiting.server(&server);
                    server.removed.remove(&name);
                    server.changed.insert(name);
                }
                One::StreamGone(server, name) => {
                    let server = waiting.server(&server);
                    server.changed.remove(&name);
                    server.removed.insert(name);
                }
                One::Host(status) => {
                    waiting.hosts.push_back(status);
                    if waiting.hosts.len() > MEASUREMENTS {
                        waiting.hosts.pop_front();
                    }
                }
                One::Field(name, Some(value)) => {
                    waiting.removed.remove(&name);
                    waiting.dirty.insert(name.clone());
                    waiting.own.insert(name, value);
                }
                One::Field(name, None) => {
                    waiting.dirty.remove(&name);
                    waiting.own.remove(&name);
                    waiting.removed.insert(name);
                }
            }
        }
        if let Some((server, poll)) = poll {
            let server = waiting.server(server);
            server.polls.push_back(poll);
            if server.polls.len() > POLLS {
                server.polls.pop_front();
                server.has_gap = true;
            }
            server.is_due = true;
        }
        drop(waiting);
        self.told.notify_one();
    }

    /// Waits until something is told.
    pub(super) async fn wait(&self) {
        self.told.notified().await;
    }

    /// What is to be written now.
    pub(super) fn take(&self) -> Batch {
        let mut waiting = self.lock();
        let due = |server: &ServerWaiting| server.is_due || !server.changed.is_empty() || !server.removed.is_empty();
        let servers = waiting.servers.iter_mut().filter(|(_, server)| due(server));
        let servers = servers.map(|(name, server)| (name.clone(), std::mem::take(server))).collect();
        let dirty = std::mem::take(&mut waiting.dirty);
        let fields = dirty.into_iter().filter_map(|name| Some((name.clone(), waiting.own.get(&name)?.clone())));
        let fields = fields.collect();
        let (removed, hosts) = (std::mem::take(&mut waiting.removed), std::mem::take(&mut waiting.hosts));
        Batch { servers, fields, removed, hosts }
    }

    /// Everything that this process owns, with what is in this batch: Redis may have lost it.
    pub(super) fn everything(&self, batch: &Batch) -> Batch {
        self.all_again();
        let mut all = self.take();
        for (name, waiting) in &batch.servers {
            let server = all.servers.entry(name.clone()).or_default();
            server.changed.extend(waiting.changed.iter().cloned());
            server.removed.extend(waiting.removed.iter().filter(|name| !waiting.changed.contains(*name)).cloned());
            server.polls = waiting.polls.iter().cloned().chain(std::mem::take(&mut server.polls)).collect();
            server.has_gap |= waiting.has_gap;
            server.is_new |= waiting.is_new;
        }
        all.removed.extend(batch.removed.iter().cloned());
        all.hosts = batch.hosts.iter().cloned().chain(std::mem::take(&mut all.hosts)).collect();
        all
    }

    /// It was not written. Samples are lost; the rest is written with the next round.
    pub(super) fn put_back(&self, batch: Batch) {
        let mut waiting = self.lock();
        for (name, lost) in batch.servers {
            // Another process may tell of it by now.
            let Some(server) = waiting.servers.get_mut(&name) else { continue };
            server.is_due = true;
            let newer: HashSet<StreamName> = server.removed.union(&server.changed).cloned().collect();
            server.changed.extend(lost.changed.into_iter().filter(|name| !newer.contains(name)));
            server.removed.extend(lost.removed.into_iter().filter(|name| !newer.contains(name)));
        }
        let known = |name: &String| waiting.own.contains_key(name);
        let dirty: Vec<String> = batch.fields.into_keys().filter(known).collect();
        let removed: Vec<String> = batch.removed.into_iter().filter(|name| !known(name)).collect();
        waiting.dirty.extend(dirty);
        waiting.removed.extend(removed);
    }

    /// Redis may have lost everything: all of it is due.
    pub(super) fn all_again(&self) {
        let mut waiting = self.lock();
        waiting.dirty = waiting.own.keys().cloned().collect();
        waiting.servers.values_mut().for_each(|server| server.is_due = true);
    }

    /// Another process tells of this server from now on. False when that is nothing new.
    pub(super) fn disown(&self, server: &str) -> bool {
        let mut waiting = self.lock();
        let field = fields::server(server);
        if waiting.own.remove(&field).is_some() {
            waiting.dirty.remove(&field);
            waiting.removed.insert(field);
        }
        let was_ours = waiting.servers.remove(server).is_some();
        drop(waiting);
        if was_ours {
            self.told.notify_one();
        }
        was_ours
    }

    /// Looks at the fields that this process owns.
    pub(super) fn with_own<T>(&self, look: impl FnOnce(&mut dyn Iterator<Item = &String>) -> T) -> T {
        look(&mut self.lock().own.keys())
    }

    /// This process tells of the streams of this server.
    pub(super) fn owns_server(&self, name: &str) -> bool {
        self.lock().servers.contains_key(name)
    }

    /// This process owns what this field tells of.
    pub(super) fn owns_field(&self, name: &str) -> bool {
        self.lock().own.contains_key(name)
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn server(&mut self, name: &str) -> &mut ServerWaiting {
        if !self.servers.contains_key(name) {
            // Another process may have written of it until now.
            self.servers.insert(name.to_owned(), ServerWaiting { is_new: true, ..Default::default() });
        }
        self.servers.get_mut(name).expect("inserted just now")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample;

    fn stream(name: &str, bytes: u64) -> Arc<StreamStatus> {
        Arc::new(StreamStatus { bytes_received: bytes, ..sample::stream("main", name) })
    }

    fn names(set: &HashSet<StreamName>) -> Vec<&str> {
        let mut names: Vec<_> = set.iter().map(StreamName::as_str).collect();
        names.sort_unstable();
        names
    }

    fn gone(name: &str) -> Change {
        Change::StreamGone { server: "main".to_owned(), name: StreamName::parse(name).expect("a name") }
    }

    fn tell(pending: &Pending, changes: &[Change]) {
        pending.tell(told(changes, &Keys::new("p", &["main".to_owned()])), None);
    }

    #[test]
    fn the_newest_of_each_thing_counts_also_when_writing_failed() {
        let pending = Pending::default();
        tell(&pending, &[Change::Stream(stream("a", 1)), Change::Stream(stream("b", 1)), gone("c")]);
        tell(&pending, &[Change::Camera(sample::camera(7, "gate")), Change::CameraGone { id: 8 }]);
        let batch = pending.take();
        assert!(pending.take().is_empty());
        assert_eq!((batch.fields.len(), batch.removed.len()), (1, 1));
        // Told while the batch was under way.
        tell(&pending, &[gone("a"), Change::Stream(stream("c", 2)), Change::CameraGone { id: 7 }]);
        tell(&pending, &[Change::Camera(sample::camera(8, "yard"))]);
        pending.put_back(batch);
        let again = pending.take();
        let main = &again.servers["main"];
        assert_eq!((names(&main.changed), names(&main.removed)), (vec!["b", "c"], vec!["a"]));
        assert_eq!(again.fields.keys().collect::<Vec<_>>(), ["camera:8"]);
        assert_eq!(again.removed.iter().collect::<Vec<_>>(), ["camera:7"]);
        assert!(pending.owns_field("camera:8") && !pending.owns_field("camera:7"));
    }

    #[test]
    fn polls_that_nobody_writes_are_bounded_and_leave_a_gap() {
        let pending = Pending::default();
        let sample = Sample { at: chrono::DateTime::UNIX_EPOCH, ..sample_of("a") };
        for bytes in 0..1_000 {
            pending.tell(PendingUpdate(Vec::new()), Some(("main", vec![(stream("a", bytes), sample)])));
        }
        let batch = pending.take();
        let main = &batch.servers["main"];
        assert_eq!((main.polls.len(), main.has_gap), (POLLS, true));
        assert_eq!(main.polls.back().expect("the newest")[0].0.bytes_received, 999);
        pending.put_back(batch);
        assert!(pending.take().servers["main"].polls.is_empty(), "samples that were not written are lost");
    }

    #[test]
    fn a_server_that_another_process_polls_is_ours_no_more() {
        let pending = Pending::default();
        tell(&pending, &[Change::Server(sample::server("main")), Change::Stream(stream("a", 1))]);
        let batch = pending.take();
        assert!(pending.disown("main") && !pending.disown("main"));
        pending.put_back(batch);
        assert!(!pending.owns_server("main") && !pending.owns_field("server:main"));
        let left = pending.take();
        assert!(left.servers.is_empty() && left.removed.contains("server:main"));
    }

    fn sample_of(name: &str) -> Sample {
        let status = stream(name, 0);
        Sample::new(status.since, status.state)
    }
}
