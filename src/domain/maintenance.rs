//! Cameras and streams that are excused until a time: what they do then is no trouble, and opens no incident.
//!
//! Who excuses a camera excuses the stream that it publishes, and who excuses a stream excuses the camera that publishes it:
//! it is the same thing, seen from its two ends.

use std::collections::BTreeSet;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::camera::CameraStatus;
use super::incident::Subject;
use crate::base::visible_text::is_blank;
use crate::base::{Error, Result};

/// Longest reason, in characters.
pub const LONGEST_REASON: usize = 500;

/// Nobody is excused for longer at once.
pub const LONGEST_TIME: TimeDelta = TimeDelta::days(366);

/// A camera or stream that is excused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Maintenance {
    /// What identifies it: `camera:ID` or `stream:SERVER/NAME`.
    pub key: String,
    /// Which camera or stream.
    pub subject: Subject,
    /// Until when; it ends by itself.
    pub until: DateTime<Utc>,
    /// Why.
    pub reason: String,
    /// Who said so: the name of a user, `token NAME`, `anonymous` where no login is asked for, `command line`.
    pub set_by: String,
    /// When that was said.
    pub set_at: DateTime<Utc>,
}

impl Maintenance {
    /// Checks what a person asks for.
    ///
    /// # Errors
    /// `Invalid` naming the field.
    pub fn checked(
        subject: Subject,
        until: DateTime<Utc>,
        reason: &str,
        who: String,
        now: DateTime<Utc>,
    ) -> Result<Self> {
        let reason = reason.trim();
        if is_blank(reason) {
            return Err(Error::invalid("reason", "is empty; say why, for whoever looks at it later"));
        }
        if reason.chars().count() > LONGEST_REASON || reason.chars().any(char::is_control) {
            let text = format!("must be one line of at most {LONGEST_REASON} characters");
            return Err(Error::invalid("reason", text));
        }
        if until <= now {
            return Err(Error::invalid("until", "must be a time to come"));
        }
        if until - now > LONGEST_TIME {
            return Err(Error::invalid("until", format!("must be at most {} days from now", LONGEST_TIME.num_days())));
        }
        // As databases keep times.
        let (until, now) = (until.trunc_subsecs(6), now.trunc_subsecs(6));
        Ok(Self { key: subject.key(), subject, until, reason: reason.to_owned(), set_by: who, set_at: now })
    }

    /// Whether it is over.
    pub fn is_over(&self, now: DateTime<Utc>) -> bool {
        self.until <= now
    }

    fn is_of_camera(&self, camera: &CameraStatus) -> bool {
        match &self.subject {
            Subject::Camera { id, .. } => *id == camera.id,
            Subject::Stream { server, name } => *server == camera.server && *name == camera.path,
            Subject::Server { .. }
            | Subject::Host { .. }
            | Subject::Disk { .. }
            | Subject::Target { .. }
            | Subject::Encoder { .. }
            | Subject::Platform { .. }
            | Subject::LiveEvent { .. }
            | Subject::Service { .. } => false,
        }
    }
}

/// What excuses this camera, if anything does.
pub fn of_camera<'a>(all: &'a [Maintenance], camera: &CameraStatus) -> Option<&'a Maintenance> {
    all.iter().find(|one| one.is_of_camera(camera))
}

/// What excuses this stream, if anything does.
pub fn of_stream<'a>(
    all: &'a [Maintenance],
    cameras: &[CameraStatus],
    server: &str,
    name: &str,
) -> Option<&'a Maintenance> {
    all.iter().find(|one| match &one.subject {
        Subject::Stream { server: of, name: path } => of == server && path == name,
        Subject::Camera { id, .. } => {
            cameras.iter().any(|camera| camera.id == *id && camera.server == server && camera.path == name)
        }
        Subject::Server { .. }
        | Subject::Host { .. }
        | Subject::Disk { .. }
        | Subject::Target { .. }
        | Subject::Encoder { .. }
        | Subject::Platform { .. }
        | Subject::LiveEvent { .. }
        | Subject::Service { .. } => false,
    })
}

/// The keys of every subject that is excused: of what was named, and of what belongs to it.
pub fn excused_keys(all: &[Maintenance], cameras: &[CameraStatus]) -> BTreeSet<String> {
    let mut keys: BTreeSet<String> = all.iter().map(|one| one.key.clone()).collect();
    if keys.is_empty() {
        return keys;
    }
    for camera in cameras.iter().filter(|camera| of_camera(all, camera).is_some()) {
        keys.insert(Subject::camera_of(camera.id, "").key());
        keys.insert(Subject::Stream { server: camera.server.clone(), name: camera.path.clone() }.key());
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + second, 0).expect("a time")
    }

    fn excused(subject: Subject) -> Maintenance {
        Maintenance::checked(subject, at(60), "lens", "eve".to_owned(), at(0)).expect("a good one")
    }

    fn stream(name: &str) -> Subject {
        Subject::Stream { server: "main".to_owned(), name: name.to_owned() }
    }

    #[test]
    fn what_is_asked_for_is_checked_by_field() {
        let asked = |until, reason: &str| Maintenance::checked(stream("a"), until, reason, "eve".to_owned(), at(0));
        let good = asked(at(1), " lens is cleaned ").expect("good");
        assert_eq!((good.reason.as_str(), good.is_over(at(0)), good.is_over(at(1))), ("lens is cleaned", false, true));
        let long = "x".repeat(LONGEST_REASON + 1);
        for (until, reason, field) in [
            (at(0), "lens", "until"),
            (at(0) + LONGEST_TIME + TimeDelta::seconds(1), "lens", "until"),
            (at(9), "", "reason"),
            (at(9), " \t", "reason"),
            (at(9), "\u{200b}", "reason"),
            (at(9), "two\nlines", "reason"),
            (at(9), long.as_str(), "reason"),
        ] {
            assert_eq!(asked(until, reason).expect_err(reason).field(), Some(field), "{until} {reason:?}");
        }
    }

    #[test]
    fn a_camera_and_its_stream_are_excused_together() {
        let (gate, yard) = (sample::camera(7, "gate"), sample::camera(8, "yard"));
        let cameras = [gate.clone(), yard.clone()];
        for (subject, gate_is, other_is) in [
            (Subject::camera_of(7, "gate"), true, false),
            (stream("gate"), true, false),
            (stream("other"), false, true),
            (Subject::Stream { server: "backup".to_owned(), name: "gate".to_owned() }, false, false),
        ] {
            let all = [excused(subject.clone())];
            assert_eq!(of_camera(&all, &gate).is_some(), gate_is, "{subject:?}");
            assert_eq!(of_camera(&all, &yard), None, "{subject:?}");
            assert_eq!(of_stream(&all, &cameras, "main", "gate").is_some(), gate_is, "{subject:?}");
            assert_eq!(of_stream(&all, &cameras, "main", "other").is_some(), other_is, "{subject:?}");
            let keys = excused_keys(&all, &cameras);
            assert_eq!(keys.contains("camera:7") && keys.contains("stream:main/gate"), gate_is, "{keys:?}");
            assert!(keys.contains(&subject.key()) && !keys.contains("camera:8"), "{keys:?}");
        }
        assert!(excused_keys(&[], &cameras).is_empty());
    }
}
