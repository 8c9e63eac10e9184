//! What a key may be before it touches a disk or a request.

use crate::base::{Error, Result};

/// Longest key of S3, in bytes; `domain::layout` stays far below.
const LONGEST: usize = 1_024;
/// Longest part: file systems allow no more.
const LONGEST_PART: usize = 255;

/// Checks a key: parts of `[0-9A-Za-z_\-.@=]` between single slashes, none of them empty, `.` or `..`.
pub(super) fn check(key: &str) -> Result<()> {
    let fault = if key.is_empty() {
        "is empty"
    } else if key.len() > LONGEST || key.split('/').any(|part| part.len() > LONGEST_PART) {
        "is too long"
    } else if key.split('/').any(|part| matches!(part, "" | "." | "..")) {
        "has an empty part or one that climbs folders"
    } else if !key.chars().all(|c| c.is_ascii_alphanumeric() || "_-/.@=".contains(c)) {
        "holds something else than letters, digits and _ - . @ = /"
    } else {
        return Ok(());
    };
    let start: String = key.chars().take(80).collect();
    Err(Error::invalid("objectKey", format!("the object key {start:?} {fault}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_admitted_or_refused() {
        for good in ["site/cam.1/2026-11-21/20261121_082501/segment_000.mp4", "@b=2E1/cam/x", "a", ".hidden/-x"] {
            check(good).expect(good);
        }
        let long = "a/".repeat(600) + "a";
        let long_part = "a".repeat(256);
        for (bad, reason) in [
            ("", "is empty"),
            ("/etc/passwd", "empty part"),
            ("a//b", "empty part"),
            ("a/", "empty part"),
            ("../a", "climbs"),
            ("a/../../b", "climbs"),
            ("a/./b", "climbs"),
            ("a\\b", "something else"),
            ("a\0b", "something else"),
            ("+incoming/x", "something else"),
            (long.as_str(), "too long"),
            (long_part.as_str(), "too long"),
        ] {
            let error = check(bad).expect_err(reason).to_string();
            assert!(error.contains(reason) && error.len() < 250, "{error}");
        }
    }
}
