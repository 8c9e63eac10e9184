//! `streamwarden incidents` and `maintenance`: what went wrong, who looks after it, and what is excused.

use chrono::{TimeDelta, Utc};
use clap::{Args, Subcommand};
use log::LevelFilter;
use serde_json::json;
use uuid::Uuid;

use super::{ApiTarget, CommandFailure, Files, printable, say, table};
use crate::app::incident_access::{Excused, IncidentAccess, IncidentFilter};
use crate::app::remote::Remote;
use crate::base::{Error, Result};
use crate::config;
use crate::domain::incident::{Incident, IncidentKind};
use crate::domain::maintenance::Maintenance;
use crate::{app, logging};

/// Incidents that are shown when nobody says how many.
const SHOWN: u32 = 50;

/// `incidents ...`
#[derive(Clone, Debug, Subcommand)]
pub enum IncidentCommand {
    /// List incidents, the newest first.
    #[command(visible_alias = "ls")]
    List {
        /// Only those that last.
        #[arg(long)]
        open: bool,
        /// Only those that nobody has acknowledged.
        #[arg(long)]
        unseen: bool,
        /// Only of this kind, as in the JSON: cameraDown, serverDown, ...
        #[arg(long, value_name = "KIND", value_parser = kind)]
        kind: Option<IncidentKind>,
        /// At most so many.
        #[arg(long, value_name = "N", default_value_t = SHOWN, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
        /// How and whom to ask.
        #[command(flatten)]
        target: ApiTarget,
    },
    /// Say that somebody looks after an incident.
    #[command(visible_alias = "acknowledge")]
    Ack {
        /// Its id, as listed.
        id: Uuid,
        /// A note.
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
        /// How and whom to tell.
        #[command(flatten)]
        target: ApiTarget,
    },
    /// Add a note to an incident.
    Note {
        /// Its id, as listed.
        id: Uuid,
        /// The note.
        text: String,
        /// How and whom to tell.
        #[command(flatten)]
        target: ApiTarget,
    },
}

/// `maintenance ...`
#[derive(Clone, Debug, Subcommand)]
pub enum MaintenanceCommand {
    /// Excuse a camera and its stream, or a stream and its camera: until then they are no trouble and open no incident.
    #[command(visible_alias = "add")]
    Set {
        /// Which one.
        #[command(flatten)]
        what: ExcusedArguments,
        /// For how long, as in 30m, 8h or 3d.
        #[arg(long = "for", value_name = "DURATION")]
        lasts: String,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// How and whom to tell.
        #[command(flatten)]
        target: ApiTarget,
    },
    /// List what is excused.
    #[command(visible_alias = "ls")]
    List(ApiTarget),
    /// End it before its time.
    #[command(visible_aliases = ["remove", "rm"])]
    End {
        /// Which one.
        #[command(flatten)]
        what: ExcusedArguments,
        /// How and whom to tell.
        #[command(flatten)]
        target: ApiTarget,
    },
}

/// A camera or a stream.
#[derive(Clone, Debug, Args)]
pub struct ExcusedArguments {
    /// Name or id of the camera; with --stream the name of a stream.
    name: String,
    /// It is the name of a stream that no camera of ours feeds.
    #[arg(long)]
    stream: bool,
    /// Server of the stream [default: the first]
    #[arg(long, value_name = "NAME", requires = "stream")]
    server: Option<String>,
}

impl From<ExcusedArguments> for Excused {
    fn from(typed: ExcusedArguments) -> Self {
        let ExcusedArguments { name, stream, server } = typed;
        if stream { Self::Stream { name, server } } else { Self::Camera(name) }
    }
}

fn kind(word: &str) -> std::result::Result<IncidentKind, String> {
    let known = || IncidentKind::ALL.map(IncidentKind::as_str).join(", ");
    IncidentKind::parse(word).ok_or_else(|| format!("write one of {}", known()))
}

/// `streamwarden incidents ...`
///
/// # Errors
/// The configuration's complaints, or why it could not be done.
pub fn incidents(files: &Files, command: IncidentCommand) -> Result<(), CommandFailure> {
    begin(files);
    app::block_on(async {
        match command {
            IncidentCommand::List { open, unseen, kind, limit, target } => {
                let filter = IncidentFilter { open, unseen, kind, limit };
                let found = access(files, &target).await?.incidents(filter).await?;
                if target.print.json {
                    return say(&json!({ "items": found, "next": null }).to_string());
                }
                let mut lines =
                    vec![["SINCE", "UNTIL", "KIND", "OF", "SEEN BY", "CAUSE", "VERDICT", "ID"].map(str::to_owned)];
                lines.extend(found.iter().map(row));
                say(&table(&lines).join("\n"))
            }
            IncidentCommand::Ack { id, note, target } => {
                let access = access(files, &target).await?;
                let incident = access.acknowledge(id, note.as_deref()).await.map_err(CommandFailure::of_arguments)?;
                let who = incident.acknowledged.as_ref().map_or("nobody", |seen| seen.who.as_str());
                done(&target, &incident, &format!("acknowledged by {}", printable(who)))
            }
            IncidentCommand::Note { id, text, target } => {
                let access = access(files, &target).await?;
                let incident = access.note(id, &text).await.map_err(CommandFailure::of_arguments)?;
                done(&target, &incident, "noted")
            }
        }
    })?
}

/// `streamwarden maintenance ...`
///
/// # Errors
/// As [`incidents`].
pub fn maintenance(files: &Files, command: MaintenanceCommand) -> Result<(), CommandFailure> {
    begin(files);
    app::block_on(async {
        match command {
            MaintenanceCommand::Set { what, lasts, reason, target } => {
                let lasts = duration(&lasts).map_err(CommandFailure::Usage)?;
                let access = access(files, &target).await?;
                let set = access.excuse(&what.into(), lasts, &reason).await.map_err(CommandFailure::of_arguments)?;
                let until = time(&set.until.to_rfc3339());
                done(&target, &set, &format!("{} is excused until {until}", printable(set.subject.name())))
            }
            MaintenanceCommand::List(target) => {
                let found = access(files, &target).await?.maintenance().await?;
                if target.print.json {
                    return say(&json!({ "items": found, "next": null }).to_string());
                }
                let mut lines = vec![["UNTIL", "OF", "REASON", "BY"].map(str::to_owned)];
                lines.extend(found.iter().map(|one: &Maintenance| {
                    [time(&one.until.to_rfc3339()), one.subject.title(), one.reason.clone(), one.set_by.clone()]
                        .map(|cell| printable(&cell))
                }));
                say(&table(&lines).join("\n"))
            }
            MaintenanceCommand::End { what, target } => {
                let what: Excused = what.into();
                access(files, &target).await?.end(&what).await.map_err(CommandFailure::of_arguments)?;
                let (Excused::Camera(name) | Excused::Stream { name, .. }) = &what;
                done(&target, &json!({ "name": name }), &format!("{} is no longer excused", printable(name)))
            }
        }
    })?
}

fn row(incident: &Incident) -> [String; 8] {
    let Incident { kind, subject, cause, opened_at, closed_at, acknowledged, verdict, .. } = incident;
    let until = closed_at.map_or_else(|| "lasts".to_owned(), |at| time(&at.to_rfc3339()));
    let seen = acknowledged.as_ref().map_or_else(|| "-".to_owned(), |seen| seen.who.clone());
    let opened = time(&opened_at.to_rfc3339());
    let verdict = verdict.as_ref().map_or_else(|| "-".to_owned(), |verdict| verdict.summary.clone());
    let cells = [opened, until, kind.as_str().to_owned(), subject.title(), seen, cause.clone(), verdict];
    let [opened, until, kind, subject, seen, cause, verdict] = cells.map(|cell| printable(&cell));
    [opened, until, kind, subject, seen, cause, verdict, incident.id.to_string()]
}

/// To the second.
fn time(text: &str) -> String {
    text.get(..19).map_or_else(|| text.to_owned(), |text| format!("{text}Z"))
}

fn begin(files: &Files) {
    logging::start_on_console(files.log_level.unwrap_or(LevelFilter::Warn));
}

async fn access(files: &Files, target: &ApiTarget) -> Result<IncidentAccess, CommandFailure> {
    match &target.api {
        Some(url) => {
            let remote = Remote::at(url, files.access()?).map_err(CommandFailure::Usage)?;
            Ok(IncidentAccess::Running(remote))
        }
        None => IncidentAccess::of(&files.settings()?).await.map_err(CommandFailure::of_place),
    }
}

fn done(target: &ApiTarget, json: &impl serde::Serialize, words: &str) -> Result<(), CommandFailure> {
    let json = || serde_json::to_string(json).map_err(|_| Error::internal("the answer cannot be written"));
    say(&if target.print.json { json()? } else { words.to_owned() })
}

fn duration(text: &str) -> Result<TimeDelta> {
    let wrong = || Error::invalid("--for", "must be a duration like 30m, 8h or 3d");
    let lasts = config::parse_duration(text).map_err(|_| wrong())?;
    let lasts = TimeDelta::from_std(lasts).map_err(|_| wrong())?;
    Utc::now().checked_add_signed(lasts).map(|_| lasts).ok_or_else(wrong)
}
