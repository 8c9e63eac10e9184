//! `streamwarden notify`: who is told of incidents, and whether messages arrive there.

use clap::Subcommand;
use log::LevelFilter;
use serde_json::json;

use super::{ApiTarget, CommandFailure, Files, printable, say, table};
use crate::actors::notify::ReceiverState;
use crate::app::notify_access::NotifyAccess;
use crate::app::remote::Remote;
use crate::{app, logging};

/// `notify ...`
#[derive(Clone, Debug, Subcommand)]
pub enum NotifyCommand {
    /// List the receivers of the configuration: what waits for them, and what is wrong with them.
    #[command(visible_alias = "ls")]
    List(ApiTarget),
    /// Send a message that says only that messages arrive, and say what came of it.
    Test {
        /// Name of the receiver.
        name: String,
        /// How and whom to ask.
        #[command(flatten)]
        target: ApiTarget,
    },
}

/// `streamwarden notify ...`
///
/// # Errors
/// The configuration's complaints, or why it could not be done.
pub fn notify(files: &Files, command: NotifyCommand) -> Result<(), CommandFailure> {
    logging::start_on_console(files.log_level.unwrap_or(LevelFilter::Warn));
    app::block_on(async {
        match command {
            NotifyCommand::List(target) => {
                let found = access(files, &target).await?.list().await?;
                if target.print.json {
                    return say(&json!({ "items": found, "next": null }).to_string());
                }
                if found.is_empty() {
                    return say("nobody is told: the configuration has no [[notify.receivers]]");
                }
                let heads = ["NAME", "KIND", "TO", "SEVERITY", "WAITING", "DELIVERED", "LAST", "FAULT"];
                let mut lines = vec![heads.map(str::to_owned)];
                lines.extend(found.iter().map(row));
                say(&table(&lines).join("\n"))
            }
            NotifyCommand::Test { name, target } => {
                let access = access(files, &target).await?;
                access.test(&name).await.map_err(CommandFailure::of_arguments)?;
                let words = format!("{} has taken the message", printable(&name));
                say(&if target.print.json { json!({ "name": name, "delivered": true }).to_string() } else { words })
            }
        }
    })?
}

fn row(state: &ReceiverState) -> [String; 8] {
    let last =
        state.deliveries.delivered_at.map_or_else(|| "-".to_owned(), |at| at.format("%Y-%m-%dT%H:%M:%SZ").to_string());
    [
        state.name.clone(),
        state.kind.clone(),
        state.to.clone(),
        state.severity.clone(),
        state.deliveries.waiting.to_string(),
        state.deliveries.delivered.to_string(),
        last,
        state.deliveries.fault.clone().unwrap_or_else(|| "-".to_owned()),
    ]
    .map(|cell| printable(&cell))
}

async fn access(files: &Files, target: &ApiTarget) -> Result<NotifyAccess, CommandFailure> {
    match &target.api {
        Some(url) => Ok(NotifyAccess::Running(Remote::at(url, files.access()?).map_err(CommandFailure::Usage)?)),
        None => NotifyAccess::of(&files.settings()?).await.map_err(CommandFailure::of_place),
    }
}
