//! MediaMTX's own way to keep an ffmpeg alive, `runOnInit` with `runOnInitRestart`, as a thing to compare ours with.

use std::fs;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::{Value, json};
use streamwarden::demo::demo_server::AnyServer;

use crate::support::processes::{send, words};
use crate::support::wait::{eventually, timed};

/// Asks the media server itself, so that our own polling is no part of the figure: the id of the path's source.
pub async fn source(media: &AnyServer, name: &str) -> Option<String> {
    let url = media.api_url().join(&format!("v3/paths/get/{name}")).expect("a URL");
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let path: Value = client.get(url).send().await.ok()?.json().await.ok()?;
    let id = path["source"]["id"].as_str()?;
    (path["available"] == true).then(|| id.to_owned())
}

/// A path whose ffmpeg MediaMTX looks after.
pub struct OwnPath<'a> {
    media: &'a AnyServer,
    name: String,
    target: String,
    /// From asking for it to its being available.
    pub added: Duration,
}

impl<'a> OwnPath<'a> {
    /// Has it run the same ffmpeg as our relay, with another target.
    pub async fn add(media: &'a AnyServer, args: &[String], name: &str) -> Self {
        let mut target = media.rtsp_url();
        target.set_path(name);
        // Split by MediaMTX as a shell would; nobody else runs it.
        let quoted = |arg: &String| format!("'{}'", arg.replace('\'', "'\\''"));
        let command: Vec<String> = args[1..args.len() - 1].iter().map(quoted).collect();
        let settings = json!({
            "runOnInit": format!("ffmpeg {} '{target}'", command.join(" ")),
            "runOnInitRestart": true,
        });
        let begun = Instant::now();
        let url = media.api_url().join(&format!("v3/config/paths/add/{name}")).expect("a URL");
        let answer = client().post(url).json(&settings).send().await.expect("an answer");
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap_or_default());
        eventually("its own path", || source(media, name)).await;
        Self { media, name: name.to_owned(), target: target.to_string(), added: begun.elapsed() }
    }

    /// Kills its ffmpeg and waits for the next one's stream.
    pub async fn kill(&self) -> Duration {
        let first = source(self.media, &self.name).await.expect("it is there");
        let pids = publishers(&self.target);
        assert!(!pids.is_empty(), "nobody publishes to {}", self.target);
        pids.into_iter().for_each(|pid| send(pid, Signal::SIGKILL));
        let again = || async { source(self.media, &self.name).await.filter(|id| *id != first) };
        timed("its own path again", again).await.1
    }

    /// Takes it away, and its ffmpeg with it.
    pub async fn remove(self) {
        let url = self.media.api_url().join(&format!("v3/config/paths/delete/{}", self.name)).expect("a URL");
        let answer = client().delete(url).send().await.expect("an answer");
        assert!(answer.status().is_success());
        eventually("its ffmpeg gone", || async { publishers(&self.target).is_empty().then_some(()) }).await;
    }
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().expect("a client")
}

/// Processes whose last argument is this address, which has a port of our own in it.
fn publishers(target: &str) -> Vec<u32> {
    let entries = fs::read_dir("/proc").expect("/proc").flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(|pid| words(*pid, "cmdline").last().is_some_and(|last| last == target)).collect()
}
