//! Anomalies of streams: whether anything can be judged here, and from when on.

use super::report::Finding;
use crate::config::Settings;

/// One line where they are switched on.
pub(super) fn finding(settings: &Settings) -> Option<Finding> {
    let what = "health.anomalies";
    if !settings.health.anomalies.enabled {
        return None;
    }
    Some(match (settings.has_role("health"), settings.has_role("monitor")) {
        (true, true) => Finding::ok(what, "each hour of the week is judged once three weeks of history cover it"),
        _ => Finding::note(
            what,
            "watches nothing: a process needs the roles health and monitor for it",
            "give this process both roles, or switch it on where they are",
        ),
    })
}
