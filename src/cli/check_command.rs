//! `streamwarden check`: complaints first, then what it is like to use the configuration.

use log::LevelFilter;
use serde_json::json;

use super::{CommandFailure, EXIT_CONFIGURATION, EXIT_FAILURE, Files, Print, say};
use crate::app::check::Finding;
use crate::config::{self, ConfigComplaints};
use crate::{app, logging};

/// Prints every complaint, else what was found when everything was tried.
///
/// # Errors
/// The complaints, or the code that says that something is not fit.
pub fn run(files: &Files, print: Print) -> Result<(), CommandFailure> {
    let sources = files.sources();
    let log_file = logging::find(files.log_config.clone(), &sources.env);
    let log_files = log_file.map_or(Ok(Vec::new()), |file| logging::check(&file));
    let (settings, log_files) = match (config::load(&sources), log_files) {
        (Ok(settings), Ok(log_files)) => (settings, log_files),
        (settings, log_files) => {
            let mut complaints = settings.err().map_or(Vec::new(), |complaints| complaints.0);
            complaints.extend(log_files.err().map_or(Vec::new(), |complaints| complaints.0));
            if !print.json {
                return Err(CommandFailure::Configuration(ConfigComplaints(complaints)));
            }
            say(&json!({ "complaints": complaints }).to_string())?;
            return Err(CommandFailure::Printed(EXIT_CONFIGURATION));
        }
    };
    // What is wrong stands in the report, with its remedy: a warning before it would say it twice, in words of a program that runs.
    logging::start_on_console(files.log_level.unwrap_or(LevelFilter::Error));
    let mut report = app::block_on(app::check::run(&settings, &log_files)).map_err(CommandFailure::Other)?;
    let unused = config::unused_variables(&sources.env, settings.objects.is_bucket()).into_iter();
    report.findings.extend(unused.map(|one| Finding::note("environment", one.found(), one.remedy)));
    if print.json {
        say(&json!(report).to_string())?;
    } else {
        let file = sources.file.map_or("none, all defaults".to_owned(), |file| file.display().to_string());
        say(&format!("configuration: {file}\n\n{report}"))?;
    }
    if report.is_fit() { Ok(()) } else { Err(CommandFailure::Printed(EXIT_FAILURE)) }
}
