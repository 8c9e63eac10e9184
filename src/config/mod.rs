//! Configuration in two steps: raw values as typed by people, then checked [`Settings`].
//!
//! [`load`] lays defaults < file < command line < environment over one another in one flat table ([`raw`]), then
//! [`check`] turns it into settings or into *all* complaints, each with its key, the value's fault and the remedy.
//! The table is flat and untyped, rather than serde structs, because serde stops at the first fault and forgets which
//! layer a value came from. Nothing is read at import, and the environment is passed in, so tests are tables. The only
//! things read are the configuration file and the files that secrets are kept in. Called by `main`, `check` and `demo`.

mod aliases;
mod check;
mod complaint;
pub mod config_reload;
#[cfg(test)]
mod config_site_tests;
#[cfg(test)]
mod documented_tests;
mod environment;
mod file;
#[cfg(test)]
mod health_anomalies_tests;
#[cfg(test)]
mod health_devices_tests;
mod health_rows;
mod health_settings;
#[cfg(test)]
mod health_tests;
#[cfg(test)]
mod hostile_tests;
mod http_settings;
mod item_rows;
mod keys;
mod notify_settings;
#[cfg(test)]
mod notify_tests;
#[cfg(test)]
mod objects_tests;
#[cfg(test)]
mod origin_tests;
pub mod postgres;
#[cfg(test)]
mod postgres_tests;
mod raw;
mod read_sources;
pub mod redis_url;
mod secrets;
mod service;
pub mod settings;
mod shown;
pub mod small_file;
mod sources;
#[cfg(test)]
mod tests;
mod units;
mod unused;

pub use check::{ANOMALY_METRICS, NOTIFIED_KINDS, ROLES, SEVERITIES, listen_address};
pub use complaint::{Complaint, ConfigComplaints};
pub use keys::names as key_names;
use read_sources::read;
pub use secrets::read_secret;
pub use settings::{DatabaseSettings, Settings, Shown};
pub use shown::shown;
pub use sources::{CliOverrides, FILE_PLACES, Sources, VARIABLE as CONFIG_VARIABLE};
pub use units::{parse_duration, parse_size};
pub use unused::{Unused, unused_variables};

/// Reads every source and checks the result. Reads the files named by `sources` and nothing else.
///
/// # Errors
/// All complaints at once; nothing has been opened or started when it returns.
pub fn load(sources: &Sources) -> Result<Settings, ConfigComplaints> {
    let (raw, mut complaints, readable) = read(sources);
    if !readable {
        // Half a file would only produce complaints about what the other half says.
        return Err(ConfigComplaints(complaints));
    }
    let settings = check::settings(&raw, &sources.env, sources.host_name.as_deref(), &mut complaints);
    if !complaints.is_empty() {
        return Err(ConfigComplaints(complaints));
    }
    let shown = shown::all(&raw, &settings).into();
    Ok(Settings { shown, ..settings })
}
