//! What systemd hands over with a unit: a folder of our own, and secrets as files.

use std::collections::BTreeMap;
use std::path::Path;

use super::complaint::Complaint;
use super::raw::{Raw, RawEntry, RawValue, ValueOrigin};

/// Folder of `StateDirectory=`. With several of them separated by colons the first is meant.
const STATE: &str = "STATE_DIRECTORY";
/// Folder with the files of `LoadCredential=`.
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// Where the configuration of the installed service is, and the state folder of `streamwarden.service`.
const INSTALLED: (&str, &str) = ("/etc/streamwarden", "/var/lib/streamwarden");

/// The unit's state folder is the default of `data_dir`, also for whoever works beside the service with its configuration:
/// every other layer wins over it.
pub(super) fn lay_under(
    env: &BTreeMap<String, String>,
    file: Option<&Path>,
    raw: &mut Raw,
    complaints: &mut Vec<Complaint>,
) {
    let folder = env.get(STATE).and_then(|folders| folders.split(':').next()).filter(|folder| !folder.is_empty());
    let is_installed = file.and_then(Path::parent) == Some(Path::new(INSTALLED.0));
    let (folder, origin) = match folder {
        Some(folder) => (folder, ValueOrigin::Service(STATE)),
        None if is_installed => (INSTALLED.1, ValueOrigin::Installed(INSTALLED.0)),
        None => return,
    };
    let entry = RawEntry { value: RawValue::Text(folder.to_owned()), origin, in_file: false };
    raw.put("data_dir".to_owned(), entry, complaints);
}

/// The environment without `..._FILE` variables that name a credential which was not handed over: a unit offers all
/// that a site may have, and systemd skips those it has not. Any other file that is missing stays a fault.
pub(super) fn without_missing_credentials(env: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut env = env.clone();
    if let Some(folder) = env.get(CREDENTIALS).cloned().filter(|folder| !folder.is_empty()) {
        env.retain(|name, value| {
            let path = Path::new(value);
            !name.ends_with("_FILE") || path.parent() != Some(Path::new(&folder)) || !is_missing(path)
        });
    }
    env
}

/// Whether nothing of this name is there. A file that cannot be looked at is there: reading it will say what is wrong.
fn is_missing(path: &Path) -> bool {
    path.symlink_metadata().is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn only_credentials_that_were_not_handed_over_count_as_not_set() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name).display().to_string();
        std::fs::write(path("here"), "x").expect("a file");
        // Neither can be read, whoever tries.
        std::os::unix::fs::symlink("nowhere", path("dangling")).expect("a link");
        std::os::unix::fs::symlink("loop", path("loop")).expect("a link");
        let (dangling, looped) = (path("dangling"), path("loop"));
        let (here, gone, below) = (path("here"), path("gone"), path("sub/gone"));
        let all = [
            ("CREDENTIALS_DIRECTORY", folder.path().to_str().expect("a path")),
            ("A_FILE", here.as_str()),
            ("B_FILE", gone.as_str()),
            ("C_FILE", below.as_str()),
            ("D_FILE", "/nowhere/gone"),
            ("E", gone.as_str()),
            ("F_FILE", dangling.as_str()),
            ("G_FILE", looped.as_str()),
        ];
        let left: Vec<_> = without_missing_credentials(&env(&all)).into_keys().collect();
        assert_eq!(left, ["A_FILE", "CREDENTIALS_DIRECTORY", "C_FILE", "D_FILE", "E", "F_FILE", "G_FILE"]);
        assert_eq!(without_missing_credentials(&env(&all[1..])).len(), 7, "no unit, no exception");
    }

    #[test]
    fn the_first_state_folder_is_the_default_of_data_dir() {
        let service = "/etc/streamwarden/streamwarden.toml";
        for (value, file, wanted) in [
            ("/var/lib/a", "etc/streamwarden.toml", Some("/var/lib/a")),
            ("/a:/b", service, Some("/a")),
            ("", "etc/streamwarden.toml", None),
            ("", "/etc/streamwarden.toml", None),
            // Somebody beside the service, with its configuration.
            ("", service, Some("/var/lib/streamwarden")),
        ] {
            let (mut raw, mut complaints) = (Raw::default(), Vec::new());
            lay_under(&env(&[("STATE_DIRECTORY", value)]), Some(Path::new(file)), &mut raw, &mut complaints);
            let folder = raw.get("data_dir").map(|entry| match &entry.value {
                RawValue::Text(text) => text.as_str(),
                _ => "not text",
            });
            assert_eq!(folder, wanted);
        }
    }
}
