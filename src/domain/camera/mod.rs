//! Cameras: rows of the `cameras` table, what a valid one is, and how its source URL comes about.
//!
//! [`CameraRow`] is what the database gives, [`CameraSource`] what a valid one comes to, [`CameraEdit`] what people send,
//! [`CameraStatus`] what everybody sees. Passwords are in the first three and never in the last.

mod camera_settings;
mod camera_status;
mod delivery;
mod destination;
mod down;
mod edit;
mod hidden_key;
mod named;
mod own_output;
mod password;
mod reach;
mod row;
pub mod sheet;
mod shown;
mod source;
mod template;
mod words;
mod writable;

pub use camera_settings::CameraSettings;
pub use camera_status::{CameraState, CameraStatus, SoundState, title};
pub use delivery::undelivered;
pub use down::DownSince;
pub use edit::{check_edit, draft};
pub use named::{is_id, is_named};
pub use own_output::OwnOutput;
pub use password::check_kind_change;
pub use reach::Reach;
pub use row::{CameraRow, LONGEST_LABEL};
pub use source::{CameraSource, Kinds};
pub use template::{check_kind, check_template, check_unused};
pub use words::{AudioPolicy, Transport};

pub use crate::base::source_url::Scheme;
pub use writable::CameraEdit;
