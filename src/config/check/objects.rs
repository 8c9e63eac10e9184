//! The section `objects`: a folder, or a bucket.

use std::ops::RangeInclusive;
use std::path::Path;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use super::checker::Checker;
use super::urls;
use super::values::{duration, flag, list, path, text};
use crate::config::complaint::ConfigFault;
use crate::config::raw::RawEntry;
use crate::config::settings::{ObjectsSettings, RetentionSettings, S3Settings};
use crate::config::units;

/// The section of a bucket.
const SECTION: &str = "objects.s3.";

/// Keys that say that there is a bucket wherever they come from. Each key of the section does so that was written for this program;
/// variables of other programs (`S3_BUCKET_NAME`) may be set on any machine.
const BUCKET: [&str; 3] = ["objects.s3.endpoint_url", "objects.s3.access_key_id", "objects.s3.secret_access_key"];

/// How long recordings may be kept.
const KEEP: RangeInclusive<Duration> = Duration::from_secs(3_600)..=Duration::from_secs(100 * 365 * 86_400);

/// Classes of S3; servers of other makers know `STANDARD`.
const CLASSES: [&str; 9] = [
    "STANDARD",
    "REDUCED_REDUNDANCY",
    "STANDARD_IA",
    "ONEZONE_IA",
    "INTELLIGENT_TIERING",
    "GLACIER",
    "GLACIER_IR",
    "DEEP_ARCHIVE",
    "EXPRESS_ONEZONE",
];

/// Where objects go.
pub(super) fn objects(check: &mut Checker<'_>, data_dir: &Path) -> ObjectsSettings {
    let folder = check.read("objects.directory", path);
    let endpoint = check.read("objects.s3.endpoint_url", urls::endpoint);
    let key = check.read("objects.s3.access_key_id", given);
    let secret = check.read("objects.s3.secret_access_key", given).map(SecretString::from);
    let bucket_name = check.read("objects.s3.bucket_name", bucket).unwrap_or_else(|| "vod".to_owned());
    let region = check.read("objects.s3.region", given).unwrap_or_else(|| "us-east-1".to_owned());
    let storage_class = check.read("objects.s3.storage_class", class).unwrap_or_else(|| "STANDARD".to_owned());
    let path_style = check.read("objects.s3.path_style", flag).unwrap_or(true);
    let has_bucket = BUCKET.iter().any(|key| check.is_given(key)) || check.raw.is_written_for_us(SECTION);
    if !has_bucket {
        return ObjectsSettings::Directory(folder.unwrap_or_else(|| data_dir.join("objects")));
    }
    if check.is_given("objects.directory") {
        let fault = ConfigFault::new("is given beside objects.s3", "leave one of them out: objects go to one place");
        check.complain("objects.directory", fault);
    }
    for name in ["objects.s3.access_key_id", "objects.s3.secret_access_key"] {
        if !check.is_given(name) {
            let remedy =
                "give the key that the store shows for its access keys; for a folder, leave out all of objects.s3";
            let fault = ConfigFault::new("is missing, and objects.s3 means a bucket", remedy);
            check.complain(name, fault);
        }
    }
    let endpoint_url = endpoint.or_else(|| amazon(&region));
    if endpoint_url.is_none() {
        let fault =
            ConfigFault::new(format!("{region:?} is no region"), "write it as the store does, like eu-central-1");
        check.complain("objects.s3.region", fault);
    }
    match (endpoint_url, key, secret) {
        (Some(endpoint_url), Some(access_key_id), Some(secret_access_key)) => {
            ObjectsSettings::S3(Box::new(S3Settings {
                endpoint_url,
                bucket_name,
                region,
                access_key_id,
                secret_access_key,
                storage_class,
                path_style,
            }))
        }
        // Complained of: nothing of this comes into force.
        _ => ObjectsSettings::Directory(data_dir.join("objects")),
    }
}

/// How long they stay there.
pub(super) fn retention(check: &mut Checker<'_>) -> RetentionSettings {
    RetentionSettings {
        keep: check.read("objects.keep", |entry| duration(entry, KEEP)),
        keep_streams: check.read("objects.keep_streams", keep_streams).unwrap_or_default(),
        keep_bytes: check.read("objects.keep_bytes", |entry| units::size(&entry.value)),
    }
}

/// Patterns of names, each with a time: `yard/*=30d`.
fn keep_streams(entry: &RawEntry) -> Result<Vec<(String, Duration)>, ConfigFault> {
    let one = |typed: &String| {
        let remedy = "write a name or pattern, '=' and a time from 1h to 100y, as in \"yard/*=30d\"";
        let wrong = || ConfigFault::new(format!("{typed:?} is no pattern with a time"), remedy);
        let (pattern, time) = typed.split_once('=').ok_or_else(wrong)?;
        let time = units::parse_duration(time.trim()).ok().filter(|time| KEEP.contains(time)).ok_or_else(wrong)?;
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./*?".contains(c);
        let pattern = pattern.trim();
        if pattern.is_empty() || !pattern.chars().all(is_plain) {
            return Err(wrong());
        }
        Ok((pattern.to_owned(), time))
    };
    list(entry)?.iter().map(one).collect()
}

/// Where the buckets of a region are, when no other server is named.
fn amazon(region: &str) -> Option<Url> {
    let is_region =
        !region.is_empty() && region.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    is_region.then(|| Url::parse(&format!("https://s3.{region}.amazonaws.com")).ok()).flatten()
}

fn given(entry: &RawEntry) -> Result<String, ConfigFault> {
    let typed = text(entry)?.trim().to_owned();
    if typed.is_empty() {
        return Err(ConfigFault::new("is empty", "leave it out, or write what the store shows"));
    }
    Ok(typed)
}

fn bucket(entry: &RawEntry) -> Result<String, ConfigFault> {
    let typed = text(entry)?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    if !(1..=255).contains(&typed.len()) || !typed.chars().all(is_plain) {
        let shown: String = typed.chars().take(60).collect();
        return Err(ConfigFault::new(format!("{shown:?} is not the name of a bucket"), "letters, digits, '-' and '.'"));
    }
    Ok(typed)
}

fn class(entry: &RawEntry) -> Result<String, ConfigFault> {
    let typed = text(entry)?.trim().to_ascii_uppercase();
    if !CLASSES.contains(&typed.as_str()) {
        let shown: String = typed.chars().take(40).collect();
        return Err(ConfigFault::new(
            format!("{shown:?} is not a storage class"),
            format!("known: {}", CLASSES.join(", ")),
        ));
    }
    Ok(typed)
}
