//! Where values come from: the file, the environment with its older names, the command line, files of secrets.

use std::time::Duration;

use secrecy::ExposeSecret;

use super::settings::ObjectsSettings;
use super::tests::{loaded, sources};
use super::{DatabaseSettings, Sources, load};

#[test]
fn the_environment_wins_over_the_command_line_and_that_over_the_file() {
    let toml = "roles = [\"monitor\"]\n[http]\nlisten = \"127.0.0.1:1\"\n[monitor]\ninterval = \"3s\"\n";
    let env = [("STREAMWARDEN_HTTP__LISTEN", "127.0.0.1:3"), ("POLLING_INTERVAL", "4"), ("STREAMWARDEN_NODE", "")];
    let (_folder, mut sources) = sources(toml, &env);
    sources.cli.listen = Some("127.0.0.1:2".to_owned());
    sources.cli.roles = Some("record,monitor,record".to_owned());
    let settings = load(&sources).expect("valid");
    assert_eq!(settings.http.listen.port(), 3);
    assert_eq!(settings.roles, ["monitor", "record"], "in start order, once each");
    assert_eq!(settings.monitor.interval, Duration::from_secs(4));
    assert_eq!(settings.node, "host-1", "an empty variable counts as not set");
    sources.env.insert("STREAMWARDEN_MONITOR__INTERVAL".to_owned(), "500ms".to_owned());
    sources.env.remove("STREAMWARDEN_HTTP__LISTEN");
    let settings = load(&sources).expect("valid");
    assert_eq!(settings.monitor.interval, Duration::from_millis(500), "our own name wins over the older one");
    assert_eq!(settings.http.listen.port(), 2, "the command line wins over the file");
}

#[test]
fn older_names_work() {
    let settings = loaded(
        "",
        &[
            ("MEDIAMTX_API_URL", "http://media.example:9997"),
            ("SEGMENT_DURATION", "30"),
            ("OUTPUT_FORMAT", "mp4"),
            ("MAX_CONCURRENT_RECORDINGS", "4"),
            ("UPLOAD_WORKERS", "7"),
            ("PG_DSN", "sqlite:/tmp/x.db"),
        ],
    );
    assert_eq!(settings.servers[0].rtsp_url.as_str(), "rtsp://media.example:8554", "beside the API");
    assert_eq!(settings.record.segment_duration, Duration::from_secs(30));
    assert_eq!((settings.record.max_concurrent, settings.upload.workers), (4, 7));
    assert!(matches!(&settings.database, DatabaseSettings::Sqlite(file) if file.as_os_str() == "/tmp/x.db"));
}

#[test]
fn a_postgresql_database_is_a_secret() {
    let settings = loaded("", &[("PG_DSN", "postgresql://u:hunter2@db.example/cams?sslmode=require")]);
    assert!(matches!(&settings.database, DatabaseSettings::Postgres(_)));
    assert!(!format!("{settings:?}").contains("hunter2"));
}

#[test]
fn servers_come_from_the_file_and_the_environment_together() {
    let toml =
        "[[servers]]\nname = \"a\"\napi_url = \"http://a:9997\"\n[[servers]]\nname = \"b\"\napi_url = \"https://b\"\n";
    let env = [
        ("STREAMWARDEN_SERVERS__1__RTSP_URL", "rtsp://c:8554"),
        ("STREAMWARDEN_SERVERS__2__NAME", "third"),
        ("STREAMWARDEN_SERVERS__2__API_URL", "http://[::1]:9997/mediamtx"),
        ("STREAMWARDEN_RESTREAM__SERVER", "third"),
    ];
    let settings = loaded(toml, &env);
    let rtsp: Vec<_> = settings.servers.iter().map(|server| server.rtsp_url.as_str()).collect();
    assert_eq!(rtsp, ["rtsp://a:8554", "rtsp://c:8554", "rtsp://[::1]:8554"]);
    assert_eq!(settings.restream.server, "third");
}

#[test]
fn relative_paths_of_database_and_objects_stay_in_the_data_folder() {
    let settings = loaded("data_dir = \"/srv/video\"", &[]);
    assert!(
        matches!(&settings.database, DatabaseSettings::Sqlite(file) if file.as_os_str() == "/srv/video/streamwarden.db")
    );
    assert!(matches!(&settings.objects, ObjectsSettings::Directory(path) if path.as_os_str() == "/srv/video/objects"));
}

#[test]
fn secrets_come_from_files_and_lose_one_line_end() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("a writable folder");
        path.to_str().expect("a plain path").to_owned()
    };
    let toml = format!(
        "[[servers]]\napi_username = \"u\"\napi_password_file = {:?}\npublish_username = \"p\"\npublish_password = \"old\"\n",
        file("api", "one two \r\n")
    );
    let publish = file("publish", "new\n\n");
    let settings = loaded(&toml, &[("STREAMWARDEN_SERVERS__0__PUBLISH_PASSWORD_FILE", publish.as_str())]);
    let secret = |value: &Option<secrecy::SecretString>| value.as_ref().map(|it| it.expose_secret().to_owned());
    assert_eq!(secret(&settings.servers[0].api_password).as_deref(), Some("one two "));
    assert_eq!(secret(&settings.servers[0].publish_password).as_deref(), Some("new\n"));
    assert!(!format!("{settings:?}").contains("one two"), "settings print no secret");

    let dsn = file("dsn", "postgresql://u:hunter2@db/x\n");
    let settings = loaded("", &[("PG_DSN_FILE", dsn.as_str())]);
    let DatabaseSettings::Postgres(postgres) = &settings.database else { panic!("{:?}", settings.database) };
    assert_eq!(postgres.url.expose_secret(), "dbname='x' host='db' password='hunter2' user='u'");
    assert!(!format!("{settings:?}").contains("hunter2"));
}

#[test]
fn a_file_that_is_named_must_be_readable() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for path in [folder.path().join("missing.toml"), folder.path().to_owned()] {
        let told = load(&Sources { file: Some(path), ..Sources::default() }).expect_err("unreadable").0;
        assert!(told.len() == 1 && told[0].fault.contains("cannot be read"), "{}", told[0]);
    }
}

#[test]
fn variables_of_kubernetes_services_are_not_ours() {
    loaded("", &[("STREAMWARDEN_PORT", "tcp://10.0.0.1:80"), ("STREAMWARDEN_SERVICE_HOST", "10.0.0.1")]);
}

#[test]
fn a_redis_is_named_by_its_url_or_by_host_and_port() {
    use secrecy::ExposeSecret;

    use super::settings::LiveSettings;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("redis");
    std::fs::write(&file, "redis://:p@of-file/2\n").expect("a file");
    let file = file.to_str().expect("text");
    for (env, wanted) in [
        (&[("REDIS_URL", "redis://a/1"), ("REDIS_HOST", "b")][..], Some("redis://a/1")),
        (&[("REDIS_URL_FILE", file), ("REDIS_HOST", "b")], Some("redis://:p@of-file/2")),
        (&[("REDIS_HOST", "b")], Some("redis://b:6379/0")),
        (&[("REDIS_HOST", "b"), ("REDIS_PORT", "7000")], Some("redis://b:7000/0")),
        (&[("REDIS_HOST", "::1")], Some("redis://[::1]:6379/0")),
        (&[("REDIS_PORT", "7000")], Some("redis://127.0.0.1:7000/0")),
        // As Kubernetes describes a service called redis.
        (&[("REDIS_PORT", "tcp://10.0.0.1:6379")], None),
        (&[("REDIS_HOST", "b"), ("REDIS_PORT", "tcp://10.0.0.1:6379")], Some("redis://b:6379/0")),
        (&[("STREAMWARDEN_LIVE__REDIS_URL", "redis://c"), ("REDIS_HOST", "b")], Some("redis://c")),
        (&[], None),
    ] {
        let found = match super::tests::loaded("[live]\n#nothing\n", env).live {
            LiveSettings::Redis(redis) => Some(redis.url.expose_secret().to_owned()),
            LiveSettings::Memory => None,
        };
        assert_eq!(found.as_deref(), wanted, "{env:?}");
    }
}
