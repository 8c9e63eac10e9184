//! Secrets kept in files: `<key>_file` and `..._FILE` are replaced by what the file holds.

use std::fs::File;
use std::io::Read;

use std::path::Path;

use secrecy::SecretString;

use super::complaint::{Complaint, ConfigFault};
use super::raw::{Raw, RawValue};

/// Longest secret we read, in bytes: a wrong path must not make us read a disk.
const LONGEST: u64 = 64 * 1024;

/// Reads every secret file that still counts after all layers. An entry whose file cannot be read keeps `in_file`.
pub(super) fn resolve(raw: &mut Raw, complaints: &mut Vec<Complaint>) {
    for (key, entry) in raw.entries_mut() {
        if !entry.in_file {
            continue;
        }
        let read = match &entry.value {
            RawValue::Text(path) => read(path),
            other => Err(ConfigFault::new(format!("is {}, expected the path of a file", other.kind()), "write a path")),
        };
        match read {
            Ok(secret) => {
                entry.value = RawValue::Text(secret);
                entry.in_file = false;
            }
            Err(fault) => complaints.push(fault.at(format!("{key}_file"), Some(entry.origin.to_string()))),
        }
    }
}

/// Reads a secret kept in a file, without its last line end.
///
/// # Errors
/// A sentence with the remedy.
pub fn read_secret(file: &Path) -> Result<SecretString, String> {
    let read = read(&file.display().to_string());
    read.map(SecretString::from).map_err(|fault| format!("{}; {}", fault.fault, fault.remedy))
}

fn read(path: &str) -> Result<String, ConfigFault> {
    let unreadable = |reason: String| {
        ConfigFault::new(
            format!("the file {path:?} {reason}"),
            "name a readable text file that holds the secret and nothing else",
        )
    };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| unreadable(format!("cannot be read: {error}")))?;
    file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(|error| unreadable(format!("cannot be read: {error}")))?;
    if bytes.len() as u64 > LONGEST {
        return Err(unreadable(format!("is longer than {LONGEST} bytes")));
    }
    let text = String::from_utf8(bytes).map_err(|_| unreadable("is not text in UTF-8".to_owned()))?;
    // One line end, as every editor and `echo` leave it; a secret may end in spaces.
    let secret = text.strip_suffix('\n').unwrap_or(&text);
    let secret = secret.strip_suffix('\r').unwrap_or(secret);
    if secret.is_empty() { Err(unreadable("is empty".to_owned())) } else { Ok(secret.to_owned()) }
}
