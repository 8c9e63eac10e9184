//! A real pgbouncer in transaction mode between us and the server: its few connections are shared with other programs, who
//! must not find anything of ours on them, nor we need anything that was left there.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use tokio_postgres::NoTls;

use super::testpooler::TestPooler;
use super::tests::{at, open};
use super::testserver::{TestServer, shared};
use super::{SiteTable, inspect};
use crate::adapters::database::{CameraStore, DatabaseHealth};
use crate::domain::camera::CameraEdit;

fn name_of(url: &SecretString) -> String {
    let name = url.expose_secret().rsplit('/').next().and_then(|name| name.split('?').next());
    name.expect("a name").to_owned()
}

/// A new database, with a pooler that has `connections` to it.
fn pooled(mode: &str, connections: u32, settings: &str) -> (Arc<TestServer>, TestPooler, String) {
    let server = shared();
    let database = name_of(&server.database());
    let pooler = TestPooler::start(&server, mode, connections, settings);
    (server, pooler, database)
}

/// Another program of the site on the same connections: it counts its inserts that fail.
async fn failed_inserts(url: &SecretString, times: u32) -> Vec<String> {
    let (client, connection) = tokio_postgres::connect(url.expose_secret(), NoTls).await.expect("connected");
    let connection = tokio::spawn(connection);
    let mut failed = Vec::new();
    for _ in 0..times {
        if let Err(error) = client.batch_execute("INSERT INTO theirs VALUES (1)").await {
            failed.push(error.as_db_error().map_or_else(|| error.to_string(), |said| said.message().to_owned()));
        }
    }
    drop(client);
    let _ = connection.await;
    failed
}

/// What another program finds on the connection that it is given.
async fn found_on_a_connection(url: &SecretString) -> Vec<String> {
    let (client, connection) = tokio_postgres::connect(url.expose_secret(), NoTls).await.expect("connected");
    let connection = tokio::spawn(connection);
    let sql = "SELECT current_setting('default_transaction_read_only'), current_setting('statement_timeout'), \
               current_setting('lock_timeout'), current_setting('idle_in_transaction_session_timeout'), \
               (SELECT count(*) FROM pg_prepared_statements)::text, \
               (SELECT count(*) FROM pg_listening_channels())::text, \
               (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid())::text";
    let answer = client.simple_query(sql).await.expect("asked");
    let row = answer.iter().find_map(|message| match message {
        tokio_postgres::SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    let row = row.expect("a row");
    let found = (0..row.len()).map(|at| row.get(at).unwrap_or_default().to_owned()).collect();
    drop(client);
    let _ = connection.await;
    found
}

const CLEAN: [&str; 7] = ["off", "0", "0", "0", "0", "0", "0"];

#[tokio::test]
async fn the_sites_own_program_writes_on_while_and_after_we_read_its_cameras() {
    let (server, pooler, database) = pooled("transaction", 1, "");
    server
        .psql(&database, "CREATE TABLE theirs (x int); CREATE TABLE cctv (id int, label text, u text)")
        .expect("made");
    server.psql(&database, "INSERT INTO cctv VALUES (1, 'gate', 'rtsp://h/x')").expect("filled");
    let url = pooler.url("tester", &database);
    assert!(failed_inserts(&url, 5).await.is_empty(), "before us");
    let table = SiteTable::open(&url, None, "SELECT id, label AS name, u AS url FROM cctv").await.expect("opened");
    for _ in 0..10 {
        let (read, failed) = tokio::join!(table.cameras(), failed_inserts(&url, 5));
        assert_eq!((read.expect("read").len(), failed.as_slice()), (1, [].as_slice()));
    }
    assert_eq!(found_on_a_connection(&url).await, CLEAN, "while we run");
    drop(table);
    assert!(failed_inserts(&url, 5).await.is_empty(), "after us");
    assert_eq!(found_on_a_connection(&url).await, CLEAN, "after us");
}

#[tokio::test]
async fn a_pooler_in_transaction_mode_serves_every_call_and_keeps_nothing_of_ours() {
    let (_server, pooler, database) = pooled("transaction", 2, "");
    let url = pooler.url("tester", &database);
    let ours = open(&url).await.expect("migrated through the pooler");
    let calls = (0..60).map(|number| {
        let ours = &ours;
        async move {
            let edit = CameraEdit { name: Some(format!("camera{number}")), ..CameraEdit::default() };
            let id = ours.add_camera(edit).await?.id;
            ours.edit_camera(id, CameraEdit { host: Some(Some("10.0.0.9".to_owned())), ..CameraEdit::default() })
                .await?;
            ours.camera(id).await
        }
    });
    let answers = futures_util::future::join_all(calls).await;
    let faults: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().err()).map(ToString::to_string).collect();
    assert!(faults.is_empty(), "{faults:?}");
    assert_eq!(ours.cameras().await.expect("read").len(), 60);
    for _ in 0..4 {
        assert_eq!(found_on_a_connection(&url).await, CLEAN);
    }
    // Nobody tells of a change made elsewhere, which is said; what we change ourselves is told at once.
    for told in [ours.ping().await.expect("answers"), inspect(&at(&url)).await.expect("answers")] {
        assert!(told.contains("name the server itself in database.listen_url"), "{told}");
    }
    let mut changes = ours.camera_changes();
    changes.mark_unchanged();
    ours.delete_camera(1).await.expect("deleted");
    assert!(changes.has_changed().expect("watched"));
}

#[tokio::test]
async fn changes_are_heard_where_a_connection_is_ours_alone() {
    let (server, pooler, database) = pooled("transaction", 2, "ignore_startup_parameters = options");
    let through = pooler.url("tester", &database);
    let direct = server.url("tester", &database, "");
    let mut settings = at(&through);
    settings.listen_url = Some(direct);
    let session = TestPooler::start(&server, "session", 20, "");
    for settings in [settings, at(&session.url("tester", &database))] {
        let ours = super::open(&settings).await.expect("opened");
        let mut changes = ours.camera_changes();
        changes.mark_unchanged();
        server.psql(&database, "INSERT INTO cameras(name) VALUES ('x' || random())").expect("inserted");
        changes.changed().await.expect("heard");
        assert!(!ours.ping().await.expect("answers").contains("listen_url"));
    }
    let mut settings = at(&through);
    let deaf = super::open(&settings).await.expect("opened");
    assert!(
        deaf.ping().await.expect("answers").contains("listen_url"),
        "a pooler that leaves our mark out is seen too"
    );
    settings.listen_url = Some(through.clone());
    let deaf = super::open(&settings).await.expect("opened");
    assert!(deaf.ping().await.expect("answers").contains("listen_url"), "a second name for the same pooler");
    assert_eq!(found_on_a_connection(&through).await, CLEAN);
}

#[tokio::test]
async fn a_pooler_that_cannot_serve_us_is_named() {
    let (_server, pooler, database) = pooled("statement", 2, "");
    let Err(error) = open(&pooler.url("tester", &database)).await else { panic!("opened") };
    assert!(error.to_string().contains("statement mode"), "{error}");
    let options = format!("{}?options=-c%20work_mem%3D1MB", pooler.url("tester", &database).expose_secret());
    let Err(error) = open(&options.into()).await else { panic!("opened") };
    assert!(error.to_string().contains("ignore_startup_parameters"), "{error}");
}
