//! `streamwarden recordings reconcile` and `recordings rebuild`.

use std::collections::BTreeMap;

use serde_json::json;

use super::{CommandFailure, EXIT_FAILURE, Files, Print, printable, say};
use crate::app::rebuild_access::{self, RebuildPlan};
use crate::app::reconcile_access::{ReconcileAccess, Reconciled};
use crate::base::size::size;
use crate::domain::reconcile::{ReconcilePart, Repair};

/// Compares spool, catalogue and object store, and mends what differs with `yes`. Exit code 1 when something is left for a person.
pub(super) async fn reconcile(files: &Files, yes: bool, print: Print) -> Result<(), CommandFailure> {
    let access = ReconcileAccess::of(&files.settings()?).await.map_err(CommandFailure::of_place)?;
    let all = access.reconcile(&ReconcilePart::ALL, yes).await?;
    say(&if print.json { json_of(&all, yes) } else { words(&all, yes) })?;
    let is_left = all.more > 0 || all.findings.iter().any(|finding| !finding.done);
    if is_left { Err(CommandFailure::Printed(EXIT_FAILURE)) } else { Ok(()) }
}

/// Makes the catalogue from the object store alone; without `yes` it only says what would be entered.
pub(super) async fn rebuild(files: &Files, yes: bool, print: Print) -> Result<(), CommandFailure> {
    let settings = files.settings()?;
    if !yes {
        let plan = rebuild_access::plan(&settings).await.map_err(CommandFailure::of_place)?;
        return say(&if print.json { plan_json(&plan) } else { plan_words(&plan) });
    }
    let all = rebuild_access::rebuild(&settings).await.map_err(CommandFailure::of_place)?;
    say(&if print.json { json_of(&all, true) } else { words(&all, true) })?;
    let is_left = all.more > 0 || all.findings.iter().any(|finding| !finding.done && finding.repair != Repair::Look);
    if is_left { Err(CommandFailure::Printed(EXIT_FAILURE)) } else { Ok(()) }
}

fn json_of(all: &Reconciled, yes: bool) -> String {
    json!({
        "lookedAt": all.looked_at, "applied": yes, "mended": all.mended, "items": all.findings, "more": all.more, "next": null
    })
    .to_string()
}

/// Entered rows are counted; everything else is a line.
fn words(all: &Reconciled, yes: bool) -> String {
    let mut lines = Vec::new();
    let mut counts: BTreeMap<Repair, u64> = BTreeMap::new();
    for finding in &all.findings {
        *counts.entry(finding.repair).or_default() += 1;
        if finding.repair != Repair::Enter || (yes && !finding.done) {
            let (place, what) = (finding.place.as_str(), printable(&finding.what));
            lines.push(format!("{}: {} in {place}: {what}", finding.repair.as_str(), printable(&finding.name)));
        }
    }
    let counted: Vec<String> = counts.iter().map(|(repair, count)| format!("{count} {}", repair.as_str())).collect();
    let differ = if counted.is_empty() { "nothing differs".to_owned() } else { counted.join(", ") };
    lines.push(format!("{} files, objects and rows were looked at: {differ}", all.looked_at));
    if all.more > 0 {
        lines.push(format!("{} more are not listed", all.more));
    }
    lines.push(match (yes, all.findings.is_empty()) {
        (_, true) => "nothing has to be done".to_owned(),
        (true, false) => format!("{} of it was mended; nothing was deleted", all.mended),
        (false, false) => "nothing was changed: add --yes to mend it".to_owned(),
    });
    lines.join("\n")
}

fn plan_json(plan: &RebuildPlan) -> String {
    json!({
        "store": plan.store, "identity": plan.identity, "segments": plan.segments, "bytes": plan.bytes, "others": plan.others
    })
    .to_string()
}

fn plan_words(plan: &RebuildPlan) -> String {
    let identity = plan.identity.map_or("none yet".to_owned(), |id| id.to_string());
    format!(
        "{} holds {} segments, {}, and {} other objects; its identity is {identity}\nnothing was changed: add --yes to enter them \
         and to take this store over as that of this site",
        plan.store,
        plan.segments,
        size(plan.bytes),
        plan.others
    )
}
