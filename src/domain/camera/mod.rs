//! Cameras: rows of the `cameras` table, what a valid one is, and how its source URL comes about.
//!
//! [`CameraRow`] is what the database gives, [`CameraSource`] what a valid one comes to, [`CameraEdit`] what people send,
//! [`CameraStatus`] what everybody sees. Passwords are in the first three and never in the last.

mod delivery;
mod destination;
mod down;
mod edit;
mod named;
mod password;
mod reach;
mod row;
mod camera_settings;
pub mod sheet;
mod shown;
mod source;
mod camera_status;
mod template;
mod url;
mod words;
mod writable;

pub use delivery::undelivered;
pub use down::DownSince;
pub use edit::{check_edit, draft};
pub use named::{is_id, is_named};
pub use password::check_kind_change;
pub use reach::Reach;
pub use row::{CameraRow, LONGEST_LABEL};
pub use camera_settings::CameraSettings;
pub use source::{CameraSource, Kinds};
pub use camera_status::{CameraState, CameraStatus, SoundState, title};
pub use template::{check_kind, check_template, check_unused};
pub use words::{AudioPolicy, Scheme, Transport};
pub use writable::CameraEdit;
