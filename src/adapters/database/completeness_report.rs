//! How complete recordings are, put together from all that the database knows of a time.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::incident_store::IncidentQuery;
use super::stores::Stores;
use crate::base::Result;
use crate::domain::camera::CameraRow;
use crate::domain::completeness::{
    GapCause, KnownCause, RecordedSpan, Span, StreamCompleteness, cause_of, cause_of_end, judge,
};
use crate::domain::incident::{Incident, Subject};
use crate::domain::maintenance::Maintenance;
use crate::domain::recording::RecordingSession;

/// Incidents in one question, and the most that are looked at.
const PAGE: u32 = 1_000;
const MOST: usize = 20_000;

/// Starts of sessions are whole seconds.
const ROUNDED: TimeDelta = TimeDelta::seconds(1);

/// Everything that tells why something was not recorded.
struct Causes {
    sessions: Vec<RecordingSession>,
    incidents: Vec<Incident>,
    excused: Vec<Maintenance>,
    cameras: Vec<CameraRow>,
}

/// How complete the recordings of every stream, or of one, are in a time; by server and name. Before a stream was first recorded nothing
/// is expected of it.
///
/// # Errors
/// When the database cannot be read.
pub async fn completeness(
    stores: &Stores,
    asked: Span,
    stream: Option<String>,
    now: DateTime<Utc>,
) -> Result<Vec<StreamCompleteness>> {
    let asked = Span { from: asked.from, to: asked.to.min(now) };
    if asked.from >= asked.to {
        return Ok(Vec::new());
    }
    let recorded = stores.recordings.recorded_spans(asked, stream.clone()).await?;
    let known = stores.recordings.recordings().await?;
    let causes = Causes {
        sessions: stores.recordings.sessions_in(asked, stream.clone()).await?,
        incidents: incidents(stores, asked).await?,
        excused: stores.maintenance.maintenance(now).await?,
        cameras: stores.cameras.cameras().await?,
    };
    let wanted = |name: &str| stream.as_deref().is_none_or(|stream| stream == name);
    let mut names: BTreeSet<(&str, &str)> =
        known.iter().map(|one| (one.server.as_str(), one.stream.as_str())).filter(|(_, name)| wanted(name)).collect();
    names.extend(recorded.iter().map(|one| (one.server.as_str(), one.stream.as_str())));
    let mut judged = Vec::new();
    for (server, name) in names {
        let its: Vec<RecordedSpan> =
            recorded.iter().filter(|one| one.server == server && one.stream == name).cloned().collect();
        let before = known.iter().find(|one| one.server == server && one.stream == name).map(|one| one.first);
        let first = before.into_iter().chain(its.iter().map(|one| one.span.from)).min();
        let expected = Span { from: first.map_or(asked.from, |first| asked.from.max(first)), to: asked.to };
        judged.extend(judge(server, name, expected, &its, &causes.of(server, name, asked.to, now)));
    }
    Ok(judged)
}

async fn incidents(stores: &Stores, asked: Span) -> Result<Vec<Incident>> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let query = IncidentQuery {
            from: Some(asked.from),
            to: Some(asked.to),
            after,
            limit: PAGE,
            ..IncidentQuery::default()
        };
        let page = stores.incidents.incidents(query).await?;
        after = page.last().map(|incident| incident.id);
        let is_last = page.len() < PAGE as usize;
        all.extend(page);
        if is_last || all.len() >= MOST {
            return Ok(all);
        }
    }
}

impl Causes {
    /// What concerns a stream.
    fn of(&self, server: &str, stream: &str, end: DateTime<Utc>, now: DateTime<Utc>) -> Vec<KnownCause> {
        let mut causes: Vec<KnownCause> =
            self.incidents.iter().filter_map(|incident| cause_of(incident, server, stream, now)).collect();
        let mut sessions = self
            .sessions
            .iter()
            .filter(|session| session.server == server && session.stream.as_str() == stream)
            .peekable();
        while let Some(session) = sessions.next() {
            let Some(ended_at) = session.ended_at else { continue };
            let to = sessions.peek().map_or(end, |next| next.started_at + ROUNDED);
            let cause = session.end_reason.as_deref().and_then(cause_of_end);
            causes.extend(cause.map(|cause| KnownCause { span: Span { from: ended_at, to }, cause }));
        }
        causes.extend(self.excused.iter().filter(|one| is_about(&one.subject, server, stream)).map(|one| KnownCause {
            span: Span { from: one.set_at, to: one.until.min(now) },
            cause: GapCause::Excused,
        }));
        // Since when it is switched off is known as long as nothing else of it was changed.
        let off = self.cameras.iter().filter(|row| row.name == stream && !(row.enabled && row.record));
        causes.extend(off.filter_map(|row| {
            let from = row.updated_at.as_deref()?.parse::<DateTime<Utc>>().ok()?;
            let span = Span { from, to: now };
            Some(KnownCause { span, cause: GapCause::NotEnabled })
        }));
        causes
    }
}

fn is_about(subject: &Subject, server: &str, stream: &str) -> bool {
    match subject {
        Subject::Camera { name, .. } => name == stream,
        Subject::Stream { server: its, name } => its == server && name == stream,
        _ => false,
    }
}
