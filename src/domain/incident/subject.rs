//! Whom an incident happened to.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Whom it happened to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Subject {
    /// A camera, by its row; the name is the one it had then.
    Camera {
        /// Primary key of the row.
        id: i64,
        /// Path name.
        name: String,
        /// Display name that it has now, where it has one; not kept with the incident.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        label: Option<String>,
    },
    /// A media server.
    Server {
        /// Its configured name.
        name: String,
    },
    /// A stream on a media server.
    Stream {
        /// Configured name of the server.
        server: String,
        /// Name of the stream.
        name: String,
    },
    /// A host that an agent measures.
    Host {
        /// Its name.
        name: String,
    },
    /// A disk of such a host.
    Disk {
        /// Name of the host.
        host: String,
        /// The folder where it is mounted.
        name: String,
    },
    /// A target of the health probes that has an address of its own, or an endpoint.
    Target {
        /// Its configured name.
        name: String,
    },
    /// A hardware encoder.
    Encoder {
        /// Its configured name.
        name: String,
    },
    /// A platform that streams are sent to.
    Platform {
        /// Its configured name.
        name: String,
    },
    /// A live event of a platform.
    LiveEvent {
        /// Configured name of the platform.
        platform: String,
        /// What the platform calls it.
        id: String,
        /// Its title.
        name: String,
    },
    /// A part of ours: `database`, `cameras` (all of them), `spool`, ...
    Service {
        /// Its name.
        name: String,
    },
}

impl Subject {
    /// A camera by its row and path name.
    pub fn camera_of(id: i64, name: impl Into<String>) -> Self {
        Self::Camera { id, name: name.into(), label: None }
    }

    /// What makes it the same subject: a renamed camera stays one.
    pub fn key(&self) -> String {
        match self {
            Self::Camera { id, .. } => format!("camera:{id}"),
            Self::Server { name } => format!("server:{name}"),
            Self::Stream { server, name } => format!("stream:{server}/{name}"),
            Self::Host { name } => format!("host:{name}"),
            Self::Disk { host, name } => format!("disk:{host}/{name}"),
            Self::Target { name } => format!("target:{name}"),
            Self::Encoder { name } => format!("encoder:{name}"),
            Self::Platform { name } => format!("platform:{name}"),
            Self::LiveEvent { platform, id, .. } => format!("event:{platform}/{id}"),
            Self::Service { name } => format!("service:{name}"),
        }
    }

    /// Its name for people.
    pub fn name(&self) -> &str {
        match self {
            Self::Camera { name, .. }
            | Self::Server { name }
            | Self::Stream { name, .. }
            | Self::Host { name }
            | Self::Disk { name, .. }
            | Self::Target { name }
            | Self::Encoder { name }
            | Self::Platform { name }
            | Self::LiveEvent { name, .. }
            | Self::Service { name } => name,
        }
    }

    /// The media server that it is, or whose stream it is.
    pub fn server(&self) -> Option<&str> {
        match self {
            Self::Server { name: server } | Self::Stream { server, .. } => Some(server),
            _ => None,
        }
    }

    /// What people read in a list of all kinds: a camera with its display name, a disk with its host, a stream of any server by its
    /// name.
    pub fn title(&self) -> String {
        match self {
            Self::Camera { name, label: Some(label), .. } if !label.is_empty() && label != name => {
                format!("{label} ({name})")
            }
            Self::Disk { host, name } => format!("{name} of {host}"),
            Self::LiveEvent { platform, name, .. } => format!("{name} of {platform}"),
            _ => self.name().to_owned(),
        }
    }

    /// The row, for a camera.
    pub fn camera(&self) -> Option<i64> {
        match self {
            Self::Camera { id, .. } => Some(*id),
            _ => None,
        }
    }

    /// Of the key and name that a database kept.
    pub fn from_key(key: &str, name: &str) -> Option<Self> {
        let name = name.to_owned();
        match key.split_once(':')? {
            ("camera", id) => Some(Self::camera_of(id.parse().ok()?, name)),
            ("server", _) => Some(Self::Server { name }),
            ("stream", rest) => {
                let server = rest.strip_suffix(&name)?.strip_suffix('/')?.to_owned();
                Some(Self::Stream { server, name })
            }
            ("host", _) => Some(Self::Host { name }),
            ("disk", rest) => {
                let host = rest.strip_suffix(&name)?.strip_suffix('/')?.to_owned();
                Some(Self::Disk { host, name })
            }
            ("target", _) => Some(Self::Target { name }),
            ("encoder", _) => Some(Self::Encoder { name }),
            ("platform", _) => Some(Self::Platform { name }),
            ("event", rest) => {
                let (platform, id) = rest.split_once('/')?;
                Some(Self::LiveEvent { platform: platform.to_owned(), id: id.to_owned(), name })
            }
            ("service", _) => Some(Self::Service { name }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_read_which_one_it_is() {
        let camera =
            |label: Option<&str>| Subject::Camera { id: 1, name: "gate".to_owned(), label: label.map(str::to_owned) };
        let disk = Subject::Disk { host: "edge-1".to_owned(), name: "/var".to_owned() };
        for (subject, title) in [
            (camera(None), "gate"),
            (camera(Some("Tor")), "Tor (gate)"),
            (camera(Some("gate")), "gate"),
            (disk, "/var of edge-1"),
            (Subject::Stream { server: "main".to_owned(), name: "a/b".to_owned() }, "a/b"),
            (Subject::Service { name: "redis".to_owned() }, "redis"),
        ] {
            assert_eq!(subject.title(), title);
        }
    }
}
