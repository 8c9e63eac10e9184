//! Reads arguments, configuration and logging, runs, exits: nothing else.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use log::LevelFilter;
use serde_json::json;
use streamwarden::base::Error;
use streamwarden::cli::{Cli, Command, EXIT_CONFIGURATION, EXIT_FAILURE, Files, Print};
use streamwarden::config::{self, CliOverrides, Complaints, Settings, Sources};
use streamwarden::{app, logging};

/// Why the process ends with another code than 0.
enum Failure {
    /// Nothing was started.
    Configuration(Complaints),
    /// Something failed, or could not be started.
    Other(Error),
    /// What was printed says it all.
    Told(u8),
}

fn main() -> ExitCode {
    // Ends the process by itself for --help (0) and for a command line that cannot be read (2).
    let cli = Cli::parse();
    let done = act(cli);
    log::logger().flush();
    let (text, code) = match done {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Failure::Configuration(complaints)) => (complaints.to_string(), EXIT_CONFIGURATION),
        Err(Failure::Told(code)) => return ExitCode::from(code),
        Err(Failure::Other(error)) => (format!("streamwarden: {error}"), EXIT_FAILURE),
    };
    // With stderr gone the code still tells.
    let _ = writeln!(std::io::stderr(), "{}", text.trim_end());
    ExitCode::from(code)
}

fn act(cli: Cli) -> Result<(), Failure> {
    match cli.command {
        Command::Run(run) => {
            let sources = Sources::of_this_process(cli.files.config.clone(), run.overrides());
            let settings = settings_and_logging(&sources, cli.files.log_config)?;
            let file = sources.file.map_or("none".to_owned(), |file| file.display().to_string());
            let version = env!("CARGO_PKG_VERSION");
            log::info!(version = version, node = settings.node.as_str(), configuration = file.as_str(); "starting");
            app::run(settings).map_err(|error| {
                // Also on stderr in the end: the log may go to a file alone.
                log::error!("{error}");
                Failure::Other(error)
            })
        }
        Command::Check(print) => check(cli.files, print),
        Command::Version(print) => {
            version(print);
            Ok(())
        }
        _ => Err(Failure::Other(Error::internal("not wired up in this build"))),
    }
}

/// Loads the configuration and starts logging as its file says; complains of both at once.
fn settings_and_logging(sources: &Sources, log_config: Option<PathBuf>) -> Result<Settings, Failure> {
    let settings = config::load(sources);
    let log_file = logging::find(log_config, &sources.env);
    if let Err(mut complaints) = settings {
        if let Some(Err(more)) = log_file.map(|file| logging::check(&file)) {
            complaints.0.extend(more.0);
        }
        return Err(Failure::Configuration(complaints));
    }
    match log_file {
        Some(file) => logging::start_from_file(&file).map_err(Failure::Configuration)?,
        None => logging::start_on_console(LevelFilter::Info),
    }
    settings.map_err(Failure::Configuration)
}

/// Prints every complaint, else what it is like to use the configuration.
fn check(files: Files, print: Print) -> Result<(), Failure> {
    let sources = Sources::of_this_process(files.config, CliOverrides::default());
    let log_file = logging::find(files.log_config, &sources.env);
    let log_files = log_file.map_or(Ok(Vec::new()), |file| logging::check(&file));
    let (settings, log_files) = match (config::load(&sources), log_files) {
        (Ok(settings), Ok(log_files)) => (settings, log_files),
        (settings, log_files) => {
            let mut complaints = settings.err().map_or(Vec::new(), |complaints| complaints.0);
            complaints.extend(log_files.err().map_or(Vec::new(), |complaints| complaints.0));
            if !print.json {
                return Err(Failure::Configuration(Complaints(complaints)));
            }
            say(&json!({ "complaints": complaints }).to_string());
            return Err(Failure::Told(EXIT_CONFIGURATION));
        }
    };
    logging::start_on_console(LevelFilter::Warn);
    let report = app::block_on(app::check::run(&settings, &log_files)).map_err(Failure::Other)?;
    if print.json {
        say(&json!(report).to_string());
    } else {
        let file = sources.file.map_or("none, all defaults".to_owned(), |file| file.display().to_string());
        say(&format!("configuration: {file}\n\n{report}"));
    }
    if report.is_fit() { Ok(()) } else { Err(Failure::Told(EXIT_FAILURE)) }
}

fn version(print: Print) {
    let (name, version) = (env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    if print.json {
        say(&json!({ "name": name, "version": version }).to_string());
    } else {
        say(&format!("{name} {version}"));
    }
}

/// Prints what was asked for. A reader that has gone away, as `head` does, is no failure.
fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}
