//! An agent alone: whom it tells, and whether it is let in.

use super::Finding;
use crate::adapters::monitor_client::MonitorClient;
use crate::app::agent_alone::NOBODY_TO_TELL;
use crate::config::Settings;
use crate::config::settings::LiveSettings;

/// The monitor that it posts to; nothing where it writes to a Redis only.
pub(super) async fn monitor(settings: &Settings) -> Option<Finding> {
    let (what, agent) = ("agent.post_url", &settings.agent);
    let Some(url) = &agent.post_url else {
        let has_redis = matches!(settings.live, LiveSettings::Redis(_));
        return (!has_redis).then(|| Finding::fault(what, NOBODY_TO_TELL.0, NOBODY_TO_TELL.1));
    };
    let tried = async { MonitorClient::new(url, &agent.post_trust, agent.token.clone())?.try_out().await };
    Some(match tried.await {
        Ok(found) => Finding::ok(what, found),
        Err(error) => Finding::error(what, &error),
    })
}
