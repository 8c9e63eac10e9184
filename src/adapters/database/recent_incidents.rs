//! What lasts, and what has ended lately.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::incident_store::{IncidentQuery, IncidentStore};
use super::timeout::with_timeout;
use crate::base::Result;
use crate::domain::incident::Incident;

/// Which.
#[derive(Clone, Copy, Debug)]
pub struct RecentIncidents {
    /// Only this node's.
    pub own: bool,
    /// Those that have ended are told when they did so after this time.
    pub since: DateTime<Utc>,
    /// At most so many that last, and so many others; of more, the newest.
    pub most_open: u32,
    /// See `most_open`.
    pub most_ended: u32,
}

impl RecentIncidents {
    /// Reads them, each once.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn read(self, store: &dyn IncidentStore) -> Result<Recent> {
        let of = IncidentQuery { own: self.own, ..IncidentQuery::default() };
        let ended = IncidentQuery { from: Some(self.since), limit: self.most_ended, ..of.clone() };
        let ended = with_timeout(store.incidents(ended)).await?;
        // What lasts is read last: it is as it is now, also where it has ended and begun meanwhile.
        let open = with_timeout(store.incidents(IncidentQuery { open: true, limit: self.most_open, ..of })).await?;
        let known: BTreeSet<_> = open.iter().map(|incident| incident.id).collect();
        let all_ended = ended.len() < self.most_ended as usize;
        let others = ended.into_iter().filter(|incident| !known.contains(&incident.id)).collect();
        Ok(Recent { complete: open.len() < self.most_open as usize, open, others, all_ended })
    }
}

/// What was read.
#[derive(Debug)]
pub struct Recent {
    /// Those that last.
    pub open: Vec<Incident>,
    /// Whether these are all that last.
    pub complete: bool,
    /// Those that have ended; also some that lasted when they were read and have ended since, or are too many.
    pub others: Vec<Incident>,
    /// Whether these are all that have ended.
    pub all_ended: bool,
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use uuid::Uuid;

    use super::*;
    use crate::adapters::database::sqlite;
    use crate::domain::incident::{IncidentKind, Subject};

    #[tokio::test]
    async fn lists_that_were_cut_say_so() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = sqlite::open(folder.path().join("test.db")).await.expect("a database").for_node("here");
        let now = Utc::now();
        for id in 0..4 {
            let (kind, subject) = (IncidentKind::CameraDown, Subject::camera_of(id, "gate"));
            let one = Incident::open(Uuid::now_v7(), kind, subject, "refused".to_owned(), now - TimeDelta::hours(1));
            store.open_incident(one.clone()).await.expect("opened");
            if id < 2 {
                store.close_incident(one.id, now).await.expect("closed");
            }
        }
        // Those that last are among the others, too.
        for (most_open, most_ended, wanted) in [(3, 5, (true, true)), (2, 5, (false, true)), (3, 4, (true, false))] {
            let since = now - TimeDelta::hours(2);
            let recent = RecentIncidents { own: true, since, most_open, most_ended }.read(&*store).await.expect("read");
            assert_eq!((recent.complete, recent.all_ended), wanted, "{most_open} {most_ended}");
        }
    }
}
