//! Rows and files that lead to addresses which no camera may have: nobody is called, whichever way they came.

use nix::sys::signal::Signal;
use serde_json::Value;
use streamwarden::demo::media_server::Options;

use crate::support::cameras::Cameras;
use crate::support::media::server;
use crate::support::processes::Job;
use crate::support::program::{Config, Program};
use crate::support::wait::eventually;

/// Waits until the camera says that its address is refused.
async fn refused(program: &Program, name: &str) -> Value {
    eventually(&format!("{name} is refused"), || async {
        let told = |camera: &Value| {
            let why = camera["lastError"].as_str().unwrap_or_default();
            camera["state"] == "backoff" && why.contains("is not called") && why.contains("restream.allowed_networks")
        };
        program.api.camera(name).await.filter(told)
    })
    .await
}

#[tokio::test]
async fn a_relay_with_a_kept_probe_and_rows_by_sql_and_file_lead_to_no_refused_address() {
    let (cameras, media) = (Cameras::start(1).await, server(&Options::default()).await);
    let before =
        Config { server: "name = \"main\"".to_owned(), restream: "server = \"main\"".to_owned(), ..Config::on(&media) };
    let mut program = Program::start(&before).await;
    program.insert_camera("gate", &cameras.url(0));
    program.camera_in("gate", "running").await;
    let looks = || program.sql("SELECT camera FROM camera_probes");
    eventually("its look is kept", || async { (!looks().is_empty()).then_some(()) }).await;
    program.signal(Signal::SIGTERM);
    program.end().await;

    // From now on the port of the camera is the control port of a server: the look that is kept is as good as before.
    let port = cameras.url(0).port().expect("a port");
    let more = format!("[[servers]]\nname = \"other\"\napi_url = \"http://127.0.0.1:{port}\"");
    let refusing = Config { more, ..before.clone() };
    program.configure(&refusing);
    program.start_again().await;
    refused(&program, "gate").await;
    assert_eq!(program.process(&Job::Relay("gate".to_owned())), None);
    program.sql("INSERT INTO cameras(name, url) VALUES ('meta', 'http://169.254.169.254/latest')");
    refused(&program, "meta").await;

    // A file is refused as a whole, with its line; by way of the running program and without it.
    program.room().write("cameras.csv", "name,host\nwell,10.0.0.9\nbad,169.254.1.1\n");
    let import = |program: &Program, more: &[&str]| {
        let line = ["cameras", "--config", "streamwarden.toml", "import", "cameras.csv"];
        let ended = program.room().run(&[&line, more].concat(), &[]);
        let told = ended.out.contains("line 3, host") && ended.out.contains("restream.allowed_networks");
        assert!(ended.code == Some(1) && told, "{:?} {} {}", ended.code, ended.out, ended.err);
        assert_eq!(program.sql("SELECT count(*) AS n FROM cameras"), [serde_json::json!({ "n": 2 })]);
    };
    import(&program, &["--dry-run"]);
    import(&program, &[]);
    program.signal(Signal::SIGTERM);
    program.end().await;
    import(&program, &[]);
    program.start_again().await;
    refused(&program, "gate").await;

    // It goes on by itself when the configuration lets it in.
    let restream = format!("{}\nallowed_networks = [\"127.0.0.0/8\"]", refusing.restream);
    program.configure(&Config { restream, ..refusing });
    program.signal(Signal::SIGHUP);
    program.camera_in("gate", "running").await;
    program.stop().await;
    media.stop().await;
    cameras.stop().await;
}
