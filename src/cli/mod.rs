//! The command line: what may be typed, how commands print, and which exit code they end with.
//!
//! What commands do is done by `app`. Called by `main`.

pub mod cameras;
pub mod check;
pub mod configuration;
pub mod fields;
pub mod files;
pub mod folders;
pub mod kinds;
mod list;
pub mod manual;
pub mod plan;
mod probe;
pub mod runs;
pub mod sheet;
pub mod status;
pub mod version;
pub mod wait;

use std::io::{ErrorKind, Write};
use std::sync::mpsc;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::base::{Error, Kind};
use crate::config::{CliOverrides, Complaints};
pub use files::Files;

/// Something failed: a service, the machine, or what was asked for.
pub const EXIT_FAILURE: u8 = 1;

/// The configuration or the command line is wrong; nothing was started.
pub const EXIT_CONFIGURATION: u8 = 2;

/// It was written to the table, and the running program holds it until somebody confirms it.
pub const EXIT_HELD: u8 = 3;

/// Nobody is waited for longer than this to take what is written to standard error.
const NOTE_WITHIN: Duration = Duration::from_secs(2);

/// Why a command ends with another code than 0.
#[derive(Debug)]
pub enum CommandFailure {
    /// The configuration is wrong; nothing was started.
    Configuration(Complaints),
    /// The configuration or the command line does not fit what is there; nothing was done.
    Usage(Error),
    /// Something failed, or could not be started.
    Other(Error),
    /// What was printed says it all.
    Told(u8),
}

impl From<Error> for CommandFailure {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

impl CommandFailure {
    /// A start that came to nothing: by the configuration's fault when a key of it is named.
    pub fn of_start(error: Error) -> Self {
        let key = error.field().filter(|_| error.kind() == Kind::Invalid);
        let is_key = |field: &str| field.contains('.') || crate::config::key_names().any(|key| key == field);
        if key.is_some_and(is_key) { Self::Usage(error) } else { Self::Other(error) }
    }

    /// The running program is on another database than this command would use: a fault of the configuration, and nothing
    /// was done.
    pub fn of_place(error: Error) -> Self {
        if error.kind() == Kind::Conflict { Self::Usage(error) } else { Self::Other(error) }
    }

    /// What was typed is not what it should be, and nothing was done; anything else that fails is no fault of the line.
    pub fn of_arguments(error: Error) -> Self {
        if error.kind() == Kind::Invalid { Self::Usage(error) } else { Self::Other(error) }
    }

    /// Says what there is to say on standard error and returns the exit code.
    pub fn tell(&self) -> u8 {
        let (text, code) = match self {
            Self::Configuration(complaints) => (complaints.to_string(), EXIT_CONFIGURATION),
            Self::Usage(error) => (format!("streamwarden: {error}"), EXIT_CONFIGURATION),
            Self::Other(error) => (format!("streamwarden: {error}"), EXIT_FAILURE),
            Self::Told(code) => return *code,
        };
        note(&text);
        code
    }
}

/// Says something beside what was asked for, on standard error. With that gone, or with a reader that takes nothing, the exit
/// code still tells.
pub fn note(text: &str) {
    let (done, written) = mpsc::channel();
    let text = text.trim_end().to_owned();
    let write = move || {
        let _ = writeln!(std::io::stderr(), "{text}");
        let _ = done.send(());
    };
    // A machine that gives us no thread drops the text, and with it the sender.
    let _thread = std::thread::Builder::new().spawn(write);
    let _ = written.recv_timeout(NOTE_WITHIN);
}

/// Prints what was asked for. A reader that has gone away, as `head` does, is no failure.
///
/// # Errors
/// When it could not be written, as to a full disk.
pub fn say(text: &str) -> Result<(), CommandFailure> {
    let mut out = std::io::stdout().lock();
    printed(out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush()))
}

/// Judges how printing ended.
///
/// # Errors
/// When it could not be written, as to a full disk.
pub fn printed(written: std::io::Result<()>) -> Result<(), CommandFailure> {
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Error::internal(format!("standard output cannot be written: {error}")).with_source(error).into())
        }
        _ => Ok(()),
    }
}

/// The command that was meant by one that nobody knows; clap itself does not see letters that changed places.
pub fn meant(told: &clap::Error) -> Option<String> {
    use clap::error::{ContextKind, ContextValue};
    let Some(ContextValue::String(typed)) = told.get(ContextKind::InvalidSubcommand) else { return None };
    if told.get(ContextKind::SuggestedSubcommand).is_some() {
        return None;
    }
    let cli = <Cli as clap::CommandFactory>::command();
    let cameras = cli.find_subcommand("cameras")?.get_subcommands();
    let all = cli.get_subcommands().chain(cameras).flat_map(|one| one.get_name_and_visible_aliases());
    let near = all.map(|name| (strsim::damerau_levenshtein(typed, name), name)).min()?;
    (near.0 <= 2 && near.0 < typed.len()).then(|| near.1.to_owned())
}

/// Rows come from anybody: no escape sequence of theirs reaches the terminal.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

/// Columns as wide as their widest cell.
fn table<const N: usize>(lines: &[[String; N]]) -> Vec<String> {
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    let line = |cells: &[String; N]| {
        let cells = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    lines.iter().map(line).collect()
}

const EXIT_CODES: &str = "\
Exit codes: 0 done; 1 failed, something is down (status), or a service is not fit (check); 2 the configuration or the
command line is wrong and nothing was done; 3 written, but blocked until somebody confirms it (cameras plan).";

/// Keeps live video flowing through MediaMTX servers: pulls cameras in, watches every stream, records them.
#[derive(Debug, Parser)]
#[command(name = "streamwarden", version = version::SHORT, after_help = EXIT_CODES, arg_required_else_help = true)]
pub struct Cli {
    /// Options that every command takes.
    #[command(flatten)]
    pub files: Files,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
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
    #[command(visible_alias = "camera")]
    Cameras(cameras::Options),
    /// Let a folder take the place of the spool or object folder that this node had and that is gone for good.
    AcceptFolder(folders::AcceptFolder),
    /// How the running streamwarden is, on one screen; exit code 1 when something is down.
    Status(Target),
    /// Print every value of the configuration in force, and where it comes from. Secrets are not shown.
    Config(Print),
    /// Print the completions of a shell, for example `streamwarden completions bash > /etc/bash_completion.d/streamwarden`
    Completions(manual::Completions),
    /// Print the manual page, or write those of all commands: `streamwarden man /usr/local/share/man/man1`
    Man(manual::Man),
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
}

impl Run {
    /// The keys of the configuration that these options set, with those that every command takes.
    pub fn overrides(&self, files: &Files) -> CliOverrides {
        CliOverrides { roles: self.roles.clone(), listen: self.listen.clone(), ..files.overrides() }
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
    pub keep: Option<std::path::PathBuf>,
}

/// How data is printed.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct Print {
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// How data is printed, and which streamwarden is asked.
#[derive(Clone, Debug, Default, Args)]
pub struct Target {
    /// How to print it.
    #[command(flatten)]
    pub print: Print,
    /// Address of a running streamwarden to ask instead of the one of this configuration: http://127.0.0.1:8080
    #[arg(long, value_name = "URL", visible_alias = "url")]
    pub api: Option<String>,
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
    fn a_command_that_nobody_knows_leads_to_the_one_that_was_meant() {
        for (line, wanted) in
            [("streamwarden rnu", Some("run")), ("streamwarden zzzzzzz", None), ("streamwarden cameras lsit", None)]
        {
            let told = Cli::try_parse_from(line.split(' ')).expect_err(line);
            let shown = told.to_string();
            let meant = meant(&told);
            assert!(meant.as_deref() == wanted || shown.contains("'list'"), "{line}: {meant:?} {shown}");
        }
    }

    #[test]
    fn options_become_overrides_of_the_configuration() {
        let overrides = |line: &str| {
            let cli = Cli::try_parse_from(line.split(' ')).expect(line);
            let Command::Run(run) = &cli.command else { panic!("{line} is a run") };
            (cli.files.config.clone(), run.overrides(&cli.files))
        };
        let (config, all) = overrides("streamwarden run --config x.toml --roles monitor,record --listen 127.0.0.1:1");
        assert_eq!(config, Some(std::path::PathBuf::from("x.toml")));
        assert_eq!((all.roles.as_deref(), all.listen.as_deref()), (Some("monitor,record"), Some("127.0.0.1:1")));
        let (config, none) = overrides("streamwarden --config x.toml run");
        assert_eq!((config, none), (Some(std::path::PathBuf::from("x.toml")), CliOverrides::default()));
        for spelling in ["--pg-dsn", "--pg_dsn"] {
            let (_, older) = overrides(&format!("streamwarden run {spelling} sqlite:x"));
            assert_eq!(older.database_url.as_deref(), Some("sqlite:x"));
        }
    }

    #[test]
    fn a_start_that_fails_by_a_key_is_the_configurations_fault() {
        for (error, code) in [
            (Error::invalid("database.url", "names no user"), EXIT_CONFIGURATION),
            (Error::invalid("node", "x"), EXIT_CONFIGURATION),
            (Error::invalid("name", "x"), EXIT_FAILURE),
            (Error::unavailable("database.url"), EXIT_FAILURE),
        ] {
            assert_eq!(CommandFailure::of_start(error).tell(), code);
        }
    }
}
