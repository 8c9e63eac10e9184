//! Sessions and segments in the database: what is asked and written.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::base::Result;
use crate::domain::completeness::{RecordedSpan, Span};
use crate::domain::copies::{CopyPlace, CopyState, SegmentCopy};
use crate::domain::recording::{RecordingSession, Segment, SegmentState};

/// Rows read at once.
const PAGE: u32 = 1_000;

/// Which segments to list.
#[derive(Clone, Debug, Default)]
pub struct SegmentQuery {
    /// Only this server.
    pub server: Option<String>,
    /// Only this stream.
    pub stream: Option<String>,
    /// Only this session.
    pub session: Option<Uuid>,
    /// Only segments that end after this time.
    pub from: Option<DateTime<Utc>>,
    /// Only segments that start before this time.
    pub to: Option<DateTime<Utc>>,
    /// Only these states; empty = all.
    pub states: Vec<SegmentState>,
    /// Only this node's.
    pub own: bool,
    /// Only segments after this one in the order of the list.
    pub after: Option<Uuid>,
    /// At most so many.
    pub limit: u32,
}

impl SegmentQuery {
    /// Whether the answer is in the order in which a stream is played: sessions by start, segments by number. Else it is by
    /// (`started_at`, `id`), which an index answers for everybody's segments.
    pub(super) fn is_by_session(&self) -> bool {
        self.stream.is_some() && !self.own
    }
}

/// One stream's recordings in one line.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecordingSummary {
    /// Server the stream was read from.
    pub server: String,
    /// The stream.
    pub stream: String,
    /// Sessions with at least one segment.
    pub sessions: u64,
    /// Segments that can be played.
    pub segments: u64,
    /// Their size in bytes.
    pub bytes: u64,
    /// Their length in milliseconds.
    pub duration_ms: u64,
    /// Start of the first.
    pub first: DateTime<Utc>,
    /// End of the last.
    pub last: DateTime<Utc>,
}

/// A session with what can be played of it.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionSummary {
    /// The session.
    #[serde(flatten)]
    pub session: RecordingSession,
    /// When its first frame arrived, once the segment with it is complete; where it is asked for.
    #[serde(skip)]
    pub first_frame: Option<DateTime<Utc>>,
    /// Segments that can be played.
    pub segments: u64,
    /// Their length in milliseconds.
    pub duration_ms: u64,
    /// Their size in bytes.
    pub bytes: u64,
}

impl SessionSummary {
    /// As people see it: from its first frame on. The start in its row is the second of its object keys, at which it was begun: up to
    /// a key frame interval before that, or as long as the source took to send.
    pub fn from_first_frame(mut self) -> Self {
        self.session.started_at = self.first_frame.unwrap_or(self.session.started_at);
        self
    }
}

/// What may not be claimed now, because it failed a moment ago. At most some thousands of each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Skip {
    /// These segments.
    pub segments: Vec<Uuid>,
    /// Every segment of these sessions.
    pub sessions: Vec<Uuid>,
    /// The newest is wanted instead of the oldest, of other streams than these.
    pub newest_but: Option<Vec<String>>,
}

/// Of which segments stretches are asked for.
#[derive(Clone, Debug)]
pub enum SpansOf {
    /// All there are.
    All,
    /// Those that can be played and are in the spool alone: few, whatever was recorded.
    NotStored,
    /// Those that were removed before they were stored ([`GIVEN_UP`](crate::domain::recording::GIVEN_UP)): few.
    GivenUp,
    /// Those of these sessions; some hundreds of them at most.
    Sessions(Vec<Uuid>),
}

/// Most sessions in one answer: a stream that drops out every ten minutes for two months.
pub const MOST_SESSIONS: u32 = 10_000;

/// The catalogue of recordings.
///
/// Lists of sessions are in (`started_at`, `id`) order, those of one stream's segments in the order of their sessions and
/// numbers, those of everybody's segments in (`started_at`, `id`) order. Every write is durable when it returns. Sessions and
/// segments belong to the node that wrote them ([`NodeStore`](super::NodeStore)). Whoever reads the catalogue sees those of
/// all nodes; only what says "this node's" is limited to them, and every write is.
#[async_trait]
pub trait RecordingStore: Send + Sync {
    /// Opens a session of this node.
    async fn open_session(&self, session: RecordingSession) -> Result<()>;
    /// Closes a session of this node; closing twice keeps the first end.
    async fn close_session(&self, id: Uuid, ended_at: DateTime<Utc>, reason: String) -> Result<()>;
    /// This node's sessions without an end.
    async fn open_sessions(&self) -> Result<Vec<RecordingSession>>;
    /// One session.
    async fn session(&self, id: Uuid) -> Result<Option<RecordingSession>>;

    /// Inserts a segment of this node, or replaces its row of the same session and number. What is known of its tracks stays where this
    /// one does not tell.
    async fn put_segment(&self, segment: Segment) -> Result<()>;
    /// Moves a segment of this node from one of `from` to `to`; false when it was in none of them.
    async fn move_segment(
        &self,
        id: Uuid,
        from: Vec<SegmentState>,
        to: SegmentState,
        reason: Option<String>,
    ) -> Result<bool>;
    /// Takes this node's oldest (or newest) sealed segment for upload (`sealed -> uploading`) that is not to be skipped, in one
    /// transaction.
    async fn claim_upload(&self, skip: Skip) -> Result<Option<Segment>>;
    /// Puts every `uploading` segment of this node back to `sealed`, and copies in conflict back into the queue: called once at start,
    /// before any worker runs.
    async fn release_uploads(&self) -> Result<u64>;
    /// Writes what has become of a copy of a segment of this node; false when it was not in the state `from`, where one is named. A
    /// digest or a time that is not given stays as it was. The state of the segment follows.
    async fn write_copy(&self, copy: SegmentCopy, from: Option<CopyState>) -> Result<bool>;
    /// The copies of these segments, by segment and place.
    async fn copies(&self, segments: Vec<Uuid>) -> Result<Vec<SegmentCopy>>;
    /// This node's copies in a state that is not settled (neither verified nor evicted), at most so many.
    async fn copies_in(&self, place: CopyPlace, state: CopyState, limit: u32) -> Result<Vec<SegmentCopy>>;
    /// One segment, with what is known of its tracks: lists leave that out.
    async fn segment(&self, id: Uuid) -> Result<Option<Segment>>;
    /// Segments that match.
    async fn segments(&self, query: SegmentQuery) -> Result<Vec<Segment>>;
    /// Every segment of a session.
    async fn segments_of(&self, session: Uuid) -> Result<Vec<Segment>> {
        let mut all: Vec<Segment> = Vec::new();
        loop {
            let after = all.last().map(|segment| segment.id);
            let query = SegmentQuery { session: Some(session), after, limit: PAGE, ..SegmentQuery::default() };
            let page = self.segments(query).await?;
            let is_last = page.len() < PAGE as usize;
            all.extend(page);
            if is_last {
                return Ok(all);
            }
        }
    }
    /// What was recorded in a time, of every stream or of one: stretches of segments of one state, by server, stream and start. They
    /// may reach beyond that time.
    async fn recorded_spans(&self, within: Span, stream: Option<String>, of: SpansOf) -> Result<Vec<RecordedSpan>>;
    /// Sessions of a time, of every stream or of one, by start; each that lasts into it, or has ended at most a day before it.
    async fn sessions_in(&self, within: Span, stream: Option<String>) -> Result<Vec<SessionSummary>>;
    /// The sessions of a stream (of one server, or of all), the newest [`MOST_SESSIONS`] of them, each with its first frame.
    async fn sessions(&self, stream: &str, server: Option<String>) -> Result<Vec<SessionSummary>>;
    /// How many segments there are in each state that occurs.
    async fn segment_counts(&self) -> Result<Vec<(SegmentState, u64)>>;
    /// One line per recorded stream.
    async fn recordings(&self) -> Result<Vec<RecordingSummary>>;
}
