//! Roles: the jobs one process may run.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::base::{Error, Result};

/// A job this process runs. Watching the servers is part of each of them but the agent, because each decides by what is live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Polls the servers and keeps state and history.
    Monitor,
    /// One supervised ffmpeg per camera.
    Restream,
    /// Records live streams and uploads the segments.
    Record,
    /// Probes streams from outside.
    Health,
    /// Measures the host.
    Agent,
}

impl Role {
    /// Every role there is, in start order.
    pub const ALL: [Self; 5] = [Self::Monitor, Self::Restream, Self::Record, Self::Health, Self::Agent];

    /// The word used in configuration, logs and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Monitor => "monitor",
            Self::Restream => "restream",
            Self::Record => "record",
            Self::Health => "health",
            Self::Agent => "agent",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = Error;
    fn from_str(word: &str) -> Result<Self> {
        let known = Self::ALL.map(Self::as_str).join(", ");
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == word)
            .ok_or_else(|| Error::invalid("roles", format!("{word:?} is not a role; known roles: {known}")))
    }
}
