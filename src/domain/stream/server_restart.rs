//! Whether a media server was restarted, or was only out of reach: by the time at which its run began, where it tells that
//! (1.15.2 and later), else by what became of its streams while it did not answer.

use chrono::{DateTime, SecondsFormat, Utc};

use super::{PathReading, ServerStatus, StreamStatus};

/// What was found when a server answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerRun {
    /// It is the run that was known.
    Same,
    /// It is another one: why that is known, in a sentence.
    Restarted(String),
    /// Nothing tells.
    Unknown,
}

/// What has become of a stream that a server had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Continuity {
    /// There was none before.
    None,
    /// The same source feeds it, and its counters went on.
    GoesOn,
    /// It is gone, or has begun anew.
    BegunAnew,
}

/// Judges an answer: `before` is what was known of the server, `streams` what became of those that it had.
pub fn server_run(
    before: &ServerStatus,
    started_at: Option<DateTime<Utc>>,
    version: Option<&str>,
    streams: impl Iterator<Item = Continuity>,
) -> ServerRun {
    if let (Some(known), Some(told)) = (before.started_at, started_at) {
        if known == told {
            return ServerRun::Same;
        }
        let at = told.to_rfc3339_opts(SecondsFormat::Secs, true);
        let versions = before.version.as_deref().zip(version).filter(|(old, new)| old != new);
        let other = versions.map(|(old, new)| format!(" as {new}, before {old}")).unwrap_or_default();
        return ServerRun::Restarted(format!("it was restarted at {at}{other}: every stream was interrupted"));
    }
    // Without an outage nothing of an old version tells a restart from publishers that all went.
    if before.reachable {
        return ServerRun::Unknown;
    }
    let (mut begun_anew, mut goes_on) = (0_usize, 0_usize);
    for stream in streams {
        match stream {
            Continuity::None => {}
            Continuity::GoesOn => goes_on += 1,
            Continuity::BegunAnew => begun_anew += 1,
        }
    }
    match (begun_anew, goes_on) {
        (_, 1..) => ServerRun::Same,
        (0, 0) => ServerRun::Unknown,
        (count, _) => ServerRun::Restarted(format!(
            "it did not answer, and then every stream that it had ({count}) was gone or had begun anew: it was restarted, or had \
             lost its network, too (this version does not tell when its run began)"
        )),
    }
}

impl Continuity {
    /// Of a stream by what was known of it and what the server lists now.
    pub fn of(before: &StreamStatus, now: Option<&PathReading>) -> Self {
        let was_publishing = before.bytes_received > 0 || before.source_id.is_some();
        if !was_publishing {
            return Self::None;
        }
        let goes_on = now.is_some_and(|now| {
            let id = now.source.as_ref().map(|source| source.id.as_str()).filter(|id| !id.is_empty());
            now.available
                && id == before.source_id.as_ref().map(|id| id.as_str())
                && now.bytes_received >= before.bytes_received
        });
        if goes_on { Self::GoesOn } else { Self::BegunAnew }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample;
    use crate::domain::stream::PathSource;

    fn at(second: i64) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp(second, 0)
    }

    #[test]
    fn a_restart_is_told_from_a_fault_of_the_network() {
        use Continuity::{BegunAnew, GoesOn, None as Nothing};
        let (up, down) = (true, false);
        // Known run, reachable before, run now, streams; what is found.
        for (known, reachable, told, streams, wanted) in [
            (at(1), up, at(1), vec![GoesOn], "same"),
            (at(1), down, at(1), vec![BegunAnew], "same"),
            (at(1), up, at(9), vec![BegunAnew], "restarted at 1970-01-01T00:00:09Z"),
            (at(1), down, at(9), vec![], "restarted at 1970-01-01T00:00:09Z"),
            (None, up, at(9), vec![BegunAnew], "unknown"),
            (at(1), up, None, vec![BegunAnew], "unknown"),
            (None, up, None, vec![BegunAnew, BegunAnew], "unknown"),
            (None, down, None, vec![BegunAnew, GoesOn], "same"),
            (None, down, None, vec![BegunAnew, Nothing, BegunAnew], "it had (2) was gone"),
            (None, down, None, vec![Nothing], "unknown"),
        ] {
            let before = ServerStatus { reachable, started_at: known, ..sample::server("main") };
            let found = match server_run(&before, told, None, streams.iter().copied()) {
                ServerRun::Same => "same".to_owned(),
                ServerRun::Unknown => "unknown".to_owned(),
                ServerRun::Restarted(cause) => cause,
            };
            assert!(found.contains(wanted), "{known:?} {reachable} {told:?} {streams:?}: {found}");
        }
        let before = ServerStatus { started_at: at(1), version: Some("v1.19.0".to_owned()), ..sample::server("main") };
        let ServerRun::Restarted(cause) = server_run(&before, at(2), Some("v1.20.1"), std::iter::empty()) else {
            panic!("it was restarted")
        };
        assert!(cause.contains("as v1.20.1, before v1.19.0"), "{cause}");
    }

    #[test]
    fn a_stream_goes_on_with_its_source_and_its_counters() {
        let status = |id: Option<&str>, bytes| StreamStatus {
            source_id: id.map(Into::into),
            bytes_received: bytes,
            ..sample::stream("main", "gate")
        };
        let reading = |available, id: &str, bytes| PathReading {
            name: sample::stream("main", "gate").name,
            available,
            online: available,
            available_since: None,
            source: Some(PathSource { kind: "rtspSession".into(), id: id.into() }),
            tracks: Vec::new().into(),
            readers: 0,
            bytes_received: bytes,
            bytes_sent: 0,
            srt: None,
            config: None,
            on_demand: false,
        };
        for (before, now, wanted) in [
            (status(Some("a"), 5), Some(reading(true, "a", 5)), Continuity::GoesOn),
            (status(Some("a"), 5), Some(reading(true, "a", 4)), Continuity::BegunAnew),
            (status(Some("a"), 5), Some(reading(true, "b", 9)), Continuity::BegunAnew),
            (status(Some("a"), 5), Some(reading(false, "a", 9)), Continuity::BegunAnew),
            (status(Some("a"), 5), None, Continuity::BegunAnew),
            (status(None, 5), Some(reading(true, "", 9)), Continuity::GoesOn),
            (status(None, 5), Some(reading(true, "", 2)), Continuity::BegunAnew),
            (status(None, 0), Some(reading(true, "", 9)), Continuity::None),
        ] {
            assert_eq!(Continuity::of(&before, now.as_ref()), wanted, "{before:?} -> {now:?}");
        }
    }
}
