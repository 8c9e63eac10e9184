//! Older names: variables that existing deployments set and expect to win over the file and the command line. A
//! `STREAMWARDEN_...` variable of the same key wins over them.

use std::collections::BTreeMap;

use super::complaint::Complaint;
use super::keys;
use super::raw::{Raw, RawEntry, RawValue, ValueOrigin};

/// Older name and the key it sets. A secret's name may end in `_FILE`.
const OLDER: [(&str, &str); 8] = [
    ("MEDIAMTX_API_URL", "servers[0].api_url"),
    ("MEDIAMTX_RTSP_URL", "servers[0].rtsp_url"),
    ("POLLING_INTERVAL", "monitor.interval"),
    ("PG_DSN", "database.url"),
    ("SEGMENT_DURATION", "record.segment_duration"),
    ("OUTPUT_FORMAT", "record.output_format"),
    ("MAX_CONCURRENT_RECORDINGS", "record.max_concurrent"),
    ("UPLOAD_WORKERS", "upload.workers"),
];

/// Lays the older names over what is there.
pub(super) fn lay_over(env: &BTreeMap<String, String>, raw: &mut Raw, complaints: &mut Vec<Complaint>) {
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
