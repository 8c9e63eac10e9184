//! A row of the `cameras` table.

use secrecy::{ExposeSecret, SecretString};

use crate::base::visible_text::{is_blank, turns_line};

/// What stands for credentials in a URL that is shown; see [`CameraRow::shown_url`].
pub(super) const HIDDEN: &str = "***";

/// Longest display name, in characters.
pub const LONGEST_LABEL: usize = 200;

/// One row of the `cameras` table as the database gives it. Nothing in it has been checked yet.
#[derive(Clone, Debug)]
pub struct CameraRow {
    /// Primary key.
    pub id: i64,
    /// Path name the camera is published under.
    pub name: String,
    /// Key into `camera_kinds`.
    pub kind: String,
    /// Host name or address.
    pub host: Option<String>,
    /// Port; the template's default when absent.
    pub port: Option<i64>,
    /// What the column `port` holds where that is no number, for the complaint; see [`CameraRow::NOT_A_NUMBER`].
    pub port_text: Option<String>,
    /// User name for the source.
    pub username: Option<String>,
    /// Password for the source.
    pub password: Option<SecretString>,
    /// Channel number, for kinds that have one.
    pub channel: Option<String>,
    /// Sub stream, for kinds that have one.
    pub substream: Option<String>,
    /// Overrides the kind's template. May hold credentials.
    pub url: Option<SecretString>,
    /// RTSP transport: `tcp` (default) or `udp`.
    pub transport: Option<String>,
    /// Audio policy: `auto` (default), `copy`, `aac`, `none`.
    pub audio: Option<String>,
    /// Whether the camera should be restreamed.
    pub enabled: bool,
    /// Whether its stream should be recorded.
    pub record: bool,
    /// Last change of the row, as the database keeps it.
    pub updated_at: Option<String>,
    /// Display name; any text.
    pub label: Option<String>,
}

impl CameraRow {
    /// Stands in `port` for a column that holds something else than a number.
    pub const NOT_A_NUMBER: i64 = i64::MIN;

    /// Whether it has a URL of its own and needs no template. A blank one is none.
    pub(super) fn has_url(&self) -> bool {
        self.url.as_ref().is_some_and(|url| !url.expose_secret().trim().is_empty())
    }

    /// Its display name on one line, cut at [`LONGEST_LABEL`]; `None` when there is none. A row may hold anything, and what is
    /// only shown stops no camera.
    pub fn shown_label(&self) -> Option<String> {
        let label = self.label.as_deref()?.trim().chars().filter(|c| !turns_line(*c)).take(LONGEST_LABEL);
        let label: String = label.map(|c| if c.is_control() { ' ' } else { c }).collect();
        Some(label.trim().to_owned()).filter(|label| !is_blank(label))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample;

    #[test]
    fn a_label_is_shown_on_one_line_that_turns_nothing() {
        for (label, shown) in [
            ("Tor 1", Some("Tor 1")),
            (" two\nlines ", Some("two lines")),
            ("Tor \u{202e}nekcis\u{202c}", Some("Tor nekcis")),
            ("\u{2067}\u{2069}", None),
            ("\u{5e9}\u{5e2}\u{5e8}\u{200f} 1", Some("\u{5e9}\u{5e2}\u{5e8}\u{200f} 1")),
        ] {
            let row = CameraRow { label: Some(label.to_owned()), ..sample::camera_row(1, "gate") };
            assert_eq!(row.shown_label().as_deref(), shown, "{label:?}");
        }
    }
}
