//! `streamwarden cameras import` and `export`: all cameras as CSV.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::whom::{Whom, tell_blocked};
use super::{ApiTarget, CommandFailure, EXIT_FAILURE, Print, printable, say};
use crate::base::{Error, Result};
use crate::domain::camera::sheet::ImportReport;

/// Largest file; as over the API.
const LARGEST: u64 = 8_000_000;

/// Options of `cameras import`.
#[derive(Clone, Debug, Args)]
pub struct Import {
    /// CSV file whose first line names the columns; - reads standard input.
    file: PathBuf,
    /// Say what would happen and write nothing.
    #[arg(long)]
    dry_run: bool,
    /// How and whom to tell.
    #[command(flatten)]
    pub(super) target: ApiTarget,
}

/// Writes the file's cameras, all or none.
///
/// # Errors
/// When the file (exit code 2) or the database cannot be read; faults of the file are printed and make the exit code 1, and a
/// change that is blocked makes it 3.
pub(super) async fn import(whom: &Whom<'_>, options: &Import) -> Result<(), CommandFailure> {
    let file = read(&options.file).map_err(CommandFailure::of_arguments)?;
    let cameras = whom.cameras().await?;
    let before = cameras.blocked().await?;
    let report = cameras.import(file, options.dry_run).await?;
    say(&if options.target.print.json { json!(report).to_string() } else { words(&report, options.dry_run) })?;
    match report.is_refused() {
        true => Err(CommandFailure::Printed(EXIT_FAILURE)),
        false if options.dry_run => Ok(()),
        false => tell_blocked(&cameras, before).await,
    }
}

/// Prints all cameras as CSV, or as JSON.
///
/// # Errors
/// When the database cannot be read.
pub(super) async fn export(whom: &Whom<'_>, print: Print) -> Result<(), CommandFailure> {
    let cameras = whom.cameras().await?;
    if !print.json {
        return say(cameras.export().await?.trim_end_matches('\n'));
    }
    let items: Vec<_> = cameras.list().await?.into_iter().filter_map(|one| one.settings).collect();
    say(&json!({ "items": items, "next": null }).to_string())
}

fn read(path: &Path) -> Result<Vec<u8>> {
    let path = if path == Path::new("-") { Path::new("/dev/stdin") } else { path };
    let fault = |text: String| Error::invalid(path.display().to_string(), text);
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(|error| fault(format!("cannot be read: {error}")))?;
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| fault(format!("cannot be read: {error}")))?;
    if bytes.len() as u64 > LARGEST {
        return Err(fault("is larger than 8 MB; split it".to_owned()));
    }
    Ok(bytes)
}

fn words(report: &ImportReport, dry: bool) -> String {
    if report.is_refused() {
        let lines = report.faults.iter().map(|fault| {
            let field = fault.field.as_deref().map(|field| format!(", {field}")).unwrap_or_default();
            printable(&format!("line {}{field}: {}", fault.line, fault.message))
        });
        return lines.chain(["nothing was written".to_owned()]).collect::<Vec<_>>().join("\n");
    }
    let ImportReport { added, changed, unchanged, .. } = report;
    let head = if dry { "would be " } else { "" };
    format!("{head}added {added}, changed {changed}, unchanged {unchanged}")
}
