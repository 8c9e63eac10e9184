//! Segments at whose key other bytes stand: each stays in the spool, an incident tells of it, and it is uploaded when the key is free
//! again. Nothing is ever overwritten.

use std::collections::BTreeMap;

use super::UploadHandles;
use crate::actors::incidents::{IncidentsHandle, now};
use crate::base::Result;
use crate::domain::copies::{CopyPlace, CopyState, SegmentCopy};
use crate::domain::incident::{IncidentKind, Subject};

/// Looked at together; further ones have their turn when these are settled.
const MOST: u32 = 200;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Conflicts {
    /// Subject and cause of what goes on, by the subject's key.
    open: BTreeMap<String, (Subject, String)>,
    /// What is in the queue again.
    pub(super) over: usize,
    /// Incidents of ours that were open before.
    before: Vec<Subject>,
}

/// Looks whether the keys are free by now.
pub(super) async fn look(handles: &UploadHandles) -> Result<Conflicts> {
    let mut found = Conflicts::default();
    let copies = handles.recordings.copies_in(CopyPlace::Objects, CopyState::Conflict, MOST).await?;
    for copy in copies {
        let Some(segment) = handles.recordings.segment(copy.segment).await? else { continue };
        if handles.objects.size(&segment.object_key).await?.is_none() {
            let free = SegmentCopy::new(copy.segment, CopyPlace::Objects, CopyState::Waiting);
            found.over += usize::from(handles.recordings.write_copy(free, Some(CopyState::Conflict)).await?);
            continue;
        }
        let subject = Subject::Stream { server: segment.server, name: segment.stream.as_str().to_owned() };
        let cause = copy.reason.unwrap_or_else(|| format!("another object stands at {:?}", segment.object_key));
        found.open.entry(subject.key()).or_insert((subject, cause));
    }
    let open = handles.incidents.open().await;
    found.before = open
        .into_iter()
        .filter(|(kind, _)| *kind == IncidentKind::ObjectConflict)
        .map(|(_, subject)| subject)
        .collect();
    Ok(found)
}

impl Conflicts {
    /// Opens incidents of what goes on and closes those of what is over.
    pub(super) fn tell(self, incidents: &IncidentsHandle) {
        for subject in self.before.iter().filter(|subject| !self.open.contains_key(&subject.key())) {
            incidents.clear(IncidentKind::ObjectConflict, subject);
        }
        for (subject, cause) in self.open.into_values() {
            incidents.raise(IncidentKind::ObjectConflict, &subject, &cause, now());
        }
    }
}
