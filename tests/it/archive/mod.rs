//! Segments in a bucket: the store alone, and the program with one.

mod bucket_duplicates;
mod bucket_faults;
mod bucket_identity;
mod bucket_program;
mod bucket_store;
mod reconcile;
