//! Whose stream a path has: ours, what is left of ours, or another publisher's.
//!
//! No version of MediaMTX tells a publisher's process, so it is told by time. A session that appears while our ffmpeg
//! sends is ours; one that is there while no ffmpeg of ours runs is not, but for the short while that the server needs to
//! notice the end of an earlier one. The server closes the session of whoever is pushed aside, so an ffmpeg that goes on
//! sending has not been.

use std::time::Duration;

use super::{PathPublisher, PathView};

/// What is left of a run that ended may be listed for so long. A server notices a closed connection at once; this is for
/// networks.
const LEFTOVER: Duration = Duration::from_secs(3);

/// Who is pushed aside stops sending within this time.
const PUSHED_ASIDE: Duration = Duration::from_secs(5);

/// Sessions that a path may still be seen with although they are over.
const MOST_OVER: usize = 4;

/// The path before a start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Before {
    /// Nobody publishes, or what is left of us does.
    Free,
    /// Perhaps what is left of us: to be asked again in a moment.
    Unclear,
    /// Another publisher's.
    Taken(PathPublisher),
}

/// What is known of a path's publishers.
#[derive(Clone, Debug, Default)]
pub(super) struct Claim {
    /// Session of the ffmpeg that runs, once seen.
    ours: Option<String>,
    /// Sessions of earlier runs, and whatever was there before this one; the last ones.
    over: Vec<String>,
    /// Since when no ffmpeg of ours runs.
    quiet_since: Option<Duration>,
    /// Another session has been seen in place of ours since then.
    doubt_since: Option<Duration>,
}

impl Claim {
    /// ffmpeg starts while the path is seen so.
    pub(super) fn started(&mut self, seen: &PathView) {
        self.ended_session();
        if let PathView::Available(Some(publisher)) = seen {
            self.note_over(publisher.id.clone());
        }
        (self.quiet_since, self.doubt_since) = (None, None);
    }

    /// ffmpeg has ended.
    pub(super) fn ended(&mut self, now: Duration) {
        self.ended_session();
        self.quiet_since = Some(now);
    }

    fn ended_session(&mut self) {
        if let Some(ours) = self.ours.take() {
            self.note_over(ours);
        }
    }

    fn note_over(&mut self, id: String) {
        if !self.over.contains(&id) {
            self.over.push(id);
            let excess = self.over.len().saturating_sub(MOST_OVER);
            self.over.drain(..excess);
        }
    }

    /// Whether the path has our stream, while our ffmpeg runs and `sends`.
    pub(super) fn is_ours(&mut self, path: &PathView, sends: bool, now: Duration) -> bool {
        let publisher = match path {
            PathView::Missing => return false,
            // Nobody tells: believed.
            PathView::Unknown | PathView::Available(None) => return true,
            PathView::Available(Some(publisher)) => publisher,
        };
        if self.ours.as_ref() == Some(&publisher.id) {
            self.doubt_since = None;
            return true;
        }
        if !sends || !publisher.may_be_ours() || self.over.contains(&publisher.id) {
            return false;
        }
        let doubted = *self.doubt_since.get_or_insert(now);
        if self.ours.is_none() || now.saturating_sub(doubted) >= PUSHED_ASIDE {
            self.ours = Some(publisher.id.clone());
            self.doubt_since = None;
            return true;
        }
        false
    }

    /// Whether ffmpeg may be started without pushing anybody aside. `path` is what the server says at this moment.
    pub(super) fn before(&mut self, path: &PathView, now: Duration) -> Before {
        let PathView::Available(Some(publisher)) = path else { return Before::Free };
        if !publisher.may_be_ours() {
            return Before::Taken(publisher.clone());
        }
        if self.over.contains(&publisher.id) {
            return Before::Free;
        }
        let quiet_since = *self.quiet_since.get_or_insert(now);
        if now.saturating_sub(quiet_since) < LEFTOVER { Before::Unclear } else { Before::Taken(publisher.clone()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by(kind: &str, id: &str) -> PathView {
        PathView::Available(Some(PathPublisher { kind: kind.into(), id: id.into(), remote: None }))
    }

    fn rtsp(id: &str) -> PathView {
        by("rtspSession", id)
    }

    const fn s(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn a_session_that_appears_while_we_send_is_ours_and_another_one_is_not() {
        let mut claim = Claim::default();
        claim.started(&PathView::Missing);
        assert!(!claim.is_ours(&rtsp("a"), false, s(0)), "nothing was sent yet");
        assert!(claim.is_ours(&rtsp("a"), true, s(1)));
        assert!(!claim.is_ours(&PathView::Missing, true, s(1)));
        assert!(claim.is_ours(&PathView::Unknown, true, s(1)) && claim.is_ours(&PathView::Available(None), true, s(1)));
        assert!(!claim.is_ours(&by("rtmpConn", "x"), true, s(100)), "we speak RTSP");
        assert!(!claim.is_ours(&rtsp("b"), true, s(2)));
        assert!(claim.is_ours(&rtsp("a"), true, s(3)), "an old answer that came late");
        assert!(!claim.is_ours(&rtsp("b"), true, s(4)));
        assert!(claim.is_ours(&rtsp("b"), true, s(9)), "we go on sending: it is ours after all");
    }

    #[test]
    fn what_is_left_of_us_is_nobody_and_everybody_else_is_somebody() {
        let mut claim = Claim::default();
        assert_eq!(claim.before(&PathView::Missing, s(0)), Before::Free);
        assert_eq!(claim.before(&rtsp("x"), s(0)), Before::Unclear, "perhaps an earlier run of the program");
        assert!(matches!(claim.before(&rtsp("x"), s(3)), Before::Taken(_)));
        assert!(matches!(claim.before(&by("rtspSource", ""), s(0)), Before::Taken(_)), "never ours");
        claim.started(&PathView::Missing);
        assert!(claim.is_ours(&rtsp("a"), true, s(5)));
        claim.ended(s(9));
        assert_eq!(claim.before(&rtsp("a"), s(9)), Before::Free, "the server has not noticed yet");
        assert_eq!(claim.before(&rtsp("b"), s(9)), Before::Unclear);
        assert!(matches!(claim.before(&rtsp("b"), s(12)), Before::Taken(_)));
        claim.started(&rtsp("b"));
        assert!(!claim.is_ours(&rtsp("b"), true, s(13)) && !claim.is_ours(&rtsp("a"), true, s(13)), "old answers");
        assert!(claim.is_ours(&rtsp("c"), true, s(14)));
    }
}
