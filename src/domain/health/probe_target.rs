//! What is probed, by the configuration.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::admission::{StreamKey, matches};
use crate::domain::camera::CameraSource;
use crate::domain::incident::Subject;
use crate::domain::name::StreamName;

/// A target of the configuration.
#[derive(Clone, Debug)]
pub struct ProbeTarget {
    /// Unique.
    pub name: String,
    /// Where it is.
    pub place: ProbePlace,
    /// Time between two probes.
    pub interval: Duration,
    /// A probe that takes longer is ended.
    pub limit: Duration,
}

/// Where a target is.
#[derive(Clone, Debug)]
pub enum ProbePlace {
    /// Paths of our media servers, each probed there while it is live.
    Paths {
        /// Name of the server; `None`: of all of them.
        server: Option<String>,
        /// Name of a path, or a pattern of names.
        pattern: String,
    },
    /// An address of its own.
    Address(Box<CameraSource>),
}

impl ProbeTarget {
    /// What is probed for it of this path, if it is one of its paths.
    pub fn key_of(&self, server: &str, path: &StreamName) -> Option<ProbeKey> {
        let ProbePlace::Paths { server: only, pattern } = &self.place else { return None };
        let is_its = only.as_deref().is_none_or(|only| only == server) && matches(pattern, path.as_str());
        let (server, stream) = (Some(server.to_owned()), Some(path.clone()));
        is_its.then(|| ProbeKey { target: self.name.clone(), server, stream })
    }
}

/// One thing that is probed: a target with an address, or one path of a target that names paths.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProbeKey {
    /// Name of the target in the configuration.
    pub target: String,
    /// Server of the path; null for an address.
    pub server: Option<String>,
    /// The path; null for an address.
    #[schema(value_type = Option<String>)]
    pub stream: Option<StreamName>,
}

impl ProbeKey {
    /// Of a target with an address.
    pub fn of_address(target: &str) -> Self {
        Self { target: target.to_owned(), server: None, stream: None }
    }

    /// The path, where it is one.
    pub fn path(&self) -> Option<StreamKey> {
        let (server, name) = self.server.clone().zip(self.stream.clone())?;
        Some(StreamKey { server, name })
    }

    /// Whom an incident happens to: the stream itself, so that what is excused of it is excused here too.
    pub fn subject(&self) -> Subject {
        match self.path() {
            Some(StreamKey { server, name }) => Subject::Stream { server, name: name.to_string() },
            None => Subject::Target { name: self.target.clone() },
        }
    }
}

/// What people read of a path: `front at main`.
pub fn at_server(key: &StreamKey) -> String {
    format!("the path {} of the server {}", key.name, key.server)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_names_the_paths_that_its_pattern_and_server_say() {
        let target = |server: Option<&str>, pattern: &str| ProbeTarget {
            name: "t".to_owned(),
            place: ProbePlace::Paths { server: server.map(str::to_owned), pattern: pattern.to_owned() },
            interval: Duration::from_secs(60),
            limit: Duration::from_secs(20),
        };
        for (server, pattern, at, path, wanted) in [
            (None, "cam/*", "main", "cam/front", true),
            (None, "cam/*", "other", "cam/front", true),
            (Some("main"), "*", "main", "x", true),
            (Some("main"), "*", "other", "x", false),
            (None, "cam/*", "main", "door", false),
            (None, "door", "main", "door", true),
            (None, "door", "main", "door2", false),
        ] {
            let path = StreamName::parse(path).expect("a name");
            let key = target(server, pattern).key_of(at, &path);
            assert_eq!(key.is_some(), wanted, "{server:?} {pattern} {at} {path}");
            if let Some(key) = key {
                assert_eq!(key.subject(), Subject::Stream { server: at.to_owned(), name: path.to_string() });
            }
        }
        assert_eq!(ProbeKey::of_address("cdn").subject().key(), "target:cdn");
    }
}
