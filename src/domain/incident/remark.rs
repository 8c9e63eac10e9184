//! What people have said of an incident.

use chrono::{DateTime, SubsecRound, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::base::visible_text::is_blank;
use crate::base::{Error, Result};

/// Longest note, in characters.
pub const LONGEST_NOTE: usize = 2_000;

/// So many notes one incident has at most.
pub const MOST_NOTES: usize = 100;

/// Who has acknowledged an incident, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Acknowledgement {
    /// When.
    pub at: DateTime<Utc>,
    /// Who: the name of a user, `token NAME`, `anonymous` where no login is asked for, `command line`.
    pub who: String,
}

/// A note on an incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct IncidentNote {
    /// When.
    pub at: DateTime<Utc>,
    /// Who, as in an acknowledgement.
    pub who: String,
    /// What.
    pub text: String,
}

/// Something that a person says of an incident, to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// Made by whoever takes it (UUIDv7).
    pub id: Uuid,
    /// When.
    pub at: DateTime<Utc>,
    /// Who, as in an acknowledgement.
    pub who: String,
    /// It acknowledges the incident.
    pub acknowledges: bool,
    /// A note, as [`check_note`] gives it.
    pub note: Option<String>,
}

impl Remark {
    /// Acknowledges; its time is to the microsecond, as databases keep it.
    ///
    /// # Errors
    /// As [`check_note`].
    pub fn acknowledgement(who: impl Into<String>, note: Option<&str>, now: DateTime<Utc>) -> Result<Self> {
        let note = note.map(check_note).transpose()?;
        Ok(Self { id: Uuid::now_v7(), at: now.trunc_subsecs(6), who: who.into(), acknowledges: true, note })
    }

    /// A note; its time as in an acknowledgement.
    ///
    /// # Errors
    /// As [`check_note`].
    pub fn note(who: impl Into<String>, note: &str, now: DateTime<Utc>) -> Result<Self> {
        let note = Some(check_note(note)?);
        Ok(Self { id: Uuid::now_v7(), at: now.trunc_subsecs(6), who: who.into(), acknowledges: false, note })
    }
}

/// A note as it is kept: without blanks around it.
///
/// # Errors
/// `Invalid` when nothing is left of it, or when it is longer than [`LONGEST_NOTE`].
pub fn check_note(text: &str) -> Result<String> {
    let text = text.trim();
    if is_blank(text) {
        return Err(Error::invalid("note", "is empty; write something or leave it out"));
    }
    if text.chars().count() > LONGEST_NOTE {
        return Err(Error::invalid("note", format!("is longer than {LONGEST_NOTE} characters; shorten it")));
    }
    if text.chars().any(|one| one.is_control() && one != '\n' && one != '\t') {
        return Err(Error::invalid("note", "holds a control character; remove it"));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_text_of_some_length() {
        let long = "ü".repeat(LONGEST_NOTE);
        let too_long = "ü".repeat(LONGEST_NOTE + 1);
        for (given, wanted) in [
            ("  lens is dirty\n", Some("lens is dirty")),
            ("two\nlines\tof text", Some("two\nlines\tof text")),
            (long.as_str(), Some(long.as_str())),
            (too_long.as_str(), None),
            (" \n ", None),
            ("\u{200b}\u{feff}", None),
            ("", None),
            ("bell\u{7}", None),
            ("nul\0", None),
        ] {
            let checked = check_note(given);
            assert_eq!(checked.as_deref().ok(), wanted, "{given:?}");
            assert!(checked.map_or_else(|error| error.field() == Some("note"), |_| true));
        }
    }
}
