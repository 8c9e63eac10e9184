//! `etc/streamwarden.toml` against the table of keys.

use super::Settings;
use super::tests::loaded;

/// Keys whose line in the file of `etc/` is an example, as they have no default of their own.
const EXAMPLES: [&str; 72] = [
    "objects.s3.endpoint_url",
    "objects.s3.access_key_id",
    "objects.s3.secret_access_key",
    "http.tls_cert",
    "http.tls_key",
    "node",
    "servers[].hls_url",
    "servers[].webrtc_url",
    "servers[].api_username",
    "servers[].api_password",
    "servers[].api_fingerprint",
    "servers[].api_ca_file",
    "servers[].rtsp_fingerprint",
    "servers[].rtsp_ca_file",
    "servers[].publish_username",
    "servers[].publish_password",
    "live.redis_url",
    "live.redis_ca_file",
    "restream.media_host",
    "restream.media_port",
    // With an example beside it, as the default database takes none.
    "database.schema",
    "database.listen_url",
    "database.cameras_query",
    // Nothing is deleted by default, and no upload limited.
    "objects.keep",
    "objects.keep_streams",
    "objects.keep_bytes",
    "upload.max_rate",
    "upload.window",
    "health.targets[].name",
    "health.targets[].path",
    "health.targets[].server",
    "health.targets[].url",
    "health.targets[].interval",
    "health.targets[].limit",
    "health.endpoints[].name",
    "health.endpoints[].url",
    "health.endpoints[].interval",
    "health.endpoints[].limit",
    "health.endpoints[].down_after",
    "health.endpoints[].up_after",
    "health.endpoints[].max_loss",
    "health.endpoints[].max_latency",
    "health.endpoints[].certificate_left",
    "health.endpoints[].fingerprint",
    "health.endpoints[].ca_file",
    "health.encoders[].name",
    "health.encoders[].host",
    "health.encoders[].fingerprint",
    "health.encoders[].ca_file",
    "health.encoders[].feeds_event",
    "health.encoders[].feeds_stream",
    "health.platforms[].token",
    "health.platforms[].events",
    "agent.post_url",
    "agent.post_fingerprint",
    "agent.post_ca_file",
    "agent.token",
    "notify.page_url",
    "notify.receivers[].name",
    "notify.receivers[].kind",
    "notify.receivers[].url",
    "notify.receivers[].token",
    "notify.receivers[].signing_secret",
    "notify.receivers[].username",
    "notify.receivers[].password",
    "notify.receivers[].from",
    "notify.receivers[].to",
    "notify.receivers[].ca_file",
    "notify.receivers[].repeat",
    "notify.receivers[].escalate_after",
    "notify.receivers[].quiet_hours",
    "notify.receivers[].line",
];

#[test]
fn the_file_in_etc_documents_every_key_with_its_default() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/etc/streamwarden.toml");
    let text = std::fs::read_to_string(path).expect("etc/streamwarden.toml");
    // Where a value comes from is another place then.
    let shown =
        |settings: &Settings| format!("{:?}", Settings { shown: std::sync::Arc::default(), ..settings.clone() });
    let defaults = shown(&loaded("", &[]));
    assert_eq!(shown(&loaded(&text, &[])), defaults, "as it is, the file changes nothing");

    let (mut section, mut documented) = (String::new(), Vec::new());
    for (number, line) in text.lines().enumerate() {
        if let Some(header) = super::shown::section_of(line) {
            section = header;
        }
        let is_key = |rest: &&str| rest.starts_with(|c: char| c.is_ascii_lowercase()) && rest.contains(" = ");
        let Some(rest) = line.strip_prefix('#').filter(is_key) else { continue };
        let key = format!("{section}{}", rest.split(" = ").next().expect("a key"));
        let mut lines: Vec<&str> = text.lines().collect();
        lines[number] = rest;
        // Of a list without an item there is no default to compare with here, nor of a bucket, which any of its keys means: their own
        // tests do it.
        let is_without = ["notify.receivers[]", "health.encoders[]", "health.platforms[]", "objects.s3."];
        if !is_without.iter().any(|list| key.starts_with(list)) && !EXAMPLES.contains(&key.as_str()) {
            assert_eq!(shown(&loaded(&lines.join("\n"), &[])), defaults, "{key} has another default");
        }
        documented.push(key);
    }
    let known: Vec<_> = super::key_names().collect();
    assert_eq!(documented, known, "the file names every key, in the order of the table");
    // `streamwarden config` shows as a default what the file does not call an example.
    let defaults = super::shown::documented();
    for key in known {
        assert_eq!(defaults.contains_key(key), !EXAMPLES.contains(&key), "{key}: is its line an example?");
    }

    // Of these two and an API without TLS only one may stand in a file; a Redis without TLS has no certificate, and objects go
    // to one place.
    let one_of_two = [
        "#api_fingerprint",
        "#api_ca_file",
        "#fingerprint",
        "#rtsp_fingerprint",
        "#rtsp_ca_file",
        "#redis_ca_file",
        "#post_ca_file",
        "#url = \"rtmp",
        "#directory",
        // What only some kinds of receivers take.
        "#username",
        "#password",
        "#from",
        "#to =",
        "#token = \"change me\"",
        "#ca_file",
        "#escalate_after",
    ];
    let alone = |line: &&str| !one_of_two.iter().any(|key| line.starts_with(key));
    let all = text.lines().filter(alone).map(|line| match line.strip_prefix('#') {
        Some(rest) if rest.starts_with("[[") || rest.starts_with(|c: char| c.is_ascii_lowercase()) => rest,
        _ => line,
    });
    loaded(&all.collect::<Vec<_>>().join("\n"), &[("PG_DSN", "postgresql://u@h/d")]);
}
