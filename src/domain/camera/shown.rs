//! What of a row may be shown.

use super::row::CameraRow;
use super::source;

impl CameraRow {
    /// Host of the source as far as the row tells it, for display.
    pub fn shown_host(&self) -> Option<String> {
        source::host_of(self)
    }

    /// Its column `host`; `***` where that may hold a password, for display.
    pub fn shown_host_column(&self) -> Option<String> {
        source::host_column_of(self)
    }

    /// Its own URL without credentials, which are `***`, for display.
    pub fn shown_url(&self) -> Option<String> {
        source::url_of(self)
    }
}
