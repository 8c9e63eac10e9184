//! The page for viewers: patterns that show nothing.

use super::report::Finding;
use super::server_paths::ServerPaths;
use crate::config::Settings;
use crate::domain::admission::matches;

/// Each pattern that nothing matches, by its key; one line when there is none, nothing where there is no page.
pub(super) fn findings(settings: &Settings, paths: &ServerPaths) -> Vec<Finding> {
    let page = &settings.http.status_page;
    if !page.enabled {
        return Vec::new();
    }
    let servers: Vec<&str> = settings.servers.iter().map(|server| server.name.as_str()).collect();
    let endpoints: Vec<&str> = settings.health.endpoints.iter().map(|endpoint| endpoint.name.as_str()).collect();
    let mut found = unmatched("servers", &page.servers, &servers, "no server has such a name", "correct it");
    if !page.endpoints.is_empty() && !settings.has_role("health") {
        let fault = "endpoints are known to a process with the role health, and this one has it not";
        found.push(Finding::note("http.status_page.endpoints", fault, "serve the page from a process with that role"));
    }
    let remedy = "correct it, or name an endpoint so in health.endpoints";
    found.extend(unmatched("endpoints", &page.endpoints, &endpoints, "no endpoint has such a name", remedy));
    if let Some(paths) = paths.of(None) {
        let paths: Vec<&str> = paths.iter().map(|(_, path)| path.as_str()).collect();
        let remedy = "correct it, or leave it: it is shown once there is one";
        found.extend(unmatched("streams", &page.streams, &paths, "no stream has such a name now", remedy));
    }
    if found.is_empty() {
        let whom = if page.login { "those who have logged in" } else { "everybody, without a login" };
        found.push(Finding::ok("status page", format!("at /status for {whom}")));
    }
    found
}

fn unmatched(key: &str, patterns: &[String], names: &[&str], fault: &str, remedy: &str) -> Vec<Finding> {
    let unmatched = patterns.iter().filter(|pattern| !names.iter().any(|name| matches(pattern, name)));
    let what = format!("http.status_page.{key}");
    unmatched
        .map(|pattern| Finding::note(what.clone(), format!("{pattern:?} shows nothing: {fault}"), remedy))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_that_shows_nothing_is_named() {
        let patterns = ["main", "edge-*"].map(str::to_owned);
        let found = unmatched("servers", &patterns, &["main", "other"], "no server has such a name", "correct it");
        let told: Vec<(&str, &str)> = found.iter().map(|one| (one.what.as_str(), one.found.as_str())).collect();
        assert_eq!(told, [("http.status_page.servers", "\"edge-*\" shows nothing: no server has such a name")]);
    }
}
