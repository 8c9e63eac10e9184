//! Every file of `tests/fixtures/situations` is a situation with what is expected of it.

mod situation_file;
mod situations;
