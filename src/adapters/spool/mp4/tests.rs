//! Real ffmpeg files, whole, cut at every kind of place, and with bytes changed.

use std::io::Cursor;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use proptest::prelude::*;

use super::*;
use crate::domain::segment_track::TrackKind;

/// Four seconds of picture (25/s, a keyframe each second) and sound, as the recorder's ffmpeg writes them.
fn sample() -> &'static [u8] {
    static SAMPLE: OnceLock<Vec<u8>> = OnceLock::new();
    SAMPLE.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("sample.mp4");
        let done = Command::new("ffmpeg")
            .args(["-nostdin", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=160x90:rate=25"])
            .args(["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=44100", "-t", "4", "-c:v", "libx264"])
            .args(["-preset", "ultrafast", "-tune", "zerolatency", "-g", "25", "-c:a", "aac"])
            .args(["-movflags", "+frag_keyframe+empty_moov+default_base_moof", "-f", "mp4"])
            .arg(&file)
            .status()
            .expect("ffmpeg is installed");
        assert!(done.success(), "{done}");
        std::fs::read(file).expect("the sample")
    })
}

fn checked(bytes: &[u8]) -> Checked {
    check(&mut Cursor::new(bytes)).expect("reading memory cannot fail")
}

/// Video packets as ffprobe counts them.
fn probed_frames(bytes: &[u8]) -> u64 {
    let mut probe = Command::new("ffprobe")
        .args(["-v", "error", "-select_streams", "v", "-count_packets", "-show_entries", "stream=nb_read_packets"])
        .args(["-of", "default=nw=1:nk=1", "-f", "mp4", "-i", "pipe:0"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("ffprobe is installed");
    // ffprobe may have seen enough before it has read everything.
    let _ = std::io::Write::write_all(&mut probe.stdin.take().expect("a pipe"), bytes);
    let out = probe.wait_with_output().expect("it ends");
    String::from_utf8_lossy(&out.stdout).trim().parse().unwrap_or(0)
}

/// Kind, codec, packets, key frames, first and last decoding time and last duration in microseconds of each track, as ffprobe tells.
fn probed_tracks(bytes: &[u8]) -> Vec<SegmentTrack> {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    std::io::Write::write_all(&mut file, bytes).expect("written");
    let probe = |entries: &str| {
        let out = Command::new("ffprobe")
            .args(["-v", "error", "-show_entries", entries, "-of", "json"])
            .arg(file.path())
            .output()
            .expect("ffprobe is installed");
        serde_json::from_slice::<serde_json::Value>(&out.stdout).expect("JSON")
    };
    let (streams, packets) =
        (probe("stream=index,codec_type,codec_tag_string"), probe("packet=stream_index,dts_time,duration_time,flags"));
    let us = |value: &serde_json::Value| {
        let seconds: f64 = value.as_str().expect("a time").parse().expect("a number");
        (seconds * 1e6).round() as u64
    };
    let streams = streams["streams"].as_array().expect("streams").clone();
    let one = |stream: &serde_json::Value| {
        let all = packets["packets"].as_array().expect("packets");
        let its: Vec<_> = all.iter().filter(|packet| packet["stream_index"] == stream["index"]).collect();
        let key = |packet: &&&serde_json::Value| packet["flags"].as_str().is_some_and(|flags| flags.starts_with('K'));
        let (first, last) = (its[0], its[its.len() - 1]);
        SegmentTrack {
            kind: if stream["codec_type"] == "video" { TrackKind::Video } else { TrackKind::Audio },
            codec: stream["codec_tag_string"].as_str().expect("a tag").to_owned(),
            frames: its.len() as u64,
            key_frames: its.iter().filter(key).count() as u64,
            first_us: us(&first["dts_time"]),
            last_us: us(&last["dts_time"]),
            last_frame_us: us(&last["duration_time"]),
        }
    };
    streams.iter().map(one).collect()
}

/// Times are rounded differently.
fn assert_same_tracks(found: &[SegmentTrack], probed: &[SegmentTrack]) {
    let plain = |track: &SegmentTrack| SegmentTrack { first_us: 0, last_us: 0, last_frame_us: 0, ..track.clone() };
    let (ours, theirs): (Vec<_>, Vec<_>) = (found.iter().map(plain).collect(), probed.iter().map(plain).collect());
    assert_eq!(ours, theirs);
    for (one, other) in found.iter().zip(probed) {
        // Of sound ffprobe tells how long a frame of its codec is, whatever the last one holds.
        let last = |track: &SegmentTrack| if track.kind == TrackKind::Video { track.last_frame_us } else { 0 };
        for (one, other) in [(one.first_us, other.first_us), (one.last_us, other.last_us), (last(one), last(other))] {
            assert!(one.abs_diff(other) <= 2, "{found:?} {probed:?}");
        }
    }
}

#[test]
fn tracks_are_counted_as_ffprobe_counts_them() {
    assert_same_tracks(&checked(sample()).tracks, &probed_tracks(sample()));
    // A picture with B-frames whose last sample has no length, sound that ends before it.
    let inputs =
        ["-f", "lavfi", "-i", "testsrc2=size=160x90:rate=10", "-f", "lavfi", "-i", "sine=sample_rate=8000:duration=2"];
    let codec = ["-t", "4", "-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "10", "-c:a", "aac"];
    let as_recorded = ["-use_editlist", "0", "-avoid_negative_ts", "make_non_negative", "-output_ts_offset", "604000"];
    let bytes = written(&inputs, &[&codec[..], &as_recorded].concat());
    let found = checked(&bytes);
    assert_eq!(found.tracks.iter().map(|track| track.kind).collect::<Vec<_>>(), [TrackKind::Video, TrackKind::Audio]);
    assert_eq!((found.tracks[0].frames, found.tracks[0].key_frames), (40, 4));
    let mended = mended(&bytes);
    assert_same_tracks(&found.tracks, &probed_tracks(&mended));
    assert_eq!(checked(&mended).tracks, found.tracks);
}

#[test]
fn a_whole_file_is_whole() {
    let all = checked(sample());
    assert_eq!(all.cut, None);
    assert_eq!(all.video_frames, 100);
    assert_eq!(all.video_frames, probed_frames(sample()));
    assert!((4_000..=4_100).contains(&all.duration_ms), "{}", all.duration_ms);
    assert!(all.fragments >= 4, "{}", all.fragments);
    assert!(all.whole_bytes() < sample().len() as u64, "the index at the end is not media");
    assert_eq!(&sample()[all.init_bytes as usize + 4..][..4], b"moof");
    assert_eq!(&sample()[all.whole_bytes() as usize + 4..][..4], b"mfra");
}

/// A file with this picture and this sound, as the recorder's ffmpeg writes it.
fn written(input: &[&str], output: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("written.mp4");
    let done = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error"])
        .args(input)
        .args(output)
        .args(["-movflags", "+frag_keyframe+empty_moov+default_base_moof+frag_discont"])
        .args(["-frag_duration", "1000000", "-f", "mp4"])
        .arg(&file)
        .status()
        .expect("ffmpeg is installed");
    assert!(done.success(), "{done}");
    std::fs::read(file).expect("the file")
}

fn mended(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for mend in checked(&bytes).mends {
        bytes[mend.at as usize..][..4].copy_from_slice(&mend.bytes);
    }
    bytes
}

#[test]
fn the_last_frame_lasts_as_long_as_the_one_before() {
    // A fragment for each picture; of the last nobody knows how long it is, as where an RTP source does not tell its rate.
    let picture = ["-f", "lavfi", "-i", "testsrc2=size=160x90:rate=1"];
    let codec = ["-t", "4", "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "1"];
    let mut bytes = written(&picture, &codec);
    let at = bytes.windows(4).rposition(|kind| kind == b"tfhd").expect("one") + 4;
    // It names the duration of its samples behind the track's id, and nothing in between.
    assert_eq!((bytes[at + 3] & 0xb, &bytes[at + 8..at + 12]), (8, &bytes[at + 8..at + 12]));
    bytes[at + 8..at + 12].fill(0);
    let found = checked(&bytes);
    assert_eq!((found.video_frames, found.duration_ms, found.mends.len()), (4, 4_000, 1), "{found:?}");
    let mended = mended(&bytes);
    assert_eq!(checked(&mended), Checked { mends: Vec::new(), ..found });
    assert_eq!(probed_frames(&mended), 4);
}

#[test]
fn a_jump_of_the_timestamps_takes_no_time() {
    let picture = ["-f", "lavfi", "-i", "testsrc2=size=160x90:rate=25", "-f", "lavfi", "-i", "sine"];
    let codec =
        ["-t", "4", "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "25", "-c:a", "aac"];
    // An hour after two seconds and a bit, in ticks of each track.
    let jump = |after: u32, ticks: u32| format!("setts=ts=TS+if(gte(N\\,{after})\\,{}\\,0)", 3_600 * ticks);
    let (video, audio) = (jump(55, 12_800), jump(95, 44_100));
    let bytes = written(&picture, &[&codec[..], &["-bsf:v", &video, "-bsf:a", &audio]].concat());
    let found = checked(&bytes);
    assert!((3_900..=4_300).contains(&found.duration_ms), "{found:?}");
    let mended = mended(&bytes);
    let again = checked(&mended);
    assert_eq!((again.video_frames, again.duration_ms, again.mends.len()), (100, found.duration_ms, 0));
    assert_eq!(probed_frames(&mended), 100);
}

/// Sound that begins later than the picture: before its first sender report ffmpeg dates it from the beginning.
#[test]
fn sound_that_is_dated_too_early_comes_with_its_picture() {
    let picture = ["-f", "lavfi", "-i", "testsrc2=size=160x90:rate=25", "-f", "lavfi", "-i", "sine"];
    let codec =
        ["-t", "4", "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "25", "-c:a", "aac"];
    let file = |picture_after: &str, sound: &str| {
        let stamps = format!("setts=ts=TS+{picture_after}*12800");
        let as_recorded = ["-max_interleave_delta", "500000", "-use_editlist", "0"];
        let zero = ["-avoid_negative_ts", "make_non_negative"];
        written(&picture, &[&codec[..], &["-bsf:v", &stamps, "-bsf:a", sound], &as_recorded, &zero].concat())
    };
    // A lone packet, some within a fragment of the picture, fragments of their own.
    for early in [1, 3, 60] {
        let bytes = file("22", &format!("setts=ts=TS+if(gte(N\\,{early})\\,22\\,10)*44100"));
        let found = checked(&bytes);
        assert!((3_900..=4_100).contains(&found.duration_ms), "{early}: {found:?}");
        assert!((21_900..=22_000).contains(&found.start_ms), "{early}: {found:?}");
        let again = checked(&mended(&bytes));
        assert_eq!((again.duration_ms, again.start_ms, again.mends.len()), (found.duration_ms, found.start_ms, 0));
    }
    // Sound that goes on until the picture comes is left where it is.
    let found = checked(&file("3.5", "setts=ts=TS"));
    assert!(found.start_ms < 100 && found.mends.is_empty(), "{found:?}");
}

#[test]
fn a_track_that_says_nothing_becomes_free_space() {
    let picture = ["-f", "lavfi", "-i", "testsrc2=size=160x90:rate=25", "-f", "lavfi", "-i", "sine"];
    let codec = ["-t", "2", "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "25"];
    // Sound that is announced: no packet of it passes the filter.
    let silent = ["-c:a", "aac", "-bsf:a", "noise=drop=1"];
    let bytes = written(&picture, &[&codec[..], &silent].concat());
    let found = checked(&bytes);
    let kinds: Vec<&[u8]> = found.mends.iter().map(|mend| &bytes[mend.at as usize..][..4]).collect();
    assert!(kinds.contains(&&b"trak"[..]) && kinds.contains(&&b"trex"[..]), "{found:?}");
    let mended = mended(&bytes);
    let again = checked(&mended);
    assert_eq!((again.video_frames, again.mends.len(), again.cut), (50, 0, None));
    let tracks = |bytes: &[u8]| bytes.windows(4).filter(|kind| kind == b"trak").count();
    assert_eq!((tracks(&bytes), tracks(&mended)), (2, 1));
    assert_eq!((found.announced_tracks, again.announced_tracks), (2, 2), "it was announced all the same");
    assert_eq!(probed_frames(&mended), 50);
    assert_eq!(checked(sample()).mends, Vec::new(), "both have something to say");
}

#[test]
fn places_of_a_cut_are_named() {
    let all = checked(sample());
    let whole = all.whole_bytes() as usize;
    for (bytes, fragments, why) in [
        (&sample()[..0], 0, Why::BeforeMoov),
        (&sample()[..5], 0, Why::HeaderCut),
        (&sample()[..28], 0, Why::BeforeMoov),
        (&sample()[..200], 0, Why::BoxCut),
        (&sample()[..all.init_bytes as usize + 20], 0, Why::BoxCut),
        (&sample()[..whole - 1], all.fragments - 1, Why::BoxCut),
        (&sample()[..whole + 9], all.fragments, Why::BoxCut),
        (b"\0\0\0\x08free", 0, Why::NoFtyp),
        (b"\0\0\0\x07ftyp", 0, Why::Length),
        (b"\0\0\0\x08ftyp\0\0\0\x08text", 0, Why::BeforeMoov),
        (b"\0\0\0\x08ftyp\0\0\0\x08moov", 0, Why::Moov),
        (b"\0\0\0\x08ftyp\0\0\0\x08moof", 0, Why::EarlyMedia),
    ] {
        let found = checked(bytes);
        assert_eq!((found.fragments, found.cut.as_ref().map(|cut| cut.why)), (fragments, Some(why)), "{found:?}");
    }
    // ffmpeg died between two fragments: nothing is missing from what is there.
    assert_eq!(checked(&sample()[..whole]).cut, None);
    // A file system that had given room but not yet content.
    let mut zeros = sample()[..whole].to_vec();
    zeros.resize(whole + 4096, 0);
    let found = checked(&zeros);
    assert_eq!(found.cut.map(|cut| cut.at), Some(whole as u64));
    assert_eq!(found.fragments, all.fragments);
}

#[test]
fn a_whole_box_of_an_unknown_kind_costs_nothing() {
    let all = checked(sample());
    let unknown = b"\0\0\0\x10soon\0\0\0\0\0\0\0\0";
    let boxes = top_level(sample());
    // Before the moov, between fragments, between a moof and its mdat, before and behind the index.
    for (place, (_, start)) in boxes.iter().enumerate().skip(1) {
        let with = [&sample()[..*start], unknown, &sample()[*start..]].concat();
        let found = checked(&with);
        let wanted = (100, all.fragments, all.duration_ms, 1, None);
        let told = (found.video_frames, found.fragments, found.duration_ms, found.unknown_boxes, found.cut);
        assert_eq!(told, wanted, "before box {place}");
        assert_eq!(probed_frames(&with), 100, "ffprobe passes over it as well");
    }
    // One that is cut off ends the file.
    let whole = all.whole_bytes() as usize;
    let found = checked(&[&sample()[..whole], &unknown[..15]].concat());
    assert_eq!((found.fragments, found.cut), (all.fragments, Some(Cut { at: whole as u64, why: Why::BoxCut })));
}

/// Kind and start of each box.
fn top_level(bytes: &[u8]) -> Vec<(String, usize)> {
    let (mut found, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let size = u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes")) as usize;
        found.push((String::from_utf8_lossy(&bytes[at + 4..at + 8]).into_owned(), at));
        at += size;
    }
    found
}

#[test]
fn players_agree_about_what_is_left() {
    let length = sample().len();
    for cut in [length / 3, length / 2, length * 3 / 4] {
        let left = checked(&sample()[..cut]);
        assert!(left.fragments > 0 && left.fragments < checked(sample()).fragments, "{left:?}");
        assert_eq!(probed_frames(&sample()[..left.whole_bytes() as usize]), left.video_frames, "cut at {cut}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_cut_leaves_whole_fragments_only(place in 0.0_f64..1.0) {
        let cut = (sample().len() as f64 * place) as usize;
        let all = checked(sample());
        let left = checked(&sample()[..cut]);
        let whole = left.whole_bytes() as usize;
        prop_assert!(whole <= cut);
        prop_assert!(left.video_frames <= all.video_frames && left.duration_ms <= all.duration_ms);
        // What a repair keeps is whole, and the same.
        if left.fragments > 0 {
            prop_assert_eq!(checked(&sample()[..whole]), Checked { cut: None, ..left });
        }
    }

    #[test]
    fn changed_bytes_never_harm_us(
        changes in proptest::collection::vec((0_usize..4096, any::<u8>()), 1..40),
        far in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..40),
    ) {
        let mut bytes = sample().to_vec();
        for (at, value) in changes {
            bytes[at] = value;
        }
        for (at, value) in far {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        let whole = checked(&bytes).whole_bytes();
        prop_assert!(whole <= bytes.len() as u64);
        let found = respaced(&mut Cursor::new(&bytes), whole, Some(&mut Cursor::new(&bytes)), None).expect("read");
        prop_assert!(found.mends.iter().all(|mend| mend.at + 4 <= bytes.len() as u64));
    }
}

/// As the muxer writes it where the timestamps of the source went back after some time: one tick after the other.
fn squeezed(picture_after: u32, sound_after: Option<u32>) -> Vec<u8> {
    let picture = ["-f", "lavfi", "-i", "testsrc2=size=160x90:rate=25", "-f", "lavfi", "-i", "sine=sample_rate=44100"];
    let codec = ["-t", "4", "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "25"];
    let stamps =
        |after: u32, ticks: u32| format!("setts=ts=if(gte(N\\,{after})\\,{after}*{ticks}+N-{after}\\,N*{ticks})");
    let video = stamps(picture_after, 512);
    let sound = sound_after.map(|after| stamps(after, 1_024));
    let sound = sound.as_ref().map_or_else(|| vec!["-an"], |stamps| vec!["-c:a", "aac", "-bsf:a", stamps]);
    written(&picture, &[&codec[..], &["-bsf:v", &video], &sound, &["-use_editlist", "0"]].concat())
}

/// Distances between the pictures of a file in microseconds, as ffprobe sees them.
fn distances(bytes: &[u8]) -> Vec<i64> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("probed.mp4");
    std::fs::write(&file, bytes).expect("written");
    let entries = ["-v", "error", "-select_streams", "v", "-show_entries", "packet=pts_time", "-of", "csv=p=0"];
    let out = Command::new("ffprobe").args(entries).arg(&file).output().expect("ffprobe is installed");
    let text = String::from_utf8(out.stdout).expect("text");
    let times: Vec<f64> = text.lines().filter_map(|line| line.trim_end_matches(',').parse().ok()).collect();
    times.windows(2).map(|pair| ((pair[1] - pair[0]) * 1e6).round() as i64).collect()
}

fn with(bytes: &[u8], mends: &[Mend]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for mend in mends {
        bytes[mend.at as usize..][..4].copy_from_slice(&mend.bytes);
    }
    bytes
}

fn look(bytes: &[u8], before: Option<&[u8]>) -> Respaced {
    let whole = checked(bytes).whole_bytes();
    respaced(&mut Cursor::new(bytes), whole, before.map(Cursor::new).as_mut(), None)
        .expect("reading memory cannot fail")
}

#[test]
fn pictures_that_were_squeezed_get_their_time() {
    // In the middle of a fragment, from its beginning, nearly all of the file; with sound and without.
    for (picture, sound) in [(60, None), (75, None), (10, None), (60, Some(104)), (75, Some(30))] {
        let bytes = squeezed(picture, sound);
        let before = checked(&bytes);
        let found = look(&bytes, None);
        assert_eq!(found.pictures, u64::from(99 - picture), "{picture}");
        let mended = with(&bytes, &found.mends);
        let after = checked(&mended);
        assert!((3_980..=4_100).contains(&after.duration_ms), "{picture}: {before:?} {after:?}");
        assert_eq!(
            (after.video_frames, after.cut, after.mends.len(), after.start_ms),
            (100, None, 0, before.start_ms),
            "{picture}"
        );
        assert!(distances(&bytes).iter().any(|distance| *distance < 1_000), "{picture}: it was squeezed");
        assert_eq!(distances(&mended), [40_000; 99], "{picture}");
        assert_eq!(look(&mended, None), Respaced::default(), "{picture}: nothing is left to do");
    }
    assert_eq!(look(sample(), None), Respaced::default());
}

#[test]
fn a_crash_between_two_writes_leaves_a_file_that_plays_and_is_completed() {
    let bytes = squeezed(60, Some(104));
    let mut mends = look(&bytes, None).mends;
    let wanted = checked(&with(&bytes, &mends)).duration_ms;
    mends.sort_by_key(|mend| std::cmp::Reverse(mend.at));
    for written in (0..mends.len()).step_by(7) {
        let half = with(&bytes, &mends[..written]);
        assert_eq!((checked(&half).video_frames, probed_frames(&half)), (100, 100), "{written}");
        assert!(distances(&half).iter().all(|distance| *distance > 0), "{written}: no picture goes back");
        let completed = with(&half, &look(&half, None).mends);
        let after = checked(&completed);
        assert!(after.duration_ms.abs_diff(wanted) <= 100, "{written}: {} ms", after.duration_ms);
        assert!(distances(&completed).iter().all(|distance| *distance >= 19_000), "{written}");
    }
}

#[test]
fn the_file_after_a_lengthened_one_begins_behind_it() {
    let bytes = squeezed(60, None);
    let mended = with(&bytes, &look(&bytes, None).mends);
    let end = checked(&mended).start_ms + checked(&mended).duration_ms;
    // The next begins where the muxer believed it was.
    let zero = ["-use_editlist", "0", "-avoid_negative_ts", "make_non_negative"];
    let picture = ["-f", "lavfi", "-i", "testsrc2=size=160x90:rate=25"];
    let codec = ["-t", "2", "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "25"];
    let next = written(&picture, &[&codec[..], &["-bsf:v", "setts=ts=TS+60*512+40"], &zero].concat());
    let found = look(&next, Some(&mended));
    let moved = with(&next, &found.mends);
    assert_eq!((found.pictures, checked(&moved).start_ms, checked(&moved).duration_ms), (0, end, 2_000));
    assert_eq!(look(&moved, Some(&mended)), Respaced::default());
    assert_eq!(look(&next, Some(&bytes)), Respaced::default(), "it follows what was not lengthened");
}
