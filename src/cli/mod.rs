//! The command line: what may be typed, how commands print, and which exit code they end with.
//!
//! What commands do is done by `app`. Called by `main`.

pub mod cameras;
pub mod check;
pub mod folders;
pub mod kinds;
mod list;
pub mod plan;
mod probe;
pub mod runs;
pub mod sheet;

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::base::Error;
use crate::config::{CliOverrides, Complaints};

/// Something failed: a service, the machine, or what was asked for.
pub const EXIT_FAILURE: u8 = 1;

/// The configuration or the command line is wrong; nothing was started.
pub const EXIT_CONFIGURATION: u8 = 2;

/// Why a command ends with another code than 0.
#[derive(Debug)]
pub enum Failure {
    /// The configuration is wrong; nothing was started.
    Configuration(Complaints),
    /// Something failed, or could not be started.
    Other(Error),
    /// What was printed says it all.
    Told(u8),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

impl Failure {
    /// Says what there is to say on standard error and returns the exit code.
    pub fn tell(&self) -> u8 {
        let (text, code) = match self {
            Self::Configuration(complaints) => (complaints.to_string(), EXIT_CONFIGURATION),
            Self::Other(error) => (format!("streamwarden: {error}"), EXIT_FAILURE),
            Self::Told(code) => return *code,
        };
        // With stderr gone the code still tells.
        let _ = writeln!(std::io::stderr(), "{}", text.trim_end());
        code
    }
}

/// Prints what was asked for. A reader that has gone away, as `head` does, is no failure.
pub fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

const EXIT_CODES: &str = "\
Exit codes: 0 done; 1 failed, or `check` found a service that is not fit; 2 the configuration or the command line is
wrong and nothing was started.";

/// Keeps live video flowing through MediaMTX servers: pulls cameras in, watches every stream, records them.
#[derive(Debug, Parser)]
#[command(name = "streamwarden", version, after_help = EXIT_CODES, arg_required_else_help = true)]
pub struct Cli {
    /// Files that every command takes.
    #[command(flatten)]
    pub files: Files,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Files that every command takes.
#[derive(Debug, Default, Args)]
pub struct Files {
    /// Configuration [else: STREAMWARDEN_CONFIG, ./etc/streamwarden.toml, /etc/streamwarden/streamwarden.toml]
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// Logging [else: STREAMWARDEN_LOG_CONFIG, ./etc/log4rs.yaml, /etc/streamwarden/log4rs.yaml]
    #[arg(long, value_name = "FILE", global = true)]
    pub log_config: Option<PathBuf>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the roles of the configuration until stopped.
    Run(Run),
    /// Say everything that is wrong with the configuration, then try every service it names.
    Check(Print),
    /// Run everything with built-in cameras and no service at all.
    #[cfg(feature = "demo")]
    Demo(Demo),
    /// List and change cameras.
    Cameras {
        /// What to do with them.
        #[command(subcommand)]
        command: cameras::Command,
    },
    /// Let a folder take the place of the spool or object folder that this node had and that is gone for good.
    AcceptFolder(folders::AcceptFolder),
    /// Print the version.
    Version(Print),
}

/// Options of `run`.
#[derive(Debug, Default, Args)]
pub struct Run {
    /// Roles to run, separated by commas: monitor, restream, record [default: all]
    #[arg(long, value_name = "A,B")]
    pub roles: Option<String>,
    /// Where the dashboard listens; loopback only [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR:PORT")]
    pub listen: Option<String>,
    /// Older name of the key database.url.
    #[arg(long, value_name = "URL", alias = "pg_dsn", hide = true)]
    pub pg_dsn: Option<String>,
}

impl Run {
    /// The keys of the configuration that these options set.
    pub fn overrides(&self) -> CliOverrides {
        CliOverrides { roles: self.roles.clone(), listen: self.listen.clone(), database_url: self.pg_dsn.clone() }
    }
}

/// Options of `demo`.
#[cfg(feature = "demo")]
#[derive(Debug, Args)]
pub struct Demo {
    /// Where the dashboard listens; loopback only.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8080")]
    pub listen: String,
    /// How many cameras.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=20))]
    pub cameras: u16,
    /// Keep database and recordings in this folder instead of a temporary one.
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
}

/// How data is printed.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct Print {
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn options_become_overrides_of_the_configuration() {
        let overrides = |line: &str| {
            let cli = Cli::try_parse_from(line.split(' ')).expect(line);
            let Command::Run(run) = cli.command else { panic!("{line} is a run") };
            (cli.files.config, run.overrides())
        };
        let (config, all) = overrides("streamwarden run --config x.toml --roles monitor,record --listen 127.0.0.1:1");
        assert_eq!(config, Some(PathBuf::from("x.toml")));
        assert_eq!((all.roles.as_deref(), all.listen.as_deref()), (Some("monitor,record"), Some("127.0.0.1:1")));
        let (config, none) = overrides("streamwarden --config x.toml run");
        assert_eq!((config, none), (Some(PathBuf::from("x.toml")), CliOverrides::default()));
        for spelling in ["--pg-dsn", "--pg_dsn"] {
            let (_, older) = overrides(&format!("streamwarden run {spelling} sqlite:x"));
            assert_eq!(older.database_url.as_deref(), Some("sqlite:x"));
        }
    }
}
