//! What may be typed.

use clap::{Args, Parser, Subcommand};

use super::{
    ApiTarget, Files, Print, camera_commands, folder_commands, health_command, incident_commands, login_commands,
    manual_options, notify_commands, recording_commands, test_stream_command, version_command,
};
use crate::config::CliOverrides;

const EXIT_CODES: &str = "\
Exit codes: 0 done; 1 failed, something is down (status), or a service is not fit (check); 2 the configuration or the
command line is wrong and nothing was done; 3 written, but blocked until somebody confirms it (cameras plan).";

/// Keeps live video flowing through MediaMTX servers: pulls cameras in, watches every stream, records them.
#[derive(Debug, Parser)]
#[command(name = "streamwarden", version = version_command::SHORT, after_help = EXIT_CODES, arg_required_else_help = true)]
pub struct Cli {
    /// Options that every command takes.
    #[command(flatten)]
    pub files: Files,
    /// What to do.
    #[command(subcommand)]
    pub command: CliCommand,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum CliCommand {
    /// Run the roles of the configuration until stopped.
    Run(RunOptions),
    /// Say everything that is wrong with the configuration, then try every service it names.
    Check(Print),
    /// Run everything with built-in cameras and no service at all.
    #[cfg(feature = "demo")]
    Demo(Demo),
    /// List and change cameras.
    #[command(visible_alias = "camera")]
    Cameras(camera_commands::CamerasOptions),
    /// Add, list and remove users: who may log in with a password.
    #[command(subcommand, visible_alias = "users")]
    User(login_commands::UserCommand),
    /// Make, list and revoke tokens: credentials of programs.
    #[command(subcommand, visible_alias = "tokens")]
    Token(login_commands::TokenCommand),
    /// What went wrong: list, acknowledge, add notes.
    #[command(subcommand, visible_alias = "incident")]
    Incidents(incident_commands::IncidentCommand),
    /// Excuse cameras and streams until a time.
    #[command(subcommand)]
    Maintenance(incident_commands::MaintenanceCommand),
    /// Who is told of incidents: list the receivers, try one.
    #[command(subcommand, visible_alias = "receivers")]
    Notify(notify_commands::NotifyCommand),
    /// What was recorded: how complete it is, what is kept, what goes.
    #[command(subcommand, visible_alias = "recording")]
    Recordings(recording_commands::RecordingCommand),
    /// What people have changed.
    #[command(subcommand)]
    Audit(login_commands::AuditCommand),
    /// Let a folder take the place of the spool or object folder that this node had and that is gone for good.
    AcceptFolder(folder_commands::AcceptFolder),
    /// How the running streamwarden is, on one screen; exit code 1 when something is down.
    Status(ApiTarget),
    /// Print everything that somebody needs who is to help from afar, as one report without secrets.
    Doctor(Print),
    /// Whether the running streamwarden answers; for the health check of a container and for scripts.
    Health(health_command::HealthOptions),
    /// Publish a test picture with a tone to a media server, to try out everything behind it without a camera.
    TestStream(test_stream_command::TestStreamOptions),
    /// Print every value of the configuration in force, and where it comes from. Secrets are not shown.
    Config(Print),
    /// Print the completions of a shell, for example `streamwarden completions bash > /etc/bash_completion.d/streamwarden`
    Completions(manual_options::Completions),
    /// Print the manual page, or write those of all commands: `streamwarden man /usr/local/share/man/man1`
    Man(manual_options::Man),
    /// Print the version.
    Version(Print),
}

/// Options of `run`.
#[derive(Debug, Default, Args)]
pub struct RunOptions {
    /// Roles to run, separated by commas: monitor, restream, record, health, agent [default: all]
    #[arg(long, value_name = "A,B")]
    pub roles: Option<String>,
    /// Where the dashboard listens; another address than loopback needs a user [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR:PORT")]
    pub listen: Option<String>,
}

impl RunOptions {
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
    /// Ask for a login; name and password are printed once.
    #[arg(long)]
    pub login: bool,
    /// Only the cameras: no second server with its SRT stream, and no sample past.
    #[arg(long)]
    pub cameras_only: bool,
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
    let own = cli.get_subcommands().map(|one| ("", one));
    let all = own.chain(cameras.map(|one| ("cameras ", one)));
    let names =
        all.flat_map(|(before, one)| one.get_name_and_visible_aliases().into_iter().map(move |name| (before, name)));
    let (far, before, name) =
        names.map(|(before, name)| (strsim::damerau_levenshtein(typed, name), before, name)).min()?;
    (far <= 2 && far < typed.len()).then(|| format!("{before}{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_of_every_command_stand_after_those_of_the_command() {
        let mut all = <Cli as clap::CommandFactory>::command();
        all.build();
        let cameras = all.find_subcommand_mut("cameras").expect("cameras");
        let help = cameras.find_subcommand_mut("edit").expect("edit").render_help().to_string();
        let place = |option: &str| help.find(&format!("{option} <")).unwrap_or_else(|| panic!("{option}: {help}"));
        assert!(place("--name") < place("--label") && place("--clear") < place("--config"), "{help}");
        assert!(place("--config") > help.find("Options of every command").expect("a heading"), "{help}");
    }

    #[test]
    fn the_command_line_is_well_formed() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn a_command_that_nobody_knows_leads_to_the_one_that_was_meant() {
        for (line, wanted) in [
            ("streamwarden rnu", Some("run")),
            ("streamwarden zzzzzzz", None),
            ("streamwarden probe", Some("cameras probe")),
            ("streamwarden logs gate", Some("cameras logs")),
            ("streamwarden cameras lsit", Some("cameras list")),
        ] {
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
            let CliCommand::Run(run) = &cli.command else { panic!("{line} is a run") };
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
}
