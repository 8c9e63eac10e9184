//! `streamwarden notify`: who is told of incidents, and whether messages arrive there.

use clap::Subcommand;
use log::LevelFilter;
use serde_json::{Map, Value, json};

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
                let access = access(files, &target).await?;
                let found = access.list().await?;
                if target.print.json {
                    let items: Vec<Value> = found.iter().map(|(state, is_known)| item(state, *is_known)).collect();
                    return say(&json!({ "items": items, "next": null }).to_string());
                }
                if found.is_empty() {
                    return say("nobody is told: the configuration has no [[notify.receivers]]");
                }
                let heads = ["NAME", "KIND", "TO", "SEVERITY", "WAITING", "DELIVERED", "LAST", "FAULT"];
                let mut lines = vec![heads.map(str::to_owned)];
                lines.extend(found.iter().map(|(state, is_known)| row(state, *is_known)));
                say(&table(&lines).join("\n"))?;
                match access {
                    NotifyAccess::Running(_) => Ok(()),
                    NotifyAccess::Alone(..) => {
                        let words = "no streamwarden runs with this data_dir: it delivers nothing now. The figures are those that its database \
                                     has kept; a - is not known";
                        say(words)
                    }
                }
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

/// Of a receiver of which nothing is known yet no figure is told: 0 would be one.
fn row(state: &ReceiverState, is_known: bool) -> [String; 8] {
    let unknown = || "-".to_owned();
    let of = |figure: u64| if is_known { figure.to_string() } else { unknown() };
    let last = state.deliveries.delivered_at.map_or_else(unknown, |at| at.format("%Y-%m-%dT%H:%M:%SZ").to_string());
    [
        state.name.clone(),
        state.kind.clone(),
        state.to.clone(),
        state.severity.clone(),
        of(state.deliveries.waiting),
        of(state.deliveries.delivered),
        last,
        state.deliveries.fault.clone().unwrap_or_else(unknown),
    ]
    .map(|cell| printable(&cell))
}

/// As the API has it; null is what is not known.
fn item(state: &ReceiverState, is_known: bool) -> Value {
    let mut item = json!(state);
    if !is_known {
        let deliveries = json!(state.deliveries);
        let names = deliveries.as_object().into_iter().flat_map(Map::keys);
        names.for_each(|name| item[name] = Value::Null);
    }
    item
}

async fn access(files: &Files, target: &ApiTarget) -> Result<NotifyAccess, CommandFailure> {
    match &target.api {
        Some(url) => Ok(NotifyAccess::Running(Remote::at(url, files.access()?).map_err(CommandFailure::Usage)?)),
        None => NotifyAccess::of(&files.settings()?).await.map_err(CommandFailure::of_place),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::notify::Deliveries;

    #[test]
    fn of_a_receiver_that_nobody_has_told_of_no_figure_is_made_up() {
        let state = ReceiverState {
            name: "hook".to_owned(),
            kind: "webhook".to_owned(),
            to: "https://example.org".to_owned(),
            severity: "info".to_owned(),
            deliveries: Deliveries::default(),
        };
        for (is_known, waiting, number) in [(false, "-", Value::Null), (true, "0", json!(0))] {
            let row = row(&state, is_known);
            assert_eq!((&*row[0], &*row[4], &*row[5], &*row[6]), ("hook", waiting, waiting, "-"), "{is_known}");
            let item = item(&state, is_known);
            assert_eq!(
                (&item["name"], &item["waiting"], &item["failures"]),
                (&json!("hook"), &number, &number),
                "{is_known}"
            );
        }
    }
}
