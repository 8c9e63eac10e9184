//! What of the feed one session wants: a pure rule.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::hub_wire::KINDS;
use crate::adapters::live::Change;
use crate::base::{Error, Result};
use crate::domain::incident::Subject;

/// What of the feed a session wants. Absent means all; what is given must all hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FeedFilter {
    /// Of this server.
    pub server: Option<String>,
    /// Streams and recordings whose name begins so, cameras whose path does.
    pub prefix: Option<String>,
    /// The stream of exactly this name, its recording, and the camera that publishes it.
    pub stream: Option<String>,
    /// Words of the feed: `stream`, `camera`, `server`, `recording`, `maintenance`, `host`, `incident`.
    pub kinds: Option<BTreeSet<String>>,
}

/// Longest text of a filter, in bytes: names of streams have at most 255.
const LONGEST: usize = 255;

impl FeedFilter {
    /// The filter, if it can match anything. `Invalid` names the field.
    pub fn checked(self) -> Result<Self> {
        let texts = [("server", &self.server), ("prefix", &self.prefix), ("stream", &self.stream)];
        for (field, text) in texts {
            match text {
                Some(text) if text.is_empty() => {
                    return Err(Error::invalid(field, "is empty; give a value or leave it out"));
                }
                Some(text) if text.len() > LONGEST => {
                    return Err(Error::invalid(field, format!("is longer than {LONGEST} bytes")));
                }
                _ => {}
            }
        }
        let Some(kinds) = &self.kinds else { return Ok(self) };
        let all = KINDS.join(", ");
        if kinds.is_empty() {
            return Err(Error::invalid("kinds", format!("is empty; name some of {all}, or leave it out")));
        }
        match kinds.iter().find(|kind| !KINDS.contains(&kind.as_str())) {
            Some(kind) => {
                let kind: String = kind.chars().take(40).collect();
                Err(Error::invalid("kinds", format!("`{kind}` is no kind of the feed; there are {all}")))
            }
            None => Ok(self),
        }
    }

    /// Whether everything is wanted.
    pub(super) fn is_all(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a thing is wanted, judged by what was last told of it. What is gone is judged by what it was.
    pub(super) fn wants(&self, told: &Change) -> bool {
        if self.is_all() {
            return true;
        }
        let (kind, server, name) = match told {
            Change::Server(status) => ("server", Some(status.name.as_str()), None),
            Change::Stream(status) => ("stream", Some(status.server.as_str()), Some(status.name.as_str())),
            Change::StreamGone { server, name } => ("stream", Some(server.as_str()), Some(name.as_str())),
            Change::Camera(status) => ("camera", Some(status.server.as_str()), Some(status.path.as_str())),
            // Without what it was there is nothing to judge by.
            Change::CameraGone { .. } => return true,
            Change::Recording(status) => ("recording", Some(status.server.as_str()), Some(status.name.as_str())),
            Change::RecordingGone { server, name } => ("recording", Some(server.as_str()), Some(name.as_str())),
            // Of a camera that the filter may want or not: it is for whoever knows the camera.
            Change::Maintenance(one) => match &one.subject {
                Subject::Stream { server, name } => ("maintenance", Some(server.as_str()), Some(name.as_str())),
                _ => ("maintenance", None, None),
            },
            Change::MaintenanceGone { .. } => ("maintenance", None, None),
            Change::Incident(incident) => match &incident.subject {
                Subject::Stream { server, name } => ("incident", Some(server.as_str()), Some(name.as_str())),
                Subject::Server { name } => ("incident", Some(name.as_str()), None),
                _ => ("incident", None, None),
            },
            Change::IncidentGone { .. } => ("incident", None, None),
            // A host is of no server and has no stream.
            Change::Host(_) | Change::HostGone { .. } => {
                let is_narrower = self.server.is_some() || self.prefix.is_some() || self.stream.is_some();
                return !is_narrower && self.kinds.as_ref().is_none_or(|kinds| kinds.contains("host"));
            }
        };
        // A server has no name of a stream: it is wanted for whatever of it is.
        let named = |rule: &dyn Fn(&str) -> bool| name.is_none_or(rule);
        self.kinds.as_ref().is_none_or(|kinds| kinds.contains(kind))
            && self.server.as_ref().is_none_or(|wanted| server.is_none_or(|server| wanted == server))
            && self.prefix.as_ref().is_none_or(|prefix| named(&|name| name.starts_with(prefix.as_str())))
            && self.stream.as_ref().is_none_or(|stream| named(&|name| name == stream))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::incident::{Incident, IncidentKind};
    use crate::domain::sample;

    #[test]
    fn what_is_wanted() {
        let stream = |server, name| Change::Stream(Arc::new(sample::stream(server, name)));
        let incident = |subject| {
            let (kind, at) = (IncidentKind::ServerDown, chrono::DateTime::UNIX_EPOCH);
            Change::Incident(Arc::new(Incident::open(uuid::Uuid::nil(), kind, subject, String::new(), at)))
        };
        let things = [
            Change::Server(sample::server("main")),
            Change::Server(sample::server("edge")),
            stream("main", "site/a"),
            stream("edge", "site/a"),
            stream("main", "other"),
            Change::Camera(sample::camera(7, "other")),
            Change::Host(Arc::new(sample::host("edge-1"))),
            incident(Subject::Stream { server: "edge".to_owned(), name: "site/a".to_owned() }),
            incident(Subject::Server { name: "main".to_owned() }),
        ];
        // The sample camera is on `main`, its path is its name.
        let table = [
            (r"{}", "111111111"),
            (r#"{"server":"main"}"#, "101011001"),
            (r#"{"server":"nowhere"}"#, "000000000"),
            (r#"{"prefix":"site/"}"#, "111100011"),
            (r#"{"stream":"other"}"#, "110011001"),
            (r#"{"stream":"othe"}"#, "110000001"),
            (r#"{"kinds":["stream"]}"#, "001110000"),
            (r#"{"kinds":["host"]}"#, "000000100"),
            (r#"{"kinds":["incident"],"server":"edge"}"#, "000000010"),
            (r#"{"kinds":["stream","camera"],"server":"main","prefix":"o"}"#, "000011000"),
        ];
        for (text, wanted) in table {
            let filter: FeedFilter = serde_json::from_str(text).expect(text);
            let found: String = things.iter().map(|thing| if filter.wants(thing) { '1' } else { '0' }).collect();
            assert_eq!(found, wanted, "{text}");
        }
    }

    #[test]
    fn a_filter_that_matches_nothing_is_refused_with_its_field() {
        let long = format!(r#"{{"stream":"{}"}}"#, "x".repeat(256));
        let table = [
            (r#"{"prefix":""}"#, "prefix"),
            (r#"{"kinds":[]}"#, "kinds"),
            (r#"{"kinds":["streams"]}"#, "`streams` is no kind"),
            (long.as_str(), "stream"),
        ];
        for (text, words) in table {
            let filter: FeedFilter = serde_json::from_str(text).expect(text);
            let error = filter.checked().expect_err(text);
            assert!(error.to_string().contains(words), "{text}: {error}");
        }
        for text in [r#"{"serverr":"main"}"#, r#"{"kinds":"stream"}"#, r#"{"stream":1}"#] {
            assert!(serde_json::from_str::<FeedFilter>(text).is_err(), "{text}");
        }
    }
}
