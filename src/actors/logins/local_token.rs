//! The token for commands on this machine.

use std::os::unix::fs::OpenOptionsExt;

use secrecy::{ExposeSecret, SecretString};

/// In `data_dir`: a token for commands on this machine, made anew by each start; for our own user only.
pub const LOCAL_TOKEN: &str = "local.token";

pub(super) fn write(data_dir: &std::path::Path, secret: &SecretString) -> std::io::Result<()> {
    use std::io::Write;
    let (path, new) = (data_dir.join(LOCAL_TOKEN), data_dir.join(format!("{LOCAL_TOKEN}.new")));
    // One that was left behind may be readable by others.
    let _ = std::fs::remove_file(&new);
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    file.write_all(secret.expose_secret().as_bytes())?;
    std::fs::rename(new, path)
}
