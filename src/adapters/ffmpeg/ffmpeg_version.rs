//! Which ffmpeg this is: asked once at start, because options were renamed between 4 and 5.
//!
//! Decided by libavformat's own number, which distribution builds (`5.1.9-0+deb12u1`), release tags (`n6.0`), nightly
//! builds (`N-109542-g1bf1dfe`, `2024-03-14-git-...`) and forks all tell; the version text is for people.
//! Talked to by the app at start and by `check`.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use tokio::time::timeout;

use super::child::{ChildProcess, Ending, ProcessEvent, ProcessLaunch};
use crate::base::{Error, ErrorKind, Result};

/// `ffmpeg -version` prints and leaves; a machine under load may take its time for the libraries.
const LIMIT: Duration = Duration::from_secs(10);

const INSTALL: &str = "install it (Debian, Ubuntu: `apt-get install ffmpeg`) or name its path in [ffmpeg]";

/// Version of ffmpeg or ffprobe.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FfmpegVersion {
    /// Release this build behaves like: 4, 5, 6, ...
    pub major: u32,
    /// libavformat, major and minor.
    pub libavformat: (u32, u32),
    /// As the program prints it.
    pub text: String,
}

impl FfmpegVersion {
    /// Whether its progress counts pictures that are copied. 6.1 counts those alone that go through a filter (`print_report`,
    /// fftools/ffmpeg.c); 6.0 and 7.0 count all.
    pub fn counts_copied_pictures(&self) -> bool {
        !((60, 4)..(61, 0)).contains(&self.libavformat)
    }

    /// Whether `out_time` of its progress is that of the track that is furthest behind: since the scheduler of 7.0
    /// (`trailing_dts`, fftools/ffmpeg_sched.c).
    pub fn tells_time_of_all(&self) -> bool {
        self.major >= 7
    }

    /// First libavformat of ffmpeg 4.4, the oldest that we drive.
    const OLDEST: (u32, u32) = (58, 76);

    /// Reads the output of `-version`; `None` when it is something else.
    pub fn parse(output: &str) -> Option<Self> {
        let first = output.lines().next()?;
        let text = first.split_once(" version ")?.1.split_whitespace().next()?.to_owned();
        let libavformat = output.lines().find_map(|line| {
            // libavformat    59. 27.100 / 59. 27.100: built with / running with.
            let (_, running) = line.trim().strip_prefix("libavformat")?.split_once('/')?;
            let mut numbers = running.split('.').map(|number| number.trim().parse::<u32>());
            Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
        })?;
        // libavformat 58 is ffmpeg 4, and they have counted in step since.
        let major = libavformat.0.checked_sub(54)?;
        Some(Self { major, libavformat, text })
    }

    /// Options that keep it from its keyboard. Not in 7.x: there only the loop that listens to the keyboard obeys SIGINT and
    /// SIGTERM (seen with 7.1: the file being written is lost); reading `/dev/null` does no harm.
    pub(super) fn no_keyboard(&self) -> &'static [&'static str] {
        if self.major == 7 { &[] } else { &["-nostdin"] }
    }

    /// An error with the remedy when it is too old for us.
    pub fn check(self) -> Result<Self> {
        if self.libavformat < Self::OLDEST {
            let text = format!("version {} is older than 4.4; {INSTALL}", self.text);
            return Err(Error::new(ErrorKind::Unsupported, text));
        }
        Ok(self)
    }
}

impl fmt::Display for FfmpegVersion {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

/// Asks a program for its version. The error says what is missing and how to install it.
pub async fn look(program: &Path, mark: &str) -> Result<FfmpegVersion> {
    let name = program.display();
    let launch = ProcessLaunch {
        program: program.to_owned(),
        args: vec!["-version".into()],
        label: format!("version of {name}"),
        mark: mark.to_owned(),
        ..ProcessLaunch::default()
    };
    let (_child, mut events) = ChildProcess::spawn(launch)
        .map_err(|error| Error::unavailable(format!("{name} cannot be started; {INSTALL}")).with_source(error))?;
    let mut output = String::new();
    let ending = timeout(LIMIT, async {
        loop {
            match events.recv().await {
                // Far more than any -version prints.
                Some(ProcessEvent::Line(line)) if output.len() < 65_536 => {
                    output.push_str(&line);
                    output.push('\n');
                }
                Some(ProcessEvent::Line(_)) => {}
                Some(ProcessEvent::Exited(exit)) => return exit.ending,
                None => return Ending::Unknown,
            }
        }
    })
    .await
    .map_err(|_| {
        let text = format!(
            "{name} -version did not answer within {} s; run it by hand: it may be a script that waits, or its disk hangs; \
            name the program itself in [ffmpeg]",
            LIMIT.as_secs()
        );
        Error::new(ErrorKind::Timeout, text)
    })?;
    match FfmpegVersion::parse(&output) {
        Some(version) => version.check().map_err(|error| Error::new(error.kind(), format!("{name}: {error}"))),
        None => Err(Error::unavailable(format!("{name} -version does not read like ffmpeg's ({ending}); {INSTALL}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(text: &str, libavformat: &str) -> String {
        format!(
            "{text} Copyright (c) 2000-2026 the FFmpeg developers\nbuilt with gcc\nlibavutil      57. 28.100 / 57. 28.100\nlibavformat    {libavformat} / {libavformat}\n"
        )
    }

    #[test]
    fn every_kind_of_build_is_known() {
        let table = [
            ("ffmpeg version 5.1.9-0+deb12u1", "59. 27.100", 5),
            ("ffprobe version 4.4.2-0ubuntu0.22.04.1", "58. 76.100", 4),
            ("ffmpeg version n6.0", "60.  3.100", 6),
            ("ffmpeg version N-109542-g1bf1dfe", "60.  2.100", 6),
            ("ffmpeg version 2024-03-14-git-2129d66a66-full_build", "61.  2.100", 7),
            ("ffmpeg version 8.0", "62.  3.100", 8),
        ];
        for (text, libavformat, major) in table {
            let version = FfmpegVersion::parse(&output(text, libavformat)).expect(text).check().expect(text);
            assert_eq!(version.major, major, "{text}");
            assert!(text.ends_with(&version.text));
        }
    }

    #[test]
    fn old_and_foreign_programs_are_refused() {
        let old = FfmpegVersion::parse(&output("ffmpeg version 4.3.9-0+deb11u1", "58. 45.100")).expect("4.3");
        let error = old.check().expect_err("too old").to_string();
        assert!(error.contains("4.3.9") && error.contains("apt-get install ffmpeg"), "{error}");
        for foreign in ["", "BusyBox v1.36", "ffmpeg version 5.1\n"] {
            assert_eq!(FfmpegVersion::parse(foreign), None, "{foreign:?}");
        }
    }

    #[tokio::test]
    async fn the_installed_one_answers_and_a_missing_one_gets_the_install_line() {
        assert!(look(Path::new("ffmpeg"), "test").await.expect("ffmpeg is installed").major >= 4);
        let missing = look(Path::new("/nowhere/ffmpeg"), "test").await.expect_err("missing").to_string();
        assert!(missing.contains("/nowhere/ffmpeg") && missing.contains("apt-get install ffmpeg"), "{missing}");
        let other = look(Path::new("/bin/true"), "test").await.expect_err("not ffmpeg").to_string();
        assert!(other.contains("does not read like"), "{other}");
    }
}
