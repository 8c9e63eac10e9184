//! `streamwarden cameras ...`: rows of the cameras table, listed and changed. A running streamwarden notices at once.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use log::LevelFilter;
use secrecy::SecretString;
use serde_json::json;

use super::{Failure, Files, Print, kinds, list, plan, probe, runs, say, sheet};
use crate::app::{self, cameras};
use crate::base::{Error, Result, redact};
use crate::config::{self, CliOverrides, Sources};
use crate::domain::camera::{CameraEdit, CameraRow, CameraSettings};
use crate::logging;

/// `cameras ...`
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List cameras and how they are; passwords are not shown.
    List(Print),
    /// Add a camera.
    Add {
        /// Name of the stream: letters, digits, '_', '-', '.', '/'.
        name: String,
        /// The rest of it.
        #[command(flatten)]
        fields: Box<Fields>,
        /// How to print the new row.
        #[command(flatten)]
        print: Print,
    },
    /// Change a camera; what is not named stays.
    Edit {
        /// Name or id.
        camera: String,
        /// New name.
        #[arg(long)]
        name: Option<String>,
        /// The rest of it.
        #[command(flatten)]
        fields: Box<Fields>,
        /// Fields to empty, separated by commas: host, port, username, password, channel, substream, url, transport,
        /// audio
        #[arg(long, value_name = "A,B", value_delimiter = ',')]
        clear: Vec<String>,
        /// How to print the row.
        #[command(flatten)]
        print: Print,
    },
    /// Remove a camera. Its recordings stay.
    Remove {
        /// Name or id.
        camera: String,
    },
    /// Look at a camera now and say what it sends, or what is wrong with it.
    Probe {
        /// Name or id.
        camera: String,
        /// How to print it.
        #[command(flatten)]
        print: Print,
    },
    /// Show a change of the table that is held because it would stop too many cameras, or confirm it.
    Plan(plan::Options),
    /// Show what the camera's ffmpeg has said in its last runs.
    Log(runs::Options),
    /// Add and change cameras by a CSV file: all of its rows, or none. Cameras that are not in it stay.
    Import(sheet::Import),
    /// Print all cameras as CSV, without passwords; `import` takes it again.
    Export(Print),
    /// Kinds of cameras and the form of their URLs.
    Kinds {
        /// What to do with them.
        #[command(subcommand)]
        command: kinds::Command,
    },
}

/// Fields of a camera. Secrets come from files or standard input, as `ps` shows arguments to everybody.
#[derive(Debug, Default, Args)]
pub struct Fields {
    /// Kind, which gives the form of its URL: generic, hikvision, dahua, ...
    #[arg(long)]
    pub kind: Option<String>,
    /// Host name or address.
    #[arg(long)]
    pub host: Option<String>,
    /// Port, where the kind's own does not fit.
    #[arg(long)]
    pub port: Option<i64>,
    /// User name of the camera.
    #[arg(long)]
    pub username: Option<String>,
    /// File that holds the camera's password; - reads standard input.
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// Channel, for kinds that have one.
    #[arg(long)]
    pub channel: Option<String>,
    /// Sub stream, for kinds that have one.
    #[arg(long)]
    pub substream: Option<String>,
    /// Whole URL instead of the kind's form, without a password in it.
    #[arg(long)]
    pub url: Option<String>,
    /// File that holds the URL, when there is a password in it; - reads standard input.
    #[arg(long, value_name = "FILE", conflicts_with = "url")]
    pub url_file: Option<PathBuf>,
    /// tcp or udp.
    #[arg(long)]
    pub transport: Option<String>,
    /// auto, copy, aac or none.
    #[arg(long)]
    pub audio: Option<String>,
    /// Whether it is restreamed: true or false.
    #[arg(long)]
    pub enabled: Option<bool>,
    /// Whether its stream is recorded: true or false.
    #[arg(long)]
    pub record: Option<bool>,
}

impl Fields {
    /// The change they ask for; reads the files that secrets come from.
    fn into_edit(self, name: Option<String>, clear: &[String]) -> Result<CameraEdit> {
        let url = match (self.url, &self.url_file) {
            (Some(url), _) if redact::text(&url) != url => {
                let text = "holds a password, which `ps` would show; use --username and --password-file, or --url-file";
                return Err(Error::invalid("--url", text));
            }
            (Some(url), _) => Some(SecretString::from(url)),
            (None, file) => secret("--url-file", file.as_deref())?,
        };
        let mut edit = CameraEdit {
            name,
            kind: self.kind,
            host: self.host.map(Some),
            port: self.port.map(Some),
            username: self.username.map(Some),
            password: secret("--password-file", self.password_file.as_deref())?.map(Some),
            channel: self.channel.map(Some),
            substream: self.substream.map(Some),
            url: url.map(Some),
            transport: self.transport.map(Some),
            audio: self.audio.map(Some),
            enabled: self.enabled,
            record: self.record,
        };
        clear.iter().try_for_each(|field| empty(&mut edit, field))?;
        Ok(edit)
    }
}

/// Empties a field, unless it is given a value as well.
fn empty(edit: &mut CameraEdit, field: &str) -> Result<()> {
    fn unless_given<T>(slot: &mut Option<Option<T>>) -> bool {
        let free = slot.is_none();
        *slot = slot.take().or(Some(None));
        free
    }
    let free = match field {
        "host" => unless_given(&mut edit.host),
        "port" => unless_given(&mut edit.port),
        "username" => unless_given(&mut edit.username),
        "password" => unless_given(&mut edit.password),
        "channel" => unless_given(&mut edit.channel),
        "substream" => unless_given(&mut edit.substream),
        "url" => unless_given(&mut edit.url),
        "transport" => unless_given(&mut edit.transport),
        "audio" => unless_given(&mut edit.audio),
        _ => {
            let known = "host, port, username, password, channel, substream, url, transport, audio";
            return Err(Error::invalid("--clear", format!("{field:?} cannot be emptied; these can: {known}")));
        }
    };
    if free {
        Ok(())
    } else {
        Err(Error::invalid("--clear", format!("{field} is given a value too; do one of the two")))
    }
}

fn secret(option: &str, file: Option<&Path>) -> Result<Option<SecretString>> {
    let Some(file) = file else { return Ok(None) };
    let file = if file == Path::new("-") { Path::new("/dev/stdin") } else { file };
    config::read_secret(file).map(Some).map_err(|fault| Error::invalid(option, fault))
}

/// Does what was typed.
///
/// # Errors
/// The configuration's complaints, or why it could not be done.
pub fn run(files: Files, command: Command) -> Result<(), Failure> {
    let sources = Sources::of_this_process(files.config, CliOverrides::default());
    let settings = config::load(&sources).map_err(Failure::Configuration)?;
    logging::start_on_console(LevelFilter::Warn);
    match command {
        Command::List(print) => list::run(&settings, print)?,
        Command::Add { name, fields, print } => {
            let edit = fields.into_edit(Some(name), &[])?;
            changed("added", &app::block_on(cameras::add(&settings, edit))??, print);
        }
        Command::Edit { camera, name, fields, clear, print } => {
            let edit = fields.into_edit(name, &clear)?;
            changed("changed", &app::block_on(cameras::edit(&settings, &camera, edit))??, print);
        }
        Command::Remove { camera } => {
            changed("removed", &app::block_on(cameras::remove(&settings, &camera))??, Print::default());
        }
        Command::Probe { camera, print } => probe::run(&settings, &camera, print)?,
        Command::Plan(options) => plan::run(&settings, options)?,
        Command::Log(options) => runs::run(&settings, &options)?,
        Command::Import(options) => sheet::import(&settings, &options)?,
        Command::Export(print) => sheet::export(&settings, print)?,
        Command::Kinds { command } => kinds::run(&settings, command)?,
    }
    Ok(())
}

fn changed(what: &str, row: &CameraRow, print: Print) {
    if print.json {
        say(&shown(row).to_string());
    } else {
        say(&format!("{what} camera {} (id {})", row.name, row.id));
    }
}

/// A row without its secrets.
fn shown(row: &CameraRow) -> serde_json::Value {
    json!(CameraSettings::from(row))
}
