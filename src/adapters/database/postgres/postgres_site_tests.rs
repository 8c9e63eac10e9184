//! A site's own table, on a real server.

use secrecy::{ExposeSecret, SecretString};

use super::SiteTable;
use super::testserver::{TestServer, shared};
use crate::adapters::database::site::WithSite;
use crate::adapters::database::{IncidentQuery, sqlite};
use crate::base::error::ErrorKind;
use crate::domain::camera::{CameraEdit, CameraRow};

fn name_of(url: &SecretString) -> String {
    let name = url.expose_secret().rsplit('/').next().and_then(|name| name.split('?').next());
    name.expect("a name").to_owned()
}

#[tokio::test]
async fn cameras_are_read_by_the_names_of_their_columns_whatever_their_types() {
    let server = shared();
    let url = server.database();
    let database = name_of(&url);
    let made = "CREATE TABLE cctv (no smallint, label varchar(40), address inet, port text, active int, pass bytea, at date); \
                INSERT INTO cctv VALUES (3, 'gate', '10.0.0.3', '8554', 1, NULL, '2026-01-31'), \
                (1, 'door', '10.0.0.1', 'many', 0, NULL, NULL), (2, 'gate', NULL, NULL, NULL, NULL, NULL), \
                (NULL, 'lost', NULL, NULL, NULL, NULL, NULL), (3, 'again', NULL, NULL, NULL, NULL, NULL)";
    server.psql(&database, made).expect("made");
    let query = "SELECT no AS id, label AS name, host(address) AS host, port, active AS enabled, at AS updated_at, \
                 upper(label) AS label, \
                 'ignored' AS colour FROM cctv ORDER BY cctv.label DESC -- theirs;";
    let table = SiteTable::open(&url, None, query).await.expect("opened");
    let cameras = table.cameras().await.expect("read");
    let found: Vec<_> = cameras.iter().map(|row| (row.id, row.name.as_str(), row.enabled)).collect();
    assert_eq!(found, [(1, "door", false), (2, "gate", true), (3, "gate (name of camera 2 too)", true)]);
    let gate = &cameras[2];
    assert_eq!((gate.host.as_deref(), gate.port, gate.kind.as_str()), (Some("10.0.0.3"), Some(8554), "generic"));
    assert_eq!((gate.record, gate.updated_at.as_deref()), (true, Some("2026-01-31")));
    assert_eq!(gate.label.as_deref(), Some("GATE"));
    assert_eq!(
        cameras[0].port,
        Some(CameraRow::NOT_A_NUMBER),
        "a port that is no number is refused by its rule and hides no other row"
    );
    assert!(cameras[0].port_text.is_some() && gate.port_text.is_none());
    let told = table.ping().await.expect("answers");
    assert!(told.starts_with("cameras by database.cameras_query from localhost:") && told.ends_with(": 3"), "{told}");

    let (_, left_out) = table.read().await.expect("read");
    assert_eq!(left_out, ["a row has no id", "id 3 comes again"]);

    // Theirs to change, under our eyes.
    server.psql(&database, "ALTER TABLE cctv RENAME COLUMN port TO p").expect("renamed");
    let error = table.cameras().await.expect_err("a column is gone");
    assert!(
        error.kind() == ErrorKind::Invalid && error.to_string().contains("column \"port\" does not exist"),
        "{error}"
    );
    server.psql(&database, "ALTER TABLE cctv RENAME COLUMN p TO port; DELETE FROM cctv WHERE no > 1").expect("mended");
    assert_eq!(table.cameras().await.expect("read").len(), 1);
}

#[tokio::test]
async fn queries_that_cannot_work_are_refused_by_name() {
    let server = shared();
    let url = server.database();
    server.psql(&name_of(&url), "CREATE TABLE t (x int)").expect("made");
    for (query, words) in [
        ("SELECT 'a' AS name", "gives no column id"),
        ("SELECT 1 AS id", "gives no column name"),
        ("SELECT 1 AS id, 'a' AS name, 'b' AS name", "ambiguous"),
        ("SELECT id, name FROM nowhere", "relation \"nowhere\" does not exist"),
        ("SELEC 1", "syntax error"),
        ("SELECT 1 AS id, 'a' AS name; DROP TABLE t", "syntax error"),
        ("SELECT 1) AS a; DROP TABLE t; --", "syntax error"),
        ("SELECT 1) AS a; DROP TABLE t; SELECT * FROM (SELECT 1 AS id, 'a' AS name", "multiple commands"),
        ("WITH gone AS (DELETE FROM t RETURNING x) SELECT x AS id, 'a' AS name FROM gone", "data-modifying"),
    ] {
        let Err(error) = SiteTable::open(&url, None, query).await else { panic!("{query}") };
        assert_eq!(
            (error.kind(), error.field()),
            (ErrorKind::Invalid, Some("database.cameras_query")),
            "{query}: {error}"
        );
        assert!(error.to_string().contains(words), "{query}: {error}");
    }
    // A function that writes: the transaction is read-only.
    let writes = "CREATE FUNCTION w() RETURNS int LANGUAGE sql AS 'INSERT INTO t VALUES (1) RETURNING 1'";
    server.psql(&name_of(&url), writes).expect("made");
    let table = SiteTable::open(&url, None, "SELECT w() AS id, 'a' AS name").await.expect("as if it were a standby");
    assert!(table.cameras().await.is_err());
    assert_eq!(server.psql(&name_of(&url), "SELECT count(*) FROM t").expect("asked"), "0");
}

#[tokio::test]
async fn a_site_keeps_its_cameras_and_we_keep_the_rest() {
    let server = TestServer::start("");
    let url = server.database();
    let database = name_of(&url);
    server.psql(&database, "CREATE TABLE cameras (id int, name text, url text); INSERT INTO cameras VALUES (1, 'gate', 'rtsp://u:hunter2@h/x')").expect("made");
    let folder = tempfile::tempdir().expect("a folder");
    let own = sqlite::open(folder.path().join("own.db")).await.expect("ours");
    let cameras = SiteTable::open(&url, None, "SELECT * FROM cameras").await.expect("opened");
    let both = WithSite { cameras, own: own.into() }.stores();
    assert_eq!(both.cameras.cameras().await.expect("read")[0].name, "gate");
    assert_eq!(both.cameras.camera(1).await.expect("read").expect("there").id, 1);
    assert!(both.cameras.camera(2).await.expect("read").is_none());
    assert!(!both.cameras.camera_kinds().await.expect("ours").is_empty());
    assert!(
        both.incidents
            .incidents(IncidentQuery { limit: 1, ..IncidentQuery::default() })
            .await
            .expect("ours")
            .is_empty()
    );
    for refused in [
        both.cameras.add_camera(CameraEdit::default()).await.map(|_| ()),
        both.cameras.edit_camera(1, CameraEdit::default()).await.map(|_| ()),
        both.cameras.delete_camera(1).await,
    ] {
        let error = refused.expect_err("read only");
        assert!(error.kind() == ErrorKind::Unsupported && error.to_string().contains("change them there"), "{error}");
    }
    let told = both.health.ping().await.expect("both answer");
    assert!(told.contains(": 1; everything else in SQLite file") && !told.contains("hunter2"), "{told}");
    let tables = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace";
    assert_eq!(server.psql(&database, tables).expect("asked"), "1", "nothing is created there");

    server.stop();
    let error = both.cameras.cameras().await.expect_err("down");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(both.recordings.recordings().await.expect("ours goes on").is_empty());
    let again = SiteTable::open(&url, None, "SELECT * FROM cameras").await.expect("goes on without it");
    server.run();
    assert_eq!(again.cameras().await.expect("it came").len(), 1);
}
