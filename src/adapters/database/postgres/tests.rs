//! What every database does, and what only a server can suffer. Faults are real ones: the server is stopped, paused,
//! filled up, and its sessions are ended.

use std::ops::Deref;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use secrecy::{ExposeSecret, SecretString};
use tokio_util::task::AbortOnDropHandle;

use super::Postgres;
use super::testserver::{TestServer, own, shared};
use crate::adapters::database::{CameraStore, DatabaseHealth, behaviour};
use crate::base::Result;
use crate::base::error::ErrorKind;
use crate::config::settings::PostgresSettings as Settings;
use crate::domain::camera::CameraEdit;

/// Settings that say nothing but where the database is.
pub(super) fn at(url: &SecretString) -> Settings {
    Settings { url: url.clone(), schema: None, listen_url: None }
}

pub(super) async fn open(url: &SecretString) -> Result<Arc<Postgres>> {
    super::open(&at(url)).await
}

async fn open_or_wait(url: &SecretString) -> Result<Arc<Postgres>> {
    super::open_or_wait(&at(url)).await
}

/// A database of its own on the shared server.
pub(super) struct FreshSchema {
    database: Arc<Postgres>,
    _listener: AbortOnDropHandle<()>,
    server: Arc<TestServer>,
    pub(super) url: SecretString,
}

impl Deref for FreshSchema {
    type Target = Postgres;
    fn deref(&self) -> &Postgres {
        &self.database
    }
}

impl FreshSchema {
    pub(super) async fn on(server: Arc<TestServer>) -> Self {
        let url = server.database();
        let database = open(&url).await.expect("opened").for_node("here");
        Self { _listener: behaviour::listening(&database), database, server, url }
    }

    /// What an operator does with psql.
    pub(super) fn psql(&self, sql: &str) -> Result<String, String> {
        self.server.psql(name_in(&self.url), sql)
    }
}

/// The database that a URL names.
fn name_in(url: &SecretString) -> &str {
    url.expose_secret().rsplit('/').next().and_then(|name| name.split('?').next()).expect("a name")
}

pub(super) async fn fresh() -> FreshSchema {
    FreshSchema::on(shared()).await
}

async fn fresh_alone(settings: &str) -> FreshSchema {
    FreshSchema::on(Arc::new(TestServer::start(settings))).await
}

behaviour::tests!(fresh);

fn named(name: &str) -> CameraEdit {
    CameraEdit { name: Some(name.to_owned()), ..CameraEdit::default() }
}

pub(super) async fn refusal(url: &SecretString) -> (ErrorKind, String) {
    let Err(error) = open(url).await else { panic!("it was opened") };
    (error.kind(), error.to_string())
}

#[tokio::test]
async fn two_words_in_psql_make_a_camera_and_are_heard_at_once() {
    let fresh = fresh().await;
    let mut changes = fresh.camera_changes();
    for sql in [
        "INSERT INTO cameras(name, url) VALUES ('a', 'rtsp://h/x'), ('b', NULL)",
        "UPDATE cameras SET port = 1 WHERE name = 'a'",
        "DELETE FROM cameras WHERE name = 'b'",
        "INSERT INTO camera_kinds VALUES ('acme', 'rtsp://{host}/acme')",
    ] {
        changes.mark_unchanged();
        fresh.psql(sql).expect(sql);
        tokio::time::timeout(Duration::from_secs(10), changes.changed()).await.expect(sql).expect("watched");
    }
    let cameras = fresh.cameras().await.expect("listed");
    assert_eq!((cameras.len(), cameras[0].kind.as_str(), cameras[0].port), (1, "generic", Some(1)));
    assert!(cameras[0].enabled && cameras[0].record);
    changes.mark_unchanged();
    fresh.psql("TRUNCATE cameras").expect("emptied");
    tokio::time::timeout(Duration::from_secs(10), changes.changed()).await.expect("heard").expect("watched");
}

#[tokio::test]
async fn a_megabyte_does_not_travel() {
    let fresh = fresh().await;
    fresh
        .psql("INSERT INTO cameras(name, url) VALUES ('x' || repeat('ü', 2500), repeat('x', 1000000))")
        .expect("taken");
    fresh.add_camera(named("good")).await.expect("added");
    let cameras = fresh.cameras().await.expect("listed");
    assert_eq!(cameras.len(), 2);
    assert!(cameras[0].name.len() > 4_000 && cameras[0].name.len() <= 4_097);
    assert_eq!(cameras[0].url.as_ref().map(|url| url.expose_secret().len()), Some(4_097));
    let random: String = (0..700).map(|_| uuid::Uuid::new_v4().simple().to_string()).collect();
    for refused in ["nul\0", random.as_str()] {
        let error = fresh.add_camera(named(refused)).await.expect_err("PostgreSQL keeps no NUL and indexes no novel");
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    }
}

#[tokio::test]
async fn a_restart_of_the_server_is_survived() {
    let fresh = fresh_alone("").await;
    fresh.add_camera(named("gate")).await.expect("added");
    let mut changes = fresh.camera_changes();
    fresh.server.stop();
    let began = Instant::now();
    let error = fresh.cameras().await.expect_err("stopped");
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(began.elapsed() < Duration::from_secs(10));
    changes.mark_unchanged();
    fresh.server.run();
    assert_eq!(fresh.cameras().await.expect("back at once").len(), 1);
    changes.changed().await.expect("nobody knows what was missed: read again");
    fresh.psql("DELETE FROM cameras").expect("deleted");
    changes.changed().await.expect("listening again");
}

#[tokio::test]
async fn a_server_that_hangs_costs_five_seconds_and_no_more() {
    let fresh = fresh_alone("").await;
    fresh.cameras().await.expect("a connection is in the pool");
    fresh.server.pause(Signal::SIGSTOP);
    let began = Instant::now();
    let (one, two) = futures_util::future::join(fresh.cameras(), fresh.ping()).await;
    for error in [one.map(|_| ()).expect_err("hangs"), two.map(|_| ()).expect_err("hangs")] {
        assert!(matches!(error.kind(), ErrorKind::Timeout | ErrorKind::Unavailable), "{error}");
    }
    assert!(began.elapsed() < Duration::from_secs(12), "{:?}", began.elapsed());
    fresh.server.pause(Signal::SIGCONT);
    assert!(fresh.cameras().await.expect("it recovers by itself").is_empty());
}

#[tokio::test]
async fn sessions_that_an_operator_ends_are_replaced() {
    let fresh = fresh().await;
    let mut changes = fresh.camera_changes();
    fresh.cameras().await.expect("listed");
    changes.mark_unchanged();
    let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    assert_ne!(fresh.psql(end).expect("ended"), "0");
    fresh.cameras().await.expect("the next call has a new connection");
    changes.changed().await.expect("and so has the listener");
}

#[tokio::test]
async fn a_lock_by_another_session_is_named() {
    let fresh = fresh().await;
    fresh.add_camera(named("gate")).await.expect("added");
    let (url, _) = fresh.url.expose_secret().split_once('?').expect("a query");
    let (other, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.expect("connected");
    let connection = tokio::spawn(connection);
    other.batch_execute("BEGIN; LOCK TABLE cameras").await.expect("locked");
    let error = fresh.delete_camera(1).await.expect_err("locked");
    assert!(
        error.kind() == ErrorKind::Unavailable && error.to_string().contains("locked by another session"),
        "{error}"
    );
    other.batch_execute("ROLLBACK").await.expect("unlocked");
    fresh.delete_camera(1).await.expect("deleted");
    drop(other);
    let _ = connection.await;
}

#[tokio::test]
async fn a_database_that_answers_slowly_says_so() {
    let fresh = fresh().await;
    assert!(!fresh.ping().await.expect("answers").contains("slow"));
    let (url, _) = fresh.url.expose_secret().split_once('?').expect("a query");
    let (other, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.expect("connected");
    let connection = tokio::spawn(connection);
    other.batch_execute("BEGIN; LOCK TABLE cameras").await.expect("locked");
    let rows = fresh.cameras();
    let unlock = async {
        other.batch_execute("SELECT pg_sleep(0.6)").await.expect("slept");
        other.batch_execute("COMMIT").await.expect("unlocked");
    };
    let (rows, ()) = tokio::join!(rows, unlock);
    rows.expect("late is not never");
    let words = fresh.ping().await.expect("answers");
    assert!(words.contains("cameras: 0; slow: the slowest of its last answers took "), "{words}");
    drop(other);
    let _ = connection.await;
}

#[tokio::test]
async fn faults_of_the_server_are_sentences_without_secrets() {
    let server = Arc::new(TestServer::start("max_connections = 8\nsuperuser_reserved_connections = 3\n"));
    let deny = "host all denied 127.0.0.1/32 reject\nhost all all 127.0.0.1/32 trust\n";
    std::fs::write(server.data().join("pg_hba.conf"), deny).expect("written");
    let setup = "CREATE ROLE guest LOGIN; CREATE DATABASE empty; CREATE ROLE denied LOGIN; SELECT pg_reload_conf()";
    for sql in setup.split("; ") {
        server.psql("postgres", sql).expect(sql);
    }
    for (url, kind, words) in [
        (server.url("tester", "none", ""), ErrorKind::Unavailable, "does not exist"),
        (server.url("denied", "empty", ""), ErrorKind::Unavailable, "pg_hba.conf"),
        (server.url("ghost", "empty", ""), ErrorKind::Unavailable, "has no role of our name"),
        (server.url("guest", "empty", ""), ErrorKind::Unavailable, "GRANT"),
        (server.url("tester", "empty", "sslmode=require"), ErrorKind::Unavailable, "does not support TLS"),
        ("postgresql://u:hunter2@127.0.0.1:1/d".into(), ErrorKind::Unavailable, "refuses connections"),
        ("postgresql://u:hunter2@host.invalid/d".into(), ErrorKind::Unavailable, "host name is not known"),
        ("postgresql://u:hunter2@%2Fno%2Fsuch/d".into(), ErrorKind::Unavailable, "no PostgreSQL listens"),
    ] {
        let (found, sentence) = refusal(&url).await;
        assert!(found == kind && sentence.contains(words) && !sentence.contains("hunter2"), "{found:?} {sentence}");
    }
    let guest = server.url("guest", "empty", "sslmode=disable");
    let mut crowd = Vec::new();
    for _ in 0..5 {
        let connected = tokio_postgres::connect(guest.expose_secret(), tokio_postgres::NoTls).await;
        let (client, connection) = connected.expect("connected");
        crowd.push((client, tokio::spawn(connection)));
    }
    let (kind, sentence) = refusal(&guest).await;
    assert!(kind == ErrorKind::Unavailable && sentence.contains("no connection left"), "{sentence}");
}

#[tokio::test]
async fn a_standby_is_named_by_ping_and_rows_never_reach_an_error() {
    let fresh = fresh().await;
    let words = fresh.ping().await.expect("answers");
    assert!(
        words.starts_with("PostgreSQL 1") && words.contains("localhost:") && words.ends_with("cameras: 0"),
        "{words}"
    );
    fresh.psql("ALTER TABLE cameras ADD CHECK (name <> 'bad')").expect("a rule of the site");
    let secret = Some(Some(SecretString::from("hunter2")));
    let error = fresh.add_camera(CameraEdit { password: secret, ..named("bad") }).await.expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(!format!("{error} {error:?}").contains("hunter2"), "PostgreSQL quotes the row in its details");
    let name = fresh.psql("SELECT current_database()").expect("asked");
    fresh.psql(&format!("ALTER DATABASE {name} SET default_transaction_read_only = on")).expect("set");
    let standby = open(&fresh.url).await.expect("reading works");
    assert!(standby.cameras().await.expect("reading works").is_empty());
    for error in [
        standby.ping().await.map(|_| ()).expect_err("read-only"),
        standby.add_camera(named("gate")).await.map(|_| ()).expect_err("read-only"),
    ] {
        assert!(error.kind() == ErrorKind::Unavailable && error.to_string().contains("standby"), "{error}");
    }
}

/// Makes a certificate and its key.
fn openssl(what: &[&str], signed_by: &[(&str, &Path)], certificate: &Path, key: &Path) {
    let mut command = Command::new("openssl");
    command.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]).args(what);
    signed_by.iter().for_each(|(option, file)| _ = command.arg(option).arg(file));
    let made = command.arg("-keyout").arg(key).arg("-out").arg(certificate).output().expect("openssl");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

#[tokio::test]
async fn tls_believes_whom_sslmode_says() {
    let server = TestServer::start("");
    let (certificate, key) = (server.data().join("server.crt"), server.data().join("server.key"));
    let folder = tempfile::tempdir().expect("a folder");
    let (root, root_key) = (folder.path().join("ca.crt"), folder.path().join("ca.key"));
    let (other, other_key) = (folder.path().join("other.crt"), folder.path().join("other.key"));
    for (certificate, key) in [(&root, &root_key), (&other, &other_key)] {
        let authority = "/CN=an authority";
        openssl(&["-subj", authority, "-addext", "keyUsage=critical,keyCertSign"], &[], certificate, key);
    }
    let names = ["-subj", "/CN=db", "-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=CA:FALSE"];
    openssl(&names, &[("-CA", &root), ("-CAkey", &root_key)], &certificate, &key);
    own(&certificate);
    own(&key);
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&key, mode).expect("private");
    server.psql("postgres", "ALTER SYSTEM SET ssl = on").expect("set");
    server.stop();
    server.run();
    let url = |query: &str| server.url("tester", "postgres", query);
    let (root, other) = (format!("sslrootcert={}", root.display()), format!("sslrootcert={}", other.display()));
    for query in ["sslmode=require", "", "sslmode=disable", &format!("sslmode=verify-full&{root}")] {
        let opened = open(&url(query)).await.map_err(|error| format!("{query}: {error:?}")).expect("opened");
        let sql = "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
                   WHERE ssl AND application_name = 'streamwarden'";
        let encrypted = server.psql("postgres", sql).expect("asked") != "0";
        assert_eq!(encrypted, query != "sslmode=disable", "{query}");
        drop(opened);
        let gone = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'streamwarden'";
        while server.psql("postgres", gone).expect("asked") != "0" {
            tokio::task::yield_now().await;
        }
    }
    for query in
        ["sslmode=verify-full".to_owned(), format!("sslmode=verify-ca&{other}"), format!("sslmode=require&{other}")]
    {
        let (kind, sentence) = refusal(&url(&query)).await;
        assert!(kind == ErrorKind::Unavailable && sentence.contains("not trusted"), "{query}: {sentence}");
    }
    // By its address, which the certificate does not name.
    let address = url(&format!("sslmode=verify-full&{root}")).expose_secret().replace("localhost", "127.0.0.1");
    let (_, sentence) = refusal(&address.clone().into()).await;
    assert!(sentence.contains("not trusted"), "{sentence}");
    open(&address.replace("verify-full", "verify-ca").into()).await.map(|_| ()).expect("the name is not looked at");
}

#[tokio::test]
async fn a_look_changes_nothing() {
    let server = shared();
    let url = server.database();
    let told = super::inspect(&at(&url)).await.expect("an empty database");
    assert!(told.contains("schema version 0, will be brought to"), "{told}");
    let database = open(&url).await.expect("nothing was made that would be in the way");
    assert!(super::inspect(&at(&url)).await.expect("ours").ends_with("cameras: 0"));
    drop(database);
}

#[tokio::test]
async fn a_server_that_is_down_at_start_is_waited_for() {
    let server = TestServer::start("");
    let (good, newer) = (server.database(), server.database());
    drop(open(&newer).await.expect("opened"));
    let (name, name_of_good) = (name_in(&newer).to_owned(), name_in(&good).to_owned());
    server.psql(&name, "INSERT INTO streamwarden_schema_history VALUES (99, 'later', 'x', '1')").expect("inserted");
    let Err(error) = open_or_wait(&newer).await else { panic!("opened") };
    assert_eq!(error.kind(), ErrorKind::Unsupported, "it answers, and waiting does not mend it");
    server.stop();
    let (good, newer) = (open_or_wait(&good).await.expect("waits"), open_or_wait(&newer).await.expect("waits"));
    let _listeners = [behaviour::listening(&good), behaviour::listening(&newer)];
    let mut changes = good.camera_changes();
    for away in [&good, &newer] {
        let error = away.cameras().await.map(|_| ()).expect_err("away");
        assert!(error.kind() == ErrorKind::Unavailable && error.to_string().contains("refuses connections"), "{error}");
    }
    server.run();
    tokio::time::timeout(Duration::from_secs(20), changes.changed()).await.expect("announced").expect("watched");
    good.add_camera(named("gate")).await.expect("migrated");
    let refused = async {
        loop {
            match newer.ping().await {
                Err(error) if error.kind() == ErrorKind::Unsupported => break error.to_string(),
                _ => tokio::task::yield_now().await,
            }
        }
    };
    let sentence = tokio::time::timeout(Duration::from_secs(20), refused).await.expect("named");
    assert!(sentence.contains("schema version 99"), "{sentence}");
    changes.mark_unchanged();
    server.psql(&name_of_good, "INSERT INTO cameras(name) VALUES ('door')").expect("inserted");
    tokio::time::timeout(Duration::from_secs(5), changes.changed()).await.expect("heard").expect("watched");
}
