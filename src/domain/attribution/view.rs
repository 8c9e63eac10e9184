//! A situation, with what is asked of it again and again.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::IpAddr;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::network_range::{is_loopback, range_of};
use super::situation::{CameraFact, EndpointFact, FeedFact, HostFact, IncidentFact, ServerFact, Situation, StreamFact};
use crate::domain::camera::CameraState;
use crate::domain::incident::{FaultPart, Subject};
use crate::domain::probe::FaultKind;

/// How many cameras there are, and how many of them deliver.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct CameraTally {
    pub all: u32,
    pub deliver: u32,
}

pub(super) struct SituationView<'a> {
    pub facts: &'a Situation,
    cameras: HashMap<i64, &'a CameraFact>,
    paths: HashMap<(&'a str, &'a str), &'a CameraFact>,
    incidents: HashMap<Uuid, &'a IncidentFact>,
    ranges: BTreeMap<String, CameraTally>,
    devices: BTreeMap<&'a str, CameraTally>,
}

impl<'a> SituationView<'a> {
    pub fn of(facts: &'a Situation) -> Self {
        let (mut ranges, mut devices) = (BTreeMap::<String, CameraTally>::new(), BTreeMap::<&str, CameraTally>::new());
        let excused: HashSet<&str> = facts.excused.iter().map(String::as_str).collect();
        for camera in &facts.cameras {
            let Some(host) = camera.host.as_deref() else { continue };
            // One that is excused may be down, and says nothing of its neighbours.
            if excused.contains(Subject::camera_of(camera.id, "").key().as_str()) {
                continue;
            }
            let count = |tally: &mut CameraTally| {
                tally.all += 1;
                tally.deliver += u32::from(camera.state == CameraState::Running);
            };
            count(devices.entry(host).or_default());
            if let Some(range) = range_of(host) {
                count(ranges.entry(range).or_default());
            }
        }
        Self {
            facts,
            cameras: facts.cameras.iter().map(|camera| (camera.id, camera)).collect(),
            paths: facts.cameras.iter().map(|one| ((one.server.as_str(), one.path.as_str()), one)).collect(),
            incidents: facts.incidents.iter().map(|incident| (incident.id, incident)).collect(),
            ranges,
            devices,
        }
    }

    pub fn camera(&self, id: i64) -> Option<&'a CameraFact> {
        self.cameras.get(&id).copied()
    }

    /// The camera that is published there.
    pub fn camera_at(&self, server: &str, path: &str) -> Option<&'a CameraFact> {
        self.paths.get(&(server, path)).copied()
    }

    pub fn incident(&self, id: Uuid) -> Option<&'a IncidentFact> {
        self.incidents.get(&id).copied()
    }

    pub fn server(&self, name: &str) -> Option<&'a ServerFact> {
        self.facts.servers.iter().find(|server| server.name == name)
    }

    pub fn stream(&self, server: &str, name: &str) -> Option<&'a StreamFact> {
        self.facts.streams.iter().find(|stream| stream.server == server && stream.name == name)
    }

    pub fn host(&self, name: &str) -> Option<&'a HostFact> {
        self.facts.hosts.iter().find(|host| host.name == name)
    }

    /// The host where relays and recorders of this process run.
    pub fn here(&self) -> Option<&'a HostFact> {
        self.host(&self.facts.here)
    }

    /// Whether a part of ours works; `None` where nobody has asked.
    pub fn part(&self, part: FaultPart) -> Option<bool> {
        self.facts.parts.iter().find(|one| one.part == part).map(|one| one.fine)
    }

    /// Cameras of the same device.
    pub fn device(&self, host: &str) -> CameraTally {
        self.devices.get(host).copied().unwrap_or_default()
    }

    /// Cameras of the same part of the network.
    pub fn range(&self, host: &str) -> Option<(String, CameraTally)> {
        let range = range_of(host)?;
        let tally = self.ranges.get(&range).copied().unwrap_or_default();
        Some((range, tally))
    }

    pub fn endpoint(&self, name: &str) -> Option<&'a EndpointFact> {
        self.facts.endpoints.iter().find(|endpoint| endpoint.name == name)
    }

    /// The encoders that feed it, as far as somebody has said so.
    pub fn feeders(&self, of: &Subject) -> impl Iterator<Item = &'a FeedFact> + use<'a> {
        let key = of.key();
        self.facts.feeds.iter().filter(move |feed| feed.of == key)
    }

    /// Servers of the streams that an encoder feeds.
    pub fn servers_of_encoder(&self, encoder: &str) -> impl Iterator<Item = &'a str> {
        let feeds = self.facts.feeds.iter().filter(move |feed| feed.encoder == encoder);
        feeds.filter_map(|feed| Some(feed.of.strip_prefix("stream:")?.split_once('/')?.0))
    }

    /// Why this target or encoder did not answer as it should.
    pub fn fault(&self, subject: &Subject) -> Option<FaultKind> {
        self.facts.faults.get(&subject.key()).copied()
    }

    /// Names are resolved, as something with a name was reached since then: one that is not known is wrong itself.
    pub fn names_resolve(&self, since: DateTime<Utc>) -> bool {
        let is_name = |host: &str| !is_loopback(host) && host.parse::<IpAddr>().is_err();
        let fails = |fault: Option<FaultKind>| fault == Some(FaultKind::NameNotResolved);
        // What was reached before says nothing of now: some endpoints are asked once in an hour.
        let mut endpoints = self.facts.endpoints.iter().filter(|one| is_name(&one.host) && one.at >= since);
        // A camera that runs was found long ago: it proves nothing.
        endpoints.any(|one| !fails(one.fault))
    }

    /// Whether any endpoint beyond this host, of another host than this endpoint, answers in any way; `None` where there is no other.
    pub fn endpoints_beyond_answer(&self, but: &str) -> Option<bool> {
        let own = self.endpoint(but).map(|endpoint| endpoint.host.as_str());
        let others =
            self.facts.endpoints.iter().filter(|one| !is_loopback(&one.host) && Some(one.host.as_str()) != own);
        // The name of one that is not resolved says nothing of the way to it.
        let mut asked = others.filter(|one| one.fault != Some(FaultKind::NameNotResolved)).peekable();
        asked.peek()?;
        Some(asked.any(|one| !one.is_silent()))
    }

    /// Whether any camera beyond this host delivers; `None` where there is none.
    pub fn anything_beyond_delivers(&self) -> Option<bool> {
        let mut beyond = self.devices.iter().filter(|(host, _)| !is_loopback(host)).peekable();
        beyond.peek()?;
        Some(beyond.any(|(_, tally)| tally.deliver > 0))
    }
}
