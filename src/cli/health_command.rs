//! `streamwarden health`: does the process answer, and with `--ready`, is what it needs there. It costs that process next to
//! nothing and needs no login, unlike `status`, which asks for everything.

use clap::Args;
use log::LevelFilter;
use serde_json::Value;

use super::{CommandFailure, EXIT_FAILURE, Files, printable, say};
use crate::app;
use crate::app::remote::Remote;
use crate::base::Result;
use crate::logging;

/// Options of `health`.
#[derive(Clone, Debug, Default, Args)]
pub struct HealthOptions {
    /// Ask whether it can do its work: database, spool, objects, managers. Without it only whether it answers.
    #[arg(long)]
    pub ready: bool,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
    /// Address of a running streamwarden to ask instead of the one of this configuration: http://127.0.0.1:8080
    #[arg(long, value_name = "URL", visible_alias = "url")]
    pub api: Option<String>,
}

/// Prints it.
///
/// # Errors
/// Exit code 1 when nobody answers, or when it is not ready.
pub fn run(files: &Files, options: &HealthOptions) -> Result<(), CommandFailure> {
    logging::start_on_console(files.log_level.unwrap_or(LevelFilter::Warn));
    let remote = match &options.api {
        Some(url) => Remote::at(url, files.access()?).map_err(CommandFailure::Usage)?,
        None => Remote::expected(&files.settings()?)?,
    };
    let answer = app::block_on(async {
        match options.ready {
            true => remote.ready().await,
            false => remote.health().await.map(|()| serde_json::json!({ "ok": true })),
        }
    })??;
    say(&if options.json { answer.to_string() } else { words(&answer, &remote.address()) })?;
    if answer["ok"] == true { Ok(()) } else { Err(CommandFailure::Printed(EXIT_FAILURE)) }
}

/// One line of what it is, and one for each service that is down.
fn words(answer: &Value, address: &str) -> String {
    let text = |value: &Value| printable(value.as_str().unwrap_or("?"));
    let services = answer["services"].as_array();
    let state = match (answer["ok"] == true, services) {
        (true, Some(_)) => "ready",
        (true, None) => "alive",
        (false, _) => "not ready",
    };
    let down = services.into_iter().flatten().filter(|service| service["ok"] == false);
    let lines = down.map(|service| {
        let weight = if service["required"] == true { "down" } else { "degraded" };
        format!("{}  {weight}: {}", text(&service["name"]), text(&service["detail"]))
    });
    std::iter::once(format!("{state}: {address}")).chain(lines).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_down_stands_below_the_state() {
        let address = "http://127.0.0.1:8080";
        let service = |name: &str, ok: bool, required: bool| json!({ "name": name, "ok": ok, "required": required, "detail": "a\nb" });
        for (answer, wanted) in [
            (json!({ "ok": true }), "alive: http://127.0.0.1:8080"),
            (json!({ "ok": true, "services": [] }), "ready: http://127.0.0.1:8080"),
            (
                json!({ "ok": false, "services": [service("database", false, true), service("live", true, true), service("cameras", false, false)] }),
                "not ready: http://127.0.0.1:8080\ndatabase  down: a?b\ncameras  degraded: a?b",
            ),
        ] {
            assert_eq!(words(&answer, address), wanted);
        }
    }
}
