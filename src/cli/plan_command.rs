//! `streamwarden cameras plan`: what of the cameras table is blocked, shown and confirmed.

use clap::Args;
use serde_json::json;

use super::whom::Whom;
use super::{ApiTarget, CommandFailure, EXIT_BLOCKED, printable, say, table};
use crate::domain::change_guard::{BlockedChangeView, PlanView};

/// Options of `cameras plan`.
#[derive(Clone, Debug, Args)]
pub struct PlanOptions {
    /// Confirm what is blocked: its cameras stop.
    #[arg(long)]
    pub apply: bool,
    /// How and whom to ask.
    #[command(flatten)]
    pub target: ApiTarget,
}

/// Shows what is blocked, the table as it is now; with `--apply` confirms exactly what it has shown. What stays blocked makes the
/// exit code 3.
///
/// # Errors
/// When no streamwarden runs there, or when the plan changed meanwhile.
pub(super) async fn run(whom: &Whom<'_>, options: &PlanOptions) -> Result<(), CommandFailure> {
    let (remote, json) = (whom.remote().await?, options.target.print.json);
    let mut view = remote.plan().await?;
    if !json {
        say(&words(&view))?;
    }
    if options.apply
        && let Some(blocked) = &view.blocked
    {
        let stops = blocked.would_stop.len();
        view = remote.apply_plan(&blocked.id).await?;
        if !json {
            say(&format!("confirmed; {stops} cameras stop"))?;
        }
    }
    if json {
        say(&json!(view).to_string())?;
    }
    if view.blocked.is_some() { Err(CommandFailure::Printed(EXIT_BLOCKED)) } else { Ok(()) }
}

fn words(view: &PlanView) -> String {
    match &view.blocked {
        None => format!(
            "nothing is blocked; the {} cameras that are relayed are those of the table, {} of them run now",
            view.cameras, view.running
        ),
        Some(blocked) => blocked_words(blocked),
    }
}

fn blocked_words(blocked: &BlockedChangeView) -> String {
    let since = blocked.since.format("%Y-%m-%d %H:%M:%S");
    let head = format!(
        "blocked since {since} UTC: a change of the cameras would stop {} of {} that ran in the last minutes; nothing stops until \
         it is confirmed",
        blocked.would_stop.len(),
        blocked.running
    );
    let rows = blocked.would_stop.iter().map(|one| [printable(&one.title()), printable(&one.reason)]);
    let lines = table(&rows.collect::<Vec<_>>()).into_iter().map(|line| format!("  {line}"));
    let tail = "confirm with `streamwarden cameras plan --apply`, or put the table right and it is lifted";
    std::iter::once(head).chain(lines).chain([tail.to_owned()]).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::domain::change_guard::WouldStop;

    #[test]
    fn people_read_who_would_stop_and_why() {
        let stop = |id, name: &str| WouldStop {
            id,
            name: name.to_owned(),
            label: (id == 2).then(|| "Tür Süd".to_owned()),
            reason: "its row is gone".to_owned(),
        };
        let blocked = BlockedChangeView {
            id: "0f".to_owned(),
            since: DateTime::UNIX_EPOCH,
            summary: String::new(),
            running: 5,
            would_stop: vec![stop(1, "gate\n"), stop(2, "site/door")],
        };
        let text = words(&PlanView { blocked: Some(blocked), cameras: 6, running: 5 });
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].contains("1970-01-01 00:00:00") && lines[0].contains("2 of 5"), "{text}");
        assert_eq!(lines[1..3], ["  gate?                its row is gone", "  Tür Süd (site/door)  its row is gone"]);
        assert!(lines[3].contains("--apply") && lines.len() == 4, "{text}");
        assert!(words(&PlanView { blocked: None, cameras: 7, running: 6 }).contains("the 7 cameras"));
    }
}
