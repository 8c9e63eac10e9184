//! What each route answers when all is well.

use std::sync::Arc;

use actix_web::http::Method;
use serde_json::{Value, json};

use super::world::{SILENT, World, at, camera, recording, server, stream};
use crate::adapters::live::Change;
use crate::domain::camera::{CameraState, CameraStatus};
use crate::domain::stream::{Sample, StreamState};

/// Two servers with a stream of the same name; one of them is fed by a camera and recorded.
pub(super) async fn busy() -> World {
    let world = World::new().await;
    let changes = vec![
        Change::Server(server("main")),
        Change::Server(server("other")),
        Change::Stream(Arc::new(stream("main", "site/front.1"))),
        Change::Stream(Arc::new(stream("other", "site/front.1"))),
        Change::Camera(camera(7, "site/front.1")),
        Change::Recording(recording("main", "site/front.1")),
    ];
    world.publish(changes).await;
    world
}

#[actix_web::test]
async fn streams_come_with_their_camera_and_recording() {
    let world = busy().await;
    let list = world.get("/api/v1/streams").await;
    assert_eq!((list.status, list.header("content-type")), (200, "application/json"));
    let list = list.json();
    assert_eq!(list["next"], Value::Null);
    let items = list["items"].as_array().expect("items");
    assert_eq!(items.len(), 2);
    assert_eq!((&items[0]["camera"], &items[0]["recording"]["state"]), (&json!(7), &json!("recording")));
    assert_eq!((&items[1]["camera"], &items[1]["recording"]), (&Value::Null, &Value::Null));
    assert_eq!((&items[0]["bitrate"], &items[0]["since"]), (&json!(4_000_000), &json!("2027-01-15T08:00:00Z")));
}

#[actix_web::test]
async fn a_name_with_a_slash_is_one_part_of_the_address() {
    let world = busy().await;
    let one = world.get("/api/v1/streams/site%2Ffront.1").await;
    assert_eq!((one.status, &one.json()["server"]), (200, &json!("main")));
    let other = world.get("/api/v1/streams/site%2ffront%2e1?server=other").await;
    assert_eq!((other.status, &other.json()["server"]), (200, &json!("other")));
    assert_eq!(world.get("/api/v1/streams/site%2Ffront.1?server=none").await.status, 404);
    assert_eq!(world.get("/api/v1/streams/site/front.1").await.status, 404, "a bare slash makes two parts");
    // Decoded once only: %252F is the name `site%2Ffront.1`, which no stream has.
    assert_eq!(world.get("/api/v1/streams/site%252Ffront.1").await.status, 404);
    let history = world.get("/api/v1/streams/site%2Ffront.1/history").await;
    let (status, mut history) = (history.status, history.json());
    let gaps = history["gaps"].take();
    assert_eq!((status, history), (200, json!({"items": [], "next": null, "tiers": [], "gaps": null})));
    assert_eq!((gaps.as_array().map(Vec::len), &gaps[0]["reason"]), (Some(1), &json!("notMeasured")));
}

#[actix_web::test]
async fn history_is_cut_and_thinned() {
    let world = busy().await;
    let name = super::world::name("site/front.1");
    for n in 0..100 {
        let state = if n == 50 { StreamState::Offline } else { StreamState::Live };
        let sample = Sample { bitrate: Some(1_000), readers: 1, ..Sample::new(at(n * 2), state) };
        world.live().record_samples("main", vec![(name.clone(), sample)]).await.expect("a sample");
    }
    let uri = "/api/v1/streams/site%2Ffront.1/history?from=2027-01-15T08:00:00Z&to=2027-01-15T08:03:20Z";
    let whole = world.get(uri).await.json();
    assert_eq!(whole["items"].as_array().map(Vec::len), Some(100));
    let thin = world.get(&format!("{uri}&points=10")).await.json();
    let items = thin["items"].as_array().expect("items");
    assert_eq!(items.len(), 10);
    assert_eq!(items.iter().filter(|item| item["state"] == "offline").count(), 1, "an outage survives");
    assert_eq!(items[0], json!({"at": "2027-01-15T08:00:00Z", "state": "live", "bitrate": 1000, "readers": 1}));
}

#[actix_web::test]
async fn a_camera_is_added_changed_restarted_and_deleted() {
    let world = World::new().await;
    let added =
        world.send(Method::POST, "/api/v1/cameras", r#"{"name":"gate","host":"10.0.0.9","password":"s3cret"}"#).await;
    assert_eq!(added.status, 201);
    let camera = added.json();
    let address = format!("/api/v1/cameras/{}", camera["id"]);
    assert_eq!((added.header("location"), &camera["name"]), (address.as_str(), &json!("gate")));
    assert!(!String::from_utf8_lossy(&added.body).contains("s3cret"), "a password never comes back");
    let changed = world.send(Method::PATCH, &address, r#"{"host":null,"enabled":false}"#).await;
    assert_eq!(
        (changed.status, &changed.json()["host"], &changed.json()["enabled"]),
        (200, &Value::Null, &json!(false))
    );
    let named = world.send(Method::PATCH, &address, r#"{"label":"Eingang Süd"}"#).await;
    let settings = world.get(&format!("{address}/settings")).await;
    for answer in [&named, &settings] {
        assert_eq!((answer.status, &answer.json()["label"]), (200, &json!("Eingang Süd")));
    }
    let taken = world.send(Method::POST, "/api/v1/cameras", r#"{"name":"gate"}"#).await;
    assert_eq!((taken.status, &taken.json()["title"]), (409, &json!("Conflict")));
    assert_eq!(world.ask(Method::POST, &format!("{address}/restart"), &[], None).await.status, 200);
    let deleted = world.ask(Method::DELETE, &address, &[], None).await;
    assert_eq!((deleted.status, deleted.body.len()), (204, 0));
    assert_eq!(world.ask(Method::DELETE, &address, &[], None).await.status, 404);
}

#[actix_web::test]
async fn a_camera_is_named_by_its_id_or_by_its_name_and_a_number_is_an_id() {
    let world = World::new().await;
    for name in ["site/gate", "2", "plan"] {
        let body = json!({"name": name, "host": "10.0.0.9"}).to_string();
        assert_eq!(world.send(Method::POST, "/api/v1/cameras", &body).await.status, 201);
    }
    // What goes on although its row is gone has its name in the live store only.
    world.publish(vec![Change::Camera(camera(1, "site/gate")), Change::Camera(camera(9, "going-on"))]).await;
    let table = [
        ("site%2Fgate", 200, json!(1)),
        ("1", 200, json!(1)),
        ("going-on", 200, json!(9)),
        ("site/gate", 404, json!(null)),
        ("nobody", 404, json!(null)),
        ("77", 404, json!(null)),
        ("%2E%2E", 404, json!(null)),
    ];
    for (part, status, id) in table {
        let reply = world.get(&format!("/api/v1/cameras/{part}")).await;
        assert_eq!((reply.status, &reply.json()["id"]), (status, &id), "{part}");
    }
    for (method, rest) in
        [(Method::GET, "/settings"), (Method::GET, "/log"), (Method::POST, "/restart"), (Method::POST, "/probe")]
    {
        let reply = world.send(method, &format!("/api/v1/cameras/site%2Fgate{rest}"), "").await;
        assert_eq!(reply.status, 200, "{rest}: {:?}", String::from_utf8_lossy(&reply.body));
    }
    let changed = world.send(Method::PATCH, "/api/v1/cameras/site%2Fgate", r#"{"name":"1"}"#).await;
    assert_eq!((changed.status, &changed.json()["id"]), (200, &json!(1)));
    // Camera 2 has gone, camera 1 is called 2 now: a call that is sent again must not reach it.
    assert_eq!(world.ask(Method::DELETE, "/api/v1/cameras/2", &[], None).await.status, 204);
    assert_eq!(world.send(Method::PATCH, "/api/v1/cameras/1", r#"{"name":"2"}"#).await.status, 200);
    assert_eq!(world.ask(Method::DELETE, "/api/v1/cameras/2", &[], None).await.status, 404);
    assert_eq!(world.ask(Method::DELETE, "/api/v1/cameras/3", &[], None).await.status, 204, "called plan, by its id");
    // What was shown a moment ago may be gone: it is called as it was asked for.
    let gone = world.ask(Method::DELETE, "/api/v1/cameras/going-on", &[], None).await;
    let told = gone.json()["detail"].as_str().is_some_and(|words| words.contains("no camera \"going-on\""));
    assert!(gone.status == 404 && told, "{}", gone.json());
}

#[actix_web::test]
async fn a_blocked_plan_is_shown_and_confirmed_by_its_id() {
    let world = World::new().await;
    let plan = world.get("/api/v1/cameras/plan").await.json();
    assert_eq!((&plan["running"], &plan["blocked"]["id"]), (&json!(4), &json!("0f")));
    assert_eq!(
        plan["blocked"]["wouldStop"],
        json!([{"id": 1, "name": "gate", "label": null, "reason": "its row is gone"}])
    );
    for (body, status) in [(r#"{"id":"0e"}"#, 409), (r#"{"name":"x"}"#, 422), (r#"{"id":"0f"}"#, 200)] {
        let answer = world.send(Method::POST, "/api/v1/cameras/plan/apply", body).await;
        assert_eq!(answer.status, status, "{body}");
        assert_eq!(answer.json()["running"] == json!(3), status == 200);
    }
}

#[actix_web::test]
async fn cameras_are_shown_as_the_live_store_has_them() {
    let world = busy().await;
    let list = world.get("/api/v1/cameras").await.json();
    assert_eq!((&list["items"][0]["id"], &list["items"][0]["restarts"]), (&json!(7), &json!(3)));
    let one = world.get("/api/v1/cameras/7").await;
    assert_eq!((one.status, &one.json()["kind"]), (200, &json!("hikvision")));
    let kinds = world.get("/api/v1/camera-kinds").await.json();
    let kinds = kinds["items"].as_array().expect("items");
    assert!(kinds.iter().any(|kind| kind["kind"] == "generic" && kind["urlTemplate"].is_string()), "{kinds:?}");
}

#[actix_web::test]
async fn status_counts_and_names_what_the_process_needs() {
    let world = busy().await;
    let status = world.get("/api/v1/status").await.json();
    assert_eq!((&status["node"], &status["roles"]), (&json!("test"), &json!(["monitor", "restream", "record"])));
    assert_eq!(status["version"], env!("CARGO_PKG_VERSION"));
    let counts = &status["counts"];
    assert_eq!(counts["streams"], json!({"live": 2, "stalled": 0, "offline": 0, "unknown": 0, "maintenance": 0}));
    assert_eq!((&counts["cameras"]["running"], &counts["cameraRestarts"]), (&json!(1), &json!(3)));
    assert_eq!((&counts["recordingsActive"], &counts["wsClients"]), (&json!(1), &json!(0)));
    let tree = world.get("/api/v1/tree").await.json();
    assert_eq!((&tree["name"], &tree["health"]), (&json!("root"), &json!("running")));
}

#[actix_web::test]
async fn a_database_that_is_away_hides_its_own_numbers_only() {
    let world = busy().await;
    let counted = world.get("/api/v1/status").await.json();
    assert!(
        counted["counts"]["segments"]["sealed"].is_u64() && counted["counts"]["uploadBacklog"].is_u64(),
        "{counted}"
    );
    std::fs::rename(world.folder.path().join("test.db"), world.folder.path().join("aside.db")).expect("moved");
    let status = world.get("/api/v1/status").await;
    assert_eq!(status.status, 200, "who asks because something is wrong is answered");
    let status = status.json();
    let services = status["services"].as_array().expect("a list");
    let database = services.iter().find(|service| service["name"] == "database").expect("one of them");
    let told = database["detail"].as_str().is_some_and(|why| why.contains("is gone; put it back"));
    assert!(database["ok"] == false && told, "{database}");
    let counts = &status["counts"];
    assert_eq!((&counts["segments"], &counts["uploadBacklog"]), (&json!(null), &json!(null)));
    assert_eq!(counts["cameras"]["running"], 1);
}

#[actix_web::test]
async fn ready_tells_a_required_service_from_a_server() {
    let world = busy().await;
    assert_eq!(world.get("/health").await.json(), json!({"ok": true}));
    let mut down = server("other");
    (down.reachable, down.reason) = (false, Some("connection refused".to_owned()));
    world.publish(vec![Change::Server(down)]).await;
    let ready = world.get("/ready").await;
    assert_eq!((ready.status, &ready.json()["ok"]), (200, &json!(true)), "a server that is down is what we show");
    let services = ready.json()["services"].as_array().expect("services").clone();
    let of = |name: &str| services.iter().find(|service| service["name"] == name).expect(name).clone();
    assert_eq!(
        (&of("server other")["ok"], &of("server other")["detail"]),
        (&json!(false), &json!("connection refused"))
    );
    for name in ["database", "objects", "live", "updates", "managers", "server main"] {
        assert_eq!(of(name)["ok"], true, "{name}");
    }
    // As a monitor reads it: a person has to decide, and nothing is down.
    let table = of("camera table");
    assert_eq!((&table["ok"], &table["required"]), (&json!(false), &json!(false)));
    assert_eq!(table["detail"], "one of four; see `streamwarden cameras plan`");
    // The server answers, and does not take what is published.
    let words = format!("{}; check publish_username", crate::domain::probe::PUBLISH_LOGIN[0]);
    let refused = CameraStatus { state: CameraState::Backoff, last_error: Some(words), ..camera(9, "back") };
    world.publish(vec![Change::Camera(refused)]).await;
    let services = world.get("/ready").await.json()["services"].clone();
    let main = services.as_array().expect("services").iter().find(|one| one["name"] == "server main").expect("main");
    let told = main["detail"]
        .as_str()
        .expect("words")
        .contains("correct publish_username and publish_password of server main");
    assert!(main["ok"] == false && told, "{main}");
    // A manager hangs: nothing is started or watched any more, whatever answers here.
    std::fs::write(world.folder.path().join(SILENT), "restreams\nrecorders\n").expect("a file");
    let ready = world.get("/ready").await;
    assert_eq!((ready.status, &ready.json()["ok"]), (503, &json!(false)), "{}", ready.json());
    assert!(String::from_utf8_lossy(&ready.body).contains("no answer from restreams, recorders"), "{}", ready.json());
    std::fs::remove_file(world.folder.path().join(SILENT)).expect("our file");
    // The folder of the database and of the objects goes away.
    std::fs::remove_dir_all(world.folder.path()).expect("the folder can be removed");
    let ready = world.get("/ready").await;
    assert_eq!((ready.status, &ready.json()["ok"]), (503, &json!(false)), "{}", ready.json());
}

#[actix_web::test]
async fn ready_names_the_cameras_that_deliver_nothing() {
    let world = busy().await;
    let told = async || {
        let ready = world.get("/ready").await;
        let services = ready.json()["services"].as_array().expect("services").clone();
        (ready.status, services.into_iter().find(|service| service["name"] == "cameras").expect("cameras"))
    };
    let (status, cameras) = told().await;
    assert_eq!((status, &cameras["ok"], &cameras["detail"]), (200, &json!(true), &json!("1 of 1 deliver")));
    let mut broken = camera(8, "gate");
    broken.state = CameraState::Starting;
    world.publish(vec![Change::Camera(broken.clone())]).await;
    let (_, cameras) = told().await;
    assert_eq!((&cameras["ok"], &cameras["detail"]), (&json!(true), &json!("1 of 2 deliver; 1 starting")));
    (broken.state, broken.last_error) = (CameraState::Degraded, Some("refuses the connection".to_owned()));
    world.publish(vec![Change::Camera(broken.clone())]).await;
    let (status, cameras) = told().await;
    let detail = "1 of 2 deliver nothing: gate (refuses the connection)";
    assert_eq!((&cameras["ok"], &cameras["detail"]), (&json!(false), &json!(detail)));
    assert_eq!((status, &cameras["required"]), (200, &json!(false)), "the other one goes on");
    let labelled = CameraStatus { label: Some("Tür Süd".to_owned()), ..broken };
    world.publish(vec![Change::Camera(labelled)]).await;
    let detail = "1 of 2 deliver nothing: Tür Süd (gate) (refuses the connection)";
    assert_eq!(told().await.1["detail"], json!(detail));
}

#[actix_web::test]
async fn metrics_are_prometheus_text() {
    let world = busy().await;
    let metrics = world.get("/metrics").await;
    assert_eq!(metrics.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    let text = String::from_utf8(metrics.body).expect("text");
    for line in [
        "streamwarden_streams{state=\"live\"} 2",
        "streamwarden_cameras{state=\"running\"} 1",
        "streamwarden_camera_restarts_total{id=\"7\",camera=\"site/front.1\"} 3",
        "streamwarden_recordings_active 1",
        "streamwarden_recordings{state=\"paused\"} 0",
        "streamwarden_recording_missing_seconds{cause=\"disk\"} 0",
        "streamwarden_disk_free_bytes{folder=\"spool\"} 1500000000",
        "streamwarden_websocket_clients 0",
        "streamwarden_log_lines_dropped_total 3",
        "streamwarden_stream_bitrate_bytes_per_second{server=\"main\",stream=\"site/front.1\"} 500000",
        "streamwarden_server_reachable{server=\"main\"} 1",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is missing in\n{text}");
    }
    // Every sample belongs to a family declared once, right above it.
    let mut family = String::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            family = rest.split(' ').next().expect("a name").to_owned();
            assert_eq!(text.matches(&format!("# TYPE {family} ")).count(), 1, "{family}");
        } else if !line.starts_with('#') {
            assert!(line.starts_with(&family), "{line} stands under {family}");
        }
    }
}
