//! Options that every command takes, and the configuration that they lead to.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use log::LevelFilter;
use secrecy::SecretString;

use super::{CommandFailure, note};
use crate::app;
use crate::app::remote::RemoteAccess;
use crate::base::{Error, fingerprint};
use crate::config::settings::ApiTrust;
use crate::config::{self, CliOverrides, Settings, Sources};

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// Where the help tells of them: after what a command takes itself.
const EVERYWHERE: &str = "Options of every command";

/// Options that every command takes.
#[derive(Clone, Debug, Default, Args)]
pub struct Files {
    /// Configuration [else: STREAMWARDEN_CONFIG, ./etc/streamwarden.toml, /etc/streamwarden/streamwarden.toml]
    #[arg(long, value_name = "FILE", global = true, help_heading = EVERYWHERE)]
    pub config: Option<PathBuf>,
    /// Logging [else: STREAMWARDEN_LOG_CONFIG, ./etc/log4rs.yaml, /etc/streamwarden/log4rs.yaml]
    #[arg(long, value_name = "FILE", global = true, help_heading = EVERYWHERE)]
    pub log_config: Option<PathBuf>,
    /// How much is logged, instead of what the logging file says
    #[arg(
        long,
        value_name = "LEVEL",
        global = true,
        help_heading = EVERYWHERE,
        value_parser = PossibleValuesParser::new(LEVELS).map(|level| level.parse::<LevelFilter>().unwrap_or(LevelFilter::Info))
    )]
    pub log_level: Option<LevelFilter>,
    /// Database: postgresql://user@host/database or sqlite:FILE. `ps` shows it: a password belongs into the variable PG_DSN,
    /// or into the file that database.url_file names
    #[arg(long, value_name = "URL", alias = "pg_dsn", global = true, help_heading = EVERYWHERE)]
    pub pg_dsn: Option<String>,
    /// File that holds the token for --api, where a login is asked for [else: STREAMWARDEN_TOKEN]
    #[arg(long, value_name = "FILE", global = true, help_heading = EVERYWHERE)]
    pub token_file: Option<PathBuf>,
    /// SHA-256 fingerprint of the certificate of --api, where no authority of this machine has signed it
    #[arg(long, value_name = "HEX", global = true, help_heading = EVERYWHERE)]
    pub api_fingerprint: Option<String>,
    /// PEM file with the certificate of --api, or with the authority that has signed it
    #[arg(long, value_name = "FILE", global = true, help_heading = EVERYWHERE, conflicts_with = "api_fingerprint")]
    pub api_ca_file: Option<PathBuf>,
}

impl Files {
    /// The keys of the configuration that these options set.
    pub fn overrides(&self) -> CliOverrides {
        CliOverrides { database_url: self.pg_dsn.clone(), ..CliOverrides::default() }
    }

    /// How a program at an address is asked.
    ///
    /// # Errors
    /// When the token's file cannot be read, or the fingerprint is none.
    pub fn access(&self) -> Result<RemoteAccess, CommandFailure> {
        let trust = match (&self.api_fingerprint, &self.api_ca_file) {
            (Some(text), _) => ApiTrust::Fingerprint(fingerprint::parse(text).ok_or_else(|| {
                let words =
                    "is not 64 hexadecimal digits; write what `openssl x509 -in FILE -noout -fingerprint -sha256` says";
                CommandFailure::Usage(Error::invalid("--api-fingerprint", words))
            })?),
            (None, Some(file)) => ApiTrust::File(file.clone()),
            (None, None) => ApiTrust::Machine,
        };
        Ok(RemoteAccess { token: self.token()?, trust })
    }

    /// The token for a program at an address.
    fn token(&self) -> Result<Option<SecretString>, CommandFailure> {
        let text = match &self.token_file {
            Some(file) => Some(std::fs::read_to_string(file).map_err(|error| {
                CommandFailure::Usage(Error::invalid("--token-file", format!("cannot be read: {error}")))
            })?),
            None => std::env::var("STREAMWARDEN_TOKEN").ok(),
        };
        Ok(text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()).map(Into::into))
    }

    /// Where the configuration comes from.
    pub fn sources(&self) -> Sources {
        Sources::of_this_process(self.config.clone(), self.overrides())
    }

    /// The configuration. Where none was found and nothing is there either, that is said: what was typed is meant for another folder.
    ///
    /// # Errors
    /// All complaints about it.
    pub fn settings(&self) -> Result<Settings, CommandFailure> {
        let sources = self.sources();
        let settings = config::load(&sources).map_err(CommandFailure::Configuration)?;
        if sources.file.is_none() && app::missing_file(&settings).is_some() {
            note(&format!(
                "note: no configuration file was found (--config, {}), and data_dir {} holds no database",
                config::FILE_PLACES,
                settings.data_dir.display()
            ));
        }
        Ok(settings)
    }
}
