//! `http.status_page`: what viewers may see, and who they are.

use super::checker::Checker;
use super::sections::patterns;
use super::values::{flag, text};
use crate::config::complaint::ConfigFault;
use crate::config::raw::RawEntry;
use crate::config::settings::StatusPageSettings;

/// Longest heading, in characters.
const LONGEST_TITLE: usize = 100;

pub(super) fn status_page(check: &mut Checker<'_>) -> StatusPageSettings {
    let mut names = |key: &str| check.read(key, patterns).unwrap_or_default();
    let streams = names("http.status_page.streams");
    let servers = names("http.status_page.servers");
    let endpoints = names("http.status_page.endpoints");
    let enabled = check.read("http.status_page.enabled", flag).unwrap_or(false);
    if enabled && streams.is_empty() && servers.is_empty() && endpoints.is_empty() {
        let remedy = "name streams, servers or endpoints: http.status_page.streams = [\"studio/*\"]";
        check.complain("http.status_page.enabled", ConfigFault::new("shows nothing", remedy));
    }
    StatusPageSettings {
        enabled,
        title: check.read("http.status_page.title", title).unwrap_or_else(|| "Status".to_owned()),
        login: check.read("http.status_page.login", flag).unwrap_or(false),
        streams,
        servers,
        endpoints,
    }
}

fn title(entry: &RawEntry) -> Result<String, ConfigFault> {
    let typed = text(entry)?;
    let remedy = format!("write one line of at most {LONGEST_TITLE} characters");
    if typed.chars().any(char::is_control) {
        return Err(ConfigFault::new("holds a line break or another control character", remedy));
    }
    match typed.chars().count() {
        count if count > LONGEST_TITLE => Err(ConfigFault::new(format!("has {count} characters"), remedy)),
        _ => Ok(typed.trim().to_owned()),
    }
}
