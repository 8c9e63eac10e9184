//! `streamwarden incidents` and `maintenance`: what went wrong, who looks after it, and what is excused.

use chrono::{TimeDelta, Utc};
use clap::{Args, Subcommand};
use log::LevelFilter;
use serde_json::json;
use uuid::Uuid;

use super::{ApiTarget, CommandFailure, Files, printable, say, table};
use crate::app::camera_access::{NO_CAMERA, no_camera};
use crate::app::incident_access::{Excused, IncidentAccess, IncidentFilter};
use crate::app::remote::Remote;
use crate::base::{Error, ErrorKind, Result};
use crate::config;
use crate::domain::incident::{Incident, IncidentKind};
use crate::domain::maintenance::Maintenance;
use crate::{app, logging};

/// Incidents that are shown when nobody says how many.
const SHOWN: u32 = 50;

/// Incidents that can be shown at once, and among which one is looked for.
const MOST: u32 = 1_000;

/// Digits of an id that are shown.
const SHORT: usize = 8;

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
        /// Its id, as listed, or as in the JSON.
        id: String,
        /// A note.
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
        /// How and whom to tell.
        #[command(flatten)]
        target: ApiTarget,
    },
    /// Add a note to an incident.
    Note {
        /// Its id, as listed, or as in the JSON.
        id: String,
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

/// Of an id its last digits are shown: they differ, while the first are the time.
fn short(id: Uuid) -> String {
    let digits = id.simple().to_string();
    digits.get(digits.len() - SHORT..).unwrap_or_default().to_owned()
}

/// What a typed id may be.
#[derive(Debug, PartialEq, Eq)]
enum TypedId {
    Whole(Uuid),
    /// Its last digits, in lower case.
    End(String),
}

fn typed_id(text: &str) -> Result<TypedId> {
    if let Ok(id) = text.parse() {
        return Ok(TypedId::Whole(id));
    }
    if text.len() >= SHORT && text.len() < 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(TypedId::End(text.to_ascii_lowercase()));
    }
    let shown: String = text.chars().take(40).collect();
    let text = format!("{shown:?} is not one; `streamwarden incidents list` shows them in its first column");
    Err(Error::invalid("ID", text))
}

/// The incident that was meant, among the newest.
async fn find(access: &IncidentAccess, typed: &str) -> Result<Uuid, CommandFailure> {
    let end = match typed_id(typed).map_err(CommandFailure::Usage)? {
        TypedId::Whole(id) => return Ok(id),
        TypedId::End(end) => end,
    };
    let newest = IncidentFilter { open: false, unseen: false, kind: None, limit: MOST };
    let all = access.incidents(newest).await?;
    let mut meant = all.iter().map(|one| one.id).filter(|id| id.simple().to_string().ends_with(&end));
    match (meant.next(), meant.next()) {
        (Some(id), None) => Ok(id),
        (None, _) => {
            let text = format!("of the newest {MOST} incidents none has this id: {end}; --json shows whole ones");
            Err(CommandFailure::Other(Error::not_found(text)))
        }
        (Some(_), Some(_)) => {
            let text = format!("several incidents end with {end}; take the whole id from `incidents list --json`");
            Err(CommandFailure::Usage(Error::invalid("ID", text)))
        }
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
                say(&words(&found).join("\n"))
            }
            IncidentCommand::Ack { id, note, target } => {
                let access = access(files, &target).await?;
                let id = find(&access, &id).await?;
                let incident = access.acknowledge(id, note.as_deref()).await.map_err(CommandFailure::of_arguments)?;
                let who = incident.acknowledged.as_ref().map_or("nobody", |seen| seen.who.as_str());
                done(&target, &incident, &format!("acknowledged by {}", printable(who)))
            }
            IncidentCommand::Note { id, text, target } => {
                let access = access(files, &target).await?;
                let id = find(&access, &id).await?;
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
                let what = what.into();
                let set = access.excuse(&what, lasts, &reason).await.map_err(|error| not_excused(error, &what))?;
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
                access(files, &target).await?.end(&what).await.map_err(|error| not_excused(error, &what))?;
                let (Excused::Camera(name) | Excused::Stream { name, .. }) = &what;
                done(&target, &json!({ "name": name }), &format!("{} is no longer excused", printable(name)))
            }
        }
    })?
}

/// A line for each, which fits a terminal, and below it, indented, the cause and the verdict. The id comes first: it is what the
/// other commands take.
fn words(found: &[Incident]) -> Vec<String> {
    let head = ["ID", "SINCE", "UNTIL", "KIND", "OF", "SEEN BY"].map(str::to_owned);
    let lines: Vec<_> = std::iter::once(head).chain(found.iter().map(row)).collect();
    let mut lines = table(&lines).into_iter();
    let mut all: Vec<String> = lines.next().into_iter().collect();
    for (line, incident) in lines.zip(found) {
        all.push(line);
        all.push(format!("    {}", printable(&incident.cause)));
        all.extend(incident.verdict.as_ref().map(|verdict| format!("    -> {}", printable(&verdict.summary))));
    }
    all
}

fn row(incident: &Incident) -> [String; 6] {
    let Incident { id, kind, subject, opened_at, closed_at, acknowledged, .. } = incident;
    let until = closed_at.map_or_else(|| "lasts".to_owned(), |at| time(&at.to_rfc3339()));
    let seen = acknowledged.as_ref().map_or_else(|| "-".to_owned(), |seen| seen.who.clone());
    let opened = time(&opened_at.to_rfc3339());
    [short(*id), opened, until, kind.as_str().to_owned(), subject.title(), seen].map(|cell| printable(&cell))
}

/// In the words of this command: whoever typed the path of a stream that no camera feeds has left out an option.
fn not_excused(error: Error, what: &Excused) -> CommandFailure {
    match what {
        Excused::Camera(name) if error.kind() == ErrorKind::NotFound && error.message().starts_with(NO_CAMERA) => {
            let text = format!("{}; for a stream that no camera feeds, add --stream", no_camera(name).message());
            CommandFailure::Other(Error::new(ErrorKind::NotFound, text).with_source(error))
        }
        _ => CommandFailure::of_arguments(error),
    }
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

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::domain::incident::Subject;

    #[test]
    fn an_id_is_typed_as_it_is_shown_or_whole() {
        let id = Uuid::from_u128(0x0192_7aaa_bbbb_7ccc_8ddd_eeee_1234_5678);
        assert_eq!(short(id), "12345678");
        for (typed, wanted) in [
            (id.to_string(), Some(TypedId::Whole(id))),
            ("12345678".to_owned(), Some(TypedId::End("12345678".to_owned()))),
            ("EEEE12345678".to_owned(), Some(TypedId::End("eeee12345678".to_owned()))),
            ("5678".to_owned(), None),
            ("nonsense".to_owned(), None),
        ] {
            let found = typed_id(&typed);
            if let Err(error) = &found {
                assert!(error.to_string().contains("`streamwarden incidents list` shows them"), "{error}");
            }
            assert_eq!(found.ok(), wanted, "{typed}");
        }
    }

    #[test]
    fn an_incident_is_a_line_that_fits_with_cause_and_verdict_below_it() {
        let cause = "rtsp://10.0.0.9/1 answers nothing ".repeat(6);
        let incident = Incident::open(
            Uuid::nil(),
            IncidentKind::CameraDown,
            Subject::camera_of(1, "gate".to_owned()),
            cause.clone(),
            DateTime::UNIX_EPOCH,
        );
        let lines = words(&[incident]);
        assert!(lines[0].starts_with("ID ") && lines[1].starts_with(&short(Uuid::nil())), "{lines:?}");
        assert!(lines[..2].iter().all(|line| line.len() < 120), "{lines:?}");
        assert_eq!(lines[2], format!("    {cause}"));
    }

    #[test]
    fn a_path_without_a_camera_is_led_to_its_option() {
        let of = |error: Error, what: Excused| match not_excused(error, &what) {
            CommandFailure::Other(error) | CommandFailure::Usage(error) => error.to_string(),
            other => format!("{other:?}"),
        };
        let api =
            || Error::not_found("there is no camera \"uplink\"; name it by its id, or by its name as one encoded part");
        let said = of(api(), Excused::Camera("uplink".to_owned()));
        assert!(said.contains("add --stream") && !said.contains("encoded"), "{said}");
        let other = of(Error::not_found("gate is not in maintenance"), Excused::Camera("gate".to_owned()));
        assert!(!other.contains("--stream"), "{other}");
    }
}
