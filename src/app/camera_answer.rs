//! What is answered about cameras by the running program and by the table alike.

use crate::base::Error;

/// A change of the table that is blocked until somebody confirms it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockedChangeNotice {
    /// Another one has another.
    pub id: String,
    /// What it would do, and how it is confirmed.
    pub words: String,
}

/// How it is said that there is none, by the running program and here.
pub const NO_CAMERA: &str = "there is no camera ";

/// There is none of this name or id.
pub fn no_camera(camera: &str) -> Error {
    let shown: String = camera.chars().take(60).collect();
    Error::not_found(format!("{NO_CAMERA}{shown:?}; `streamwarden cameras list` names them all"))
}
