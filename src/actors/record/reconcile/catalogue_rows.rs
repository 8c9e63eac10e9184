//! Rows of this node, of which it is asked whether their copies are where they should be.

use uuid::Uuid;

use super::reconcile_handles::{ReconcileHandles, finding, settle};
use crate::adapters::database::SegmentQuery;
use crate::adapters::spool::on_disk;
use crate::base::{Error, Result};
use crate::domain::copies::{CopyPlace, CopyState, SegmentCopy};
use crate::domain::reconcile::{ReconcileStep, Repair, judge_row};
use crate::domain::recording::{Segment, SegmentState};

/// Rows of a step: the store is asked for each.
const TOGETHER: u32 = 200;

pub(super) async fn step(handles: &ReconcileHandles, after: Option<String>, apply: bool) -> Result<ReconcileStep> {
    let wrong = |_| Error::invalid("after", "is not the `next` of the step before");
    let after = after.map(|id| id.parse::<Uuid>().map_err(wrong)).transpose()?;
    let states = vec![SegmentState::Sealed, SegmentState::Uploaded, SegmentState::Evicted];
    let query = SegmentQuery { states, own: true, after, limit: TOGETHER, ..SegmentQuery::default() };
    let rows = handles.recordings.segments(query).await?;
    let stored: Vec<&Segment> = rows.iter().filter(|row| row.state != SegmentState::Sealed).collect();
    let keys: Vec<String> = stored.iter().map(|row| row.object_key.clone()).collect();
    let sizes = if keys.is_empty() { Vec::new() } else { handles.objects.sizes(&keys).await? };
    let mut sizes = sizes.into_iter();
    let mut findings = Vec::new();
    for row in &rows {
        let object = match row.state {
            SegmentState::Sealed => Ok(None),
            _ => {
                sizes.next().unwrap_or_else(|| Err(Error::internal("the object store did not answer for each object")))
            }
        };
        let local = match row.state {
            SegmentState::Evicted => Ok(None),
            _ => local_size(handles, row).await,
        };
        let judged = match (object, local) {
            (Err(error), _) | (_, Err(error)) if error.is_passing() => return Err(error),
            (Err(error), _) => Some((CopyPlace::Objects, Repair::Look, error.message().to_owned())),
            (_, Err(error)) => Some((CopyPlace::Spool, Repair::Look, error.message().to_owned())),
            (Ok(object), Ok(local)) => judge_row(row, object, local),
        };
        let Some((place, repair, what)) = judged else { continue };
        let name = if place == CopyPlace::Spool { &row.spool_path } else { &row.object_key };
        let mut found = finding(place, name, Some(row.id), (repair, what));
        if apply && repair != Repair::Look {
            let mended = mend(handles, row, place, repair, &found.what).await;
            settle(&mut found, mended)?;
        }
        findings.push(found);
    }
    let next = rows.last().filter(|_| rows.len() == TOGETHER as usize).map(|row| row.id.to_string());
    Ok(ReconcileStep { looked_at: rows.len() as u64, findings, next })
}

async fn local_size(handles: &ReconcileHandles, row: &Segment) -> Result<Option<u64>> {
    let path = row.spool_path.clone();
    on_disk(&handles.spool, move |spool| spool.size(&path)).await
}

/// Only where the copy still is as the catalogue had it: retention and eviction go on beside this.
async fn mend(handles: &ReconcileHandles, row: &Segment, place: CopyPlace, repair: Repair, what: &str) -> Result<bool> {
    let state = match repair {
        Repair::UploadAgain => CopyState::Waiting,
        Repair::Conflict => CopyState::Conflict,
        _ => CopyState::Missing,
    };
    let copy = SegmentCopy { reason: Some(what.to_owned()), ..SegmentCopy::new(row.id, place, state) };
    handles.recordings.write_copy(copy, Some(CopyState::Verified)).await
}
