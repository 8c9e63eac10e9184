//! `streamwarden completions` and `man`: made from the command line as it is.

use std::io::Write;

use clap::CommandFactory;

use super::manual_options::{Completions, Man};
use super::{Cli, CommandFailure, printed};
use crate::base::Error;

/// Name of the program, whatever its file is called.
const NAME: &str = "streamwarden";

/// Prints the completions.
///
/// # Errors
/// When they cannot be printed.
pub fn completions(options: Completions) -> Result<(), CommandFailure> {
    let mut text = Vec::new();
    clap_complete::generate(options.shell, &mut Cli::command(), NAME, &mut text);
    print(&text)
}

/// Prints the page, or writes all of them.
///
/// # Errors
/// When they cannot be printed or written.
pub fn man(options: &Man) -> Result<(), CommandFailure> {
    let fault =
        |error: std::io::Error| Error::internal(format!("the page cannot be written: {error}")).with_source(error);
    let Some(folder) = &options.folder else {
        let mut text = Vec::new();
        clap_mangen::Man::new(Cli::command()).render(&mut text).map_err(fault)?;
        return print(&text);
    };
    std::fs::create_dir_all(folder).map_err(fault)?;
    Ok(clap_mangen::generate_to(Cli::command(), folder).map_err(fault)?)
}

fn print(text: &[u8]) -> Result<(), CommandFailure> {
    let mut out = std::io::stdout().lock();
    printed(out.write_all(text).and_then(|()| out.flush()))
}
