//! Complaints: what is wrong with the configuration, where, and what to do about it. Never holds a secret.

use std::fmt;

use serde::Serialize;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Complaint {
    /// The key, as written in the file: `servers[0].api_url`.
    pub key: String,
    /// Where the value stands (`etc/streamwarden.toml:12`, `environment PG_DSN`); `None` when a value is missing.
    pub place: Option<String>,
    /// What is wrong with it.
    pub fault: String,
    /// What to do.
    pub remedy: String,
}

impl fmt::Display for Complaint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some(place) => write!(out, "{} ({place}): {}; {}", self.key, self.fault, self.remedy),
            None => write!(out, "{}: {}; {}", self.key, self.fault, self.remedy),
        }
    }
}

/// Everything that is wrong: at least one complaint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ConfigComplaints(pub Vec<Complaint>);

impl fmt::Display for ConfigComplaints {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let many = if self.0.len() == 1 { "error" } else { "errors" };
        writeln!(out, "{} {many} in the configuration, nothing was started:", self.0.len())?;
        for complaint in &self.0 {
            let place = complaint.place.as_ref().map(|place| format!("  ({place})")).unwrap_or_default();
            writeln!(out, "\n  {}{place}", complaint.key)?;
            writeln!(out, "    {}", complaint.fault)?;
            writeln!(out, "    -> {}", complaint.remedy)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigComplaints {}

/// ConfigFault and remedy of a value, before key and place are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ConfigFault {
    pub fault: String,
    pub remedy: String,
}

impl ConfigFault {
    pub fn new(fault: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { fault: fault.into(), remedy: remedy.into() }
    }

    pub fn at(self, key: impl Into<String>, place: Option<String>) -> Complaint {
        Complaint { key: key.into(), place, fault: self.fault, remedy: self.remedy }
    }
}
