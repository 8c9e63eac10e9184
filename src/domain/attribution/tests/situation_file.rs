//! Reads a situation and what is expected of it; `tests/fixtures/situations/README.md` says how one is written.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use toml::value::Datetime;
use uuid::Uuid;

use crate::domain::attribution::{
    CameraFact, DiskFact, EndpointFact, FeedFact, HostFact, IncidentFact, PartFact, ServerFact, Situation, StreamFact,
};
use crate::domain::camera::CameraState;
use crate::domain::incident::{Confidence, FaultCause, FaultFinding, FaultPart, IncidentKind, NextStep, Subject};
use crate::domain::probe::FaultKind;
use crate::domain::stream::StreamState;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SituationFile {
    /// For people.
    #[serde(rename = "title")]
    _title: String,
    #[serde(rename = "source")]
    _source: String,
    now: Option<Datetime>,
    #[serde(default = "here")]
    here: String,
    spool_mount: Option<String>,
    #[serde(default)]
    excused: Vec<String>,
    #[serde(default)]
    camera: Vec<CameraEntry>,
    #[serde(default)]
    server: Vec<ServerEntry>,
    #[serde(default)]
    stream: Vec<StreamEntry>,
    #[serde(default)]
    host: Vec<HostEntry>,
    #[serde(default)]
    part: Vec<PartEntry>,
    #[serde(default)]
    endpoint: Vec<EndpointEntry>,
    #[serde(default)]
    feed: Vec<FeedEntry>,
    #[serde(default)]
    faults: BTreeMap<String, FaultKind>,
    incident: Vec<IncidentEntry>,
}

/// One or several: `{}` in its texts is its id.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CameraEntry {
    id: i64,
    #[serde(default = "one")]
    count: i64,
    host: Option<String>,
    #[serde(default = "main")]
    server: String,
    #[serde(default = "camera_path")]
    path: String,
    #[serde(default = "running")]
    state: CameraState,
    fault: Option<FaultKind>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ServerEntry {
    #[serde(default = "main")]
    name: String,
    #[serde(default = "yes")]
    reachable: bool,
    since: Option<Datetime>,
    rtsp_answers: Option<bool>,
    #[serde(default)]
    refuses: bool,
    host: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StreamEntry {
    #[serde(default = "main")]
    server: String,
    name: String,
    #[serde(default = "live")]
    state: StreamState,
    #[serde(default)]
    readers: u32,
    loss: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HostEntry {
    #[serde(default = "here")]
    name: String,
    #[serde(default)]
    silent: bool,
    at: Option<Datetime>,
    cpu: Option<f64>,
    memory: Option<f64>,
    io_wait: Option<f64>,
    media_server_runs: Option<bool>,
    #[serde(default)]
    disk: Vec<DiskEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DiskEntry {
    mount: String,
    used: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PartEntry {
    part: FaultPart,
    fine: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EndpointEntry {
    name: String,
    host: String,
    fault: Option<FaultKind>,
    loss: Option<f64>,
    at: Option<Datetime>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FeedEntry {
    encoder: String,
    /// `event:vimeo/7`, `stream:main/gate`
    of: String,
    streams: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IncidentEntry {
    /// `camera:1`, `server:main`, `stream:main/gate`, `host:edge`, `disk:edge//srv`, `service:spool`; `{}` as in cameras.
    of: String,
    #[serde(default = "one")]
    count: i64,
    /// The first id.
    #[serde(default = "one")]
    id: i64,
    kind: IncidentKind,
    at: Datetime,
    until: Option<Datetime>,
    expect: Expectation,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Expectation {
    pub cause: FaultCause,
    pub confidence: Option<Confidence>,
    /// `server:main serverDown`; absent: it is the root itself.
    pub root: Option<String>,
    /// `camera stoppedSending`: must be there, in any place.
    #[serde(default)]
    pub evidence: Vec<String>,
    /// The first suggestion.
    pub first_step: Option<NextStep>,
    /// The whole sentence.
    pub summary: Option<String>,
}

pub(super) struct SituationCase {
    pub situation: Situation,
    /// What is expected of each incident, with its `of` and kind.
    pub expected: Vec<(Uuid, String, Expectation)>,
}

fn here() -> String {
    "here".to_owned()
}
fn main() -> String {
    "main".to_owned()
}
fn camera_path() -> String {
    "cam{}".to_owned()
}
fn one() -> i64 {
    1
}
fn yes() -> bool {
    true
}
fn running() -> CameraState {
    CameraState::Running
}
fn live() -> StreamState {
    StreamState::Live
}

/// A time of one night.
fn time(field: &str, at: &Datetime) -> Result<DateTime<Utc>, String> {
    let wrong = || format!("{field}: {at} is no time of day; write it like 03:12:07");
    let time = at.time.filter(|_| at.date.is_none()).ok_or_else(wrong)?;
    let day = NaiveDate::from_ymd_opt(2026, 11, 29).ok_or_else(wrong)?;
    let second = time.second.unwrap_or(0);
    let time = day.and_hms_opt(time.hour.into(), time.minute.into(), second.into()).ok_or_else(wrong)?;
    Ok(time.and_utc())
}

/// Reads it; what is wrong is named with its field.
pub(super) fn read(text: &str) -> Result<SituationCase, String> {
    let file: SituationFile = toml::from_str(text).map_err(|error| error.to_string())?;
    let mut situation = Situation {
        here: file.here,
        spool_mount: file.spool_mount,
        excused: file.excused.into_iter().collect(),
        faults: file.faults,
        ..Situation::default()
    };
    for entry in file.camera {
        for id in entry.id..entry.id + entry.count {
            let named = |text: &str| text.replace("{}", &id.to_string());
            situation.cameras.push(CameraFact {
                id,
                host: entry.host.as_deref().map(named),
                server: entry.server.clone(),
                path: named(&entry.path),
                state: entry.state,
                fault: entry.fault,
            });
        }
    }
    for one in file.server {
        let since = one.since.as_ref().map(|at| time("server.since", at)).transpose()?.unwrap_or_default();
        let ServerEntry { name, reachable, rtsp_answers, refuses, host, .. } = one;
        situation.servers.push(ServerFact { name, reachable, since, rtsp_answers, refuses, host });
    }
    for one in file.stream {
        let StreamEntry { server, name, state, readers, loss } = one;
        situation.streams.push(StreamFact { server, name, state, readers, loss });
    }
    for one in file.host {
        let at = one.at.as_ref().map(|at| time("host.at", at)).transpose()?.unwrap_or_default();
        let HostEntry { name, silent, cpu, memory, io_wait, media_server_runs, disk, .. } = one;
        let disks = disk.into_iter().map(|DiskEntry { mount, used }| DiskFact { mount, used }).collect();
        situation.hosts.push(HostFact { name, silent, at, cpu, memory, io_wait, media_server_runs, disks });
    }
    situation.parts = file.part.into_iter().map(|PartEntry { part, fine }| PartFact { part, fine }).collect();
    for one in file.endpoint {
        // Where it matters to nobody, it was asked just now.
        let at = one.at.as_ref().map(|at| time("endpoint.at", at)).transpose()?.unwrap_or(DateTime::<Utc>::MAX_UTC);
        let EndpointEntry { name, host, fault, loss, .. } = one;
        situation.endpoints.push(EndpointFact { name, host, fault, loss, at });
    }
    let feed = |FeedEntry { encoder, of, streams }| FeedFact { encoder, of, streams };
    situation.feeds = file.feed.into_iter().map(feed).collect();
    let mut expected = Vec::new();
    for entry in file.incident {
        for number in entry.id..entry.id + entry.count {
            let of = entry.of.replace("{}", &number.to_string());
            let id = Uuid::from_u128(expected.len() as u128 + 1);
            let subject = subject(&of)?;
            let opened_at = time("incident.at", &entry.at)?;
            let closed_at = entry.until.as_ref().map(|at| time("incident.until", at)).transpose()?;
            let key = format!("{of} {}", entry.kind.as_str());
            situation.incidents.push(IncidentFact { id, kind: entry.kind, subject, opened_at, closed_at });
            expected.push((id, key, entry.expect.clone()));
        }
    }
    for (_, key, expectation) in &expected {
        for one in &expectation.evidence {
            part_and_finding(one).map_err(|why| format!("incident {key}: expect.evidence: {why}"))?;
        }
        let known = |root: &String| expected.iter().any(|(_, key, _)| key == root);
        if let Some(root) = expectation.root.as_ref().filter(|root| !known(root)) {
            return Err(format!(
                "incident {key}: expect.root: there is no incident `{root}`; write `OF KIND` of another one"
            ));
        }
    }
    let last = situation.incidents.iter().flat_map(|one| [Some(one.opened_at), one.closed_at]).flatten().max();
    situation.now = match &file.now {
        Some(now) => time("now", now)?,
        None => last.unwrap_or_default(),
    };
    Ok(SituationCase { situation, expected })
}

fn subject(of: &str) -> Result<Subject, String> {
    let name = match of.split_once(':') {
        Some(("stream" | "disk", rest)) => rest.split_once('/').map_or("", |(_, name)| name),
        Some((_, name)) => name,
        None => "",
    };
    let wrong = || {
        format!(
            "incident.of: `{of}` is nothing; write camera:1, server:main, stream:main/gate, host:edge, disk:edge//srv, service:spool or target:uplink"
        )
    };
    Subject::from_key(of, name).ok_or_else(wrong)
}

/// `camera stoppedSending`
pub(super) fn part_and_finding(text: &str) -> Result<(FaultPart, FaultFinding), String> {
    let wrong = || format!("`{text}` is not a part and a finding, like `camera stoppedSending`");
    let (part, finding) = text.split_once(' ').ok_or_else(wrong)?;
    let word = |text: &str| serde_json::Value::String(text.to_owned());
    let part = serde_json::from_value(word(part)).map_err(|error| format!("{}: {error}", wrong()))?;
    let finding = serde_json::from_value(word(finding)).map_err(|error| format!("{}: {error}", wrong()))?;
    Ok((part, finding))
}
