//! Samples of one track that stand closer together than they can have come, and the distances that they get instead. Pure.
//!
//! Where the timestamps of a source go back, ffmpeg's muxer stamps each packet one tick behind the one before it ("Non-monotonous DTS
//! ... changing to") until they have caught up or the run is ended: seconds of picture would pass in an instant. They get the distance
//! that is usual in their track. Time that the frames beside them were given too much of (a single stray frame takes it from the
//! next) is moved to them; what is missing beyond that lengthens the file and moves what follows in it. One or two pictures that
//! lack time which nobody has too much of (two with one timestamp) share that of their neighbours: nothing is lengthened for them.
//!
//! It is done to the sealed file and not by ffmpeg. Its bitstream filter `setts` could continue the timestamps from 5 on (that of 4.4
//! knows no durations and is refused), but with it nothing is complained of any more, and a jump would not be known at all
//! (tried with 5.1). To end the run sooner would take stray frames for jumps.
//! All versions from 4.4 to 8.1 write the same boxes here. A file that has been mended in parts, by a crash between two writes,
//! is mended whole the next time: a gap between two fragments takes up what the fragments before it are lengthened by, and one
//! that begins before the end of the one before it is moved behind it.

/// Samples in a row of one fragment that have the same distance to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SampleSpan {
    /// How many.
    pub count: u64,
    /// Ticks from each of them to the next.
    pub each: u32,
    /// Where the distance stands in the file; `None` where it cannot be changed.
    pub at: Option<u64>,
    /// They are shown when they are decoded. A picture that the muxer has stamped anew is; one that is shown later has its own
    /// time, whatever the muxer has done to that of its decoding.
    pub is_plain: bool,
}

/// The samples of a track in one fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// When the first of them begins, in ticks.
    pub start: i64,
    /// Where that stands in the file, in 64 bits.
    pub start_at: Option<u64>,
    /// All of them, in order.
    pub spans: Vec<SampleSpan>,
}

/// What is known of a track besides its samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Bounds {
    /// Ticks in a second.
    pub timescale: u32,
    /// When the last sample of the file before this one begins, and when it ends.
    pub before: Option<(i64, i64)>,
    /// For how long the samples came, in ticks.
    pub came_for: Option<u64>,
}

/// So many samples in a row were squeezed and have to get time; fewer may be meant to be that close.
const RUN: u64 = 3;
/// A distance is squeezed when it is so many times shorter than the usual one, and shorter than a millisecond.
const TIMES: i64 = 8;
/// No fragment begins so many ticks before the end of another: what is further is noise.
const FURTHEST: i64 = -(1 << 48);

impl Piece {
    /// When its last sample begins, and when it ends.
    pub fn last(&self) -> (i64, i64) {
        let end = self.end();
        (end.saturating_sub(self.spans.last().map_or(0, |span| i64::from(span.each))), end)
    }

    /// When it ends.
    pub fn end(&self) -> i64 {
        self.spans.iter().fold(self.start, |end, span| end.saturating_add(span.length()))
    }
}

impl SampleSpan {
    fn length(&self) -> i64 {
        i64::try_from(u128::from(self.count) * u128::from(self.each)).unwrap_or(i64::MAX)
    }
}

/// Gives squeezed samples the time they took, and moves what begins before the end of the file before it. Returns how many were
/// squeezed; where they cannot be changed, everything is as it was.
pub(super) fn respace(pieces: &mut [Piece], bounds: &Bounds) -> u64 {
    let mut track = Track::new(pieces, usual(pieces, bounds).unwrap_or(0), bounds);
    track.groups();
    if track.put(pieces, bounds) { track.squeezed } else { 0 }
}

/// The distance that samples of the track have as a rule: the median of those that are not squeezed. The last one of a file is a guess
/// of ffmpeg's, and counts only where there is nothing else.
fn usual(pieces: &[Piece], bounds: &Bounds) -> Option<i64> {
    let all: Vec<&SampleSpan> = pieces.iter().flat_map(|piece| &piece.spans).filter(|span| span.count > 0).collect();
    let (last, others) = all.split_last()?;
    let count: u64 = all.iter().fold(0, |sum, span| sum.saturating_add(span.count));
    let is_plain = |span: &&&SampleSpan| !is_tiny(i64::from(span.each), bounds.timescale);
    let mut plain: Vec<(u32, u64)> = others.iter().filter(is_plain).map(|span| (span.each, span.count)).collect();
    if last.count > 1 && is_plain(&last) {
        plain.push((last.each, last.count - 1));
    }
    plain.sort_unstable();
    let half = plain.iter().fold(0_u64, |sum, (_, count)| sum.saturating_add(*count)) / 2;
    let mut passed = 0_u64;
    let median = plain.iter().find(|(_, count)| {
        passed = passed.saturating_add(*count);
        passed > half
    });
    let by_time = || {
        let second = i64::from(bounds.timescale);
        let each = i64::try_from(bounds.came_for?.checked_div(count)?).ok()?;
        (each * 240 > second && each < 2 * second).then_some(each)
    };
    let guessed = || is_plain(&last).then_some(i64::from(last.each));
    median.map(|(each, _)| i64::from(*each)).or_else(by_time).or_else(guessed)
}

fn is_tiny(distance: i64, timescale: u32) -> bool {
    distance.saturating_mul(1_000) <= i64::from(timescale)
}

/// A distance between two samples, or so many equal ones.
#[derive(Clone, Copy)]
struct Step {
    piece: usize,
    /// `None`: the last sample's guessed end lies behind the next fragment's begin, by `-each`.
    span: Option<usize>,
    count: i64,
    each: i64,
    new: i64,
    is_squeezed: bool,
    can_change: bool,
}

struct Track {
    steps: Vec<Step>,
    usual: i64,
    /// By so many ticks it may be lengthened.
    room: i64,
    /// Ticks between the end of each fragment and the begin of the next, in which nothing is. What fills them lengthens nothing.
    gaps: Vec<i64>,
    squeezed: u64,
}

impl Track {
    fn new(pieces: &[Piece], usual: i64, bounds: &Bounds) -> Self {
        let is_squeezed = |each: i64| is_tiny(each, bounds.timescale) && each.saturating_mul(TIMES) <= usual;
        let mut steps = Vec::new();
        let gaps = pieces.windows(2).map(|pair| pair[1].start.saturating_sub(pair[0].end()).max(0)).collect();
        for (place, piece) in pieces.iter().enumerate() {
            let next = pieces.get(place + 1);
            let then_plain = next.and_then(|next| next.spans.first()).is_none_or(|span| span.is_plain);
            for (number, span) in piece.spans.iter().enumerate() {
                let each = i64::from(span.each);
                let follows_plain = piece.spans.get(number + 1).map_or(then_plain, |next| next.is_plain);
                let is_plain = follows_plain && (span.count == 1 || span.is_plain);
                steps.push(Step {
                    piece: place,
                    span: Some(number),
                    count: i64::try_from(span.count).unwrap_or(i64::MAX),
                    each,
                    new: each,
                    is_squeezed: is_plain && is_squeezed(each),
                    can_change: span.at.is_some(),
                });
            }
            let overlap = next.map_or(0, |next| next.start.saturating_sub(piece.end()).max(FURTHEST));
            let last = piece.spans.last().map_or(0, |span| i64::from(span.each));
            if overlap < 0 && then_plain && is_squeezed(last.saturating_add(overlap)) && !is_squeezed(last) {
                let (each, new) = (overlap, overlap);
                steps.push(Step { piece: place, span: None, count: 1, each, new, is_squeezed: true, can_change: true });
            }
        }
        let ends = pieces.first().zip(pieces.last());
        let length = ends.map_or(0, |(first, last)| last.end().saturating_sub(first.start));
        // A source's clock may be fast; and nobody measures arrivals to the frame.
        let room = bounds.came_for.map_or(i64::MAX, |came_for| {
            let most = (came_for / 4 * 5).saturating_add(u64::from(bounds.timescale) / 4);
            i64::try_from(most).unwrap_or(i64::MAX).saturating_sub(length).max(0)
        });
        Self { steps, usual, room, gaps, squeezed: 0 }
    }

    /// Gives time to all squeezed steps.
    fn groups(&mut self) {
        let mut begin = 0;
        while let Some(from) = (begin..self.steps.len()).find(|at| self.steps[*at].is_squeezed) {
            let to = (from..self.steps.len()).find(|at| !self.steps[*at].is_squeezed).unwrap_or(self.steps.len());
            self.group(from, to);
            begin = to;
        }
    }

    /// Gives time to the squeezed steps from `from` up to `to`.
    fn group(&mut self, from: usize, to: usize) {
        let group = &self.steps[from..to];
        if group.iter().any(|step| !step.can_change) {
            return;
        }
        let count = group.iter().fold(0_i64, |sum, step| sum.saturating_add(step.count));
        let lack = group.iter().fold(0_i64, |sum, step| sum.saturating_add(self.lack(step).saturating_mul(step.count)));
        let behind = self.excess(Some(to)).min(lack);
        let ahead = self.excess(from.checked_sub(1)).min(lack - behind);
        let rest = lack - behind - ahead;
        // A fragment that begins too early because those before it have been lengthened.
        let overlaps = lack > self.usual.saturating_mul(count);
        let must_lengthen = count >= RUN.cast_signed() || overlaps || to == self.steps.len();
        if !must_lengthen && rest > lack / 2 {
            return self.share(from, to);
        }
        let gap = self.gaps.get(self.steps[to - 1].piece).copied().unwrap_or(0);
        let longer = if must_lengthen { rest.min(self.room.saturating_add(gap)) } else { 0 };
        let given = behind + ahead + longer;
        if given == 0 {
            return;
        }
        if let Some(gap) = self.gaps.get_mut(self.steps[to - 1].piece) {
            *gap = (*gap - longer).max(0);
        }
        self.room -= (longer - gap).max(0);
        for at in from..to {
            let more = i128::from(self.lack(&self.steps[at])) * i128::from(given) / i128::from(lack);
            self.steps[at].new += i64::try_from(more).unwrap_or(0);
        }
        if behind > 0 {
            self.steps[to].new -= behind;
        }
        if ahead > 0 {
            self.steps[from - 1].new -= ahead;
        }
        self.squeezed = self.squeezed.saturating_add(count.unsigned_abs());
    }

    /// What a step lacks to the usual distance. A fragment that begins too early has to begin at the end of the one before it.
    fn lack(&self, step: &Step) -> i64 {
        if step.span.is_none() { -step.each } else { self.usual - step.each }
    }

    /// By how much the distance at this place is longer than usual, where that can be changed.
    fn excess(&self, at: Option<usize>) -> i64 {
        let step = at.and_then(|at| self.steps.get(at));
        step.filter(|step| Self::is_free(step)).map_or(0, |step| (step.new - self.usual).max(0))
    }

    /// Whether this one distance can be changed alone.
    fn is_free(step: &Step) -> bool {
        step.can_change && step.count == 1 && step.span.is_some()
    }

    /// One or two squeezed samples share the time of as many behind them.
    fn share(&mut self, from: usize, to: usize) {
        let piece = self.steps[from].piece;
        let is_single = |step: &Step| step.span.is_some() && step.count == 1 && step.can_change && step.piece == piece;
        let others = self.steps[to..].iter().take(to - from);
        let end = to + others.take_while(|step| is_single(step) && !step.is_squeezed).count();
        let shared = &mut self.steps[from..end];
        let total: i64 = shared.iter().map(|step| step.new).sum();
        let parts = i64::try_from(shared.len()).unwrap_or(i64::MAX);
        if end == to || !shared.iter().all(is_single) {
            return;
        }
        for (step, place) in shared.iter_mut().zip(0..) {
            step.new = total / parts + i64::from(place < total % parts);
        }
        self.squeezed += (to - from) as u64;
    }

    /// Puts the new distances into the pieces, and moves what follows. False, and nothing is changed, where that is not possible.
    fn put(&self, pieces: &mut [Piece], bounds: &Bounds) -> bool {
        let begin = pieces.first().map_or(0, |piece| piece.start);
        // ffmpeg never goes back: the file before has been lengthened.
        let reaching = bounds.before.filter(|(last, _)| *last >= begin).map(|(_, end)| end.saturating_sub(begin));
        let mut shift = reaching.unwrap_or(0).max(0);
        let mut changed = pieces.to_vec();
        let mut steps = self.steps.iter().peekable();
        for place in 0..pieces.len() {
            let end_before = place.checked_sub(1).map(|before| pieces[before].end());
            let gap = end_before.map_or(0, |end| pieces[place].start.saturating_sub(end));
            if shift > 0 && gap > 0 {
                shift = shift.saturating_sub(gap).max(0);
            }
            let piece = &mut changed[place];
            piece.start = piece.start.saturating_add(shift);
            if shift != 0 && (piece.start_at.is_none() || piece.start < 0) {
                return false;
            }
            while let Some(step) = steps.next_if(|step| step.piece == place) {
                // Where the timestamps are put right again they are so for what follows, too: a picture that is shown for far longer
                // than usual takes up what those before it were moved by.
                let excess = if Self::is_free(step) { step.new - self.usual } else { 0 };
                let new = if excess > self.usual { step.new - excess.min(shift.max(0)) } else { step.new };
                if let Some(number) = step.span {
                    let Ok(each) = u32::try_from(new) else { return false };
                    piece.spans[number].each = each;
                }
                shift = shift.saturating_add((new - step.each).saturating_mul(step.count));
            }
        }
        pieces.clone_from_slice(&changed);
        true
    }
}

#[cfg(test)]
#[path = "squeezed_tests.rs"]
mod tests;
