//! Reads arguments, configuration and logging, runs, exits: nothing else.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use log::LevelFilter;
use streamwarden::adapters::ffmpeg::child::{leave_no_core_file, raise_descriptor_limit};
use streamwarden::app::Origins;
use streamwarden::cli::{
    Cli, CliCommand, CommandFailure, camera_commands, check_command, configuration, doctor_command, folder_commands,
    health_command, incident_commands, login_commands, manual, meant, note, notify_commands, printed,
    recording_commands, status_command, test_stream_command, version_command,
};
use streamwarden::config::{self, Settings, Sources};
use streamwarden::{app, logging};

/// Code of a command line that cannot be read.
const EXIT_USAGE: u8 = 2;

#[allow(clippy::print_stderr, reason = "the log is not there yet")]
fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(told) => return tell(&told),
    };
    if let Err(error) = leave_no_core_file() {
        eprintln!("streamwarden: a crash would leave a core file with passwords in it: {error}");
    }
    if let Err(error) = raise_descriptor_limit() {
        eprintln!("streamwarden: the limit of open files stays as it is: {error}");
    }
    let done = {
        let _until_written = logging::UntilWritten;
        act(cli)
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => ExitCode::from(failure.tell()),
    }
}

/// What was asked for by --help and --version, or what is wrong with the command line.
fn tell(told: &clap::Error) -> ExitCode {
    let shown = printed(told.print());
    if told.use_stderr() {
        if let Some(meant) = meant(told) {
            note(&format!("\n  tip: did you mean '{meant}'?"));
        }
        return ExitCode::from(EXIT_USAGE);
    }
    shown.map_or_else(|failure| ExitCode::from(failure.tell()), |()| ExitCode::SUCCESS)
}

fn act(cli: Cli) -> Result<(), CommandFailure> {
    let files = cli.files;
    if let Some(level) = files.log_level {
        logging::set_level(level);
    }
    match cli.command {
        CliCommand::Run(run) => {
            let origins =
                Origins { overrides: run.overrides(&files), config: files.config, log_config: files.log_config };
            let sources = origins.sources();
            let settings = settings_and_logging(&sources, origins.log_file(&sources))?;
            let file = sources.file.map_or("none".to_owned(), |file| file.display().to_string());
            log::info!(
                version = version_command::SHORT, node = settings.node.as_str(), configuration = file.as_str();
                "starting"
            );
            for unused in config::unused_variables(&sources.env, settings.objects.is_bucket()) {
                log::warn!("{}: {}", unused.found(), unused.remedy);
            }
            app::run(settings, &origins).map_err(|error| {
                // Also on stderr in the end: the log may go to a file alone.
                log::error!("{error}");
                CommandFailure::of_start(error)
            })
        }
        #[cfg(feature = "demo")]
        CliCommand::Demo(demo) => {
            logging::start_on_console(LevelFilter::Info);
            let options = app::demo::DemoOptions {
                listen: demo.listen,
                cameras: demo.cameras,
                keep: demo.keep,
                login: demo.login,
                cameras_only: demo.cameras_only,
            };
            app::demo::run(&options).map_err(CommandFailure::Other)
        }
        CliCommand::Check(print) => check_command::run(&files, print),
        CliCommand::Cameras(options) => camera_commands::run(&files, options),
        CliCommand::AcceptFolder(options) => folder_commands::run(&files, &options),
        CliCommand::User(command) => login_commands::user(&files, command),
        CliCommand::Token(command) => login_commands::token(&files, command),
        CliCommand::Incidents(command) => incident_commands::incidents(&files, command),
        CliCommand::Notify(command) => notify_commands::notify(&files, command),
        CliCommand::Maintenance(command) => incident_commands::maintenance(&files, command),
        CliCommand::Recordings(command) => recording_commands::run(&files, command),
        CliCommand::Audit(command) => login_commands::audit(&files, command),
        CliCommand::Status(target) => status_command::run(&files, target),
        CliCommand::Doctor(print) => doctor_command::run(&files, print),
        CliCommand::Health(options) => health_command::run(&files, &options),
        CliCommand::TestStream(options) => test_stream_command::run(&files, options),
        CliCommand::Config(print) => configuration::run(&files, print),
        CliCommand::Completions(options) => manual::completions(options),
        CliCommand::Man(options) => manual::man(&options),
        CliCommand::Version(print) => version_command::run(print),
    }
}

/// Loads the configuration and starts logging as its file says; complains of both at once.
fn settings_and_logging(sources: &Sources, log_file: Option<PathBuf>) -> Result<Settings, CommandFailure> {
    let settings = config::load(sources);
    if let Err(mut complaints) = settings {
        if let Some(Err(more)) = log_file.map(|file| logging::check(&file)) {
            complaints.0.extend(more.0);
        }
        return Err(CommandFailure::Configuration(complaints));
    }
    match log_file {
        Some(file) => logging::start_from_file(&file).map_err(CommandFailure::Configuration)?,
        None => logging::start_on_console(LevelFilter::Info),
    }
    settings.map_err(CommandFailure::Configuration)
}
