//! Raw values -> [`Settings`], or complaints: one function per section, every value looked at, nothing given up early.

mod certificates;
mod checker;
mod health_anomalies;
mod health_encoders;
mod health_endpoints;
mod health_name;
mod health_platforms;
mod health_targets;
mod http;
mod listen;
mod logins;
mod notify;
mod notify_target;
mod objects;
mod sections;
mod servers;
mod status_page_keys;
mod urls;
mod values;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::complaint::Complaint;
use super::raw::Raw;
use super::settings::{HealthSettings, Settings};
use checker::Checker;

pub use health_anomalies::ANOMALY_METRICS;
pub use listen::listen_address;
pub use notify::{NOTIFIED_KINDS, SEVERITIES};
pub use sections::ROLES;

/// Checks everything. The result is fit for use only when no complaint was added.
pub(super) fn settings(
    raw: &Raw,
    env: &BTreeMap<String, String>,
    host_name: Option<&str>,
    complaints: &mut Vec<Complaint>,
) -> Settings {
    let mut check = Checker { raw, complaints };
    let data_dir = sections::data_dir(&mut check);
    let servers = servers::all(&mut check);
    let monitor = sections::monitor(&mut check);
    let platforms = health_platforms::platforms(&mut check);
    Settings {
        node: sections::node(&mut check, host_name),
        roles: sections::roles(&mut check),
        http: http::http(&mut check),
        live: sections::live(&mut check),
        database: sections::database(&mut check, env, &data_dir),
        restream: sections::restream(&mut check, &servers),
        record: sections::record(&mut check),
        upload: sections::upload(&mut check),
        objects: objects::objects(&mut check, &data_dir),
        retention: objects::retention(&mut check),
        health: HealthSettings {
            anomalies: health_anomalies::anomalies(&mut check, &monitor),
            encoders: health_encoders::encoders(&mut check, &servers, &platforms),
            platforms,
            ..health_targets::health(&mut check, &servers)
        },
        agent: sections::agent(&mut check),
        notify: notify::notify(&mut check),
        ffmpeg: sections::ffmpeg(&mut check),
        servers,
        monitor,
        data_dir,
        // Made of what is checked here, by `load`.
        shown: Arc::default(),
    }
}
