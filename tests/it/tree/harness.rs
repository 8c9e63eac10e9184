//! The program built in this process, with cameras and streams, and the testkit's reach into its tree.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use streamwarden::actors::supervision::testkit::{Provoke, ProvokedFault};
use streamwarden::actors::supervision::{Health, Observation, Observe};
use streamwarden::app::{self, App};
use streamwarden::config::{self, Sources};
use streamwarden::demo::demo_server::AnyServer;
use streamwarden::demo::media_server::Options;
use streamwarden::domain::camera::CameraEdit;
use tempfile::TempDir;

use crate::support::api::Api;
use crate::support::cameras::Cameras;
use crate::support::media::{Publisher, server};
use crate::support::processes::{Job, marked};
use crate::support::program::Config;
use crate::support::wait::eventually;

/// The running tree and its world.
pub struct Harness {
    pub api: Api,
    app: App,
    streams: Vec<Publisher>,
    cameras: Cameras,
    media: Vec<AnyServer>,
    folder: TempDir,
}

impl Harness {
    /// Relays `cam1`, `cam2`, ... (not recorded), streams `pub1`, `pub2`, ... that come without us (recorded), and a
    /// second media server `spare` without streams.
    pub async fn open(relays: usize, streams: usize) -> Self {
        Self::with(relays, streams, "").await
    }

    /// The same with these sections in its configuration, and with small pictures.
    pub async fn with(relays: usize, streams: usize, sections: &str) -> Self {
        let (cameras, main) = (Cameras::start(relays).await, server(&Options::default()).await);
        let spare = server(&Options::default()).await;
        let folder = tempfile::tempdir().expect("a folder");
        let (api, rtsp) = (spare.api_url(), spare.rtsp_url());
        let more = format!(
            "max_concurrent = 20\nthumbnails = true\n[upload]\nworkers = 4\n\
             [[servers]]\nname = \"spare\"\napi_url = \"{api}\"\nrtsp_url = \"{rtsp}\"\n{sections}"
        );
        let config = Config { more, ..Config::on(&main) };
        let app = build(folder.path(), &config).await;
        for number in 1..=relays {
            let url = SecretString::from(cameras.url(number - 1).to_string());
            let edit = CameraEdit {
                name: Some(format!("cam{number}")),
                url: Some(Some(url)),
                record: Some(false),
                ..CameraEdit::default()
            };
            app.stores().cameras.add_camera(edit).await.expect("a camera");
        }
        let to_main = |number| Publisher::film(&main.rtsp_url().join(&format!("pub{number}")).expect("a path"));
        let published = (1..=streams).map(to_main).collect();
        let api = Api::without_pool(&format!("http://{}", app.addr()));
        Self { api, app, streams: published, cameras, media: vec![main, spare], folder }
    }

    /// The actor at this path, with all below it.
    pub async fn at(&self, path: &str) -> Option<Observation> {
        let view = self.app.root().send(Observe).await.expect("the root lives");
        let names: Vec<&str> = path.split('/').collect();
        let (first, rest) = names.split_first()?;
        view.children.iter().find(|child| child.name == *first)?.find(rest).cloned()
    }

    /// Generation of every actor, by path.
    pub async fn generations(&self) -> BTreeMap<String, u64> {
        let view = self.app.root().send(Observe).await.expect("the root lives");
        let mut found = BTreeMap::new();
        collect("", &view.children, &mut found);
        found
    }

    /// Lets something happen to the actor at this path.
    pub async fn provoke(&self, path: &str, fault: ProvokedFault) {
        let reached = self.app.root().send(Provoke::at(path, fault)).await.expect("the root lives");
        assert!(reached, "there is no {path}");
    }

    /// Waits until the actor runs in this generation or a later one.
    pub async fn runs_in(&self, path: &str, generation: u64) -> Observation {
        let runs = |seen: &Observation| seen.health == Health::Running && seen.generation >= generation;
        eventually(&format!("{path} built again"), || async { self.at(path).await.filter(runs) }).await
    }

    /// Waits until a value of the actor's state is there and is none of these.
    pub async fn state_of(&self, path: &str, key: &str, old: &[serde_json::Value]) -> serde_json::Value {
        eventually(&format!("{key} of {path}"), || async {
            let value = self.at(path).await?.state.pointer(key).cloned()?;
            (!value.is_null() && !old.contains(&value)).then_some(value)
        })
        .await
    }

    /// Each ffmpeg that relays or records, and what it does, sorted.
    pub fn ffmpegs(&self) -> Vec<(Job, u32)> {
        let ours = marked(&self.data_dir()).into_iter().filter(|process| process.job != Job::Other);
        let mut found: Vec<_> = ours.map(|process| (process.job, process.pid)).collect();
        found.sort();
        found
    }

    fn data_dir(&self) -> PathBuf {
        self.folder.path().canonicalize().expect("our folder").join("data")
    }

    /// Waits until the camera is relayed.
    pub async fn camera_runs(&self, name: &str) {
        let runs = |camera: &serde_json::Value| camera["state"] == "running";
        eventually(&format!("{name} running"), || async { self.api.camera(name).await.filter(runs) }).await;
    }

    /// How many segments are in the object store, as the catalogue says.
    pub async fn stored(&self) -> usize {
        let mut stored = 0;
        for stream in self.api.items("/api/v1/recordings").await {
            let segments = self.api.segments(stream["stream"].as_str().expect("a name")).await;
            stored += segments.iter().filter(|segment| segment["state"] == "uploaded").count();
        }
        stored
    }

    /// Waits until one segment more is stored than now.
    pub async fn stores_more(&self) {
        let before = self.stored().await;
        eventually("another segment stored", || async { (self.stored().await > before).then_some(()) }).await;
    }

    /// Ends everything in order; nothing may be left.
    pub async fn close(self) {
        let data_dir = self.data_dir();
        self.app.stop().await.expect("an ordered stop");
        assert_eq!(marked(&data_dir), []);
        drop(self.streams);
        self.cameras.stop().await;
        for media in self.media {
            media.stop().await;
        }
    }
}

async fn build(folder: &Path, config: &Config) -> App {
    let file = folder.join("streamwarden.toml");
    let data_dir = folder.canonicalize().expect("our folder").join("data");
    std::fs::write(&file, config.toml(data_dir.to_str().expect("text"))).expect("a file");
    let settings = config::load(&Sources { file: Some(file), ..Sources::default() });
    app::build(settings.unwrap_or_else(|complaints| panic!("{complaints}"))).await.expect("the program")
}

fn collect(above: &str, children: &[Observation], found: &mut BTreeMap<String, u64>) {
    // Sessions come and go with their clients.
    for child in children.iter().filter(|child| child.kind != "websocket session") {
        let path = if above.is_empty() { child.name.clone() } else { format!("{above}/{}", child.name) };
        found.insert(path.clone(), child.generation);
        collect(&path, &child.children, found);
    }
}
