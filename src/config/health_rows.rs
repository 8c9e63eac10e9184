//! Which keys of the lists of `health` differ between two readings.

use secrecy::SecretString;

use super::item_rows::{ItemRow, ca_file, fingerprint, of_items, same_secret};
use super::settings::{
    EncoderSettings, EndpointSettings, HealthSettings, PlatformSettings, TargetPlace, TargetSettings,
};

pub(super) const TARGET_ROWS: &[ItemRow<TargetSettings>] = &[
    ("name", |old, new| old.name != new.name),
    ("path", |old, new| path_of(old).map(|(_, path)| path) != path_of(new).map(|(_, path)| path)),
    ("server", |old, new| path_of(old).map(|(server, _)| server) != path_of(new).map(|(server, _)| server)),
    ("url", |old, new| !same_secret(url_of(old), url_of(new))),
    ("interval", |old, new| old.interval != new.interval),
    ("limit", |old, new| old.limit != new.limit),
];

pub(super) const ENDPOINT_ROWS: &[ItemRow<EndpointSettings>] = &[
    ("name", |old, new| old.name != new.name),
    ("url", |old, new| old.url() != new.url()),
    ("interval", |old, new| old.interval != new.interval),
    ("limit", |old, new| old.limit != new.limit),
    ("down_after", |old, new| old.down_after != new.down_after),
    ("up_after", |old, new| old.up_after != new.up_after),
    ("max_loss", |old, new| old.max_loss != new.max_loss),
    ("max_latency", |old, new| old.max_latency != new.max_latency),
    ("certificate_left", |old, new| old.certificate_left != new.certificate_left),
    ("fingerprint", |old, new| fingerprint(&old.trust) != fingerprint(&new.trust)),
    ("ca_file", |old, new| ca_file(&old.trust) != ca_file(&new.trust)),
];

pub(super) const ENCODER_ROWS: &[ItemRow<EncoderSettings>] = &[
    ("name", |old, new| old.name != new.name),
    ("host", |old, new| old.host != new.host),
    ("protocol", |old, new| old.protocol != new.protocol),
    ("tls", |old, new| old.tls.is_some() != new.tls.is_some()),
    ("fingerprint", |old, new| old.tls.as_ref().and_then(fingerprint) != new.tls.as_ref().and_then(fingerprint)),
    ("ca_file", |old, new| old.tls.as_ref().and_then(ca_file) != new.tls.as_ref().and_then(ca_file)),
    ("rest_port", |old, new| old.rest_port != new.rest_port),
    ("text_port", |old, new| old.text_port != new.text_port),
    ("interval", |old, new| old.interval != new.interval),
    ("always_on", |old, new| old.always_on != new.always_on),
    ("feeds_event", |old, new| old.feeds_event != new.feeds_event),
    ("feeds_stream", |old, new| old.feeds_stream != new.feeds_stream),
];

pub(super) const PLATFORM_ROWS: &[ItemRow<PlatformSettings>] = &[
    ("name", |old, new| old.name != new.name),
    ("kind", |old, new| old.kind != new.kind),
    ("url", |old, new| old.url != new.url),
    ("token", |old, new| !same_secret(Some(&old.token), Some(&new.token))),
    ("events", |old, new| old.events != new.events),
    ("interval", |old, new| old.interval != new.interval),
];

/// Keys that differ.
pub(super) fn differing(old: &HealthSettings, new: &HealthSettings) -> impl Iterator<Item = String> {
    let targets = of_items("health.targets", &old.targets, &new.targets, TARGET_ROWS);
    let endpoints = of_items("health.endpoints", &old.endpoints, &new.endpoints, ENDPOINT_ROWS);
    let encoders = of_items("health.encoders", &old.encoders, &new.encoders, ENCODER_ROWS);
    let encoders = endpoints.chain(encoders);
    targets.chain(encoders).chain(of_items("health.platforms", &old.platforms, &new.platforms, PLATFORM_ROWS))
}

fn path_of(target: &TargetSettings) -> Option<(Option<&str>, &str)> {
    if let TargetPlace::Path { server, pattern } = &target.place { Some((server.as_deref(), pattern)) } else { None }
}

fn url_of(target: &TargetSettings) -> Option<&SecretString> {
    if let TargetPlace::Url(url) = &target.place { Some(url) } else { None }
}
