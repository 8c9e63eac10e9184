//! Options that every command takes, and the configuration that they lead to.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use log::LevelFilter;

use super::CommandFailure;
use crate::config::{self, CliOverrides, Settings, Sources};

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// Options that every command takes.
#[derive(Clone, Debug, Default, Args)]
pub struct Files {
    /// Configuration [else: STREAMWARDEN_CONFIG, ./etc/streamwarden.toml, /etc/streamwarden/streamwarden.toml]
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// Logging [else: STREAMWARDEN_LOG_CONFIG, ./etc/log4rs.yaml, /etc/streamwarden/log4rs.yaml]
    #[arg(long, value_name = "FILE", global = true)]
    pub log_config: Option<PathBuf>,
    /// How much is logged, instead of what the logging file says
    #[arg(
        long,
        value_name = "LEVEL",
        global = true,
        value_parser = PossibleValuesParser::new(LEVELS).map(|level| level.parse::<LevelFilter>().unwrap_or(LevelFilter::Info))
    )]
    pub log_level: Option<LevelFilter>,
    /// Database: postgresql://user@host/database or sqlite:FILE. `ps` shows it: a password belongs into the variable PG_DSN,
    /// or into the file that database.url_file names
    #[arg(long, value_name = "URL", alias = "pg_dsn", global = true)]
    pub pg_dsn: Option<String>,
}

impl Files {
    /// The keys of the configuration that these options set.
    pub fn overrides(&self) -> CliOverrides {
        CliOverrides { database_url: self.pg_dsn.clone(), ..CliOverrides::default() }
    }

    /// Where the configuration comes from.
    pub fn sources(&self) -> Sources {
        Sources::of_this_process(self.config.clone(), self.overrides())
    }

    /// The configuration.
    ///
    /// # Errors
    /// All complaints about it.
    pub fn settings(&self) -> Result<Settings, CommandFailure> {
        config::load(&self.sources()).map_err(CommandFailure::Configuration)
    }
}
