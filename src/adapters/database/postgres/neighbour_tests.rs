//! A database that is somebody else's as well: tables under names of ours, schemas, and rights that are not given.

use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use super::inspect;
use super::tests::{at, open};
use super::testserver::{TestServer, shared};
use crate::adapters::database::{CameraStore, DatabaseHealth};
use crate::base::error::ErrorKind;
use crate::domain::camera::CameraEdit;

fn fresh() -> (Arc<TestServer>, SecretString, String) {
    let server = shared();
    let url = server.database();
    let name = url.expose_secret().rsplit('/').next().and_then(|name| name.split('?').next());
    let name = name.expect("a name").to_owned();
    (server, url, name)
}

/// Everything that somebody could have made.
const MADE: &str = "SELECT count(*) FROM pg_class WHERE relnamespace <> 'pg_catalog'::regnamespace";

/// What a program of version 1 would have left.
const BACK: &str = "DO $$ DECLARE one text; BEGIN FOR one IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' \
    AND tablename NOT IN ('cameras', 'camera_kinds', 'streamwarden_schema_history') \
    LOOP EXECUTE 'DROP TABLE ' || one || ' CASCADE'; END LOOP; END $$; \
    ALTER TABLE cameras DROP COLUMN label; \
    DELETE FROM streamwarden_schema_history WHERE version > 1";

#[tokio::test]
async fn a_table_of_somebody_else_under_a_name_of_ours_is_named_before_anything_is_made() {
    for (made, words) in [
        ("CREATE TABLE sessions (sid text PRIMARY KEY, data text)", "a table sessions that is not ours"),
        ("CREATE TABLE segments (x int)", "a table segments that is not ours"),
        ("CREATE TABLE incidents (id int)", "a table incidents that is not ours"),
        ("CREATE VIEW camera_kinds AS SELECT 1 AS kind", "a view camera_kinds that is not ours"),
        ("CREATE TABLE t (x int); CREATE INDEX segments_time ON t (x)", "an index segments_time that is not ours"),
        (
            "CREATE TABLE cameras (nr int, label text, \"Stream\" text, active bool); CREATE TABLE sessions (x int)",
            "database.cameras_query = 'SELECT nr AS id, label AS name, \"Stream\" AS url, active AS enabled FROM cameras'",
        ),
    ] {
        let (server, url, database) = fresh();
        server.psql(&database, made).expect(made);
        let before = server.psql(&database, MADE).expect("asked");
        let opened = open(&url).await.map(|_| ());
        let looked = inspect(&at(&url)).await.map(|_| ());
        for error in [opened.expect_err(made), looked.expect_err(made)] {
            assert_eq!(error.kind(), ErrorKind::Unsupported, "waiting does not mend it: {error}");
            assert!(error.to_string().contains(words), "{made}: {error}");
            assert!(error.to_string().contains("database.schema = \"streamwarden\""), "{made}: {error}");
        }
        assert_eq!(server.psql(&database, MADE).expect("asked"), before, "{made}: nothing is left behind");
        // The simple way out.
        let mut settings = at(&url);
        settings.schema = Some("streamwarden".to_owned());
        let told = inspect(&settings).await.expect("a look makes no schema");
        assert!(told.contains("schema version 0, will be brought to"), "{told}");
        let ours = super::open(&settings).await.expect("beside it");
        let edit = CameraEdit { name: Some("gate".to_owned()), ..CameraEdit::default() };
        ours.add_camera(edit).await.expect("added");
        assert_eq!(server.psql(&database, "SELECT name FROM streamwarden.cameras").expect("there"), "gate");
        let mut changes = ours.camera_changes();
        changes.mark_unchanged();
        server.psql(&database, "DELETE FROM streamwarden.cameras").expect("deleted");
        changes.changed().await.expect("heard");
        assert!(ours.cameras().await.expect("read").is_empty());
    }
}

#[tokio::test]
async fn a_later_table_of_somebody_else_stops_the_migration_that_would_make_it() {
    let (server, url, database) = fresh();
    drop(open(&url).await.expect("opened"));
    server.psql(&database, BACK).expect("back to version 1");
    server.psql(&database, "CREATE TABLE incidents (theirs int)").expect("made");
    let Err(error) = open(&url).await else { panic!("opened") };
    assert!(error.to_string().contains("a table incidents that is not ours"), "{error}");
    let tables = "SELECT to_regclass('sessions') IS NULL AND (SELECT count(*) = 1 FROM streamwarden_schema_history)";
    assert_eq!(server.psql(&database, tables).expect("asked"), "t", "none of the missing migrations has been run");
}

#[tokio::test]
async fn what_our_user_may_not_do_is_named_with_its_grant() {
    let (server, url, database) = fresh();
    let role = format!("reader_of_{database}");
    let sql = |sql: &str| server.psql(&database, sql).expect(sql);
    sql(&format!("CREATE ROLE {role} LOGIN"));
    let theirs = server.url(&role, &database, "");
    let told = async |words: &str| {
        let looked = inspect(&at(&theirs)).await.map(|_| ()).expect_err(words).to_string();
        assert!(looked.contains(words), "{words}: {looked}");
    };
    told(&format!("GRANT CREATE ON SCHEMA \"public\" TO \"{role}\"")).await;
    let mut settings = at(&theirs);
    settings.schema = Some("ours".to_owned());
    for asked in [inspect(&settings).await.map(|_| ()), super::open(&settings).await.map(|_| ())] {
        let error = asked.expect_err("may not be made");
        assert!(error.to_string().contains(&format!("CREATE SCHEMA \"ours\" AUTHORIZATION \"{role}\"")), "{error}");
    }
    sql(&format!("ALTER ROLE {role} SET search_path = nowhere"));
    told("the search_path of our user names none that exists").await;
    sql(&format!("ALTER ROLE {role} RESET search_path"));

    drop(open(&url).await.expect("migrated by its owner"));
    told("lacks SELECT on streamwarden_schema_history; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES").await;
    let all = "GRANT SELECT ON ALL TABLES IN SCHEMA public TO";
    sql(&format!("{all} {role}"));
    told("lacks DELETE, INSERT, UPDATE on audit, DELETE, INSERT, UPDATE on camera_kinds").await;
    let reader = open(&theirs).await.expect("reading works");
    assert!(reader.cameras().await.expect("reads").is_empty());
    let error = reader.ping().await.expect_err("and is not fit");
    assert!(
        error.kind() == ErrorKind::Unavailable && error.to_string().contains("INSERT, UPDATE on segments"),
        "{error}"
    );
    sql(&format!("{} {role}", all.replace("SELECT", "SELECT, INSERT, UPDATE, DELETE")));
    reader.ping().await.expect("fit");
    assert!(inspect(&at(&theirs)).await.expect("fit").ends_with("cameras: 0"));
    // An older schema is its owner's to bring up.
    sql(BACK);
    sql(&format!("GRANT CREATE ON SCHEMA public TO {role}"));
    told("belongs to \"tester\"; run this program once as that user").await;
    sql(&format!("REVOKE CONNECT ON DATABASE {database} FROM PUBLIC"));
    told("GRANT CONNECT ON DATABASE").await;
}

#[tokio::test]
async fn a_full_disk_shows_until_there_is_room_again() {
    let (server, url, database) = fresh();
    let ours = open(&url).await.expect("opened");
    // As the server says it when it cannot make a file longer.
    let full = "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
                RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$; \
                CREATE TRIGGER full_disk BEFORE INSERT ON cameras FOR EACH ROW EXECUTE FUNCTION full_disk(); \
                REVOKE TEMPORARY ON DATABASE DB FROM PUBLIC; CREATE ROLE writer_of_DB LOGIN; \
                GRANT ALL ON ALL TABLES IN SCHEMA public TO writer_of_DB";
    server.psql(&database, &full.replace("DB", &database)).expect("made");
    let theirs = open(&server.url(&format!("writer_of_{database}"), &database, "")).await.expect("opened");
    let edit = || CameraEdit { name: Some("gate".to_owned()), ..CameraEdit::default() };
    theirs.ping().await.expect("nothing has been written yet");
    for one in [&ours, &theirs] {
        let error = one.add_camera(edit()).await.expect_err("full");
        assert!(error.to_string().contains("no room left"), "{error}");
    }
    ours.ping().await.expect("there is room, which was tried");
    let error = theirs.ping().await.expect_err("may not try, and goes by the last write");
    assert!(error.kind() == ErrorKind::Unavailable && error.to_string().contains("no room left"), "{error}");
    server.psql(&database, "DROP TRIGGER full_disk ON cameras").expect("room");
    theirs.add_camera(edit()).await.expect("written");
    theirs.ping().await.expect("a write has worked");
}

#[tokio::test]
async fn who_listens_hears_which_cameras_of_its_own_schema_a_command_has_named() {
    let (server, url, database) = fresh();
    let mut beside = at(&url);
    beside.schema = Some("beside".to_owned());
    let (relays, commands) = (open(&url).await.expect("opened"), open(&url).await.expect("opened"));
    let others = super::open(&beside).await.expect("beside it");
    let edit = |name: &str| CameraEdit { name: Some(name.to_owned()), ..CameraEdit::default() };
    let heard = async |wanted: &[i64]| {
        let mut found = Vec::new();
        let all = async {
            while found.len() < wanted.len() {
                found.extend(relays.take_commanded());
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), all).await.expect("heard");
        assert_eq!(found, wanted);
    };
    let first = commands.add_camera(edit("one")).await.expect("added").id;
    heard(&[first]).await;
    // Anonymous changes, and those of commands about another table, name nobody; what is heard comes in order.
    server.psql(&database, "INSERT INTO cameras (name) VALUES ('two'), ('three')").expect("inserted");
    server.psql(&database, "UPDATE cameras SET port = 1; DELETE FROM cameras WHERE name = 'two'").expect("changed");
    let theirs = others.add_camera(edit("one")).await.expect("added").id;
    others.delete_camera(theirs).await.expect("deleted");
    commands.delete_camera(first).await.expect("deleted");
    heard(&[first]).await;
    let third = relays.cameras().await.expect("read")[0].id;
    commands.edit_camera(third, edit("four")).await.expect("edited");
    heard(&[third]).await;
    commands.edit_camera(third, edit("\0")).await.expect_err("is no name");
    commands.add_camera(edit("five")).await.expect("added");
    heard(&[third + 1]).await;
}
