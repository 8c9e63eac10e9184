//! `streamwarden cameras ...`: cameras, listed and changed. Where a streamwarden runs on them it is asked and told; where
//! none runs, the table is written.

use clap::{Args, Subcommand};
use log::LevelFilter;
use serde_json::json;

use super::fields::CameraFields;
use super::whom::{Whom, tell_blocked};
use super::{
    ApiTarget, CommandFailure, Files, Print, kind_commands, list_commands, note, plan_command, printable,
    probe_command, runs_command, say, sheet_commands, wait,
};
use crate::app;
use crate::app::camera_access::{BlockedChangeNotice, Cameras};
use crate::base::{Error, Result};
use crate::domain::camera::CameraSettings;
use crate::logging;

const EXAMPLES: &str = "\
Examples:
  streamwarden cameras add front --url rtsp://10.0.0.9/stream1 --username viewer --password-file secret.txt
  streamwarden cameras add gate --kind hikvision --host 10.0.0.10 --username viewer --password-file secret.txt
  streamwarden cameras add lab --url http://10.0.0.11/live.m3u8 --record no";

/// Options of `cameras`.
#[derive(Debug, Args)]
pub struct CamerasOptions {
    /// Address of a running streamwarden to ask instead of the one of this configuration: http://127.0.0.1:8080
    #[arg(long = "api", value_name = "URL", visible_alias = "url")]
    running: Option<String>,
    /// What to do with them.
    #[command(subcommand)]
    command: CamerasCommand,
}

/// `cameras ...`
#[derive(Debug, Subcommand)]
pub enum CamerasCommand {
    /// List cameras, or show one, and how they are; passwords are not shown.
    #[command(visible_aliases = ["ls", "show"])]
    List {
        /// Name or id; all of them when absent.
        camera: Option<String>,
        /// How and whom to ask.
        #[command(flatten)]
        target: ApiTarget,
    },
    /// Add a camera.
    #[command(after_help = EXAMPLES)]
    Add {
        /// Name of the stream: letters, digits, '_', '-', '.', '/'.
        name: String,
        /// The rest of it.
        #[command(flatten)]
        fields: Box<CameraFields>,
        /// How and whom to tell.
        #[command(flatten)]
        to: To,
    },
    /// Change a camera; what is not named stays.
    #[command(visible_alias = "set")]
    Edit {
        /// Name or id.
        camera: String,
        /// New name.
        #[arg(long)]
        name: Option<String>,
        /// The rest of it.
        #[command(flatten)]
        fields: Box<CameraFields>,
        /// Fields to empty, separated by commas: host, port, username, password, channel, substream, url, transport,
        /// audio, label
        #[arg(long, value_name = "A,B", value_delimiter = ',')]
        clear: Vec<String>,
        /// How and whom to tell.
        #[command(flatten)]
        to: To,
    },
    /// Remove a camera. Its recordings stay.
    #[command(visible_aliases = ["rm", "delete"])]
    Remove {
        /// Name or id.
        camera: String,
        /// How and whom to tell.
        #[command(flatten)]
        target: ApiTarget,
    },
    /// Look at a camera now and say what it sends, or what is wrong with it.
    #[command(visible_alias = "test")]
    Probe {
        /// Name or id.
        camera: String,
        /// How and whom to ask.
        #[command(flatten)]
        target: ApiTarget,
    },
    /// Wait until a camera is in a state: exit code 1 when that takes too long.
    Wait(wait::WaitOptions),
    /// Show a change of the table that is blocked because it would stop too many cameras, or confirm it.
    Plan(plan_command::PlanOptions),
    /// Show what the camera's ffmpeg has said in its last runs.
    #[command(visible_alias = "logs")]
    Log(runs_command::RunsOptions),
    /// Add and change cameras by a CSV file: all of its rows, or none. Cameras that are not in it stay.
    Import(sheet_commands::Import),
    /// Print all cameras as CSV, without passwords; `import` takes it again.
    Export(ApiTarget),
    /// List the kinds of cameras with the form of their URLs, or change them.
    #[command(args_conflicts_with_subcommands = true)]
    Kinds {
        /// What to do with them; listed when absent.
        #[command(subcommand)]
        command: Option<kind_commands::KindsCommand>,
        /// How and whom to ask.
        #[command(flatten)]
        target: ApiTarget,
    },
}

/// [`ApiTarget`] where `--url` is the camera's.
#[derive(Clone, Debug, Default, Args)]
pub struct To {
    /// How to print the row.
    #[command(flatten)]
    pub print: Print,
    /// Address of a running streamwarden to tell instead of the one of this configuration: http://127.0.0.1:8080
    #[arg(long, value_name = "URL")]
    pub api: Option<String>,
}

/// Does what was typed.
///
/// # Errors
/// The configuration's complaints, or why it could not be done.
pub fn run(files: &Files, options: CamerasOptions) -> Result<(), CommandFailure> {
    logging::start_on_console(files.log_level.unwrap_or(LevelFilter::Warn));
    app::block_on(act(files, options.running, options.command))?
}

async fn act(files: &Files, running: Option<String>, command: CamerasCommand) -> Result<(), CommandFailure> {
    let whom = |api: &Option<String>| Whom { files, api: api.clone().or_else(|| running.clone()) };
    match command {
        CamerasCommand::List { camera, target } => {
            list_commands::run(&whom(&target.api), camera.as_deref(), target.print).await
        }
        CamerasCommand::Add { name, fields, to } => {
            let edit = fields.into_edit(Some(name), &[]).map_err(CommandFailure::of_arguments)?;
            let cameras = whom(&to.api).cameras().await?;
            let row = cameras.add(edit).await.map_err(CommandFailure::of_arguments)?;
            say(&changed("added", &row, to.print))?;
            note_address(&cameras, &row).await;
            Ok(())
        }
        CamerasCommand::Edit { camera, name, fields, clear, to } => {
            let edit = fields.into_edit(name, &clear).map_err(CommandFailure::of_arguments)?;
            if edit.is_empty() {
                let text = "no change given; name what is to change, as in --host 10.0.0.9 or --enabled no";
                return Err(CommandFailure::Usage(Error::invalid("cameras edit", text)));
            }
            let cameras = whom(&to.api).cameras().await?;
            let before = blocked_elsewhere(&cameras).await?;
            let row = cameras.edit(&camera, edit).await.map_err(CommandFailure::of_arguments)?;
            say(&changed("changed", &row, to.print))?;
            tell_blocked_elsewhere(&cameras, before).await
        }
        CamerasCommand::Remove { camera, target } => {
            let cameras = whom(&target.api).cameras().await?;
            let before = blocked_elsewhere(&cameras).await?;
            let (id, name) = cameras.remove(&camera).await?;
            let text = format!("removed camera {} (id {id})", printable(&name));
            say(&if target.print.json { json!({ "id": id, "name": name }).to_string() } else { text })?;
            tell_blocked_elsewhere(&cameras, before).await
        }
        CamerasCommand::Probe { camera, target } => probe_command::run(&whom(&target.api), &camera, target.print).await,
        CamerasCommand::Wait(options) => wait::run(&whom(&options.api), &options).await,
        CamerasCommand::Plan(options) => plan_command::run(&whom(&options.target.api), &options).await,
        CamerasCommand::Log(options) => runs_command::run(&whom(&options.target.api), &options).await,
        CamerasCommand::Import(options) => sheet_commands::import(&whom(&options.target.api), &options).await,
        CamerasCommand::Export(target) => sheet_commands::export(&whom(&target.api), target.print).await,
        CamerasCommand::Kinds { command, target } => {
            let command = command.unwrap_or(kind_commands::KindsCommand::List(target));
            kind_commands::run(&whom(command.api()), command).await
        }
    }
}

fn changed(what: &str, row: &CameraSettings, print: Print) -> String {
    if print.json { json!(row).to_string() } else { format!("{what} camera {} (id {})", printable(&row.name), row.id) }
}

/// A kind whose template has no path calls the camera's root, which few cameras have anything at.
async fn note_address(cameras: &Cameras, row: &CameraSettings) {
    if row.url.is_some() {
        return;
    }
    // It is a hint; without the kinds there is none.
    let kinds = cameras.kinds().await.unwrap_or_default();
    let template = kinds.iter().find(|(kind, _)| *kind == row.kind).map(|(_, template)| template.as_str());
    if let Some(address) = template.and_then(|template| address_without_path(template, row)) {
        note(&format!(
            "kind {} calls {address}; when the camera's video has a path, give the whole address: `streamwarden cameras edit \
             {} --url {address}stream1`",
            row.kind, row.name
        ));
    }
}

/// What is called by a template without a path; `None` for one that has a path.
fn address_without_path(template: &str, row: &CameraSettings) -> Option<String> {
    let (scheme, rest) = template.split_once("://")?;
    let rest = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    let port = rest.strip_prefix("{host}:{port=")?.strip_suffix("}/")?;
    let port = row.port.map_or_else(|| port.to_owned(), |port| port.to_string());
    Some(format!("{scheme}://{}:{port}/", row.host.as_deref()?))
}

/// What is blocked where a change of one camera counts as one of the table.
async fn blocked_elsewhere(cameras: &Cameras) -> Result<Option<BlockedChangeNotice>> {
    if cameras.act_at_once() { Ok(None) } else { cameras.blocked().await }
}

async fn tell_blocked_elsewhere(cameras: &Cameras, before: Option<BlockedChangeNotice>) -> Result<(), CommandFailure> {
    if cameras.act_at_once() { Ok(()) } else { tell_blocked(cameras, before).await }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_without_a_path_says_what_it_calls() {
        let row = |host: Option<&str>, port: Option<i64>| -> CameraSettings {
            serde_json::from_value(json!({
                "id": 1, "name": "gate", "kind": "generic", "host": host, "port": port, "username": null,
                "hasPassword": false, "channel": null, "substream": null, "url": null, "transport": null, "audio": null,
                "enabled": true, "record": true, "updatedAt": null, "label": null,
            }))
            .expect("settings")
        };
        let generic = "rtsp://{username}:{password}@{host}:{port=554}/";
        for (template, row, wanted) in [
            (generic, row(Some("10.0.0.9"), None), Some("rtsp://10.0.0.9:554/")),
            (generic, row(Some("10.0.0.9"), Some(8554)), Some("rtsp://10.0.0.9:8554/")),
            (generic, row(None, None), None),
            ("rtsp://{username}:{password}@{host}:{port=554}/h264", row(Some("h"), None), None),
        ] {
            assert_eq!(address_without_path(template, &row).as_deref(), wanted);
        }
    }
}
