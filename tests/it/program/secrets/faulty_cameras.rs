//! Cameras that do everything wrong, each with a secret wherever its row can hold one.

use crate::restream::peers::Peer;
use crate::restream::sources::{Body, Http};
use crate::support::cameras::Cameras;
use crate::support::program::Program;
use crate::support::wait::eventually;

/// Columns of a camera, and the kinds of fault of which one must come of it; none: its row is refused.
pub struct Row {
    pub name: &'static str,
    pub columns: &'static str,
    pub values: String,
    faults: &'static [&'static str],
}

fn by_url(name: &'static str, url: &str, faults: &'static [&'static str]) -> Row {
    Row { name, columns: "url", values: format!("'{url}'"), faults }
}

/// What cameras can do wrong.
pub struct FaultyCameras {
    silent: Peer,
    refusing: Peer,
    digesting: Peer,
    files: Http,
    sound: Http,
    raw: Http,
    moved: Http,
    folder: tempfile::TempDir,
}

impl FaultyCameras {
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let endless = |args, kind| Http::serve(Body::Endless { args, kind, cut_after: None });
        let files = Http::serve(Body::Folder(folder.path().to_owned()));
        let moved = "http://admin:canary-moved@127.0.0.1:9/x?password=canary-moved-too".to_owned();
        Self {
            silent: Peer::silent(),
            refusing: Peer::refusing(),
            digesting: Peer::digesting(),
            sound: endless("-vn -c:a copy -f adts -", "audio/aac"),
            raw: endless("-an -c:v ffv1 -f matroska -", "video/x-matroska"),
            moved: Http::serve(Body::Moved(moved)),
            files,
            folder,
        }
    }

    pub fn rows(&self, cameras: &Cameras) -> Vec<Row> {
        let playlist = format!(
            "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://admin:canary-seg@{}/none.ts?token=canary-seg2\n#EXT-X-ENDLIST\n",
            self.files.address
        );
        std::fs::write(self.folder.path().join("list.m3u8"), playlist).expect("a playlist");
        let mut rows = self.unreachable();
        rows.extend(self.wrong(cameras));
        rows.extend(unreadable());
        rows
    }

    /// Nobody is there, or nobody speaks.
    fn unreachable(&self) -> Vec<Row> {
        let (silent, login) = (self.silent.address, "admin:canary-login");
        vec![
            by_url("unresolved", &format!("rtsp://{login}@no-such-host.invalid/x"), &["nameNotResolved"]),
            by_url("refused", &format!("rtsp://{login}@127.0.0.1:9/x"), &["refused"]),
            // No connection can be made to everybody: no packet leaves the machine.
            by_url("nowhere", &format!("rtsp://{login}@255.255.255.255/x"), &["noRoute"]),
            by_url("silent", &format!("rtsp://{login}@{silent}/x"), &["silent"]),
            by_url("silent2", &format!("http://{login}@{silent}/x?passwd=canary-silent"), &["silent"]),
            by_url("srt", "srt://127.0.0.1:9?streamid=read:x:u:canary-srt&passphrase=canary-phrase", FAILS),
            by_url("rtmp", &format!("rtmp://{login}@127.0.0.1:9/live/x?key=canary-key"), &["refused"]),
            by_url("encoded", "rtsp://admin:canary%2Dcod%40ed%3A@127.0.0.1:9/x", &["refused"]),
            by_url("path", "rtsp://127.0.0.1:9/user=admin_password=canary-path_channel=1_stream=0.sdp", &["refused"]),
            Row {
                name: "columns",
                columns: "kind, host, port, username, password",
                values: "'hikvision', '127.0.0.1', 9, 'admin', 'canary c@l:umn/'".to_owned(),
                faults: &["refused"],
            },
        ]
    }

    /// Somebody answers, and not as he should.
    fn wrong(&self, cameras: &Cameras) -> Vec<Row> {
        let [refusing, digesting] = [&self.refusing, &self.digesting].map(|peer| peer.address);
        let [files, sound, raw, moved] = [&self.files, &self.sound, &self.raw, &self.moved].map(|http| http.address);
        let login = "admin:canary-login";
        let mut missing = cameras.url_with_login(0, "admin", "canary-missing");
        missing.set_path("missing");
        vec![
            by_url("good", cameras.url_with_login(0, "admin", "canary-good").as_str(), &[]),
            by_url("tls", &format!("rtsps://{login}@{refusing}/x?token=canary-token"), &["tls"]),
            by_url("tls2", &format!("https://{login}@{files}/x?password=canary-https"), &["tls"]),
            by_url("wrong", &format!("rtsp://{login}@{refusing}/x"), &["unauthorized"]),
            by_url("digest", &format!("rtsp://{login}@{digesting}/x"), &["unauthorized"]),
            by_url("wrong-http", &format!("http://{login}@{refusing}/x"), &["unauthorized"]),
            by_url("missing", missing.as_str(), &["notFound"]),
            by_url(
                "missing2",
                &format!("http://{login}@{files}/canary-path-token=canary/x?user=canary-u"),
                &["notFound"],
            ),
            by_url("moved", &format!("http://{moved}/x"), &["refused"]),
            by_url("playlist", &format!("http://{login}@{files}/list.m3u8?token=canary-list"), FAILS),
            by_url("garbage", &format!("rtsp://{login}@{files}/x"), &["notMedia", "notFound"]),
            by_url("sound", &format!("http://{login}@{sound}/x?usr=admin&pwd=canary-pwd"), &["noVideo"]),
            by_url("raw", &format!("http://{raw}/x?user=canary-user&password=canary-query"), &["codecUnsupported"]),
        ]
    }
}

/// Rows that nobody can make sense of.
fn unreadable() -> Vec<Row> {
    let place = "kind, host, port, username, password";
    let line = "'generic', '127.0.0.1', 9, 'admin', 'canary' || chr(10) || 'x'".to_owned();
    vec![
        by_url("no-host", "rtsp://admin:canary-a@/x", &[]),
        by_url("slash", "rtsp://admin:canary/b@h/x", &[]),
        by_url("port", "rtsp://admin:canary-c@h:99999/x", &[]),
        by_url("blank", "rtsp://admin:canary d@h/x", &[]),
        by_url("scheme", "file://admin:canary-e@h/x", &[]),
        by_url("no-scheme", "admin:canary-f@10.0.0.9/x", &[]),
        Row { name: "line", columns: place, values: line, faults: &[] },
        Row { name: "in-host", columns: "host", values: "'admin:canary-g@127.0.0.1'".to_owned(), faults: &[] },
    ]
}

/// Any failure that has a name.
const FAILS: &[&str] =
    &["refused", "timedOut", "silent", "notMedia", "unauthorized", "notFound", "noVideo", "ended", "other", "noRoute"];

/// Waits until each camera has failed as it should, and until its log says so.
pub async fn all_have_failed(program: &Program, rows: &[Row]) {
    for row in rows.iter().filter(|row| row.name != "good") {
        if row.faults.is_empty() {
            program.camera_in(row.name, "stopped").await;
            continue;
        }
        let fault = || async {
            let id = program.api.camera(row.name).await?["id"].as_i64()?;
            let runs = program.api.items(&format!("/api/v1/cameras/{id}/log")).await;
            runs.iter().find_map(|run| run["fault"]["kind"].as_str().map(str::to_owned))
        };
        let kind = eventually(row.name, fault).await;
        // A busy machine cuts any look short; which fault is told as what is the business of other tests.
        let cut_short = ["timedOut", "silent"].contains(&kind.as_str());
        assert!(cut_short || row.faults.contains(&kind.as_str()), "{} failed as {kind}", row.name);
    }
}
