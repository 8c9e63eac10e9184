//! Names and units of the fields of a history entry: integers only, one letter each. README.md has them for other programs.
//!
//! `s` state where it is not live (1 stalled, 2 offline, 3 unknown), `k` kB (1,000 bytes) received since the entry before, what is
//! left of a kB goes into the next; `r` readers, `o` kB sent to readers since the last `o`; of an SRT source also `t` round trip
//! time in 10 us, `v` received and `c` capacity of the link in kbit/s, `l` packets lost in 0.01 %, `x` packets sent once more in 0.01/s,
//! where there were some. `z` stands where a counter of bytes began anew since the entry before, `g` stands where the time
//! since the entry before was not watched, or was not written. Entries of older versions have `b`, bytes, in the place of `k`.

use crate::domain::stream::{SrtFigures, StreamState};

/// A path that does not move is written so often.
pub(super) const IDLE_MS: i64 = 60_000;

/// Readers, and what was sent to them, are written on change and so often. No multiple of the interval of polls: a node of a
/// stream takes 100 entries, and those that differ from its first one cost five bytes more.
pub(super) const READERS_MS: i64 = 61_000;

/// State as a number; live ones are not written.
pub(super) fn state_code(state: StreamState) -> i64 {
    match state {
        StreamState::Live => 0,
        StreamState::Stalled => 1,
        StreamState::Offline => 2,
        StreamState::Unknown => 3,
    }
}

/// The state of this number.
pub(super) fn state_of(code: i64) -> Option<StreamState> {
    [StreamState::Live, StreamState::Stalled, StreamState::Offline, StreamState::Unknown]
        .get(usize::try_from(code).ok()?)
        .copied()
}

/// The numbers of an SRT source, each with its name and what it is multiplied by.
pub(super) fn srt(figures: &SrtFigures) -> [(&'static str, Option<f64>, f64); 5] {
    [
        ("t", figures.rtt, 100.0),
        ("v", figures.recv_rate_mbps, 1e3),
        ("c", figures.link_capacity_mbps, 1e3),
        ("l", figures.loss_rate, 100.0),
        ("x", figures.retransmit_rate.filter(|rate| *rate > 0.0), 100.0),
    ]
}

/// The same, read.
pub(super) fn srt_of(value: impl Fn(&str) -> Option<i64>) -> SrtFigures {
    let number = |name, by: f64| value(name).map(|value| value as f64 / by);
    SrtFigures {
        rtt: number("t", 100.0),
        recv_rate_mbps: number("v", 1e3),
        link_capacity_mbps: number("c", 1e3),
        loss_rate: number("l", 100.0),
        // None is not written; of the first after a gap it is not known.
        retransmit_rate: number("x", 100.0).or_else(|| (value("g").is_none() && value("t").is_some()).then_some(0.0)),
    }
}
