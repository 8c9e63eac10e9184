//! All layers over one another: defaults < file < command line < environment.

use super::complaint::Complaint;
use super::raw::Raw;
use super::sources::Sources;
use super::{aliases, environment, file, secrets, service};

/// All layers in one table, what is wrong so far, and whether the file could be read.
pub(super) fn read(sources: &Sources) -> (Raw, Vec<Complaint>, bool) {
    let mut raw = Raw::default();
    let mut complaints = Vec::new();
    let env = service::without_missing_credentials(&sources.env);
    service::lay_under(&env, sources.file.as_deref(), &mut raw, &mut complaints);
    let readable = match &sources.file {
        Some(path) => file::read(path, &mut raw, &mut complaints),
        None => true,
    };
    sources.cli.lay_over(&mut raw, &mut complaints);
    aliases::lay_over(&env, &mut raw, &mut complaints);
    environment::lay_over(&env, &mut raw, &mut complaints);
    secrets::resolve(&mut raw, &mut complaints);
    (raw, complaints, readable)
}
