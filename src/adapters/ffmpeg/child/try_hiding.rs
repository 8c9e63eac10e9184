//! Whether this machine lets us hide the arguments of a program.

use std::path::Path;

use super::ProcessLaunch;
use super::argument::Argument;
use super::masked::{MaskedArguments, reason};
use crate::base::{Error, Result};

/// Tries once whether this program's arguments can be hidden. Call it on the main thread, see the module's contract.
///
/// # Errors
/// `Unsupported` with the reason.
pub async fn try_hiding(program: &Path, mark: &str) -> Result<()> {
    let secret = Argument::Secret { real: "-version".into(), shown: "***".to_owned() };
    let launch = ProcessLaunch {
        program: program.to_owned(),
        args: vec![secret],
        mark: mark.to_owned(),
        ..ProcessLaunch::default()
    };
    let hidden = match MaskedArguments::for_arguments(&launch.program, &launch.args) {
        Ok(Some(masked)) => launch.start_masked(&masked),
        Ok(None) => return Ok(()),
        Err(error) => Err(error),
    };
    let mut child = hidden.map_err(|error| {
        let text = format!("arguments of {} cannot be hidden from `ps`: {}", program.display(), reason(&error));
        Error::new(crate::base::ErrorKind::Unsupported, text).with_source(error)
    })?;
    // It is killed with its handle if this takes too long for somebody; it prints a page and ends.
    drop((child.stdout.take(), child.stderr.take()));
    let _ = child.wait().await;
    Ok(())
}
