//! Where configuration comes from: the file, the command line, the environment, the machine's name.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::complaint::Complaint;
use super::raw::{Raw, RawEntry, RawValue, ValueOrigin};

/// Environment variable that names the configuration file.
pub const VARIABLE: &str = "STREAMWARDEN_CONFIG";

/// Places looked at when nobody names a file, first found wins.
const PLACES: [&str; 2] = ["etc/streamwarden.toml", "/etc/streamwarden/streamwarden.toml"];

/// These places, in words.
pub const FILE_PLACES: &str = "STREAMWARDEN_CONFIG, ./etc/streamwarden.toml, /etc/streamwarden/streamwarden.toml";

/// Everything `load` looks at.
#[derive(Clone, Default)]
pub struct Sources {
    /// Configuration file; `None` = defaults. A file named here must exist.
    pub file: Option<PathBuf>,
    /// Options of the command line.
    pub cli: CliOverrides,
    /// Environment, name to value. An empty value counts as not set, as compose files write `${NAME:-}`.
    pub env: BTreeMap<String, String>,
    /// Default of `node`.
    pub host_name: Option<String>,
}

impl Sources {
    /// The sources of this process. `named` is the value of `--config`; without it the variable
    /// `STREAMWARDEN_CONFIG`, `./etc/streamwarden.toml` and `/etc/streamwarden/streamwarden.toml` are tried in turn.
    pub fn of_this_process(named: Option<PathBuf>, cli: CliOverrides) -> Self {
        let env: BTreeMap<_, _> = std::env::vars_os()
            .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
            .collect();
        let file = named
            .or_else(|| env.get(VARIABLE).filter(|path| !path.is_empty()).map(PathBuf::from))
            .or_else(|| PLACES.iter().map(PathBuf::from).find(|path| Path::exists(path)));
        Self { file, cli, env, host_name: nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok()) }
    }
}

/// Keys that have an option on the command line, as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CliOverrides {
    /// `--roles`, words separated by commas.
    pub roles: Option<String>,
    /// `--listen`.
    pub listen: Option<String>,
    /// `--pg-dsn`, the older spelling of `database.url`.
    pub database_url: Option<String>,
}

impl CliOverrides {
    pub(super) fn lay_over(&self, raw: &mut Raw, complaints: &mut Vec<Complaint>) {
        let options = [
            ("roles", "--roles", &self.roles),
            ("http.listen", "--listen", &self.listen),
            ("database.url", "--pg-dsn", &self.database_url),
        ];
        for (key, option, value) in options {
            if let Some(value) = value {
                let value = RawValue::Text(value.clone());
                let entry = RawEntry { value, origin: ValueOrigin::CommandLine(option), in_file: false };
                raw.put(key.to_owned(), entry, complaints);
            }
        }
    }
}
