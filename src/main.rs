//! Reads arguments, configuration and logging, runs, exits: nothing else.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use log::LevelFilter;
use serde_json::json;
use streamwarden::adapters::ffmpeg::child::leave_no_core_file;
use streamwarden::app::Origins;
use streamwarden::cli::{Cli, Command, Failure, Files, Print, cameras, check, folders, say};
use streamwarden::config::{self, CliOverrides, Settings, Sources};
use streamwarden::{app, logging};

fn main() -> ExitCode {
    // Ends the process by itself for --help (0) and for a command line that cannot be read (2).
    let cli = Cli::parse();
    if let Err(error) = leave_no_core_file() {
        eprintln!("streamwarden: a crash would leave a core file with passwords in it: {error}");
    }
    let done = act(cli);
    log::logger().flush();
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => ExitCode::from(failure.tell()),
    }
}

fn act(cli: Cli) -> Result<(), Failure> {
    match cli.command {
        Command::Run(run) => {
            let Files { config, log_config } = cli.files;
            let origins = Origins { config, overrides: run.overrides(), log_config };
            let sources = origins.sources();
            let settings = settings_and_logging(&sources, origins.log_file(&sources))?;
            let file = sources.file.map_or("none".to_owned(), |file| file.display().to_string());
            let version = env!("CARGO_PKG_VERSION");
            log::info!(version = version, node = settings.node.as_str(), configuration = file.as_str(); "starting");
            app::run(settings, &origins).map_err(|error| {
                // Also on stderr in the end: the log may go to a file alone.
                log::error!("{error}");
                Failure::Other(error)
            })
        }
        #[cfg(feature = "demo")]
        Command::Demo(demo) => {
            logging::start_on_console(LevelFilter::Info);
            let options = app::demo::Options { listen: demo.listen, cameras: demo.cameras, keep: demo.keep };
            app::demo::run(&options).map_err(Failure::Other)
        }
        Command::Check(print) => check::run(cli.files, print),
        Command::Cameras { command } => cameras::run(cli.files, command),
        Command::AcceptFolder(options) => {
            logging::start_on_console(LevelFilter::Warn);
            let sources = Sources::of_this_process(cli.files.config, CliOverrides::default());
            folders::accept(&config::load(&sources).map_err(Failure::Configuration)?, &options)
        }
        Command::Version(print) => {
            version(print);
            Ok(())
        }
    }
}

/// Loads the configuration and starts logging as its file says; complains of both at once.
fn settings_and_logging(sources: &Sources, log_file: Option<PathBuf>) -> Result<Settings, Failure> {
    let settings = config::load(sources);
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

fn version(print: Print) {
    let (name, version) = (env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    if print.json {
        say(&json!({ "name": name, "version": version }).to_string());
    } else {
        say(&format!("{name} {version}"));
    }
}
