//! Older names: variables that existing deployments set and expect to win over the file and the command line. A
//! `STREAMWARDEN_...` variable of the same key wins over them.

use std::collections::BTreeMap;

use super::complaint::Complaint;
use super::keys;
use super::raw::{Raw, RawEntry, RawValue, ValueOrigin};

/// Older name and the key it sets. A secret's name may end in `_FILE`.
const OLDER: [(&str, &str); 16] = [
    ("MEDIAMTX_API_URL", "servers[0].api_url"),
    ("MEDIAMTX_RTSP_URL", "servers[0].rtsp_url"),
    ("POLLING_INTERVAL", "monitor.interval"),
    ("REDIS_URL", "live.redis_url"),
    ("PG_DSN", "database.url"),
    ("SEGMENT_DURATION", "record.segment_duration"),
    ("OUTPUT_FORMAT", "record.output_format"),
    ("MAX_CONCURRENT_RECORDINGS", "record.max_concurrent"),
    ("UPLOAD_WORKERS", "upload.workers"),
    ("S3_ENDPOINT_URL", "objects.s3.endpoint_url"),
    ("S3_BUCKET_NAME", "objects.s3.bucket_name"),
    ("S3_REGION", "objects.s3.region"),
    ("S3_ACCESS_KEY_ID", "objects.s3.access_key_id"),
    ("S3_SECRET_ACCESS_KEY", "objects.s3.secret_access_key"),
    ("S3_STORAGE_CLASS", "objects.s3.storage_class"),
    ("VIMEO_ACCESS_TOKEN", "health.platforms[0].token"),
];

/// Lays the older names over what is there.
pub(super) fn lay_over(env: &BTreeMap<String, String>, raw: &mut Raw, complaints: &mut Vec<Complaint>) {
    if let Some((name, url)) = redis_host(env) {
        let entry = RawEntry { value: RawValue::Text(url), origin: ValueOrigin::OlderVariable(name), in_file: false };
        raw.put("live.redis_url".to_owned(), entry, complaints);
    }
    for (older, key) in OLDER {
        let mut put = |name: String, in_file: bool| {
            if let Some(value) = env.get(&name).filter(|value| !value.is_empty()) {
                let value = RawValue::Text(value.clone());
                raw.put(
                    key.to_owned(),
                    RawEntry { value, origin: ValueOrigin::OlderVariable(name), in_file },
                    complaints,
                );
            }
        };
        put(older.to_owned(), false);
        if keys::is_secret(key) {
            put(format!("{older}_FILE"), true);
        }
    }
}

/// `REDIS_HOST` and `REDIS_PORT`, each with the usual default of the other, where no URL says more; and the variable that
/// named them. In Kubernetes a service called `redis` sets `REDIS_PORT` to a URL, which is nobody's wish.
fn redis_host(env: &BTreeMap<String, String>) -> Option<(String, String)> {
    let given = |name: &str| env.get(name).map(|value| value.trim()).filter(|value| !value.is_empty());
    if given("REDIS_URL").is_some() || given("REDIS_URL_FILE").is_some() {
        return None;
    }
    let (host, port) = (given("REDIS_HOST"), given("REDIS_PORT").filter(|port| !port.contains("://")));
    let named = if host.is_some() { "REDIS_HOST" } else { "REDIS_PORT" };
    let host = host.or(port.map(|_| "127.0.0.1"))?;
    let host = if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.to_owned() };
    Some((named.to_owned(), format!("redis://{host}:{}/0", port.unwrap_or("6379"))))
}
