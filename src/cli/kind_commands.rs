//! `streamwarden cameras kinds`: how the address of a camera's video is made, by kind.

use clap::Subcommand;
use serde_json::json;

use super::whom::{Whom, tell_blocked};
use super::{ApiTarget, CommandFailure, printable, say};

/// `cameras kinds ...`
#[derive(Clone, Debug, Subcommand)]
pub enum KindsCommand {
    /// List the kinds with their templates.
    #[command(visible_alias = "ls")]
    List(ApiTarget),
    /// Add a kind, or change its template: cameras of this kind whose URL changes start again.
    #[command(visible_alias = "add")]
    Set {
        /// Name of the kind.
        kind: String,
        /// URL with {host} {port} {username} {password} {channel} {substream}, and defaults as in {port=554}.
        template: String,
        /// How and whom to tell.
        #[command(flatten)]
        target: ApiTarget,
    },
    /// Remove a kind that no camera has.
    #[command(visible_aliases = ["rm", "delete"])]
    Remove {
        /// Name of the kind.
        kind: String,
        /// How and whom to tell.
        #[command(flatten)]
        target: ApiTarget,
    },
}

impl KindsCommand {
    /// The address that was typed with it.
    pub(super) fn api(&self) -> &Option<String> {
        match self {
            Self::List(target) | Self::Set { target, .. } | Self::Remove { target, .. } => &target.api,
        }
    }
}

/// Does what was typed.
///
/// # Errors
/// `Invalid` naming the field, `NotFound`, `Conflict` when cameras are of the kind, or when the database cannot be used.
pub(super) async fn run(whom: &Whom<'_>, command: KindsCommand) -> Result<(), CommandFailure> {
    let cameras = whom.cameras().await?;
    match command {
        KindsCommand::List(target) => {
            let all = cameras.kinds().await?;
            if target.print.json {
                let item = |(kind, template): &(String, String)| json!({ "kind": kind, "urlTemplate": template });
                return say(&json!({ "items": all.iter().map(item).collect::<Vec<_>>(), "next": null }).to_string());
            }
            let width = all.iter().map(|(kind, _)| kind.chars().count()).max().unwrap_or(0);
            let line =
                |(kind, template): &(String, String)| format!("{:<width$}  {}", printable(kind), printable(template));
            say(&all.iter().map(line).collect::<Vec<_>>().join("\n"))
        }
        KindsCommand::Set { kind, template, target } => {
            let before = cameras.blocked().await?;
            cameras.set_kind(&kind, &template).await.map_err(CommandFailure::of_arguments)?;
            let text = format!("kind {kind} is {template}");
            say(&if target.print.json { json!({ "kind": kind, "urlTemplate": template }).to_string() } else { text })?;
            tell_blocked(&cameras, before).await
        }
        KindsCommand::Remove { kind, target } => {
            cameras.remove_kind(&kind).await?;
            say(&if target.print.json { json!({ "kind": kind }).to_string() } else { format!("removed kind {kind}") })
        }
    }
}
