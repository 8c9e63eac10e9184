//! Recording and uploading on real media.

mod changes;
mod faults;
mod neighbours;
mod recovery;
mod sessions;
mod source;
mod stage;
