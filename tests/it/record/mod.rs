//! Recording and uploading on real media.

mod faults;
mod recovery;
mod sessions;
mod source;
mod stage;
