//! `streamwarden status`: how the running program is, on one screen, for people, cron and monitoring plugins.

use chrono::{DateTime, TimeDelta, Utc};
use log::LevelFilter;
use serde::Serialize;
use serde_json::{Value, json};

use super::whom::remote;
use super::{ApiTarget, CommandFailure, EXIT_FAILURE, Files, printable, say, table};
use crate::app;
use crate::app::remote::Remote;
use crate::base::Result;
use crate::domain::camera::{CameraState, CameraStatus, title, undelivered};
use crate::domain::change_guard::BlockedChangeView;
use crate::domain::incident::{Incident, IncidentKind, Subject};
use crate::domain::maintenance::{self, Maintenance};
use crate::domain::stream::StreamStatus;
use crate::logging;

/// A camera that has just been added or switched on has so long for its first picture.
const STARTING: TimeDelta = TimeDelta::seconds(60);

/// One thing that does not work.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Down {
    /// `camera`, `recording`, `service`, `change`, and what is watched from outside: `endpoint`, `probe`, `encoder`, `platform`,
    /// `event`, `host`, `receiver`.
    what: &'static str,
    name: String,
    /// Display name, of a camera that has one.
    label: Option<String>,
    state: String,
    since: Option<DateTime<Utc>>,
    reason: Option<String>,
}

/// Everything that is asked.
struct Overview {
    address: String,
    status: Value,
    cameras: Vec<CameraStatus>,
    streams: Vec<Value>,
    /// `None` where they cannot be read, as with the database away.
    incidents: Option<Vec<Incident>>,
    /// `None` where nobody relays cameras.
    blocked: Option<BlockedChangeView>,
    /// What is excused.
    maintenance: Vec<Maintenance>,
}

/// Prints it.
///
/// # Errors
/// Exit code 1 when something is down; when nobody runs there.
pub fn run(files: &Files, target: ApiTarget) -> Result<(), CommandFailure> {
    logging::start_on_console(files.log_level.unwrap_or(LevelFilter::Warn));
    let overview = app::block_on(async { Ok::<_, CommandFailure>(look(&remote(files, target.api).await?).await?) })??;
    let down = down(&overview, Utc::now());
    say(&if target.print.json { json(&overview, &down) } else { words(&overview, &down, Utc::now()) })?;
    if down.is_empty() { Ok(()) } else { Err(CommandFailure::Printed(EXIT_FAILURE)) }
}

async fn look(remote: &Remote) -> Result<Overview> {
    let status = remote.status().await?;
    let relays = status["roles"].as_array().is_some_and(|roles| roles.iter().any(|role| role == "restream"));
    Ok(Overview {
        address: remote.address(),
        cameras: remote.cameras().await?,
        streams: remote.streams().await?,
        incidents: remote.open_incidents().await.map(|page| page.items).ok(),
        blocked: if relays { remote.plan().await?.blocked } else { None },
        // An older one has none.
        maintenance: remote.maintenance().await.unwrap_or_default(),
        status,
    })
}

/// What does not work now.
fn down(overview: &Overview, now: DateTime<Utc>) -> Vec<Down> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let services = services(&overview.status).filter(|service| service["ok"] == false);
    let mut all: Vec<Down> = services
        .map(|service| Down {
            what: "service",
            name: text(&service["name"]).unwrap_or_default(),
            label: None,
            state: "down".to_owned(),
            since: None,
            reason: text(&service["detail"]),
        })
        .collect();
    let streams: Vec<StreamStatus> =
        overview.streams.iter().filter_map(|stream| serde_json::from_value(stream.clone()).ok()).collect();
    let asked = |camera: &&CameraStatus| maintenance::of_camera(&overview.maintenance, camera).is_none();
    let cameras =
        overview.cameras.iter().filter(asked).filter_map(|camera| Some((camera, why_down(camera, &streams, now)?)));
    all.extend(cameras.map(|(camera, why)| Down {
        what: "camera",
        name: camera.name.clone(),
        label: camera.label.clone(),
        state: camera.state.to_string(),
        since: Some(camera.down_since.unwrap_or(camera.since)),
        reason: Some(why),
    }));
    let excused = |stream: &&Value| {
        let (server, name) =
            (stream["server"].as_str().unwrap_or_default(), stream["name"].as_str().unwrap_or_default());
        maintenance::of_stream(&overview.maintenance, &overview.cameras, server, name).is_some()
    };
    let recordings = overview.streams.iter().filter(|stream| stream["recording"]["state"] == "paused");
    let recordings = recordings.filter(|stream| !excused(stream));
    all.extend(recordings.map(|stream| Down {
        what: "recording",
        name: text(&stream["name"]).unwrap_or_default(),
        label: label_of(overview, stream),
        state: "paused".to_owned(),
        since: stream["recording"]["since"].as_str().and_then(|since| since.parse().ok()),
        reason: text(&stream["recording"]["reason"]),
    }));
    // Cameras go on that the table does not have, or has differently: somebody has to decide.
    all.extend(overview.blocked.iter().map(|blocked| Down {
        what: "change",
        name: "camera table".to_owned(),
        label: None,
        state: "blocked".to_owned(),
        since: Some(blocked.since),
        reason: Some(format!("{}; see `streamwarden cameras plan`", blocked.summary)),
    }));
    all.extend(overview.incidents.iter().flatten().filter_map(|incident| watched(incident, overview)));
    all
}

/// What has no state of its own here: its incident is all that is known of it.
fn watched(incident: &Incident, overview: &Overview) -> Option<Down> {
    let (what, state) = match incident.kind {
        IncidentKind::EndpointDown => ("endpoint", "down"),
        IncidentKind::ProbeFailed => ("probe", "failing"),
        IncidentKind::EncoderDown => ("encoder", "down"),
        IncidentKind::EncoderStalled => ("encoder", "stalled"),
        IncidentKind::EncoderStopped => ("encoder", "stopped"),
        IncidentKind::PlatformDown => ("platform", "down"),
        IncidentKind::IngestDown => ("event", "no stream"),
        IncidentKind::HostSilent => ("host", "silent"),
        IncidentKind::ReceiverFailing => ("receiver", "failing"),
        _ => return None,
    };
    let excused = match &incident.subject {
        Subject::Stream { server, name } => {
            maintenance::of_stream(&overview.maintenance, &overview.cameras, server, name).is_some()
        }
        _ => false,
    };
    (!excused).then(|| Down {
        what,
        name: incident.subject.title(),
        label: None,
        state: state.to_owned(),
        since: Some(incident.opened_at),
        reason: Some(incident.cause.clone()),
    })
}

/// Display name of the camera that is to deliver a stream.
fn label_of(overview: &Overview, stream: &Value) -> Option<String> {
    let of = |camera: &&CameraStatus| stream["name"] == *camera.path && stream["server"] == *camera.server;
    overview.cameras.iter().find(of).and_then(|camera| camera.label.clone())
}

/// What the process depends on. Cameras are told one by one, and so is a change of their table.
fn services(status: &Value) -> impl Iterator<Item = &Value> {
    let told = |service: &&Value| ["cameras", "camera table"].iter().any(|name| service["name"] == *name);
    status["services"].as_array().into_iter().flatten().filter(move |service| !told(service))
}

/// Why it delivers nothing though it should. One that has only just begun has some time.
fn why_down(camera: &CameraStatus, streams: &[StreamStatus], now: DateTime<Utc>) -> Option<String> {
    let stream = streams.iter().find(|one| one.server == camera.server && one.name.as_str() == camera.path);
    let begins = matches!(camera.state, CameraState::Waiting | CameraState::Probing | CameraState::Starting);
    let slow = camera.enabled && begins && now - camera.since > STARTING;
    // Every process watches its servers.
    undelivered(camera, stream, true).or_else(|| slow.then(|| "it takes long for its first picture".to_owned()))
}

fn json(overview: &Overview, down: &[Down]) -> String {
    let status = &overview.status;
    json!({
        "ok": down.is_empty(),
        "down": down,
        "address": overview.address,
        "version": status["version"], "node": status["node"], "pid": status["pid"], "startedAt": status["startedAt"],
        "database": status["database"], "roles": status["roles"], "services": status["services"],
        "cameras": { "total": overview.cameras.len(), "enabled": enabled(overview), "running": running(overview) },
        "recordings": { "total": recordings(overview, None), "recording": recordings(overview, Some("recording")) },
        "openIncidents": overview.incidents.as_ref().map(Vec::len),
        "maintenance": overview.maintenance,
        "blocked": overview.blocked,
    })
    .to_string()
}

fn running(overview: &Overview) -> usize {
    overview.cameras.iter().filter(|camera| camera.state == CameraState::Running).count()
}

fn enabled(overview: &Overview) -> usize {
    overview.cameras.iter().filter(|camera| camera.enabled).count()
}

/// On their way to the first picture, with nothing wrong yet.
fn starting(overview: &Overview) -> usize {
    let begins = |state| matches!(state, CameraState::Waiting | CameraState::Probing | CameraState::Starting);
    let cameras = overview.cameras.iter().filter(|camera| camera.enabled && begins(camera.state));
    cameras.filter(|camera| camera.down_since.is_none() && camera.last_error.is_none()).count()
}

fn recordings(overview: &Overview, state: Option<&str>) -> usize {
    let states = overview.streams.iter().filter_map(|stream| stream["recording"]["state"].as_str());
    states.filter(|found| state.is_none_or(|state| *found == state)).count()
}

fn words(overview: &Overview, down: &[Down], now: DateTime<Utc>) -> String {
    let text = |value: &Value| printable(value.as_str().unwrap_or("?"));
    let status = &overview.status;
    let process = status["pid"].as_u64().map(|pid| format!(", process {pid}")).unwrap_or_default();
    let since = status["startedAt"].as_str().and_then(|at| at.parse::<DateTime<Utc>>().ok());
    let since = since.map(|at| format!(", for {}", lasted(now - at))).unwrap_or_default();
    let mut lines = vec![format!(
        "streamwarden {} on {}{process}{since}: {}",
        text(&status["version"]),
        text(&status["node"]),
        overview.address
    )];
    let mut rows: Vec<[String; 2]> = Vec::new();
    for service in services(status) {
        let mark = if service["ok"] == false { "DOWN: " } else { "" };
        rows.push([text(&service["name"]), format!("{mark}{}", text(&service["detail"]))]);
    }
    let off = match overview.cameras.len() - enabled(overview) {
        0 => String::new(),
        off => format!(", {off} switched off"),
    };
    let begin = match starting(overview) {
        0 => String::new(),
        begin => format!(", {begin} starting"),
    };
    rows.push(["cameras".to_owned(), format!("{} of {} running{begin}{off}", running(overview), enabled(overview))]);
    let (all, now_recording) = (recordings(overview, None), recordings(overview, Some("recording")));
    rows.push(["recordings".to_owned(), format!("{now_recording} of {all} recording")]);
    let open = overview.incidents.as_ref().map_or_else(|| "unknown".to_owned(), |open| format!("{} open", open.len()));
    rows.push(["incidents".to_owned(), open]);
    if !overview.maintenance.is_empty() {
        rows.push(["maintenance".to_owned(), format!("{} excused", overview.maintenance.len())]);
    }
    lines.extend(table(&rows));
    if down.is_empty() {
        lines.push(match overview.incidents.as_ref().map_or(0, Vec::len) {
            0 => "nothing is down".to_owned(),
            1 => "nothing is down; 1 incident is open: see `streamwarden incidents`".to_owned(),
            many => format!("nothing is down; {many} incidents are open: see `streamwarden incidents`"),
        });
        return lines.join("\n");
    }
    lines.push(String::new());
    let rows = down.iter().map(|one| {
        let since = one.since.map(|since| lasted(now - since)).unwrap_or_default();
        let reason = printable(one.reason.as_deref().unwrap_or_default());
        [one.what.to_owned(), printable(&title(&one.name, one.label.as_deref())), one.state.clone(), since, reason]
    });
    lines.extend(table(&rows.collect::<Vec<_>>()));
    lines.join("\n")
}

/// Two figures are enough: `3 h 5 min`.
fn lasted(time: TimeDelta) -> String {
    let seconds = time.num_seconds().max(0);
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {} s", seconds % 60),
        (0, ..) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample;

    fn incident(kind: IncidentKind, subject: Subject) -> Incident {
        let opened_at = DateTime::UNIX_EPOCH + TimeDelta::hours(1);
        Incident::open(uuid::Uuid::nil(), kind, subject, "nothing answers".to_owned(), opened_at)
    }

    fn camera(state: CameraState) -> CameraStatus {
        CameraStatus { state, ..sample::camera(1, "gate") }
    }

    #[test]
    fn a_camera_is_down_when_it_should_deliver_and_does_not() {
        use CameraState::{Backoff, Held, Running, Starting, Stopped, Waiting};
        let later = |seconds: i64| DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds);
        for (camera, at, is) in [
            // Nothing arrives at the server.
            (camera(Running), 0, true),
            (camera(Backoff), 0, true),
            (camera(Held), 0, true),
            (camera(Stopped), 0, true),
            (CameraStatus { enabled: false, ..camera(Stopped) }, 999, false),
            (camera(Starting), 5, false),
            (camera(Waiting), 61, true),
            (CameraStatus { last_error: Some("refused".to_owned()), ..camera(Starting) }, 5, true),
        ] {
            assert_eq!(why_down(&camera, &[], later(at)).is_some(), is, "{camera:?}");
        }
    }

    #[test]
    fn one_screen_names_what_is_down_and_why() {
        let status = json!({
            "version": "0.1.0", "node": "n1", "pid": 7, "startedAt": "1970-01-01T00:00:00Z", "roles": ["restream"],
            "database": "sqlite:/x", "services": [
                { "name": "database", "ok": true, "detail": "SQLite" }, { "name": "server main", "ok": false, "detail": "refused" },
                { "name": "cameras", "ok": false, "detail": "1 of 1 deliver nothing" },
                { "name": "camera table", "ok": false, "detail": "would stop 1 of 5" },
            ],
        });
        let (label, since) = (Some("Tür\nSüd".to_owned()), DateTime::UNIX_EPOCH + TimeDelta::hours(2));
        let bad = CameraStatus {
            last_error: Some("it\nrefuses".to_owned()),
            label: label.clone(),
            since: since + TimeDelta::minutes(64),
            down_since: Some(since),
            ..camera(CameraState::Backoff)
        };
        let off = CameraStatus { id: 2, enabled: false, ..camera(CameraState::Stopped) };
        let yard = CameraStatus { name: "yard".to_owned(), path: "yard".to_owned(), label, ..off.clone() };
        let begun = CameraStatus { since: since + TimeDelta::minutes(65), ..camera(CameraState::Probing) };
        let paused = json!({ "name": "yard", "server": "main", "recording": {
            "state": "paused", "since": "1970-01-01T01:00:00Z", "reason": "disk full" } });
        let blocked = BlockedChangeView {
            id: "1".to_owned(),
            since: DateTime::UNIX_EPOCH + TimeDelta::minutes(125),
            summary: "would stop 1 of 5".to_owned(),
            running: 5,
            would_stop: Vec::new(),
        };
        let overview = Overview {
            address: "http://127.0.0.1:8080".to_owned(),
            status,
            cameras: vec![bad, off, yard, begun],
            streams: vec![paused, json!({ "name": "gate", "recording": { "state": "recording" } })],
            incidents: Some(vec![
                incident(IncidentKind::EndpointDown, Subject::Target { name: "uplink".to_owned() }),
                incident(IncidentKind::EncoderChanged, Subject::Encoder { name: "studio".to_owned() }),
                incident(IncidentKind::CameraDown, Subject::camera_of(1, "gate")),
            ]),
            maintenance: Vec::new(),
            blocked: Some(blocked),
        };
        let now = DateTime::UNIX_EPOCH + TimeDelta::hours(3) + TimeDelta::minutes(5);
        let down = down(&overview, now);
        let wanted = "\
            streamwarden 0.1.0 on n1, process 7, for 3 h 5 min: http://127.0.0.1:8080\n\
            database     SQLite\n\
            server main  DOWN: refused\n\
            cameras      0 of 2 running, 1 starting, 2 switched off\n\
            recordings   1 of 2 recording\n\
            incidents    3 open\n\
            \n\
            service    server main     down                refused\n\
            camera     Tür?Süd (gate)  backoff  1 h 5 min  it?refuses\n\
            recording  Tür?Süd (yard)  paused   2 h 5 min  disk full\n\
            change     camera table    blocked  1 h 0 min  would stop 1 of 5; see `streamwarden cameras plan`\n\
            endpoint   uplink          down     2 h 5 min  nothing answers";
        assert_eq!(words(&overview, &down, now), wanted);
        let json: Value = serde_json::from_str(&json(&overview, &down)).expect("JSON");
        assert_eq!(
            (&json["ok"], &json["down"][1]["name"], &json["down"][1]["label"], &json["cameras"]["running"]),
            (&false.into(), &"gate".into(), &"Tür\nSüd".into(), &0.into())
        );
    }
}
