//! Which paths exist only while somebody reads them: the server's configuration says so, the list of paths does not.
//!
//! Asked for when a path has a configuration that is not known, and once a minute. A server that does not answer is taken to have
//! none on demand, and asked again after a minute: no poll fails for it. Pure; [`super::path_config_client`] asks.

use std::collections::HashSet;
use std::time::Duration;

use serde::Deserialize;
use tokio::time::Instant;

use super::lenient::LenientField;
use crate::base::SharedText;
use crate::domain::stream::PathReading;

/// They are asked for again after so long.
const ASK_AGAIN: Duration = Duration::from_secs(60);

/// What is known of the configurations.
#[derive(Debug, Default)]
pub(super) struct PathConfigs {
    /// When they were asked for, and whether there was an answer.
    asked: Option<(Instant, bool)>,
    /// Those that were asked for.
    known: HashSet<SharedText>,
    on_demand: HashSet<SharedText>,
}

/// `/v3/config/paths/list` item.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct WirePathConfig {
    name: LenientField<String>,
    source_on_demand: LenientField<bool>,
    /// A program.
    run_on_demand: LenientField<String>,
}

impl WirePathConfig {
    pub(super) fn key(&self) -> &str {
        self.name.0.as_deref().unwrap_or_default()
    }

    fn is_on_demand(&self) -> bool {
        self.source_on_demand.0.unwrap_or(false) || self.run_on_demand.0.as_deref().is_some_and(|run| !run.is_empty())
    }
}

impl PathConfigs {
    pub(super) fn must_ask(&self, paths: &[PathReading], now: Instant) -> bool {
        let is_new = |path: &PathReading| path.config.as_ref().is_some_and(|config| !self.known.contains(config));
        match self.asked {
            None => paths.iter().any(is_new),
            Some((at, _)) if now.saturating_duration_since(at) >= ASK_AGAIN => !paths.is_empty(),
            Some((_, answered)) => answered && paths.iter().any(is_new),
        }
    }

    /// What the server has answered, if it has. What it does not list is not asked for again before its time.
    pub(super) fn take(&mut self, answer: Option<Vec<WirePathConfig>>, paths: &[PathReading], now: Instant) {
        self.asked = Some((now, answer.is_some()));
        let Some(configs) = answer else { return };
        self.on_demand =
            configs.iter().filter(|config| config.is_on_demand()).map(|config| config.key().into()).collect();
        let listed = configs.iter().map(|config| SharedText::from(config.key()));
        self.known = listed.chain(paths.iter().filter_map(|path| path.config.clone())).collect();
    }

    pub(super) fn tell(&self, paths: &mut [PathReading]) {
        if self.on_demand.is_empty() {
            return;
        }
        for path in paths {
            path.on_demand = path.config.as_ref().is_some_and(|config| self.on_demand.contains(config));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::mediamtx::mediamtx_wire::WirePage;
    use crate::domain::name::StreamName;

    fn path(config: &str) -> PathReading {
        PathReading {
            name: StreamName::parse("cam").expect("a name"),
            available: true,
            online: true,
            available_since: None,
            source: None,
            tracks: Vec::new().into(),
            readers: 0,
            bytes_received: 0,
            bytes_sent: 0,
            srt: None,
            config: Some(config.into()),
            on_demand: false,
        }
    }

    fn told(configs: &PathConfigs, names: &[&str]) -> Vec<bool> {
        let mut paths: Vec<PathReading> = names.iter().map(|name| path(name)).collect();
        configs.tell(&mut paths);
        paths.iter().map(|path| path.on_demand).collect()
    }

    #[test]
    fn the_answer_of_a_real_server_tells_which_are_on_demand() {
        // As 1.20.1 answered, shortened.
        let text = r#"{"itemCount":4,"pageCount":1,"items":[
            {"name":"all_others","source":"publisher","sourceOnDemand":false,"runOnDemand":"","record":false},
            {"name":"pulled","source":"rtsp://10.0.0.9/a","sourceOnDemand":true,"runOnDemand":""},
            {"name":"run","source":"publisher","sourceOnDemand":false,"runOnDemand":"ffmpeg -re -i a.mp4"},
            {"name":"odd","sourceOnDemand":"yes","runOnDemand":null}]}"#;
        let page = serde_json::from_str::<WirePage<WirePathConfig>>(text).expect("a page").map(|config| config);
        let now = Instant::now();
        let mut configs = PathConfigs::default();
        configs.take(page.items, &[], now);
        assert_eq!(told(&configs, &["all_others", "pulled", "run", "odd", "new"]), [false, true, true, false, false]);
    }

    #[test]
    fn it_is_asked_for_what_is_new_and_once_a_minute() {
        let (mut configs, now) = (PathConfigs::default(), Instant::now());
        assert!(!configs.must_ask(&[], now), "a server without paths");
        assert!(configs.must_ask(&[path("a")], now));
        // One that fails is left alone for a while.
        configs.take(None, &[path("a")], now);
        assert!(!configs.must_ask(&[path("a"), path("b")], now));
        assert!(configs.must_ask(&[path("a")], now + ASK_AGAIN));
        configs.take(Some(Vec::new()), &[path("a")], now);
        assert!(!configs.must_ask(&[path("a")], now), "what it does not list is not asked for each time");
        assert!(configs.must_ask(&[path("a"), path("b")], now));
        assert!(configs.must_ask(&[path("a")], now + ASK_AGAIN));
    }
}
