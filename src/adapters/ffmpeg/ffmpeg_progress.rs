//! Reads `-progress pipe:1`: blocks of `key=value` lines, each ended by `progress=continue` or `progress=end`. Pure.

use std::time::Duration;

use crate::domain::restream::MovementCounts;

/// One block. Values that ffmpeg does not know (`N/A`) are `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Progress {
    /// Video packets so far.
    pub frame: Option<u64>,
    /// Time of the output so far: until 6 of the track that is furthest ahead, from 7 on of the one that is furthest behind, and none
    /// before each track has begun.
    pub out_time: Option<Duration>,
    /// Bytes so far; unknown for RTSP outputs.
    pub total_size: Option<u64>,
    /// 1.0 = real time.
    pub speed: Option<f64>,
    /// The last block of the run.
    pub end: bool,
}

impl Progress {
    /// What the rules judge by, with what was complained of so far.
    pub fn counts(&self, complaints: Complaints) -> MovementCounts {
        let (frames, bytes) = (self.frame.unwrap_or(0), self.total_size.unwrap_or(0));
        let Complaints { unordered, set_back, .. } = complaints;
        MovementCounts { frames, time: self.out_time, bytes, unordered, set_back }
    }
}

/// What ffmpeg has complained of on stderr so far: packets whose time is not after that of the one before, as
/// `Non-monotonous DTS in output stream 0:0; previous: 540000, current: 93600; changing to ...` (from 7 on `Non-monotonic DTS`,
/// behind `[vost#0:0/copy @ ...]`). The video is our first output stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Complaints {
    /// All of them, of whatever track.
    pub unordered: u64,
    /// Pictures by more than a moment, in whatever clock the output has: those of mp4 have 10,000 ticks and more in a second.
    pub behind: u64,
    /// Pictures by more than a second of the 90 kHz that RTSP has.
    pub set_back: u64,
}

impl Complaints {
    /// Takes a line of stderr.
    pub fn count(&mut self, line: &str) {
        self.unordered += u64::from(line.contains(UNORDERED));
        let Some(ticks) = behind_by(line) else { return };
        self.behind += u64::from(ticks > 1_000);
        self.set_back += u64::from(ticks > 90_000);
    }
}

/// "Non-monotonous" and "Non-monotonic", at the begin of a sentence or within one.
const UNORDERED: &str = "on-monoton";

/// Ticks by which a picture is behind the last one, of a line that complains of it.
pub(super) fn behind_by(line: &str) -> Option<i64> {
    let of_video = line.contains(UNORDERED) && (line.contains("stream 0:0") || line.contains("vost#0:0"));
    let number = |name: &str| {
        let (_, rest) = line.split_once(name)?;
        rest.split([',', ';']).next()?.trim().parse::<i64>().ok()
    };
    let (previous, current) = (number("previous: ")?, number("current: ")?);
    of_video.then(|| previous.saturating_sub(current))
}

/// Collects lines into blocks.
#[derive(Debug, Default)]
pub struct ProgressReader {
    open: Progress,
    /// Lines of pictures, where the arguments ask for them.
    pictures: u64,
}

impl ProgressReader {
    /// Takes one line; returns the block it completes. Unknown lines are nothing.
    pub fn feed(&mut self, line: &str) -> Option<Progress> {
        // The muxer `framecrc`: `0,  468240,  468240,  3600,  3185, 0x18013ffe, F=0x0`.
        if line.starts_with("0,") {
            self.pictures += 1;
            return None;
        }
        let (key, value) = line.split_once('=')?;
        let value = value.trim();
        match key.trim() {
            "frame" => self.open.frame = value.parse().ok(),
            // Negative before the first packet of a stream that starts late.
            "out_time_us" => self.open.out_time = value.parse::<i64>().ok().map(not_negative),
            "total_size" => self.open.total_size = value.parse().ok(),
            "speed" => self.open.speed = value.trim_end_matches('x').trim().parse().ok(),
            "progress" => {
                let frame = self.open.frame.or((self.pictures > 0).then_some(self.pictures));
                let block = Progress { frame, end: value == "end", ..self.open };
                self.open = Progress::default();
                return Some(block);
            }
            _ => {}
        }
        None
    }
}

fn not_negative(microseconds: i64) -> Duration {
    Duration::from_micros(u64::try_from(microseconds).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Progress> {
        let mut reader = ProgressReader::default();
        text.lines().filter_map(|line| reader.feed(line)).collect()
    }

    #[test]
    fn blocks_of_a_relay_as_5_1_prints_them() {
        let text = "frame=0\nfps=0.00\nstream_0_0_q=-1.0\nbitrate=N/A\ntotal_size=N/A\nout_time_us=-92879\nout_time_ms=-92879\nout_time=-00:00:00.092879\ndup_frames=0\ndrop_frames=0\nspeed=N/A\nprogress=continue\n\
            frame=25\nfps=24.8\nbitrate=N/A\ntotal_size=N/A\nout_time_us=1000000\nout_time=00:00:01.000000\nspeed=0.997x\nprogress=continue\n\
            frame=26\ntotal_size=4096\nout_time_us=N/A\nspeed=   1x\nprogress=end\n";
        let blocks = read(text);
        assert_eq!(blocks[0], Progress { frame: Some(0), out_time: Some(Duration::ZERO), ..Progress::default() });
        assert_eq!(
            blocks[1],
            Progress {
                frame: Some(25),
                out_time: Some(Duration::from_secs(1)),
                speed: Some(0.997),
                ..Progress::default()
            }
        );
        assert_eq!(
            blocks[2],
            Progress { frame: Some(26), out_time: None, total_size: Some(4096), speed: Some(1.0), end: true }
        );
    }

    fn counted(line: &str) -> Complaints {
        let mut complaints = Complaints::default();
        complaints.count(line);
        complaints
    }

    #[test]
    fn a_picture_that_is_behind_the_last_one_is_known_in_all_versions() {
        let table = [
            (
                "[rtsp @ 0x5] [warning] Non-monotonous DTS in output stream 0:0; previous: 540000, current: 93600; changing",
                true,
            ),
            ("[vost#0:0/copy @ 0x5] [warning] Non-monotonic DTS; previous: 540000, current: -93600; changing to", true),
            (
                "[vost#0:0/copy @ 0x5] [warning] Non-monotonic DTS; previous: 540000, current: 539999; changing to",
                false,
            ),
            ("[rtsp @ 0x5] Non-monotonous DTS in output stream 0:1; previous: 540000, current: 93600; changing", false),
            ("[rtsp @ 0x5] Non-monotonous DTS in output stream 0:0; previous: many", false),
            ("previous: 540000, current: 0", false),
        ];
        for (line, set_back) in table {
            let complaints = counted(line);
            assert_eq!(complaints.set_back == 1, set_back, "{line}");
            assert!(complaints.behind >= complaints.set_back && complaints.unordered >= complaints.behind, "{line}");
        }
        // In the clock of an mp4 at 25 frames/s, as 5.1.9 said it of a jump of 10 s.
        let mp4 = "[segment @ 0x5] Non-monotonous DTS in output stream 0:0; previous: 135833, current: 86016; changing to 135834.";
        assert_eq!(counted(mp4), Complaints { unordered: 1, behind: 1, set_back: 0 });
        let sound =
            "[aost#0:1/copy @ 0x5] [warning] Non-monotonic DTS; previous: 34383, current: 32160; changing to 34384.";
        assert_eq!(counted(sound), Complaints { unordered: 1, ..Complaints::default() });
        let same = "[segment @ 0x5] Non-monotonous DTS in output stream 0:0; previous: 9, current: 9; changing to 10.";
        assert_eq!(counted(same), Complaints { unordered: 1, behind: 0, set_back: 0 });
    }

    #[test]
    fn pictures_are_counted_by_their_lines_where_nothing_else_tells() {
        let text = "#software: Lavf60.16.100\nbitrate=N/A\nout_time_us=0\nprogress=continue\n0,  0,  0,  3600,  3185, 0x18013ffe, F=0x0\n\
            0,  3600,  3600,  3600,  3185, 0x18013ffe, F=0x0, S=1,  16\nprogress=continue\nframe=9\nprogress=continue\n";
        let frames: Vec<_> = read(text).iter().map(|block| block.frame).collect();
        assert_eq!(frames, [None, Some(2), Some(9)]);
    }

    #[test]
    fn nonsense_is_nothing() {
        assert!(read("hello\n=\n==\nframe\nframe=x\nprogress\n\u{0}\u{7}=3\n").is_empty());
        assert_eq!(
            read("frame=-1\nspeed=fast\nout_time_us=99999999999999999999\nprogress=end"),
            [Progress { end: true, ..Progress::default() }]
        );
    }
}
