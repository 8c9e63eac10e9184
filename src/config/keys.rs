//! The table of every key there is, and the nearest known one for a key that is not. Keys of list items are written
//! `servers[].name`.

/// A key.
pub(super) struct ConfigKey {
    /// Full name.
    pub name: &'static str,
    /// True when the value is a secret: never repeated in a complaint, and `<name>_file` is a key as well.
    pub secret: bool,
}

const fn key(name: &'static str) -> ConfigKey {
    ConfigKey { name, secret: false }
}

const fn secret(name: &'static str) -> ConfigKey {
    ConfigKey { name, secret: true }
}

/// Every key, in the order of `etc/streamwarden.toml`.
pub(super) const KEYS: &[ConfigKey] = &[
    key("node"),
    key("roles"),
    key("data_dir"),
    key("http.listen"),
    key("http.allowed_origins"),
    secret("http.users"),
    secret("http.tokens"),
    key("http.trusted_proxies"),
    key("http.base_path"),
    key("http.tls_cert"),
    key("http.tls_key"),
    key("http.websocket_clients"),
    key("http.websocket_clients_per_address"),
    key("http.status_page.enabled"),
    key("http.status_page.title"),
    key("http.status_page.login"),
    key("http.status_page.streams"),
    key("http.status_page.servers"),
    key("http.status_page.endpoints"),
    key("servers[].name"),
    key("servers[].api_url"),
    key("servers[].rtsp_url"),
    key("servers[].hls_url"),
    key("servers[].webrtc_url"),
    key("servers[].api_username"),
    secret("servers[].api_password"),
    key("servers[].api_fingerprint"),
    key("servers[].api_ca_file"),
    key("servers[].rtsp_fingerprint"),
    key("servers[].rtsp_ca_file"),
    key("servers[].publish_username"),
    secret("servers[].publish_password"),
    key("monitor.interval"),
    key("monitor.history"),
    key("monitor.history_memory"),
    key("monitor.history_1m"),
    key("monitor.history_10m"),
    key("monitor.labels"),
    key("monitor.disk_limit"),
    key("monitor.disk_full_within"),
    key("monitor.readers_gone"),
    // A Redis URL holds its password.
    secret("live.redis_url"),
    key("live.redis_ca_file"),
    key("live.prefix"),
    // A PostgreSQL URL holds its password.
    secret("database.url"),
    key("database.schema"),
    secret("database.listen_url"),
    key("database.cameras_query"),
    key("restream.server"),
    key("restream.media_host"),
    key("restream.media_port"),
    key("restream.stall_timeout"),
    key("restream.refresh"),
    key("restream.start_rate"),
    key("restream.start_rate_per_host"),
    key("restream.probe_timeout"),
    key("restream.max_probes"),
    key("restream.max_stop_fraction"),
    key("restream.allowed_networks"),
    key("restream.require_hidden_arguments"),
    key("record.segment_duration"),
    key("record.output_format"),
    key("record.max_concurrent"),
    key("record.include"),
    key("record.exclude"),
    key("record.on_demand"),
    key("record.keep_local"),
    key("record.min_free"),
    key("record.evict_before_upload"),
    key("record.thumbnails"),
    key("upload.workers"),
    key("upload.max_rate"),
    key("upload.window"),
    key("objects.keep"),
    key("objects.keep_streams"),
    key("objects.keep_bytes"),
    key("objects.directory"),
    key("objects.s3.endpoint_url"),
    key("objects.s3.bucket_name"),
    key("objects.s3.region"),
    secret("objects.s3.access_key_id"),
    secret("objects.s3.secret_access_key"),
    key("objects.s3.storage_class"),
    key("objects.s3.path_style"),
    key("health.workers"),
    key("health.interval"),
    key("health.limit"),
    key("health.window"),
    key("health.endpoint_workers"),
    key("health.endpoint_window"),
    key("health.anomalies.enabled"),
    key("health.anomalies.metrics"),
    key("health.anomalies.dwell"),
    key("health.anomalies.sensitivity"),
    key("health.anomalies.include"),
    key("health.anomalies.exclude"),
    key("health.targets[].name"),
    key("health.targets[].path"),
    key("health.targets[].server"),
    // An address may hold a password or a stream key.
    secret("health.targets[].url"),
    key("health.targets[].interval"),
    key("health.targets[].limit"),
    key("health.endpoints[].name"),
    // What is asked for over HTTP may hold a token.
    secret("health.endpoints[].url"),
    key("health.endpoints[].interval"),
    key("health.endpoints[].limit"),
    key("health.endpoints[].down_after"),
    key("health.endpoints[].up_after"),
    key("health.endpoints[].max_loss"),
    key("health.endpoints[].max_latency"),
    key("health.endpoints[].certificate_left"),
    key("health.endpoints[].fingerprint"),
    key("health.endpoints[].ca_file"),
    key("health.encoders[].name"),
    key("health.encoders[].host"),
    key("health.encoders[].protocol"),
    key("health.encoders[].rest_port"),
    key("health.encoders[].text_port"),
    key("health.encoders[].tls"),
    key("health.encoders[].fingerprint"),
    key("health.encoders[].ca_file"),
    key("health.encoders[].interval"),
    key("health.encoders[].always_on"),
    key("health.encoders[].feeds_event"),
    key("health.encoders[].feeds_stream"),
    key("health.platforms[].name"),
    key("health.platforms[].kind"),
    key("health.platforms[].url"),
    secret("health.platforms[].token"),
    key("health.platforms[].events"),
    key("health.platforms[].interval"),
    key("agent.interval"),
    key("agent.post_url"),
    key("agent.post_fingerprint"),
    key("agent.post_ca_file"),
    secret("agent.token"),
    key("notify.page_url"),
    key("notify.time_zone"),
    key("notify.receivers[].name"),
    key("notify.receivers[].kind"),
    // The addresses of webhooks, of Slack and the topics of ntfy let anybody write there.
    secret("notify.receivers[].url"),
    secret("notify.receivers[].token"),
    secret("notify.receivers[].signing_secret"),
    key("notify.receivers[].username"),
    secret("notify.receivers[].password"),
    key("notify.receivers[].from"),
    key("notify.receivers[].to"),
    key("notify.receivers[].ca_file"),
    key("notify.receivers[].severity"),
    key("notify.receivers[].kinds"),
    key("notify.receivers[].streams"),
    key("notify.receivers[].group_wait"),
    key("notify.receivers[].group_interval"),
    key("notify.receivers[].resolved"),
    key("notify.receivers[].resolve_after"),
    key("notify.receivers[].repeat"),
    key("notify.receivers[].escalate_after"),
    key("notify.receivers[].quiet_hours"),
    key("notify.receivers[].quiet_severity"),
    key("notify.receivers[].length"),
    key("notify.receivers[].line"),
    key("ffmpeg.ffmpeg"),
    key("ffmpeg.ffprobe"),
];

/// Names of all keys, list items as `servers[].name`.
pub fn names() -> impl Iterator<Item = &'static str> {
    KEYS.iter().map(|key| key.name)
}

/// What a name as typed means.
pub(super) enum Meaning {
    /// A key's value.
    Value,
    /// The file that holds the secret of the key of this name.
    SecretFile(String),
}

/// Looks up a full name (`servers[0].api_password_file`); `None` when there is no such key.
pub(super) fn look_up(name: &str) -> Option<Meaning> {
    let pattern = pattern(name);
    if names().any(|known| known == pattern) {
        return Some(Meaning::Value);
    }
    let secret = pattern.strip_suffix("_file")?;
    let is_secret = KEYS.iter().any(|key| key.secret && key.name == secret);
    let key = name.strip_suffix("_file")?;
    is_secret.then(|| Meaning::SecretFile(key.to_owned()))
}

/// True when the key of this full name holds a secret.
pub(super) fn is_secret(name: &str) -> bool {
    let pattern = pattern(name);
    KEYS.iter().any(|key| key.secret && key.name == pattern)
}

/// True when keys exist below this name: `http`, `servers[0]`.
pub(super) fn is_section(name: &str) -> bool {
    let prefix = format!("{}.", pattern(name));
    names().any(|known| known.starts_with(&prefix))
}

/// True when this name is a list of sections: `servers`.
pub(super) fn is_section_list(name: &str) -> bool {
    let prefix = format!("{name}[].");
    names().any(|known| known.starts_with(&prefix))
}

/// `servers[3].name` becomes `servers[].name`.
pub(super) fn pattern(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut inside = false;
    for c in name.chars() {
        match c {
            '[' => inside = true,
            ']' => inside = false,
            _ if inside => continue,
            _ => {}
        }
        out.push(c);
    }
    out
}

/// The remedy for an unknown name: the nearest known key, else what may stand in that section.
pub(super) fn remedy_for_unknown(name: &str) -> String {
    let typed = pattern(name);
    if let Some(near) = nearest(&typed, candidates().iter().map(String::as_str)) {
        return format!("the nearest known key is {near}");
    }
    let section = typed.rsplit_once('.').map_or("", |(section, _)| section);
    let siblings: Vec<_> = names()
        .filter_map(|known| match section {
            "" => Some(known.split(['.', '[']).next().unwrap_or(known)),
            _ => known.strip_prefix(section)?.strip_prefix('.'),
        })
        .collect();
    let mut known: Vec<&str> = Vec::new();
    for sibling in siblings {
        if !known.contains(&sibling) {
            known.push(sibling);
        }
    }
    let place = if section.is_empty() { "at the top level".to_owned() } else { format!("in {section}") };
    format!("known {place}: {}", known.join(", "))
}

/// Full names, section names and secret files: everything somebody may have meant.
fn candidates() -> Vec<String> {
    let mut all: Vec<String> = names().map(str::to_owned).collect();
    all.extend(KEYS.iter().filter(|key| key.secret).map(|key| format!("{}_file", key.name)));
    for name in names() {
        if let Some((section, _)) = name.split_once(['.', '[']) {
            all.push(section.to_owned());
        }
    }
    all.dedup();
    all
}

/// The candidate that differs least from what was typed, if it is near enough to be what was meant: a third of the
/// letters may differ, or the last part is the same and only its section is missing or wrong.
pub(super) fn nearest<'a>(typed: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if typed.len() > 200 {
        return None; // Nobody meant a key by that, and comparing it would take long.
    }
    let tail = |name: &str| name.rsplit('.').next().unwrap_or_default().to_owned();
    candidates
        .filter_map(|known| {
            let distance = strsim::damerau_levenshtein(typed, known);
            let by_tail = strsim::damerau_levenshtein(&tail(typed), &tail(known)) * 3 + 2;
            let near = distance <= (known.len() / 3).max(1);
            let moved = known.contains('.') && tail(known).len() > 3 && by_tail <= 5;
            // `api_user` is the beginning of `api_username`, however near `api_url` is.
            let is_begun =
                tail(typed).len() > 3 && known.starts_with(typed) && !known[typed.len()..].contains(['.', '[']);
            let least = if is_begun { 1 } else { distance.min(by_tail) };
            (near || moved || is_begun).then_some((least, distance, known))
        })
        .min_by_key(|(least, distance, _)| (*least, *distance))
        .map(|(_, _, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_key_is_led_to_the_one_that_was_meant() {
        for (typed, wanted) in [
            ("http.lisen", "nearest known key is http.listen"),
            ("htp", "nearest known key is http"),
            ("sever", "nearest known key is servers"),
            ("servers[2].api_ulr", "nearest known key is servers[].api_url"),
            ("servers[0].api_user", "nearest known key is servers[].api_username"),
            ("servers[0].api_pass", "nearest known key is servers[].api_password"),
            ("servers[0].api_u", "nearest known key is servers[].api_url"),
            ("segment_duration", "nearest known key is record.segment_duration"),
            ("restream.segment_duration", "nearest known key is record.segment_duration"),
            ("upload.worker", "nearest known key is upload.workers"),
            ("objects.s3.bucket", "nearest known key is objects.s3.bucket_name"),
            ("zzz", "known at the top level: node, roles, data_dir, http, servers, monitor"),
        ] {
            let remedy = remedy_for_unknown(typed);
            assert!(remedy.contains(wanted), "{typed}: {remedy}");
        }
    }

    #[test]
    fn secrets_have_a_file_key_and_others_have_not() {
        assert!(
            matches!(look_up("servers[0].api_password_file"), Some(Meaning::SecretFile(key)) if key == "servers[0].api_password")
        );
        assert!(matches!(look_up("servers[12].name"), Some(Meaning::Value)));
        assert!(look_up("servers[0].name_file").is_none());
        assert!(look_up("servers.name").is_none());
        assert!(is_secret("database.url") && !is_secret("http.listen"));
    }
}
