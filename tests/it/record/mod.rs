//! Recording and uploading on real media.

mod changes;
mod codecs;
mod encrypted_server;
mod faults;
mod harness;
mod neighbours;
mod rebuilt;
mod recovery;
mod sessions;
mod source;
mod squeezed;
mod takeovers;
mod timestamp_checks;
mod timestamps;
