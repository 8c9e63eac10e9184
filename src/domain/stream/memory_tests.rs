//! Tables of polls: what comes in, what follows.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::StreamState::{Live, Offline, Stalled, Unknown};
use super::{
    FORGET_AFTER, PathReading, PathSeen, PathSource, SrtReading, StreamMemory, StreamObservation, StreamState,
};
use crate::domain::moment::Moment;
use crate::domain::name::StreamName;

fn name() -> StreamName {
    StreamName::parse("cam/front").expect("a name")
}

fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).expect("a time")
}

/// `ms` after the start, on both clocks.
fn after(ms: u64) -> Moment {
    Moment { wall: start() + TimeDelta::milliseconds(ms as i64), steady: Duration::from_millis(ms) }
}

/// A path with a publisher since `since` (ms after the start; before it when negative).
fn fed(bytes: u64, since: i64, id: &str) -> PathReading {
    PathReading {
        name: name(),
        available: true,
        online: true,
        available_since: Some(start() + TimeDelta::milliseconds(since)),
        source: Some(PathSource { kind: "rtspSession".into(), id: id.into() }),
        tracks: Vec::new().into(),
        readers: 3,
        bytes_received: bytes,
        bytes_sent: 2 * bytes,
        srt: None,
        config: None,
        on_demand: false,
    }
}

fn live(bytes: u64) -> PathSeen {
    PathSeen::Listed(fed(bytes, -60_000, "a"))
}

fn idle() -> PathSeen {
    let reading = PathReading { available: false, online: false, available_since: None, source: None, ..fed(0, 0, "") };
    PathSeen::Listed(reading)
}

fn placeholder(bytes: u64) -> PathSeen {
    PathSeen::Listed(PathReading { online: false, source: None, ..fed(bytes, -60_000, "") })
}

fn unreachable_pull() -> PathSeen {
    let source = Some(PathSource { kind: "rtspSource".into(), id: "".into() });
    PathSeen::Listed(PathReading { available: false, available_since: None, source, ..fed(0, 0, "") })
}

fn silent() -> PathSeen {
    PathSeen::Unanswered("nothing listens".into())
}

/// Polls at `ms` after the start, each with the wanted state, bitrate and since (ms after the start).
type Row = (u64, PathSeen, StreamState, Option<u64>, i64);

fn play(memory: &mut StreamMemory, rows: Vec<Row>) -> StreamObservation {
    let mut last = None;
    for (ms, seen, state, bitrate, since) in rows {
        let told = memory.observe(seen, after(ms));
        let since = start() + TimeDelta::milliseconds(since);
        assert_eq!((told.status.state, told.status.bitrate), (state, bitrate), "at {ms}: {:?}", told.status);
        assert_eq!(told.status.since, since, "since, at {ms}");
        assert_eq!(told.status.reason.is_none(), state == Live, "a reason unless live, at {ms}");
        assert_eq!((told.sample.at, told.sample.state, told.sample.bitrate), (after(ms).wall, state, bitrate));
        last = Some(told);
    }
    last.expect("at least one poll")
}

fn memory() -> StreamMemory {
    StreamMemory::new("main", name())
}

#[test]
fn a_stream_is_live_from_the_first_poll_and_its_rate_is_a_mean_over_six_seconds() {
    let told = play(
        &mut memory(),
        vec![
            (0, live(1_000_000), Live, None, -60_000),
            (2_000, live(1_500_000), Live, Some(2_000_000), -60_000),
            (4_000, live(1_500_000), Live, Some(1_000_000), -60_000),
            (6_000, live(2_500_000), Live, Some(2_000_000), -60_000),
            // The first reading leaves the window.
            (8_000, live(3_000_000), Live, Some(2_000_000), -60_000),
            (10_000, live(3_500_000), Live, Some(2_666_667), -60_000),
        ],
    );
    assert_eq!((told.status.readers, told.status.bytes_sent), (3, 7_000_000));
    assert_eq!(told.status.source_type.as_deref(), Some("rtspSession"));
}

#[test]
fn one_quiet_poll_is_no_stall_and_two_are() {
    play(
        &mut memory(),
        vec![
            (0, live(100), Live, None, -60_000),
            (2_000, live(1_100), Live, Some(4_000), -60_000),
            (3_990, live(1_100), Live, Some(2_005), -60_000),
            (5_980, live(1_100), Stalled, Some(0), 5_980),
            (8_000, live(1_100), Stalled, Some(0), 5_980),
            (10_000, live(1_200), Live, Some(199), 10_000),
        ],
    );
}

#[test]
fn polls_in_quick_succession_need_time_as_well() {
    play(
        &mut memory(),
        vec![
            (0, live(100), Live, None, -60_000),
            (500, live(200), Live, Some(1_600), -60_000),
            (1_000, live(200), Live, Some(800), -60_000),
            (1_500, live(200), Live, Some(533), -60_000),
            (4_000, live(200), Stalled, Some(0), 4_000),
        ],
    );
}

#[test]
fn a_stalled_publisher_is_offline_when_the_server_drops_it() {
    let mut memory = memory();
    play(
        &mut memory,
        vec![
            (0, live(100), Live, None, -60_000),
            (2_000, live(100), Live, Some(0), -60_000),
            (4_000, live(100), Stalled, Some(0), 4_000),
            (10_000, PathSeen::Missing, Offline, Some(0), 10_000),
            (12_000, PathSeen::Missing, Offline, Some(0), 10_000),
            // Back after a second that we did not see: the server says since when.
            (14_000, PathSeen::Listed(fed(10, 13_000, "b")), Live, None, 13_000),
            (16_000, PathSeen::Listed(fed(1_010, 13_000, "b")), Live, Some(4_000), 13_000),
        ],
    );
}

#[test]
fn paths_without_a_source_are_offline_each_with_its_reason() {
    let table = [
        (idle(), "nobody publishes to it"),
        (unreachable_pull(), "pulls it (rtspSource) and gets no stream"),
        (placeholder(500_000), "alwaysAvailable placeholder"),
        (PathSeen::Missing, "does not list it"),
        (PathSeen::Listed(PathReading { available: false, ..fed(0, 0, "x") }), "sends no stream yet"),
    ];
    for (seen, words) in table {
        let told =
            play(&mut memory(), vec![(0, seen.clone(), Offline, Some(0), 0), (2_000, seen, Offline, Some(0), 0)]);
        assert!(told.status.reason.as_ref().is_some_and(|reason| reason.contains(words)), "{:?}", told.status.reason);
    }
}

#[test]
fn a_growing_placeholder_is_no_stream_and_its_bytes_are_no_rate() {
    play(
        &mut memory(),
        vec![
            (0, placeholder(500_000), Offline, Some(0), 0),
            (2_000, placeholder(536_000), Offline, Some(0), 0),
            // The counter goes on when a publisher comes: its first reading is a baseline.
            (4_000, live(700_000), Live, None, 2_000),
            (6_000, live(900_000), Live, Some(800_000), 2_000),
            (8_000, placeholder(1_000_000), Offline, Some(0), 8_000),
        ],
    );
}

#[test]
fn a_reset_counter_is_a_new_baseline_and_never_a_spike() {
    let table = [
        ("decrease", fed(10, -60_000, "a")),
        ("another publisher", fed(90_000_000, -60_000, "b")),
        ("available anew", fed(90_000_000, 3_000, "a")),
    ];
    for (what, reading) in table {
        let mut memory = memory();
        play(
            &mut memory,
            vec![(0, live(1_000), Live, None, -60_000), (2_000, live(2_000), Live, Some(4_000), -60_000)],
        );
        let told = memory.observe(PathSeen::Listed(reading.clone()), after(4_000));
        assert_eq!((told.status.state, told.status.bitrate), (Live, None), "{what}");
        let more = PathReading { bytes_received: reading.bytes_received + 500, ..reading };
        assert_eq!(memory.observe(PathSeen::Listed(more), after(6_000)).status.bitrate, Some(2_000), "{what}");
    }
}

#[test]
fn readings_at_almost_the_same_time_give_no_rate() {
    let mut memory = memory();
    play(&mut memory, vec![(0, live(1_000), Live, None, -60_000), (10, live(900_000), Live, None, -60_000)]);
}

#[test]
fn a_reconnect_between_two_polls_shows_in_since() {
    play(
        &mut memory(),
        vec![
            (0, live(1_000), Live, None, -60_000),
            (2_000, PathSeen::Listed(fed(5, 1_500, "b")), Live, None, 1_500),
            // A server whose clock is a day ahead, or behind, cannot put `since` outside the time between two polls.
            (4_000, PathSeen::Listed(fed(5, 86_400_000, "c")), Live, None, 4_000),
            (6_000, PathSeen::Listed(fed(5, -86_400_000, "d")), Live, None, 4_000),
        ],
    );
}

#[test]
fn a_silent_server_makes_streams_unknown_and_its_return_restores_them() {
    let mut memory = memory();
    let told = play(
        &mut memory,
        vec![
            (0, live(1_000), Live, None, -60_000),
            (2_000, silent(), Unknown, None, 2_000),
            (60_000, silent(), Unknown, None, 2_000),
        ],
    );
    assert_eq!(told.status.reason.as_deref(), Some("nothing listens"));
    assert_eq!(told.status.bytes_received, 1_000, "what was known stays readable");
    play(
        &mut memory,
        vec![
            // The same publisher went on meanwhile: live since ever, at the mean rate of the outage.
            (62_000, live(63_000), Live, Some(8_000), -60_000),
            (64_000, silent(), Unknown, None, 64_000),
            // The server was restarted, and so was its publisher.
            (70_000, PathSeen::Listed(fed(100, 67_000, "b")), Live, None, 67_000),
        ],
    );
}

#[test]
fn a_silent_server_hides_neither_a_stall_nor_an_absence() {
    play(
        &mut memory(),
        vec![
            (0, live(100), Live, None, -60_000),
            (2_000, live(100), Live, Some(0), -60_000),
            (4_000, live(100), Stalled, Some(0), 4_000),
            (6_000, silent(), Unknown, None, 6_000),
            (8_000, live(100), Stalled, Some(0), 4_000),
            (10_000, PathSeen::Missing, Offline, Some(0), 10_000),
            (12_000, silent(), Unknown, None, 12_000),
            (14_000, PathSeen::Missing, Offline, Some(0), 10_000),
        ],
    );
}

#[test]
fn a_dynamic_path_is_forgotten_and_a_configured_one_is_not() {
    let (mut dynamic, mut configured) = (memory(), memory());
    dynamic.observe(live(100), after(0));
    let limit = FORGET_AFTER.as_millis() as u64;
    for (ms, forgotten) in [(2_000, false), (limit, false), (limit + 1_999, false), (limit + 2_000, true)] {
        assert_eq!(dynamic.observe(PathSeen::Missing, after(ms)).forgotten, forgotten, "at {ms}");
        assert!(!configured.observe(idle(), after(ms)).forgotten, "at {ms}");
    }
    assert!(!dynamic.observe(silent(), after(limit + 4_000)).forgotten, "nobody says that it is still missing");
    assert!(!dynamic.observe(live(5), after(limit + 6_000)).forgotten);
    assert!(!dynamic.observe(PathSeen::Missing, after(limit + 8_000)).forgotten, "the time starts anew");
}

#[test]
fn a_resumed_memory_goes_on_where_the_old_one_ended() {
    let mut old = memory();
    let told =
        play(&mut old, vec![(0, live(1_000), Live, None, -60_000), (2_000, live(2_000), Live, Some(4_000), -60_000)]);
    // The new owner's steady clock starts at 0 again.
    let mut new = StreamMemory::resume(told.status);
    play(&mut new, vec![(0, live(3_000), Live, None, -60_000), (2_000, live(4_000), Live, Some(4_000), -60_000)]);

    play(
        &mut old,
        vec![(4_000, live(2_000), Live, Some(2_000), -60_000), (6_000, live(2_000), Stalled, Some(0), 6_000)],
    );
    let stalled = old.observe(live(2_000), after(8_000)).status;
    play(
        &mut StreamMemory::resume(stalled.clone()),
        vec![(10_000, live(2_000), Stalled, Some(0), 6_000), (12_000, live(2_100), Live, Some(400), 12_000)],
    );
    play(&mut StreamMemory::resume(stalled), vec![(10_000, PathSeen::Missing, Offline, Some(0), 10_000)]);

    let unknown = old.observe(silent(), after(20_000)).status;
    play(
        &mut StreamMemory::resume(unknown),
        vec![(22_000, silent(), Unknown, None, 20_000), (24_000, live(9_000), Live, None, -60_000)],
    );
}

#[test]
fn a_jump_of_the_wall_clock_changes_no_rate() {
    let mut memory = memory();
    memory.observe(live(1_000), after(0));
    let jumped = Moment { wall: start() - TimeDelta::days(400), steady: Duration::from_secs(2) };
    assert_eq!(memory.observe(live(2_000), jumped).status.bitrate, Some(4_000));
}

#[test]
fn srt_numbers_are_passed_on_while_there_are_any() {
    let srt =
        SrtReading { rtt: 12.5, recv_rate_mbps: 2.0, link_capacity_mbps: 90.0, loss_rate: 0.5, retransmitted: None };
    let mut memory = memory();
    let status = memory.observe(PathSeen::Listed(PathReading { srt: Some(srt), ..fed(1, 0, "a") }), after(0)).status;
    assert_eq!((status.rtt, status.recv_rate_mbps), (Some(12.5), Some(2.0)));
    assert_eq!((status.link_capacity_mbps, status.loss_rate), (Some(90.0), Some(0.5)));
    assert_eq!(memory.observe(PathSeen::Missing, after(2_000)).status.rtt, None);
}

#[test]
fn a_sample_has_what_was_sent_and_the_srt_numbers_while_they_are_known() {
    let srt =
        SrtReading { rtt: 20.5, recv_rate_mbps: 4.0, link_capacity_mbps: 90.0, loss_rate: 0.25, retransmitted: None };
    let seen = |bytes| PathSeen::Listed(PathReading { srt: Some(srt), ..fed(bytes, -60_000, "a") });
    let mut memory = memory();
    for (ms, seen, out, rtt) in [
        (0, seen(1_000_000), None, Some(20.5)),
        (2_000, seen(2_000_000), Some(8_000_000), Some(20.5)),
        (4_000, silent(), None, None),
        // The mean over the time in which nobody answered.
        (6_000, seen(3_000_000), Some(4_000_000), Some(20.5)),
        // A counter that began anew.
        (8_000, seen(1_000), None, Some(20.5)),
        (10_000, idle(), Some(0), None),
        (12_000, seen(5_000), None, Some(20.5)),
    ] {
        let sample = memory.observe(seen, after(ms)).sample;
        assert_eq!((sample.bitrate_out, sample.srt.rtt), (out, rtt), "at {ms}");
        assert_eq!(sample.srt.loss_rate, rtt.map(|_| 0.25), "at {ms}");
    }
}

#[test]
fn packets_that_were_sent_once_more_are_told_per_second_and_counters_that_began_anew_are_marked() {
    let seen = |bytes, count, source| {
        let srt = SrtReading {
            rtt: 20.5,
            recv_rate_mbps: 4.0,
            link_capacity_mbps: 90.0,
            loss_rate: 0.25,
            retransmitted: Some(count),
        };
        PathSeen::Listed(PathReading { srt: Some(srt), ..fed(bytes, -60_000, source) })
    };
    let mut memory = memory();
    for (ms, seen, rate, reset) in [
        (0, seen(1_000, 7, "a"), None, false),
        (2_000, seen(2_000, 7, "a"), Some(0.0), false),
        (4_000, seen(3_000, 10, "a"), Some(1.5), false),
        // Another connection, which has counted further already.
        (6_000, seen(9_000, 12, "b"), None, false),
        (8_000, seen(9_500, 13, "b"), Some(0.5), false),
        // The same one, whose counters fall.
        (10_000, seen(100, 0, "b"), None, true),
        (12_000, seen(200, 0, "b"), Some(0.0), false),
        (14_000, PathSeen::Missing, None, false),
        (16_000, seen(50, 0, "c"), None, true),
        (18_000, silent(), None, false),
        (20_000, seen(60, 2, "c"), Some(0.5), false),
    ] {
        let observed = memory.observe(seen, after(ms));
        assert_eq!((observed.sample.srt.retransmit_rate, observed.sample.reset), (rate, reset), "at {ms}");
        assert!(ms == 18_000 || observed.status.retransmit_rate == rate, "at {ms}");
    }
}
