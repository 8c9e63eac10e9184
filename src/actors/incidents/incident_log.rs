//! Begin and end of each incident in the log, with its id: what a search begins with.

use crate::domain::incident::IncidentWrite;

/// One line.
pub(super) fn note(entry: &IncidentWrite) {
    match entry {
        IncidentWrite::Open(incident) => {
            let (kind, subject) = (incident.kind.as_str(), incident.subject.key());
            let (title, cause) = (incident.subject.title(), incident.cause.as_str());
            log::warn!(
                incident:% = incident.id, action = "opened", kind = kind, subject = subject;
                "incident: {title}: {cause}"
            );
        }
        IncidentWrite::Close { id, .. } => log::info!(incident:% = id, action = "closed"; "incident over"),
    }
}
