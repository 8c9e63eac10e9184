//! The command line beside a program that runs: on the same database, or it refuses; and what a person names to it is
//! meant.

use secrecy::ExposeSecret;
use serde_json::Value;
use streamwarden::demo::media_server::Options;

use super::nodes::on;
use crate::support::cameras::Cameras;
use crate::support::media::server;
use crate::support::postgres::{TestServer, shared};
use crate::support::program::{Config, Program};
use crate::support::room::{Ended, Room};
use crate::support::wait::eventually;

fn json(ended: &Ended) -> Value {
    serde_json::from_str(&ended.out).unwrap_or_else(|_| panic!("not JSON: {} {}", ended.out, ended.err))
}

#[tokio::test]
async fn another_database_than_that_of_the_running_program_is_refused() {
    let media = server(&Options::default()).await;
    let config = Config::on(&media);
    let program = Program::start(&config).await;
    let room = program.room();
    let own = ["--config", "streamwarden.toml"];
    let add = ["cameras", "add", "lost", "--url", "rtsp://127.0.0.1:1/x"];
    let other = [("PG_DSN", "sqlite:other.db")];
    let process = format!("(process {})", program.pid());
    for line in [&add[..], &["cameras", "list"], &["cameras", "export"], &["cameras", "plan"], &["status"]] {
        let ended = room.run(&[line, &own].concat(), &other);
        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{line:?}: {}", ended.err);
        for words in
            [process.as_str(), "data/streamwarden.db", "/other.db", "PG_DSN or --config", "--api http://127.0.0.1:"]
        {
            assert!(ended.err.contains(words), "{words}: {}", ended.err);
        }
    }
    assert!(!room.names().contains(&"other.db".to_owned()), "nothing was made");
    let checked = room.run(&[&["check"][..], &own].concat(), &other);
    assert!(checked.code == Some(1) && checked.out.contains(&process), "{}", checked.out);

    // The same from a folder that knows nothing, by where it listens.
    let elsewhere = Room::new();
    let listen = [("STREAMWARDEN_HTTP__LISTEN", program.address())];
    let ended = elsewhere.run(&add, &listen);
    assert_eq!(ended.code, Some(2), "{}", ended.err);
    assert!(ended.err.contains(&process), "{}", ended.err);
    assert_eq!(elsewhere.names(), [""; 0], "nothing was made");

    // By way of the program itself everything goes.
    let api = format!("http://{}/", program.address());
    let by_api = |arguments: &[&str]| elsewhere.run(&[arguments, &["--api", &api]].concat(), &[]);
    assert_eq!(by_api(&add).out.trim(), "added camera lost (id 1)");
    let listed = json(&elsewhere.run(&["cameras", "--url", &api, "list", "--json"], &[]));
    assert_eq!((&listed["items"][0]["name"], &listed["items"][0]["rowGone"]), (&"lost".into(), &false.into()));
    assert_eq!(json(&by_api(&["cameras", "set", "lost", "--record", "no", "--json"]))["record"], false);
    let export = by_api(&["cameras", "export"]);
    assert_eq!(export.out.lines().count(), 2, "{}", export.out);
    elsewhere.write("in.csv", &export.out.replace("lost", "found"));
    assert_eq!(by_api(&["cameras", "import", "in.csv"]).out.trim(), "added 1, changed 0, unchanged 0");
    assert_eq!(by_api(&["cameras", "kinds", "set", "acme", "rtsp://{host}/v"]).code, Some(0));
    assert_eq!(by_api(&["cameras", "kinds", "rm", "acme"]).code, Some(0));
    assert!(by_api(&["cameras", "log", "lost"]).code == Some(0));
    assert_eq!(by_api(&["cameras", "rm", "1"]).out.trim(), "removed camera lost (id 1)");
    assert_eq!(program.sql("SELECT name FROM cameras"), [serde_json::json!({ "name": "found" })]);
    // And with its own configuration as well.
    let own_list = json(&room.run(&[&["cameras", "list", "--json"][..], &own].concat(), &[]));
    let by_http = program.api.get("/api/v1/cameras").await;
    let (listed, shown) = (&own_list["items"][0], by_http["items"][0].as_object().expect("a camera"));
    assert!(shown.keys().all(|field| listed.get(field).is_some()) && listed.get("status").is_none(), "{listed}");
    for field in ["id", "name", "kind", "host", "enabled", "record", "server", "path"] {
        assert_eq!(listed[field], shown[field], "{field}: the command line and the API say the same");
    }
    assert_eq!(elsewhere.names(), ["in.csv"]);
    program.stop().await;
    media.stop().await;
}

#[tokio::test]
async fn what_a_person_names_is_never_blocked_and_what_is_blocked_is_said() {
    let (cameras, media) = (Cameras::start(2).await, server(&Options::default()).await);
    let config = Config { more: "exclude = [\"*\"]".to_owned(), ..Config::on(&media) };
    let mut program = Program::start(&config).await;
    let run = |program: &Program, arguments: &[&str]| {
        program.room().run(&[&["cameras"], arguments, &["--config", "streamwarden.toml"]].concat(), &[])
    };
    // Five that never worked: whoever removes them in SQL, all at once, stops nothing.
    for n in 1..=5 {
        program.sql(&format!("INSERT INTO cameras(name, url) VALUES ('never{n}', 'rtsp://127.0.0.1:1/{n}')"));
    }
    program.camera_in("never5", "backoff").await;
    program.sql("DELETE FROM cameras");
    let nothing = run(&program, &["plan"]);
    assert_eq!(nothing.code, Some(0), "{}", nothing.out);
    assert!(nothing.out.contains("nothing is blocked; the 0 cameras"), "{}", nothing.out);

    for n in 1..=5 {
        program.insert_camera(&format!("c{n}"), &cameras.url(n % 2));
    }
    for n in 1..=5 {
        let waited = run(&program, &["wait", &format!("c{n}"), "--timeout", "60"]);
        assert_eq!(waited.code, Some(0), "{}", waited.err);
    }
    // A file that switches most of them off is blocked, and said so.
    program.room().write("off.csv", "name,enabled\nc1,no\nc2,no\nc3,no\n");
    let import = run(&program, &["import", "off.csv"]);
    assert_eq!((import.code, import.out.trim()), (Some(3), "added 0, changed 3, unchanged 0"));
    assert!(
        import.err.contains("blocked: ")
            && import.err.contains("would stop 3 of 5")
            && import.err.contains("cameras plan --apply"),
        "{}",
        import.err
    );
    assert_eq!(run(&program, &["plan"]).code, Some(3));
    program.sql("UPDATE cameras SET enabled = 1");
    assert_eq!(run(&program, &["plan"]).code, Some(0), "the plan is that of the table as it is now");

    // Rows that are gone are listed with what goes on, and can be named.
    program.sql("DELETE FROM cameras WHERE name IN ('c1', 'c2', 'c3')");
    assert_eq!(run(&program, &["plan"]).code, Some(3));
    let listed = run(&program, &["list"]);
    assert!(listed.out.contains("c1: its row is gone, but it goes on"), "{}", listed.out);
    let removed = run(&program, &["remove", "c1"]);
    assert_eq!(removed.code, Some(0), "{}", removed.err);
    eventually("c1 has ended", || async { program.api.camera("c1").await.is_none().then_some(()) }).await;
    assert!(program.api.camera("c2").await.is_some(), "nobody has named this one");

    // Whoever monitors the program hears that somebody has to decide.
    let (status, ready) = program.api.text("/ready").await.expect("an answer");
    assert!(status == 200 && ready.contains("camera table") && ready.contains("waits for confirmation"), "{ready}");
    let told = program.room().run(&["status", "--config", "streamwarden.toml"], &[]);
    assert!(told.code == Some(1) && told.out.contains("change  camera table  blocked"), "{}", told.out);

    // One by one, down to the last: each acts.
    for name in ["c2", "c3", "c4"] {
        assert_eq!(run(&program, &["remove", name]).code, Some(0));
        let gone = run(&program, &["wait", name, "--for", "gone"]);
        assert_eq!(gone.code, Some(0), "{}", gone.err);
    }
    assert_eq!(run(&program, &["plan"]).code, Some(0));

    // The same while it does not run: the next start takes it as meant.
    for n in 1..=4 {
        program.insert_camera(&format!("c{n}"), &cameras.url(n % 2));
    }
    for n in 1..=4 {
        program.camera_in(&format!("c{n}"), "running").await;
    }
    let kept = program.data_dir().join("cameras.last.json");
    let ran = |count: usize| {
        let text = std::fs::read(&kept).unwrap_or_default();
        let list: Value = serde_json::from_slice(&text).unwrap_or_default();
        list["ran"].as_array().is_some_and(|ran| ran.len() == count).then_some(())
    };
    eventually("who has run is known", || async { ran(5) }).await;
    program.signal(nix::sys::signal::Signal::SIGTERM);
    program.end().await;
    for name in ["c1", "c2", "c3"] {
        assert_eq!(run(&program, &["edit", name, "--enabled", "no"]).code, Some(0));
    }
    assert_eq!(run(&program, &["remove", "c4"]).code, Some(0));
    program.start_again().await;
    program.camera_in("c5", "running").await;
    let plan = run(&program, &["plan"]);
    assert_eq!(plan.code, Some(0), "{}", plan.out);
    assert!(program.api.camera("c4").await.is_none());
    program.stop().await;
    media.stop().await;
    cameras.stop().await;
}

#[tokio::test]
async fn status_says_in_one_word_whether_something_is_down() {
    let (cameras, media) = (Cameras::start(1).await, server(&Options::default()).await);
    let program = Program::start(&Config::on(&media)).await;
    let status =
        |more: &[&str]| program.room().run(&[&["status", "--config", "streamwarden.toml"], more].concat(), &[]);
    program.insert_camera("good", &cameras.url(0));
    program.camera_in("good", "running").await;
    program.recorded("good").await;
    let well = status(&[]);
    assert_eq!(well.code, Some(0), "{}{}", well.out, well.err);
    for words in ["1 of 1 running", "1 of 1 recording", "nothing is down", &format!("process {}", program.pid())] {
        assert!(well.out.contains(words), "{words}: {}", well.out);
    }

    program.sql("INSERT INTO cameras(name, url) VALUES ('bad', 'rtsp://127.0.0.1:1/x')");
    program.camera_in("bad", "backoff").await;
    let ill = status(&[]);
    assert_eq!(ill.code, Some(1), "{}", ill.out);
    assert!(ill.out.contains("1 of 2 running") && ill.out.contains("connection refused"), "{}", ill.out);
    let json = json(&status(&["--json"]));
    assert_eq!(
        (&json["ok"], &json["down"][0]["name"], &json["down"][0]["what"]),
        (&false.into(), &"bad".into(), &"camera".into())
    );
    let waited =
        program.room().run(&["cameras", "wait", "bad", "--timeout", "1s", "--config", "streamwarden.toml"], &[]);
    assert_eq!(waited.code, Some(1), "{}", waited.out);
    assert!(waited.err.contains("was not running within 1 s; it is"), "{}", waited.err);
    // Switched off is not down.
    program.sql("UPDATE cameras SET enabled = 0 WHERE name = 'bad'");
    program.camera_in("bad", "stopped").await;
    assert_eq!(status(&[]).code, Some(0));
    program.stop().await;
    media.stop().await;
    cameras.stop().await;
}

#[tokio::test]
async fn what_a_person_names_on_another_machine_is_never_blocked_and_what_others_do_there_is() {
    let database: std::sync::Arc<TestServer> = shared();
    let url = database.database().expose_secret().to_owned();
    let name = url.rsplit('/').next().and_then(|name| name.split('?').next()).expect("a name").to_owned();
    let (cameras, media) = (Cameras::start(1).await, server(&Options::default()).await);
    let config = on(&url, "a", "monitor,restream", Config::on(&media));
    let program = Program::start(&config).await;
    for n in 1..=8 {
        let row = format!("INSERT INTO cameras (name, url) VALUES ('c{n}', '{}')", cameras.url(0));
        database.psql(&name, &row).expect("inserted");
    }
    for n in 1..=8 {
        program.camera_in(&format!("c{n}"), "running").await;
    }
    // A folder that knows of the database only.
    let elsewhere = Room::new();
    elsewhere.write("streamwarden.toml", &config.toml("data"));
    let run = |arguments: &[&str]| {
        let environment = [("STREAMWARDEN_DATABASE__URL", &*url), ("STREAMWARDEN_NODE", "b")];
        elsewhere.run(&[&["cameras"], arguments, &["--config", "streamwarden.toml"]].concat(), &environment)
    };
    let commands: [&[&str]; 4] =
        [&["remove", "c1"], &["edit", "c2", "--enabled", "no"], &["edit", "c3", "--name", "d3"], &["remove", "c4"]];
    for command in commands {
        let ended = run(command);
        assert_eq!(ended.code, Some(0), "{command:?}: {}{}", ended.err, program.log());
        // A busy machine may make the database slow, which is told.
        let says_more = ended.err.lines().any(|line| !line.contains("database degraded: slow answers"));
        assert!(!says_more, "{command:?}: {}", ended.err);
    }
    for gone in ["c1", "c3", "c4"] {
        eventually(&format!("{gone} has ended"), || async { program.api.camera(gone).await.is_none().then_some(()) })
            .await;
    }
    program.camera_in("c2", "stopped").await;
    program.camera_in("d3", "running").await;
    let plan = program.api.get("/api/v1/cameras/plan?read=true").await;
    assert_eq!(plan["blocked"], Value::Null, "{plan}");

    // Rows that go without a name are blocked as before, and a name says which of them is meant.
    database.psql(&name, "DELETE FROM cameras WHERE name IN ('c5', 'c6', 'c7', 'c8')").expect("deleted");
    let plan = program.api.get("/api/v1/cameras/plan?read=true").await;
    assert_eq!(plan["blocked"]["wouldStop"].as_array().map(Vec::len), Some(4), "{plan}");
    let ended = run(&["remove", "d3"]);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    eventually("d3 has ended", || async { program.api.camera("d3").await.is_none().then_some(()) }).await;
    let plan = program.api.get("/api/v1/cameras/plan?read=true").await;
    assert_eq!(plan["blocked"]["wouldStop"].as_array().map(Vec::len), Some(4), "nobody has named these: {plan}");
    program.stop().await;
    media.stop().await;
    cameras.stop().await;
}
