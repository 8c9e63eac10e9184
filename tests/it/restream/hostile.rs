//! Rows nobody should have written: refused with a reason, and nothing is spawned.

use streamwarden::domain::camera::CameraState;

use super::harness::Harness;

#[actix::test]
async fn hostile_rows_spawn_nothing_and_say_why() {
    let mut harness = Harness::open().await;
    let canary = std::env::temp_dir().join(format!("restream-canary-{}", std::process::id()));
    let touch = format!("touch {}", canary.display());
    let rows = [
        ("file", "file:///etc/passwd".to_owned(), "not sources"),
        ("concat", "concat:/etc/passwd|/etc/hosts".to_owned(), "does not begin"),
        ("option", "-i".to_owned(), "does not begin"),
        ("lavfi", "lavfi:testsrc".to_owned(), "does not begin"),
        ("pipe", "pipe:0".to_owned(), "does not begin"),
        ("shell", format!("rtsp://$({touch});`{touch}`/x"), "the URL holds"),
        ("newline", "rtsp://h/x\nfile '/etc/passwd'".to_owned(), "the URL holds"),
        ("nul", "rtsp://h/x'||char(0)||'y".to_owned(), "the URL holds"),
        ("../up", "rtsp://127.0.0.1:1/x".to_owned(), "climb"),
        ("semi;colon", "rtsp://127.0.0.1:1/x".to_owned(), "';'"),
    ];
    for (name, url, _) in &rows {
        let url = if *name == "nul" { url.clone() } else { url.replace('\'', "''") };
        harness.sql(&format!("INSERT INTO cameras(name, url) VALUES ('{name}', '{url}')"));
    }
    harness.sql("INSERT INTO cameras(name, kind, host) VALUES ('kind', 'no such kind', '127.0.0.1')");
    harness.sql("INSERT INTO cameras(name, host, port) VALUES ('port', '127.0.0.1', 99999)");
    harness.sql("INSERT INTO cameras(name, host) VALUES (hex(zeroblob(500000)), '127.0.0.1')");
    let others = [("kind", "not a known kind"), ("port", "99999")];
    for (name, reason) in rows.iter().map(|(name, _, reason)| (*name, *reason)).chain(others) {
        let status = harness.state(name, CameraState::Stopped).await;
        let error = status.last_error.expect("a reason");
        assert!(error.contains(reason), "{name}: {error} lacks {reason}");
        assert!(error.len() < 500, "{name}: {} bytes", error.len());
    }
    let cut = "0".repeat(200);
    let status = harness.state(&cut, CameraState::Stopped).await;
    let error = status.last_error.expect("a reason");
    assert!(error.contains("at most 200 are allowed"), "{error}");

    assert_eq!(harness.processes(), Vec::<u32>::new());
    assert!(harness.relay("shell").await.is_none());
    assert!(!canary.exists(), "a shell has run");
    harness.stop().await;
}
