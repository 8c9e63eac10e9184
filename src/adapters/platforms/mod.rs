//! Platforms that streams are sent to, a folder each behind [`Platform`]. Only looked at: nothing is changed there.
//!
//! Another platform is a folder here, a word in `config/check/health_platforms`, and a line in [`open`].
//!
//! Never here: when something is told, and how often is asked (`domain/platform`). Tokens go into one header and nowhere else; stream keys
//! and addresses of ingest servers are not read at all.

mod platform;
mod vimeo;

use crate::base::{Error, Result};
use crate::config::settings::PlatformSettings;
pub use platform::{Platform, TokenFacts};

/// The platform of these settings; asks nobody yet.
///
/// # Errors
/// `Internal` when no client can be made, or for a kind that is not known.
pub fn open(settings: &PlatformSettings) -> Result<Box<dyn Platform>> {
    match settings.kind.as_str() {
        "vimeo" => Ok(Box::new(vimeo::Vimeo::new(settings)?)),
        other => Err(Error::internal(format!("the platform {other} is not known"))),
    }
}
