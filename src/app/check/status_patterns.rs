//! The page for viewers: patterns that show nothing.

use std::time::Duration;

use futures_util::future::join_all;

use super::report::Finding;
use crate::adapters::mediamtx::{MediaMtx, MediaServer};
use crate::config::Settings;
use crate::config::settings::ServerSettings;
use crate::domain::admission::matches;

/// A server that takes longer is told of elsewhere.
const LIMIT: Duration = Duration::from_secs(10);

/// Each pattern that nothing matches, by its key; one line when there is none, nothing where there is no page.
pub(super) async fn findings(settings: &Settings) -> Vec<Finding> {
    let page = &settings.http.status_page;
    if !page.enabled {
        return Vec::new();
    }
    let servers: Vec<&str> = settings.servers.iter().map(|server| server.name.as_str()).collect();
    let endpoints: Vec<&str> = settings.health.endpoints.iter().map(|endpoint| endpoint.name.as_str()).collect();
    let paths = match page.streams.is_empty() {
        true => Some(Vec::new()),
        false => paths(&settings.servers).await,
    };
    let mut found = unmatched("servers", &page.servers, &servers, "no server has such a name", "correct it");
    let remedy = "correct it, or name an endpoint so in health.endpoints";
    found.extend(unmatched("endpoints", &page.endpoints, &endpoints, "no endpoint has such a name", remedy));
    if let Some(paths) = paths {
        let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
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

/// Paths of all servers; `None` when one of them does not answer, as what is missing may be there.
async fn paths(servers: &[ServerSettings]) -> Option<Vec<String>> {
    let of = |server: &ServerSettings| {
        let client = MediaMtx::new(server);
        async move { tokio::time::timeout(LIMIT, client.ok()?.list()).await.ok()?.ok() }
    };
    let lists = join_all(servers.iter().map(of)).await.into_iter().collect::<Option<Vec<_>>>()?;
    Some(lists.into_iter().flat_map(|list| list.paths).map(|path| path.name.to_string()).collect())
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
