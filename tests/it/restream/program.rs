//! The program itself, killed without warning and started again.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use streamwarden::adapters::ffmpeg::child::MARK_VARIABLE;
use streamwarden::demo::demo_server::AnyServer;
use streamwarden::demo::media_server::Options;

use super::harness::{Source, TIMEOUT, marked, server};

/// `streamwarden run` on a folder.
pub struct Program(Child);

impl Program {
    pub fn run(folder: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_streamwarden"));
        command.current_dir(folder).args(["run", "--config", "streamwarden.toml", "--roles", "restream"]);
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        Self(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program"))
    }

    pub fn kill(mut self) {
        self.0.kill().expect("a signal");
        self.0.wait().expect("its end");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub use crate::support::wait::true_within as until;

pub fn write_config(folder: &Path, server: &AnyServer) {
    let text = format!(
        "data_dir = {folder:?}\n[http]\nlisten = \"127.0.0.1:0\"\n[[servers]]\nname = \"main\"\napi_url = \"{}\"\nrtsp_url = \"{}\"\n",
        server.api_url().as_str().trim_end_matches('/'),
        server.rtsp_url().as_str().trim_end_matches('/')
    );
    std::fs::write(folder.join("streamwarden.toml"), text).expect("a file");
}

pub async fn is_live(server: &AnyServer, path: &str) -> bool {
    let url = server.api_url().join(&format!("/v3/paths/get/{path}")).expect("a route");
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    match http.get(url).send().await {
        Ok(answer) => answer.text().await.is_ok_and(|text| text.contains("\"ready\":true")),
        Err(_) => false,
    }
}

#[actix::test]
async fn kill_9_leaves_no_ffmpeg_and_the_next_start_goes_on() {
    let (source, server) = (Source::start().await, server(&Options::default()).await);
    let folder = tempfile::tempdir().expect("a folder");
    let folder_path = folder.path().canonicalize().expect("a path");
    let mark = folder_path.to_string_lossy().into_owned();
    write_config(&folder_path, &server);

    // Left over by an earlier run, as it were: our mark, and an owner that is gone.
    let mut orphan = Command::new("sleep");
    orphan.arg("1000").env(MARK_VARIABLE, format!("{mark}:{}:1", std::process::id()));
    let mut orphan = orphan.spawn().expect("sleep");

    let program = Program::run(&folder_path);
    until("the orphan is ended", TIMEOUT, async || orphan.try_wait().expect("its state").is_some()).await;
    let database = folder_path.join("streamwarden.db");
    until("the database is there", TIMEOUT, async || {
        let sql = format!("INSERT INTO cameras(name, url) VALUES ('gate', '{}')", source.url("a"));
        rusqlite::Connection::open(&database).is_ok_and(|file| file.execute_batch(&sql).is_ok())
    })
    .await;
    until("the relay runs", TIMEOUT, async || is_live(&server, "gate").await).await;
    assert_eq!(marked(&mark).len(), 1);

    program.kill();
    until("ffmpeg is gone", Duration::from_secs(2), async || marked(&mark).is_empty()).await;
    let program = Program::run(&folder_path);
    until("a relay runs again", TIMEOUT, async || !marked(&mark).is_empty() && is_live(&server, "gate").await).await;
    program.kill();
    until("ffmpeg is gone", Duration::from_secs(2), async || marked(&mark).is_empty()).await;
    server.stop().await;
}
