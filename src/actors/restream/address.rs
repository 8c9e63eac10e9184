//! Whether a camera may be connected to, looked at for each start and each probe; and before a start, whether the server that it
//! is published to is the right one, where that has to prove it (`rtsps://`).

use std::sync::Arc;

use super::setup::RestreamSetup;
use crate::adapters::mediamtx::rtsp_connection::check_server;
use crate::adapters::resolve::{self, CheckedAddress};
use crate::base::{Error, ErrorKind};
use crate::domain::camera::CameraSource;
use crate::domain::probe::{FaultKind, ProbeFault};

/// Whether a camera may be connected to, by its address at this moment, and published.
///
/// # Errors
/// Why not, and what lets it in.
pub(super) async fn check_address(
    setup: Arc<RestreamSetup>,
    source: Box<CameraSource>,
) -> Result<CheckedAddress, ProbeFault> {
    let checked = resolve::check_address(&setup.reach, &source).await.map_err(|error| address_fault(&error))?;
    let server = check_server(&setup.place).await;
    server.map_err(|error| ProbeFault::new(FaultKind::PublishRefused, error.message().to_owned()))?;
    Ok(checked)
}

/// Why a camera is not connected to.
pub(super) fn address_fault(error: &Error) -> ProbeFault {
    let kind = if error.kind() == ErrorKind::Timeout { FaultKind::NameNotResolved } else { FaultKind::NoRoute };
    ProbeFault::new(kind, error.message().to_owned())
}
