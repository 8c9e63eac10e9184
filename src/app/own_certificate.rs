//! The certificate of our own HTTP: read at the start and by each reload, and left in `data_dir` for commands of this machine,
//! which trust the program there and not whoever has signed it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::Utc;
use tokio::sync::watch;

use crate::adapters::tls::server_certificate::{CurrentCertificate, ServerCertificate};
use crate::base::{Error, Result};
use crate::config::Settings;
use crate::config::settings::{ApiTrust, TlsFiles};

/// What is left in `data_dir`.
const FILE: &str = "http.crt";

/// The certificate in use. Dropped, it takes back what it has left.
pub(super) struct OwnCertificate {
    files: TlsFiles,
    current: watch::Sender<Arc<ServerCertificate>>,
    left: PathBuf,
}

impl OwnCertificate {
    /// Reads it; `None` where HTTP is plain.
    ///
    /// # Errors
    /// `Invalid` naming the key whose file is no good; `Internal` when `data_dir` cannot be written.
    pub(super) fn open(settings: &Settings) -> Result<Option<Self>> {
        let Some(files) = settings.http.tls.clone() else { return Ok(None) };
        let read = ServerCertificate::read(&files)?;
        let current = watch::Sender::new(Arc::new(read));
        let own = Self { files, current, left: settings.data_dir.join(FILE) };
        own.leave()?;
        own.tell("certificate");
        Ok(Some(own))
    }

    /// For the server and for those who ask how we are.
    pub(super) fn subscribe(&self) -> CurrentCertificate {
        self.current.subscribe()
    }

    /// The files that it was read from.
    pub(super) fn files(&self) -> &TlsFiles {
        &self.files
    }

    /// Shows another one from now on.
    ///
    /// # Errors
    /// `Internal` when `data_dir` cannot be written; the one before stays.
    pub(super) fn replace(&self, new: ServerCertificate) -> Result<()> {
        let before = self.current.send_replace(Arc::new(new));
        if before.fingerprint == self.current.borrow().fingerprint {
            return Ok(());
        }
        if let Err(error) = self.leave() {
            self.current.send_replace(before);
            return Err(error);
        }
        self.tell("new certificate");
        Ok(())
    }

    fn leave(&self) -> Result<()> {
        let new = self.left.with_extension("crt.new");
        let text = pem(self.current.borrow().leaf());
        let written = std::fs::write(&new, text).and_then(|()| std::fs::rename(&new, &self.left));
        written.map_err(|error| {
            Error::internal(format!("cannot write {}: {error}", self.left.display())).with_source(error)
        })
    }

    fn tell(&self, what: &str) {
        let current = self.current.borrow();
        log::info!("{what}: {}", current.describe());
        if let Some(trouble) = current.trouble(Utc::now()) {
            log::warn!("{trouble}");
        }
    }
}

impl Drop for OwnCertificate {
    fn drop(&mut self) {
        // Gone already is as good.
        let _ = std::fs::remove_file(&self.left);
    }
}

/// The certificate of the program that runs on this folder and serves over TLS.
pub(super) fn trust(data_dir: &Path) -> ApiTrust {
    ApiTrust::File(data_dir.join(FILE))
}

fn pem(certificate: &[u8]) -> String {
    let text = STANDARD.encode(certificate);
    let lines: Vec<&str> = text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}
