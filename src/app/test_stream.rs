//! A test picture with a tone, published to a media server as an encoder does it: shows without a camera whether the server, the
//! monitor and the recorder do their work. Called by `cli`.

use std::time::Duration;

use tokio::time::sleep;

use crate::adapters::ffmpeg::argv::publish_url;
use crate::adapters::ffmpeg::child::argument::Argument;
use crate::adapters::ffmpeg::child::{self, ChildProcess, ProcessExit, ProcessLaunch};
use crate::adapters::mediamtx::rtsp_connection::{RtspPlace, check_server};
use crate::adapters::mediamtx::{MediaMtx, MediaServer};
use crate::base::{Error, ErrorKind, Result};
use crate::config::Settings;
use crate::config::settings::ServerSettings;
use crate::domain::name::StreamName;
use crate::signals::Signals;

/// A publisher that has ended in this time has never been one.
const BEGINS_WITHIN: Duration = Duration::from_secs(3);
/// Each step of ending ffmpeg.
const GRACE: Duration = Duration::from_secs(2);
/// 640x360, 25 pictures a second with their number, a key frame in each second; a tone that beeps every second.
const PICTURE: &str = "testsrc=size=640x360:rate=25";
const SOUND: &str = "sine=frequency=440:beep_factor=4:sample_rate=48000";
const PICTURE_CODING: &str = "-c:v libx264 -preset ultrafast -tune zerolatency -pix_fmt yuv420p -g 25 -keyint_min 25 -sc_threshold 0 -b:v 800k \
     -maxrate 800k -bufsize 800k";
const SOUND_CODING: &str = "-c:a aac -b:a 64k -ac 1";

/// What is to be published, and where.
#[derive(Clone, Debug)]
pub struct TestStream {
    /// Path on the server.
    pub name: StreamName,
    /// The server; the first one when absent.
    pub server: Option<String>,
    /// A tone beside the picture.
    pub sound: bool,
    /// Until somebody stops it when absent.
    pub length: Option<Duration>,
}

impl TestStream {
    /// Publishes until its time is over, or SIGINT, SIGTERM; `begun` hears once that it is published, and where, without a
    /// login.
    ///
    /// # Errors
    /// `Invalid` when there is no such server; `Conflict` when something is published under the name already, which a second
    /// publisher would disconnect; `Unavailable` when the server cannot be asked, refuses, or ends it.
    pub async fn publish(&self, settings: &Settings, begun: impl FnOnce(&str)) -> Result<()> {
        let server = self.server_of(settings)?;
        self.refuse_taken(server).await?;
        check_server(&RtspPlace::of(server)).await?;
        child::require_hidden_arguments(settings.restream.require_hidden_arguments);
        let login = server.publish_username.as_deref().map(|user| (user, server.publish_password.as_ref()));
        let url = publish_url(&server.rtsp_url, login, &self.name)?;
        let mut signals = Signals::take_over()?;
        let (mut ffmpeg, _events) = ChildProcess::spawn(ProcessLaunch {
            program: settings.ffmpeg.ffmpeg.clone(),
            args: self.arguments(Argument::url(&url)),
            secrets: server.publish_password.iter().cloned().collect(),
            label: format!("test stream {}", self.name),
            // No child of the program on this data_dir, which may run or be started meanwhile.
            mark: "test-stream".to_owned(),
            ..ProcessLaunch::default()
        })?;
        tokio::select! {
            exit = ffmpeg.wait() => return Err(self.ended(&exit)),
            _ = signals.stop() => return stopped(ffmpeg).await,
            () = sleep(BEGINS_WITHIN) => begun(&format!("{}/{}", server.rtsp_url.as_str().trim_end_matches('/'), self.name)),
        }
        let over = async {
            match self.length {
                Some(length) => sleep(length).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            exit = ffmpeg.wait() => Err(self.ended(&exit)),
            _ = signals.stop() => stopped(ffmpeg).await,
            () = over => stopped(ffmpeg).await,
        }
    }

    fn server_of<'a>(&self, settings: &'a Settings) -> Result<&'a ServerSettings> {
        let mut servers = settings.servers.iter();
        let found = match &self.server {
            Some(name) => servers.find(|server| server.name == *name),
            None => servers.next(),
        };
        found.ok_or_else(|| {
            let known: Vec<&str> = settings.servers.iter().map(|server| server.name.as_str()).collect();
            Error::invalid("--server", format!("names no server of the configuration; known are: {}", known.join(", ")))
        })
    }

    /// MediaMTX lets the newest publisher win: the one before would be disconnected.
    async fn refuse_taken(&self, server: &ServerSettings) -> Result<()> {
        let listing = MediaMtx::new(server)?.list().await?;
        let taken =
            listing.paths.iter().any(|path| path.name == self.name && (path.available || path.source.is_some()));
        if !taken {
            return Ok(());
        }
        let text = format!(
            "something is published as {} on server {} already, and would be disconnected; take another name",
            self.name, server.name
        );
        Err(Error::new(ErrorKind::Conflict, text))
    }

    fn arguments(&self, url: Argument) -> Vec<Argument> {
        let plain = |words: &str| words.split_whitespace().map(|word| Argument::Plain(word.into())).collect::<Vec<_>>();
        let mut all = plain("-nostdin -hide_banner -loglevel error -re -f lavfi -i");
        all.extend(plain(PICTURE));
        if self.sound {
            all.extend(plain("-re -f lavfi -i"));
            all.extend(plain(SOUND));
        }
        all.extend(plain(PICTURE_CODING));
        if self.sound {
            all.extend(plain(SOUND_CODING));
        }
        all.extend(plain("-f rtsp -rtsp_transport tcp"));
        all.push(url);
        all
    }

    fn ended(&self, exit: &ProcessExit) -> Error {
        let said = exit.stderr.last().map_or_else(|| exit.ending.to_string(), |line| line.trim().to_owned());
        let text = format!(
            "publishing {} has ended after {:.0} s: {said}; `streamwarden check` tells whether the server lets us publish",
            self.name,
            exit.lasted.as_secs_f64()
        );
        Error::unavailable(text)
    }
}

async fn stopped(ffmpeg: ChildProcess) -> Result<()> {
    ffmpeg.stop(GRACE).await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_comes_last_and_sound_is_left_out_on_demand() {
        for (sound, inputs) in [(true, 2), (false, 1)] {
            let stream =
                TestStream { name: StreamName::parse("a/b").expect("a name"), server: None, sound, length: None };
            let url = Argument::url(&"rtsp://u:secret@h:8554/a/b".to_owned().into());
            let shown: Vec<String> =
                stream.arguments(url).iter().map(|one| one.shown().to_string_lossy().into_owned()).collect();
            assert_eq!(shown.iter().filter(|word| *word == "-i").count(), inputs, "{shown:?}");
            assert_eq!(shown.iter().any(|word| word == "aac"), sound, "{shown:?}");
            assert_eq!(shown.last().map(String::as_str), Some("rtsp://***@h:8554/a/b"));
        }
    }
}
