//! `streamwarden test-stream`: publishes a test picture.

use clap::Args;
use log::LevelFilter;

use super::{CommandFailure, Files, note};
use crate::app::test_stream::TestStream;
use crate::base::Error;
use crate::config::parse_duration;
use crate::domain::name::StreamName;
use crate::{app, logging};

/// Options of `test-stream`.
#[derive(Clone, Debug, Args)]
pub struct TestStreamOptions {
    /// Path to publish to, as in `test` or `studio/test`; nothing may be published there yet
    pub name: String,
    /// Name of the server in the configuration [default: the first]
    #[arg(long, value_name = "NAME")]
    pub server: Option<String>,
    /// How long, as in 30s or 10m [default: until Ctrl-C]
    #[arg(long = "for", value_name = "DURATION")]
    pub length: Option<String>,
    /// The picture alone, without the tone
    #[arg(long)]
    pub no_sound: bool,
}

/// Publishes it.
///
/// # Errors
/// When the name or the server does not fit, when something is published there already, and when publishing ends by itself.
pub fn run(files: &Files, options: TestStreamOptions) -> Result<(), CommandFailure> {
    logging::start_on_console(files.log_level.unwrap_or(LevelFilter::Warn));
    let wrong = |field: &str, error: String| CommandFailure::Usage(Error::invalid(field, error));
    let name: StreamName = StreamName::parse(&options.name).map_err(|error| wrong("NAME", error.to_string()))?;
    let length = options.length.as_deref().map(parse_duration).transpose().map_err(|error| wrong("--for", error))?;
    let stream = TestStream { name, server: options.server, sound: !options.no_sound, length };
    let settings = files.settings()?;
    let begun = |place: &str| note(&format!("publishing a test picture to {place}; Ctrl-C ends it"));
    app::block_on(stream.publish(&settings, begun))?.map_err(CommandFailure::of_arguments)
}
