//! What can be changed while we run: one sender per manager that has settings of its own.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::login_requirement::configured;
use super::own_certificate::OwnCertificate;
use crate::actors::notify::NotifySetup;
use crate::actors::restream::{RestreamSetup, reach};
use crate::actors::supervision::Setting;
use crate::actors::upload::UploadRules;
use crate::base::Result;
use crate::base::network::Network;
use crate::config::settings::RecordSettings;
use crate::config::{Settings, Shown};
use crate::domain::camera::Reach;
use crate::domain::login::LoginTable;
use crate::domain::retention::RetentionRules;

/// The senders. What they send stays in the channel for managers that are built again.
pub(super) struct RuntimeSettings {
    interval: watch::Sender<Duration>,
    record: watch::Sender<RecordSettings>,
    upload: watch::Sender<UploadRules>,
    notify: watch::Sender<Arc<NotifySetup>>,
    /// Users and tokens of the configuration.
    pub(super) logins: watch::Sender<LoginTable>,
    /// What is in force, for people.
    pub(super) shown: watch::Sender<Arc<[Shown]>>,
    /// Origins that HTTP lets in.
    pub(super) origins: watch::Sender<Vec<String>>,
    /// Proxies whose word about their clients counts, for HTTP.
    pub(super) trusted_proxies: watch::Sender<Vec<Network>>,
    /// Addresses that cameras may have, for HTTP.
    pub(super) reach: watch::Sender<Reach>,
    /// Where HTTP is served over TLS.
    pub(super) certificate: Option<OwnCertificate>,
    /// Where the role restream runs.
    pub(super) restream: Option<watch::Sender<Arc<RestreamSetup>>>,
}

/// The readers' ends.
pub(super) struct ReloadableSettings {
    pub(super) interval: Setting<Duration>,
    pub(super) record: Setting<RecordSettings>,
    pub(super) upload: Setting<UploadRules>,
    pub(super) notify: Setting<Arc<NotifySetup>>,
}

impl RuntimeSettings {
    /// What these settings say, and the ends that managers read.
    ///
    /// # Errors
    /// `Invalid` when a file that they name cannot be used.
    pub(super) fn new(settings: &Settings) -> Result<(Self, ReloadableSettings)> {
        let (set_interval, interval) = Setting::adjustable(settings.monitor.interval);
        let (set_record, record) = Setting::adjustable(settings.record.clone());
        let (set_upload, upload) = Setting::adjustable(upload_rules(settings));
        let (set_notify, notify) = Setting::adjustable(NotifySetup::from_settings(settings)?);
        let origins = watch::Sender::new(settings.http.allowed_origins.clone());
        let trusted_proxies = watch::Sender::new(settings.http.trusted_proxies.clone());
        let reach = watch::Sender::new(reach(settings));
        let logins = watch::Sender::new(configured(&settings.http));
        let runtime_settings = Self {
            interval: set_interval,
            record: set_record,
            upload: set_upload,
            notify: set_notify,
            logins,
            shown: watch::Sender::new(Arc::clone(&settings.shown)),
            origins,
            trusted_proxies,
            reach,
            certificate: None,
            restream: None,
        };
        Ok((runtime_settings, ReloadableSettings { interval, record, upload, notify }))
    }

    /// Updates all of them; a manager hears only of what concerns it and has changed.
    pub(super) fn update(&self, settings: &Settings) -> Result<()> {
        // First: what cannot be used changes nothing.
        let notify = NotifySetup::from_settings(settings)?;
        if let Some(restream) = &self.restream {
            let now = Arc::clone(&restream.borrow());
            let mut new = RestreamSetup::from_settings(settings, now.version.clone(), now.mark.clone(), now.monitored)?;
            // Addresses of our own change with a restart only, and the port may be one that the system chose.
            new.reach.own_ports.clone_from(&now.reach.own_ports);
            new.reach.output.clone_from(&now.reach.output);
            restream.send_if_modified(|setup| replace(setup, Arc::new(new), |old, new| old.runs_like(new)));
        }
        let allowed = &settings.restream.allowed_networks;
        self.reach.send_if_modified(|reach| replace(&mut reach.allowed, allowed.clone(), |old, new| old == new));
        self.logins.send_if_modified(|table| replace(table, configured(&settings.http), |old, new| old == new));
        let origins = &settings.http.allowed_origins;
        self.origins.send_if_modified(|allowed| replace(allowed, origins.clone(), |old, new| old == new));
        let proxies = &settings.http.trusted_proxies;
        self.trusted_proxies.send_if_modified(|trusted| replace(trusted, proxies.clone(), |old, new| old == new));
        self.shown.send_replace(Arc::clone(&settings.shown));
        self.interval.send_if_modified(|interval| replace(interval, settings.monitor.interval, |old, new| old == new));
        self.record.send_if_modified(|record| replace(record, settings.record.clone(), |old, new| old == new));
        self.notify.send_if_modified(|now| replace(now, notify, |old, new| old.is_same(new)));
        self.upload.send_if_modified(|rules| replace(rules, upload_rules(settings), |old, new| old == new));
        Ok(())
    }
}

fn upload_rules(settings: &Settings) -> UploadRules {
    UploadRules {
        workers: settings.upload.workers,
        max_rate: settings.upload.max_rate,
        window: settings.upload.window,
        keep_local: settings.record.keep_local,
        evict_before_upload: settings.record.evict_before_upload,
        min_free: settings.record.min_free,
        retention: RetentionRules {
            keep: settings.retention.keep,
            keep_streams: settings.retention.keep_streams.clone(),
            keep_bytes: settings.retention.keep_bytes,
        },
    }
}

/// True when it was another one.
fn replace<T>(old: &mut T, new: T, same: impl Fn(&T, &T) -> bool) -> bool {
    let changed = !same(old, &new);
    *old = new;
    changed
}
