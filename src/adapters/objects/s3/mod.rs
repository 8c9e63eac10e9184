//! Objects in a bucket of an S3-compatible server, by rust-s3.
//!
//! ```text
//! <bucket>/.streamwarden.json    whose bucket it is (`adapters::folder::identity`)
//! <bucket>/<key>                 as the folder has it: <stream>/<YYYY-MM-DD>/<YYYYMMDD_HHMMSS>/segment_000.mp4
//! ```
//!
//! A segment is put under a condition (`If-None-Match: *`), so that nothing that is there is ever overwritten; where something
//! is there already it counts as stored when it is the same bytes. It is looked at again before it counts as stored. Large ones go
//! in parts of 8 MiB, two at a time; what fails leaves nothing visible. An upload goes on for as long as bytes move (`s3_upload`). Nothing is asked for that the stores of other makers
//! refuse: no checksum trailers, no `Expect`, no object lock.

mod probe;
mod s3_fault;
mod s3_identity;
mod s3_store;
mod s3_upload;
mod sweep;

pub use s3_store::S3Store;
